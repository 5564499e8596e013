"""Relances: whom to write to, call or look after today, and why; below, what ambassadors are given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from workbench.access import may
from workbench.ledger import Ledger
from workbench.ledger.facts import programme_facts
from workbench.ledger.people import PersonState, people
from workbench.ledger.programme import FollowUpKept, set_follow_up
from workbench.ledger.states import FollowUpState
from workbench.pages import Page, Written, opened
from workbench.pages.answers import Done, as_typed, attempt, cards, chosen, outcome, zone
from workbench.pages.answers.benefits import given
from workbench.pages.letters.reminders import offered
from workbench.pages.sheet import Figure
from workbench.surveys.followups import Action, rules
from workbench.surveys.programme import Queued, queue

CARDS = 20
"""What is due the longest is shown with its buttons; all of it is in the table."""

SNOOZES = (3, 7)
"""Days by which one puts something off with one click."""

ALL = "all"

_DAY = timedelta(days=1)


def show(page: Page) -> None:
    """Figures, what there is to do today, what was dealt with, and the benefits."""
    words = page.words
    page.sheet.title(words("page.followups.title"))
    page.sheet.text(words("page.followups.lead"))
    if page.ledger is None:
        page.empty("empty.programme_ledger")
        return
    due = queue(page.ledger, page.today, page.cooldown_days, zone(page))
    kept = [each for each in programme_facts(page.ledger).follow_ups if each.state is not FollowUpState.OPEN]
    figures(page, due, kept)
    if not may(page.asking.role, "people"):
        page.sheet.note(words("programme.people_needed"))
        by_rule(page, due)
        return
    if page.sheet.interactive:
        outcome(page)
        if page.post:
            offered(page, page.ledger, page.post)
    everybody = {person.id: person for person in people(page.ledger)}
    to_do(page, page.ledger, due)
    settled(page, page.ledger, kept, everybody)
    given(page, page.ledger, everybody)


# --------------------------------------------------------------------------------------------------- what there is


def figures(page: Page, due: Sequence[Queued], kept: Sequence[FollowUpKept]) -> None:
    """How much there is to do now, what waits, how many calls, and what was done."""
    now = [each for each in due if each.wait is None]
    numbers = {
        "now": len(now),
        "calls": sum(each.rule.action is Action.CALL for each in now),
        "waiting": len(due) - len(now),
        "done": sum(each.state is FollowUpState.DONE for each in kept),
    }
    with page.sheet.grid(4, 150):
        for name, number in numbers.items():
            figure = Figure(page.words(f"followups.card.{name}.name"), page.words.number(number))
            page.sheet.figure(figure, f"definition.followups.{name}", partial(_define, page, name))


def _define(page: Page, name: str) -> None:
    page.sheet.text(page.words(f"followups.card.{name}.definition"))


def by_rule(page: Page, due: Sequence[Queued]) -> None:
    """How much there is to do by rule: for those who may not see people."""
    counted = Counter(each.rule.name for each in due)
    names = [page.words(rule.label) for rule in rules().rules]
    numbers = [counted[rule.name] for rule in rules().rules]
    frame = pl.DataFrame({"follow_up": names, "number": numbers})
    page.table(frame, {"follow_up": str, "number": page.words.number}, page.words("section.followups_queue.title"))


def to_do(page: Page, ledger: Ledger, due: Sequence[Queued]) -> None:
    """Today's queue, the longest due first: the first as cards with their buttons, all of it as a table."""
    page.section("followups_queue")
    if not due:
        if page.sheet.interactive:
            outcome(page, "card0")  # the last of all was just dealt with
        page.empty("empty.followups")
        return
    shown = list(due)
    if page.sheet.interactive:
        shown = _of_rule(page, due)
        cards(page, shown[:CARDS], partial(card, page, ledger))
    if len(shown) > CARDS:
        page.sheet.note(page.words("followups.rest", n=len(shown) - CARDS))
    table(page, shown)


def _of_rule(page: Page, due: Sequence[Queued]) -> list[Queued]:
    """What is due by the rule that was chosen, out of those that find anything."""
    counted = Counter(each.rule.name for each in due)
    found = [rule.name for rule in rules().rules if counted[rule.name]]
    numbers = {ALL: len(due), **counted}
    names = {ALL: page.words("followups.all"), **{rule.name: page.words(rule.label) for rule in rules().rules}}
    rule = chosen(page, "rule", [ALL, *found], ALL, lambda name: f"{names[name]} · {numbers[name]}")
    return [each for each in due if rule in (ALL, each.rule.name)]


def table(page: Page, shown: Sequence[Queued]) -> None:
    """All that is due, for reading and for taking away."""
    told = [each.told(page.words) for each in shown]
    rows = {
        "to_whom": [each["name"] for each in told],
        "email": [each["email"] for each in told],
        "follow_up": [each["label"] for each in told],
        "why": [each["why"] for each in told],
        "due_since": [each["since"] for each in told],
        "due_days": [(page.today - each["since"]).days for each in told],
        "waits": [each["wait"] for each in told],
    }
    text: dict[str, Written] = dict.fromkeys(("to_whom", "email", "follow_up", "why"), str)
    columns: dict[str, Written] = {**text, "due_since": page.words.day, "due_days": page.words.number, "waits": str}
    frame = pl.DataFrame(rows, schema_overrides={"email": pl.String, "waits": pl.String})
    page.table(frame, columns, page.words("section.followups_queue.title"))


# ------------------------------------------------------------------------------------------------------- one of it


