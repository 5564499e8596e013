"""docs/: what is written there of the code is what the code says and does."""

import importlib
import os
import pkgutil
import re
import runpy
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import PHONE, visitor
from playwright.sync_api import Browser
from test_layout import LAYERS
from tiny import etl, settings

import workbench
from workbench.access import refuse_if_exposed
from workbench.cli import cli
from workbench.errors import Exposed, WorkbenchError
from workbench.etl.build import read_models
from workbench.etl.feeds import FEEDS
from workbench.metrics import METRICS
from workbench.text import typeset
from workbench.warehouse import Warehouse

DOCS = Path(__file__).resolve().parent.parent / "docs"
PACKAGE = Path(workbench.__file__).parent
GENERATED: dict[str, Any] = runpy.run_path(str(DOCS / "generated.py"))
SITE: dict[str, Any] = runpy.run_path(str(DOCS / "site.py"))
MARKDOWN = sorted(path.name for path in DOCS.glob("*.md"))
WORLDS: list[dict[str, Any]] = GENERATED["worlds"]()
EXAMPLES = [(world, name) for world in WORLDS for name in world["metric"]]


def page(name: str) -> str:
    """A page of docs/."""
    return (DOCS / name).read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[str]:
    """The code blocks of a page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page(name), re.MULTILINE | re.DOTALL)


def write_feeds(source: Path, feeds: dict[str, str]) -> Path:
    """Exports as a page shows them: one CSV a feed."""
    for feed, text in feeds.items():
        (source / feed).mkdir(parents=True)
        lines = GENERATED["export_lines"](text)
        (source / feed / f"{feed}.csv").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return source


# ---------------------------------------------------------------------------------------------- generated pages


@pytest.mark.parametrize("name", GENERATED["PAGES"])
def test_generated_pages_say_what_the_code_says(name: str) -> None:
    """A stale page misleads: after a change of a model or a metric, `python docs/generated.py` writes it anew."""
    assert page(name) == GENERATED["PAGES"][name]()


def test_the_dictionary_has_every_table_and_every_column() -> None:
    """What an analyst may rely on can be looked up, whatever wrote the page."""
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", page("dictionary.md"), re.MULTILINE | re.DOTALL))
    listed = {name: re.findall(r"^\| `(\w+)`", body, re.MULTILINE) for name, body in sections.items()}
    assert listed == {name: [column.name for column in model.columns] for name, model in read_models().items()}


def test_the_catalogue_has_every_metric_with_one_example() -> None:
    """A figure without an example is one that nobody checks by hand."""
    assert sorted(name for _, name in EXAMPLES) == sorted(METRICS)
    assert sorted(re.findall(r"^### (\w+)$", page("metrics.md"), re.MULTILINE)) == sorted(METRICS)


# ---------------------------------------------------------------------------------------------- worked examples


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Warehouse]]:
    """The build of a world, by its title; each is built once."""
    kept: list[Warehouse] = []

    @cache
    def build(title: str) -> Warehouse:
        folder = tmp_path_factory.mktemp("world")
        world = next(world for world in WORLDS if world["title"] == title)
        report = etl(folder / "home", write_feeds(folder / "source", world["feeds"]))
        assert (report.exit_code, [feed.rejected for feed in report.feeds if feed.rejected]) == (0, [])
        kept.append(workbench.open(folder / "home"))
        return kept[-1]

    yield build
    for warehouse in kept:
        warehouse.close()


def expected(answer: Any) -> Any:
    """An answer as examples.toml writes it: a number, `2/3`, or one of these for each group."""
    if isinstance(answer, dict):
        return {key: expected(value) for key, value in answer.items()}
    return pytest.approx(float(Fraction(answer)))


@pytest.mark.parametrize(("world", "name"), EXAMPLES, ids=[name for _, name in EXAMPLES])
def test_a_worked_example_has_the_answer_it_gives(
    opened: Callable[[str], Warehouse], world: dict[str, Any], name: str
) -> None:
    """The catalogue can be checked by hand: what it says of eight rows is what the ETL and the metric make of them."""
    example = world["metric"][name]
    rows = opened(world["title"]).metric(name, **example["asked"]).pl()
    by = example["asked"].get("by", [])
    if by:
        assert dict(rows.select(*by, pl.col(name).cast(pl.Float64)).rows()) == expected(example["answer"])
    else:
        assert float(rows[name].sum()) == expected(example["answer"])


# ---------------------------------------------------------------------------------------------- the feed contract


def samples() -> dict[str, str]:
    """The sample of each feed on the page of the contract."""
    return dict(
        re.findall(r"^## (\w+)\n(?:(?!^## ).)*?^```csv\n(.*?)^```$", page("feeds.md"), re.MULTILINE | re.DOTALL)
    )


def test_the_contract_shows_every_column_of_every_feed() -> None:
    """The page, the code and the README promise the same to whoever exports."""
    headers = {feed: text.splitlines()[0].split(",") for feed, text in samples().items()}
    assert headers == {name: list(dict.fromkeys(c.name for c in feed.columns)) for name, feed in FEEDS.items()}
    for name, feed in FEEDS.items():
        lead = re.search(rf"^## {name}\n(.*?)^```", page("feeds.md"), re.MULTILINE | re.DOTALL)
        assert lead is not None
        assert re.findall(r"`(\w+)\*`", lead[1]) == list(feed.required)
        assert set(headers[name]) <= set(re.findall(r"`(\w+)\*?`", lead[1]))


def test_the_samples_of_the_contract_land_without_a_reject(tmp_path: Path) -> None:
    """Who copies a sample has an export."""
    report = etl(tmp_path / "home", write_feeds(tmp_path / "source", samples()))
    rows = {feed: len(text.splitlines()) - 1 for feed, text in samples().items()}
    assert {line.feed: (line.rows, line.rejected, line.refused) for line in report.feeds} == {
        feed: (count, 0, 0) for feed, count in rows.items()
    }
    assert report.exit_code == 0
    assert workbench.open(tmp_path / "home").sql("from drift").rows() == []


def test_a_row_that_cannot_be_read_is_set_aside_as_the_contract_shows(tmp_path: Path) -> None:
    """Line, column, reason and shape are what one finds the row by; the rest of the file lands."""
    (text,) = blocks("feeds.md", "csv rejected")
    report = etl(tmp_path / "home", write_feeds(tmp_path / "source", {"usage": text}))
    (_, told) = page("feeds.md").split("leaves two in `rejects`:")
    cells = re.findall(r"^\| (\d+) \| `(\w+)` \| `(\w+)` \| (?:`(.*)`)? *\|$", told, re.MULTILINE)
    rejects = workbench.open(tmp_path / "home").sql("select line, column_name, reason, shape from rejects order by 1")
    assert report.exit_code == 0
    assert rejects.rows() == [(int(line), *rest) for line, *rest in cells]
    assert len(cells) == 2


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("empty", ""),
        ("no_header", "e-1,2020-11-30T08:15:00Z\n"),
        ("missing_column:user_id", "event_id,occurred_at,event\n"),
    ],
)
def test_a_refused_file_has_a_reason_that_the_contract_names(tmp_path: Path, reason: str, text: str) -> None:
    """Exit code 3, and a word one can look up."""
    (tmp_path / "source" / "usage").mkdir(parents=True)
    (tmp_path / "source" / "usage" / "a.csv").write_text(text, encoding="utf-8")
    report = etl(tmp_path / "home", tmp_path / "source")
    assert (report.exit_code, [line.reason for line in report.files]) == (3, [reason])
    assert f"`{reason}`" in page("feeds.md")


# ---------------------------------------------------------------------------------------------- ten questions

SEEN = "day between date '2020-11-03' and date '2020-11-30'"
MEMBERS = "(values ('initiale', 100), ('standard', 200), ('plus', 400)) as offer(plan, most)"
UNDER_WAY = (
    "starts_on <= (select data_until from build) and least(ends_on, cancelled_on) > (select data_until from build)"
)
OTHERWISE: dict[int, str] = {
    1: f"""select count(*) from (
        select user_key, arg_max(country, day) as country, arg_max(role, day) as role
        from user_day where {SEEN} group by 1
    ) where country = 'BE' and role = 'teacher'""",
    2: f"""select count(*) from subscriptions join classes using (class_key) join {MEMBERS} using (plan)
        where {UNDER_WAY} and archived_on is null and members / most > 0.95""",
    3: "select sum(mau) from active_users where day between '2020-09-01' and '2020-11-30'",
    4: f"select count(distinct user_key) from user_day where {SEEN}",
    5: """select count(*) from (select user_key, min(day) as first from user_day group by 1)
        where first between '2020-09-07' and '2020-09-13'""",
    6: "select sum(translations) from translations",
    7: "select sum(classes) from countries",
    8: f"select sum(price_eur + if(confort_famille, confort_price_eur, 0)) from subscriptions where {UNDER_WAY}",
    9: "select max(users_28d) from (select feature, sum(users_28d) as users_28d from features"
    " where day = '2020-11-30' and role = 'teacher' group by 1)",
    10: "select sum(rejected) from files",
}
"""The number that an answer comes down to, by another way: from single days, or from another table."""

NUMBER: dict[int, Callable[[Any], Any]] = {
    1: lambda answer: answer,
    2: lambda answer: answer.height,
    3: lambda answer: answer.drop("day").sum_horizontal().sum(),
    4: lambda answer: answer["new"] + answer["retained"] + answer["resurrected"],
    5: lambda answer: answer["users"][0],
    6: lambda answer: answer["translations"].sum(),
    7: lambda answer: answer["created"].sum(),
    8: lambda answer: answer["arr_eur"].sum(),
    9: lambda answer: answer["feature_users"][0],
    10: lambda answer: answer["rows"].sum(),
}
"""The same number out of the page's answer."""

