"""The page of the classes: each number counted anew from the exports of a sample, and what it does without them."""

import csv
from datetime import date, timedelta
from pathlib import Path
from statistics import median

import polars as pl
import pytest
from raw_sample import BEFORE, SINCE, UNTIL, Raw, within
from test_pages import _nothing_cached, figures, table, texts, visit  # noqa: F401  # of every test here
from tiny import USAGE, etl, write_csv

import workbench
from workbench.access import Role
from workbench.metrics import Asking, figure, question
from workbench.pages.classes import awake_since
from workbench.text import Words

FRENCH = Words("fr")
ASKING = Asking(Role.ADMIN, 5, SINCE, UNTIL)
WINDOW = date(2020, 11, 17), UNTIL
COHORTS = {
    "Confinement": (date(2020, 3, 16), date(2020, 5, 10)),
    "Mêmes semaines de 2019": (date(2019, 3, 18), date(2019, 5, 12)),
    "Reste de 2019-2020": (date(2019, 9, 1), date(2020, 8, 31)),
}


def written(share: float) -> str:
    """A share as the page writes it."""
    return FRENCH.percent(share)


def dormant(raw: Raw, classes: pl.DataFrame) -> int:
    """Classes older than the window without an event in it."""
    return classes.filter(pl.col("day") < WINDOW[0], ~pl.col("class_id").is_in([*raw.seen(*WINDOW)])).height


def departments() -> dict[str, str]:
    """Académie of a département, from the reference file."""
    file = Path(workbench.__file__).parent / "reference" / "academies.csv"
    with file.open(encoding="utf-8", newline="") as text:
        return {row["departement"]: row["academie"] for row in csv.DictReader(text)}


def test_the_figures_are_those_of_the_exports(raw: Raw) -> None:
    """Created, activated, the share and the days of those, and the classes that sleep."""
    shown = figures(visit(raw.home, "classes"))
    created, activated = within(raw.classes), raw.activated()
    alive = created.join(activated, on="class_id")
    settled = created.filter(pl.col("day") + pl.duration(days=13) <= UNTIL)
    came_alive = activated.join(raw.classes, on="class_id").with_columns(pl.col("day") + pl.duration(days="days"))
    assert shown["Classes créées"] == FRENCH.number(created.height)
    assert shown["Classes activées"] == FRENCH.number(within(came_alive).height)
    assert shown["Taux d’activation"] == written(settled.join(activated, on="class_id").height / settled.height)
    middle = median(alive["days"])
    assert shown["Délai d’activation"] == f"{FRENCH.number(middle, int(middle % 1 > 0))} jours"
    assert shown["Classes endormies"] == FRENCH.number(dormant(raw, raw.open_classes())) != "0"


def test_a_change_is_against_the_same_weekdays_a_year_before(raw: Raw) -> None:
    """As many days, 364 earlier."""
    card = next(metric for metric in visit(raw.home, "classes").metric if metric.label == "Classes créées")
    expected = within(raw.classes).height / within(raw.classes, BEFORE).height - 1
    assert card.delta.startswith(FRENCH.change(expected))


def test_filters_of_country_and_plan_cut_the_dormant_classes(raw: Raw) -> None:
    """Counted over all at once and cut by the page, so the cut has to be tested."""
    app = visit(raw.home, "classes", country="BE")
    belgian = raw.open_classes().filter(pl.col("country") == "BE")
    assert figures(app)["Classes endormies"] == FRENCH.number(dormant(raw, belgian)) != "0"
    plans = [figures(visit(raw.home, "classes", plan=plan)) for plan in ("free", "initiale", "standard", "plus")]
    assert sum(int(shown["Classes endormies"]) for shown in plans) == dormant(raw, raw.open_classes())


def test_the_metric_of_dormant_classes_is_the_figure_of_the_page(raw: Raw) -> None:
    """What `wh.metric` gives over the window is what the card says."""
    asking = Asking(Role.ADMIN, 5, *WINDOW)
    counted = figure(workbench.open(raw.home), "classes_dormant", asking).pl()["classes_dormant"].sum()
    assert counted == dormant(raw, raw.open_classes())


def test_summer_puts_no_class_to_sleep() -> None:
    """Days on which all three zones are on a break do not count; a break of one or two zones does."""
    assert awake_since(UNTIL) == WINDOW[0]
    assert awake_since(date(2020, 8, 31)) == awake_since(date(2020, 7, 3)) == date(2020, 6, 6)
    assert awake_since(date(2020, 2, 20)) == date(2020, 1, 24)


