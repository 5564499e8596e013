"""Courrier: the monthly letter written, looked at, tested, approved and sent; and what became of each one."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.access import may
from workbench.ledger import Ledger
from workbench.ledger.courriers import CourrierKept, courriers
from workbench.ledger.states import CourrierState
from workbench.pages import Page, opened
from workbench.pages.answers import outcome
from workbench.pages.letters import Desk
from workbench.pages.letters.draft import write
from workbench.pages.letters.going import approved
from workbench.pages.letters.listing import beginning, counts_only, everything, one_of
from workbench.pages.letters.ready import approving, audience, test
from workbench.pages.letters.results import results
from workbench.surveys.running import Post


def show(page: Page) -> None:
    """All courriers, and the one that is chosen."""
    words = page.words
    page.sheet.title(words("page.courrier.title"))
    page.sheet.text(words("page.courrier.lead"))
    if page.ledger is None:
        page.empty("empty.programme_ledger")
        return
    kept = courriers(page.ledger)
    if not may(page.asking.role, "people"):
        page.sheet.note(words("letters.people_needed"))
        counts_only(page, kept)
    elif page.sheet.interactive and page.post and may(page.asking.role, "send"):
        outcome(page)
        desk(page, page.ledger, page.post, kept)
    elif kept:
        everything(page, page.ledger, kept)
    else:
        page.empty("empty.courriers")


def desk(page: Page, ledger: Ledger, post: Post, kept: Sequence[CourrierKept]) -> None:
    """The list, and below it the courrier at hand."""
    if not kept:
        page.empty("empty.courriers")
        beginning(page, ledger, post, kept)
        return
    page.section("courriers")
    everything(page, ledger, kept)
    beginning(page, ledger, post, kept)
    page.sheet.heading(page.words("section.courrier.title"))
    at_hand = Desk(page, ledger, post, one_of(page, kept))
    if at_hand.kept.state is CourrierState.DRAFT:
        drafted(at_hand)
    else:
        approved(at_hand)
        results(at_hand)


def drafted(at_hand: Desk) -> None:
    """A draft, from its first words to its approval."""
    edited, found = write(at_hand)
    chosen = audience(at_hand, edited, found)
    at_hand.page.section("courrier_ready")
    with at_hand.page.sheet.grid(2, 320):
        test(at_hand, edited, chosen)
        approving(at_hand, edited, found, chosen)


if __name__ == "__main__":
    show(opened("courrier"))