EMPTY_ON_THE_SAMPLE = {2}
"""In the small sample no class is near its limit."""


@dataclass(frozen=True)
class Sample:
    """The sample's build, and the names that every answer begins with."""

    warehouse: Warehouse
    names: dict[str, Any]


@pytest.fixture(scope="module")
def sample(sample_home: Path) -> Iterator[Sample]:
    """The sample, opened as the page of the questions does."""
    (setup,) = blocks("questions.md", "python setup")
    names: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(sample_home))
        exec(setup, names)
    yield Sample(names["wh"], names)
    names["wh"].close()


def test_there_are_ten_questions_and_each_takes_three_lines_at_most() -> None:
    """More than that is a notebook."""
    answers = blocks("questions.md", "python")
    assert len(answers) == 10
    assert [len(text.splitlines()) for text in answers if len(text.splitlines()) > 3] == []
    assert [line for text in answers for line in text.splitlines() if len(line) > 120] == []


@pytest.mark.parametrize("number", OTHERWISE)
def test_an_answer_is_what_another_way_of_counting_gives(sample: Sample, number: int) -> None:
    """A newcomer copies these lines: they run as they stand, and they are right."""
    names = dict(sample.names)
    exec(blocks("questions.md", "python")[number - 1], names)
    again = sample.warehouse.sql(OTHERWISE[number]).rows()[-1][0]
    assert NUMBER[number](names["answer"]) == again
    assert again > 0 or number in EMPTY_ON_THE_SAMPLE


