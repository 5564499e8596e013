"""The French school calendar: years, weeks, quarters, and who is on holiday when."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench import calendar
from workbench.calendar import Zone

# Breaks of the school years 2017-2018 to 2020-2021 as decreed: first and last day without school.
SHARED_BREAKS = """
2017-10-21/2017-11-05 2017-12-23/2018-01-07 2018-07-07/2018-09-02
2018-10-20/2018-11-04 2018-12-22/2019-01-06 2019-05-30/2019-06-02 2019-07-06/2019-09-01
2019-10-19/2019-11-03 2019-12-21/2020-01-05 2020-05-21/2020-05-24 2020-07-04/2020-08-31
2020-10-17/2020-11-01 2020-12-19/2021-01-03 2021-04-10/2021-04-25 2021-05-13/2021-05-16 2021-07-07/2021-08-31
"""
WINTER_AND_SPRING = {
    "A": """2018-02-10/2018-02-25 2018-04-07/2018-04-22 2019-02-16/2019-03-03 2019-04-13/2019-04-28
            2020-02-22/2020-03-08 2020-04-18/2020-05-03 2021-02-06/2021-02-21""",
    "B": """2018-02-24/2018-03-11 2018-04-21/2018-05-06 2019-02-09/2019-02-24 2019-04-06/2019-04-22
            2020-02-15/2020-03-01 2020-04-11/2020-04-26 2021-02-20/2021-03-07""",
    "C": """2018-02-17/2018-03-04 2018-04-14/2018-04-29 2019-02-23/2019-03-10 2019-04-20/2019-05-05
            2020-02-08/2020-02-23 2020-04-04/2020-04-19 2021-02-13/2021-02-28""",
}
RENTREES = ["2017-09-04", "2018-09-03", "2019-09-02", "2020-09-01", "2021-09-02", "2022-09-01", "2023-09-04"]

days = st.dates(date(1995, 1, 1), date(2060, 12, 31))


def day(text: str) -> date:
    """A date from its ISO text."""
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("2019-08-31", "2018-2019"),
        ("2019-09-01", "2019-2020"),
        ("2020-08-31", "2019-2020"),
        ("1999-12-31", "1999-2000"),
    ],
)
def test_a_school_year_runs_from_september_to_august(text: str, year: str) -> None:
    """1 September begins a school year, 31 August ends it."""
    assert calendar.school_year(day(text)) == year


@given(days)
def test_every_day_lies_within_its_school_year(when: date) -> None:
    """The bounds of a school year hold exactly the days that say they are in it."""
    first, last = calendar.school_year_bounds(calendar.school_year(when))
    assert first <= when <= last
    assert calendar.school_year(first - timedelta(days=1)) == calendar.previous_school_year(calendar.school_year(when))
    assert calendar.school_year(last + timedelta(days=1)) != calendar.school_year(when)


@pytest.mark.parametrize("text", ["2019", "2019-2021", "2019/2020", "19-20", "abcd-efgh", "2019-2020 ", ""])
def test_a_school_year_written_otherwise_is_refused(text: str) -> None:
    """A filter with a wrong year fails with the right way to write it, instead of showing another year."""
    with pytest.raises(ValueError, match="2019-2020"):
        calendar.school_year_bounds(text)


@pytest.mark.parametrize("text", RENTREES)
def test_the_rentree_is_the_pupils_first_day(text: str) -> None:
    """As decreed, from 2017 to 2023."""
    assert calendar.rentree(calendar.school_year(day(text))) == day(text)


def test_school_starts_on_the_rentree_in_every_zone() -> None:
    """The day of the rentrée has school, the day before has none, as long as the summer is known."""
    for start in range(2018, 2028):
        first = calendar.rentree(f"{start}-{start + 1}")
        for zone in calendar.ZONES:
            assert calendar.is_school_day(first, zone), (first, zone)
            assert not calendar.is_school_day(first - timedelta(days=1), zone), (first, zone)


@pytest.mark.parametrize(
    ("text", "week"),
    [
        ("2020-09-01", 1),  # a Tuesday
        ("2020-09-06", 1),
        ("2020-09-07", 2),
        ("2020-10-19", 8),  # holidays are counted
        ("2020-11-02", 10),
        ("2018-09-01", 0),  # a Saturday before the Monday of the rentrée
        ("2020-08-31", 53),  # a Monday: the week of the next rentrée, but still the old year
    ],
)
def test_school_weeks_count_from_the_week_of_the_rentree(text: str, week: int) -> None:
    """Week 1 is the Monday-to-Sunday week of the rentrée; holidays are counted."""
    assert calendar.school_week(day(text)) == week


@given(days)
def test_last_years_weekday_is_the_same_weekday_a_year_earlier(when: date) -> None:
    """364 days: a Monday is compared with a Monday."""
    before = calendar.same_weekday_last_year(when)
    assert before.weekday() == when.weekday()
    assert (when - before).days == 364


@given(days)
def test_last_years_school_week_has_the_same_number(when: date) -> None:
    """Same weekday, as many weeks after last year's rentrée as the day is after this year's."""
    before, year = calendar.same_school_week_last_year(when), calendar.school_year(when)
    assert before.weekday() == when.weekday()
    weeks_since = calendar.monday_of(before) - calendar.monday_of(calendar.rentree(calendar.previous_school_year(year)))
    assert weeks_since.days == 7 * (calendar.school_week(when) - 1)
    if 2 <= calendar.school_week(when) <= 51:  # week 1 may begin in August, a 53rd have no counterpart
        assert calendar.school_week(before) == calendar.school_week(when)
        assert calendar.school_year(before) == calendar.previous_school_year(year)


def test_the_rentree_of_2020_is_compared_with_the_one_of_2019() -> None:
    """A Monday rentrée and a Tuesday rentrée share week 1, whatever the dates."""
    assert calendar.same_school_week_last_year(date(2020, 9, 1)) == date(2019, 9, 3)
    assert calendar.same_weekday_last_year(date(2020, 9, 1)) == date(2019, 9, 3)
    assert calendar.same_school_week_last_year(date(2017, 9, 4)) == date(2016, 8, 29)  # 371 days


@pytest.mark.parametrize(
    ("text", "quarter"),
    [("2019-09-01", 1), ("2019-11-30", 1), ("2019-12-01", 2), ("2020-02-29", 2), ("2020-03-01", 3), ("2020-08-31", 4)],
)
def test_quarters_of_the_school_year_start_in_september(text: str, quarter: int) -> None:
    """September to November is the first."""
    assert calendar.school_quarter(day(text)) == quarter


@given(days)
def test_every_day_lies_within_its_quarter(when: date) -> None:
    """The four quarters cover the school year without gap or overlap."""
    year, quarter = calendar.school_year(when), calendar.school_quarter(when)
    inside = [number for number in (1, 2, 3, 4) if calendar.quarter_bounds(year, number)[0] <= when]
    assert max(inside) == quarter
    assert when <= calendar.quarter_bounds(year, quarter)[1]


@pytest.mark.parametrize("number", [0, 5, -1])
def test_there_is_no_fifth_quarter(number: int) -> None:
    """A wrong number is an error, not another year's quarter."""
    with pytest.raises(ValueError, match="1 to 4"):
        calendar.quarter_bounds("2019-2020", number)


