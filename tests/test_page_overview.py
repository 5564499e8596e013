"""The overview: its figures, targets and trends counted anew from the exports; what a new build brought; the notes."""

import csv
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from pages_home import Truth
from raw_people import active, arr_eur, living
from raw_sample import BEFORE, SINCE, UNTIL, Raw, within
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import DateInput
from test_pages import _nothing_cached, table, texts, visit  # noqa: F401  # the first is for every test
from tiny import days, etl, settings, usage_day

from workbench.ledger import ledger_of
from workbench.ledger.annotations import annotate, annotations
from workbench.metrics.kit import Target, targets
from workbench.metrics.levels import Levels, progress
from workbench.text import Words
from workbench.warehouse import current_build, open_warehouse, previous_build

FRENCH = Words("fr")
NAMES = {"users": "Utilisateurs", "mau": "Actifs sur 28 jours", "classes_created": "Classes créées"}
NAMES |= {"translated_posts": "Publications traduites", "arr_eur": "Revenu annuel récurrent"}
WITH_LEDGER = """
from datetime import date
from pathlib import Path
from held_open import held_open
from tiny import settings
from workbench.access import Role
from workbench.ledger import ledger_of
from workbench.metrics import Asking
from workbench.pages import Page
from workbench.pages.overview import show
from workbench.pages.sheet.screen import Screen
from workbench.text import Words
show(Page(
    name="overview", sheet=Screen(Words("fr")), warehouse=held_open(Path({home!r})), comparison="weekday",
    asking=Asking(Role.{role}, 5, date(2020, 9, 1), date(2020, 12, 14)), words=Words("fr"), school_year="2020-2021",
    today=date(2020, 12, 15), who="somebody", ledger=ledger_of(settings(Path({home!r}))),
))
"""
LAST_YEAR = date(2019, 9, 1), date(2020, 8, 31)
SAME_SCHOOL_DAY = date(2019, 12, 16)
"""The Monday of the sixteenth school week of 2019-2020, as 14 December is of 2020-2021's."""


def counted(raw: Raw) -> dict[str, Callable[[date, date], float]]:
    """Each figure of a period, from the rows."""
    return {
        "users": lambda _, until: living(raw, until).height,
        "mau": lambda _, until: len(active(raw, 28, until)),
        "classes_created": lambda since, until: within(raw.classes, (since, until)).height,
        "translated_posts": lambda since, until: within(raw.translated_posts(), (since, until)).height,
        "arr_eur": lambda _, until: arr_eur(raw, until),
    }


def written(name: str, value: float) -> str:
    """A figure as the page writes it."""
    return FRENCH.euros(value) if name == "arr_eur" else FRENCH.number(value)


# ------------------------------------------------------------------------------------------------------- figures


def test_figures_and_changes_are_those_of_the_exports(raw: Raw) -> None:
    """Value, and change against the same weekdays a year earlier, of each of the five."""
    shown = {metric.label: (metric.value, metric.delta) for metric in visit(raw.home).metric}
    for name, count in counted(raw).items():
        now, then = count(SINCE, UNTIL), count(*BEFORE)
        change = FRENCH("card.change.weekday", change=FRENCH.change(now / then - 1))
        assert shown[NAMES[name]] == (written(name, now), change), name


def test_a_trend_has_the_last_twelve_weeks(raw: Raw) -> None:
    """States as they stood at each week's end, what adds up week by week; the oldest first."""
    shown = {metric.label: list(metric.proto.chart_data) for metric in visit(raw.home).metric}
    ends = [UNTIL - timedelta(weeks=back) for back in range(11, -1, -1)]
    for name, count in counted(raw).items():
        assert shown[NAMES[name]] == [count(end - timedelta(days=6), end) for end in ends], name


def test_targets_say_what_is_reached_and_what_is_due(raw: Raw) -> None:
    """Due is the part that last school year had on the same school day: of its sum, or of its highest."""
    app, count = visit(raw.home), counted(raw)
    rows = {row[0].split(" (")[0]: row[1:] for row in table(app)}
    set_for = {row["metric"]: float(row["target"]) for row in csv.DictReader(reference("targets"))}
    for name in NAMES:
        reached = count[name](SINCE, UNTIL) / set_for[name]
        if name in ("classes_created", "translated_posts"):
            due = count[name](LAST_YEAR[0], SAME_SCHOOL_DAY) / count[name](*LAST_YEAR)
        else:
            highest = max(count[name](day, day) for day in days(LAST_YEAR[0], 366))
            due = count[name](SINCE, SAME_SCHOOL_DAY) / highest
        said = [FRENCH.number(set_for[name]), FRENCH.percent(reached), FRENCH.percent(due), "en retard"]
        assert rows[NAMES[name]] == said, name
        assert FRENCH("overview.targets.line", share=FRENCH.percent(reached), verdict="en retard") in texts(app)


