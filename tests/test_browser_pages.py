"""Every page in a real Chromium, on a small sample: whole at both sizes, in both lights, in both languages.

`make test` sees each page twice: on a wide screen in French and on a phone in English, each time in the other light;
which of the two is dark is drawn by the page's name. `make soak` sees every combination. Where the tab shows another
page in the same language, it is left by the navigation, as people leave it, which is less work than to load one anew.

What is tried on the wide screen is tried in one tab for each light, `desk`, one test after the other. Each of these
tests leaves the page as it was.
"""

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from math import isnan
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

import openpyxl
import pandas as pd
import polars as pl
import pytest
from browsing import PHONE, WIDE, Heard, Site, Tabs, copy_served, drawn, listened_to, opened, pick, visitor
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect
from test_accessibility import assert_nothing_at_rest, assert_nothing_that_opens, findings

from workbench.app import GROWTH, PAGES
from workbench.text import LANGUAGES, Words

pytestmark = pytest.mark.browser

SCHEMES = ("light", "dark")
FRENCH = Words("fr")
PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pages"

# What stands out of the screen, or out of a box that hides what does not fit. What may be scrolled in a box of its own
# counts as that box; the page itself is scrolled up and down only.
OUTSIDE = """() => {
  const said = []
  const named = e => `${e.dataset.testid || e.tagName}: ${e.innerText?.slice(0, 40) || e.getAttribute('aria-label')}`
  const boxes = '[data-testid=stVegaLiteChart] svg, [data-testid=stTable] table, [data-testid=stMetric], h1, h2, h3, p'
  for (const e of document.querySelectorAll('[data-testid=stMain] :is(' + boxes + ')')) {
    let right = e.getBoundingClientRect().right
    for (let box = e.parentElement; box && box.dataset.testid !== 'stMain'; box = box.parentElement) {
      const edge = box.getBoundingClientRect().right
      const overflow = getComputedStyle(box).overflowX
      if (['auto', 'scroll'].includes(overflow)) right = Math.min(right, edge)
      else if (['hidden', 'clip'].includes(overflow) && right > edge + 1) said.push('clipped ' + named(e))
    }
    if (right > innerWidth + 1) said.push('wide ' + named(e))
  }
  for (const e of [document.documentElement, document.querySelector('[data-testid=stMain]')])
    if (e.scrollWidth > innerWidth) said.push('sideways ' + named(e))
  return [...new Set(said)]
}"""

# A point of the screen that lies on a mark of a chart and on nothing before it: of the biggest mark that has one.
ON_A_MARK = """chart => {
  chart.scrollIntoView({ block: 'center' })
  const area = mark => mark.getBoundingClientRect().width * mark.getBoundingClientRect().height
  const marks = [...chart.querySelectorAll('.role-mark > path:not([fill-opacity])')] // not the ground of a map
  for (const mark of marks.sort((one, other) => area(other) - area(one))) {
    const box = mark.getBoundingClientRect()
    for (let n = 1; n < 400; n++) {
      const [x, y] = [box.x + box.width * ((n * 0.618034) % 1), box.y + box.height * n / 400]
      if (document.elementFromPoint(x, y) === mark) return [x, y]
    }
  }
}"""

TABLES = """() => [...document.querySelectorAll('[data-testid=stMain] [data-testid=stTable] table')]
  .map(table => [...table.rows].map(row => [...row.cells].map(cell => cell.innerText)))"""
# For each export of a table the number of tables that stand before it: the last of these is the one exported.
EXPORTED = """exports => exports.map(e =>
  [...document.querySelectorAll('[data-testid=stMain] [data-testid=stTable]')]
    .filter(table => table.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING).length - 1)"""


FEW = ("overview", "countries", "classes", "subscriptions", "data", "questionnaires")
"""The pages on which things are pressed every day; in the soak they are on all."""

ONE_OR_EVERY = pytest.mark.parametrize(
    ("loaded", "every"),
    [pytest.param(page, False, id=f"{page}-one") for page in FEW]
    + [pytest.param(page, True, id=f"{page}-all", marks=pytest.mark.soak) for page in PAGES],
    indirect=["loaded"],
)
A_WALK = ("subscriptions", "followups", "users")
"""Pages to walk over: two that have the filters, and between them one that hides them and must hand them on."""

