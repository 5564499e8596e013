"""All courriers, the one to look at, and a new one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial

import polars as pl
import streamlit as st

from workbench.ledger import Ledger
from workbench.ledger.courriers import CourrierKept, set_courrier
from workbench.ledger.mail_events import arrivals
from workbench.ledger.programme import campaigns
from workbench.ledger.states import Arrival, CampaignKind, CourrierState, DeliveryState, MailKind
from workbench.pages import Page, Written
from workbench.pages.answers import Done, as_typed, chosen, zone
from workbench.pages.letters import act
from workbench.surveys.courrier import new_source
from workbench.surveys.mail import LetterInvalid, read_letter
from workbench.surveys.running import Post
from workbench.text import Words

LOST = (Arrival.BOUNCED, Arrival.DROPPED, Arrival.COMPLAINED)
"""What became of a message that did not arrive, or was not wanted."""

AHEAD = timedelta(days=3)
"""A new courrier is planned for so many days from today."""


def everything(page: Page, ledger: Ledger, kept: Sequence[CourrierKept]) -> None:
    """A table of all of them, the latest first."""
    words, arrived = page.words, arrivals(ledger)
    rows = {
        "courrier_name": [one.name for one in kept],
        "courrier_kind": [words(f"courrier.kind.{one.kind}") for one in kept],
        "courrier_subject": [subject_of(one) for one in kept],
        "courrier_state": [words(f"courrier.state.{one.state}") for one in kept],
        "courrier_when": [_when(page, one) for one in kept],
        "courrier_sent": [one.counts.get(DeliveryState.ACCEPTED, 0) for one in kept],
        "courrier_arrived": [arrived.get(one.id, {}).get(Arrival.DELIVERED, 0) for one in kept],
        "courrier_lost": [lost(one, arrived.get(one.id, {})) for one in kept],
    }
    text: dict[str, Written] = dict.fromkeys(list(rows)[:4], str)
    columns: dict[str, Written] = {**text, "courrier_when": words.moment}
    columns |= dict.fromkeys(list(rows)[5:], words.number)
    page.table(pl.DataFrame(rows), columns, words("section.courriers.title"), "courriers")


def subject_of(kept: CourrierKept) -> str:
    """The subject as it is written; nothing where the letter cannot be read."""
    try:
        return read_letter(kept.source).subject
    except LetterInvalid:
        return ""


def lost(kept: CourrierKept, arrived: Mapping[Arrival, int]) -> int:
    """How many did not get it although it was sent to them, or could not be sent to."""
    return kept.counts.get(DeliveryState.REFUSED, 0) + sum(arrived.get(one, 0) for one in LOST)


def _when(page: Page, kept: CourrierKept) -> datetime | None:
    at = kept.send_at or kept.approved_at or kept.created_at
    return at.astimezone(zone(page)) if at else None


def one_of(page: Page, kept: Sequence[CourrierKept]) -> CourrierKept:
    """The courrier to look at, as the URL names it (`?courrier=2020-12`); else the latest."""
    named = {one.name: one for one in kept}
    name = chosen(page, "courrier", list(named), kept[0].name, partial(_labelled, page.words, named), in_a_box=True)
    return named[name]


def _labelled(words: Words, named: Mapping[str, CourrierKept], name: str) -> str:
    return f"{name} · {words(f'courrier.state.{named[name].state}')}"


# -------------------------------------------------------------------------------------------------------------- new


def beginning(page: Page, ledger: Ledger, post: Post, kept: Sequence[CourrierKept]) -> None:
    """A new draft, a click away."""
    with st.popover(page.words("letters.new.open"), icon=":material/add:", key="courrier.new"):
        _new_form(page, ledger, post, kept)


def _new_form(page: Page, ledger: Ledger, post: Post, kept: Sequence[CourrierKept]) -> None:
    """The name of a new courrier and the day it is planned for."""
    words, taken = page.words, {one.name for one in kept}
    key = f"courrier.new.{len(taken)}"

    def begin() -> None:
        held = st.session_state
        act(page, partial(_begin, page, ledger, post, held[f"{key}.name"].strip(), held[f"{key}.day"]))

    with st.form(f"{key}.form", border=False):
        proposed = _free_name(f"{page.today:%Y-%m}", taken)
        st.text_input(words("letters.new.name"), proposed, help=words("letters.new.help"), key=f"{key}.name")
        st.date_input(words("letters.new.day"), page.today + AHEAD, format="DD/MM/YYYY", key=f"{key}.day")
        st.form_submit_button(words("letters.new.begin"), icon=":material/edit_note:", on_click=begin)


def _free_name(name: str, taken: set[str]) -> str:
    number = 1
    while (proposed := name if number == 1 else f"{name}-{number}") in taken:
        number += 1
    return proposed


def _begin(page: Page, ledger: Ledger, post: Post, name: str, day: date) -> Done:
    source = new_source(day, Words(post.terms.language), _questionnaire(ledger, post.terms.quarter))
    set_courrier(ledger, CourrierKept(name, source), who=page.who, now=post.clock())
    st.query_params["courrier"] = name
    return Done(page.words("letters.new.done", name=as_typed(name)))


def _questionnaire(ledger: Ledger, quarter: str) -> str | None:
    """The form of the quarter's questionnaire, the latest one of several."""
    mine = [one for one in campaigns(ledger) if one.quarter == quarter and one.kind is CampaignKind.QUESTIONNAIRE]
    return mine[-1].form if mine else None


# ------------------------------------------------------------------------------------------------------- for others


def counts_only(page: Page, kept: Sequence[CourrierKept]) -> None:
    """For those who may not see people: how many courriers there are by state, and how many messages went."""
    words, mine = page.words, [one for one in kept if one.kind is MailKind.COURRIER]
    states = list(CourrierState)
    rows = {
        "courrier_state": [words(f"courrier.state.{state}") for state in states],
        "courriers": [sum(one.state is state for one in mine) for state in states],
        "courrier_sent": [
            sum(one.counts.get(DeliveryState.ACCEPTED, 0) for one in mine if one.state is state) for state in states
        ],
    }
    columns: dict[str, Written] = {"courrier_state": str, "courriers": words.number, "courrier_sent": words.number}
    page.table(pl.DataFrame(rows), columns, words("section.courriers.title"), "courriers")
