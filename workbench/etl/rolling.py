"""Windows in one pass: active users, growth accounting, retention and features, exact, day after day.

Each user carries 56 bits of activity, one a day, today's the lowest. A shift a day moves the window; dau, wau, mau,
the 28 days before, and the week are masks over it. SQL self-joins are quadratic here (72 s and 12 GB where this
takes seconds); difference arrays would do as well, with an event queue for every window and status.
Definitions: design.md, "Definitions".
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from workbench.etl.codes import Vocabulary, arrow, texts
from workbench.etl.features import FeatureWindows
from workbench.etl.people import (
    HISTORY,
    TODAY,
    WINDOW,
    Eve,
    FactOf,
    Met,
    Origin,
    Segments,
    Span,
    Users,
    joined_segments,
    see,
    state_of,
    users_of,
)
from workbench.etl.rows import Columns

LAST_7, LAST_28, ALL_56 = (np.uint64((1 << days) - 1) for days in (7, WINDOW, HISTORY))
PREVIOUS_28 = ALL_56 ^ LAST_28

NEW, RETAINED, RESURRECTED = range(3)
"""What an active user is; one who is not active but was in the 28 days before (RETAINED with no reach) has churned."""


@dataclass
class Rolled:
    """What a pass gives: the rows of each rolling table from `since` on, and every user's first day."""

    tables: dict[str, pa.Table]
    state: pa.Table


def roll(span: Span, facts: FactOf, state: pa.Table, origin: Origin) -> Rolled:
    """Count every window of the span.

    `facts` gives `lake_user_day` and `lake_user_feature` by day; `state` is that of the last pass (STATE, empty at
    first); `origin` gives country and role where a day states none (Origin).
    Tables: active_users, growth (day, country, role …), retention (cohort_week …), features (day, …, feature …),
    first_uses (cohort_week …, the cohorts from that of `since` - 27 on).
    """
    users = users_of(span, facts, state, origin)
    segments = Segments()
    counts = {name: Columns() for name in ("active_users", "growth", "retention", "features", "first_uses")}
    cohort_since = _monday(span.since - WINDOW + 1)
    features = FeatureWindows(users, segments, counts["features"], counts["first_uses"], span.warm, cohort_since)
    _recall(span, facts, users, segments, features, cohort_since)
    for day in range(max(span.warm, span.since), span.until + 1):
        table = facts("lake_user_day", day)
        users.bits <<= np.uint64(1)
        users.bits &= ALL_56
        features.expire(day)
        seen = see(users, day, table, segments) if table is not None else None
        if seen is not None:
            features.use(day, seen, _of_loaded(facts("lake_user_feature", day)))
        features.write(day, loaded=table is not None)
        _count_day(users, day, table is not None, segments, counts)
        if (day + 3) % 7 == 6 or day == span.until:
            _count_week(users, day, segments, counts["retention"])
    return Rolled(_tables(counts, segments, features.names), state_of(users))


def _recall(
    span: Span, facts: FactOf, users: Users, segments: Segments, features: FeatureWindows, features_since: int
) -> None:
    """What the windows hold on the eve of the span's first written day; features from `features_since` on."""
    eve = Eve(users, span.since)
    for day, met, uses in _looked_up(span, facts, eve, features_since):
        eve.recall(day, met)
        if uses is not None:
            features.recall(day, met.place, uses)
    eve.settle(segments)
    features.begin(span.since)


def _looked_up(span: Span, facts: FactOf, eve: Eve, features_since: int) -> Iterator[tuple[int, Met, pa.Table | None]]:
    """Each loaded day before `since`, its users, and from `features_since` on its uses.

    Read ahead, beside the noting: reading and looking up take as long as that.
    """

    def found(day: int) -> tuple[int, Met, pa.Table | None] | None:
        table = facts("lake_user_day", day)
        if table is None:
            return None
        uses = _of_loaded(facts("lake_user_feature", day)) if day >= features_since else None
        return day, eve.look_up(table), uses

    with ThreadPoolExecutor(1) as ahead:
        yield from filter(None, ahead.map(found, range(span.warm, span.since)))


def _monday(day: int) -> int:
    return day - (day + 3) % 7


def _of_loaded(table: pa.Table | None) -> pa.Table:
    """The facts of a day are written together: where one relation is there, the others are."""
    if table is None:
        raise LookupError("a loaded day lacks a fact")
    return table


