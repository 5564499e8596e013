"""Reports: the same page as on the screen, in one file that needs nothing else.

The page of the screen and the page of the report are both made by the real page on a build that the real ETL made.
"""

import re
import resource
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from html.parser import HTMLParser
from itertools import product
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from command_line import workbench as command
from pages_home import SMALL_COUNTRY, Truth, in_french, write_exports
from playwright.sync_api import Browser
from shown_cells import read_cells
from streamlit.testing.v1 import AppTest
from test_charts import DRAWN
from test_cli import assert_one_line, workbench
from test_pages import _nothing_cached, only  # noqa: F401  # the first is for every test here
from tiny import etl, settings

from workbench.app import PAGES
from workbench.app.report import PeriodOutside, UnknownCountry, UnknownPage, write_report
from workbench.errors import NothingPublished, NotReadable
from workbench.pages.sheet import Column, Figure, Table
from workbench.pages.sheet.report import Report
from workbench.text import LANGUAGES, Words
from workbench.warehouse import open_warehouse

Html = Callable[[str, str], str]

VOID = {"meta", "br", "hr", "img", "input", "link", "wbr"}
ON_SCREEN = """
from importlib import import_module
from pathlib import Path
from tiny import settings
from workbench.app.report import viewed
from workbench.pages.sheet.screen import Screen
from workbench.text import Words
words = Words({language!r})
screen = Screen(words)
screen.interactive = False
import_module("workbench.pages.{page}").show(viewed(settings(Path({home!r})), {page!r}, screen, words))
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The exports of the small world, which say that they are a sample."""
    exports = write_exports(tmp_path_factory.mktemp("source"))
    (exports / "SAMPLE.json").write_text("{}", encoding="utf-8")
    return exports


