"""Columns as numbers: what the counting of days and windows works on, and the way back to Arrow.

Countries, roles and events are small integers there, keys and instants 64-bit ones; nothing is copied that need not be.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from workbench.etl.arrays import Mask, fixed, strings, validity

Ints = npt.NDArray[np.int64]

MISSING = int(np.iinfo(np.int64).min)
"""Stands for null in an array of keys; sorts before every key. A real key meets it once in 2⁶⁴."""

ROLES = ("other", "parent", "staff", "student", "teacher")

ROLE_NAMES: tuple[str | None, ...] = (None, *ROLES)
"""Code → role, in alphabetical order, so that codes compare as the names do; code 0 is "not stated"."""

COUNTRIES: tuple[str | None, ...] = (None, *(chr(65 + n // 26) + chr(65 + n % 26) for n in range(676)))
"""Code → country, in alphabetical order; code 0 is "not stated"."""


def country_code(country: str) -> int:
    """The code of two capital letters."""
    return 1 + (ord(country[0]) - 65) * 26 + ord(country[1]) - 65


def role_code(role: str) -> int:
    """The code of a role."""
    return 1 + ROLES.index(role)


UNKNOWN_COUNTRY = country_code("ZZ")
UNKNOWN_ROLE = role_code("other")


def ints(column: pa.ChunkedArray) -> Ints:
    """A column of 64-bit values (keys, instants in µs); null becomes MISSING."""
    whole = _whole(column)
    if pa.types.is_timestamp(whole.type):
        whole = whole.view(pa.int64())
    values: Ints = _filled(whole, np.dtype(np.int64), MISSING)
    return values


def stated_ints(column: pa.ChunkedArray) -> npt.NDArray[Any]:
    """A column of integers without nulls, of any width."""
    found: npt.NDArray[Any] = _numbers(_whole(column), np.dtype(column.type.to_pandas_dtype()))
    return found


def _whole(column: pa.ChunkedArray) -> Any:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _numbers(array: Any, dtype: np.dtype[Any]) -> Any:
    if len(array) == 0:
        return np.empty(0, dtype)
    return np.frombuffer(array.buffers()[1], dtype, len(array), array.offset * dtype.itemsize)


def codes(column: pa.ChunkedArray, encode: Callable[[str], int]) -> Ints:
    """A dictionary-encoded text column as numbers, one call of `encode` per distinct value; null becomes 0."""
    return np.concatenate([_chunk_codes(chunk, encode) for chunk in column.chunks] or [np.empty(0, np.int64)])


def _chunk_codes(chunk: Any, encode: Callable[[str], int]) -> Ints:
    values = [0 if value is None else encode(value) for value in chunk.dictionary.to_pylist()]
    meaning = np.array([*values, 0], np.int64)
    found: Ints = meaning[_filled(chunk.indices, np.dtype(np.int32), len(values))]
    return found


def _filled(array: Any, dtype: np.dtype[Any], missing: int) -> Any:
    """The numbers of an array, `missing` where it holds none."""
    known = validity(array)
    return _numbers(array, dtype) if known is None else np.where(known, _numbers(array, dtype), dtype.type(missing))


def arrow(values: npt.NDArray[Any], kind: pa.DataType | None = None, known: Mask | None = None) -> pa.Array:
    """A NumPy array as an Arrow array over the same memory; null where `known` is False."""
    return fixed(values, kind or pa.from_numpy_dtype(values.dtype), known)


def texts(values: npt.NDArray[Any], names: Sequence[str | None]) -> pa.DictionaryArray:
    """Codes as dictionary-encoded text; a code whose name is None becomes null."""
    stated = np.array([name is not None for name in names], np.bool_)
    place = np.cumsum(stated, dtype=np.int32) - 1
    known = stated[values]
    index = fixed(place[values], pa.int32(), None if known.all() else known)
    return pa.DictionaryArray.from_arrays(index, strings([name for name in names if name is not None]))


class Vocabulary:
    """Names seen so far and their codes, in the order they came."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._codes: dict[str, int] = {}

    def code(self, name: str) -> int:
        """The code of a name, given on first sight."""
        if name not in self._codes:
            self._codes[name] = len(self.names)
            self.names.append(name)
        return self._codes[name]

    def ranks(self) -> Ints:
        """Code → place in alphabetical order."""
        order = sorted(range(len(self.names)), key=self.names.__getitem__)
        ranks = np.empty(len(order), np.int64)
        ranks[order] = np.arange(len(order))
        return ranks


def group_starts(ordered: npt.NDArray[np.integer[Any]]) -> Ints:
    """Where each run of equal values begins in a sorted array."""
    if len(ordered) == 0:
        return np.empty(0, np.int64)
    return np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))


def run_lengths(starts: Ints, total: int) -> Ints:
    """How long each run is."""
    return np.diff(starts, append=total)


def places_of(values: Ints, ordered: Ints) -> Ints:
    """Where each of some ascending values stands in an ascending array, or would; most often they are all of it."""
    return np.arange(len(values)) if np.array_equal(values, ordered) else np.searchsorted(ordered, values)


def distinct(values: Ints) -> Ints:
    """The distinct values, ascending. `np.unique` hashes first, at three times the cost on millions of keys."""
    ordered = np.sort(values)
    return ordered[group_starts(ordered)]
