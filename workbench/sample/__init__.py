"""Synthetic exports of an app like Klassroom, calibrated to the ambassador kit of the 2020 school start.

`write_sample` writes plain readable exports of the five feeds, as the app would have made them on 15 December 2020:
school years 2017-2018 to 2019-2020 and the autumn of 2020. At scale 1 they meet the kit's figures (reference/
published.csv); smaller scales keep the proportions. Nobody in them exists.
"""

import errno
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from workbench.errors import DiskFull, NotReadable, SampleExists
from workbench.sample import feeds, files, rhythm, usage
from workbench.sample.chance import Array
from workbench.sample.files import FRENCH_OFFICE, JSON_LINES, PARQUET, PLAIN_CSV, Dress
from workbench.sample.plan import Plan, draw_plan, scaled
from workbench.sample.rhythm import SCHOOL_YEARS, TODAY, YEAR_STARTS
from workbench.sample.subscriptions import draw_subscriptions
from workbench.sample.translations import draw_translations

__all__ = ["LARGEST_SCALE", "SMALLEST_SCALE", "TODAY", "FeedCount", "SampleReport", "write_sample"]

SMALLEST_SCALE, LARGEST_SCALE = 0.001, 1.0
EVENTS_AT_SCALE_1 = 30_000_000
MARK = "SAMPLE.json"
"""Says that these exports are invented; a HOME that lands them calls its figures « données d'exemple »."""

