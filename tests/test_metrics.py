"""The metric catalogue, the questions of the pages, and the one place where small cells are folded."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from pages_home import SMALL_COUNTRY, SMALL_ROLE, Truth

import workbench
from workbench.access import NotAllowed, Role
from workbench.metrics import DAILY, METRICS, OTHERS, Asking, MetricInvalid, figure, metric, question, timeless
from workbench.metrics.kit import events, published_figures
from workbench.warehouse import Warehouse

SINCE, UNTIL = date(2020, 9, 1), date(2020, 12, 14)
ADMIN = Asking(Role.ADMIN, 5, SINCE, UNTIL)
VIEWER = Asking(Role.VIEWER, 5, SINCE, UNTIL)
QUESTIONS = sorted(path.stem for path in Path(workbench.__file__).parent.glob("metrics/questions/*.sql"))


@pytest.fixture(scope="module")
def source(small_world: Path) -> Path:
    """The exports of the small world."""
    return small_world / "source"


@pytest.fixture(scope="module")
def truth(source: Path) -> Truth:
    """What the exports say, counted row by row."""
    return Truth(source)


@pytest.fixture(scope="module")
def warehouse(small_world: Path) -> Iterator[Warehouse]:
    """The build of the small world."""
    opened = workbench.open(small_world / "home")
    yield opened
    opened.close()


def value(warehouse: Warehouse, name: str, asking: Asking = ADMIN) -> float:
    """A metric's sum over its rows."""
    return float(figure(warehouse, name, asking).pl()[name].sum())


def on(day: date, asking: Asking = ADMIN) -> Asking:
    """The same question about one day."""
    return replace(asking, since=day, until=day)


AUTUMN = replace(ADMIN, since=date(2020, 9, 7), until=date(2020, 11, 8))
ANYTIME = replace(ADMIN, since=None, until=None)


@pytest.mark.parametrize("name", list(filter(timeless, QUESTIONS)))
def test_a_timeless_question_has_one_answer_for_every_period(warehouse: Warehouse, name: str) -> None:
    """Pages ask it once, whatever period is chosen."""
    answers = [question(warehouse, name, asking).rows() for asking in (AUTUMN, ANYTIME)]
    assert sorted(map(repr, answers[0])) == sorted(map(repr, answers[1]))


@pytest.mark.parametrize("name", DAILY)
def test_a_period_of_a_daily_question_is_cut_from_all_its_days(warehouse: Warehouse, name: str) -> None:
    """Pages ask for all days once, and take the period from there."""
    day = pl.col(DAILY[name])
    always, autumn = (question(warehouse, name, asking).pl() for asking in (ANYTIME, AUTUMN))
    assert always.height > autumn.height > 0
    assert always.filter(day.is_between(AUTUMN.since, AUTUMN.until)).equals(autumn)


@pytest.mark.parametrize("name", [name for name, known in METRICS.items() if known.daily])
def test_a_period_of_a_daily_metric_is_cut_from_all_its_days(warehouse: Warehouse, name: str) -> None:
    """The same for the figures of the catalogue."""
    always, autumn = (figure(warehouse, name, asking).pl() for asking in (ANYTIME, AUTUMN))
    assert autumn.height > 0
    assert always.filter(pl.col("day").is_between(AUTUMN.since, AUTUMN.until)).equals(autumn)


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("role", [Role.ADMIN, Role.VIEWER])
def test_groups_add_up_to_the_total_where_the_catalogue_says_so(warehouse: Warehouse, name: str, role: Role) -> None:
    """A figure cut by country, or by all it can be cut by, is the same figure: for viewers, folded, too."""
    chosen, asking = METRICS[name], Asking(role, 5, SINCE, UNTIL)
    whole = figure(warehouse, name, asking).pl()
    cut = figure(warehouse, name, asking, by=chosen.by).pl()
    assert set(cut.columns) == {*whole.columns, *chosen.by}
    assert whole.height > 0
    if chosen.sums != "nothing":
        keys = [column for column in whole.columns if column == "day"]
        summed = cut.group_by(keys).agg(pl.col(name).sum()) if keys else cut.select(pl.col(name).sum())
        assert summed.sort(keys).equals(whole.select(summed.columns).sort(keys))


