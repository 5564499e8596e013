"""A letter as somebody would get it: on a wide screen or a phone, and as text."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from workbench.errors import WorkbenchError
from workbench.ledger.people import PersonState, people
from workbench.ledger.states import PersonStatus
from workbench.pages.answers import as_typed
from workbench.pages.letters import Desk, fault, seen
from workbench.surveys.courrier import preview
from workbench.surveys.mail import Mail

PHONE_PX = 390
"""The width of a phone."""

NOBODY = 0
"""Nobody in particular, among the numbers of people."""


def addressees(desk: Desk) -> dict[int, PersonState]:
    """Whose letter one may look at: everybody who is still there."""
    return {one.id: one for one in people(desk.ledger) if one.status is not PersonStatus.LEFT}


def look(desk: Desk, source: str) -> None:
    """The letter as it is written now."""
    words, everybody = desk.words, addressees(desk)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        person = _as_whom(desk, everybody)
        width = st.segmented_control(
            words("letters.look.width"), ["wide", "phone"], default="wide", required=True,
            format_func=lambda name: words(f"letters.look.{name}"), key=desk.key("width"),
        )  # fmt: skip
    try:
        mail = preview(
            desk.ledger, source, person or None, desk.post.terms, desk.post.sender, desk.kept.id
        )  # fmt: skip
    except WorkbenchError as error:
        st.warning(as_typed(". ".join(fault(words, error))), icon=":material/visibility_off:")
        return
    _shown(desk, mail, PHONE_PX if width == "phone" else None)


def _as_whom(desk: Desk, everybody: Mapping[int, PersonState]) -> int:
    words = desk.words
    return st.selectbox(
        words("letters.look.as_whom"), [NOBODY, *everybody], key=desk.key("as_whom"),
        format_func=lambda number: everybody[number].name if number else words("letters.look.nobody"),
    )  # fmt: skip


def _shown(desk: Desk, mail: Mail, width: int | None) -> None:
    words = desk.words
    st.markdown(f"**{words('letters.look.subject')}** {as_typed(mail.subject)}")
    message, text = st.tabs([words("letters.look.message"), words("letters.look.text")])
    with message:
        seen(mail.html, words("letters.look.frame"), width)
    with text, st.container(height=640):
        st.text(mail.text)
