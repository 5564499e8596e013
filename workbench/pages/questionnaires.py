"""Questionnaires: what was answered, whose answers these are, what the questions mean, bugs, and what was sent out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from workbench.access import may
from workbench.ledger import Ledger
from workbench.pages import Page, opened
from workbench.pages.answers import chosen, outcome
from workbench.pages.answers.bugs import show_bugs
from workbench.pages.answers.matching import show_matching
from workbench.pages.answers.meanings import show_meanings
from workbench.pages.answers.results import show_results
from workbench.pages.answers.sent import show_sent

VIEWS: Mapping[str, Callable[[Page, Ledger], None]] = {
    "results": show_results,
    "matching": show_matching,
    "mapping": show_meanings,
    "bugs": show_bugs,
    "campaigns": show_sent,
}
"""The parts of the page, as the URL names them (`?view=`); one is computed in a run."""


def show(page: Page) -> None:
    """One part of the page; what names people is for those who may see them."""
    words = page.words
    page.sheet.title(words("page.questionnaires.title"))
    page.sheet.text(words("page.questionnaires.lead"))
    if page.ledger is None:
        page.empty("empty.programme_ledger")
        return
    view = "results"
    if not may(page.asking.role, "people"):
        page.sheet.note(words("programme.people_needed"))
    elif page.sheet.interactive:
        view = chosen(page, "view", list(VIEWS), view, lambda name: words(f"questionnaires.view.{name}"))
        outcome(page)
    VIEWS[view](page, page.ledger)


if __name__ == "__main__":
    show(opened("questionnaires"))