def test_active_users_are_those_of_the_exports(warehouse: Warehouse, truth: Truth) -> None:
    """dau, wau and mau of a day, in all and cut by country and role."""
    for day in (UNTIL, date(2020, 10, 18), SINCE):
        for name, window_days in (("dau", 1), ("wau", 7), ("mau", 28)):
            cut = replace(on(day), countries=("FR",), roles=("parent",))
            assert value(warehouse, name, on(day)) == len(truth.active(window_days, day))
            assert value(warehouse, name, cut) == len(truth.active(window_days, day, country="FR", role="parent"))


def test_stickiness_is_a_ratio_of_sums(warehouse: Warehouse, truth: Truth) -> None:
    """Segments of different size do not count the same."""
    expected = len(truth.active(1)) / len(truth.active(28))
    assert value(warehouse, "stickiness", on(UNTIL)) == pytest.approx(expected)


def test_growth_steps_chain(warehouse: Warehouse, truth: Truth) -> None:
    """Each step is what the exports say, and those retained and churned are the active users of the step before."""
    steps = question(warehouse, "growth_steps", ADMIN).pl().to_dicts()
    assert [step["day"] for step in steps] == [UNTIL - timedelta(days=28 * n) for n in (3, 2, 1, 0)]
    assert [step.pop("whole") for step in steps] == [False, False, True, True]  # the data resumes on 1 September
    for step in steps:
        day = step.pop("day")
        assert step == truth.growth(day)
        assert step["retained"] + step["churned"] == len(truth.active(28, day - timedelta(days=28)))
    assert any(step["churned"] for step in steps)
    assert any(step["resurrected"] for step in steps)


def test_users_are_counted_as_they_stood_on_a_day(warehouse: Warehouse, truth: Truth) -> None:
    """Without a day, those not deleted now; with one, those created by then and not yet deleted."""
    assert value(warehouse, "users", replace(ADMIN, until=None)) == truth.living()
    then = date(2020, 9, 20)
    there = [row for row in truth.users if row["created_at"][:10] <= "2020-09-20"]
    assert value(warehouse, "users", replace(ADMIN, until=then)) == len(there) > truth.living() - 30


def test_unknown_countries_are_no_countries(warehouse: Warehouse) -> None:
    """FR, BE, CH and LU; a viewer, who does not see Luxembourg apart, is still told how many there are."""
    assert value(warehouse, "countries", replace(ADMIN, until=None)) == 4
    assert value(warehouse, "countries", replace(VIEWER, until=None)) == 4


def test_classes_are_counted_by_their_days(warehouse: Warehouse, truth: Truth) -> None:
    """Created on the day of creation; activated by 10 users and 3 posts; the rate leaves out the undecided."""
    created = truth.created(SINCE, UNTIL)
    assert value(warehouse, "classes_created") == len(created) == 4
    assert value(warehouse, "classes_activated") == len(truth.activated()) == 1
    settled = [name for name in created if name != "fresh"]
    assert value(warehouse, "activation_rate") == pytest.approx(len(truth.activated()) / len(settled))


def test_posts_translations_and_failures_are_three_things(warehouse: Warehouse, truth: Truth) -> None:
    """A post in three languages is one post and three translations; a failure is neither."""
    done, failed = sum(truth.translated().values()), truth.failures()
    assert value(warehouse, "translated_posts") == truth.translated_posts()
    assert value(warehouse, "translations") == done > truth.translated_posts()
    assert value(warehouse, "translation_failures") == failed > 0
    assert value(warehouse, "translation_failure_rate") == pytest.approx(failed / (done + failed))


