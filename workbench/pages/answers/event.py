"""The annual event: whom we invited, who comes, who came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import polars as pl
import streamlit as st

from workbench.ledger import Ledger
from workbench.ledger.benefits import STATES, BenefitKept, set_benefit, set_benefits
from workbench.ledger.people import PersonState
from workbench.ledger.states import BenefitKind, BenefitState, PersonStatus
from workbench.pages import Page, Written
from workbench.pages.answers import Done, as_typed, attempt, outcome


def event(page: Page, ledger: Ledger, kept: Sequence[BenefitKept], everybody: Mapping[int, PersonState]) -> None:
    """The event of the year by answer, and the forms that invite to it and note an answer. 2020 has none."""
    words, year = page.words, str(page.today.year)
    of_year = [each for each in kept if each.since.year == page.today.year]
    page.sheet.text(f"**{words('benefits.event.title', year=year)}**")
    if page.sheet.interactive:
        outcome(page, "event")
    if of_year:
        counted = Counter(each.state for each in of_year)
        rows = {
            "event_state": [words(f"benefits.state.{state}") for state in counted],
            "number": list(counted.values()),
        }
        columns: dict[str, Written] = {"event_state": str, "number": words.number}
        page.table(pl.DataFrame(rows), columns, words("benefits.event.title", year=year), "event")
    else:
        page.sheet.note(words("benefits.event.none", year=year))
    if page.sheet.interactive:
        with page.sheet.grid(2, 280):
            _inviting(page, ledger, {each.person for each in of_year}, everybody)
            if of_year:
                _answering(page, ledger, of_year, everybody)


def _inviting(page: Page, ledger: Ledger, invited: set[int], everybody: Mapping[int, PersonState]) -> None:
    words, key = page.words, f"benefits.event.{len(invited)}"
    missing = sorted(
        number for number, person in everybody.items() if person.status is PersonStatus.ACTIVE and number not in invited
    )
    if not missing:
        return

    def invite() -> None:
        name = st.session_state[f"{key}.name"].strip()
        if name and st.session_state[f"{key}.sure"]:
            attempt(page, partial(_invite, page, ledger, missing, name), "event")

    with st.form(key):
        st.text_input(words("benefits.event.name"), f"KED {page.today.year}", max_chars=100, key=f"{key}.name")
        st.checkbox(words("benefits.event.sure", n=len(missing)), key=f"{key}.sure")
        st.form_submit_button(words("benefits.event.invite"), icon=":material/event:", on_click=invite)


def _invite(page: Page, ledger: Ledger, people: Sequence[int], name: str) -> Done:
    new = [BenefitKept(each, BenefitKind.EVENT, BenefitState.INVITED, page.today, name) for each in people]
    set_benefits(ledger, new, who=page.who, now=datetime.now(UTC))
    return Done(page.words("benefits.event.invited", n=len(new), name=as_typed(name)))


def _answering(
    page: Page, ledger: Ledger, of_year: Sequence[BenefitKept], everybody: Mapping[int, PersonState]
) -> None:
    words, key = page.words, f"benefits.answer.{sum(each.version for each in of_year)}"
    by_number = {each.id: each for each in of_year}

    def note() -> None:
        if number := st.session_state[f"{key}.whose"]:
            state = BenefitState(st.session_state[f"{key}.state"])
            attempt(page, partial(_note, page, ledger, by_number[number], state, everybody), "event")

    with st.form(key):
        st.selectbox(
            words("column.to_whom"), list(by_number), None, placeholder=words("done.choose"),
            format_func=lambda number: everybody[by_number[number].person].name, key=f"{key}.whose",
        )  # fmt: skip
        st.selectbox(
            words("column.event_state"), [state.value for state in STATES[BenefitKind.EVENT]],
            format_func=lambda state: words(f"benefits.answer.{state}"), key=f"{key}.state",
        )  # fmt: skip
        st.form_submit_button(words("benefits.event.note"), on_click=note)


def _note(
    page: Page, ledger: Ledger, before: BenefitKept, state: BenefitState, everybody: Mapping[int, PersonState]
) -> Done:
    set_benefit(ledger, replace(before, state=state), who=page.who, now=datetime.now(UTC))
    now_so, name = replace(before, state=state, version=before.version + 1), everybody[before.person].name
    said = page.words("benefits.event.noted", name=as_typed(name), state=page.words(f"benefits.answer.{state}"))
    return Done(said, partial(_note, page, ledger, now_so, before.state, everybody))
