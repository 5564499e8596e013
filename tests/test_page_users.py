"""The page of the users: each number counted anew from the exports of a sample."""

import json
from datetime import date, timedelta
from statistics import mean
from typing import Any

import polars as pl
import pytest
from raw_people import active
from raw_sample import BEFORE, SINCE, UNTIL, Raw
from streamlit.testing.v1 import AppTest
from test_pages import _nothing_cached, figures, table, texts, visit  # noqa: F401  # the first is for every test

import workbench
from workbench.access import Role
from workbench.metrics import Asking, question
from workbench.pages.users import by_school_week, came_back
from workbench.text import Words

FRENCH = Words("fr")
NO_SCHOOL = [(date(2020, 10, 17), date(2020, 11, 1)), (date(2020, 11, 11), date(2020, 11, 11))]
NO_SCHOOL += [(date(2019, 10, 19), date(2019, 11, 3)), (date(2019, 11, 11), date(2019, 11, 11))]
"""All zones' autumn breaks and Armistice Day of the two years, as the decrees have them."""
MONDAYS = {"2018-2019": date(2018, 9, 3), "2019-2020": date(2019, 9, 2), "2020-2021": date(2020, 8, 31)}
"""The Monday of the week of the rentrée."""


def days_between(first: date, last: date) -> list[date]:
    """All of them, both included."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def school(day: date) -> bool:
    """Monday to Friday, and nobody on holiday."""
    return day.weekday() < 5 and not any(first <= day <= last for first, last in NO_SCHOOL)


def assiduity(raw: Raw, days: list[date]) -> float:
    """The mean of dau over mau."""
    return mean(len(active(raw, 1, day)) / len(active(raw, 28, day)) for day in days)


def spec(app: AppTest, words: str) -> dict[str, Any]:
    """The chart whose description begins so."""
    chart = next(each for each in app.get("vega_lite_chart") if each.proto.alt.startswith(words))
    drawn: dict[str, Any] = json.loads(chart.proto.spec)
    return drawn


def test_active_users_are_those_of_the_exports(raw: Raw) -> None:
    """dau, wau and mau of the last day, and the same weekday a year before."""
    shown = {metric.label: (metric.value, metric.delta) for metric in visit(raw.home, "users").metric}
    for name, window_days in {"Actifs du jour": 1, "Actifs sur 7 jours": 7, "Actifs sur 28 jours": 28}.items():
        now, then = len(active(raw, window_days)), len(active(raw, window_days, BEFORE[1]))
        said = FRENCH("card.change.weekday", change=FRENCH.change(now / then - 1))
        assert shown[name] == (FRENCH.number(now), said)


def test_a_school_year_under_way_is_said_to_be_one(raw: Raw) -> None:
    """Fifteen weeks are compared with fifteen weeks, and whoever reads is told; a whole year needs no such note."""
    note = FRENCH("users.under_way", n=105)
    assert note in texts(visit(raw.home, "users"))
    assert "en cours" not in texts(visit(raw.home, "users", year="2018-2019"))
    assert "en cours" not in texts(visit(raw.home, "users", period="28"))


def test_trends_are_of_every_seventh_day(raw: Raw) -> None:
    """Twelve of them, the last day's last."""
    shown = {metric.label: list(metric.proto.chart_data) for metric in visit(raw.home, "users").metric}
    days = [UNTIL - timedelta(weeks=back) for back in range(11, -1, -1)]
    assert shown["Actifs sur 7 jours"] == [len(active(raw, 7, day)) for day in days]


def test_assiduity_is_of_school_days_beside_all_days(raw: Raw) -> None:
    """Weekends and holidays would drag it down for reasons that have nothing to do with the app."""
    app = visit(raw.home, "users")
    year, before = days_between(SINCE, UNTIL), days_between(*BEFORE)
    now, then = (assiduity(raw, [day for day in days if school(day)]) for days in (year, before))
    card = next(metric for metric in app.metric if metric.label == "Assiduité")
    assert card.value == FRENCH.percent(now)
    assert card.delta == FRENCH("card.change.weekday", change=FRENCH.change(now / then - 1))
    assert FRENCH("users.all_days", share=FRENCH.percent(assiduity(raw, year))) in texts(app)
    assert now > 1.1 * assiduity(raw, year)


def test_nothing_is_compared_with_days_before_the_data(raw: Raw) -> None:
    """The data begins on 1 September 2017: its first year has none to be held against, nor has half of one."""
    for year in ("2017-2018", "all"):
        app = visit(raw.home, "users", year=year)
        assert [metric.delta for metric in app.metric] == [""] * 4


def test_a_period_without_a_school_day_has_no_assiduity(raw: Raw) -> None:
    """A dash, and all days beside it."""
    app = visit(raw.home, "users", period="dates", **{"from": "2020-10-24", "to": "2020-10-25"})
    assert not app.exception
    assert figures(app)["Assiduité"] == "–"


