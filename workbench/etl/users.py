"""The users feed, folded: one row per key, whatever number of full dumps landed.

Of a key's rows two matter: the newest (w_: greatest path, then line), which is its current state, and the origin (the
earliest created_at, then least path, then line), which gives country and role where no event of a day states them.
Folding is associative: a new dump costs itself and one pass over the keys, never the dumps before it.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from workbench.etl.codes import Ints, Vocabulary, arrow, codes, group_starts, ints

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


def fold(landed: Mapping[str, pa.Table], folded: pa.Table) -> pa.Table:
    """The rows of newly landed files (path → rows) and what was folded before, as FOLDED, in order of user_key."""
    rows = pa.concat_tables([folded, *(_candidates(path, table) for path, table in landed.items())])
    rows = rows.unify_dictionaries().combine_chunks()
    key = ints(rows["user_key"])
    newest = np.lexsort((ints(rows["w_line"]), _ranks(rows["w_path"]), key))
    origin = np.lexsort((ints(rows["o_line"]), _ranks(rows["o_path"]), ints(rows["o_created_at"]), key))
    ends = np.append(group_starts(key[newest])[1:], len(key)) - 1 if len(key) else newest
    current = rows.select(list(NEWEST)).take(arrow(newest[ends]))
    first = rows.select(list(ORIGIN)).take(arrow(origin[group_starts(key[origin])]))
    return pa.Table.from_arrays([*current.columns, *first.columns], schema=FOLDED)


def _candidates(path: str, table: pa.Table) -> pa.Table:
    """A landed row is both the newest and the origin until another comes."""
    coded = {name: table[name].dictionary_encode() for name in ("role", "country", "territory", "language")}
    paths = pa.DictionaryArray.from_arrays(arrow(np.zeros(len(table), np.int32)), pa.array([path]))
    columns = {name: table[name] for name in ("user_key", "created_at", "deleted_at")} | coded
    columns |= {"w_path": paths, "w_line": table["line"], "o_path": paths, "o_line": table["line"]}
    columns |= {
        "o_created_at": table["created_at"],
        "origin_country": coded["country"],
        "origin_role": coded["role"],
    }
    return pa.table([columns[name] for name in FOLDED.names], schema=FOLDED)


def _ranks(paths: pa.ChunkedArray) -> Ints:
    """Each row's path as its place in alphabetical order."""
    seen = Vocabulary()
    code = codes(paths, seen.code)
    return seen.ranks()[code] if len(code) else code
