"""Alerts: which daily counts have left their usual course, so that somebody looks before Monday.

Watched are active users, sign-ups, translations and failed translations, of everybody. Each loaded day is compared
with the same weekday of the last four weeks in which every zone had school, of the same school year: in its first
weeks nothing is judged. Nor are public holidays, breaks that all zones share, and what came before September 2017, of
which no break is known: nobody can say what is usual then.

What is usual is not a point but what lies between the median of those days and where their trend leads, so that
growth is no alarm; while some zone is on a break, down to a third of it. How far a day is from there counts in robust
units: the largest of 1.4826 × MAD of the last weeks' days from their own course, a tenth of what was expected, and
the scatter that chance gives such a count. An alert takes two judged days in a row, on the same side, 3.5 units away
or more. Failures are compared as a share of the day's attempts, and only a rise is one.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations, islice
from math import sqrt
from statistics import median
from typing import Any, Literal, Protocol

from workbench.calendar import ZONES, is_public_holiday, is_school_break, school_year, school_year_bounds
from workbench.metrics import Asking, Tables, question

FAR = 3.5
"""Robust units from the usual course, from which on a day is out of it."""
WEEKS = 4
"""As many days of the same weekday make a course; with fewer nothing is judged."""
STANDS = timedelta(days=7)
"""How long an alert stands while no later day can be judged."""

Direction = Literal["up", "down"]

_DAY, _WEEK = timedelta(days=1), timedelta(weeks=1)
_FIRST_WITH_BREAKS = date(2017, 9, 1)
_MAD_TO_DEVIATION = 1.4826
_SLACK = 0.1  # of what was expected


@dataclass(frozen=True)
class Alert:
    """A metric out of its usual course on `day`, the last judged one, and without a break since `since`.

    `expected` is the nearest value that would have been usual; `deviation` is in robust units, negative downwards.
    """

    metric: str
    day: date
    value: int
    expected: float
    deviation: float
    direction: Direction
    since: date


@dataclass(frozen=True)
class Day:
    """The counts of a loaded day; None where the feed was not there."""

    day: date
    dau: int | None
    sign_ups: int | None
    translations: int | None
    failures: int | None


class Rows(Protocol):
    """An answer that can be read row by row."""

    def rows(self) -> list[tuple[Any, ...]]:
        """The rows."""


@dataclass(frozen=True)
class _Watch:
    """A metric that is watched: `count` of a day out of `out_of`, if it is a share of something.

    `scatter` is that of twice the root of the count: 1 if each came by chance, a little more as people live together,
    much more where they come together, as a class of twenty families does that signs up within days.
    """

    metric: str
    count: Callable[[Day], int | None]
    out_of: Callable[[Day], int | None] | None = None
    scatter: float = 1.25
    both_ways: bool = True


def _attempts(day: Day) -> int | None:
    return None if day.translations is None or day.failures is None else day.translations + day.failures


_WATCHED = (
    _Watch("dau", lambda day: day.dau),
    _Watch("sign_ups", lambda day: day.sign_ups, scatter=3.0),
    _Watch("translations", lambda day: day.translations),
    _Watch("translation_failures", lambda day: day.failures, out_of=_attempts, both_ways=False),
)


@dataclass(frozen=True)
class _Verdict:
    """What a day should have been, and how far it is from there (0: usual)."""

    day: date
    value: int
    expected: float
    deviation: float

    @property
    def side(self) -> int:
        """1 above the usual course, -1 below, 0 in it."""
        return (self.deviation >= FAR) - (self.deviation <= -FAR)


def alerts(tables: Tables[Rows], asking: Asking, until: date) -> list[Alert]:
    """The alerts that stand at the end of a day, of everybody, whatever the filters of `asking` are.

    Raises NotAllowed.
    """
    since, _ = school_year_bounds(school_year(until))
    everybody = Asking(asking.role, asking.small_cell, since, until)
    return standing([Day(*row) for row in question(tables, "alerts", everybody).rows()])


def standing(days: Sequence[Day]) -> list[Alert]:
    """The alerts that stand at the end of these loaded days, given in order, from the school year's beginning on."""
    by_date = {day.day: day for day in days}
    runs = {watch.metric: list(_run(watch, by_date)) for watch in _WATCHED}
    return [_alert(metric, run) for metric, run in runs.items() if len(run) > 1]