def test_revenue_is_of_the_subscriptions_active_on_the_day(warehouse: Warehouse) -> None:
    """Two of the three run on the last day; the third ended in September."""
    assert value(warehouse, "arr_eur") == 99 + 59
    assert value(warehouse, "arr_eur", replace(ADMIN, until=date(2020, 9, 9))) == 29


def test_a_metric_is_asked_for_by_name(warehouse: Warehouse, truth: Truth) -> None:
    """The call behind `wh.metric`: grouped, cut, over a period."""
    answer = metric(
        warehouse, "mau", by=["country"], since=UNTIL, until=UNTIL, where={"role": ["parent"]},
        role=Role.ANALYST, small_cell=5,
    )  # fmt: skip
    rows = {row["country"]: row["mau"] for row in answer.pl().to_dicts()}
    assert rows["FR"] == len(truth.active(28, country="FR", role="parent"))


@pytest.mark.parametrize(
    ("name", "by", "where"),
    [
        ("nothing", [], {}),
        ("mau", ["plan"], {}),
        ("classes_created", [], {"role": ["parent"]}),
        ("arr_eur", [], {"level": []}),
    ],
)
def test_what_cannot_be_cut_is_refused(
    warehouse: Warehouse, name: str, by: list[str], where: dict[str, list[str]]
) -> None:
    """A filter that would silently do nothing is an error, with what can be asked instead."""
    with pytest.raises(MetricInvalid):
        metric(warehouse, name, by=by, where=where, role=Role.ADMIN, small_cell=5)


def test_nobody_gets_no_figure(warehouse: Warehouse) -> None:
    """Access is asked where data is fetched, whatever the screen did."""
    nobody = replace(ADMIN, role=Role.NOBODY)
    with pytest.raises(NotAllowed):
        figure(warehouse, "mau", nobody)
    with pytest.raises(NotAllowed):
        question(warehouse, "by_country", nobody)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_viewer_sees_no_small_country_or_role_in_any_answer(warehouse: Warehouse, name: str) -> None:
    """Three Luxembourgers and two of the staff could be recognised: no row of any question names them."""
    seen = {cell for row in question(warehouse, name, replace(VIEWER, since=None)).rows() for cell in row}
    assert not seen & {SMALL_COUNTRY, SMALL_ROLE}


@pytest.mark.parametrize("name", [name for name in METRICS if {"country", "role"} & set(METRICS[name].by)])
def test_a_viewer_sees_no_small_country_or_role_in_any_metric(warehouse: Warehouse, name: str) -> None:
    """Nor does a metric, however it is grouped."""
    answer = figure(warehouse, name, replace(VIEWER, since=None, until=None), by=METRICS[name].by)
    assert not {cell for row in answer.rows() for cell in row} & {SMALL_COUNTRY, SMALL_ROLE}


def test_small_countries_and_roles_are_folded_together_and_nothing_is_lost(warehouse: Warehouse, truth: Truth) -> None:
    """Both foldings at once: the segment (autres, autres) holds whoever is in a small country and a small role."""
    day = on(UNTIL, VIEWER)
    folded = {
        (r["country"], r["role"]): r["mau"]
        for r in figure(warehouse, "mau", day, by=("country", "role")).pl().to_dicts()
    }
    staff = len(truth.active(28, role=SMALL_ROLE))
    abroad = len(truth.active(28, country=SMALL_COUNTRY))
    assert sum(count for (_, role), count in folded.items() if role == OTHERS) == staff > 0
    assert sum(count for (country, _), count in folded.items() if country == OTHERS) == abroad > 0
    assert sum(folded.values()) == len(truth.active(28))


def test_a_viewer_cannot_ask_for_what_is_folded(warehouse: Warehouse, truth: Truth) -> None:
    """A link that names the small country gets nothing; « autres » gets all of them together."""
    day = on(UNTIL, VIEWER)
    assert figure(warehouse, "mau", replace(day, countries=(SMALL_COUNTRY,))).rows() == []
    assert value(warehouse, "mau", replace(day, countries=(OTHERS,))) == len(truth.active(28, country=SMALL_COUNTRY))