def reference(table_name: str) -> list[str]:
    """The lines of a reference table."""
    folder = Path(__file__).resolve().parent.parent / "workbench" / "reference"
    return (folder / f"{table_name}.csv").read_text(encoding="utf-8").splitlines()


def test_targets_are_of_everything_together(raw: Raw) -> None:
    """Under a filter the page does not hold a part against the whole; in a year without targets it has none."""
    for query in ({"country": "FR"}, {"role": "parent"}, {"plan": "plus"}, {"year": "2018-2019"}):
        app = visit(raw.home, **query)
        assert not app.exception
        assert len(app.metric) == 5
        assert FRENCH("section.goals.title") not in texts(app)
        assert "objectif" not in " ".join(caption.value for caption in app.caption)


LEVELS = Levels(
    {"day": date(2019, 8, 31) + timedelta(days=n), "classes_created": min(n, 100), "mau": 10 + n % 50}
    for n in range(480)
)


def test_a_figure_is_not_compared_with_days_before_the_data() -> None:
    """Half a period against a whole one would be a rise that never was."""
    period, compared = (date(2020, 9, 1), date(2020, 9, 30)), (date(2019, 9, 1), date(2019, 9, 30))
    assert LEVELS.change("classes_created", compared, compared) == 0
    assert LEVELS.change("classes_created", period, (date(2019, 8, 31), date(2019, 9, 29))) is None
    assert LEVELS.change("mau", period, (date(2019, 8, 1), date(2019, 9, 30))) is None
    assert LEVELS.change("classes_created", period, (date(2020, 7, 1), date(2020, 7, 30))) is None


@pytest.mark.parametrize(
    ("target", "verdict"), [(50, "ahead"), (97, "ahead"), (99, "on_time"), (102, "on_time"), (103, "behind")]
)
def test_a_verdict_holds_what_is_reached_against_what_is_due(target: float, verdict: str) -> None:
    """A hundred classes by 9 December of a year that began without any; the year before had them all by then."""
    found = progress(steady(), Target("classes_created", "2020-2021", target, ""), date(2020, 12, 10))
    assert found is not None
    assert (found.value, found.due, found.as_last_year) == (100, 1.0, True)
    assert found.verdict == verdict


def steady() -> Levels:
    """A hundred classes in the first hundred days of each of two school years."""
    counts = [min(n, 100) + min(max(n - 366, 0), 100) for n in range(480)]
    return Levels(
        {"day": date(2019, 8, 31) + timedelta(days=n), "classes_created": count} for n, count in enumerate(counts)
    )


def test_without_last_year_the_days_gone_are_due() -> None:
    """There is nothing else to go by, and the table says so."""
    rows = [{"day": date(2020, 8, 31) + timedelta(days=n), "classes_created": n} for n in range(106)]
    found = progress(Levels(rows), Target("classes_created", "2020-2021", 200, ""), date(2020, 12, 14))
    assert found is not None
    assert (found.value, found.reached, found.as_last_year) == (105, 0.525, False)
    assert found.due == pytest.approx(105 / 365)
    assert progress(Levels(rows[50:]), Target("classes_created", "2020-2021", 200, ""), date(2020, 12, 14)) is None


def test_targets_are_those_of_the_table() -> None:
    """By school year; a year without any has none."""
    assert {name: target.value for name, target in targets("2020-2021").items()} == {
        row["metric"]: float(row["target"]) for row in csv.DictReader(reference("targets"))
    }
    assert targets("2018-2019") == {}


# ------------------------------------------------------------------------------------------------------------ alerts


def test_what_left_its_usual_course_is_said_first(tmp_path: Path) -> None:
    """Six weeks of a hundred users a school day, then two days of ten: whatever the filters, the page says so."""
    crowd = [f"u{n}" for n in range(100)]
    for day in days(date(2020, 9, 1), 39):
        here = crowd[:10] if day >= date(2020, 10, 8) else crowd if day.weekday() < 5 else crowd[:20]
        usage_day(tmp_path / "source", day, here)
    etl(tmp_path / "home", tmp_path / "source")
    said = FRENCH(
        "alert.down", metric="Actifs du jour", value=10, day=date(2020, 10, 9), expected=100, since=date(2020, 10, 8)
    )
    for query in ({}, {"period": "dates", "from": "2020-09-05", "to": "2020-09-06"}):
        assert said in texts(visit(tmp_path / "home", **query))


