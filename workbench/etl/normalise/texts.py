"""Columns as text, whatever a reader found: the distinct texts, the empty ones, and those that are no text at all."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from workbench.etl import arrays

Coded = tuple[npt.NDArray[np.int32], pa.Array]
"""Each row's position among the distinct texts (-1: null), and these texts."""


def as_text(found: pa.Array) -> pa.Array:
    """Any column as strings, or as a dictionary of strings; numbers without an exponent."""
    type = found.type
    if pa.types.is_string(type) or type == pa.dictionary(pa.int32(), pa.string()):
        return found
    if pa.types.is_dictionary(type):
        return pa.DictionaryArray.from_arrays(found.indices.cast(pa.int32()), as_text(found.dictionary))
    if pa.types.is_timestamp(type):
        return found.cast(pa.timestamp("us", "UTC"), safe=False).cast(pa.string())
    if pa.types.is_floating(type):
        precision = np.float32 if pa.types.is_float32(type) else np.float64
        return arrays.strings([_spelled(precision(value)) if value == value else None for value in _known(found)])
    if isinstance(type, pa.BaseExtensionType):
        return arrays.strings([None if value is None else str(value) for value in found.to_pylist()])
    return found.cast(pa.string())


def _known(found: pa.Array) -> list[float]:
    """The numbers of a column, a null as the number that is none."""
    return [float("nan") if value is None else value for value in found.to_pylist()]


def _spelled(value: Any) -> str:
    return np.format_float_positional(value, trim="-")


def plain(text: pa.Array) -> pa.Array:
    """Strings, decoded if they were a dictionary."""
    return text.dictionary_decode() if pa.types.is_dictionary(text.type) else text


def coded(text: pa.Array) -> Coded:
    """A column's distinct texts, all of them in use, and each row's position among them."""
    encoded = text if pa.types.is_dictionary(text.type) else text.dictionary_encode()
    indices, distinct = encoded.indices, encoded.dictionary
    codes = arrays.numbers(indices, np.int32)
    valid = arrays.validity(indices)
    if valid is not None:
        codes = np.where(valid, codes, np.int32(-1))
    return _compacted(codes, distinct) if len(distinct) > len(codes) else (codes, distinct)


def apart(text: pa.Array) -> Coded:
    """The same of a column whose texts hardly return: each row has its own."""
    return np.arange(len(text), dtype=np.int32), plain(text)


def _compacted(codes: npt.NDArray[np.int32], distinct: pa.Array) -> Coded:
    """The same with only the texts in use: a batch may carry the dictionary of a whole row group."""
    used = np.zeros(len(distinct) + 1, np.bool_)
    used[codes] = True
    used[-1] = False
    places = np.cumsum(used, dtype=np.int32) - np.int32(1)
    places[-1] = -1
    return places[codes], distinct.take(arrays.fixed(np.flatnonzero(used), pa.int64()))


def empty(text: pa.Array) -> arrays.Mask:
    """Where a trimmed text is null or empty."""
    lengths = pc.binary_length(text)
    without: arrays.Mask = arrays.numbers(lengths, np.int32) == 0
    valid = arrays.validity(lengths)
    return without if valid is None else without | ~valid


def readable(found: pa.Array) -> tuple[pa.Array, npt.NDArray[np.int64]]:
    """A column of bytes that should be text, null where they are no UTF-8, and the rows where they are not."""
    values = plain(found).cast(pa.binary()).to_pylist()
    broken = [row for row, value in enumerate(values) if value is not None and not _is_utf_8(value)]
    sound = set(range(len(values))).difference(broken)
    texts = [value.decode() if value is not None and row in sound else None for row, value in enumerate(values)]
    return arrays.strings(texts), np.array(broken, np.int64)


def _is_utf_8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True