def card(page: Page, ledger: Ledger, each: Queued, place: str) -> None:
    """One thing to do: about whom, why, since when, what one may say, and what became of it."""
    words, told = page.words, each.told(page.words)
    key = f"followups.{each.person}.{each.rule.name}.{each.about}.{each.version}"
    days = (page.today - each.since).days
    with page.sheet.frame():
        st.markdown(f"**[{as_typed(each.name)}](/ambassadors?person={each.person})** · {told['label']}")
        if each.email:
            st.text(each.email)
        st.markdown(told["why"])
        st.caption(words("followups.since", day=each.since, n=days))
        if told["wait"]:
            st.caption(f":material/hourglass_top: {told['wait']}")
        st.code(told["suggestion"], language=None, wrap_lines=True)
        with st.container(horizontal=True, gap="small"):

            def settle(*how: Any) -> None:
                attempt(page, partial(_settle, page, ledger, each, *how), place)

            st.button(
                words("followups.done"), key=f"{key}.done", icon=":material/check:",
                on_click=settle, args=(FollowUpState.DONE,),
            )  # fmt: skip
            _later(page, key, settle)
            _never(page, key, settle)


def _later(page: Page, key: str, settle: Callable[..., None]) -> None:
    """Put it off: by so many days, or until a day."""
    words = page.words
    box = st.popover(words("followups.later"), key=f"{key}.later", icon=":material/snooze:", on_change="rerun")
    if not box.open:
        return

    def until(day: date) -> None:
        settle(FollowUpState.SNOOZED, day)

    with box:
        for days in SNOOZES:
            back = page.today + days * _DAY
            st.button(words("followups.in_days", n=days), key=f"{key}.{days}", on_click=until, args=(back,))
        with st.form(f"{key}.day", border=False):
            tomorrow = page.today + _DAY
            st.date_input(
                words("followups.until"), page.today + 14 * _DAY, min_value=tomorrow, format="DD/MM/YYYY",
                key=f"{key}.until",
            )  # fmt: skip
            st.form_submit_button(words("followups.put_off"), on_click=lambda: until(_held(f"{key}.until")))


def _never(page: Page, key: str, settle: Callable[..., None]) -> None:
    """Let it be, and say why."""
    words = page.words
    box = st.popover(words("followups.never"), key=f"{key}.never", icon=":material/block:", on_change="rerun")
    if not box.open:
        return

    def dismiss() -> None:
        settle(FollowUpState.DISMISSED, None, _held(f"{key}.reason"))

    with box, st.form(f"{key}.dismissal", border=False):
        st.text_input(words("followups.reason"), max_chars=300, key=f"{key}.reason")
        st.form_submit_button(words("followups.never"), on_click=dismiss)


def _held(key: str) -> Any:
    return st.session_state[key]


def _settle(
    page: Page, ledger: Ledger, each: Queued, state: FollowUpState, until: date | None = None, reason: str = ""
) -> Done:
    kept = FollowUpKept(each.person, each.rule.name, each.about, each.since, state, until, reason, each.version)
    set_follow_up(ledger, kept, who=page.who, now=datetime.now(UTC))
    named = {"name": as_typed(each.name), "what": page.words(each.rule.label)}
    said = page.words(f"followups.became.{state}", **named, **({"day": until} if until else {}))
    return Done(said, partial(_reopen, page, ledger, replace(kept, version=each.version + 1), each.name))


def _reopen(page: Page, ledger: Ledger, kept: FollowUpKept, name: str) -> Done:
    again = replace(kept, state=FollowUpState.OPEN, snoozed_until=None, reason="")
    set_follow_up(ledger, again, who=page.who, now=datetime.now(UTC))
    return Done(page.words("followups.reopened", name=as_typed(name), what=page.words(f"followup.rule.{kept.rule}")))


def settled(page: Page, ledger: Ledger, kept: Sequence[FollowUpKept], everybody: Mapping[int, PersonState]) -> None:
    """What is put off, let be or done, a click away, and the way back from there."""
    mine = sorted((each for each in kept if each.person in everybody), key=lambda each: each.due_on, reverse=True)
    if not mine:
        return
    page.section("followups_settled")
    rows = {
        "to_whom": [everybody[each.person].name for each in mine],
        "follow_up": [page.words(f"followup.rule.{each.rule}") for each in mine],
        "became": [page.words(f"followups.state.{each.state}") for each in mine],
        "due_since": [each.due_on for each in mine],
        "back_on": [each.snoozed_until for each in mine],
        "dismissed_because": [each.reason or None for each in mine],
    }
    schema = {"back_on": pl.Date, "dismissed_because": pl.String}
    columns: dict[str, Written] = dict.fromkeys(rows, str)
    columns |= dict.fromkeys(("due_since", "back_on"), page.words.day)
    page.table(
        pl.DataFrame(rows, schema_overrides=schema), columns, page.words("section.followups_settled.title"), "settled"
    )
    if page.sheet.interactive:
        _reopening(page, ledger, {_written(page, each, everybody): each for each in mine}, everybody)


def _written(page: Page, each: FollowUpKept, everybody: Mapping[int, PersonState]) -> str:
    label, about = page.words(f"followup.rule.{each.rule}"), each.about.partition(":")[2]
    return f"{everybody[each.person].name} · {label} {about}"


def _reopening(
    page: Page, ledger: Ledger, named: Mapping[str, FollowUpKept], everybody: Mapping[int, PersonState]
) -> None:
    def reopen() -> None:
        if kept := named.get(_held("followups.reopening")):
            attempt(page, partial(_reopen, page, ledger, kept, everybody[kept.person].name))

    with st.form("followups.reopen", border=False):
        st.selectbox(
            page.words("followups.reopening"), list(named), None, placeholder=page.words("done.choose"),
            key="followups.reopening",
        )  # fmt: skip
        st.form_submit_button(page.words("followups.reopen"), on_click=reopen)


if __name__ == "__main__":
    show(opened("followups"))
