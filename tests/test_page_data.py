"""The page of the data: what it says of files, rows and days is counted again from the exports, byte for byte.

The exports are a mess on purpose: a gap of days, an overlap, a copy, refused files, unreadable rows in every form.
"""

import csv
import gzip
import re
import shutil
from collections import Counter
from datetime import date, timedelta
from html import escape
from pathlib import Path

import duckdb
import polars as pl
import pytest
import streamlit as st
from sqlalchemy import text
from streamlit.testing.v1 import AppTest
from test_pages import descriptions, figures, table, texts
from tiny import NOW, USAGE, etl, settings, write_csv

import workbench
from workbench.access import Role
from workbench.app.report import write_report
from workbench.etl import run
from workbench.etl.build import read_models
from workbench.ledger import ledger_of
from workbench.metrics import METRICS, Asking, tables_behind
from workbench.pages import Page
from workbench.pages.catalogue import Lineage
from workbench.pages.sheet.screen import Screen
from workbench.text import LANGUAGES, Words

FR = Words("fr")
ETL = Path(workbench.__file__).parent / "etl"
FIRST, LAST = date(2020, 12, 1), date(2020, 12, 14)
MISSING = [date(2020, 12, 5), date(2020, 12, 6)]
BROKEN = "e-broken,2020-13-40T10:00:00Z,u1,sign_in,parent,FR,,glad"

SCRIPT = """
import runpy
from datetime import date
from pathlib import Path
import streamlit as st
from held_open import held_open
from tiny import settings
from workbench.access import Role
from workbench.ledger import ledger_of
from workbench.metrics import Asking
from workbench.pages.sheet.screen import Screen
from workbench.text import Words
home, words = Path({home!r}), Words({language!r})
st.session_state["visit"] = dict(
    warehouse=held_open(home), words=words, school_year="2020-2021", today=date(2020, 12, 15),
    asking=Asking(Role({role!r}), 5, date(2020, 12, 1), date(2020, 12, 14)),
    sheet=Screen(words), comparison="weekday", who="jane", ledger=ledger_of(settings(home)) if {reached} else None,
)
runpy.run_path({page!r}, run_name="__main__")
"""


def events(days: list[date], users: int, start: int = 0) -> list[tuple[str, ...]]:
    """One event a user and day, each with an id of its own."""
    people = [f"u{number}" for number in range(start, start + users)]
    return [
        (f"e-{day}-{user}", f"{day}T10:00:00Z", user, "sign_in", "parent", "FR", "") for day in days for user in people
    ]


def span(first: date, last: date) -> list[date]:
    """The days from one to another, without the missing ones."""
    found = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [day for day in found if day not in MISSING]