def _alert(metric: str, run: Sequence[_Verdict]) -> Alert:
    """An alert from a run of days, the newest first."""
    last = run[0]
    direction: Direction = "up" if last.side > 0 else "down"
    return Alert(metric, last.day, last.value, last.expected, last.deviation, direction, run[-1].day)


def _run(watch: _Watch, days: Mapping[date, Day]) -> Iterator[_Verdict]:
    """From the last judged day back, as long as days are out of course on the same side."""
    newest_first = sorted(days, reverse=True)
    verdicts = (verdict for day in newest_first if (verdict := _judged(watch, days, day)))
    side = 0
    for verdict in verdicts:
        if not verdict.side or verdict.side == -side or (newest_first[0] - verdict.day > STANDS and not side):
            return
        side = verdict.side
        yield verdict


def _judged(watch: _Watch, days: Mapping[date, Day], day: date) -> _Verdict | None:
    """What to make of a day; None where nothing can be said."""
    now, value = days[day], watch.count(days[day])
    course = _course(watch, days, day, now) if _zones_at_school(day) else None
    if course is None or value is None:
        return None
    low, high = course.usual
    if _zones_at_school(day) < len(ZONES):
        low /= sqrt(len(ZONES))
    root = _root(value)
    expected = min(max(root, low), high)
    near = [other for n in range(1, 7) if (other := _course(watch, days, day - n * _DAY, now))]
    strays = [*course.strays, *(stray for other in near for stray in other.strays)]
    unit = max(_MAD_TO_DEVIATION * median(strays), _SLACK / 2 * expected, watch.scatter)
    deviation = (root - expected) / unit
    return _Verdict(day, value, (expected / 2) ** 2, deviation if watch.both_ways else max(deviation, 0.0))


def _root(count: float) -> float:
    """Twice the square root: so that counts scatter alike, by 1 where they come by chance, however large they are."""
    return 2 * sqrt(count)


@dataclass(frozen=True)
class _Course:
    """Where a weekday's line of roots leads, from and to, and how far its days strayed from it."""

    usual: tuple[float, float]
    strays: list[float]


def _course(watch: _Watch, days: Mapping[date, Day], day: date, now: Day) -> _Course | None:
    """The course of a weekday up to a day, left out; shares are counted as if of the attempts of `now`.

    The trend is Theil and Sen's, the median of all slopes; it is not carried further than over `WEEKS`.
    """
    points = list(islice(_points(watch, days, day, now), WEEKS))
    if len(points) < WEEKS:
        return None
    slope = median((one[1] - other[1]) / (one[0] - other[0]) for one, other in combinations(points, 2))
    start = median(root - slope * weeks for weeks, root in points)
    strays = [abs(root - start - slope * weeks) for weeks, root in points]
    newest = points[0][0]
    leads_to = start + slope * min(0.0, newest + WEEKS)
    middle = median(root for _, root in points)
    return _Course((max(min(middle, leads_to), 0.0), max(middle, leads_to)), strays)


def _points(watch: _Watch, days: Mapping[date, Day], day: date, now: Day) -> Iterator[tuple[float, float]]:
    """Weeks before the day (negative) and root of the count, of whole weeks of school, the newest first."""
    for before in _same_weekdays(day):
        then = days.get(before)
        count = None if then is None else _comparable(watch, then, now)
        if count is not None:
            yield (before - day).days / 7, _root(count)


def _same_weekdays(day: date) -> Iterator[date]:
    """The same weekdays before, the newest first, of the same school year, on which every zone had school."""
    starts_on, _ = school_year_bounds(school_year(day))
    weeks = (day - starts_on) // _WEEK
    before = (day - n * _WEEK for n in range(1, weeks + 1))
    return (day for day in before if _zones_at_school(day) == len(ZONES))


def _comparable(watch: _Watch, then: Day, now: Day) -> float | None:
    """A former day's count, as it would be of as many attempts as there are now."""
    count = watch.count(then)
    if watch.out_of is None or count is None:
        return count
    of_then, of_now = watch.out_of(then), watch.out_of(now)
    return count / of_then * of_now if of_then and of_now is not None else None


def _zones_at_school(day: date) -> int:
    """Zones without a break; weekend days belong to the weeks around them. 0 where nobody can say what is usual."""
    if day < _FIRST_WITH_BREAKS or is_public_holiday(day):
        return 0
    return sum(not is_school_break(day, zone) for zone in ZONES)
