"""School years, school weeks, holidays by zone, quarters: the calendar French schools live by.

Pure functions of a date; nothing here reads a clock. Definitions: design.md, "Days, weeks, years".
A school year runs from 1 September to 31 August and is written `2019-2020`.

Holidays come from PyPI `holidays`, which follows the decrees: school breaks of zones A, B and C from the school
year 2017-2018 to 2027-2028 (2021's common spring break included), carried on by the same rotation afterwards.
Before September 2017 no school break is known, so only weekends and public holidays are days without school.
Not known either: Wednesdays or Saturdays of single communes, and changes of single académies (in spring 2018 Caen,
Nantes, Orléans-Tours, Rennes and Rouen moved their break by four days). Corsica, overseas and other countries keep
calendars of their own: their zone is None and they have no breaks here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal, get_args

import holidays

Zone = Literal["A", "B", "C"]
ZONES: tuple[Zone, ...] = get_args(Zone)
Comparison = Literal["weekday", "week", "previous"]
COMPARISONS: tuple[Comparison, ...] = get_args(Comparison)
"""With the same weekdays 364 days earlier, the same school weeks a year earlier, or the days just before."""

_WEEK = timedelta(weeks=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Break:
    """One school break of one zone: its French name, first and last day (both without school, weekends included)."""

    name: str
    zone: Zone
    starts_on: date
    ends_on: date


def school_year(day: date) -> str:
    """The school year of a day: `2019-2020` for 2019-09-01 … 2020-08-31."""
    return _written(_start_year(day))


def school_year_bounds(year: str) -> tuple[date, date]:
    """First and last day of a school year: 1 September and 31 August. Raises ValueError unless like `2019-2020`."""
    start = _parsed(year)
    return date(start, 9, 1), date(start + 1, 8, 31)


def previous_school_year(year: str) -> str:
    """The school year before: `2018-2019` for `2019-2020`."""
    return _written(_parsed(year) - 1)


def rentree(year: str) -> date:
    """The pupils' first day in a school year, the same in every zone.

    1 September; a Wednesday moves it to Thursday, a Friday or weekend to Monday. So it was every year from 2015 to
    2026; earlier years may be a day or two off.
    """
    first = date(_parsed(year), 9, 1)
    delay_days = {2: 1, 4: 3, 5: 2, 6: 1}
    return first + timedelta(days=delay_days.get(first.weekday(), 0))


def school_week(day: date) -> int:
    """The week's number in the school year of `day`: 1 is the week of the rentrée, holidays are counted.

    0 for the days of September before that week; the last week of August is 52 or 53.
    """
    first_monday = monday_of(rentree(school_year(day)))
    return (monday_of(day) - first_monday).days // 7 + 1


def school_quarter(day: date) -> int:
    """Quarter of the school year, counted from 1 September: 1 is September–November, 4 is June–August."""
    return (day.month - 9) % 12 // 3 + 1


def quarter_bounds(year: str, quarter: int) -> tuple[date, date]:
    """First and last day of a quarter (1 … 4) of a school year. Raises ValueError for another number."""
    if quarter not in (1, 2, 3, 4):
        raise ValueError(f"a school year has quarters 1 to 4, not {quarter}")
    return _month_start(_parsed(year), 3 * quarter - 3), _month_start(_parsed(year), 3 * quarter) - _DAY


def monday_of(day: date) -> date:
    """The Monday of the day's week."""
    return day - timedelta(days=day.weekday())


def same_weekday_last_year(day: date) -> date:
    """364 days earlier: the same weekday, the default of every comparison with last year."""
    return day - 52 * _WEEK


def same_school_week_last_year(day: date) -> date:
    """The same weekday of the same school week, one school year earlier (364 or 371 days).

    A 53rd week whose year before had 52 is compared with the week after the 52nd.
    """
    year = school_year(day)
    return day - (monday_of(rentree(year)) - monday_of(rentree(previous_school_year(year))))


def compared_period(since: date, until: date, comparison: Comparison) -> tuple[date, date]:
    """The period to compare with: as many days, so that a period still under way meets an equal part of another."""
    if comparison == "previous":
        return since - (until - since) - _DAY, since - _DAY
    before = same_weekday_last_year if comparison == "weekday" else same_school_week_last_year
    last = before(until)
    return last - (until - since), last


def is_public_holiday(day: date) -> bool:
    """Whether it is a public holiday in all of France (those of Alsace-Moselle and overseas alone are not)."""
    return day in _public_holidays(day.year)


def is_school_break(day: date, zone: Zone | None) -> bool:
    """Whether the zone's schools are on a break, weekends within included; False for zone None and before 2017-09."""
    return zone is not None and day in _school_holidays(zone, day.year)


def is_school_day(day: date, zone: Zone | None) -> bool:
    """Monday to Friday, no public holiday and no break of the zone. Lockdowns are not holidays."""
    return day.weekday() < 5 and not is_public_holiday(day) and not is_school_break(day, zone)


def school_breaks(first: date, last: date, zone: Zone) -> list[Break]:
    """The zone's breaks between two days (both included), in order, cut at the two days."""
    breaks: list[Break] = []
    for day in _days(first, last):
        name = _school_holidays(zone, day.year).get(day)
        if name is None:
            continue
        if breaks and breaks[-1].name == name and breaks[-1].ends_on == day - _DAY:
            breaks[-1] = Break(name, zone, breaks[-1].starts_on, day)
        else:
            breaks.append(Break(name, zone, day, day))
    return breaks


def _month_start(start_year: int, months_after_september: int) -> date:
    months = 8 + months_after_september
    return date(start_year + months // 12, months % 12 + 1, 1)


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _start_year(day: date) -> int:
    return day.year if day.month >= 9 else day.year - 1


def _written(start: int) -> str:
    return f"{start}-{start + 1}"


def _parsed(year: str) -> int:
    start = int(year[:4]) if year[:4].isdecimal() else 0
    if year != _written(start):
        raise ValueError(f"a school year is written like 2019-2020, not {year!r}")
    return start


@lru_cache(maxsize=512)
def _school_holidays(zone: Zone, year: int) -> dict[date, str]:
    days = holidays.country_holidays("FR", f"Zone {zone}", years=year, expand=False, language="fr", categories="school")
    return dict(days)


@lru_cache(maxsize=512)
def _public_holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("FR", years=year, expand=False))
