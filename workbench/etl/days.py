"""One day of usage: de-duplicated, then counted by user, by feature and by class.

A day's facts depend on that day's rows alone, so a late file re-opens only the days it touches.
Definitions: design.md, "Reading rules" (duplicates) and "Definitions" (country and role of a day).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from workbench.etl.codes import (
    COUNTRIES,
    MISSING,
    ROLE_NAMES,
    Ints,
    Vocabulary,
    arrow,
    codes,
    country_code,
    distinct,
    group_starts,
    ints,
    role_code,
    run_lengths,
    texts,
)

DAY_US = 86_400_000_000
EPOCH = date(1970, 1, 1)

Rows = dict[str, Ints]
"""Columns of one day's usage rows as numbers: keys, µs, codes, and `content` (which file, in order of path)."""

FACTS: dict[str, pa.Schema] = {
    "lake_user_day": pa.schema(
        {
            "day": pa.date32(),
            "user_key": pa.int64(),
            "country": pa.dictionary(pa.int32(), pa.string()),
            "role": pa.dictionary(pa.int32(), pa.string()),
            "events": pa.int32(),
        }
    ),
    "lake_user_feature": pa.schema(
        {"user_key": pa.int64(), "feature": pa.dictionary(pa.int32(), pa.string()), "events": pa.int32()}
    ),
    "lake_class_user": pa.schema(
        {
            "day": pa.date32(),
            "class_key": pa.int64(),
            "user_key": pa.int64(),
            "events": pa.int32(),
            "posts": pa.int32(),
        }
    ),
}
"""The facts of a day in the lake. Country and role are null where no event of the day states them."""


@dataclass(frozen=True)
class Words:
    """The vocabularies that codes of text columns belong to, shared by all days of a run."""

    events: Vocabulary
    platforms: Vocabulary
    languages: Vocabulary


def as_date(day: int) -> date:
    """A day counted from 1970-01-01 as a date."""
    return EPOCH + timedelta(days=day)


def as_number(day: date) -> int:
    """A date as days since 1970-01-01."""
    return (day - EPOCH).days


