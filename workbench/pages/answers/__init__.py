"""The parts of the page *Questionnaires*, and what they share with other pages on which things are done.

What is done in a button's callback leaves for the next run of its page what became of it, with the way back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from zoneinfo import ZoneInfo

import streamlit as st

from workbench.errors import WorkbenchError
from workbench.ledger import ChangedMeanwhile
from workbench.pages import Page

T = TypeVar("T")

_BLANKS = re.compile(r"[^\S\u00a0\u202f]+")
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


@dataclass(frozen=True)
class Done:
    """What happened, as Markdown, and what takes it back (None: nothing does)."""

    said: str
    undo: Callable[[], Done] | None = None


def attempt(page: Page, do: Callable[[], Done], place: str = "") -> None:
    """Do something; what became of it is said by `outcome` in the next run of the page, at the same `place` of it."""
    key = f"{page.name}.said"
    try:
        st.session_state[key] = place, do()
    except ChangedMeanwhile:
        st.session_state[key] = place, page.words("done.changed")
    except WorkbenchError as error:
        st.session_state[key] = place, as_typed(f"{error.message}. {error.remedy}")


def outcome(page: Page, place: str = "") -> None:
    """What became of the last act, once, if it was done here: and how to take it back; or why not."""
    key = f"{page.name}.said"
    where, said = st.session_state.get(key, (None, None))
    if where != place:
        return
    del st.session_state[key]
    with st.container():
        if not isinstance(said, Done):
            st.error(said, icon=":material/error:")
            return
        st.success(said.said, icon=":material/check:")
        if said.undo:
            st.button(
                page.words("done.undo"), key=f"{page.name}.undo", icon=":material/undo:",
                on_click=attempt, args=(page, said.undo, place),
            )  # fmt: skip


def cards(page: Page, each: Sequence[T], show: Callable[[T, str], None]) -> None:
    """Things side by side, each shown with the name of its place; what became of one stands where it was."""
    with page.sheet.grid(2, 320):
        for number, one in enumerate(each):
            outcome(page, f"card{number}")
            show(one, f"card{number}")
        outcome(page, f"card{len(each)}")


def chosen(
    page: Page, name: str, options: Sequence[str], default: str, written: Callable[[str], str], in_a_box: bool = False
) -> str:
    """One of the options, bound to the URL (`?name=`): side by side, or `in_a_box` to choose from.

    What the URL says otherwise is the default, which it does not name; a note says so.
    """
    given = st.query_params.get(name, default)
    key = f"{page.name}.{name}"
    value = st.session_state[key] = given if given in options else default
    label, args = page.words(f"choice.{name}"), (name, key, default)
    if in_a_box:
        st.selectbox(label, options, key=key, format_func=written, on_change=_to_url, args=args)
    else:
        st.segmented_control(
            label, options, key=key, format_func=written, on_change=_to_url, args=args, required=True
        )  # fmt: skip
    if value != given:
        st.caption(f":material/link_off: {page.words('choice.unknown', shown=as_typed(written(value)))}")
    return value


def _to_url(name: str, key: str, default: str) -> None:
    if (value := st.session_state[key]) == default:
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = value


def zone(page: Page) -> ZoneInfo:
    """Where the days of the build are days."""
    return ZoneInfo(page.warehouse.build.timezone)


def quarter(page: Page, written: str) -> str:
    """A quarter as it is read: `2020-2021-Q2` is the second quarter of 2020-2021."""
    year, _, number = written.partition("-Q")
    return page.words("quarter.name", number=number, year=year)


def as_typed(text: str) -> str:
    """People's words within Markdown, on one line, every sign as it was typed; French no-break spaces stay."""
    return _PUNCTUATION.sub(r"\\\1", _BLANKS.sub(" ", text.strip()))