def _count_day(users: Users, day: int, loaded: bool, segments: Segments, counts: dict[str, Columns]) -> None:
    """Active users and growth accounting on a day, by segment of the last active day."""
    reach = ((users.bits & LAST_28) != 0).astype(np.int32)
    reach += (users.bits & LAST_7) != 0
    reach += (users.bits & TODAY) != 0
    newcomer = users.first_day > day - WINDOW
    status = np.where((users.bits & PREVIOUS_28) != 0, RETAINED, np.where(newcomer, NEW, RESURRECTED)).astype(np.int32)
    cells = np.bincount((users.segment * 3 + status) * 4 + reach, minlength=max(len(segments), 1) * 12)
    found = cells.reshape(-1, 3, 4)
    active = [found[:, :, least:].sum(axis=(1, 2)) for least in (3, 2, 1)]
    _add(counts["active_users"], day, active[2] > 0, [*active, np.full(len(found), loaded)])
    moved = [*(found[:, status, 1:].sum(axis=1) for status in (NEW, RETAINED, RESURRECTED)), found[:, RETAINED, 0]]
    _add(counts["growth"], day, np.sum(moved, axis=0) > 0, moved)


def _add(columns: Columns, day: int, where: npt.NDArray[np.bool_], values: list[npt.NDArray[Any]]) -> None:
    found = np.flatnonzero(where)
    columns.add(np.full(len(found), day, np.int32), found, *(value[found] for value in values))


def _count_week(users: Users, day: int, segments: Segments, columns: Columns) -> None:
    """Who of each cohort was active in the week that ends on `day`; a cohort nobody of which was is a row of 0."""
    week_days = (day + 3) % 7 + 1
    monday = day - week_days + 1
    met = np.flatnonzero(users.first_day <= day)
    segment = joined_segments(users, segments, met)
    weeks_ago = (monday - users.first_day[met] + 6) // 7
    cell = weeks_ago.astype(np.int64) * len(segments) + segment
    size = np.bincount(cell)
    active = (users.bits[met] & np.uint64((1 << week_days) - 1)) != 0
    found = np.flatnonzero(size)
    ago = found // len(segments)
    still = np.bincount(cell[active], minlength=len(size))[found]
    columns.add(monday - 7 * ago, found % len(segments), ago, still)


def _tables(counts: dict[str, Columns], segments: Segments, features: Vocabulary) -> dict[str, pa.Table]:
    return {
        "roll_active_users": _day_table(counts["active_users"], segments, ["dau", "wau", "mau"], loaded=5),
        "roll_growth": _day_table(counts["growth"], segments, ["new", "retained", "resurrected", "churned"]),
        "roll_retention": _retention_table(counts["retention"], segments),
        "roll_features": _feature_table(counts["features"], segments, features),
        "roll_first_uses": _first_use_table(counts["first_uses"], segments, features),
    }


def _day_table(columns: Columns, segments: Segments, names: list[str], loaded: int | None = None) -> pa.Table:
    country, role = segments.names(columns.column(1, np.int64))
    values = [columns.column(2 + place, np.int64) for place in range(len(names))]
    arrays = [arrow(value) for value in values]
    if loaded is not None:
        arrays[0] = arrow(values[0], known=columns.column(loaded, np.bool_))
    day = arrow(columns.column(0, np.int32), pa.date32())
    return pa.Table.from_arrays([day, country, role, *arrays], names=["day", "country", "role", *names])


def _retention_table(columns: Columns, segments: Segments) -> pa.Table:
    country, role = segments.names(columns.column(1, np.int64))
    week, users = (arrow(columns.column(place, np.int64)) for place in (2, 3))
    cohort = arrow(columns.column(0, np.int32), pa.date32())
    return pa.Table.from_arrays(
        [cohort, country, role, week, users], names=["cohort_week", "country", "role", "week", "users"]
    )


def _feature_table(columns: Columns, segments: Segments, features: Vocabulary) -> pa.Table:
    country, role = segments.names(columns.column(1, np.int64))
    loaded = columns.column(6, np.bool_)
    return pa.table(
        {
            "day": arrow(columns.column(0, np.int32), pa.date32()),
            "country": country,
            "role": role,
            "feature": texts(columns.column(2, np.int64), features.names),
            "users": arrow(columns.column(3, np.int64), known=loaded),
            "users_28d": arrow(columns.column(4, np.int64)),
            "events": arrow(columns.column(5, np.int64), known=loaded),
        }
    )


def _first_use_table(columns: Columns, segments: Segments, features: Vocabulary) -> pa.Table:
    country, role = segments.names(columns.column(1, np.int64))
    return pa.table(
        {
            "cohort_week": arrow(columns.column(0, np.int32), pa.date32()),
            "country": country,
            "role": role,
            "feature": texts(columns.column(2, np.int64), features.names),
            "week": arrow(columns.column(3, np.int64)),
            "users": arrow(columns.column(4, np.int64)),
        }
    )