def test_growth_bars_are_those_of_the_exports_and_lead_to_their_days(raw: Raw) -> None:
    """A click on a bar hands over the 28 days that it counts."""
    app = visit(raw.home, "users")
    day = UNTIL
    now, then = active(raw, 28, day), active(raw, 28, day - timedelta(days=28))
    ever = {*raw.usage.filter(pl.col("day") <= day - timedelta(days=28))["user_id"]}
    counts = [len(then), len(then - now), len(now & then), len((now - then) & ever), len(now - ever), len(now)]
    assert table(app)[0] == ["14 déc. 2020", *(FRENCH.number(count) for count in counts)]
    drawn = spec(app, "Barres empilées")
    drill = next(param for param in drawn["params"] if param["name"] == "drill")
    assert drill["select"]["fields"] == ["since", "until"]


def test_steps_with_days_that_were_not_loaded_are_pale_and_said(raw: Raw) -> None:
    """The first weeks of the data would else look like a great arrival."""
    assert FRENCH("users.growth.partial") in texts(visit(raw.home, "users", year="2017-2018"))
    assert FRENCH("users.growth.partial") not in texts(visit(raw.home, "users"))


def test_who_came_back_after_the_summer_is_counted_from_the_exports(raw: Raw) -> None:
    """Each school year: June before, the first four school weeks, and of those who had been there before."""
    shown = {row[0]: row[1:] for row in table(visit(raw.home, "users"), 1)}
    for year, monday in MONDAYS.items():
        june = active(raw, 28, last_sunday_of_june(monday.year))
        september = active(raw, 28, monday + timedelta(days=27))
        before = {*raw.usage.filter(pl.col("day") < monday)["user_id"]}
        known = len(september & before)
        share, counts = FRENCH.percent(known / len(june)), [len(june), known, len(september) - known, len(september)]
        written = [FRENCH.number(count) for count in counts]
        assert shown[year] == [*written[:2], share, *written[2:]], year
    assert shown["2017-2018"][0] == "–"


def last_sunday_of_june(year: int) -> date:
    """The last day of June that is a Sunday."""
    return max(day for day in days_between(date(year, 6, 1), date(year, 6, 30)) if day.weekday() == 6)


def test_school_weeks_lie_over_each_other(raw: Raw) -> None:
    """Week 1 is the week of the rentrée in each year, and a week that is not over is not drawn."""
    warehouse = workbench.open(raw.home)
    weeks = question(warehouse, "weeks", Asking(Role.ADMIN, 5)).pl()
    warehouse.close()
    curves = by_school_week(weeks)
    for year, monday in MONDAYS.items():
        for number in (1, 5, 15):
            found = curves.filter(pl.col("school_year") == year, pl.col("school_week") == number)["wau"]
            assert found.to_list() == [len(active(raw, 7, monday + timedelta(days=7 * number - 1)))]
    assert curves.filter(pl.col("school_year") == "2020-2021")["school_week"].max() == 15
    summer = curves.filter(pl.col("school_year") == "2018-2019", pl.col("school_week") == 52)["wau"]
    assert summer.to_list() == [len(active(raw, 7, date(2019, 9, 1)))]
    assert curves.select("school_year", "school_week").is_unique().all()
    # The data begins on a Friday: the week of 28 August 2017 has three days of seven.
    assert curves["school_year"].min() == "2017-2018"


WEEK = {"whole_7d": True, "whole_28d": True, "wau": 5, "mau": 10, "new": 4}
JUNE, SEPTEMBER = date(2020, 6, 28), date(2020, 9, 27)


@pytest.mark.parametrize(
    ("june", "september", "expected"),
    [
        ({}, {}, [("2020-2021", 10, 10, 6, 4, 0.6)]),
        ({"whole_28d": False}, {}, [("2020-2021", None, 10, 6, 4, None)]),
        ({}, {"whole_28d": False}, []),
        ({"mau": 0}, {}, [("2020-2021", 0, 10, 6, 4, None)]),
    ],
)
def test_a_return_is_told_only_of_whole_windows(
    june: dict[str, object], september: dict[str, object], expected: list[tuple[object, ...]]
) -> None:
    """A month that was not loaded in full compares with nothing."""
    weeks = pl.DataFrame([{"day": JUNE, **WEEK, **june}, {"day": SEPTEMBER, **WEEK, **september}])
    assert came_back(weeks).rows() == expected


def test_before_the_fourth_school_week_ends_nothing_is_said_of_the_return() -> None:
    """A rentrée of three weeks would look like a bad one."""
    weeks = pl.DataFrame([{"day": JUNE, **WEEK}, {"day": SEPTEMBER - timedelta(days=7), **WEEK}])
    assert came_back(weeks).is_empty()