FILTERS = ("year", "period", "country", "role", "plan", "compare", "lang")
# The next Tab is the first: whatever was clicked before, and wherever Tab came past.
FROM_THE_TOP = """() => {
  for (const e of document.querySelectorAll('*')) delete e.reached
  document.body.tabIndex = -1
  document.body.focus()
  document.body.removeAttribute('tabindex')
}"""
FOCUSED = """() => {
  const e = document.activeElement
  e.reached = true
  return e === document.body ? -1 : [...document.querySelectorAll('*')].indexOf(e)
}"""
UNREACHED = """() => [...document.querySelectorAll('[data-testid=stSidebar], [data-testid=stMain]')]
  .flatMap(part => [...part.querySelectorAll('a, input, textarea, button:not([role=radio])')])
  .filter(e => e.checkVisibility({ visibilityProperty: true }) && !e.disabled && e.tabIndex >= 0 && !e.reached)
  .map(e => e.outerHTML.slice(0, 200))"""
NAME_OF_FOCUSED = """() => {
  const e = document.activeElement
  return e.getAttribute('aria-label') || (e.matches('a, button') ? e.innerText : '')
}"""


@dataclass(frozen=True)
class Look:
    """A page as somebody sees it."""

    page: str
    size: tuple[int, int]
    scheme: str
    language: str

    def __str__(self) -> str:
        """As pytest lists it."""
        return f"{self.page}-{self.size[0]}-{self.scheme}-{self.language}"


def everyday(page: str) -> list[Look]:
    """The two looks of a page that `make test` takes, which between them have both lights and both languages."""
    lights = Random(page).sample(SCHEMES, 2)
    return [Look(page, *seen) for seen in zip((WIDE, PHONE), lights, LANGUAGES, strict=True)]


def looks() -> list[Any]:
    """All looks of all pages but those of the desk; what is not on a phone for every day is soaked."""
    every = [Look(*seen) for seen in product(PAGES, (WIDE, PHONE), SCHEMES, LANGUAGES)]
    desks, phones = zip(*map(everyday, PAGES), strict=True)
    return [
        pytest.param(look, id=str(look), marks=() if look in phones else pytest.mark.soak)
        for look in every
        if look not in desks
    ]


@dataclass
class Seen:
    """A page in a tab, with what was heard of it while it was drawn."""

    look: Look
    screen: Page
    site: Site
    heard: Heard

    @property
    def query(self) -> str:
        """What its address ends with; French goes without saying."""
        return "" if self.look.language == "fr" else f"?lang={self.look.language}"

    def open(self) -> "Seen":
        """The page by its address, heard from the first byte on."""
        self.heard.forget()
        opened(self.screen, self.site, self.look.page, self.query)
        return self

    def come(self) -> "Seen":
        """The page by the navigation, from another in its language; where the tab shows none, by its address."""
        if not self.screen.url.startswith(self.site.url) or urlsplit(self.screen.url).query != self.query.lstrip("?"):
            return self.open()
        self.heard.forget()
        title = Words(self.look.language)(f"page.{self.look.page}.title")
        links = self.screen.get_by_test_id("stSidebar").get_by_test_id("stPageLink-NavLink")
        links.filter(has=self.screen.get_by_text(title, exact=True)).dispatch_event("click")  # folded away on a phone
        expect(self.screen.get_by_role("heading", level=1)).to_have_text(title)
        drawn(self.screen)
        return self

    @property
    def at_rest(self) -> bool:
        """Whether the tab is at the page's own address, with nothing open before it."""
        address = self.site.at(self.look.page, self.query)
        return self.screen.url == address and not self.screen.get_by_test_id("stPopoverBody").count()


