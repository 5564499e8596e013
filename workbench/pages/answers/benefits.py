"""What ambassadors are given: Plus, goodies out of a stock, the annual event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import polars as pl
import streamlit as st

from workbench.ledger import Ledger
from workbench.ledger.benefits import BenefitKept, Stock, benefits, goodies, send_goody, set_stock
from workbench.ledger.people import PersonState
from workbench.ledger.states import BenefitKind, BenefitState
from workbench.pages import Page, Written
from workbench.pages.answers import Done, as_typed, attempt, outcome
from workbench.pages.answers.event import event
from workbench.surveys.benefits import check_plus
from workbench.surveys.followups import LooksAt, rules


def given(page: Page, ledger: Ledger, everybody: Mapping[int, PersonState]) -> None:
    """Plus, goodies and the annual event."""
    page.section("benefits")
    kept = benefits(ledger)
    plus(page, ledger, [each for each in kept if each.kind is BenefitKind.PLUS], everybody)
    sent(page, ledger, kept, everybody)
    event(page, ledger, [each for each in kept if each.kind is BenefitKind.EVENT], everybody)


def plus(page: Page, ledger: Ledger, kept: Sequence[BenefitKept], everybody: Mapping[int, PersonState]) -> None:
    """Who is owed Plus, and whose ends soon; checked against the subscriptions with a click."""
    words = page.words
    soon = page.today + timedelta(max(rule.after for rule in rules().rules if rule.looks_at is LooksAt.BENEFIT))
    wanted = [each for each in kept if each.state is BenefitState.OWED or (each.until and each.until <= soon)]
    page.sheet.text(f"**{words('benefits.plus.title')}**")
    if page.sheet.interactive:
        outcome(page, "plus")
    if not kept:
        page.sheet.note(words("benefits.plus.unchecked"))
    elif not wanted:
        page.sheet.note(words("benefits.plus.none"))
    else:
        rows = {
            "to_whom": [everybody[each.person].name for each in wanted],
            "plus_state": [words(f"benefits.state.{each.state}") for each in wanted],
            "due_since": [each.since for each in wanted],
            "ends_on": [each.until for each in wanted],
        }
        columns: dict[str, Written] = {"to_whom": str, "plus_state": str}
        columns |= {"due_since": words.day, "ends_on": words.day}
        page.table(pl.DataFrame(rows, schema_overrides={"ends_on": pl.Date}), columns, words("benefits.plus.title"))
    if page.sheet.interactive and not page.missing("subscriptions"):
        st.button(
            words("benefits.plus.check"), key="benefits.check", icon=":material/sync:",
            on_click=attempt, args=(page, partial(_check, page, ledger), "plus"),
        )  # fmt: skip


def _check(page: Page, ledger: Ledger) -> Done:
    found = check_plus(ledger, page.warehouse, page.today, who=page.who, now=datetime.now(UTC))
    return Done(
        page.words(
            "benefits.plus.checked", owed=found.owed, given=found.given, ended=found.ended, changed=found.changed
        )
    )


def sent(page: Page, ledger: Ledger, kept: Sequence[BenefitKept], everybody: Mapping[int, PersonState]) -> None:
    """Goodies: what is left, how many were sent, and the forms to send one and to count them again."""
    words, stock = page.words, goodies(ledger)
    page.sheet.text(f"**{words('benefits.goodies.title')}**")
    if page.sheet.interactive:
        outcome(page, "goodies")
    if stock:
        went = Counter(each.item for each in kept if each.state is BenefitState.GIVEN)
        lacking = Counter(each.item for each in kept if each.state is BenefitState.OUT_OF_STOCK)
        rows = {
            "goody": [each.item for each in stock],
            "left": [each.left for each in stock],
            "sent": [went[each.item] for each in stock],
            "lacking": [lacking[each.item] for each in stock],
        }
        columns: dict[str, Written] = {"goody": str, **dict.fromkeys(("left", "sent", "lacking"), words.number)}
        page.table(pl.DataFrame(rows), columns, words("benefits.goodies.title"), "goodies")
    else:
        page.sheet.note(words("benefits.goodies.none"))
    if page.sheet.interactive:
        with page.sheet.grid(2, 280):
            if stock:
                _sending(page, ledger, stock, everybody)
            _counting(page, ledger, stock)


def _sending(page: Page, ledger: Ledger, stock: Sequence[Stock], everybody: Mapping[int, PersonState]) -> None:
    words, key = page.words, "benefits.send"

    def send() -> None:
        person, item = st.session_state[f"{key}.person"], st.session_state[f"{key}.item"]
        if person and st.session_state[f"{key}.sure"]:
            attempt(page, partial(_send, page, ledger, everybody[person], item), "goodies")

    with st.form(key, clear_on_submit=True):
        st.selectbox(
            words("column.to_whom"), list(everybody), None, placeholder=words("done.choose"),
            format_func=lambda number: everybody[number].name,
            key=f"{key}.person",
        )  # fmt: skip
        st.selectbox(words("column.goody"), [each.item for each in stock], key=f"{key}.item")
        st.checkbox(words("benefits.goodies.sure"), key=f"{key}.sure")
        st.form_submit_button(words("benefits.goodies.send"), icon=":material/local_shipping:", on_click=send)


def _send(page: Page, ledger: Ledger, person: PersonState, item: str) -> Done:
    state = send_goody(ledger, person.id, item, page.today, who=page.who, now=datetime.now(UTC))
    which = "sent" if state is BenefitState.GIVEN else "lacking"
    return Done(page.words(f"benefits.goodies.{which}", name=as_typed(person.name), item=as_typed(item)))


def _counting(page: Page, ledger: Ledger, stock: Sequence[Stock]) -> None:
    words, known = page.words, {each.item: each for each in stock}
    key = f"benefits.stock.{sum(each.version for each in stock)}"

    def count() -> None:
        item = st.session_state[f"{key}.item"] or ""
        before = known.get(item, Stock(item, 0))
        attempt(page, partial(_count, page, ledger, before, st.session_state[f"{key}.left"]), "goodies")

    with st.form(key):
        st.selectbox(
            words("benefits.goodies.which"), list(known), None, accept_new_options=True,
            placeholder=words("done.choose"), key=f"{key}.item",
        )  # fmt: skip
        st.number_input(words("column.left"), min_value=0, step=1, key=f"{key}.left")
        st.form_submit_button(words("benefits.goodies.count"), on_click=count)


def _count(page: Page, ledger: Ledger, before: Stock, left: int) -> Done:
    set_stock(ledger, replace(before, left=left), who=page.who, now=datetime.now(UTC))
    said = page.words("benefits.goodies.counted", item=as_typed(before.item), n=left)
    if not before.version:
        return Done(said)
    now_so = Stock(before.item, left, before.version + 1)
    return Done(said, partial(_count, page, ledger, now_so, before.left))
