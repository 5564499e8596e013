"""The notebooks: run from a clean kernel elsewhere, their figures counted anew, and nobody in them to be recognised.

Each runs once on the small sample; `make soak` runs them on the sample of default size too.
"""

import json
import os
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import nbformat
import polars as pl
import pytest
from browsing import build_sample
from command_line import workbench as command
from ledgers import KEY
from nbclient import NotebookClient
from test_cli import assert_one_line, workbench

from workbench import open as open_build
from workbench.cli.notebooks import UnknownNotebook, notebook_path
from workbench.errors import NothingPublished
from workbench.ledger import open_ledger
from workbench.surveys.results import results
from workbench.warehouse import Warehouse

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
NUMBERS = [path.stem[:2] for path in NOTEBOOKS]
HEADINGS = ["Question", "Données", "Méthode", "Réponse", "Doute"]
TODAY = date(2020, 12, 15)
FIGURES = "import json\nprint(json.dumps(chiffres, default=float))"

Figures = dict[str, Any]


@dataclass(frozen=True)
class Ran:
    """A notebook that has run: everything it shows, and its key figures."""

    shown: tuple[str, ...]
    complaints: tuple[str, ...]
    figures: Figures


class Bench:
    """A HOME and the notebooks that ran on it, each once, from another folder."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.home, self.folder = home, folder
        self._ran: dict[str, Ran] = {}

    def ran(self, number: str) -> Ran:
        """A notebook after its run."""
        if number not in self._ran:
            self._ran[number] = run(notebook_path(FOLDER, number), self.home, self.folder)
        return self._ran[number]

    @cached_property
    def warehouse(self) -> Warehouse:
        """The build they ran on."""
        return open_build(self.home)

    @cached_property
    def active_days(self) -> pl.DataFrame:
        """Every user's active days."""
        return self.warehouse.sql("select user_key, day from user_day").pl()

    @property
    def until(self) -> date:
        """The last day of the data."""
        until = self.warehouse.build.data_until
        assert until
        return until


def run(path: Path, home: Path, folder: Path) -> Ran:
    """A notebook in a kernel of its own; its figures are asked for by a cell that only this run has."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(FIGURES))
    own = {name: value for name, value in os.environ.items() if not name.startswith("WORKBENCH_")}
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=600,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute(env=own | {"WORKBENCH_HOME": str(home)})
    *cells, last = (cell for cell in notebook.cells if cell.cell_type == "code")
    outputs = [output for cell in cells for output in cell.outputs]
    shown = [text for output in outputs for text in output.get("data", {}).values()]
    complaints = [output.text for output in outputs if output.output_type == "stream"]
    return Ran(tuple(shown), tuple(complaints), json.loads(last.outputs[0].text))


@pytest.fixture(scope="module", params=["small", pytest.param("default size", marks=pytest.mark.soak)])
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The sample, small or of default size, with its notebooks."""
    home: Path
    if request.param == "small":
        home = request.getfixturevalue("sample_home")
    else:
        home = tmp_path_factory.mktemp("default") / "home"
        build_sample(home, 0.02)
    made = Bench(home, tmp_path_factory.mktemp("elsewhere"))
    yield made
    made.warehouse.close()


# ------------------------------------------------------------------------------------------------------- the files


def test_there_are_seven_notebooks() -> None:
    """First steps, retention, lockdown, translations, questionnaire, subscriptions, ambassadors."""
    assert [f"{number:02}" for number in range(1, 8)] == NUMBERS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NUMBERS)