def test_the_question_of_full_classes_finds_the_one_there_is(opened: Callable[[str], Warehouse]) -> None:
    """An answer that is empty on the sample is shown to be right where there is something to find."""
    wh = opened("Limits")
    names: dict[str, Any] = {"wh": wh, "last": wh.build.data_until, "pl": pl}
    exec(blocks("questions.md", "python")[1], names)
    assert names["answer"].select("plan", "members").rows() == [("plus", 390)]


# ---------------------------------------------------------------------------------------------- the guide in French

GUIDE = page("exploitation.md")
CODE = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
MESSAGES: dict[str, str] = {
    name: said for said, name in re.findall(r"^\| \*(.+?)\*.*? \(`(\w+)`\) \|", GUIDE, re.MULTILINE)
}
NOT_OURS = {"PortTaken", "QueryInvalid"}
"""What the system or DuckDB says itself."""


def failures(kind: type[WorkbenchError] = WorkbenchError) -> Iterator[str]:
    """The names of every failure a person may meet, wherever in the package it is defined."""
    for below in kind.__subclasses__():
        if below.__module__.startswith("workbench.") and not below.__name__.startswith("_"):
            yield below.__name__
        yield from failures(below)


def test_the_guide_has_a_remedy_for_every_failure_a_person_may_meet() -> None:
    """Who is stopped by a line of English finds there, in French, what to do; and nothing that cannot happen."""
    for module in pkgutil.walk_packages(workbench.__path__, "workbench."):
        if not re.search(r"__main__|migrations|\.(app|pages)\.", module.name + "."):
            importlib.import_module(module.name)
    importlib.import_module("workbench.app.report")
    assert sorted(MESSAGES) == sorted(set(failures()))


