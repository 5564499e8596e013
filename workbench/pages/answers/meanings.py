"""Sens des questions: what each question of each form means, so that answers count for what they are about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import polars as pl
import streamlit as st

from workbench.ledger import Ledger
from workbench.ledger.questions import AskedQuestion, set_meaning
from workbench.ledger.states import Meaning
from workbench.pages import Page, Written
from workbench.pages.answers import Done, as_typed, attempt, outcome, zone
from workbench.surveys.arrivals import take_up
from workbench.surveys.questions import FormQuestions, form_questions, guess


def show_meanings(page: Page, ledger: Ledger) -> None:
    """The questions that somebody has to map first, by form; below, those that are."""
    page.section("meanings")
    forms = form_questions(ledger)
    to_map = [(form, [each for each in form.questions if each.is_to_map]) for form in forms]
    if not any(waiting for _, waiting in to_map):
        page.empty("empty.meanings")
    for form, waiting in to_map:
        if waiting:
            mapping(page, ledger, form, waiting)
    if mapped := [each for form in forms for each in form.questions if not each.is_to_map]:
        known(page, ledger, mapped)


def mapping(page: Page, ledger: Ledger, form: FormQuestions, waiting: Sequence[AskedQuestion]) -> None:
    """The questions of a form that wait, each with the meaning it seems to have, kept with one click."""
    words, key = page.words, f"meanings.{form.form_id}"
    keys = {each: f"{key}.{each.ref}.{each.version}" for each in waiting}

    def keep() -> None:
        said = {each: Meaning(chosen) for each, name in keys.items() if (chosen := st.session_state[name])}
        attempt(page, partial(_keep, page, ledger, said))

    with st.form(key):
        st.markdown(f"**{as_typed(form.title)}**")
        with page.sheet.grid(2, 280):
            for each in waiting:
                with page.sheet.grid(1, 240):
                    _ask(page, each, keys[each])
        st.form_submit_button(words("meanings.save"), on_click=keep)


def _ask(page: Page, each: AskedQuestion, key: str) -> None:
    words, seems = page.words, each.meaning or guess(each)
    options = list(Meaning)
    st.selectbox(
        as_typed(each.title),
        options,
        options.index(seems) if seems else None,
        format_func=lambda meaning: words(f"meanings.meaning.{meaning}"),
        placeholder=words("done.choose"),
        help=words("meanings.changed") if each.is_changed else None,
        key=key,
    )
    was = words("meanings.still") if each.still_asked else words("meanings.gone")
    st.caption(words("meanings.answers", n=each.answers) + f" · {was}")


def _keep(page: Page, ledger: Ledger, said: dict[AskedQuestion, Meaning]) -> Done:
    for question, meaning in said.items():
        set_meaning(ledger, question, meaning, who=page.who, now=datetime.now(UTC))
    take_up(ledger, zone=zone(page), who=page.who, now=datetime.now(UTC))  # addresses and bugs may be known only now
    return Done(page.words("meanings.kept", n=len(said)))


def known(page: Page, ledger: Ledger, mapped: Sequence[AskedQuestion]) -> None:
    """The questions that are mapped, and the form to change one."""
    words = page.words
    page.section("meanings_known")
    outcome(page, "known")
    rows = {
        "form": [each.form_title for each in mapped],
        "question": [each.title for each in mapped],
        "meaning": [words(f"meanings.meaning.{each.meaning}") for each in mapped],
        "answers": [each.answers for each in mapped],
    }
    columns: dict[str, Written] = dict.fromkeys(("form", "question", "meaning"), str)
    page.table(
        pl.DataFrame(rows), {**columns, "answers": words.number}, words("section.meanings_known.title"), "meanings"
    )

    def change() -> None:
        question, meaning = st.session_state["meanings.question"], st.session_state["meanings.meaning"]
        if question and meaning:
            attempt(page, partial(_change, page, ledger, by_name[question], Meaning(meaning)), "known")

    by_name = {f"{each.form_title} · {each.title} ({each.ref})": each for each in mapped}
    with st.form("meanings.change"):
        st.selectbox(
            words("column.question"), list(by_name), None, placeholder=words("done.choose"), key="meanings.question"
        )
        st.selectbox(
            words("column.meaning"), list(Meaning), None, placeholder=words("done.choose"), key="meanings.meaning",
            format_func=lambda meaning: words(f"meanings.meaning.{meaning}"),
        )  # fmt: skip
        st.form_submit_button(words("meanings.save"), on_click=change)


def _change(page: Page, ledger: Ledger, question: AskedQuestion, meaning: Meaning) -> Done:
    set_meaning(ledger, question, meaning, who=page.who, now=datetime.now(UTC))
    take_up(ledger, zone=zone(page), who=page.who, now=datetime.now(UTC))
    now_so = replace(question, meaning=meaning, version=question.version + 1)
    back = partial(_change, page, ledger, now_so, question.meaning) if question.meaning else None
    return Done(page.words("meanings.kept", n=1), back)
