"""The reminders that are due, sent from the page of the follow-ups with one decision."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from workbench.ledger import Ledger
from workbench.ledger.courriers import courrier
from workbench.ledger.states import CourrierState
from workbench.pages import Page
from workbench.pages.answers import Done, as_typed, outcome
from workbench.pages.letters import act, via
from workbench.surveys.programme import Queued
from workbench.surveys.reminders import approve_reminders, reminders_due
from workbench.surveys.running import Post, start

PLACE = "reminders"
"""Where it is said what became of them."""


def offered(page: Page, ledger: Ledger, post: Post) -> None:
    """A button for all of them; the names, and how they go out, before anything is done."""
    due = reminders_due(ledger, post.terms, today=page.today, now=post.clock())
    outcome(page, PLACE)
    if not due:
        return
    words = page.words
    box = st.popover(
        words("letters.reminders.open", n=len(due)), icon=":material/outgoing_mail:", key="reminders.open",
        on_change="rerun",
    )  # fmt: skip
    if box.open:
        with box:
            _confirmed(page, ledger, post, due)


def _confirmed(page: Page, ledger: Ledger, post: Post, due: Sequence[Queued]) -> None:
    words = page.words
    st.markdown(words("letters.reminders.lead"))
    with st.container(height=min(240, 40 + 32 * len(due)), border=False):
        st.markdown("\n".join(f"- {as_typed(one.name)} · {words(one.rule.label)}" for one in due))
    via(page, post.via)
    with st.form("reminders.form", border=False):
        st.checkbox(words("letters.reminders.sure"), key="reminders.sure")
        st.form_submit_button(
            words("letters.reminders.send"), icon=":material/send:", on_click=_send, args=(page, ledger, post)
        )


def _send(page: Page, ledger: Ledger, post: Post) -> None:
    if st.session_state["reminders.sure"]:
        act(page, partial(_sent, page, ledger, post), PLACE)


def _sent(page: Page, ledger: Ledger, post: Post) -> Done:
    now = post.clock()
    due = reminders_due(ledger, post.terms, today=page.today, now=now)
    names = approve_reminders(ledger, post.terms, post.sender, today=page.today, who=page.who, now=now)
    for name in names:
        one = courrier(ledger, name)
        if one.state is CourrierState.APPROVED:
            start(ledger, post, one.id, name, who=page.who)
    return Done(page.words("letters.reminders.done", n=len(due)))
