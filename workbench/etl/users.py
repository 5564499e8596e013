"""The users feed, folded: one row per key, whatever number of full dumps landed.

Of a key's rows two matter: the newest (w_: greatest path, then line), which is its current state, and the origin (the
earliest created_at, then least path, then line), which gives country and role where no event of a day states them.
Folding is associative: a new dump costs itself and one pass over the keys, never the dumps before it.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from workbench.etl.arrays import strings
from workbench.etl.codes import (
    Ints,
    Vocabulary,
    arrow,
    codes,
    country_code,
    distinct,
    group_starts,
    ints,
    places_of,
    role_code,
    run_lengths,
)

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
    """The rows of newly landed files (path → rows) and what was folded before, as FOLDED, in order of user_key.

    Column by column: all of them joined at once are 0.2 GB that the kernel has to find and clear (0.5 s a full dump).
    And of the tables that the rows come from alone: after a full dump the newest are all its own, the origins are not.
    """
    tables = [folded, *(_candidates(path, table) for path, table in landed.items())]
    key = ints(_joined(tables, "user_key"))
    order = np.argsort(key)
    starts = group_starts(key[order])
    newest = order[_last(_places(tables, "w")[order], starts)]
    created, places = ints(_joined(tables, "o_created_at"))[order], _places(tables, "o")[order]
    later = created != _spread(np.minimum, created, starts)
    origin = order[_last(np.where(later, -MANY, -places), starts)]
    columns = [*_picked(tables, list(NEWEST), newest), *_picked(tables, list(ORIGIN), origin)]
    return pa.Table.from_arrays(columns, schema=FOLDED)


def _picked(tables: list[pa.Table], names: list[str], rows: Ints) -> list[pa.ChunkedArray]:
    """Columns of some rows of the joined tables."""
    ends = np.cumsum([len(table) for table in tables])
    first, last = np.searchsorted(ends, [rows.min(), rows.max()], side="right") if len(rows) else (0, 0)
    places = arrow(rows - (ends[first] - len(tables[first])))
    return [_joined(tables[first : last + 1], name).take(places) for name in names]


def changed_origins(before: pa.Table, now: pa.Table) -> Ints:
    """The keys whose country or role of origin differs between two foldings, of which one may lack a key."""
    old, keys = ints(before["user_key"]), ints(now["user_key"])
    if not np.array_equal(old, keys):
        keys = distinct(np.concatenate([old, keys]))
    changed: Ints = keys[_stated_origins(before, keys) != _stated_origins(now, keys)]
    return changed


def _stated_origins(folded: pa.Table, keys: Ints) -> Ints:
    """Country and role of origin of each key as one number; 0 where neither is stated, or the key is not there."""
    country, role = codes(folded["origin_country"], country_code), codes(folded["origin_role"], role_code)
    stated: Ints = country << 8 | role
    whole = np.zeros(len(keys), np.int64)
    whole[places_of(ints(folded["user_key"]), keys)] = stated
    return whole


def _joined(tables: list[pa.Table], name: str) -> pa.ChunkedArray:
    """One column of all tables, in one chunk, its words those of one dictionary."""
    column = pa.chunked_array([chunk for table in tables for chunk in table[name].chunks], FOLDED.field(name).type)
    return pa.chunked_array([column.unify_dictionaries().combine_chunks()], column.type)


def _places(tables: list[pa.Table], prefix: str) -> Ints:
    """Each row's path, by its place in alphabetical order, and line, as one number: no two rows share it."""
    return (_ranks(_joined(tables, f"{prefix}_path")) << LINE_BITS) | ints(_joined(tables, f"{prefix}_line"))


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