@given(days)
def test_weeks_start_on_monday(when: date) -> None:
    """design.md: weeks start on Monday."""
    monday = calendar.monday_of(when)
    assert monday.weekday() == 0
    assert 0 <= (when - monday).days < 7


@pytest.mark.parametrize("zone", calendar.ZONES)
def test_breaks_are_those_of_the_decrees(zone: Zone) -> None:
    """Every break of the zone from September 2017 to August 2021, to the day, and no other."""
    breaks = calendar.school_breaks(date(2017, 9, 1), date(2021, 8, 31), zone)
    decreed = sorted(SHARED_BREAKS.split() + WINTER_AND_SPRING[zone].split())
    assert [f"{one.starts_on}/{one.ends_on}" for one in breaks] == decreed
    assert {one.zone for one in breaks} == {zone}
    assert {one.name for one in breaks} == {
        "Vacances de la Toussaint",
        "Vacances de Noël",
        "Vacances d'hiver",
        "Vacances de printemps",
        "Pont de l'Ascension",
        "Vacances d'été",
    }


def test_breaks_are_cut_at_the_days_asked_for() -> None:
    """A chart of January begins in the middle of the Christmas break."""
    assert calendar.school_breaks(date(2020, 1, 1), date(2020, 1, 31), "A") == [
        calendar.Break("Vacances de Noël", "A", date(2020, 1, 1), date(2020, 1, 5))
    ]


