"""What axe says of every page, against what it says of a page of plain Streamlit with the same widgets.

A finding is a rule and a kind of place: the three innermost parts of Streamlit's that it stands in. What plain
Streamlit does not get right either is listed in `KNOWN`, and asserted, so that the list shortens when it does.

Every day `test_browser_pages` asks axe about each page that it has open, and about what opens on some of them; here, in
the soak, each is seen in every look, and so is the plain page, which changes with the lock only.
"""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import PHONE, WIDE, Site, Tabs, copy_served, drawn, opened, serving_bare
from playwright.sync_api import Page, expect

from workbench.app import PAGES

pytestmark = pytest.mark.browser


Finding = tuple[str, str]

IN_A_MENU = {
    ("color-contrast", "stCode in stElementContainer in stVerticalBlock"),
    ("color-contrast", "stMarkdownContainer in stPopoverButton in stPopover"),
}
ON_A_PHONE = {
    ("scrollable-region-focusable", "stCode in stElementContainer in stVerticalBlock"),
    ("scrollable-region-focusable", "stTable in stElementContainer in stVerticalBlock"),
}
AT_REST = {
    ("color-contrast", "stMarkdownContainer in stButtonGroup in stElementContainer"),
    ("color-contrast", "stCaptionContainer in stMarkdown in stElementContainer"),
    ("svg-img-alt", "stMetricChart in stMetric in stElementContainer"),
}
KNOWN = IN_A_MENU | ON_A_PHONE | AT_REST
"""What plain Streamlit 1.67 does not get right. At rest, our theme gets every contrast right."""

OF_A_POPOVER = ("[data-testid=stPopover]", "[data-testid=stPopoverBody]")
"""What changes on a page when one opens: its buttons, and what they open."""

PLACE = """selector => {
  const parts = []
  for (let e = document.querySelector(selector); e && parts.length < 3; e = e.parentElement)
    if (e.dataset.testid) parts.push(e.dataset.testid)
  return parts.join(' in ')
}"""


@pytest.fixture(scope="module")
def site(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A small sample, served."""
    with copy_served(sample_home, tmp_path_factory.mktemp("sample")) as found:
        yield found


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the plain page is."""
    with serving_bare(tmp_path_factory.mktemp("bare")) as server:
        yield server.url


def findings(screen: Page, parts: tuple[str, ...] = ("html",)) -> set[Finding]:
    """The serious and critical findings on a page as it is now, or in parts of it."""
    reported = Axe().run(screen, {"include": [[part] for part in parts]}).response["violations"]
    serious = [rule for rule in reported if rule["impact"] in ("serious", "critical")]
    return {(rule["id"], screen.evaluate(PLACE, node["target"][0])) for rule in serious for node in rule["nodes"]}


def findings_opened(screen: Page, last: str) -> set[Finding]:
    """The findings on a page with everything unfolded, and with a definition and an export open before it."""
    found, folded = set[Finding](), False
    for fold in screen.locator("[data-testid=stMain] details > summary").all():
        if not fold.evaluate("fold => fold.parentElement.open"):
            fold.click()
            folded = True
    if folded:
        found |= findings(drawn(screen, last))
    popovers = screen.locator("[data-testid=stMain] [data-testid=stPopoverButton]")
    for popover in (popovers.first, popovers.last):
        popover.click()
        expect(screen.get_by_test_id("stPopoverBody").locator("p, code, button").first).to_be_visible()
        found |= findings(drawn(screen, last), OF_A_POPOVER)
        screen.keyboard.press("Escape")
        expect(screen.get_by_test_id("stPopoverBody")).to_have_count(0)
        drawn(screen, last)
    return found


@pytest.mark.soak
def test_what_is_known_of_plain_streamlit_is_true(tabs: Tabs, bare: str) -> None:
    """No more and no less: what the version in the lock gets right is not forgiven to us any longer."""
    found: set[Finding] = set()
    for size, scheme in ((WIDE, "light"), (PHONE, "dark")):
        screen = tabs(size, scheme)
        screen.goto(bare)
        found |= findings(drawn(screen, "the end")) | findings_opened(screen, "the end")
    assert found == KNOWN


@pytest.mark.soak
@pytest.mark.parametrize(("page", "size", "scheme"), [*product(PAGES, (WIDE, PHONE), ("light", "dark"))])
def test_no_page_has_a_finding_of_its_own(
    tabs: Tabs, site: Site, page: str, size: tuple[int, int], scheme: str
) -> None:
    """In every size and light; `test_browser_pages` sees each page at rest every day, where it is open already."""
    screen = opened(tabs(size, scheme), site, page)
    assert_nothing_at_rest(screen)
    assert_nothing_that_opens(screen)


def assert_nothing_at_rest(screen: Page) -> None:
    """Nothing serious or critical that plain Streamlit does not have, and nothing about contrast."""
    found = findings(screen)
    assert [place for rule, place in found if rule == "color-contrast"] == []
    assert found - KNOWN == set()


def assert_nothing_that_opens(screen: Page) -> None:
    """The same of what is folded, of a definition and of an export."""
    assert findings_opened(screen, "build 0") - KNOWN == set()