@pytest.mark.parametrize("name", sorted(set(MESSAGES) - NOT_OURS))
def test_a_message_is_quoted_as_the_code_says_it(name: str) -> None:
    """One looks for the words one has before one's eyes."""
    pieces = [piece.strip() for piece in re.split(r" / |…", MESSAGES[name]) if len(piece.strip()) > 2]
    assert [piece for piece in pieces if piece not in CODE] == []
    assert pieces


def test_the_guide_names_every_reason_for_which_a_file_is_refused() -> None:
    """The reason is a word of the code's; what to do about it stands beside it."""
    reasons = set(re.findall(r'\braise Refused\(f?"(\w+)', CODE))
    assert reasons == set(re.findall(r"^\| `(\w+)(?::…)?` \|", GUIDE, re.MULTILINE))


def test_the_guide_is_set_as_french() -> None:
    """No-break spaces before ; : ! ? % and inside « », outside code and quoted messages."""
    prose = re.sub(
        r"^```.*?^```$|`[^`\n]+`|\*[A-Za-z][^*\n]*\*(?=[ ,].*\(`)", "", GUIDE, flags=re.MULTILINE | re.DOTALL
    )
    assert typeset(prose) == prose
    assert "'" not in re.sub(r"https?://\S+", "", prose)


def test_what_the_guide_says_is_not_there_yet_is_not_there_yet(tmp_path: Path) -> None:
    """Erasure, backup, a login: whoever adds one has the guide to put right."""
    assert {"privacy", "backup", "restore"} & set(cli.commands) == set()
    with pytest.raises(Exposed):
        refuse_if_exposed(settings(tmp_path, public_url="https://atelier.example"))


def test_a_home_comes_back_from_its_backup_as_the_guide_says(tmp_path: Path) -> None:
    """The commands run as they stand: the same people under the same keys, the same pseudonyms in a build made anew."""
    checkout, home, source = tmp_path, tmp_path / "data", tmp_path / "exports"
    write_feeds(source, samples())
    (checkout / ".venv").symlink_to(Path(sys.prefix))
    etl(home, source)
    keys = "select user_key from users order by 1"
    before, audited = workbench.open(home).sql(keys).rows(), _audited(home)
    own = {name: value for name, value in os.environ.items() if not name.startswith("WORKBENCH_")}
    given = own | {"WORKBENCH_HOME": str(home), "WORKBENCH_SOURCE": str(source)}
    for step in ("sauvegarde", "retablir"):
        (script,) = blocks("exploitation.md", f"sh {step}")
        subprocess.run(["bash", "-euc", script], cwd=checkout, env=given, check=True, capture_output=True)
        if step == "sauvegarde":
            shutil.rmtree(home)
    assert workbench.open(home).sql(keys).rows() == before
    assert _audited(home)[: len(audited)] == audited
    assert len(audited) > 0
    assert {
        path.stat().st_mode & 0o077 for path in (checkout / "sauvegarde").iterdir() if path.name != "home.json"
    } == {0}


