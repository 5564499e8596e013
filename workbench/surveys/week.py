"""What a week was: the figures that the team reviews, each against the week before and last year's same school week.

All of it is asked of the metric catalogue, as viewers may see it. What is not known whole is compared with nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property

import polars as pl

from workbench.calendar import compared_period, monday_of
from workbench.errors import WorkbenchError
from workbench.metrics import METRICS, Asking, figure, question
from workbench.metrics.alerts import Alert, alerts
from workbench.warehouse import Warehouse

REVIEWED = ("wau", "sign_ups", "classes_created", "translated_posts", "arr_eur", "paying_classes")
"""The figures of a week, in the order in which they are read."""

WEEKS = 13
"""So many weeks make a quarter to look back on."""

_DAY, _WEEK = timedelta(days=1), timedelta(weeks=1)

Period = tuple[date, date]


class NoWholeWeek(WorkbenchError):
    """The data holds no week from Monday to Sunday."""


@dataclass(frozen=True)
class Weekly:
    """A figure of a week: its value, and its relative change since the week before and last year's same school week.

    None: not known, or nothing that it could be compared with. `has_feed`: there is an export to count it from;
    `ends_on`: the last day that this export knows, where that is before the end of the week.
    """

    name: str
    value: float | None
    before: float | None
    last_year: float | None
    has_feed: bool
    ends_on: date | None


@dataclass(frozen=True)
class Moves:
    """ARR in euros a year that came within a week with classes that paid nothing, and went with those that left."""

    new: float
    churned: float


def last_whole_week(facts: Facts, today: date) -> Period:
    """Monday and Sunday of the last week that was over before today and that the data reaches the end of.

    Raises NoWholeWeek.
    """
    first, last = facts.extent
    if first is not None and last is not None:
        monday = monday_of(min(last + _DAY, today)) - _WEEK
        if monday + 6 * _DAY >= first:
            return monday, monday + 6 * _DAY
    raise NoWholeWeek("no week from Monday to Sunday is loaded", "run `workbench etl run` with newer exports")


class Facts:
    """A build, asked for weeks: each question once."""

    def __init__(self, warehouse: Warehouse, asking: Asking) -> None:
        """`asking` says who asks; its period and filters are left out."""
        self._warehouse = warehouse
        self._asking = Asking(asking.role, asking.small_cell)
        self._daily = cache(self._asked_daily)

    @cached_property
    def extent(self) -> tuple[date | None, date | None]:
        """The first day of anything, and the last loaded day; without usage, the last of anything."""
        first, last = question(self._warehouse, "extent", self._asking).rows()[0]
        return first, self._warehouse.build.data_until or last

    def weekly(self, name: str, week: Period) -> Weekly:
        """A figure of a week, compared."""
        has_feed = METRICS[name].feed in self._feeds
        if not has_feed:
            return Weekly(name, None, None, None, has_feed, None)
        before, last_year = compared_period(*week, "previous"), compared_period(*week, "week")
        changes = self._change(name, week, before), self._change(name, week, last_year)
        return Weekly(name, self.value(name, week), *changes, has_feed, self._ends_on(name, week))

    def value(self, name: str, week: Period) -> float | None:
        """A figure of a week: what came in it, or how it stood at its end; None where nothing of it is known."""
        since, until = week
        if not METRICS[name].daily:
            return self._state(name, until)
        if METRICS[name].sums == "groups and days":
            return self._sum(name, since, until)
        is_known = len(self.unloaded(week)) < 7 and until in self._activity
        return self._activity[until][name] if is_known else None

    def by_day(self, name: str, day: date) -> float | None:
        """A figure that adds up, of one day; None outside of what its export knows."""
        return self._sum(name, day, day)

    def known_whole(self, name: str, week: Period) -> float | None:
        """The same as `value`, but None where a part of the week is missing."""
        return self.value(name, week) if self._is_whole(name, week) else None

    def unloaded(self, week: Period) -> list[date]:
        """The days of a week of which no usage was loaded."""
        days = (week[0] + n * _DAY for n in range(7))
        return [day for day in days if not self._activity.get(day, {}).get("loaded")]

    def moves(self, week: Period) -> Moves:
        """What came to the ARR in a week, and what went."""
        asking = Asking(self._asking.role, self._asking.small_cell, *week)
        steps = question(self._warehouse, "subscriptions_bridge", asking).pl().sum().row(0, named=True)
        return Moves(float(steps["new_eur"] or 0), float(steps["churned_eur"] or 0))

    def alerts(self, week: Period) -> list[Alert]:
        """The alerts that stood on a day of the week, each as it stood last."""
        found: dict[tuple[str, str, date], Alert] = {}
        for day in (week[0] + n * _DAY for n in range(7)):
            for alert in alerts(self._warehouse, self._asking, day):
                if alert.day >= week[0]:
                    found[alert.metric, alert.direction, alert.since] = alert
        return list(found.values())

    # ---------------------------------------------------------------------------------------------------- what is asked

    @cached_property
    def _feeds(self) -> set[str]:
        rows = question(self._warehouse, "feeds", self._asking).pl()
        return {*rows.filter(pl.col("landed") > 0)["feed"]}

    @cached_property
    def _activity(self) -> Mapping[date, Mapping[str, int | None]]:
        rows = question(self._warehouse, "activity", self._asking).pl()
        return {row["day"]: row for row in rows.iter_rows(named=True)}

    def _asked_daily(self, name: str) -> Mapping[date, int]:
        return dict(figure(self._warehouse, name, self._asking).pl().select("day", name).drop_nulls().iter_rows())

    def _state(self, name: str, day: date) -> float:
        asking = Asking(self._asking.role, self._asking.small_cell, until=day)
        return float(figure(self._warehouse, name, asking).pl()[name].sum())

    def _sum(self, name: str, since: date, until: date) -> float | None:
        known = self._daily(name)
        if not known or until < min(known) or since > max(known):
            return None
        return sum(known.get(since + n * _DAY, 0) for n in range((until - since).days + 1))

    # --------------------------------------------------------------------------------------------------- what is known

    def _is_whole(self, name: str, week: Period) -> bool:
        if not METRICS[name].daily:
            return self.extent[0] is not None and self.extent[0] <= week[0]
        if METRICS[name].sums == "groups and days":
            known = self._daily(name)
            return bool(known) and min(known) <= week[0] <= max(known)
        return not self.unloaded(week)

    def _change(self, name: str, week: Period, other: Period) -> float | None:
        now, then = self.known_whole(name, week), self.known_whole(name, other)
        return now / then - 1 if now is not None and then else None

    def _ends_on(self, name: str, week: Period) -> date | None:
        known = self._daily(name) if METRICS[name].daily and METRICS[name].sums == "groups and days" else {}
        return max(known) if known and max(known) < week[1] else None