def test_a_notebook_is_kept_without_outputs(path: Path) -> None:
    """Figures of few people are figures about them; and a file that only changes when somebody changes it."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [(cell.outputs, cell.execution_count) for cell in code] == [([], None)] * len(code)
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NUMBERS)
def test_a_notebook_states_question_data_method_answer_and_doubt(path: Path) -> None:
    """In that order, under these names."""
    cells = nbformat.read(path, as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS


# ---------------------------------------------------------------------------------------------------------- the runs


@pytest.mark.parametrize("number", NUMBERS)
def test_a_notebook_runs_to_its_end_without_a_warning(bench: Bench, number: str) -> None:
    """From a clean kernel, in another folder; what it has to say is shown, not printed."""
    ran = bench.ran(number)
    assert ran.complaints == ()
    assert ran.figures
    assert any("<svg" in text for text in ran.shown) or number in ("04", "07")  # too few classes for a comparison


def people_of(home: Path) -> Iterator[str]:
    """Everything in the ledger that names somebody or that somebody wrote."""
    with closing(sqlite3.connect(f"file:{home / 'ledger.sqlite'}?mode=ro", uri=True)) as ledger:
        for row in ledger.execute("select name, email, school, commune from people"):
            yield from filter(None, row)
        yield from (text for (text,) in ledger.execute("select text from answers where text like '%_ _%'"))
        yield from (text for (text,) in ledger.execute("select text from bugs"))
        yield from (app_id for (app_id,) in ledger.execute("select app_id from app_ids"))


def own_ids(home: Path) -> Iterator[str]:
    """The app's own ids of classes and payers."""
    with closing(sqlite3.connect(f"file:{home / 'ledger.sqlite'}?mode=ro", uri=True)) as ledger:
        for row in ledger.execute("select class_id, payer_code from class_names"):
            yield from filter(None, row)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_notebook_shows_nobody(bench: Bench, number: str) -> None:
    """No address, no name, no sentence anybody wrote, no id of the app's."""
    shown = "\n".join(bench.ran(number).shown)
    texts = {*people_of(bench.home), *own_ids(bench.home)}
    assert len(texts) > 300
    assert "@" not in shown
    found = [text for text in texts if re.search(rf"(?<!\w){re.escape(text)}(?!\w)", shown)]
    assert found == []


# ------------------------------------------------------------------------------------------------------- the figures


def on(bench: Bench, name: str, **cut: Any) -> float:
    """A metric of the catalogue on the last day, or up to it."""
    daily = {"since": bench.until} if name in {"dau", "wau", "mau", "new", "retained", "resurrected", "churned"} else {}
    return float(bench.warehouse.metric(name, until=bench.until, **daily, **cut).pl()[name].sum())


def actives(bench: Bench, days: int, until: date | None = None) -> set[int]:
    """Users with an event in so many days up to one."""
    last = until or bench.until
    between = pl.col("day").is_between(last - timedelta(days=days - 1), last)
    return set(bench.active_days.filter(between)["user_key"])


def first_steps(bench: Bench) -> Figures:
    """Active users counted from the lake, accounts and countries from the catalogue."""
    counted = {name: len(actives(bench, days)) for name, days in (("dau", 1), ("wau", 7), ("mau", 28))}
    assert counted == {name: on(bench, name) for name in counted}
    return counted | {name: on(bench, name) for name in ("users", "countries")}


def growth(bench: Bench) -> Figures:
    """The sets of the definition, and the catalogue; who is back after four weeks from each user's first week."""
    before = bench.until - timedelta(days=28)
    now, then = actives(bench, 28), actives(bench, 28, before)
    ever = actives(bench, 10_000, before)
    counted = {
        "new": len(now - ever),
        "retained": len(now & then),
        "resurrected": len((now - then) & ever),
        "churned": len(then - now),
        "mau": len(now),
    }
    assert counted == {name: on(bench, name) for name in counted}
    weeks = bench.active_days.select("user_key", week=pl.col("day").dt.truncate("1w")).unique()
    firsts = weeks.group_by("user_key").agg(pl.col("week").min().alias("first"))
    firsts = firsts.filter(pl.col("first") + pl.duration(days=34) <= bench.until)
    back = firsts.with_columns((pl.col("first") + pl.duration(weeks=4)).alias("week")).join(
        weeks, on=["user_key", "week"]
    )
    return counted | {"retour_semaine_4": len(back) / len(firsts), "ecart": 0}