def test_an_analyst_sees_small_cells(warehouse: Warehouse) -> None:
    """Folding is for viewers."""
    analyst = replace(VIEWER, role=Role.ANALYST)
    assert SMALL_COUNTRY in question(warehouse, "by_country", analyst).pl()["country"].to_list()


def test_a_country_is_folded_below_the_threshold_and_not_at_it(warehouse: Warehouse) -> None:
    """Luxembourg has three users: shown from 3 on, folded from 4."""
    shown = {
        cell: question(warehouse, "by_country", replace(VIEWER, small_cell=cell)).pl()["country"] for cell in (3, 4)
    }
    assert SMALL_COUNTRY in shown[3].to_list()
    assert SMALL_COUNTRY not in shown[4].to_list()


def test_days_without_anybody_are_zero_and_days_not_loaded_are_empty(warehouse: Warehouse, truth: Truth) -> None:
    """A day with no Swiss user is a 0 on the line; a day no file holds is a hole, and windows over it are marked."""
    swiss = question(warehouse, "activity", replace(ADMIN, countries=("CH",))).pl()
    quiet = [day for day in swiss["day"] if not truth.active(1, day, country="CH")]
    assert swiss.height == 105
    assert len(quiet) > 5
    assert swiss.filter(pl.col("day").is_in(quiet))["dau"].to_list() == [0] * len(quiet)
    nobody = question(warehouse, "activity", replace(ADMIN, countries=("CH",), roles=("staff",))).pl()
    assert {(row["dau"], row["wau"], row["mau"]) for row in nobody.to_dicts()} == {(0, 0, 0)}
    whole_year = question(warehouse, "activity", replace(ADMIN, since=date(2019, 12, 1))).pl()
    assert whole_year.filter(~pl.col("loaded"))["dau"].null_count() == whole_year.height - 14 - 105
    first_whole = whole_year.filter(pl.col("whole_28d"), pl.col("day") > date(2020, 1, 1))["day"].min()
    assert first_whole == date(2020, 9, 28)


def test_a_cohort_cell_is_whole_once_its_week_has_ended(warehouse: Warehouse) -> None:
    """2020-12-14 is a Monday: each cohort's last cell is the week that has just begun."""
    cells = question(warehouse, "cohorts", ADMIN).pl()
    assert cells.height > 50
    last = cells.group_by("cohort_week").agg(pl.col("week").max(), pl.col("whole").last(), pl.col("share").first())
    assert not last["whole"].any()
    assert last["share"].to_list() == [1.0] * last.height
    assert cells.filter(pl.col("cohort_week") + pl.duration(weeks=1) * pl.col("week") < UNTIL)["whole"].all()


def test_the_kit_is_scoped() -> None:
    """Each published figure is a metric of the catalogue with the days and countries it was published for."""
    scopes = {figure.metric: figure for figure in published_figures()}
    assert {name: scope.value for name, scope in scopes.items()} == {
        "users": 1_100_000,
        "countries": 35,
        "classes_created": 30_000,
        "translated_posts": 150_000,
    }
    assert set(scopes) <= set(METRICS)
    assert scopes["classes_created"].countries == ("FR",)
    assert (scopes["classes_created"].since, scopes["classes_created"].until) == (date(2019, 9, 1), date(2020, 8, 31))


def test_events_are_those_that_touch_the_period() -> None:
    """The schools close on 11 March 2020 by the kit's own date; an event with an end lasts until then."""
    assert date(2020, 3, 11) in [event.starts_on for event in events(date(2020, 3, 11), date(2020, 3, 11))]
    assert [event.starts_on for event in events(date(2020, 4, 1), date(2020, 4, 2))] == [date(2020, 3, 17)]