def local_days(instants_us: Ints, zone: ZoneInfo) -> npt.NDArray[np.int32]:
    """The local date of each UTC instant, in days since 1970-01-01.

    Offsets come from the few transitions within the range: 0.7 s per 20 M, against 3.4 s row by row.
    """
    if len(instants_us) == 0:
        return np.empty(0, np.int32)
    changes, offsets = _offsets(int(instants_us.min()), int(instants_us.max()), zone)
    shift = offsets[np.searchsorted(changes, instants_us, side="right")] if len(changes) else offsets[0]
    return ((instants_us + shift) // DAY_US).astype(np.int32)


def _offsets(first_us: int, last_us: int, zone: ZoneInfo) -> tuple[Ints, Ints]:
    """The instants at which the zone's offset changes within a range, and the offsets between them (µs)."""
    step = DAY_US // 4
    grid = [*range(first_us, last_us, step), last_us]
    offsets = [_offset(instant, zone) for instant in grid]
    changes = [
        _change(before, after, zone)
        for before, after, old, new in zip(grid, grid[1:], offsets, offsets[1:], strict=False)
        if old != new
    ]
    kept = [offsets[0], *(_offset(change, zone) for change in changes)]
    return np.array(changes, np.int64), np.array(kept, np.int64)


def _offset(instant_us: int, zone: ZoneInfo) -> int:
    moment = datetime.fromtimestamp(instant_us // 1_000_000, UTC)
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None  # an aware datetime has one
    return int(offset.total_seconds()) * 1_000_000


def _change(before: int, after: int, zone: ZoneInfo) -> int:
    """The first instant, to the second, with the offset of `after`."""
    old = _offset(before, zone)
    while after - before > 1_000_000:
        middle = (before + after) // 2
        before, after = (middle, after) if _offset(middle, zone) == old else (before, middle)
    return after // 1_000_000 * 1_000_000


def rows_of(table: pa.Table, content: int, words: Words) -> Rows:
    """Normalised usage rows as numbers."""
    return {
        "hash": ints(table["event_hash"]),
        "instant": ints(table["occurred_at"]),
        "user": ints(table["user_key"]),
        "event": codes(table["event"], words.events.code),
        "role": codes(table["role"], role_code),
        "country": codes(table["country"], country_code),
        "class": ints(table["class_key"]),
        "platform": codes(table["platform"], lambda name: 1 + words.platforms.code(name)),
        "language": codes(table["language"], lambda name: 1 + words.languages.code(name)),
        "content": np.full(len(table), content, np.int64),
    }


def joined(pieces: list[Rows]) -> Rows:
    """Rows of several contents as one."""
    return pieces[0] if len(pieces) == 1 else {name: np.concatenate([p[name] for p in pieces]) for name in pieces[0]}


def settle(rows: Rows, words: Words) -> tuple[Rows, Ints]:
    """The rows left after de-duplication, and the content of each losing row.

    Of one event id on one day the earliest instant stays; ties by the normalised values in contract order (ids by
    their pseudonym: the lake knows no other), then by path and line.
    """
    ordered = np.sort(rows["hash"])
    repeated = distinct(ordered[1:][ordered[1:] == ordered[:-1]])
    if len(repeated) == 0:
        return rows, np.empty(0, np.int64)
    candidates = np.flatnonzero(np.isin(rows["hash"], repeated))
    few = {name: column[candidates] for name, column in rows.items()}
    order = np.lexsort(_precedence(few, words)[::-1])
    first = np.zeros(len(order), np.bool_)
    first[group_starts(few["hash"][order])] = True
    losers = candidates[order[~first]]
    kept = np.ones(len(rows["hash"]), np.bool_)
    kept[losers] = False
    return {name: column[kept] for name, column in rows.items()}, rows["content"][losers]


def _precedence(rows: Rows, words: Words) -> list[Ints]:
    """The keys of the order in which duplicates win, first key first. Not stated (0) comes before any value."""
    platform = np.concatenate(([0], 1 + words.platforms.ranks()))[rows["platform"]]
    language = np.concatenate(([0], 1 + words.languages.ranks()))[rows["language"]]
    event = words.events.ranks()[rows["event"]]
    known = [rows[name] for name in ("hash", "instant", "user")]
    return [*known, event, rows["role"], rows["country"], rows["class"], platform, language, rows["content"]]


def day_facts(day: int, rows: Rows, words: Words) -> dict[str, pa.Table]:
    """The facts of one day: a table for each relation of FACTS, sorted by its keys."""
    order = np.argsort(rows["user"])
    rows = {name: rows[name][order] for name in ("user", "instant", "event", "role", "country", "class")}
    starts = group_starts(rows["user"])
    users, events = rows["user"][starts], run_lengths(starts, len(order))
    place = np.repeat(np.arange(len(users)), events)
    return {
        "lake_user_day": _user_day(day, users, events, rows, starts),
        "lake_user_feature": _user_feature(users, place, rows["event"], words.events),
        "lake_class_user": _class_user(day, users, place, rows, words.events),
    }


def _user_day(day: int, users: Ints, events: Ints, rows: Rows, starts: Ints) -> pa.Table:
    country = _last_stated(rows["instant"], rows["country"], starts)
    role = _last_stated(rows["instant"], rows["role"], starts)
    return _fact(
        "lake_user_day",
        _days(day, len(users)),
        arrow(users),
        texts(country, COUNTRIES),
        texts(role, ROLE_NAMES),
        arrow(events.astype(np.int32)),
    )


def _last_stated(instants: Ints, stated: Ints, starts: Ints) -> Ints:
    """For each user, the value of the latest instant that states one (ties: the greatest); 0 where none does."""
    if len(instants) == 0:
        return np.empty(0, np.int64)
    packed = ((instants - instants.min() + 1) << 16) | stated
    packed[stated == 0] = 0
    return np.maximum.reduceat(packed, starts) & 0xFFFF


def _user_feature(users: Ints, place: Ints, event: Ints, names: Vocabulary) -> pa.Table:
    kinds = max(len(names.names), 1)
    pairs = np.sort(place * kinds + event)
    starts = group_starts(pairs)
    found = pairs[starts]
    uses = run_lengths(starts, len(pairs)).astype(np.int32)
    return _fact("lake_user_feature", arrow(users[found // kinds]), texts(found % kinds, names.names), arrow(uses))


def _class_user(day: int, users: Ints, place: Ints, rows: Rows, names: Vocabulary) -> pa.Table:
    known = rows["class"] != MISSING
    classes, which = np.unique(rows["class"][known], return_inverse=True)
    posted = (rows["event"][known] == names.code("post_published")).astype(np.int64)
    marked = np.sort(((which * max(len(users), 1) + place[known]) << 1) | posted)
    pairs = marked >> 1
    starts = group_starts(pairs)
    found = pairs[starts]
    posts = np.add.reduceat(marked & 1, starts) if len(starts) else starts
    return _fact(
        "lake_class_user",
        _days(day, len(found)),
        arrow(classes[found // max(len(users), 1)]),
        arrow(users[found % max(len(users), 1)]),
        arrow(run_lengths(starts, len(pairs)).astype(np.int32)),
        arrow(posts.astype(np.int32)),
    )


def _days(day: int, count: int) -> pa.Array:
    return arrow(np.full(count, day, np.int32), pa.date32())


def _fact(relation: str, *columns: pa.Array) -> pa.Table:
    return pa.Table.from_arrays(list(columns), schema=FACTS[relation])
