"""The sample's time: its days, the school year's rhythm on them, the hours of a day.

Days are numbered from 1 September 2017 (day 0) to 14 December 2020; instants are seconds since 1970 in UTC. A day's
weight says how much people use the app on it, next to an ordinary school day (1).
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from workbench import calendar
from workbench.sample.chance import Array, pick
from workbench.sample.world import ZONE_GROUPS, world

FIRST_DAY = date(2017, 9, 1)
TODAY = date(2020, 12, 15)
"""The sample's today: its last day of usage is the day before."""
KIT_DAY = date(2020, 9, 15)
"""The morning for which the kit's worldwide figures are taken ("at the 2020 school start")."""
CLOSURE = date(2020, 3, 11)
SCHOOL_YEARS = ("2017-2018", "2018-2019", "2019-2020", "2020-2021")
DAYS = (TODAY - FIRST_DAY).days
PARIS = ZoneInfo("Europe/Paris")
FAMILIES, STAFF_ROOM = 0, 1

_WEEK = {
    FAMILIES: (1.08, 1.05, 0.80, 1.05, 1.10, 0.34, 0.42),
    STAFF_ROOM: (1.08, 1.08, 0.75, 1.08, 1.05, 0.25, 0.45),
}
_SUMMER = {FAMILIES: (0.18, 0.12, 0.20), STAFF_ROOM: (0.18, 0.13, 0.60)}  # July, August, the week before the rentrée
_SHORT_BREAK = 0.30
_PUBLIC_HOLIDAY = 0.35
_SCHOOL_START = ((21, 1.5), (42, 1.2))  # days since the rentrée: weight
_CLOSED = (  # until, from CLOSURE on: weight
    (date(2020, 3, 16), 1.5),
    (date(2020, 5, 11), 2.1),
    (date(2020, 7, 4), 1.6),
)
_CLOSED_BREAK = 0.65  # of the above, on a break: homework did not stop, and nobody could leave
_SHARED_BREAKS = ("Vacances de Noël", "Vacances d'été")  # what we give those with a calendar of their own
_HOURS = {  # weight of each hour from 0 to 23, local time
    FAMILIES: (1, 0, 0, 0, 0, 1, 4, 8, 9, 5, 4, 5, 9, 8, 5, 5, 12, 14, 13, 12, 11, 9, 6, 2),
    STAFF_ROOM: (0, 0, 0, 0, 0, 0, 2, 8, 9, 4, 5, 9, 12, 9, 4, 6, 13, 12, 9, 6, 8, 8, 4, 1),
}


def day_number(day: date) -> int:
    """The number of a date: 0 for FIRST_DAY."""
    return (day - FIRST_DAY).days


def date_of(number: int) -> date:
    """The date of a day's number."""
    return FIRST_DAY + timedelta(days=number)


YEAR_STARTS = np.array([day_number(calendar.school_year_bounds(year)[0]) for year in SCHOOL_YEARS])
YEAR_ENDS = np.minimum(np.r_[YEAR_STARTS[1:], DAYS], DAYS)
"""First day of each school year; the day after its last."""


@lru_cache(maxsize=1)
def midnights() -> Array:
    """The instant at which each day begins in Paris; one more for the end of the last."""
    starts = [datetime.combine(date_of(number), time(), PARIS) for number in range(DAYS + 1)]
    return np.array([int(start.timestamp()) for start in starts], dtype=np.int64)


def days_of(instants: Array) -> Array:
    """The number of the day, in Paris, on which each instant falls."""
    return np.searchsorted(midnights(), instants, side="right") - 1


def instants(day: Array, second: Array, country: Array) -> Array:
    """Instants of local clock times (seconds after midnight) in each country; kept within the sample's time."""
    start = int(datetime.combine(FIRST_DAY, time(), UTC).timestamp())
    summer = start + 86400 * np.arange(DAYS + 1) - midnights() == 7200  # Paris is two hours ahead of UTC in summer
    offset_s = world().countries["utc_offset_h"].to_numpy()[country] * 3600
    offset_s += 3600 * (summer[day] & world().countries["european_summer_time"].to_numpy()[country])
    moments = start + 86400 * day.astype(np.int64) + second.astype(np.int64) - offset_s.astype(np.int64)
    return np.clip(moments, midnights()[0], midnights()[-1] - 1)


def clock_times(rng: np.random.Generator, kind: int, count: int) -> Array:
    """Times of day, in seconds after local midnight, as families or teachers and staff have them."""
    hours = pick(rng, np.array(_HOURS[kind]), count)
    return hours * 3600 + rng.integers(0, 3600, count)


@lru_cache(maxsize=1)
def day_weights() -> Array:
    """Weight of every day for every group: row `2 × zone group + kind`, column the day's number."""
    return np.array([_weights(group, kind) for group in range(len(ZONE_GROUPS)) for kind in (FAMILIES, STAFF_ROOM)])


def _weights(group: int, kind: int) -> Array:
    off = _break_days(group)
    return np.array([_weight(date_of(number), kind, bool(off[number])) for number in range(DAYS)])


def _weight(day: date, kind: int, off: bool) -> float:
    usual = _WEEK[kind][day.weekday()] * _school_start(day) * _closure(day, off)
    if off and day.month in (7, 8, 9):
        return usual * _summer(day, kind)
    if off:
        return usual * _SHORT_BREAK
    return usual * (_PUBLIC_HOLIDAY if calendar.is_public_holiday(day) else 1)


def _summer(day: date, kind: int) -> float:
    july, august, last_week = _SUMMER[kind]
    if day.month == 9 or day >= date(day.year, 8, 25):
        return last_week
    return july if day.month == 7 else august


def _school_start(day: date) -> float:
    since = (day - calendar.rentree(calendar.school_year(day))).days
    return next((weight for until, weight in _SCHOOL_START if 0 <= since < until), 1.0)


def _closure(day: date, off: bool) -> float:
    if day < CLOSURE:
        return 1.0
    weight = next((weight for until, weight in _CLOSED if day < until), 1.0)
    return max(1.0, weight * _CLOSED_BREAK) if off else weight


def _break_days(group: int) -> Array:
    zone = calendar.ZONES[group] if group < len(calendar.ZONES) else None
    breaks = calendar.school_breaks(FIRST_DAY, TODAY, zone or "A")
    off = np.zeros(DAYS + 1, dtype=bool)
    for one in breaks:
        if zone or one.name in _SHARED_BREAKS:
            off[day_number(one.starts_on) : day_number(one.ends_on) + 1] = True
    off[: day_number(calendar.rentree(SCHOOL_YEARS[0]))] = True  # the summer before the calendar knows it
    return off