def test_the_table_of_activation_adds_up_to_all_activated_classes(raw: Raw) -> None:
    """A row for each of the 14 days, the last share 100 %."""
    rows = table(visit(raw.home, "classes"))
    days = within(raw.classes).join(raw.activated(), on="class_id")["days"]
    assert [(row[0], row[1]) for row in rows] == [(str(n), FRENCH.number((days == n).sum())) for n in range(14)]
    assert rows[-1][2] == written(1)


def test_the_histogram_counts_open_classes_in_steps_of_twenty_members(raw: Raw) -> None:
    """And the page says how many have reached the limit of each plan."""
    sizes = raw.open_classes()["members"].drop_nulls().cast(pl.Int64)
    steps = question(workbench.open(raw.home), "class_members", ASKING).rows()
    assert steps == sorted((step, sizes.filter(sizes // 20 * 20 == step).len()) for step in {*(sizes // 20 * 20)})
    said = texts(visit(raw.home, "classes"))
    for plan, limit in (("Initiale", 100), ("Standard", 200), ("Plus", 400)):
        assert FRENCH("classes.reached", n=(sizes >= limit).sum(), limit=limit, plan=plan) in said


def test_the_academies_are_those_of_the_departments(raw: Raw) -> None:
    """Created, change, activated, rate and dormant share of each; then the départements of the one chosen."""
    app, academie = visit(raw.home, "classes"), departments()
    french = raw.classes.filter(pl.col("country") == "FR").with_columns(
        academie=pl.col("department").replace_strict(academie, default=None)
    )
    rows = {row[0]: row[1:] for row in table(app, 1)}
    unknown = FRENCH("classes.no_academie")
    expected = within(french)["academie"].fill_null(unknown).value_counts()
    assert {name: row[0] for name, row in rows.items()} == {
        name: FRENCH.number(count) for name, count in expected.iter_rows()
    }
    assert rows["Versailles"] == place_row(raw, french.filter(pl.col("academie") == "Versailles"))
    app.selectbox(key="classes.academie.places").set_value("Versailles").run()
    inside = {row[0]: row[1:] for row in table(app, 2)}
    own = within(french).filter(pl.col("academie") == "Versailles")["department"].unique()
    assert inside == {code: place_row(raw, french.filter(pl.col("department") == code)) for code in own}


def place_row(raw: Raw, classes: pl.DataFrame) -> list[str]:
    """What the table says of the classes of one place."""
    now, then, activated = within(classes), within(classes, BEFORE), raw.activated()
    settled = now.filter(pl.col("day") + pl.duration(days=13) <= UNTIL)
    living = raw.open_classes().join(classes, on="class_id", how="semi")
    return [
        FRENCH.number(now.height),
        FRENCH.change(now.height / then.height - 1) if then.height else "–",
        FRENCH.number(now.join(activated, on="class_id").height),
        written(settled.join(activated, on="class_id").height / settled.height) if settled.height else "–",
        written(dormant(raw, living) / living.height),
    ]


def test_the_lockdown_cohort_is_followed_for_three_and_six_months(raw: Raw) -> None:
    """Beside the rest of its year and the same weeks a year before, as many as could have lived so long."""
    rows = {row[0]: row[1:] for row in table(visit(raw.home, "classes"), 2)}
    lockdown = raw.classes.filter(pl.col("day").is_between(*COHORTS["Confinement"]))
    assert set(rows) == set(COHORTS)
    for name, bounds in COHORTS.items():
        own = within(raw.classes, bounds)
        if name.startswith("Reste"):
            own = own.join(lockdown, on="class_id", how="anti")
        assert rows[name] == cohort_row(raw, own)


def cohort_row(raw: Raw, own: pl.DataFrame) -> list[str]:
    """Classes, and the shares activated, alive after 84 and 168 days, and awake in the window."""
    awake = raw.open_classes().filter(pl.col("class_id").is_in([*raw.seen(*WINDOW)]))
    later = [after(raw, own, days) for days in (84, 168)]
    shares = [own.join(raw.activated(), on="class_id").height / own.height, *later]
    return [
        FRENCH.number(own.height),
        *map(written, shares),
        written(own.join(awake, on="class_id", how="semi").height / own.height),
    ]


def after(raw: Raw, own: pl.DataFrame, days: int) -> float:
    """The share with an event in the 28 days that begin so many days after creation, of those old enough."""
    old = own.filter(pl.col("day") + pl.duration(days=days + 27) <= UNTIL)
    starts = old.select("class_id", start=pl.col("day") + pl.duration(days=days))
    events = raw.usage.join(starts, on="class_id")
    alive = events.filter(pl.col("day").is_between("start", pl.col("start") + pl.duration(days=27)))
    return alive["class_id"].n_unique() / old.height


def test_the_lockdown_classes_of_an_academie_open_by_departement(raw: Raw) -> None:
    """French ones alone; the départements of the académie chosen add up to it."""
    app = visit(raw.home, "classes")
    lockdown = raw.classes.filter(pl.col("country") == "FR", pl.col("day").is_between(*COHORTS["Confinement"]))
    of = lockdown["department"].replace_strict(departments(), default=FRENCH("classes.no_academie"))
    rows = {row[0]: row[1] for row in table(app, 3)}
    assert rows == {name: FRENCH.number(count) for name, count in of.value_counts().iter_rows()}
    chosen = next(name for name in rows if name in set(departments().values()))
    app.selectbox(key="classes.academie.lockdown").set_value(chosen).run()
    assert sum(int(row[1]) for row in table(app, 4)) == int(rows[chosen])


def test_a_class_made_in_the_window_is_not_asleep_yet(tmp_path: Path) -> None:
    """Nor is one that was archived, or one in which something happened: of four quiet ones, one sleeps."""
    classes = [
        ("asleep", "2020-10-01T08:00:00Z", ""),
        ("young", "2020-12-01T08:00:00Z", ""),
        ("archived", "2020-10-01T08:00:00Z", "2020-11-01T08:00:00Z"),
        ("awake", "2020-10-01T08:00:00Z", ""),
    ]
    rows = [(name, created, "FR", archived) for name, created, archived in classes]
    write_csv(
        tmp_path / "source" / "classes" / "classes.csv", ["class_id", "created_at", "country", "archived_at"], rows
    )
    events = [("e1", "2020-11-30T10:00:00Z", "u1", "post_viewed", "parent", "FR", "awake")]
    events += [("e2", "2020-12-14T10:00:00Z", "u1", "sign_in", "parent", "FR", "")]
    write_csv(tmp_path / "source" / "usage" / "usage.csv", USAGE, events)
    etl(tmp_path / "home", tmp_path / "source")
    app = visit(tmp_path / "home", "classes")
    assert figures(app)["Classes endormies"] == "1"
    assert FRENCH("classes.of_open", n=3, since=WINDOW[0]) in texts(app)
    asking = Asking(Role.ADMIN, 5, *WINDOW)
    assert figure(workbench.open(tmp_path / "home"), "classes_dormant", asking).rows() == [(1,)]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_exports_of_classes_alone_leave_what_usage_says_open(tmp_path: Path, language: str) -> None:
    """No class is called dormant because nobody exported what happened in it."""
    rows = [(f"k{n}", f"2020-09-{n:02}T08:00:00Z", "FR", "78", "30") for n in range(1, 21)]
    columns = ["class_id", "created_at", "country", "department", "members"]
    write_csv(tmp_path / "source" / "classes" / "classes.csv", columns, rows)
    etl(tmp_path / "home", tmp_path / "source")
    app, words = visit(tmp_path / "home", "classes", lang=language), Words(language)
    assert not app.exception
    assert not app.error
    assert figures(app)[words("metric.classes_dormant.name")] == "–"
    assert words("empty.activations.title") in texts(app)
    assert words("empty.feed.title", feed="usage") in texts(app)


def test_without_classes_of_the_lockdown_the_page_says_so(tmp_path: Path) -> None:
    """A young app has no such cohort."""
    day = date(2020, 12, 1)
    events = [
        (f"e{n}", f"{day + timedelta(days=n)}T10:00:00Z", "u1", "post_viewed", "parent", "FR", "k1") for n in range(9)
    ]
    write_csv(tmp_path / "source" / "usage" / "usage.csv", USAGE, events)
    write_csv(
        tmp_path / "source" / "classes" / "classes.csv",
        ["class_id", "created_at", "country"],
        [("k1", f"{day}T08:00:00Z", "FR")],
    )
    etl(tmp_path / "home", tmp_path / "source")
    app = visit(tmp_path / "home", "classes")
    assert not app.exception
    assert FRENCH("empty.lockdown.title") in texts(app)
    assert FRENCH("empty.members.title") in texts(app)