@pytest.mark.parametrize(
    ("text", "zone", "school"),
    [
        ("2020-02-24", "A", False),  # winter break of zone A, and of B
        ("2020-02-24", "B", False),
        ("2020-02-24", "C", True),
        ("2020-02-24", None, True),  # Corsica, overseas, abroad: breaks are not known
        ("2019-11-11", "C", False),  # a public holiday
        ("2019-11-11", None, False),
        ("2019-11-13", "C", True),  # a Wednesday
        ("2019-11-16", "C", False),  # a Saturday
        ("2019-11-17", None, False),
        ("2020-03-17", "A", True),  # a lockdown is no holiday
    ],
)
def test_school_days_are_weekdays_outside_breaks_and_public_holidays(
    text: str, zone: Zone | None, school: bool
) -> None:
    """Each zone has its own winter; a place without a zone has weekends and public holidays only."""
    assert calendar.is_school_day(day(text), zone) is school


def test_public_holidays_are_those_of_the_whole_country() -> None:
    """Eleven days in 2020; Good Friday, a holiday in Alsace and Moselle alone, is not among them."""
    year = [date(2020, 1, 1) + timedelta(days=number) for number in range(366)]
    found = [f"{when:%m-%d}" for when in year if calendar.is_public_holiday(when)]
    assert found == "01-01 04-13 05-01 05-08 05-21 06-01 07-14 08-15 11-01 11-11 12-25".split()


def test_years_without_a_decree_do_not_fail() -> None:
    """Before 2017-2018 no break is known, so weekdays have school; far ahead the usual rotation goes on."""
    assert calendar.school_breaks(date(2003, 9, 1), date(2004, 8, 31), "B") == []
    assert calendar.is_school_day(date(2004, 8, 3), "B")
    assert calendar.is_school_day(date(1, 2, 1), "A")
    assert calendar.rentree("2004-2005") == date(2004, 9, 2)
    for zone in calendar.ZONES:
        names = {one.name for one in calendar.school_breaks(date(2039, 9, 1), date(2040, 8, 31), zone)}
        assert {"Vacances d'hiver", "Vacances de printemps", "Vacances d'été"} <= names


@pytest.mark.parametrize(
    ("comparison", "before"),
    [
        ("weekday", (date(2019, 9, 3), date(2019, 12, 16))),
        ("week", (date(2019, 9, 3), date(2019, 12, 16))),
        ("previous", (date(2020, 5, 19), date(2020, 8, 31))),
    ],
)
def test_a_period_is_compared_with_as_many_days(comparison: calendar.Comparison, before: tuple[date, date]) -> None:
    """A school year under way meets an equal part of the one before, never the whole of it."""
    since, until = date(2020, 9, 1), date(2020, 12, 14)
    found = calendar.compared_period(since, until, comparison)
    assert found == before
    assert found[1] - found[0] == until - since


def test_the_same_school_weeks_may_be_a_week_further_back() -> None:
    """The rentrée of 2023 was a Monday, that of 2022 a Thursday: the same school week is 53 weeks earlier, not 52."""
    until = date(2023, 12, 14)
    assert calendar.compared_period(until, until, "weekday") == (date(2022, 12, 15), date(2022, 12, 15))
    assert calendar.compared_period(until, until, "week") == (date(2022, 12, 8), date(2022, 12, 8))
