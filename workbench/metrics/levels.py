"""What there was on a day and over days, and how far that is towards a target.

Plain arithmetic over the answer to `questions/levels.sql`, so that one query serves figures, changes, trends and
targets. Active users, users and ARR are states: what counts is how they stand at the end. Classes and translated posts
add up: what counts is how many came.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from workbench.calendar import previous_school_year, same_school_week_last_year, school_year, school_year_bounds
from workbench.metrics import METRICS
from workbench.metrics.kit import Target

Verdict = Literal["ahead", "on_time", "behind"]

ON_TIME = 0.02
"""How far from what is due, as a share of the target, still counts as on time."""

_DAY = timedelta(days=1)


class Levels:
    """What there is at the end of each day, by figure; None for a day that is not there."""

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """`rows` have `day` and a column for each figure."""
        self._rows = {row["day"]: row for row in rows}

    def at(self, name: str, day: date) -> float | None:
        """How a figure stands at the end of a day, all that ever came included."""
        row = self._rows.get(day)
        return None if row is None else float(row[name])

    def over(self, name: str, since: date, until: date) -> float | None:
        """A figure of a period: a state at its end, what came in it otherwise; None where it begins before the data."""
        before, after = self.at(name, since - _DAY), self.at(name, until)
        if before is None or after is None:
            return None
        return after - before if METRICS[name].sums == "groups and days" else after

    def change(self, name: str, period: tuple[date, date], compared: tuple[date, date]) -> float | None:
        """Relative change between two periods; None where one is not known whole, or there is nothing to divide by."""
        now, then = self.over(name, *period), self.over(name, *compared)
        return now / then - 1 if now is not None and then else None

    def trend(self, name: str, until: date, weeks: int = 12) -> tuple[float, ...]:
        """A figure of each of so many weeks, the last of which ends on a day; weeks before the data are left out."""
        ends = (until - timedelta(weeks=back) for back in reversed(range(weeks)))
        found = (self.over(name, end - 6 * _DAY, end) for end in ends)
        return tuple(value for value in found if value is not None)

    def done_last_year(self, name: str, day: date) -> float | None:
        """The part of last school year's figure that was there on the same day of the same school week.

        Of a state, the part of its highest of that year. None where last year is not known from its first day on.
        """
        first, last = school_year_bounds(previous_school_year(school_year(day)))
        then = self.over(name, first, max(first, same_school_week_last_year(day)))
        days = (first + n * _DAY for n in range((last - first).days + 1))
        highest = max((value for value in (self.over(name, first, each) for each in days) if value), default=0)
        return None if then is None or not highest else max(0.0, then / highest)


@dataclass(frozen=True)
class Progress:
    """How far a figure is towards its target: the value, and what is reached and what is due by now, as shares of it.

    Due is the part that last school year had reached on the same school day (`as_last_year`), since classes come in
    September and users leave in July; where last year is not known, the part of the year's days that is gone.
    """

    target: Target
    value: float
    reached: float
    due: float
    as_last_year: bool

    @property
    def verdict(self) -> Verdict:
        """Ahead of what is due, behind it, or within `ON_TIME` of it."""
        if abs(self.reached - self.due) <= ON_TIME:
            return "on_time"
        return "ahead" if self.reached > self.due else "behind"


def progress(levels: Levels, target: Target, day: date) -> Progress | None:
    """How far a figure is on a day of the target's school year; None where it is not known since that year began."""
    first, last = school_year_bounds(target.school_year)
    value = levels.over(target.metric, first, day)
    if value is None:
        return None
    gone = ((day - first).days + 1) / ((last - first).days + 1)
    done = levels.done_last_year(target.metric, day)
    return Progress(target, value, value / target.value, gone if done is None else done, done is not None)
