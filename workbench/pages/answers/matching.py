"""À rapprocher: whose the responses are that no rule could tell; every decision can be undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

import polars as pl
import streamlit as st

from workbench.ledger import Ledger
from workbench.ledger.matching import Candidate, Decision, add_person_from, decisions, match, undo
from workbench.ledger.people import PersonState, people
from workbench.ledger.states import ResponseKind
from workbench.pages import Page, Written
from workbench.pages.answers import Done, as_typed, attempt, cards, zone
from workbench.surveys.matching import ToMatch, accepted_by, candidate_of, to_match

CARDS = 10
"""So many responses are shown at a time, the latest first."""


@dataclass(frozen=True)
class _Desk:
    """What the cards share."""

    page: Page
    ledger: Ledger
    everybody: Mapping[int, PersonState]

    def give(self, waiting: ToMatch, person: int) -> Done:
        """The response is this person's."""
        accepts, name = accepted_by(waiting, zone(self.page)), self.everybody[person].name
        number = match(self.ledger, waiting.response, person, accepts=accepts, who=self.page.who, now=datetime.now(UTC))
        return Done(self.page.words("matching.given", name=as_typed(name)), partial(self.take_back, number))

    def add(self, waiting: ToMatch, candidate: Candidate) -> Done:
        """The response is that of somebody new."""
        number = add_person_from(self.ledger, waiting.response, candidate, who=self.page.who, now=datetime.now(UTC))
        said = self.page.words("matching.added", name=as_typed(candidate.name))
        return Done(said, partial(self.take_back, number))

    def take_back(self, decision: int) -> Done:
        """A decision is undone."""
        undo(self.ledger, decision, who=self.page.who, now=datetime.now(UTC))
        return Done(self.page.words("matching.undone"))


def show_matching(page: Page, ledger: Ledger) -> None:
    """The responses that are nobody's, the latest first, then what was decided by hand."""
    page.section("matching")
    waiting = to_match(ledger)
    desk = _Desk(page, ledger, {person.id: person for person in people(ledger)})
    if not waiting:
        page.empty("empty.matching")
    cards(page, waiting[:CARDS], partial(card, desk))
    if len(waiting) > CARDS:
        page.sheet.note(page.words("matching.rest", n=len(waiting) - CARDS))
    if decided := decisions(ledger):
        by_hand(desk, decided)


def card(desk: _Desk, each: ToMatch, place: str) -> None:
    """A response: what it says of who sent it, whose it may be, and the three ways to say so."""
    words = desk.page.words
    with desk.page.sheet.frame():
        at = words("matching.at", moment=each.at.astimezone(zone(desk.page)))
        st.markdown(f"**{as_typed(each.form_title)}** · {at}")
        if each.kind is ResponseKind.PARTIAL:
            st.caption(words("matching.partial"))
        st.text("\n".join(filter(None, (each.name, each.address))) or words("matching.nameless"))
        _suggestions(desk, each, place)
        with st.container(horizontal=True, gap="small"):
            _popover(desk, each, "other", "person_search", partial(_other, place=place))
            _popover(desk, each, "new", "person_add", partial(_new, place=place))


def _suggestions(desk: _Desk, each: ToMatch, place: str) -> None:
    words = desk.page.words
    if not each.suggestions:
        st.caption(words("matching.nobody"))
    for one in each.suggestions:
        st.button(
            words("matching.is", name=as_typed(one.name)),
            key=f"matching.{each.response}.{one.person}",
            icon=":material/person_check:",
            on_click=attempt,
            args=(desk.page, partial(desk.give, each, one.person), place),
        )
        st.caption(words(one.why, **{name: as_typed(value) for name, value in one.values.items()}))


def _popover(desk: _Desk, each: ToMatch, name: str, icon: str, write: Callable[[_Desk, ToMatch], None]) -> None:
    """A form a click away, made when it is opened."""
    label, key = desk.page.words(f"matching.{name}"), f"matching.{each.response}.{name}"
    box = st.popover(label, key=key, icon=f":material/{icon}:", on_change="rerun")
    if box.open:
        with box:
            write(desk, each)


def _other(desk: _Desk, each: ToMatch, place: str) -> None:
    key = f"matching.{each.response}.chosen"

    def give() -> None:
        if person := st.session_state[key]:
            attempt(desk.page, partial(desk.give, each, person), place)

    with st.form(f"{key}.form", border=False):
        st.selectbox(
            desk.page.words("matching.who"), list(desk.everybody), None, key=key,
            placeholder=desk.page.words("done.choose"),
            format_func=lambda number: desk.everybody[number].name,
        )  # fmt: skip
        st.form_submit_button(desk.page.words("matching.give"), on_click=give)


def _new(desk: _Desk, each: ToMatch, place: str) -> None:
    words, key, known = desk.page.words, f"matching.{each.response}.added", candidate_of(each, zone(desk.page))

    def add() -> None:
        name, email = st.session_state[f"{key}.name"], st.session_state[f"{key}.email"].strip() or None
        attempt(desk.page, partial(desk.add, each, replace(known, name=name, email=email)), place)

    with st.form(f"{key}.form", border=False):
        st.text_input(words("matching.name"), known.name, max_chars=200, key=f"{key}.name")
        st.text_input(words("matching.email"), known.email or "", max_chars=200, key=f"{key}.email")
        if known.accepts:
            st.caption(words("matching.accepts", day=known.accepts.on))
        st.form_submit_button(words("matching.add"), on_click=add)


def by_hand(desk: _Desk, decided: list[Decision]) -> None:
    """What was decided by hand and stands, with the way back."""
    page, words = desk.page, desk.page.words
    page.section("matching_decided")
    names = [desk.everybody[each.person].name if each.person in desk.everybody else None for each in decided]
    rows = {
        "decided_at": [each.at for each in decided],
        "decision": [words(f"matching.decision.{each.kind}") for each in decided],
        "response": [each.response for each in decided],
        "respondent": names,
        "decided_by": [each.who for each in decided],
    }
    columns: dict[str, Written] = {"decided_at": words.moment, "decision": str, "response": str}
    columns |= {"respondent": str, "decided_by": str}
    page.table(pl.DataFrame(rows), columns, words("section.matching_decided.title"), "matches")
    labels = {
        each.id: f"{name or '–'} · {words('matching.response', number=str(each.response))}"
        for each, name in zip(decided, names, strict=True)
    }

    def take_back() -> None:
        if number := st.session_state["matching.undoing"]:
            attempt(page, partial(desk.take_back, number))

    with st.form("matching.undo", border=False):
        st.selectbox(
            words("matching.undoing"), list(labels), None, format_func=labels.__getitem__,
            placeholder=words("done.choose"), key="matching.undoing",
        )  # fmt: skip
        st.form_submit_button(words("done.undo"), icon=":material/undo:", on_click=take_back)