def lockdown(bench: Bench) -> Figures:
    """Arrivals by each user's first day, and who of them came back from 1 September 2020 on."""
    firsts = bench.active_days.group_by("user_key").agg(pl.col("day").min())
    back = set(bench.active_days.filter(pl.col("day") >= date(2020, 9, 1))["user_key"])
    periods = {"avant": (date(2019, 9, 2), date(2020, 3, 8)), "pendant": (date(2020, 3, 9), date(2020, 5, 10))}
    counted: Figures = {}
    for name, (since, until) in periods.items():
        arrived = set(firsts.filter(pl.col("day").is_between(since, until))["user_key"])
        counted |= {f"arrives_{name}": len(arrived), f"part_{name}": len(arrived & back) / len(arrived)}
        weeks = "select coalesce(sum(users), 0)::int from retention where week = 0 and cohort_week between $a and $b"
        assert bench.warehouse.sql(weeks, {"a": since, "b": until}).rows() == [(len(arrived),)]
    return counted


def translations(bench: Bench) -> Figures:
    """The catalogue; classes alive after three months by the table of milestones."""
    counted: Figures = {
        name: on(bench, name)
        for name in ("translations", "translated_posts", "translation_failures", "translating_share")
    }
    rows = bench.warehouse.sql(
        """
        select class_key in (
                select class_key from translated_posts as p where p.class_key = c.class_key
                    and p.first_day between c.created_on and c.created_on + 27
            ) as translated,
            class_key in (select class_key from class_milestones where months = 3) as alive
        from classes as c
        where created_on + 111 <= $until and not is_charter_class and class_key in (
            select a.class_key from class_activity as a where a.class_key = c.class_key
                and a.day between c.created_on and c.created_on + 27
        )
        """,
        {"until": bench.until},
    ).rows()
    counted["classes_suivies"] = len(rows)
    for name, wanted in (("traduit", True), ("autres", False)):
        lives = [alive for translated, alive in rows if translated == wanted]
        counted[f"vivantes_{name}"] = sum(lives) / len(lives) if len(lives) >= 5 else None
    return counted


def questionnaire(bench: Bench) -> Figures:
    """The score of each form and quarter as the page of questionnaires has it, from the ledger."""
    zone, known = ZoneInfo("Europe/Paris"), open_ledger(f"sqlite:///{bench.home / 'ledger.sqlite'}", KEY)
    quarters = bench.warehouse.sql("select distinct form, quarter from answers order by all").rows()
    found = {f"{form} {quarter}": results(known, form, quarter, TODAY, zone).nps for form, quarter in quarters}
    known.close()
    scores: Figures = {name: round(nps.score, 6) for name, nps in found.items() if nps and nps.n >= 5}
    active = "select count(*) from ambassadors where status = 'active' and since <= $until"
    return scores | {"actifs": bench.warehouse.sql(active, {"until": bench.until}).rows()[0][0]}


def subscriptions(bench: Bench) -> Figures:
    """The catalogue; ARR once more from the rows; what was renewed from the catalogue's share."""
    names = ("arr_eur", "paying_classes", "limit_pressure", "nrr", "grr", "renewal_share")
    counted: Figures = {name: on(bench, name) for name in names}
    held = bench.warehouse.sql("select * from subscriptions").pl()
    active = (pl.col("starts_on") <= bench.until) & (pl.min_horizontal("ends_on", "cancelled_on") > bench.until)
    confort = pl.when("confort_famille").then(pl.col("confort_price_eur").fill_null(0)).otherwise(0)
    assert float(held.filter(active).select((pl.col("price_eur") + confort).sum()).item()) == counted["arr_eur"]
    share = counted["renewal_share"]
    return counted | {"point_mort_10": share / 1.1 if bench.ran("06").figures["finis"] >= 5 else None}