def test_a_usual_course_is_said_too(home: Path) -> None:
    """Nothing unusual is news as well."""
    assert FRENCH("alert.none") in texts(visit(home))


# ---------------------------------------------------------------------------------------------- since the last build


@pytest.fixture(scope="module")
def source(small_world: Path) -> Path:
    """The exports of the small world."""
    return small_world / "source"


def leave_out(file: Path, gone: Callable[[str], bool]) -> None:
    """Take lines out of a file."""
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join(line for line in lines if not gone(line)), encoding="utf-8")


def moved(app: AppTest) -> dict[str, list[str]]:
    """The figures then and now: five columns, the last row is money and says so."""
    tables = (table(app, position) for position in range(len(app.table)))
    rows = next(
        rows
        for rows in tables
        if len(rows[0]) == 5 and rows[-1][0] == f"{NAMES['arr_eur']} (euros par an)" and "%" not in rows[0][2]
    )
    return {row[0]: row[1:] for row in rows}


@pytest.fixture(scope="module")
def built_twice(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A HOME with two builds, and what the first was made of: two days and two translated posts less."""
    folder = tmp_path_factory.mktemp("twice")
    first, exports = folder / "first", folder / "exports"
    shutil.copytree(source, first)
    leave_out(first / "usage" / "2020.csv", lambda line: "2020-12-13T" in line or "2020-12-14T" in line)
    leave_out(first / "translations" / "translations.csv", lambda line: ",p3," in line or ",p7," in line)
    shutil.copytree(first, exports)
    etl(folder / "home", exports)
    shutil.copytree(source, exports, dirs_exist_ok=True)
    (exports / "usage" / "empty.csv").write_bytes(b"")
    etl(folder / "home", exports)
    return folder


@pytest.fixture
def twice(built_twice: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A copy of that HOME, and what its first build was made of."""
    return shutil.copytree(built_twice / "home", tmp_path / "home"), built_twice / "first"


def test_what_the_last_build_brought_is_counted_against_the_one_before(twice: tuple[Path, Path], source: Path) -> None:
    """New days, rows by feed, the file refused, and each figure then and now."""
    home, first = twice
    app, then, now = visit(home), Truth(first), Truth(source)
    assert then.until == UNTIL - timedelta(days=2)
    said = texts(app)
    assert FRENCH("overview.since_build.days", n=2, since=date(2020, 12, 13), until=UNTIL) in said
    more = {feed: len(getattr(now, feed)) - len(getattr(then, feed)) for feed in ("translations", "usage")}
    rows = ", ".join(f"`{feed}` +{count}" for feed, count in more.items())
    assert FRENCH("overview.since_build.rows", feeds=rows) in said
    assert FRENCH("overview.since_build.refused", n=1) in said
    assert ["usage/empty.csv", "empty"] in [row for position in range(len(app.table)) for row in table(app, position)]
    by_name = moved(app)
    before, after = len(then.active(28)), len(now.active(28))
    assert before > after
    assert by_name["Actifs sur 28 jours"] == [str(before), str(after), f"−{before - after}", "0"]
    assert by_name["Utilisateurs"] == [str(now.living()), str(now.living()), "0", "0"]
    posts = len(then.translated_by(then.until)), now.translated_posts()
    assert by_name["Publications traduites"][:2] == [str(count) for count in posts]


def test_a_correction_of_known_days_is_told_from_new_days(twice: tuple[Path, Path], source: Path) -> None:
    """Translations of days that the build before knew already are corrections of them."""
    home, first = twice
    then, now = Truth(first), Truth(source)
    corrected = len(now.translated_by(then.until)) - len(then.translated_by(then.until))
    assert moved(visit(home))["Publications traduites"][3] == f"+{corrected}" != "+0"


def test_the_first_build_has_nothing_to_be_compared_with(home: Path) -> None:
    """And says so."""
    kept = home / "warehouse"
    shutil.copy(kept / f"{current_build(home)}.duckdb", kept / ".building-000002-x.duckdb")
    assert previous_build(home) is None
    assert FRENCH("overview.since_build.first") in texts(visit(home))


def test_a_build_of_another_version_is_not_compared(twice: tuple[Path, Path]) -> None:
    """An update of the workbench may change what a figure means, and which tables there are."""
    home, _ = twice
    before = home / "warehouse" / f"{min(path.stem for path in home.glob('warehouse/0*.duckdb'))}.duckdb"
    before.chmod(0o644)
    with duckdb.connect(str(before)) as build:
        build.execute("update build set code_version = '0.0.1'")
    app = visit(home)
    assert not app.error
    assert FRENCH("overview.since_build.other_version") in texts(app)
    assert len(app.metric) == 5


def test_the_build_before_is_the_newest_of_those_kept(twice: tuple[Path, Path]) -> None:
    """Not the published one, and not a draft."""
    home, _ = twice
    shutil.copy(home / "warehouse" / f"{current_build(home)}.duckdb", home / "warehouse" / ".building-000003-x.duckdb")
    before = previous_build(home)
    assert before is not None
    assert before.build.id.startswith("000001-")
    assert before.home == open_warehouse(home).home == home
    assert before.build.data_until == UNTIL - timedelta(days=2)


# -------------------------------------------------------------------------------------------------- events and notes


@pytest.fixture
def home(small_world: Path, tmp_path: Path) -> Path:
    """A HOME whose ledger has nothing of the team's."""
    return shutil.copytree(small_world / "home", tmp_path / "home")


def unfolded(app: AppTest) -> AppTest:
    """The page once the box of notes was opened."""
    app.session_state["overview.note.box"] = True
    return app.run()


def submit(app: AppTest, key: str) -> AppTest:
    """A click on a form's button."""
    return next(button for button in app.button if button.label == FRENCH(key)).click().run()


def day(app: AppTest, key: str) -> DateInput:
    """A field for a day."""
    return next(field for field in app.date_input if field.label == FRENCH(key))


def test_events_of_the_period_are_listed_with_where_and_whose(home: Path) -> None:
    """The kit's by reference, the team's from the ledger; those of other periods are not."""
    ledger, now = ledger_of(settings(home)), datetime(2020, 12, 15, tzinfo=UTC)
    two_days = {"starts_on": date(2020, 10, 5), "ends_on": date(2020, 10, 6)}
    annotate(ledger, **two_days, label="Passage à la télévision", country="BE", who="a", now=now)
    annotate(ledger, date(2019, 10, 5), "L’an dernier", who="a", now=now)
    ledger.close()
    app = visit(home)
    rows = next(table(app, n) for n in range(len(app.table)) if table(app, n)[0][-1] in ("L’atelier", "L’équipe"))
    assert ["5 oct. 2020", "6 oct. 2020", "Passage à la télévision", "Belgique", "L’équipe"] in rows
    assert ["1er sept. 2020", "–", "Rentrée 2020", "France", "L’atelier"] in rows
    assert "L’an dernier" not in [row[2] for row in rows]


def test_a_note_is_kept_in_the_ledger_and_shows_at_once(home: Path) -> None:
    """From the box, made when it is opened; with its day, by whoever wrote it; and it can be taken away."""
    app = visit(home)
    assert len(app.date_input) == 0
    app = unfolded(app)
    app.text_input[0].set_value("  Panne du serveur ")
    day(app, "column.starts_on").set_value(date(2020, 11, 3))
    submit(app, "overview.note.add")
    assert not app.exception
    ledger = ledger_of(settings(home))
    kept = annotations(ledger)
    assert [(note.label, note.starts_on, note.ends_on, note.country, note.author) for note in kept] == [
        ("Panne du serveur", date(2020, 11, 3), None, None, "admin")
    ]
    assert "Panne du serveur" in str([table(app, n) for n in range(len(app.table))])
    next(field for field in app.selectbox if field.label == FRENCH("overview.note.chosen")).set_value(kept[0].id)
    submit(app, "overview.note.remove")
    assert annotations(ledger) == []
    assert "Panne du serveur" not in str([table(app, n) for n in range(len(app.table))])
    ledger.close()


def test_a_note_that_says_nothing_or_ends_too_early_is_not_kept(home: Path) -> None:
    """The form says what is wrong."""
    app = submit(unfolded(visit(home)), "overview.note.add")
    assert FRENCH("overview.note.empty") in texts(app)
    app = unfolded(visit(home))
    app.text_input[0].set_value("Salon")
    day(app, "overview.note.ends_on").set_value(date(2020, 1, 1))
    submit(app, "overview.note.add")
    assert FRENCH("overview.note.backwards") in texts(app)
    ledger = ledger_of(settings(home))
    assert annotations(ledger) == []
    ledger.close()


@pytest.mark.parametrize(("role", "fields"), [("VIEWER", 0), ("ANALYST", 1), ("COMMUNITY", 1)])
def test_who_sees_aggregates_only_writes_no_notes(home: Path, role: str, fields: int) -> None:
    """The ledger is there, and a viewer still gets no form; analysts and the community do."""
    app = unfolded(AppTest.from_string(WITH_LEDGER.format(home=str(home), role=role), default_timeout=60))
    assert not app.exception
    assert len(app.text_input) == fields
    assert len(app.metric) == 5
