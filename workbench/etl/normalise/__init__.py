"""From raw columns of one file to the normalised rows of its feed, and the rows that must be set aside.

Whole columns are converted at once: words, numbers and dates through their few distinct values, identifiers through
their distinct values too, instants by Arrow when they have a common form. The scalar rules in `feeds` decide about
everything else, and about every fault.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from workbench.etl import arrays
from workbench.etl.feeds import Column, Feed, Hash, Instant, Key, Stated, Value
from workbench.etl.normalise.columns import NO_FAULTS, Converted, Faults, hashes, keys, nested, stated, words
from workbench.etl.normalise.instants import instants
from workbench.etl.normalise.texts import as_text, readable
from workbench.privacy import Pseudonyms

SHAPE_LENGTH = 12
_SHOWN = frozenset(" -_/:.,;+'\"()@")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that was set aside: the line where its record starts, and why; never its text.

    `line`: physical line in the text, from 1; row in a Parquet file, from 1. `column`: empty when the whole row is
    at fault. `reason`: a stable code. `shape`: the offending value as `99/99/9999`, at most 12 characters.
    """

    line: int
    column: str
    reason: str
    shape: str


class Refused(Exception):
    """A file that does not land at all: a result that is recorded, not an error of the program.

    `reason` is a stable code; `rejects` are its first hundred."""

    def __init__(self, reason: str, detail: str = "", rejects: Sequence[Reject] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail
        self.rejects = tuple(rejects)


@dataclass(frozen=True)
class Batch:
    """Normalised rows in file order, with what was set aside between them."""

    rows: pa.Table
    rejects: list[Reject]
    data_rows: int
    """Rows and rejects together."""
    unknown_columns: tuple[str, ...]
    """Names outside the contract seen in the file so far, each cut at 60 characters."""


@dataclass(frozen=True)
class Raw:
    """Columns of consecutive records as a reader found them, of any Arrow type, under their contract names.

    A column that is absent from `columns` is empty. `rejects` are records that gave no row.
    """

    columns: dict[str, pa.Array]
    lines: npt.NDArray[np.int64]
    rejects: list[Reject] = field(default_factory=list)
    unknown_columns: tuple[str, ...] = ()


def shape(text: str) -> str:
    """The shape of a value, at most 12 characters: 9 a digit, a or A a letter, ? most other signs."""
    return "".join(map(_sign, text[:SHAPE_LENGTH]))


def _sign(c: str) -> str:
    if c.isdigit():
        return "9"
    if c.isalpha():
        return "A" if c.isupper() else "a"
    return c if c in _SHOWN else "?"


class Normaliser:
    """Normalises the batches of one file."""

    def __init__(self, feed: Feed, *, first_landed: datetime, ids: Pseudonyms) -> None:
        """`first_landed`: with a time zone; a later instant than a day after it is in the future."""
        self._feed = feed
        self._schema = feed.schema
        self._types = [feed.type_of(column) for column in feed.kept]
        self._latest_us = (first_landed + timedelta(days=1) - _EPOCH) // timedelta(microseconds=1)
        self._ids = ids

    def batch(self, raw: Raw) -> Batch:
        """The normalised rows of `raw`. A row with several faults is rejected once, for the first column at fault."""
        columns: list[pa.Array] = []
        first: dict[int, tuple[str, str]] = {}
        for column, type in zip(self._feed.kept, self._types, strict=True):
            converted, faults = self._column(raw, column, type)
            columns.append(converted)
            for row, reason in zip(faults.rows.tolist(), faults.reasons, strict=True):
                first.setdefault(row, (column.name, reason))
        if self._feed.keeps_line:
            columns.append(arrays.fixed(raw.lines, pa.int64()))
        rows = _without(pa.Table.from_arrays(columns, schema=self._schema), list(first))
        rejects = sorted(raw.rejects + list(_rejects(raw, first)), key=lambda reject: reject.line)
        return Batch(rows, rejects, len(raw.lines) + len(raw.rejects), raw.unknown_columns)

    def _column(self, raw: Raw, column: Column, type: pa.DataType) -> Converted:
        found = raw.columns.get(column.name)
        if found is None:
            found = pa.nulls(len(raw.lines), pa.string())
        if isinstance(column.kind, Stated):
            return stated(found), NO_FAULTS
        try:
            return self._converted(found, column, type)
        except (pa.ArrowInvalid, UnicodeDecodeError):  # Parquet promises UTF-8 and does not check it
            mended, broken = readable(found)
            if not len(broken):
                raise
        converted, faults = self._converted(mended, column, type)
        return converted, Faults(np.append(broken, faults.rows), ["bad_encoding"] * len(broken) + faults.reasons)

    def _converted(self, found: pa.Array, column: Column, type: pa.DataType) -> Converted:
        if pa.types.is_nested(found.type):
            return nested(found, column, type)
        match column.kind:
            case Instant():
                return instants(found, column.required, self._latest_us)
            case Key() as key:
                return keys(found, column, key, self._ids)
            case Hash():
                return hashes(found)
            case Value():
                return words(found, column, column.kind, type)
        raise AssertionError(column)  # a dropped column is not among the kept ones


def _without(rows: pa.Table, faulty: list[int]) -> pa.Table:
    if not faulty:
        return rows
    sound = np.ones(len(rows), np.bool_)
    sound[faulty] = False
    return rows.filter(arrays.flags(sound))


def _rejects(raw: Raw, first: dict[int, tuple[str, str]]) -> Iterator[Reject]:
    texts = {column: _shown(raw.columns.get(column)) for column, _ in set(first.values())}
    for row, (column, reason) in first.items():
        text = texts[column]
        value = "" if text is None or reason == "bad_encoding" else text[row].as_py()
        yield Reject(int(raw.lines[row]), column, reason, shape((value or "").strip()))


def _shown(found: pa.Array | None) -> pa.Array | None:
    """A column as text, if it is there and is no list or structure."""
    return None if found is None or pa.types.is_nested(found.type) else as_text(found)