_DRESSES = (FRENCH_OFFICE, PLAIN_CSV, PARQUET, PARQUET)
_OFFICE_SUBSCRIPTIONS = Dress(".csv", ";", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y", "cp1252")
_MONTH_IN_JSON = date(2018, 8, 1)
_OVERLAPS = (date(2019, 3, 1), date(2020, 10, 1))  # exports that hold the last day of the month before once more
_TORN_USAGE = {
    date(2018, 2, 1): "e999999901;30/02/2018 08:15:00;u0000001;sign_in;parent;FRA;;web;fr",
    date(2019, 5, 1): "e999999902,2019-05-14T16:20:00Z,,post_viewed,parent,FR,,ios,fr",
}
_TORN_SUBSCRIPTION = "s999901,k000001,premium,ecole,,2019-10-01,2020-10-01,79.00,false,,,2019-10-01T10:00:00Z"


@dataclass
class FeedCount:
    """Files and rows (duplicates and torn rows included) written for a feed."""

    files: int = 0
    rows: int = 0


@dataclass(frozen=True)
class SampleReport:
    """What was written, for a closing table."""

    out: Path
    feeds: dict[str, FeedCount]
    size_bytes: int


@dataclass(frozen=True)
class _Exports:
    folder: Path
    counts: dict[str, FeedCount] = field(default_factory=dict)

    def add(self, feed: str, name: str, table: pa.Table, dress: Dress, torn: tuple[str, ...] = ()) -> None:
        if not len(table):
            return
        files.write(self.folder / feed / name, table, dress, torn)
        count = self.counts.setdefault(feed, FeedCount())
        count.files += 1
        count.rows += len(table) + len(torn)


def write_sample(out: Path, *, scale: float = 0.02, seed: int = 2020, events: int | None = None) -> SampleReport:
    """Write `<out>/{usage,users,classes,subscriptions,translations}/…`: the same bytes for the same arguments.

    `scale` 1 is the kit's size: 1,100,000 users on 15 September 2020, 35 countries, 30,000 French classes created in
    2019-2020, 150,000 translated publications by that day. `events` caps the usage events (default: 30 million times
    the scale; they are thinned or made denser to stay just under it). Everything is written beside `out` first, so
    `out` is whole or absent. Raises SampleExists where `out` holds something, DiskFull, NotReadable, and ValueError for
    a scale that is not between SMALLEST_SCALE and LARGEST_SCALE, or no events.
    """
    if not SMALLEST_SCALE <= scale <= LARGEST_SCALE:
        raise ValueError(f"scale goes from {SMALLEST_SCALE} to {LARGEST_SCALE:g}, not {scale:g}")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise SampleExists(f"{out} exists and is not empty", "name another folder with --out, or remove it first")
    cap = scaled(EVENTS_AT_SCALE_1, scale) if events is None else events
    if cap < 1:
        raise ValueError(f"a sample has at least one event, not {cap}")
    with _beside(out) as draft:
        exports = _Exports(draft)
        _write_all(exports, draw_plan(scale, seed), cap)
        (draft / MARK).write_text(json.dumps({"today": f"{TODAY}", "scale": scale, "seed": seed, "events": cap}) + "\n")
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    return SampleReport(out, exports.counts, size)


@contextmanager
def _beside(out: Path) -> Iterator[Path]:
    """A folder to write that becomes `out` when all went well, and is gone when not."""
    draft = out.parent / f".{out.name}.writing"
    shutil.rmtree(draft, ignore_errors=True)
    try:
        yield draft
        draft.replace(out)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskFull(f"no space left for {out}", "free some space, or ask for a smaller --scale") from error
        raise NotReadable(f"{out} cannot be written ({error})", "name another folder with --out") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _write_all(exports: _Exports, plan: Plan, cap: int) -> None:
    called = feeds.names(plan)
    _write_usage(exports, plan, called, cap)
    _write_users(exports, plan, called)
    _write_classes_and_subscriptions(exports, plan, called)
    _write_translations(exports, plan, called)


def _write_usage(exports: _Exports, plan: Plan, called: feeds.Names, cap: int) -> None:
    written = 0
    before: pa.Table | None = None
    for month, events in usage.draw_events(plan, cap):
        dress = JSON_LINES if month == _MONTH_IN_JSON else _DRESSES[_school_year(month)]
        table = feeds.usage_table(plan, called, events, written + 1, alpha3=_school_year(month) == 0)
        written += len(table)
        torn = (_TORN_USAGE[month],) if month in _TORN_USAGE else ()
        again = [_last_day(before, month)] if before is not None and month in _OVERLAPS else []
        exports.add("usage", f"{month:%Y-%m}", pa.concat_tables([*again, table]), dress, torn)
        before = table


def _last_day(table: pa.Table, month: date) -> pa.Table:
    """Its events from the last day before `month`."""
    begins = rhythm.midnights()[rhythm.day_number(month) - 1]
    return table.filter(pc.greater_equal(table["occurred_at"].cast(pa.int64()), begins))


def _write_users(exports: _Exports, plan: Plan, called: feeds.Names) -> None:
    for year, rows in _by_school_year(plan.people.created):
        exports.add("users", SCHOOL_YEARS[year], feeds.users_table(plan, called, rows, False), _DRESSES[year])
    deleted = np.flatnonzero(plan.people.deleted)
    exports.add("users", "comptes-supprimes", feeds.users_table(plan, called, deleted, True), Dress(".csv"))


def _write_classes_and_subscriptions(exports: _Exports, plan: Plan, called: feeds.Names) -> None:
    held = draw_subscriptions(plan)
    for year, name in enumerate(SCHOOL_YEARS):
        exports.add("classes", name, feeds.classes_table(plan, called, held, year), _DRESSES[year])
    dresses = (_OFFICE_SUBSCRIPTIONS, _OFFICE_SUBSCRIPTIONS, Dress(".csv"), PARQUET)
    for year, rows in _by_school_year(rhythm.midnights()[held.starts]):
        table = feeds.subscriptions_table(plan, called, held, rows, told=False)
        table = feeds.in_french(table) if dresses[year] is _OFFICE_SUBSCRIPTIONS else table
        torn = (_TORN_SUBSCRIPTION,) if year == 2 else ()
        exports.add("subscriptions", SCHOOL_YEARS[year], table, dresses[year], torn)
    cancelled = np.flatnonzero(held.cancelled >= 0)
    table = feeds.subscriptions_table(plan, called, held, cancelled, told=True)
    exports.add("subscriptions", "resiliations", table, Dress(".csv"))


def _write_translations(exports: _Exports, plan: Plan, called: feeds.Names) -> None:
    made = draw_translations(plan)
    for year, rows in _by_school_year(made.moment):
        dress = JSON_LINES if year == len(SCHOOL_YEARS) - 1 else _DRESSES[year]
        table = feeds.translations_table(plan, called, made, rows, ok="" if year == 0 else "ok")
        exports.add("translations", SCHOOL_YEARS[year], table, dress)


def _school_year(month: date) -> int:
    return int(np.searchsorted(YEAR_STARTS, rhythm.day_number(month), side="right")) - 1


def _by_school_year(moments: Array) -> Iterator[tuple[int, Array]]:
    """Rows by the school year of their instant, in order; a year without any is left out."""
    year = np.searchsorted(rhythm.midnights()[YEAR_STARTS], moments, side="right") - 1
    for number in range(len(SCHOOL_YEARS)):
        rows = np.flatnonzero(year == number)
        if len(rows):
            yield number, rows