def write_mess(source: Path) -> Path:
    """Exports of which every kind of trouble has its file."""
    usage = source / "usage"
    write_csv(usage / "a.csv", USAGE, events(span(FIRST, date(2020, 12, 8)), 4))
    write_csv(usage / "b.csv", USAGE, events(span(date(2020, 12, 8), LAST), 4))
    shutil.copy(usage / "b.csv", usage / "b-again.csv")
    odd = events([date(2020, 12, 9)], 3, start=90)
    write_csv(usage / "odd.csv", [*USAGE, "mood"], [(*row[:3], "quiz_started", *row[4:], "glad") for row in odd])
    with (usage / "odd.csv").open("a", encoding="utf-8") as file:
        file.write(f"{BROKEN}\n")
    lines = [",".join(USAGE), *map(",".join, events([date(2020, 12, 10)], 3, start=95)), "e-gz,,u1,sign_in,parent,FR,"]
    (usage / "packed.csv.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    rows = [*events([date(2020, 12, 11)], 3, start=98), ("e-pq", "1999-01-01T00:00:00Z", "u1", "sign_in", "", "", "")]
    pl.DataFrame(rows, schema=USAGE, orient="row").write_parquet(usage / "table.parquet")
    (usage / "empty.csv").touch()
    (usage / "cut.csv.gz").write_bytes(gzip.compress(b"event_id,occurred_at\n" * 99)[:-9])
    write_csv(usage / "columns.csv", ["event_id", "user_id", "event"], [("e", "u", "x")])
    (source / "photos").mkdir()
    return source


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The mess."""
    return write_mess(tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="module")
def built(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two builds of it: of one file first, then of all."""
    home = tmp_path_factory.mktemp("home")
    aside = source.with_name("aside")
    aside.mkdir()
    late = [path for path in (source / "usage").iterdir() if path.name not in ("a.csv", "b.csv")]
    for path in late:
        path.rename(aside / path.name)
    etl(home, source)
    for path in late:
        (aside / path.name).rename(path)
    run(settings(home), source, now=NOW + timedelta(hours=1))
    return home


@pytest.fixture
def home(built: Path) -> Path:
    """That HOME, as nobody has looked at it."""
    st.cache_data.clear()
    for file in built.glob("ledger.sqlite*"):
        file.unlink()
    return built


def visit(home: Path, role: str = "admin", language: str = "fr", reached: bool = True) -> AppTest:
    """One visit by somebody of a role, without an error."""
    page = str(ETL.parent / "pages" / "data.py")
    script = SCRIPT.format(home=str(home), role=role, language=language, reached=reached, page=page)
    app = AppTest.from_string(script, default_timeout=60).run()
    assert not app.exception
    return app


def captioned(app: AppTest, heading: str) -> list[list[str]]:
    """The cells of the first table with a column of that heading."""
    for number, shown in enumerate(app.table):
        if heading in shown.value.columns:
            return table(app, number)
    raise AssertionError(f"no table has a column {heading}")


def rows_of(path: Path) -> list[list[str]]:
    """The rows of a CSV as they stand, without its header."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


# ------------------------------------------------------------------------------------------------------------ numbers


def test_files_and_rows_are_those_of_the_exports(home: Path, source: Path) -> None:
    """Counted here from the files: good rows, ids that two exports share, rows that no rule can read."""
    usage = source / "usage"
    plain = [row for name in ("a.csv", "b.csv", "odd.csv") for row in rows_of(usage / name)]
    packed = gzip.decompress((usage / "packed.csv.gz").read_bytes()).decode().splitlines()[1:]
    good = [row[0] for row in plain if row[0] != "e-broken"] + [line.split(",")[0] for line in packed[:-1]]
    good += pl.read_parquet(usage / "table.parquet")["event_id"].to_list()[:-1]
    distinct, rejected = len(set(good)), 3
    assert figures(visit(home)) == {
        "Fichiers chargés": "5",
        "Lignes": str(distinct),
        "Lignes écartées": str(rejected),
        "Fichiers refusés": "3",
    }
    said = texts(visit(home))
    assert FR("data.duplicates", n=len(good) - distinct) in said
    assert FR("data.of_read", n=len(good) + rejected) in said
    assert FR("data.copies", n=1) in said


def test_days_that_no_export_holds_are_named(home: Path) -> None:
    """In words, under the calendar."""
    app = visit(home)
    assert descriptions(app) == [FR("chart.loaded_days.alt")]
    assert FR("data.missing_days", n=2, days="5 déc. 2020 – 6 déc. 2020") in texts(app)


def test_each_refused_file_says_why_and_what_to_do(home: Path) -> None:
    """First of all, and in the list of files before the others."""
    app = visit(home)
    for name, reason in (("empty.csv", "empty"), ("cut.csv.gz", "truncated")):
        assert f"`usage/{name}` · {FR(f'refused.{reason}')}" in texts(app)
    assert FR("refused.missing_column", column="occurred_at") in texts(app)
    states = [row[1] for row in captioned(app, "État")]
    assert states[:3] == [FR("data.status.refused")] * 3
    assert Counter(states) == {"Refusé": 3, "Chargé": 5, "Copie": 1}


def test_files_can_be_listed_by_feed(home: Path) -> None:
    """The table of the feeds is always there; the files of one of them on demand."""
    app = visit(home)
    assert [row[:2] for row in captioned(app, "Fichiers")] == [["usage", "9"]]
    app.selectbox(key="data.files").set_value("usage").run()
    assert len(captioned(app, "État")) == 9


def test_rejects_are_counted_by_what_was_wrong(home: Path) -> None:
    """The column, the reason in words, the shape; never a value."""
    app = visit(home, "viewer")
    assert captioned(app, "Forme") == [
        ["usage", "occurred_at", "Valeur obligatoire vide", "–", "1", "1"],
        ["usage", "occurred_at", "Date d’avant 2000", "9999-99-99A9", "1", "1"],
        ["usage", "occurred_at", "Date et heure illisibles", "9999-99-99A9", "1", "1"],
    ]


def test_drift_is_told_with_its_kind(home: Path) -> None:
    """A folder, a column and an event that the contract does not know."""
    assert [row[:2] for row in captioned(visit(home), "Quoi")] == [
        ["Dossier", "not a feed"],
        ["Colonne", "mood"],
        ["Événement", "quiz_started"],
    ]


def test_every_check_is_listed_with_what_holds(home: Path) -> None:
    """As the headers of the models state them."""
    models = read_models().values()
    expected = {(model.name, name) for model in models for name in (*model.checks, *(["key"] if model.key else []))}
    app, seen = visit(home), set()
    for name in {table_name for table_name, _ in expected}:
        app.selectbox(key="data.checks").set_value(name).run()
        seen |= {(row[0], row[1]) for row in captioned(app, "Vérification")}
    assert seen == expected
    tables = len({name for name, _ in expected})
    assert FR("data.all_held", n=len(expected), tables=tables) in texts(app)


def test_builds_and_runs_are_listed_the_newest_first(home: Path) -> None:
    """The first of the builds is the one that is shown; seconds add up."""
    app, runs = visit(home), workbench.open(home).runs()
    assert [row[0] for row in captioned(app, "Code")] == [run.build for run in runs]
    shown = captioned(app, "Recompté")
    again = len(span(date(2020, 12, 8), LAST))  # the copy's path comes first, so that the days of `b` are counted anew
    assert [row[1:3] for row in shown] == [["Le nouveau", str(again)], ["Tout", str(len(span(FIRST, LAST)))]]
    whole = [run.landing_seconds + run.counting_seconds + run.tables_seconds for run in runs]
    assert [row[-1] for row in shown] == [FR.number(seconds, 1) for seconds in whole]


def test_a_build_from_before_the_log_says_so(home: Path, tmp_path: Path) -> None:
    """Nobody has to publish anew to look at the page."""
    shutil.copytree(home, tmp_path / "home")
    build = tmp_path / "home" / "warehouse" / f"{workbench.open(home).build.id}.duckdb"
    build.chmod(0o644)
    with duckdb.connect(str(build)) as con:
        con.execute("drop table internal.runs")
    assert FR("data.no_runs") in texts(visit(tmp_path / "home"))


def test_exports_without_trouble_say_so(tmp_path: Path) -> None:
    """Nothing set aside, nothing unforeseen, nothing missing."""
    write_csv(tmp_path / "source" / "usage" / "a.csv", USAGE, events([FIRST, FIRST + timedelta(days=1)], 2))
    etl(tmp_path / "home", tmp_path / "source")
    st.cache_data.clear()
    said = texts(visit(tmp_path / "home"))
    assert FR("data.no_rejects") in said
    assert FR("data.no_drift") in said
    assert "chargé :" not in said


# -------------------------------------------------------------------------------------------------- who may see what


def test_only_analysts_see_rejects_line_by_line(home: Path) -> None:
    """Where each stands: file and line, without its value."""
    app = visit(home, "analyst")
    assert [row[:2] for row in captioned(app, "Ligne")] == [
        ["usage/odd.csv", "5"],
        ["usage/packed.csv.gz", "5"],
        ["usage/table.parquet", "4"],
    ]
    assert not any("Ligne" in shown.value.columns for shown in visit(home, "viewer").table)


@pytest.mark.parametrize("role", ["viewer", "analyst", "community"])
def test_raw_lines_are_for_administrators(home: Path, role: str) -> None:
    """A raw line holds whatever somebody exported by mistake."""
    assert "data.raw" not in {box.key for box in visit(home, role).selectbox}


@pytest.mark.parametrize(
    ("chosen", "line"),
    [
        ("usage/odd.csv, 5", BROKEN),
        ("usage/packed.csv.gz, 5", "e-gz,,u1,sign_in,parent,FR,"),
        ("usage/table.parquet, 4", '"event_id": "e-pq", "occurred_at": "1999-01-01T00:00:00Z"'),
    ],
)
def test_an_administrator_reads_a_line_as_it_stands_in_the_source(home: Path, chosen: str, line: str) -> None:
    """Plain, packed or Parquet; and the audit knows who looked at which line."""
    app = visit(home)
    app.selectbox(key="data.raw").set_value(chosen).run()
    assert not app.exception
    assert line in app.code[0].value
    ledger = ledger_of(settings(home))
    with ledger.reading() as session:
        found = session.execute(text("select who, what, entity_id from audit")).all()
    ledger.close()
    assert [tuple(row) for row in found] == [("jane", "reject_read", chosen.rsplit(",", 1)[0])]


def test_an_export_that_changed_or_went_is_not_read_as_if_it_were_the_same(home: Path, source: Path) -> None:
    """The line of another file under the same name would be somebody else's."""
    file = source / "usage" / "odd.csv"
    bytes_before = file.read_bytes()
    try:
        file.write_bytes(bytes_before + b"more")
        app = visit(home)
        app.selectbox(key="data.raw").set_value("usage/odd.csv, 5").run()
        assert "has changed since it landed" in app.warning[0].value
        file.unlink()
        app.run()
        assert "no longer in the source" in app.warning[0].value
        assert not app.code
    finally:
        file.write_bytes(bytes_before)


def test_without_a_ledger_no_line_is_read(home: Path) -> None:
    """What cannot be written down is not done."""
    app = visit(home, reached=False)
    assert FR("data.raw.no_ledger") in texts(app)
    assert "data.raw" not in {box.key for box in app.selectbox}


# --------------------------------------------------------------------------------------------- catalogue and lineage


def lineage(home: Path) -> Lineage:
    """The lineage of the build."""
    asking = Asking(Role.VIEWER, 5)
    page = Page("data", Screen(FR), workbench.open(home), asking, "weekday", FR, "2020-2021", LAST, "jane")
    return Lineage.of(page)


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_leads_down_to_the_feed_it_says(home: Path, name: str) -> None:
    """From its SQL over tables and steps to a folder of exports."""
    assert METRICS[name].feed in lineage(home).feeds(tables_behind(name))


def test_a_metric_stands_on_no_table_that_only_folds_small_cells() -> None:
    """Else every figure would seem to be counted from everything."""
    assert tables_behind("dau") == ("active_users",)
    assert tables_behind("translations") == ("translations",)
    assert tables_behind("activation_rate") == ("build", "classes", "subscriptions")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogue_lists_every_metric(home: Path, language: str) -> None:
    """With its unit and its feeds; and any of them in full: definition, SQL a click away, what it may be cut by."""
    words = Words(language)
    app = visit(home, language=language)
    shown = [(row[0], row[1], row[-1].split(", ")) for row in captioned(app, words("column.metric"))]
    assert [row[:2] for row in shown] == [
        (words(f"metric.{name}.name"), words(f"unit.{metric.unit}")) for name, metric in METRICS.items()
    ]
    assert all(metric.feed in feeds for metric, (_, _, feeds) in zip(METRICS.values(), shown, strict=True))
    app.selectbox(key="data.metric").set_value("arr_eur").run()
    assert words("metric.arr_eur.definition") in texts(app)
    assert ", ".join(METRICS["arr_eur"].by) in texts(app)


def test_a_report_has_every_definition(home: Path, source: Path, tmp_path: Path) -> None:
    """On paper nobody can choose: the whole catalogue, every file and every check stand there."""
    write_report(settings(home), "data", tmp_path / "data.html")
    html = tmp_path.joinpath("data.html").read_text(encoding="utf-8")
    assert all(escape(FR(f"metric.{name}.definition")) in html for name in METRICS)
    assert all(f"<td>usage/{path.name}</td>" in html for path in (source / "usage").iterdir())
    assert "everything_has_a_meaning" in html


def test_a_chosen_metric_is_followed_to_its_files(home: Path) -> None:
    """A list in a list, with the number of files at its end."""
    app = visit(home)
    app.selectbox(key="data.metric").set_value("translations").run()
    tree = next(shown.value for shown in app.markdown if shown.value.startswith("- **Traductions**"))
    assert [line.split(" · ")[0] for line in tree.splitlines()][1:] == [
        "  - `translations`",
        "    - `horizon`",
        "      - `usage/`",
        "    - `settled_translations`",
        "      - `translations/`",
    ]
    assert FR("data.lineage.files", n=5) in tree


def test_every_reason_for_a_reject_or_a_refusal_has_words() -> None:
    """A reason is a code in the tables and a phrase on the page."""
    sources = [*ETL.glob("readers/*.py"), *ETL.glob("normalise/*.py"), ETL / "values.py"]
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    refusals = {reason.split(":")[0] for reason in re.findall(r'Refused\(f?"(\w+)', code)} | {"truncated"}
    known = re.findall(r'"((?:unreadable|unknown|bad|empty|too|in|nested)_\w+|ragged)"', code)
    for language in LANGUAGES:
        words = Words(language)
        assert all(words(f"refused.{reason}", column="x") for reason in refusals)
        assert all(words(f"rejected.{reason}") for reason in set(known) - refusals)
