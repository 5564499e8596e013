"""Arrow arrays from NumPy and Python values and back, through their buffers.

`pa.array`, `pa.table`, `pa.scalar` and `Array.to_numpy` import pandas (0.3 s in every process that lands a file);
buffers and Polars do not.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

Mask = npt.NDArray[np.bool_]


def fixed(values: npt.NDArray[Any], type: pa.DataType, valid: Mask | None = None) -> pa.Array:
    """An array of a fixed-width Arrow type over the memory of `values`; null where `valid` is False."""
    return pa.Array.from_buffers(type, len(values), [_bits(valid), pa.py_buffer(np.ascontiguousarray(values))])


def table(rows: Sequence[Mapping[str, object]], schema: pa.Schema) -> pa.Table:
    """Rows of plain values as a table; a column that a row lacks is null there."""
    frame = pl.DataFrame(rows, schema=pl.DataFrame(empty(schema)).schema)
    return frame.to_arrow().cast(schema)


def empty(schema: pa.Schema) -> pa.Table:
    """A table without rows, one chunk a column."""
    return pa.Table.from_arrays([_nothing(kind.type) for kind in schema], schema=schema)


def _nothing(type: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(type):
        return pa.DictionaryArray.from_arrays(_nothing(type.index_type), _nothing(type.value_type))
    return strings([]) if pa.types.is_string(type) else fixed(np.empty(0, np.int64), type)


def flags(values: Mask) -> pa.Array:
    """A boolean array."""
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, _bits(values)])


def strings(values: Sequence[str | None]) -> pa.Array:
    """A string array; None is null. Raises UnicodeEncodeError for a text with lone surrogates."""
    valid = None if None not in values else np.fromiter((v is not None for v in values), np.bool_, len(values))
    texts = [value or "" for value in values]
    joined = "".join(texts)
    lengths = map(len, texts) if joined.isascii() else (len(text.encode()) for text in texts)
    offsets = np.fromiter(accumulate(lengths, initial=0), np.int32, len(values) + 1)
    buffers = [_bits(valid), pa.py_buffer(offsets), pa.py_buffer(joined.encode())]
    return pa.Array.from_buffers(pa.string(), len(values), buffers)


def values_of(values: Sequence[Any], type: pa.DataType) -> pa.Array:
    """Distinct parsed values (str, int, float, bool, date, Decimal; no None) as an array of their Arrow type."""
    if pa.types.is_string(type):
        return strings(values)
    if pa.types.is_boolean(type):
        return flags(np.array(values, np.bool_))
    if pa.types.is_decimal(type):
        return _decimals(values, type)
    if pa.types.is_date32(type):
        return fixed(np.array([_days(day) for day in values], np.int32), type)
    return fixed(np.array(values, type.to_pandas_dtype()), type)


def _days(day: date) -> int:
    return day.toordinal() - date(1970, 1, 1).toordinal()


def _decimals(values: Sequence[Decimal], type: pa.DataType) -> pa.Array:
    scaled = [int(value.scaleb(type.scale)) for value in values]
    data = b"".join(number.to_bytes(16, "little", signed=True) for number in scaled)
    return pa.Array.from_buffers(type, len(values), [None, pa.py_buffer(data)])


def numbers(array: pa.Array, dtype: type[np.generic]) -> npt.NDArray[Any]:
    """The memory of a fixed-width array without its nulls' mask (a null holds anything)."""
    data = array.buffers()[1]
    if data is None or not len(array):
        return np.zeros(len(array), dtype)
    return np.frombuffer(data, dtype)[array.offset : array.offset + len(array)]


def validity(array: pa.Array) -> Mask | None:
    """Where the array holds a value; None when it does everywhere."""
    if not array.null_count:
        return None
    if array.buffers()[0] is None:  # the null type
        return np.zeros(len(array), np.bool_)
    bits = np.unpackbits(np.frombuffer(array.buffers()[0], np.uint8), bitorder="little")
    return bits[array.offset : array.offset + len(array)].view(np.bool_)


def _bits(mask: Mask | None) -> pa.Buffer | None:
    return None if mask is None else pa.py_buffer(np.packbits(mask, bitorder="little"))