def ambassadors(bench: Bench) -> Figures:
    """The classes once more, matched one by one in plain Python."""
    rows = bench.warehouse.sql(
        """
        select c.class_key as key, c.created_on, c.country, coalesce(c.level, '') as level,
            c.class_key in (
                select class_key from ambassador_classes join ambassadors using (ambassador_key) where status = 'active'
            ) as theirs,
            coalesce(sum(a.active_members), 0)::int as presences
        from classes as c left join class_activity as a
            on a.class_key = c.class_key and a.day between $until::date - 83 and $until
        where c.created_on < $until::date - 83 and (c.archived_on is null or c.archived_on > $until)
            and not c.is_charter_class
        group by all
        """,
        {"until": bench.until},
    ).pl()
    theirs = [row for row in rows.iter_rows(named=True) if row["theirs"]]
    others = [row for row in rows.iter_rows(named=True) if not row["theirs"]]
    pairs = {row["key"]: near(row, others) for row in theirs}
    matched = [row for row in theirs if pairs[row["key"]]]
    counted: Figures = {"classes": len(theirs), "autres": len(others), "appariees": len(matched)}
    if len(matched) < 5:
        return counted
    own = sum(row["presences"] for row in matched) / len(matched)
    means = [sum(other["presences"] for other in pairs[row["key"]]) / len(pairs[row["key"]]) for row in matched]
    return counted | {"presences_leurs": own, "presences_ecart": own - sum(means) / len(means)}


def near(row: Mapping[str, Any], others: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The five classes of the same country, school year and level whose day of creation is nearest."""

    def kind(one: Mapping[str, Any]) -> tuple[object, ...]:
        year = one["created_on"].year - (one["created_on"].month < 9)
        return one["country"], one["level"], year

    alike = [other for other in others if kind(other) == kind(row)]
    return sorted(alike, key=lambda one: (abs((one["created_on"] - row["created_on"]).days), one["key"]))[:5]


COUNTED: dict[str, Callable[[Bench], Figures]] = {
    "01": first_steps,
    "02": growth,
    "03": lockdown,
    "04": translations,
    "05": questionnaire,
    "06": subscriptions,
    "07": ambassadors,
}


@pytest.mark.parametrize("number", NUMBERS)
def test_a_notebook_says_what_the_catalogue_and_the_rows_say(bench: Bench, number: str) -> None:
    """Key figures, counted here in another way."""
    counted, said = COUNTED[number](bench), bench.ran(number).figures
    assert {name: said[name] for name in counted} == pytest.approx(counted)


# --------------------------------------------------------------------------------------------------------- the command


def test_the_command_writes_a_notebook_as_one_file_that_fetches_nothing(sample_home: Path, tmp_path: Path) -> None:
    """Run anew on the published build; its own file stays as it was."""
    before, out = notebook_path(FOLDER, "01").read_bytes(), tmp_path / "one.html"
    done = workbench(sample_home, "report", "notebook", "01", "--out", str(out))
    assert (done.returncode, done.stderr) == (0, "")
    html = out.read_text(encoding="utf-8")
    assert "Premiers pas" in html
    assert "Données d’exemple." in html
    assert open_build(sample_home).build.id in html
    assert "<script" not in html
    assert re.findall(r"""(?:src|href)=["']?(?:https?:)?//""", html) == []
    assert notebook_path(FOLDER, "01").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["one.html"]


def test_a_notebook_that_cannot_be_written_is_refused_in_one_line(sample_home: Path, tmp_path: Path) -> None:
    """Which ones there are, and what is missing; days and countries are a page's."""
    out = str(tmp_path / "one.html")
    assert_one_line(command(sample_home, "report", "notebook", "99", "--out", out), 1, "99", "02-retention")
    assert_one_line(command(tmp_path, "report", "notebook", "01", "--out", out), 1, "no build", "etl run")
    assert command(sample_home, "report", "notebook", "--out", out).returncode == 2
    assert command(sample_home, "report", "notebook", "01", "--country", "FR", "--out", out).returncode == 2
    assert command(sample_home, "report", "users", "01", "--out", out).returncode == 2
    with pytest.raises(UnknownNotebook, match="checkout"):
        notebook_path(tmp_path, "01")
    with pytest.raises(NothingPublished):
        open_build(tmp_path)


def test_without_jupyter_the_command_says_what_to_install(sample_home: Path, tmp_path: Path) -> None:
    """The app alone has no Jupyter: a package of that name that cannot be imported stands in its place."""
    (tmp_path / "nbclient.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'nbclient'\", name='nbclient')\n"
    )
    out = str(tmp_path / "one.html")
    done = workbench(sample_home, "report", "notebook", "01", "--out", out, PYTHONPATH=str(tmp_path))
    assert_one_line(done, 1, "nbclient is not installed", "notebooks")