@pytest.fixture(scope="module")
def site(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A small sample, served."""
    with copy_served(sample_home, tmp_path_factory.mktemp("sample")) as found:
        yield found


Sight = Callable[[Look], Seen]


@pytest.fixture(scope="module")
def sight(tabs: Tabs, site: Site) -> Sight:
    """Gives the tab of a size and light, which is listened to from its first page on."""

    @cache
    def ear(screen: Page) -> Heard:
        return listened_to(screen)

    def see(look: Look) -> Seen:
        screen = tabs(look.size, look.scheme)
        return Seen(look, screen, site, ear(screen))

    return see


@pytest.fixture(scope="module", params=PAGES)
def loaded(request: pytest.FixtureRequest, sight: Sight) -> Seen:
    """Each page on a wide screen, come to once for all the tests that follow."""
    return sight(everyday(request.param)[0]).come()


@pytest.fixture
def desk(loaded: Seen) -> Seen:
    """Each page on a wide screen, at rest: what a test that failed left behind is not for the next."""
    return loaded if loaded.at_rest else loaded.open()


def test_every_page_is_whole_on_a_desk(desk: Seen) -> None:
    """In French, by day or by night."""
    assert_whole(desk)


@pytest.mark.parametrize("look", looks())
def test_every_page_is_whole(sight: Sight, look: Look) -> None:
    """On a phone in English every day, in every other look in the soak."""
    assert_whole(sight(look).come())


def assert_whole(seen: Seen) -> None:
    """No complaint in the console or of axe, nothing from elsewhere or too wide, in its light and language."""
    screen, look = seen.screen, seen.look
    expect(screen.get_by_role("heading", level=1)).to_have_text(Words(look.language)(f"page.{look.page}.title"))
    assert screen.evaluate("innerWidth") == look.size[0]
    assert seen.heard.said + troubles(screen) == []
    asked = [request.url for request in seen.heard.asked]
    assert [url for url in asked if not url.startswith((seen.site.url, "data:", "blob:"))] == []
    assert screen.evaluate(OUTSIDE) == []
    assert brightness(screen) == look.scheme
    assert_nothing_at_rest(screen)


@pytest.mark.parametrize(
    "loaded", [page if page in FEW else pytest.param(page, marks=pytest.mark.soak) for page in PAGES], indirect=True
)
def test_the_keyboard_reaches_everything(desk: Seen) -> None:
    """Tab comes past each page of the navigation, each filter, each popover and button, in the order they stand in."""
    screen = desk.screen
    screen.evaluate(FROM_THE_TOP)
    order: list[int] = []
    while len(order) < 500:
        screen.keyboard.press("Tab")
        position = screen.evaluate(FOCUSED)
        if position < 0:
            break
        order.append(position)
    assert order == sorted(order)
    assert len(order) > len(PAGES) + len(FILTERS) * (desk.look.page in GROWTH)
    assert screen.evaluate(UNREACHED) == []


def troubles(screen: Page) -> list[str]:
    """What the page says in red."""
    return screen.get_by_test_id("stAlertContentError").all_inner_texts()


def brightness(screen: Page) -> str:
    """Whether the page, and each chart on it, has a light or a dark ground; both words if they differ."""
    grounds = screen.evaluate(
        "[...document.querySelectorAll('[data-testid=stApp], [data-testid=stVegaLiteChart] svg')]"
        ".map(e => getComputedStyle(e).backgroundColor)"
    )
    light = {sum(map(int, re.findall(r"\d+", ground)[:3])) > 3 * 128 for ground in grounds}
    return "light" if light == {True} else "dark" if light == {False} else "light and dark"


def test_every_page_is_seen_in_both_lights_and_languages_every_day() -> None:
    """The drawing of the looks cannot leave one out."""
    for page in PAGES:
        wide, phone = everyday(page)
        assert {wide.scheme, phone.scheme} == set(SCHEMES)
        assert {wide.language, phone.language} == set(LANGUAGES)
    assert {everyday(page)[0].scheme for page in PAGES} == set(SCHEMES)
    every = {param.values[0] for param in looks()} | {everyday(page)[0] for page in PAGES}
    assert len(every) == len(PAGES) * 2 * len(SCHEMES) * len(LANGUAGES)


UNFOLDED = ("users", "data", "ambassadors")
"""Pages on which axe sees every day what opens: definitions, exports, forms that are folded away; all in the soak."""


@pytest.mark.parametrize("loaded", UNFOLDED, indirect=True)
def test_nothing_that_opens_has_a_finding_of_its_own(desk: Seen) -> None:
    """Folds, a definition, an export: axe has nothing serious to say that it does not say of plain Streamlit."""
    assert_nothing_that_opens(desk.screen)


def test_axe_is_heard(screen: Page, site: Site) -> None:
    """A picture without words and a pale text, put into a page, are found there."""
    opened(screen, site)
    screen.evaluate(
        "document.querySelector('[data-testid=stMarkdown]').insertAdjacentHTML("
        "'beforeend', '<img src=\"favicon.png\"><p style=\"color: #ddd; background: #fff\">pale</p>')"
    )
    rules = {rule for rule, _ in findings(screen)}
    assert {"image-alt", "color-contrast"} <= rules


def test_the_documentation_shows_every_page() -> None:
    """What `make screenshots` makes: each page at both sizes and in both lights, listed, and no picture too heavy."""
    listed = (PICTURES / "README.md").read_text(encoding="utf-8")
    pictures = {file.name: file.stat().st_size for file in PICTURES.glob("*.png")}
    first = {f"{page}-{size}-{scheme}.png" for page, size, scheme in product(PAGES, ("wide", "phone"), SCHEMES)}
    assert first - pictures.keys() == set()
    assert [name for name in pictures if f"({name})" not in listed] == []
    assert max(pictures.values()) <= 200_000


def test_a_link_reproduces_the_view(browser: Browser, screen: Page, site: Site) -> None:
    """What somebody clicked together, somebody else sees who opens the address."""
    unfiltered = said_by(opened(screen, site, "users"))
    choose(screen, "Période", "12 dernières semaines")
    choose(screen, "Pays", "Belgique")
    choose(screen, "Comparer avec", "La période juste avant")
    shown, address = said_by(screen), screen.url
    assert troubles(screen) == []
    assert any("Belgique" in line for line in shown)
    with visitor(browser) as other:
        fresh = other.new_page()
        fresh.goto(address)
        assert said_by(drawn(fresh)) == shown
        assert shown != unfiltered


NAMES_IN_ORDER = """() => [...document.querySelectorAll('[data-testid=stVegaLiteChart]')].map(chart =>
  [...chart.querySelectorAll('.role-axis-label text')]
    .map(label => ({said: label.textContent, box: label.getBoundingClientRect()}))
    .sort((a, b) => Math.round(a.box.y - b.box.y) || a.box.x - b.box.x)
    .map(label => label.said))"""
"""The labels of each chart's axes, as they stand one after the other."""


def test_the_names_of_an_axis_are_in_the_order_of_what_is_asked_now(screen: Page, site: Site) -> None:
    """The most used first: a chart whose rows are replaced remembers the order in which it first met the names."""
    everybody = opened(screen, site, "features").evaluate(NAMES_IN_ORDER)
    choose(screen, "Rôle", FRENCH.role("teacher"))
    teachers = screen.evaluate(NAMES_IN_ORDER)
    assert opened(screen, site, "features", "?role=teacher").evaluate(NAMES_IN_ORDER) == teachers != everybody


def said_by(screen: Page) -> list[str]:
    """Everything the main part of a page says, sorted: the labels of an axis change places when it is drawn anew."""
    return sorted(screen.get_by_test_id("stMain").inner_text().splitlines())


def choose(screen: Page, filter_name: str, option: str) -> None:
    """A value of a filter, by its words; the page drawn anew."""
    before = screen.url
    pick(screen.get_by_test_id("stSidebar").get_by_role("combobox", name=filter_name), option)
    expect(screen).not_to_have_url(before)
    screen.keyboard.press("Escape")
    drawn(screen)


@pytest.mark.parametrize("pages", [A_WALK, pytest.param(PAGES[1:], marks=pytest.mark.soak)], ids=["some", "all"])
def test_filters_survive_every_change_of_page(screen: Page, site: Site, pages: tuple[str, ...]) -> None:
    """By the navigation, to one page after the other and home again: the address and the filters say the same."""
    opened(screen, site, "overview", "?country=BE&role=teacher&period=84")
    sidebar = screen.get_by_test_id("stSidebar")
    for page in (*pages, PAGES[0]):
        sidebar.get_by_role("link", name=FRENCH(f"page.{page}.title"), exact=True).click()
        expect(screen.get_by_role("heading", level=1)).to_have_text(FRENCH(f"page.{page}.title"))
        drawn(screen)
        expect(screen).to_have_url(re.compile(rf"{site.at(page)}\?(?=.*country=BE)(?=.*role=teacher)(?=.*period=84)"))
        for value in ("Belgique", "Enseignants") if page in GROWTH else ():
            expect(sidebar.get_by_text(value, exact=True)).to_be_visible()
        filters = sidebar.get_by_role("combobox", name="Période")
        expect(filters).to_have_count(1 if page in GROWTH else 0)
        if page in GROWTH:
            expect(filters).to_have_value("12 dernières semaines")


def test_a_click_on_a_country_filters_by_it_and_back_undoes_it(screen: Page, site: Site) -> None:
    """From the map to the country's own figures."""
    opened(screen, site, "countries")
    rows = screen.get_by_test_id("stTable").get_by_role("row")  # the map's tooltip has some too
    everywhere, count = said_by(screen), rows.count()
    click_on(screen, drillable(screen).first)
    expect(screen).to_have_url(re.compile(rf"{site.url}/countries\?country=[A-Z]{{2}}$"))
    country = FRENCH.country(screen.url[-2:])
    expect(drawn(screen).get_by_test_id("stSidebar").get_by_text(country, exact=True)).to_be_visible()
    screen.go_back()
    expect(screen).to_have_url(f"{site.url}/countries")
    expect(rows).to_have_count(count)
    assert said_by(drawn(screen)) == everywhere


@ONE_OR_EVERY
def test_every_chart_that_says_so_can_be_drilled_into(desk: Seen, every: bool) -> None:
    """« Cliquez sur une marque »: a click on a mark sets a filter, and the page then shows it."""
    screen, start = desk.screen, desk.screen.url
    scope = screen.get_by_test_id("stMain").get_by_test_id("stCaptionContainer").first
    asked = scope.inner_text()
    count = drillable(screen).count()
    assert count == screen.get_by_text(FRENCH("chart.drill")).count()
    assert count > 0 or desk.look.page not in DRILLED
    for position in range(count) if every else some_of(count, desk.look.page):
        click_on(screen, drillable(screen).nth(position))
        expect(screen).to_have_url(re.compile(r"\?.*(country=\w\w|from=\d{4}-\d\d-\d\d&to=\d{4}-\d\d-\d\d)"))
        assert troubles(drawn(screen)) == []
        sidebar = screen.get_by_test_id("stSidebar")
        expect(sidebar.get_by_test_id("stDateInput")).to_have_count(2 if "from=" in screen.url else 0)
        screen.go_back()
        expect(screen).to_have_url(start)
        expect(scope).to_have_text(asked)
        drawn(screen)


DRILLED = ("countries", "classes")
"""A map and a bar to drill into: else the test would pass on pages where nothing can be clicked."""


def some_of(count: int, page: str) -> list[int]:
    """One position of so many, which one by the page's place: not the first of every page."""
    return [PAGES.index(page) % count] if count else []


def drillable(screen: Page) -> Locator:
    """The charts that invite to a click."""
    return screen.locator("[class*=st-key-chart-] [data-testid=stVegaLiteChart]")


def click_on(screen: Page, chart: Locator) -> None:
    """A click of the mouse on a mark of a chart."""
    point = chart.evaluate(ON_A_MARK)
    assert point, f"nowhere to click: {chart}"
    screen.mouse.click(*point)


Content = tuple[list[Any], list[list[Any]]]
"""The headings of a file, and its rows."""


def read_csv_fr(file: Path) -> Content:
    frame = pd.read_csv(file, sep=";", decimal=",", encoding="utf-8")
    return list(frame.columns), frame.to_numpy(object).tolist()


def read_xlsx(file: Path) -> Content:
    heading, *rows = openpyxl.load_workbook(file).worksheets[0].iter_rows(values_only=True)
    return list(heading), [list(row) for row in rows]


def read_csv(file: Path) -> Content:
    frame = pd.read_csv(file)
    return list(frame.columns), frame.to_numpy(object).tolist()


def read_parquet(file: Path) -> Content:
    frame = pl.read_parquet(file)
    return frame.columns, [list(row) for row in frame.iter_rows()]


READ = {"csv_fr": read_csv_fr, "xlsx": read_xlsx, "csv": read_csv, "parquet": read_parquet}
"""How each kind of file is read where people open it."""

IN_WORDS = ("csv_fr", "xlsx")
"""The files that say what the page says, in its words."""


def in_turn(kinds: tuple[str, ...], position: int, every: bool) -> tuple[str, ...]:
    """The kinds of files to take of the table or chart at a position: all in the soak, one after the other else."""
    return kinds if every else (kinds[position % len(kinds)],)


@ONE_OR_EVERY
def test_every_table_exports_what_it_shows(desk: Seen, every: bool, tmp_path: Path) -> None:
    """The four files of a table open where people open them, and hold the numbers of the page."""
    screen = desk.screen
    folded = screen.locator("details:not([open]):has([class*=st-key-export]) > summary")
    while folded.count():
        folded.first.click()
    tables = screen.evaluate(TABLES)
    exports = screen.locator("[data-testid=stMain] [class*=st-key-export]:not([class*='st-key-export-chart-'])")
    which = exports.evaluate_all(EXPORTED)
    assert len(set(which)) == len(which) == len(tables)
    for position, number in enumerate(which):
        heading, *rows = tables[number]
        exports.nth(position).get_by_test_id("stPopoverButton").click()
        files = downloaded(screen, tmp_path, in_turn(tuple(READ), position, every))
        read = {kind: READ[kind](file) for kind, file in files.items()}
        assert {tuple(columns) for kind, (columns, _) in read.items() if kind in IN_WORDS} <= {tuple(heading)}
        assert len({tuple(columns) for kind, (columns, _) in read.items() if kind not in IN_WORDS}) <= 1
        assert len({len(values) for _, values in read.values()}) == 1
        for kind, (columns, values) in read.items():
            assert len(columns) == len(heading)
            assert len(values) >= len(rows)
            wrong = differences(rows, values[: len(rows)], texts=kind in IN_WORDS)
            assert wrong == [], f"{kind} of table {number}"
        screen.keyboard.press("Escape")
        expect(screen.get_by_test_id("stPopoverBody")).to_have_count(0)


@ONE_OR_EVERY
def test_every_chart_can_be_taken_along(desk: Seen, every: bool, tmp_path: Path) -> None:
    """As an SVG that is one, and as a PNG that can be opened and is no postage stamp."""
    screen, page = desk.screen, desk.look.page
    exports = screen.locator("[data-testid=stMain] [class*='st-key-export-chart-']")
    count = exports.count()
    assert count == screen.get_by_test_id("stVegaLiteChart").count() - sparklines(screen)
    assert count > 0 or page in WITHOUT_CHARTS
    for position in range(count) if every else some_of(count, page):
        exports.nth(position).get_by_test_id("stPopoverButton").click()
        for kind, file in downloaded(screen, tmp_path, in_turn(("svg", "png"), PAGES.index(page), every)).items():
            assert_a_picture(kind, file)
        screen.keyboard.press("Escape")
        expect(screen.get_by_test_id("stPopoverBody")).to_have_count(0)


CLOSED_AND_LEFT = """title => {
  const links = [...document.querySelectorAll('[data-testid=stSidebar] [data-testid=stPageLink-NavLink]')]
  const said = { key: 'Escape', code: 'Escape', keyCode: 27, bubbles: true }
  document.querySelector('[data-testid=stPopoverBody]').dispatchEvent(new KeyboardEvent('keydown', said))
  links.find(link => link.textContent.includes(title)).click()
}"""


def test_a_page_that_is_left_with_an_export_open_leaves_the_next_one_whole(screen: Page, site: Site) -> None:
    """The browser says that the export was closed after it asked for a page with another in the same place."""
    exports = opened(screen, site, "countries").locator("[data-testid=stMain] [class*='st-key-export-chart-']")
    exports.first.get_by_test_id("stPopoverButton").click()
    expect(drawn(screen).get_by_test_id("stPopoverBody")).to_have_count(1)
    screen.evaluate(CLOSED_AND_LEFT, FRENCH("page.classes.title"))
    expect(screen.get_by_role("heading", level=1)).to_have_text(FRENCH("page.classes.title"))
    assert troubles(drawn(screen)) == []


WITHOUT_CHARTS = ("ambassadors", "followups", "courrier")
"""Pages that show a chart only once somebody is chosen, or none."""


def assert_a_picture(kind: str, file: Path) -> None:
    if kind == "svg":
        assert ElementTree.parse(file).getroot().tag == "{http://www.w3.org/2000/svg}svg"
        return
    with Image.open(file) as picture:
        assert min(picture.size) > 100
        assert len(picture.convert("RGB").getcolors(1 << 24) or ()) > 3


def sparklines(screen: Page) -> int:
    """The small trends on cards, which belong to a figure and are no charts of their own."""
    return screen.locator("[data-testid=stMetric] [data-testid=stVegaLiteChart]").count()


def downloaded(screen: Page, folder: Path, kinds: tuple[str, ...]) -> dict[str, Path]:
    """The files behind the buttons of the popover that is open."""
    files: dict[str, Path] = {}
    drawn(screen)  # a run of the page gives each button a new file, and the one before is gone
    for kind in kinds:
        button = screen.get_by_test_id("stPopoverBody").get_by_role("button", name=FRENCH(f"export.{kind}"), exact=True)
        with screen.expect_download() as waited:
            button.click()
        files[kind] = folder / f"{kind}-{waited.value.suggested_filename}"
        waited.value.save_as(files[kind])
    return files


def differences(rows: list[list[str]], values: list[list[Any]], texts: bool) -> list[str]:
    """The cells of the page that do not say what the file has; one for programs has codes where the page has words."""
    return [
        f"{written!r} is {value!r}"
        for row, found in zip(rows, values, strict=True)
        for written, value in zip(row, found, strict=True)
        if (texts or re.search(r"\d", written)) and (texts or not isinstance(value, str)) and not says(written, value)
    ]


def says(written: str, value: Any) -> bool:
    """Whether a cell of a page, written for people, is a value of a file."""
    if value is None or value != value or value == "":
        return plainly(written) in ("–", "")
    if isinstance(value, bool) or value in ("VRAI", "FAUX"):
        return plainly(written) != ""
    if isinstance(value, str):
        day = re.fullmatch(r"(\d\d)/(\d\d)/(\d{4})(?: \d\d:\d\d:\d\d)?", value)
        return says_day(written, int(day[1]), int(day[3])) if day else plainly(value) in plainly(written)
    if hasattr(value, "year"):
        return says_day(written, value.day, value.year)
    number, precision = read_number(written)
    return not isnan(number) and abs(number - float(value)) <= precision


def says_day(written: str, day: int, year: int) -> bool:
    """Whether a written day, or month, can be this one."""
    numbers = [int(number) for number in re.findall(r"\d+", written)]
    return year in numbers and (len(numbers) == 1 or day in numbers)


def read_number(written: str) -> tuple[float, float]:
    """The number that a French cell begins with, and half of its last digit; shares are written in percent."""
    bare = re.sub(r"[\s\u202f\u00a0]", "", written).replace("−", "-").replace(",", ".")
    found = re.match(r"[+-]?\d+(\.\d+)?", bare)
    if not found:
        return float("nan"), 0
    decimals, scale = len(found[1] or ".") - 1, 100 if "%" in bare else 1
    return float(found[0]) / scale, 0.5000001 * 10**-decimals / scale


def plainly(text: str) -> str:
    """A text without its typography."""
    return re.sub(r"\s+", " ", text.lstrip("'")).strip()


def test_the_keyboard_turns_pages_sets_filters_and_opens_definitions(screen: Page, site: Site) -> None:
    """Enter follows a link, arrows choose a value, Enter opens a popover, Escape closes it and one is where one was."""
    opened(screen, site)
    press_until(screen, FRENCH("page.users.title"))
    screen.keyboard.press("Enter")
    expect(screen.get_by_role("heading", level=1)).to_have_text(FRENCH("page.users.title"))
    drawn(screen)
    press_until(screen, FRENCH("filter.period"))
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        screen.keyboard.press(key)
    expect(screen).to_have_url(re.compile(r"/users\?period=\w+"))
    drawn(screen)
    press_until(screen, FRENCH("definition.open"))
    screen.keyboard.press("Enter")
    popover = screen.get_by_test_id("stPopoverBody")
    expect(popover.locator("code").last).to_contain_text("select")
    screen.keyboard.press("Escape")
    expect(popover).to_have_count(0)
    assert FRENCH("definition.open") in screen.evaluate(NAME_OF_FOCUSED)


def test_on_a_phone_the_keyboard_opens_the_filters(browser: Browser, site: Site) -> None:
    """They are folded away there, behind a button."""
    with visitor(browser, PHONE) as came:
        screen = opened(came.new_page(), site)
        filters = screen.get_by_test_id("stSidebar").get_by_role("combobox", name=FRENCH("filter.period"))
        expect(filters).not_to_be_in_viewport()
        press_until(screen, "Expand sidebar")
        screen.keyboard.press("Enter")
        expect(filters).to_be_in_viewport()


def press_until(screen: Page, name: str) -> None:
    """Tab until the focus is on what has that name."""
    for _ in range(200):
        screen.keyboard.press("Tab")
        if name in screen.evaluate(NAME_OF_FOCUSED):
            return
    raise AssertionError(f"the keyboard does not reach {name}")
