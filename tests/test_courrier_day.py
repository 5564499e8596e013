"""The day of the courrier: Diane writes, looks, puts right, tests, approves, sends; and goes on after a kill."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from pathlib import Path

import pytest
from browsing import PHONE, Site, copy_served, drawn, environment, opened, pick, run
from playwright.sync_api import Page, expect

from workbench.text import Words

pytestmark = pytest.mark.browser

FR = Words("fr")
STUCK = Path(__file__).with_name("stuck_sender.py")
WRITTEN = """---
subject: Le courrier de décembre
audience: active
date: 2020-12-18
---
Bonjour {{ first_name }},

:::news
### La retouche photo est là
![](https://example.org/classe.png)
:::
"""
ON_LINE_10 = FR("mail.finding.missing_alt", found="https://example.org/classe.png")


@pytest.fixture(scope="module")
def site(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The sample with its programme, served; its mail goes into the outbox."""
    with copy_served(sample_home, tmp_path_factory.mktemp("courrier")) as found:
        yield found


def press(screen: Page, key: str, **values: object) -> None:
    """A button by its words; the page drawn anew."""
    screen.get_by_role("button", name=FR(key, **values), exact=True).first.click()
    drawn(screen)


def type_in(screen: Page, text: str) -> None:
    """The whole letter anew, as it is taken over with Ctrl + Enter."""
    area = screen.get_by_label(FR("letters.write.source"), exact=True)
    area.fill(text)
    area.press("Control+Enter")
    expect(screen.get_by_text(FR("letters.write.unsaved"), exact=True)).to_be_visible()  # the answer has begun
    drawn(screen)


def choose(screen: Page, label: str, option: str) -> None:
    """An option of the first select box of a name, found by typing."""
    pick(screen.get_by_role("combobox", name=label).first, option, by_typing=True)
    drawn(screen)


def figure(screen: Page, name: str) -> int:
    """A number of the results."""
    card = screen.get_by_test_id("stMetric").filter(has=screen.get_by_text(FR(f"letters.card.{name}.name"), exact=True))
    return int(card.get_by_test_id("stMetricValue").inner_text())


def delivered(site: Site, name: str) -> list[str]:
    """To whom there is a message in the outbox; tests to oneself apart."""
    files = [file for file in (site.home / "outbox" / name).glob("*.eml") if not file.name.startswith("test-")]
    return sorted(str(message_from_bytes(file.read_bytes())["To"]) for file in files)


def recipients(site: Site, name: str) -> int:
    """Messages of a courrier, as the command line counts them."""
    command = [str(Path(sys.executable).with_name("workbench")), "courrier", "status", name, "--json"]
    said = subprocess.run(command, env=environment(site.home), check=True, capture_output=True, text=True).stdout
    return said.count('"person"')


def test_diane_writes_a_courrier_and_sends_it(screen: Page, site: Site) -> None:
    """From the list to the results, each step where she expects it; what the page counts is what was delivered."""
    opened(screen, site, "courrier")
    press(screen, "letters.new.open")
    press(screen, "letters.new.begin")
    screen.wait_for_url("**courrier=2020-12*")  # until then the editor is that of another draft
    drawn(screen)
    type_in(screen, WRITTEN)
    looks_at_it(screen)
    puts_it_right(screen)
    tries_it(screen, site)
    approves_it(screen)
    sends_it(screen, site)


def looks_at_it(screen: Page) -> None:
    """As one person, as wide as a phone, and as text."""
    name = "Agnès Joly"
    choose(screen, FR("letters.look.as_whom"), name)
    screen.get_by_text(FR("letters.look.phone"), exact=True).click()
    drawn(screen)
    frame = screen.get_by_title(FR("letters.look.frame"))
    expect(frame).to_have_css("width", f"{PHONE[0]}px")
    seen = frame.content_frame
    expect(seen.get_by_text("Bonjour Agnès", exact=False)).to_be_visible()
    assert seen.locator("html").evaluate("page => page.scrollWidth <= innerWidth")
    screen.get_by_role("tab", name=FR("letters.look.text")).click()
    expect(screen.get_by_role("tabpanel").get_by_text("Bonjour Agnès", exact=False)).to_be_visible()


def puts_it_right(screen: Page) -> None:
    """What is wrong is said with its line, and stands against the approval until it is put right and saved."""
    said = screen.get_by_role("listitem").filter(has_text=FR("letters.check.line", number="10"))
    expect(said).to_contain_text(ON_LINE_10)
    expect(screen.get_by_text(FR("letters.approve.faults", n=1), exact=True)).to_be_visible()
    type_in(screen, WRITTEN.replace("![]", "![Des élèves rient]"))
    expect(screen.get_by_text(FR("letters.check.none"), exact=True)).to_be_visible()
    expect(screen.get_by_text(FR("letters.write.unsaved"), exact=True)).to_be_visible()
    press(screen, "letters.write.save")
    expect(screen.get_by_text(FR("letters.write.saved"), exact=True)).to_be_visible()


def tries_it(screen: Page, site: Site) -> None:
    """One message, to herself."""
    screen.get_by_label(FR("letters.test.to"), exact=True).fill("diane@klassroom.example")
    press(screen, "letters.test.send")
    expect(screen.get_by_text("diane@klassroom.example", exact=False)).to_be_visible()
    (file,) = (site.home / "outbox" / "2020-12").glob("*.eml")
    assert message_from_bytes(file.read_bytes())["To"] == "diane@klassroom.example"


def approves_it(screen: Page) -> None:
    """Not without a tick: she wrote it herself."""
    button = screen.get_by_role("button", name="Approuver pour", exact=False)
    button.click()
    expect(drawn(screen).get_by_text(FR("letters.fault.unconfirmed.said"), exact=False)).to_be_visible()
    screen.get_by_text(FR("letters.approve.read"), exact=True).click()
    button.click()
    expect(drawn(screen).get_by_text("Empreinte", exact=False).first).to_be_visible()


def sends_it(screen: Page, site: Site) -> None:
    """How it is delivered stands there before; then progress to the end, and the results."""
    expect(screen.get_by_text(FR("letters.via.outbox").split("**")[2], exact=False)).to_be_visible()
    screen.get_by_role("button", name="Envoyer maintenant", exact=False).click()
    total = recipients(site, "2020-12")
    got_to(screen, total, total)
    expect(screen.get_by_role("heading", name=FR("section.courrier_results.title"), exact=True)).to_be_visible()
    to = delivered(site, "2020-12")
    assert len(to) == len(set(to)) == total == figure(drawn(screen), "sent") > 50
    assert [figure(screen, name) for name in ("arrived", "lost", "held_back", "unknown")] == [0, 0, 0, 0]
    assert screen.get_by_test_id("stAlertContentError").count() == 0


def got_to(screen: Page, dealt: int, total: int) -> None:
    """How far the sender got; the bar of a moment before may still be on its way out."""
    said = FR("letters.going.progress", dealt=dealt, total=total)
    expect(screen.get_by_test_id("stProgress").filter(has_text=said).first).to_be_visible()


@contextmanager
def stuck(site: Site, name: str, messages: int) -> Iterator[subprocess.Popen[str]]:
    """A sender in another process that wrote so many messages and gets no further; killed at the end."""
    command = [sys.executable, str(STUCK), name, str(messages)]
    with subprocess.Popen(
        command, env=environment(site.home), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as sender:
        assert sender.stdout
        assert sender.stdout.readline() == "stuck\n"
        yield sender
        sender.send_signal(signal.SIGKILL)


@pytest.mark.soak  # at the screen; that each gets it once is held every day by test_sending_kills
def test_diane_goes_on_after_a_sender_was_killed(screen: Page, site: Site) -> None:
    """While it lives, wherever that is, she watches; once it is dead she is told, and each gets it once."""
    run(site.home, "courrier", "new", "2020-10")
    run(site.home, "courrier", "approve", "2020-10", "--confirm")
    total = recipients(site, "2020-10")
    with stuck(site, "2020-10", 5):
        opened(screen, site, "courrier", "?courrier=2020-10")
        got_to(screen, 0, total)
        expect(screen.get_by_role("button", name=FR("letters.going.stop"), exact=True)).to_be_visible()
        assert screen.get_by_role("button", name="Reprendre", exact=False).count() == 0
    assert len(delivered(site, "2020-10")) == 5
    again = screen.get_by_role("button", name=FR("letters.going.resume", n=total), exact=True)
    expect(again).to_be_visible()
    expect(screen.get_by_text(FR("letters.going.broken", n=total), exact=True)).to_be_visible()
    drawn(screen)
    again.click()
    got_to(screen, total, total)
    to = delivered(site, "2020-10")
    assert len(to) == len(set(to)) == total == figure(drawn(screen), "sent")
    expect(screen.get_by_test_id("stProgress")).to_have_count(1)
