"""Columns of identifiers and of few distinct values: each distinct text is read once, the rows follow through codes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from workbench.etl import arrays
from workbench.etl.feeds import Column, Key, Value
from workbench.etl.normalise import texts
from workbench.etl.values import Unreadable
from workbench.privacy import Pseudonyms

_EVENT_HASH = (files("workbench.etl") / "event_hash.sql").read_text(encoding="utf-8")


@dataclass
class Faults:
    """Rows of one column that cannot be read, and why."""

    rows: npt.NDArray[np.int64]
    reasons: list[str]


NO_FAULTS = Faults(np.empty(0, np.int64), [])
Converted = tuple[pa.Array, Faults]


def keys(found: pa.Array, column: Column, key: Key, ids: Pseudonyms) -> Converted:
    """Pseudonyms of the trimmed identifiers; null for an empty one."""
    text = texts.as_text(found)
    codes, distinct = texts.apart(text) if key.names_row else texts.coded(text)
    trimmed = pc.utf8_trim_whitespace(distinct)
    trimmed.validate(full=True)  # Polars takes bytes that are no UTF-8 for granted, and ends the process
    hashes = np.append(ids.keys(key.domain, trimmed, returning=not key.names_row), 0)[codes]
    empty = np.append(texts.empty(trimmed), True)[codes]
    if not empty.any():
        return arrays.fixed(hashes, pa.int64()), NO_FAULTS
    rows = np.flatnonzero(empty)
    faults = Faults(rows, ["empty_required"] * len(rows)) if column.required else NO_FAULTS
    return arrays.fixed(hashes, pa.int64(), ~empty), faults


def stated(found: pa.Array) -> pa.Array:
    """Trimmed texts as they are; null for what is no text."""
    try:
        text = texts.plain(texts.as_text(found))
        text.validate(full=True)
    except pa.ArrowNotImplementedError:  # lists, structures, and kinds of Parquet that nobody writes as text
        return pa.nulls(len(found), pa.string())
    except (pa.ArrowInvalid, UnicodeDecodeError):
        text, _ = texts.readable(found)
    return pc.utf8_trim_whitespace(text)


@cache
def _hasher() -> duckdb.DuckDBPyConnection:
    """One connection that only computes: opening one costs as much as hashing 100,000 identifiers."""
    return duckdb.connect(config={"threads": 1})


def hashes(found: pa.Array) -> Converted:
    """Plain hashes of a required, trimmed identifier."""
    ids = pc.utf8_trim_whitespace(texts.plain(texts.as_text(found)))
    rows = np.flatnonzero(texts.empty(ids))
    with _hasher().cursor() as con:
        con.register("ids", pa.table({"id": ids}))
        numbers = np.ma.getdata(con.execute(_EVENT_HASH).fetchnumpy()["hash"])
    return arrays.fixed(numbers, pa.int64()), Faults(rows, ["empty_required"] * len(rows))


def nested(found: pa.Array, column: Column, type: pa.DataType) -> Converted:
    """A list or a structure is no value of any kind."""
    valid = arrays.validity(found)
    stated = np.ones(len(found), np.bool_) if valid is None else valid
    rows = np.arange(len(found)) if column.required else np.flatnonzero(stated)
    reasons = ["nested_value" if stated[row] else "empty_required" for row in rows]
    return pa.nulls(len(found), type), Faults(rows, reasons)


def words(found: pa.Array, column: Column, kind: Value, type: pa.DataType) -> Converted:
    """Values of a kind with few distinct ones, as `type`: the kind's own, or a dictionary of it."""
    if pa.types.is_timestamp(found.type) and pa.types.is_date(kind.type):
        found = found.cast(pa.date32(), safe=False)
    codes, distinct = texts.coded(texts.as_text(found))
    targets, values, wrong = _read_distinct([*distinct.to_pylist(), None], column, kind)
    out = targets[codes]
    valid = out >= 0
    indices = arrays.fixed(np.where(valid, out, np.int32(0)), pa.int32(), None if valid.all() else valid)
    read = arrays.values_of(values, kind.type)
    encoded = pa.types.is_dictionary(type)
    converted = pa.DictionaryArray.from_arrays(indices, read) if encoded else read.take(indices)
    return converted, wrong_rows(codes, wrong, len(distinct))


def _read_distinct(
    texts: Sequence[str | None], column: Column, kind: Value
) -> tuple[npt.NDArray[np.int32], list[Any], dict[int, str]]:
    """Where each text's value stands among the distinct values (-1: null), the values, and the texts at fault."""
    targets = np.full(len(texts), -1, np.int32)
    places: dict[Any, int] = {}
    wrong: dict[int, str] = {}
    for code, text in enumerate(texts):
        try:
            value = _value((text or "").strip() or column.default, column, kind)
        except Unreadable as fault:
            wrong[code] = fault.reason
            continue
        if value is not None:
            targets[code] = places.setdefault(value, len(places))
    return targets, list(places), wrong


def _value(text: str, column: Column, kind: Value) -> Any:
    if text:
        return kind.parse(text)
    if column.required:
        raise Unreadable("empty_required")
    return None


def wrong_rows(codes: npt.NDArray[np.int32], wrong: dict[int, str], null: int) -> Faults:
    """The rows whose text is at fault; `null` is the code that stands for -1."""
    if not wrong:
        return NO_FAULTS
    at_fault = np.zeros(null + 1, np.bool_)
    at_fault[list(wrong)] = True
    rows = np.flatnonzero(at_fault[codes])
    reasons = [wrong[code if code >= 0 else null] for code in codes[rows].tolist()]
    return Faults(rows, reasons)
