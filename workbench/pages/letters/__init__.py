"""The parts of the page *Courrier*, and what they share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import streamlit as st

from workbench.errors import WorkbenchError
from workbench.ledger import Ledger
from workbench.ledger.courriers import CourrierInvalid, CourrierKept, CourrierSettled, NobodyChosen
from workbench.ledger.people import AddressInvalid
from workbench.pages import Page
from workbench.pages.answers import Done, attempt, zone
from workbench.surveys.courrier import NotConfirmed, NotReady
from workbench.surveys.running import Post
from workbench.surveys.sending import AlreadySending, NotApproved
from workbench.text import Words

_SAID: Mapping[type[WorkbenchError], str] = {
    CourrierInvalid: "name",
    CourrierSettled: "settled",
    NobodyChosen: "nobody",
    AddressInvalid: "address",
    NotConfirmed: "unconfirmed",
    NotReady: "unready",
    AlreadySending: "sending",
    NotApproved: "unapproved",
}
"""What Diane meets on any day is said in her language: `letters.fault.<name>`."""


@dataclass(frozen=True)
class Desk:
    """One courrier on the desk, with what everything that is done to it needs."""

    page: Page
    ledger: Ledger
    post: Post
    kept: CourrierKept

    @property
    def words(self) -> Words:
        """The visitor's words."""
        return self.page.words

    def key(self, name: str) -> str:
        """The key of a widget of this courrier's."""
        return f"courrier.{self.kept.id}.{name}"

    def local(self, moment: datetime) -> datetime:
        """A moment by the team's clock."""
        return moment.astimezone(zone(self.page))

    def act(self, do: Callable[[], Done], place: str = "") -> None:
        """Do something, and have it said in the next run what became of it."""
        act(self.page, do, place)


def act(page: Page, do: Callable[[], Done], place: str = "") -> None:
    """Do something, and have it said in the next run what became of it; what is met on any day in few words."""
    attempt(page, partial(_in_words, page.words, do), place)


def _in_words(words: Words, do: Callable[[], Done]) -> Done:
    try:
        return do()
    except tuple(_SAID) as error:
        raise WorkbenchError(*fault(words, error)) from error


def fault(words: Words, error: WorkbenchError) -> tuple[str, str]:
    """What went wrong and what to do, in the visitor's language where there are words for it."""
    name = _SAID.get(type(error))
    if name is None:
        return error.message, error.remedy
    return words(f"letters.fault.{name}.said"), words(f"letters.fault.{name}.remedy")


def via(page: Page, how: str) -> None:
    """How it is delivered: seen before anything is sent."""
    page.sheet.note(f":material/outbox: {page.words(f'letters.via.{how}')}")


def seen(html: str, alt: str, width: int | None = None) -> None:
    """A letter in a frame of its own, whose links open elsewhere; no script of it runs (the app's policy)."""
    apart = html.replace("<head>", '<head><base target="_blank">', 1)
    st.iframe(apart, width=width or "stretch", height=640, alt=alt)
