"""Alerts: what is planted is found within two days, and what is quiet stays quiet.

Counts come from the sample's own export files, read with Polars; the build must give the same alerts as they do.
"""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from test_cli import workbench as command_line
from test_sample import read_feed
from tiny import etl

import workbench
from workbench.access import Role
from workbench.calendar import ZONES, is_public_holiday, is_school_break, school_year, school_year_bounds
from workbench.metrics import Asking, question
from workbench.metrics.alerts import Alert, Day, alerts, standing
from workbench.sample import write_sample
from workbench.text import Words

CLOSURE = date(2020, 3, 11)
SUMMER = date(2020, 7, 4)
LAST = date(2020, 12, 14)
EVERYBODY = Asking(Role.ADMIN, 5)


def in_paris(column: str) -> pl.Expr:
    """The day of an instant where the children are."""
    return pl.col(column).dt.convert_time_zone("Europe/Paris").dt.date()


def counted(source: Path) -> list[Day]:
    """What a folder of exports holds, day by day."""
    usage, users, translations = (read_feed(source / feed) for feed in ("usage", "users", "translations"))
    usage = usage.filter(pl.col("occurred_at").is_not_null() & pl.col("user_id").is_not_null())
    dau = counts(usage.group_by(in_paris("occurred_at")).agg(pl.col("user_id").n_unique()))
    sign_ups = counts(users.unique("user_id").group_by(in_paris("created_at")).len())
    failed = pl.col("status").fill_null("ok") == "failed"
    done = counts(translations.filter(~failed).group_by(in_paris("translated_at")).len())
    failures = counts(translations.filter(failed).group_by(in_paris("translated_at")).len())
    attempted = [*done, *failures]
    return [
        Day(
            day,
            dau[day],
            sign_ups.get(day, 0) if min(sign_ups) <= day <= max(sign_ups) else None,
            done.get(day, 0) if min(attempted) <= day <= max(attempted) else None,
            failures.get(day, 0) if min(attempted) <= day <= max(attempted) else None,
        )
        for day in sorted(dau)
    ]


def counts(rows: pl.DataFrame) -> Mapping[date, int]:
    """Two columns as a mapping."""
    return dict(rows.rows())


def everyday(days: list[Day]) -> Iterator[Alert]:
    """The alerts of each day, as they would have been told at its end."""
    for number, day in enumerate(days, start=1):
        begun = (day.day - school_year_bounds(school_year(day.day))[0]).days + 1
        yield from (alert for alert in standing(days[max(0, number - begun) : number]) if alert.day == day.day)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A HOME with the default sample's exports inside, and the build of them."""
    folder = tmp_path_factory.mktemp("alerts") / "home"
    write_sample(folder / "exports")
    etl(folder, folder / "exports")
    return folder


@pytest.fixture(scope="module")
def days(home: Path) -> list[Day]:
    """What the default sample holds."""
    return counted(home / "exports")


# ---------------------------------------------------------------- quiet


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(2, 11))])
def test_no_false_alarm_on_any_day_of_ten_samples(seed: int, tmp_path: Path) -> None:
    """Three years and a half of school starts, holidays by zone and summers; only the closure of schools is one."""
    write_sample(tmp_path / "exports", scale=0.01, seed=seed)
    found = list(everyday(counted(tmp_path / "exports")))
    assert [alert for alert in found if not CLOSURE <= alert.day <= SUMMER] == []
    closure = [alert for alert in found if alert.metric == "dau"]
    assert (closure[0].day, closure[0].since, closure[0].direction) == (date(2020, 3, 12), CLOSURE, "up")


def test_the_first_weeks_of_a_school_year_are_not_judged(days: list[Day]) -> None:
    """Four weeks make a course, and June is none for September; from the fifth week on a fall is found."""

    def fallen(first: date) -> list[Alert]:
        """What is said of two days on which nothing happened."""
        second = first + timedelta(days=1)
        return standing([fell(day) if day.day >= first else day for day in until(days, second)])

    assert fallen(date(2020, 9, 8)) == []
    assert fallen(date(2020, 9, 24)) == []
    assert [alert.metric for alert in fallen(date(2020, 10, 1))][:1] == ["dau"]


def test_steady_growth_is_no_alarm() -> None:
    """A tenth more each week, all autumn: where the trend leads is usual."""
    assert list(everyday([a_day(day, 500 * 1.1 ** (number / 7)) for number, day in enumerate(autumn())])) == []


# ---------------------------------------------------------------- planted


