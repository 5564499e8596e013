"""From a draft to an approval: whom it is for, a test to oneself, and the word that it may go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from functools import partial

import polars as pl
import streamlit as st

from workbench.ledger.courriers import unapprove
from workbench.ledger.recipients import Recipient
from workbench.pages import Written
from workbench.pages.answers import Done, as_typed, outcome, zone
from workbench.pages.letters import Desk, via
from workbench.pages.letters.draft import Edited
from workbench.surveys.courrier import approve_courrier, audience_of, chosen_for, send_test
from workbench.surveys.mail import Finding, read_letter

SHORT = 12
"""So many signs of a hash tell two apart."""

MORNING = time(8)

UNREAD = ("unreadable", "audience_unknown")
"""What is wrong with a letter of which nobody can say whom it is for."""


def audience(desk: Desk, edited: Edited, found: Sequence[Finding]) -> list[Recipient]:
    """Whom it is for as it is written now: how many, who is held back and why, everybody a click away."""
    words = desk.words
    desk.page.section("courrier_audience")
    if any(one.kind in UNREAD for one in found):
        desk.page.empty("empty.courrier_audience")
        return []
    letter = read_letter(edited.text)
    chosen = chosen_for(desk.ledger, letter, desk.post.terms, desk.page.today, desk.post.clock())
    held_back = [one for one in chosen if one.hindrance]
    named = words(f"courrier.audience.{audience_of(letter).name}")
    where = f" · {as_typed(', '.join(letter.academies))}" if letter.academies else ""
    said = words("letters.audience.count", n=len(chosen) - len(held_back))
    desk.page.sheet.text(f"**{named}**{where} · {said}{_held_back(desk, len(held_back))}")
    if held_back:
        _people(desk, held_back, "held_back")
    if chosen:
        with st.expander(words("letters.audience.all", n=len(chosen)), icon=":material/group:"):
            _people(desk, chosen, "all")
    return chosen


def _held_back(desk: Desk, number: int) -> str:
    """How many are held back, as a further sentence, if any is."""
    return f" {desk.words('letters.audience.held_back', n=number)}" if number else ""


def _people(desk: Desk, chosen: Sequence[Recipient], name: str) -> None:
    words = desk.words
    rows = {
        "to_whom": [one.name for one in chosen],
        "email": [one.address for one in chosen],
        "courrier_hindrance": [
            words(f"courrier.hindrance.{one.hindrance}") if one.hindrance else None for one in chosen
        ],
    }
    frame = pl.DataFrame(rows, schema=dict.fromkeys(rows, pl.String))
    columns: dict[str, Written] = dict.fromkeys(rows, str)
    desk.page.table(frame, columns, words(f"letters.audience.table.{name}"), f"{desk.kept.name}-{name}")


# -------------------------------------------------------------------------------------------------------------- test


def test(desk: Desk, edited: Edited, chosen: Sequence[Recipient]) -> None:
    """A message to oneself, as one of them would get it."""
    words, names = desk.words, {one.person: one.name for one in chosen}
    with st.container(border=True, height="stretch"):
        st.markdown(f"**:material/forward_to_inbox: {words('letters.test.title')}**")
        st.caption(words("letters.test.lead"))
        outcome(desk.page, "test")
        if edited.is_changed:
            st.caption(f":material/info: {words('letters.test.unsaved')}")
        key = desk.key("test")
        with st.form(key, border=False):
            st.text_input(words("letters.test.to"), key=f"{key}.to", placeholder=words("letters.test.example"))
            st.selectbox(words("letters.look.as_whom"), list(names), format_func=names.__getitem__, key=f"{key}.as")
            st.form_submit_button(
                words("letters.test.send"), icon=":material/forward_to_inbox:", disabled=not names,
                on_click=lambda: desk.act(partial(_test, desk, key), "test"),
            )  # fmt: skip
        via(desk.page, desk.post.via)


def _test(desk: Desk, key: str) -> Done:
    to, person = st.session_state[f"{key}.to"].strip(), st.session_state[f"{key}.as"]
    answer = send_test(
        desk.ledger, desk.post.carrier(), desk.kept, to, person, desk.post.terms, desk.post.sender,
        who=desk.page.who, now=desk.post.clock(),
    )  # fmt: skip
    return Done(desk.words("letters.test.done", to=as_typed(to), said=as_typed(answer.said)))


# ---------------------------------------------------------------------------------------------------------- approval


def approving(desk: Desk, edited: Edited, found: Sequence[Finding], chosen: Sequence[Recipient]) -> None:
    """The word that it may go, where nothing is left to be put right or to be saved."""
    words, free = desk.words, sum(one.hindrance is None for one in chosen)
    with st.container(border=True, height="stretch"):
        st.markdown(f"**:material/verified: {words('letters.approve.title')}**")
        st.caption(words("letters.approve.lead"))
        outcome(desk.page, "approve")
        if found:
            st.warning(words("letters.approve.faults", n=len(found)), icon=":material/rule:")
        elif edited.is_changed:
            st.warning(words("letters.approve.unsaved"), icon=":material/save:")
        else:
            _approval(desk, free)


def _approval(desk: Desk, free: int) -> None:
    words, key = desk.words, desk.key("approve")
    with st.form(key, border=False):
        with st.container(horizontal=True):
            st.date_input(
                words("letters.approve.day"), None, min_value=desk.page.today, format="DD/MM/YYYY", key=f"{key}.day"
            )
            st.time_input(words("letters.approve.time"), MORNING, key=f"{key}.time")
        st.checkbox(words("letters.approve.read"), key=f"{key}.read")
        st.form_submit_button(
            words("letters.approve.button", n=free), icon=":material/verified:",
            on_click=lambda: desk.act(partial(_approve, desk, key), "approve"),
        )  # fmt: skip


def _approve(desk: Desk, key: str) -> Done:
    held, words = st.session_state, desk.words
    done = approve_courrier(
        desk.ledger, desk.kept, desk.post.terms, desk.post.sender,
        _moment(desk, held[f"{key}.day"], held[f"{key}.time"]),
        confirmed=held[f"{key}.read"], today=desk.page.today, who=desk.page.who, now=desk.post.clock(),
    )  # fmt: skip
    counted = words("letters.approve.done", n=done.recipients)
    return Done(f"{counted}{_held_back(desk, done.held_back)} {words('letters.approve.hash', hash=done.hash[:SHORT])}")


def _moment(desk: Desk, day: date | None, at: time | None) -> datetime | None:
    return datetime.combine(day, at or MORNING, zone(desk.page)) if day else None


def take_back(desk: Desk) -> None:
    """Make a draft of it again, while nothing of it has gone."""
    st.button(
        desk.words("letters.approve.back"), icon=":material/undo:", key=desk.key("back"),
        on_click=desk.act, args=(partial(_take_back, desk), "write"),
    )  # fmt: skip


def _take_back(desk: Desk) -> Done:
    unapprove(desk.ledger, desk.kept, who=desk.page.who, now=desk.post.clock())
    return Done(desk.words("letters.approve.taken_back"))
