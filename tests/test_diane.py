"""Diane's day: her list, her queue, one person, an answer of nobody, a commitment, the results of a quarter."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import Site, copy_served, drawn, opened, pick
from playwright.sync_api import Locator, Page, expect

from workbench.text import Words

pytestmark = pytest.mark.browser

FRENCH = Words("fr")
LIST = """Nom;Prénom;Courriel;École;Académie
Exemple;Zoé;zoe.exemple@ecole-neuve.example;École Neuve;Lyon
Exemple;Yvon;ceci n'est pas une adresse;École Neuve;Lyon
<b>Gras</b>;Anna *Étoile*;anna@ecole-neuve.example;École Neuve;Lyon
"""


@pytest.fixture(scope="module")
def site(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The sample with its programme, served."""
    with copy_served(sample_home, tmp_path_factory.mktemp("diane")) as found:
        yield found


def said(screen: Page) -> Locator:
    """What the page says became of the last act, where it went well."""
    return screen.get_by_test_id("stAlertContentSuccess")


def press(screen: Page, within: Locator | Page, key: str, **values: object) -> None:
    """A button by its words; the page drawn anew."""
    within.get_by_role("button", name=FRENCH(key, **values), exact=True).first.click()
    drawn(screen)


def drawer(screen: Page, key: str) -> Locator:
    """A part of the page that is closed at first, opened."""
    found = screen.get_by_test_id("stExpander").filter(has=screen.get_by_text(FRENCH(key), exact=True)).first
    if not found.locator("details").get_attribute("open"):
        found.locator("summary").click()
    return found


def test_diane_imports_her_list(screen: Page, site: Site, tmp_path: Path) -> None:
    """Seen before it is done: who is new, which line is wrong and why; what people are called is shown as typed."""
    opened(screen, site, "ambassadors")
    file = tmp_path / "liste.csv"
    file.write_text(LIST, encoding="utf-8")
    form = drawer(screen, "ambassadors.act.import")
    form.locator("input[type=file]").set_input_files(file)
    expect(form.get_by_text("is no address", exact=False)).to_be_visible()
    expect(form.get_by_text("Anna *Étoile* <b>Gras</b>", exact=False).first).to_be_visible()
    drawn(screen)
    press(screen, form, "ambassadors.import")
    expect(said(screen).first).to_contain_text(FRENCH("ambassadors.done.new", n=2))
    expect(screen.get_by_role("cell", name="Zoé Exemple", exact=True)).to_be_visible()
    expect(screen.get_by_role("cell", name="Anna *Étoile* <b>Gras</b>", exact=True)).to_be_visible()


def test_diane_opens_her_queue_and_puts_one_thing_off(screen: Page, site: Site) -> None:
    """Who, why and since when; one click puts it off, one takes that back, and it is there again."""
    opened(screen, site, "followups")
    name = people(screen).first.inner_text()
    expect(screen.get_by_text("Depuis le", exact=False).first).to_be_visible()
    screen.get_by_role("button", name=FRENCH("followups.later")).first.click()
    popover = screen.get_by_test_id("stPopoverBody")
    popover.get_by_role("button", name=FRENCH("followups.in_days", n=3), exact=True).click()
    expect(said(screen).first).to_contain_text(name)
    assert people(drawn(screen)).first.inner_text() != name
    press(screen, screen, "done.undo")
    expect(people(screen).first).to_have_text(name)


def people(screen: Page) -> Locator:
    """About whom there is something to do, the longest due first; each name leads to that person."""
    return screen.locator("a[href^='/ambassadors?person=']")


def test_diane_understands_one_person_marks_a_commitment_and_takes_it_back(screen: Page, site: Site) -> None:
    """From the queue to the whole story; what she notes counts at once, and does no more when she undoes it."""
    opened(screen, site, "followups", "?rule=second_reminder")
    address = people(screen).last.get_attribute("href")
    assert address
    opened(screen, site, "ambassadors", address.removeprefix("/ambassadors"))
    for section in ("ambassador_commitments", "ambassador_story", "ambassador_follow_ups", "ambassador_benefits"):
        expect(screen.get_by_role("heading", name=FRENCH(f"section.{section}.title"), exact=True)).to_be_visible()
    before = standing(screen)
    assert FRENCH("charter.status.met") not in before["4a"]
    form = drawer(screen, "ambassadors.act.evidence")
    choose(form, FRENCH("column.commitment"), FRENCH("charter.commitment.4a.label"))
    press(screen, form, "ambassadors.save")
    expect(said(screen).first).to_contain_text(FRENCH("charter.commitment.4a.label"))
    assert FRENCH("charter.status.met") in standing(drawn(screen))["4a"]
    press(screen, screen, "done.undo")
    expect(said(screen).first).to_contain_text(FRENCH("programme.undone"))
    assert standing(drawn(screen)) == before


def standing(screen: Page) -> dict[str, str]:
    """How the commitments of the latest quarter stand, as the table says it."""
    title = re.compile("^" + re.escape(FRENCH("section.ambassador_commitments.title")))
    rows = screen.get_by_role("table", name=title).first.get_by_role("row").all_inner_texts()
    names = ("1", "2", "3", "4a", "4b", "4c", "5", "6")
    labels = {name: FRENCH(f"charter.commitment.{name}.label") for name in names}
    return {name: row for name, label in labels.items() for row in rows if label in row}


def choose(within: Locator, label: str, option: str) -> None:
    """An option of a select box."""
    box = within.get_by_role("combobox", name=label)
    pick(box, option)
    expect(box).to_have_value(option)


def test_diane_matches_an_answer(screen: Page, site: Site) -> None:
    """An address with a typing error: the page says whose it may be; one click, and it is theirs; and undone again."""
    opened(screen, site, "questionnaires", "?view=matching")
    mine = screen.get_by_role("button", name=re.compile("^C’est ")).locator("p")
    name = mine.first.inner_text()
    mine.first.click()
    expect(said(screen).first).to_be_visible()
    decided = drawn(screen).get_by_role("table", name=FRENCH("section.matching_decided.title"), exact=True)
    expect(decided.get_by_role("row")).to_have_count(2)
    assert mine.first.inner_text() != name
    press(screen, screen, "done.undo")
    expect(decided).to_have_count(0)
    expect(mine.first).to_have_text(name)


def test_diane_reads_the_results_of_a_quarter(screen: Page, site: Site) -> None:
    """How many of those asked answered, the NPS with its interval, each question, what was written a click away."""
    opened(screen, site, "questionnaires", "?form=aut2020q&quarter=2020-2021-Q1")
    for name in ("rate", "respondents", "nps"):
        card = screen.get_by_test_id("stMetric").filter(
            has=screen.get_by_text(FRENCH(f"questionnaires.card.{name}.name"), exact=True)
        )
        expect(card.get_by_test_id("stMetricValue")).to_have_text(re.compile(r"\d"))
    assert screen.get_by_test_id("stVegaLiteChart").count() >= 8
    expect(screen.get_by_role("heading", name=FRENCH("section.values.title"), exact=True)).to_be_visible()
    assert screen.get_by_test_id("stAlertContentError").count() == 0
