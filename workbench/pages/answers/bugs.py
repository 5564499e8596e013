"""Bugs: what ambassadors told us goes wrong, sent to Jane, fixed; and back a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import polars as pl
import streamlit as st

from workbench.ledger import Ledger
from workbench.ledger.bugs import Reported, bugs, report_bug, set_bug_state
from workbench.ledger.people import people
from workbench.ledger.states import BugState
from workbench.pages import Page, Written
from workbench.pages.answers import Done, attempt, cards, outcome, zone

CARDS = 20
"""So many bugs are shown with their buttons; all are in the table."""

_WAY = list(BugState)


def show_bugs(page: Page, ledger: Ledger) -> None:
    """Those on their way with their buttons, then all, then the form for one that somebody told us."""
    page.section("bugs")
    known = bugs(ledger)
    if not known:
        page.empty("empty.bugs")
    in_order = sorted(known, key=lambda bug: _WAY.index(bug.state))  # the latest first within each state
    cards(page, in_order[:CARDS], partial(card, page, ledger))
    if known:
        table(page, known)
    report(page, ledger, {person.id: person.name for person in people(ledger)})


def card(page: Page, ledger: Ledger, bug: Reported, place: str) -> None:
    """A bug: what was said, by whom and when, how far it is, and a step on or back."""
    words, now = page.words, _WAY.index(bug.state)
    with page.sheet.frame():
        page.sheet.badge(words(f"bugs.state.{bug.state}"), _ICONS[bug.state], _COLOURS[bug.state])
        st.text(bug.text)
        st.text(words("bugs.told", name=bug.name or words("bugs.somebody"), day=_day(page)(bug.reported_at)))
        with st.container(horizontal=True, gap="small"):
            for to in (now + 1, now - 1):
                if 0 <= to < len(_WAY):
                    _step(page, ledger, bug, _WAY[to], place)


_ICONS = {BugState.OPEN: "bug_report", BugState.SENT: "forward_to_inbox", BugState.FIXED: "check"}
_COLOURS = {BugState.OPEN: "red", BugState.SENT: "orange", BugState.FIXED: "green"}


def _step(page: Page, ledger: Ledger, bug: Reported, to: BugState, place: str) -> None:
    is_on = _WAY.index(to) > _WAY.index(bug.state)
    st.button(
        page.words(f"bugs.become.{to}" if is_on else "bugs.back"),
        key=f"bugs.{bug.id}.{bug.version}.{to}",
        icon=f":material/{_ICONS[to] if is_on else 'undo'}:",
        on_click=attempt,
        args=(page, partial(_move, page, ledger, bug, to), place),
    )


def _move(page: Page, ledger: Ledger, bug: Reported, to: BugState) -> Done:
    set_bug_state(ledger, bug.id, to, bug.version, who=page.who, now=datetime.now(UTC))
    now_so = replace(bug, state=to, version=bug.version + 1)
    said = page.words("bugs.moved", number=str(bug.id), state=page.words(f"bugs.state.{to}"))
    return Done(said, partial(_move, page, ledger, now_so, bug.state))


def table(page: Page, known: Sequence[Reported]) -> None:
    """All bugs, the latest first: for reading, and for Jane."""
    words = page.words
    rows = {
        "reported_at": [bug.reported_at for bug in known],
        "reported_by": [bug.name for bug in known],
        "bug": [bug.text for bug in known],
        "bug_state": [words(f"bugs.state.{bug.state}") for bug in known],
        "sent_at": [bug.sent_at for bug in known],
        "fixed_at": [bug.fixed_at for bug in known],
    }
    instants = dict.fromkeys(("reported_at", "sent_at", "fixed_at"), pl.Datetime("us", "UTC"))
    frame = pl.DataFrame(rows, schema_overrides={**instants, "reported_by": pl.String})
    columns: dict[str, Written] = {"reported_at": _day(page), "reported_by": str, "bug": str, "bug_state": str}
    page.table(frame, columns | {"sent_at": _day(page), "fixed_at": _day(page)}, words("section.bugs.title"), "bugs")


def _day(page: Page) -> Written:
    return lambda at: page.words.day(at.astimezone(zone(page)).date())


def report(page: Page, ledger: Ledger, names: Mapping[int, str]) -> None:
    """The form for a bug that somebody told us about in person."""
    words = page.words

    def keep() -> None:
        said = st.session_state["bugs.person"], st.session_state["bugs.text"]
        attempt(page, partial(_report, page, ledger, *said), "report")

    page.section("bugs_report")
    outcome(page, "report")
    with st.form("bugs.report"):
        st.selectbox(
            words("bugs.who"), list(names), None, format_func=names.__getitem__, placeholder=words("done.choose"),
            key="bugs.person",
        )  # fmt: skip
        st.text_area(words("bugs.what"), max_chars=2000, key="bugs.text")
        st.form_submit_button(words("bugs.note"), on_click=keep)


def _report(page: Page, ledger: Ledger, person: int | None, text: str) -> Done:
    number = report_bug(ledger, person, text, who=page.who, now=datetime.now(UTC))
    st.session_state["bugs.text"] = ""
    return Done(page.words("bugs.noted", number=str(number)))