@pytest.fixture(scope="module")
def home(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A HOME with the build of the small world."""
    folder = tmp_path_factory.mktemp("home")
    etl(folder, source)
    return folder


@pytest.fixture(autouse=True)
def _of_this_home(home: Path) -> None:
    """What is cached is of the HOME that these tests share."""
    only(home)


@pytest.fixture(scope="module")
def html_of(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], str]:
    """The report of a page in a language, made once."""
    folder = tmp_path_factory.mktemp("reports")

    @cache
    def made(page: str, language: str) -> str:
        out = folder / f"{page}.{language}.html"
        write_report(settings(home), page, out, language=language)
        return out.read_text(encoding="utf-8")

    return made


@dataclass
class Element:
    """An element of a document, its children and its text in order."""

    tag: str
    attributes: dict[str, str]
    inside: list["Element | str"] = field(default_factory=list)

    def all(self, tag: str, css_class: str = "") -> Iterator["Element"]:
        """Every element of a tag (and class) below this one."""
        for child in self.inside:
            if isinstance(child, Element):
                if child.tag == tag and css_class in ("", *child.attributes.get("class", "").split()):
                    yield child
                yield from child.all(tag, css_class)

    @property
    def text(self) -> str:
        """Its words."""
        return "".join(child if isinstance(child, str) else child.text for child in self.inside)


class Reader(HTMLParser):
    """A document as a tree. Raises AssertionError where an element is not closed, or one is that was not opened."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open = [Element("", {})]
        self.feed(html)
        self.close()
        assert [element.tag for element in self.open] == [""]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Down, save for elements that hold nothing."""
        assert len({name for name, _ in attrs}) == len(attrs), attrs
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].inside.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element that says by itself that it holds nothing."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        """Up, out of the element that was opened last."""
        assert self.open.pop().tag == tag, self.getpos()

    def handle_data(self, data: str) -> None:
        """Words."""
        self.open[-1].inside.append(data)


def document(html: str) -> Element:
    """A document's tree."""
    return Reader(html).open[0]


def figures(report: Element) -> list[tuple[str, str]]:
    """The figures of a report: name and value."""
    labels = [element.text for element in report.all("p", "label")]
    return list(zip(labels, (element.text for element in report.all("p", "value")), strict=True))


def tables(report: Element) -> list[list[list[str]]]:
    """The tables of a report, header first."""
    found = [[*table.all("tr")] for table in report.all("table")]
    return [[[cell.text for cell in (*row.all("th"), *row.all("td"))] for row in rows] for rows in found]


def shown_tables(app: AppTest) -> list[list[list[str]]]:
    """The tables of a screen, header first."""
    shown = []
    for table in app.table:
        shown.append([list(table.value.columns), *read_cells(table)])
    return shown


def versions() -> list[Any]:
    """Every page in French, every fourth in English too; the English of the others is soaked."""
    daily = {*product(PAGES, ("fr",)), *product(PAGES[::4], LANGUAGES)}
    every = product(PAGES, LANGUAGES)
    return [pytest.param(*each, marks=() if each in daily else pytest.mark.soak) for each in every]


@pytest.mark.parametrize(("page", "language"), versions())
def test_a_report_says_what_the_screen_says(home: Path, html_of: Html, page: str, language: str) -> None:
    """Title, sections, every figure, every cell of every table, every chart by its description."""
    script = ON_SCREEN.format(home=str(home), page=page, language=language)
    app = AppTest.from_string(script, default_timeout=90).run()
    assert not app.exception
    report = document(html_of(page, language))
    assert [title.text for title in report.all("h1")] == [title.value for title in app.title]
    sections = [heading.text for heading in report.all("h2")]
    assert sections[: len(app.subheader)] == [heading.value for heading in app.subheader]
    assert figures(report) == [(metric.label, metric.value) for metric in app.metric]
    assert tables(report) == shown_tables(app)
    alts = [element.proto.alt for element in app.get("vega_lite_chart")]
    assert [svg.attributes["aria-label"] for svg in report.all("svg") if "aria-label" in svg.attributes][::2] == alts


def test_a_report_counts_as_the_exports_do(source: Path, html_of: Html) -> None:
    """Numbers counted from the rows, not from the screen; small countries are folded, since a report travels."""
    truth = Truth(source)
    report = document(html_of("countries", "fr"))
    rows = next(rows for rows in tables(report) if rows[1][0] == "France")
    living = [truth.living(country=code) for code in ("FR", "BE", "CH", SMALL_COUNTRY)]
    assert [row[0] for row in rows[1:]] == ["France", "Belgique", "Suisse", "Autres (petits effectifs)"]
    assert [row[1] for row in rows[1:]] == in_french(living)
    assert "Luxembourg" not in report.text


def test_period_and_countries_cut_the_report(home: Path, source: Path, tmp_path: Path) -> None:
    """As the filters of the page do."""
    truth, out = Truth(source), tmp_path / "users.html"
    write_report(
        settings(home),
        "users",
        out,
        since=date(2020, 9, 20),
        until=date(2020, 10, 11),
        countries=("FR",),
        language="fr",
    )
    report = document(out.read_text(encoding="utf-8"))
    expected = in_french(len(truth.active(n, date(2020, 10, 11), country="FR")) for n in (1, 7, 28))
    assert [value for _, value in figures(report)][:3] == expected
    assert "Du 20 sept. 2020 au 11 oct. 2020 · France" in report.text


@pytest.mark.parametrize("page", PAGES)
def test_a_report_needs_nothing_but_itself(html_of: Html, page: str) -> None:
    """No script, no picture, font or style from elsewhere, no link that leads out; a browser is told so too."""
    html = html_of(page, "fr")
    assert not re.search(r"<(script|link|iframe|object|embed|base|image|img|foreignObject)\b", html, re.IGNORECASE)
    assert not re.search(r"\bsrc(set)?=|@import|\bon[a-z]+=\"|https?://|data:|url\((?!#)", html)
    assert {link[0] for link in re.findall(r'href="([^"]*)"', html)} <= {"#"}
    assert "default-src 'none'" in html


@pytest.mark.parametrize("page", PAGES)
def test_a_report_is_a_document_that_can_be_heard(html_of: Html, page: str) -> None:
    """Well-formed; a language and a title; every chart described; every link leads to something; no name twice."""
    html = html_of(page, "fr")
    assert html.startswith("<!doctype html>\n")
    report = document(html)
    assert [element.attributes["lang"] for element in report.all("html")] == ["fr"]
    assert next(report.all("title")).text == f"{Words('fr')(f'page.{page}.title')} · Atelier Klassroom"
    assert len([*report.all("h1")]) == 1
    for svg in report.all("svg"):
        described = svg.attributes.get("role") == "img" and len(svg.attributes["aria-label"]) > 40
        assert described or svg.attributes.get("aria-hidden") == "true"
    names = re.findall(r'\bid="([^"]*)"', html)
    assert len(names) == len(set(names))
    assert {target.removeprefix("#") for target in re.findall(r'href="([^"]*)"', html)} <= set(names)
    assert set(re.findall(r"url\(#([^)]*)\)", html)) <= set(names)


def test_figures_are_explained_at_the_end(home: Path, html_of: Html) -> None:
    """Name, definition, SQL, build and files, once for each, a link away."""
    words = Words("fr")
    report = document(html_of("users", "fr"))
    appendix = next(report.all("div", "appendix"))
    build = open_warehouse(home).build.id
    for name in ("dau", "wau", "mau", "stickiness", "new", "churned"):
        assert words(f"metric.{name}.definition") in appendix.text
    assert appendix.text.count(words("metric.mau.definition")) == 1
    assert f"build {build}" in appendix.text
    assert "usage/2020.csv" in appendix.text
    assert "select day, sum(mau)" in appendix.text
    assert len([*report.all("a")]) >= len(figures(report))


def test_a_report_says_of_which_data_it_is(home: Path, html_of: Html) -> None:
    """Build and last day of the data in the foot; that it is a sample on top."""
    report = document(html_of("overview", "fr"))
    foot = next(report.all("footer")).text
    assert open_warehouse(home).build.id in foot
    assert "14 décembre 2020" in foot
    assert "Données d’exemple." in next(report.all("div", "banner")).text


def test_only_a_sample_says_that_it_is_one(source: Path, tmp_path: Path) -> None:
    """Real figures carry no banner."""
    shutil.copytree(source, tmp_path / "real", ignore=shutil.ignore_patterns("SAMPLE.json"))
    etl(tmp_path / "home", tmp_path / "real")
    only(tmp_path / "home")
    write_report(settings(tmp_path / "home"), "overview", tmp_path / "overview.html")
    report = document((tmp_path / "overview.html").read_text(encoding="utf-8"))
    assert not [*report.all("div", "banner")]


def test_a_report_that_cannot_be_made_leaves_what_was_there(home: Path, tmp_path: Path) -> None:
    """Whole or not at all, and each failure has its name."""
    out = tmp_path / "report.html"
    out.write_text("yesterday's", encoding="utf-8")
    with pytest.raises(UnknownPage, match="overview, users"):
        write_report(settings(home), "../users", out)
    with pytest.raises(UnknownCountry, match="FR, BE"):
        write_report(settings(home), "users", out, countries=("FR", "XX"))
    with pytest.raises(UnknownCountry):
        write_report(settings(home), "users", out, countries=(SMALL_COUNTRY,))
    with pytest.raises(PeriodOutside, match="2019-12-02 to 2020-12-14"):
        write_report(settings(home), "users", out, since=date(2021, 1, 1))
    with pytest.raises(NothingPublished):
        write_report(settings(tmp_path / "empty"), "users", out)
    (tmp_path / "folder").mkdir()
    for nowhere in (tmp_path / "missing" / "x.html", tmp_path / "folder"):
        with pytest.raises(NotReadable, match="--out"):
            write_report(settings(home), "data", nowhere)
    assert out.read_text(encoding="utf-8") == "yesterday's"
    assert {path.name for path in tmp_path.iterdir()} - {"empty"} == {"report.html", "folder"}


def test_a_report_that_the_disk_has_no_room_for_leaves_what_was_there(home: Path, tmp_path: Path) -> None:
    """Half a report would be read as a whole one."""
    out = tmp_path / "report.html"
    out.write_text("yesterday's", encoding="utf-8")
    bounds = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, bounds[1]))
    try:
        with pytest.raises(NotReadable, match="too large"):
            write_report(settings(home), "countries", out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, bounds)
    assert out.read_text(encoding="utf-8") == "yesterday's"
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_the_command_writes_a_report_and_refuses_in_one_line(home: Path, tmp_path: Path) -> None:
    """From a terminal, without a word from Streamlit."""
    out = tmp_path / "users.html"
    done = workbench(
        home, "report", "users", "--since", "2020-10-01", "--country", "BE", "--language", "en", "--out", str(out)
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert str(out) in done.stdout
    report = document(out.read_text(encoding="utf-8"))
    assert "1 Oct 2020" in report.text
    assert "Belgium" in report.text
    assert_one_line(command(home, "report", "users", "--country", "XX", "--out", str(out)), 1, "XX", "FR, BE")
    assert command(home, "report", "users", "--since", "yesterday", "--out", str(out)).returncode == 2


# ------------------------------------------------------------------------------------------------ the sheet alone


def test_markdown_is_read_and_html_is_not() -> None:
    """Words may come from people and files; icons and colours are the screen's; links would lead out."""
    sheet = Report(Words("fr"))
    sheet.text(":material/home: **fort** `code` <script>alert(1)</script> [ici](https://example.org/there)")
    sheet.text(
        "![x](https://example.org/x.png) :red[rouge] :orange-badge[attention]\n\n##### Petit titre\n\n- un\n- deux"
    )
    html = sheet.html("")
    main = next(document(html).all("main"))
    assert [element.text for element in main.all("strong")] == ["fort"]
    assert [element.text for element in main.all("code")] == ["code"]
    assert "<script>alert(1)</script>" in main.text
    assert not [*main.all("script"), *main.all("a"), *main.all("img")]
    assert "ici" in main.text
    assert "rouge attention" in main.text
    assert ":material" not in html
    assert "example.org/there" not in html
    assert [element.text for element in main.all("h3")] == ["Petit titre"]
    assert [element.text for element in main.all("li")] == ["un", "deux"]


def test_a_table_has_every_row_and_runs_nothing() -> None:
    """Where a screen shows two hundred, and in cells as well."""
    sheet, count = Report(Words("fr")), 1_000
    names = tuple(f"<b>{n}</b>" for n in range(count))
    columns = (Column("Nom", names, False), Column("Nombre", tuple(map(str, range(count))), True))
    sheet.table(Table("names", "Des noms & d’autres", columns, pl.DataFrame({"name": names, "n": range(count)})))
    main = next(document(sheet.html("")).all("main"))
    (rows,) = tables(main)
    assert rows == [["Nom", "Nombre"], *([f"<b>{n}</b>", str(n)] for n in range(count))]
    assert next(main.all("table")).attributes["aria-label"] == "Des noms & d’autres"
    assert len([*main.all("td", "number")]) == count


def test_a_figure_shows_its_change_its_note_and_its_trend() -> None:
    """The arrow is for the eye alone: the sign says it too."""
    sheet = Report(Words("fr"))
    sheet.figure(
        Figure("Actifs", "1 234", "+3 %", True, "Au 14 déc.", (1.0, 3.0, 2.0)), "key", lambda: sheet.code("select 1")
    )
    sheet.figure(Figure("Actifs", "0", trend=(2.0, 2.0)), "other", lambda: sheet.code("select 1"))
    main = next(document(sheet.html("")).all("main"))
    assert next(main.all("p", "change")).text == "▲ +3 %"
    assert "Au 14 déc." in main.text
    points = [line.attributes["points"] for line in main.all("polyline")]
    assert points == ["0.0,22.0 50.0,2.0 100.0,12.0", "0.0,22.0 100.0,22.0"]
    assert [code.text for code in main.all("code")] == ["select 1"]
    assert [link.attributes["href"] for link in main.all("a")] == ["#d1", "#d1"]


def charted() -> str:
    """A report with charts that have gradients and clippings."""
    sheet = Report(Words("fr"))
    for name in ("world", "bars", "cohorts", "world"):
        sheet.chart(DRAWN[name](Words("fr")), name, False)
    return sheet.html("")


def test_charts_have_the_colours_of_the_day_and_of_the_night() -> None:
    """One picture, whose differing colours are named in the style sheet twice."""
    html = charted()
    day, night = re.findall(r":root\{([^}]*)\}", html)
    by_day, by_night = (dict(re.findall(r"(--c\d+):([^;]*)", themed)) for themed in (day, night))
    assert by_day.keys() == by_night.keys() == set(re.findall(r"var\((--c\d+)\)", html))
    assert by_day
    assert all(by_day[name] != by_night[name] for name in by_day)


def test_pictures_in_one_report_do_not_share_names_and_reports_are_repeatable() -> None:
    """A gradient of another chart would colour a map wrongly; the same page gives the same bytes."""
    html = charted()
    names = re.findall(r'\bid="([^"]*)"', html)
    assert len(names) == len(set(names)) > 4
    assert set(re.findall(r"url\(#([^)]*)\)", html)) <= set(names)
    assert charted() == html


@pytest.mark.browser
@pytest.mark.parametrize("page", ["overview", "countries"])
def test_a_report_fits_a_phone_a_night_and_a_sheet_of_paper(
    html_of: Html, browser: Browser, tmp_path: Path, page: str
) -> None:
    """Nothing wider than 390 px, nothing asked of the network, dark at night, light on paper."""
    out = tmp_path / "page.html"
    out.write_text(html_of(page, "fr"), encoding="utf-8")
    with browser.new_page(viewport={"width": 390, "height": 844}, color_scheme="dark") as tab:
        told: list[str] = []
        tab.on("console", lambda message: told.append(message.text))
        tab.on("request", lambda request: told.append(request.url))
        tab.goto(out.as_uri())
        ground = "getComputedStyle(document.body).backgroundColor"
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390
        assert tab.locator(".phone").first.is_visible()
        assert not tab.locator(".desk").first.is_visible()
        assert tab.evaluate(ground) == "rgb(30, 27, 31)"
        tab.emulate_media(media="print")
        tab.set_viewport_size({"width": 688, "height": 1000})
        assert tab.evaluate(ground) == "rgb(251, 247, 240)"
        assert tab.evaluate("document.documentElement.scrollWidth") <= 688
        assert told == [out.as_uri()]
