"""The users feed, folded: one row per key, whatever number of full dumps landed.

Of a key's rows two matter: the newest (w_: greatest path, then line), which is its current state, and the origin (the
earliest created_at, then least path, then line), which gives country and role where no event of a day states them.
Folding is associative: a new dump costs itself and one pass over the keys, never the dumps before it.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from workbench.etl.arrays import strings
from workbench.etl.codes import Ints, Vocabulary, arrow, codes, group_starts, ints, run_lengths

_TEXT = pa.dictionary(pa.int32(), pa.string())
_INSTANT = pa.timestamp("us", "UTC")

NEWEST = {
    "user_key": pa.int64(),
    "w_path": _TEXT,
    "w_line": pa.int64(),
    "role": _TEXT,
    "country": _TEXT,
    "territory": _TEXT,
    "language": _TEXT,
    "created_at": _INSTANT,
    "deleted_at": _INSTANT,
}
ORIGIN = {
    "o_created_at": _INSTANT,
    "o_path": _TEXT,
    "o_line": pa.int64(),
    "origin_country": _TEXT,
    "origin_role": _TEXT,
}
FOLDED = pa.schema(NEWEST | ORIGIN)

LINE_BITS = 40
MANY = 1 << 62


def fold(landed: Mapping[str, pa.Table], folded: pa.Table) -> pa.Table:
    """The rows of newly landed files (path → rows) and what was folded before, as FOLDED, in order of user_key."""
    rows = pa.concat_tables([folded, *(_candidates(path, table) for path, table in landed.items())])
    rows = rows.unify_dictionaries().combine_chunks()
    key = ints(rows["user_key"])
    order = np.argsort(key, kind="stable")
    starts = group_starts(key[order])
    current = rows.select(list(NEWEST)).take(arrow(order[_last(_places(rows, "w")[order], starts)]))
    created, places = ints(rows["o_created_at"])[order], _places(rows, "o")[order]
    later = created != _spread(np.minimum, created, starts)
    first = rows.select(list(ORIGIN)).take(arrow(order[_last(np.where(later, -MANY, -places), starts)]))
    return pa.Table.from_arrays([*current.columns, *first.columns], schema=FOLDED)


def _places(rows: pa.Table, prefix: str) -> Ints:
    """Each row's path, by its place in alphabetical order, and line, as one number: no two rows share it."""
    return (_ranks(rows[f"{prefix}_path"]) << LINE_BITS) | ints(rows[f"{prefix}_line"])


def _last(values: Ints, starts: Ints) -> Ints:
    """Where the greatest value of each group stands; it stands there once."""
    return np.flatnonzero(values == _spread(np.maximum, values, starts))


def _spread(best: np.ufunc, values: Ints, starts: Ints) -> Ints:
    """The best value of each group, at each of its rows."""
    found: Ints = best.reduceat(values, starts) if len(values) else values
    return np.repeat(found, run_lengths(starts, len(values)))


def _candidates(path: str, table: pa.Table) -> pa.Table:
    """A landed row is both the newest and the origin until another comes."""
    coded = {name: table[name].dictionary_encode() for name in ("role", "country", "territory", "language")}
    paths = pa.DictionaryArray.from_arrays(arrow(np.zeros(len(table), np.int32)), strings([path]))
    columns = {name: table[name] for name in ("user_key", "created_at", "deleted_at")} | coded
    columns |= {"w_path": paths, "w_line": table["line"], "o_path": paths, "o_line": table["line"]}
    columns |= {
        "o_created_at": table["created_at"],
        "origin_country": coded["country"],
        "origin_role": coded["role"],
    }
    return pa.Table.from_arrays([columns[name] for name in FOLDED.names], schema=FOLDED)


def _ranks(paths: pa.ChunkedArray) -> Ints:
    """Each row's path as its place in alphabetical order."""
    seen = Vocabulary()
    code = codes(paths, seen.code)
    return seen.ranks()[code] if len(code) else code