def _audited(home: Path) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(home / "ledger.sqlite")) as ledger:
        return ledger.execute("select * from class_names order by 1").fetchall()


# ---------------------------------------------------------------------------------------------- the pages together


def links(name: str) -> list[tuple[str, str]]:
    """The files and anchors that a page leads to, within docs/."""
    prose = re.sub(r"^```.*?^```$|`[^`\n]+`", "", page(name), flags=re.MULTILINE | re.DOTALL)
    found = re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", prose)
    return [(file or name, anchor) for file, anchor in found]


def anchors(name: str) -> list[str]:
    """The anchors of a page."""
    prose = re.sub(r"^```.*?^```$", "", page(name), flags=re.MULTILINE | re.DOTALL)
    return [SITE["slug"](heading.replace("`", "")) for heading in re.findall(r"^#+ (.+)$", prose, re.MULTILINE)]


@pytest.mark.parametrize("name", MARKDOWN)
def test_every_link_leads_somewhere(name: str) -> None:
    """To a file that is there, and to a heading of it that is there once."""
    assert [file for file, _ in links(name) if not (DOCS / file).is_file()] == []
    assert [(file, anchor) for file, anchor in links(name) if anchor and anchors(file).count(anchor) != 1] == []


def test_the_index_leads_to_every_page_and_the_site_has_them_all() -> None:
    """A page that nothing leads to is not found."""
    assert {file for file, _ in links("index.md")} | {"index.md"} == set(MARKDOWN)
    assert {f"{name}.md" for name in SITE["PAGES"]} == set(MARKDOWN)


def test_the_architecture_shows_the_layers_that_the_imports_keep() -> None:
    """The page and the test of the imports say the same."""
    (text,) = blocks("architecture.md", "text layers")
    assert tuple(set(line.split()) for line in text.splitlines()) == tuple(
        set(layer) - {"__init__"} for layer in LAYERS
    )


@pytest.mark.parametrize("name", MARKDOWN)
def test_every_path_a_page_names_is_in_the_checkout(name: str) -> None:
    """Where to look for what: it is there."""
    paths = re.findall(r"`((?:workbench|docs|tests|notebooks)/[\w./-]+)`", page(name))
    new = {path for _, path, _ in re.findall(r"^```(\w+ new) (\S+)\n()", page(name), re.MULTILINE)}
    made = {"workbench/text/es"} | new
    assert [path for path in paths if path not in made and not (DOCS.parent / path).exists()] == []


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site."""
    folder = tmp_path_factory.mktemp("site")
    SITE["build"](folder)
    return folder


def test_the_site_needs_nothing_from_elsewhere(site: Path) -> None:
    """No script, no font, no picture of another server: it opens from a folder."""
    for file in site.glob("*.html"):
        written = file.read_text(encoding="utf-8")
        assert "<script" not in written
        assert [
            found for found in re.findall(r'(?:src|href)="([^"]+)"', written) if found.startswith(("http", "//"))
        ] == []
        assert [name for name in re.findall(r'(?:src|href)="([\w.-]+)', written) if not (site / name).is_file()] == []
    assert 'lang="fr"' in (site / "exploitation.html").read_text(encoding="utf-8")


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["dark", pytest.param("light", marks=pytest.mark.soak)])
def test_the_site_reads_well_on_a_phone_by_day_and_by_night(browser: Browser, site: Path, scheme: str) -> None:
    """Nothing is wider than the screen but what scrolls in its own frame; axe has nothing to say."""
    with visitor(browser, PHONE, scheme) as came:
        tab = came.new_page()
        for name in SITE["PAGES"]:
            tab.goto((site / f"{name}.html").as_uri())
            assert tab.evaluate("document.documentElement.scrollWidth") == PHONE[0], name
            found = Axe().run(tab).response["violations"]
            assert [(rule["id"], rule["nodes"][0]["target"]) for rule in found] == [], name
        paper = tab.evaluate("getComputedStyle(document.body).backgroundColor")
        assert paper == {"light": "rgb(251, 247, 240)", "dark": "rgb(30, 27, 31)"}[scheme]
