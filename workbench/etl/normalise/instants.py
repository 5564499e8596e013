"""Columns of instants: Arrow reads a batch whose texts share a common form, the scalar rule reads any other."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from workbench.etl import arrays, values
from workbench.etl.normalise import texts
from workbench.etl.normalise.columns import NO_FAULTS, Converted, Faults, wrong_rows

EARLIEST_US = values.instant_us("2000-01-01T00:00:00Z")
_PER_UNIT_US = {"s": 1_000_000, "ms": 1_000, "us": 1}
_FRENCH = r"^(\d{2})/(\d{2})/(\d{4}) (\d{2}:\d{2}(?::\d{2})?)$"

Us = npt.NDArray[np.int64]
"""Microseconds since 1970 UTC."""


def instants(found: pa.Array, required: bool, latest_us: int) -> Converted:
    """Instants from 2000 to `latest_us`, as timestamps in UTC."""
    us, valid, faults = _read(found)
    stated = us if valid is None else us[valid]
    if len(stated) and (stated.min() < EARLIEST_US or stated.max() > latest_us):
        faults = _out_of_range(us, valid, latest_us, faults)
    if required and valid is not None:
        empty = np.setdiff1d(np.flatnonzero(~valid), faults.rows)
        faults = Faults(np.append(faults.rows, empty), faults.reasons + ["empty_required"] * len(empty))
    return arrays.fixed(us, pa.timestamp("us", "UTC"), valid), faults


def _out_of_range(us: Us, valid: arrays.Mask | None, latest_us: int, faults: Faults) -> Faults:
    out = (us < EARLIEST_US) | (us > latest_us)
    rows = np.flatnonzero(out if valid is None else out & valid)
    reasons = ["too_early" if us[row] < EARLIEST_US else "in_future" for row in rows]
    return Faults(np.append(faults.rows, rows), faults.reasons + reasons)


def _read(found: pa.Array) -> tuple[Us, arrays.Mask | None, Faults]:
    """The instants, where they are stated (None: everywhere), and what cannot be read."""
    if pa.types.is_timestamp(found.type):
        return _typed(found), arrays.validity(found), NO_FAULTS
    if pa.types.is_integer(found.type):
        return _epochs(found), arrays.validity(found), NO_FAULTS
    text = pc.utf8_trim_whitespace(texts.plain(texts.as_text(found)))
    empty = texts.empty(text)
    if empty.any():
        text = pc.if_else(arrays.flags(empty), pa.nulls(len(text), pa.string()), text)
    us = _canonical(text)
    if us is None:
        return _one_by_one(text)
    return us, ~empty if empty.any() else None, NO_FAULTS


def _typed(found: pa.Array) -> Us:
    """A timestamp without a zone is in UTC, as one with a zone already is inside; nanoseconds are cut."""
    ticks: Us = arrays.numbers(found, np.int64)
    if found.type.unit == "ns":
        return ticks // 1_000
    per_unit = _PER_UNIT_US[found.type.unit]
    limit = values.FARTHEST_EPOCH * 1_000 // per_unit
    return ticks if per_unit == 1 else np.clip(ticks, -limit, limit) * per_unit


def _epochs(found: pa.Array) -> Us:
    whole: Us = arrays.numbers(found.cast(pa.int64(), safe=False), np.int64)
    whole = np.clip(whole, -values.FARTHEST_EPOCH, values.FARTHEST_EPOCH)
    us: Us = whole * np.where(np.abs(whole) >= values.MILLISECONDS_FROM, 1_000, values.SECOND_US)
    return us


def _canonical(text: pa.Array) -> Us | None:
    """The instants of a column whose texts all have one common form; None: they have not."""
    for read in (_iso_with_offset, _iso_without_offset, _digits, _french):
        try:
            us = read(text)
        except pa.ArrowInvalid:
            continue
        if us is not None:
            return us
    return None


def _iso_with_offset(text: pa.Array) -> Us:
    return arrays.numbers(text.cast(pa.timestamp("us", "UTC")), np.int64)


def _iso_without_offset(text: pa.Array) -> Us | None:
    shortest = pc.min(pc.binary_length(text)).as_py()
    if shortest is not None and shortest <= len("2020-01-01"):  # Arrow would take a date for midnight
        return None
    return arrays.numbers(text.cast(pa.timestamp("us")), np.int64)


def _digits(text: pa.Array) -> Us | None:
    if not pc.all(pc.ascii_is_decimal(text)).as_py():  # Arrow would take 0x1f for a number
        return None
    return _epochs(text.cast(pa.int64()))


def _french(text: pa.Array) -> Us | None:
    return _iso_without_offset(pc.replace_substring_regex(text, _FRENCH, r"\3-\2-\1 \4"))


def _one_by_one(text: pa.Array) -> tuple[Us, arrays.Mask | None, Faults]:
    codes, distinct = texts.coded(text)
    us = np.zeros(len(distinct) + 1, np.int64)
    wrong: dict[int, str] = {}
    for code, value in enumerate(distinct.to_pylist()):
        try:
            us[code] = values.instant_us(value)
        except values.Unreadable as fault:
            wrong[code] = fault.reason
    stated = np.ones(len(distinct) + 1, np.bool_)
    stated[[*wrong, len(distinct)]] = False
    valid = stated[codes]
    return us[codes], None if valid.all() else valid, wrong_rows(codes, wrong, len(distinct))