def halved(day: Day) -> Day:
    """Half of everything."""
    return Day(day.day, *(count and count // 2 for count in (day.dau, day.sign_ups, day.translations, day.failures)))


def doubled(day: Day) -> Day:
    """Twice everything."""
    return Day(day.day, *(count and count * 2 for count in (day.dau, day.sign_ups, day.translations, day.failures)))


def fell(day: Day) -> Day:
    """Nothing of anything."""
    return Day(day.day, 0, 0, 0, 0)


def autumn() -> list[date]:
    """The days from the school start to Christmas."""
    return [date(2020, 9, 1) + timedelta(days=number) for number in range(105)]


def a_day(day: date, families: float) -> Day:
    """A steady school day; a third on weekends, a quarter on holidays. A tenth sign up, one translation in 25 fails."""
    quiet = is_public_holiday(day) or all(is_school_break(day, zone) for zone in ZONES)
    size = round(families * (1 / 4 if quiet else 1 if day.weekday() < 5 else 1 / 3))
    return Day(day, size, size // 10, size, size // 25)


def until(days: list[Day], last: date) -> list[Day]:
    """The days up to one."""
    return [day for day in days if day.day <= last]


def between(days: list[Day], first: date, last: date) -> list[Day]:
    """The days from one to another."""
    return [day for day in days if first <= day.day <= last]


STEADY_WEEKS = [
    (date(2019, 12, 2), date(2019, 12, 20)),
    (date(2020, 1, 6), date(2020, 2, 7)),
    (date(2020, 11, 23), LAST),
]


@pytest.mark.parametrize(("change", "direction"), [(halved, "down"), (doubled, "up")])
def test_half_and_double_are_found_on_the_second_day_wherever_they_begin(
    days: list[Day], change: Callable[[Day], Day], direction: str
) -> None:
    """Not on the first day: one odd day is no alarm. (The hundred people of a Saturday are too few to be sure of.)"""
    judged = {day.day for first, last in STEADY_WEEKS for day in between(days, first, last) if day.day.weekday() != 5}
    pairs = [(first, first + timedelta(days=1)) for first in sorted(judged) if first + timedelta(days=1) in judged]
    assert len(pairs) > 40
    for first, second in pairs:
        planted = [change(day) if day.day >= first else day for day in until(days, second)]
        assert [(a.direction, a.since, a.day) for a in standing(planted) if a.metric == "dau"] == [
            (direction, first, second)
        ], f"planted on {first}"
        assert standing(planted[:-1]) == []


@pytest.mark.parametrize("metric", ["dau", "sign_ups", "translations"])
@pytest.mark.parametrize(("change", "direction"), [(halved, "down"), (doubled, "up")])
def test_every_count_that_is_large_enough_is_watched(metric: str, change: Callable[[Day], Day], direction: str) -> None:
    """Sign-ups come a class at a time, so that it takes more of them."""
    steady = [a_day(day, 12000) for day in autumn()]
    assert standing(steady) == []
    planted = [*steady[:-2], *map(change, steady[-2:])]
    found = {alert.metric: alert for alert in standing(planted)}
    assert (found[metric].direction, found[metric].since) == (direction, steady[-2].day)
    assert found[metric].value == pytest.approx(getattr(steady[-1], metric) * (2 if direction == "up" else 0.5), abs=1)
    assert found[metric].expected == pytest.approx(getattr(steady[-1], metric), rel=0.01)


def test_failures_are_watched_as_a_share() -> None:
    """Twice the translations with twice the failures is no spike of failures; five times the share is."""
    steady = [a_day(day, 4000) for day in autumn()]
    assert [alert.metric for alert in standing([*steady[:-2], *map(doubled, steady[-2:])])] == ["dau", "translations"]
    failing = [replace(day, failures=day.failures and day.failures * 5) for day in steady[-2:]]
    assert [(alert.metric, alert.direction) for alert in standing([*steady[:-2], *failing])] == [
        ("translation_failures", "up")
    ]
    without = [replace(day, failures=0) for day in steady[-2:]]
    assert standing([*steady[:-2], *without]) == []


def test_one_odd_day_or_two_on_opposite_sides_are_no_alarm() -> None:
    """Somebody's bad day is not the workbench's."""
    steady = [a_day(day, 1000) for day in autumn()]
    assert standing([*steady[:-1], fell(steady[-1])]) == []
    assert standing([*steady[:-2], halved(steady[-2]), doubled(steady[-1])]) == []
    assert standing([*steady[:-3], halved(steady[-3]), steady[-2], halved(steady[-1])]) == []
    armistice = date(2020, 11, 11)
    eve = [halved(day) if day.day == armistice - timedelta(days=1) else day for day in until(steady, armistice)]
    assert standing(eve) == []


def test_days_that_were_not_loaded_are_no_fall() -> None:
    """An export that is missing is said elsewhere; the days around it are compared as ever."""
    steady = [a_day(day, 1000) for day in autumn()]
    holed = [day for day in steady if day.day not in (date(2020, 12, 10), date(2020, 12, 11))]
    assert standing(holed) == []
    late = [replace(day, sign_ups=None, translations=None, failures=None) for day in steady[-2:]]
    assert standing([*steady[:-2], *late]) == []


def test_holidays_are_not_judged_and_an_alert_outlives_them_by_a_week() -> None:
    """On a public holiday nobody can say what is usual: an alert stands till a day contradicts it, a week at most."""
    steady = [a_day(day, 1000) for day in autumn()]
    planted = [halved(day) if day.day >= date(2020, 10, 15) else day for day in steady]

    def dau(last: date) -> list[tuple[date, date]]:
        return [(alert.since, alert.day) for alert in standing(until(planted, last)) if alert.metric == "dau"]

    friday, break_starts = date(2020, 10, 16), date(2020, 10, 17)
    assert all(is_school_break(break_starts, zone) for zone in ZONES)
    assert dau(friday) == [(date(2020, 10, 15), friday)]
    assert dau(friday + timedelta(days=7)) == [(date(2020, 10, 15), friday)]
    assert dau(friday + timedelta(days=8)) == []
    recovered = [*until(planted, friday), *between(steady, date(2020, 10, 17), date(2020, 11, 2))]
    assert standing(recovered) == []


def test_while_a_zone_is_on_a_break_two_thirds_are_usual() -> None:
    """In February the zones go one after the other: fewer people then are no alarm, nobody at all is."""
    year = [date(2019, 9, 2) + timedelta(days=number) for number in range(180)]
    february = (date(2020, 2, 10), date(2020, 2, 14))
    assert [sum(not is_school_break(day, zone) for zone in ZONES) for day in february] == [2, 2]
    steady = [a_day(day, 1000) for day in year]
    quieter = [
        replace(day, dau=day.dau and day.dau // 2) if day.day >= february[0] else day
        for day in until(steady, february[1])
    ]
    assert standing(quieter) == []
    nobody = [replace(day, dau=0) if day.day >= february[0] else day for day in until(steady, february[1])]
    assert [(alert.metric, alert.since) for alert in standing(nobody)] == [("dau", february[0])]


# ---------------------------------------------------------------- in a build


@pytest.mark.parametrize("last", [CLOSURE, date(2020, 3, 12), date(2020, 3, 20), LAST])
def test_the_build_gives_the_alerts_that_the_exports_give(home: Path, days: list[Day], last: date) -> None:
    """Whoever asks, and whatever the filters: alerts are of everybody."""
    warehouse = workbench.open(home)
    expected = standing(until(days, last))
    assert bool(expected) == (date(2020, 3, 12) <= last < SUMMER)
    for asking in (EVERYBODY, Asking(Role.VIEWER, 5, date(2020, 12, 1), LAST, ("BE",), ("teacher",), ("plus",))):
        assert alerts(warehouse, asking, last) == expected


def half_of_the_users(path: Path) -> None:
    """Users whose number is odd are missing from the last three days of a Parquet export."""
    rows = pl.read_parquet(path)
    late = in_paris("occurred_at") >= LAST - timedelta(days=2)
    rows.filter(~late | (pl.col("user_id").str.slice(-1).cast(pl.Int64) % 2 == 0)).write_parquet(path)


@pytest.fixture
def planted(home: Path, tmp_path: Path) -> Path:
    """The same HOME, gone on with exports: half of the last three days' users stay away, the users' own come late."""
    shutil.copytree(home, tmp_path / "home")
    exports = tmp_path / "home" / "exports"
    half_of_the_users(exports / "usage" / "2020-12.parquet")
    users = exports / "users" / "2020-2021.parquet"
    pl.read_parquet(users).filter(in_paris("created_at") < LAST - timedelta(days=5)).write_parquet(users)
    etl(tmp_path / "home", tmp_path / "home" / "exports")
    return tmp_path / "home"


def test_the_command_tells_each_alert_in_a_line(home: Path, planted: Path) -> None:
    """Exit code 0 either way; JSON for scripts."""
    late = counted(planted / "exports")
    assert (late[-1].sign_ups, late[-1].day) == (None, LAST)
    assert [Day(*row) for row in question(workbench.open(planted), "alerts", EVERYBODY).rows()] == late
    quiet = command_line(home, "alerts")
    assert (quiet.returncode, quiet.stdout.strip()) == (0, Words("fr")("alert.none"))
    told = command_line(planted, "alerts", WORKBENCH_LANGUAGE="en")
    assert told.returncode == 0
    assert told.stdout.count("\n") == 1
    assert told.stdout.startswith(Words("en")("metric.dau.name"))
    assert "since 12 Dec 2020" in told.stdout
    found = json.loads(command_line(planted, "alerts", "--json").stdout)
    assert found["until"] == "2020-12-14"
    assert [(a["metric"], a["direction"], a["since"]) for a in found["alerts"]] == [("dau", "down", "2020-12-12")]
