"""A draft: what is written, how it looks, and what is to be put right before it goes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import streamlit as st

from workbench.ledger.courriers import set_courrier
from workbench.ledger.states import AudienceName
from workbench.pages.answers import Done, as_typed, outcome
from workbench.pages.letters import Desk
from workbench.pages.letters.looking import look
from workbench.surveys.courrier import check
from workbench.surveys.mail import BLOCKS, FIELDS, Finding

HEIGHT_PX = 640
"""The editor is as high as what is seen beside it."""


@dataclass(frozen=True)
class Edited:
    """What stands in the editor: `text`, of which `source` is saved as `version`; it was taken up as `began`."""

    text: str
    source: str
    version: int
    began: int

    @property
    def is_changed(self) -> bool:
        """Whether there is something to save."""
        return self.text != self.source


def write(desk: Desk) -> tuple[Edited, Sequence[Finding]]:
    """The editor with the preview beside it; what stands there now, and what is to be put right in it."""
    page, words = desk.page, desk.words
    page.section("courrier_write")
    _help(desk)
    outcome(page, "write")
    left, right = st.columns([2, 3], gap="medium")
    with left:
        edited = _editor(desk)
    found = check(edited.text, words, desk.post.sender)
    with left:
        _saving(desk, edited)
        checks(desk, found)
    with right:
        look(desk, edited.text)
    return edited, found


def _help(desk: Desk) -> None:
    words = desk.words
    with st.expander(words("letters.help.open"), icon=":material/help:"):
        names = {
            "fields": ", ".join(f"`{{{{ {name} }}}}`" for name in FIELDS),
            "blocks": ", ".join(f"`:::{name}`" for name in BLOCKS),
            "audiences": ", ".join(f"`{name}` ({words(f'courrier.audience.{name}').lower()})" for name in AudienceName),
        }
        for part in ("head", "blocks", "fields", "conditions", "images"):
            st.markdown(words(f"letters.help.{part}", **names))


# ----------------------------------------------------------------------------------------------------------- editing


def _editor(desk: Desk) -> Edited:
    """The text area. What is in it outlives a look at another page; a newer version shows where nothing is lost."""
    held = _held(desk)
    if not held.is_changed and held.version != desk.kept.version:
        held = _take_up(desk)
    st.text_area(
        desk.words("letters.write.source"), held.text, height=HEIGHT_PX, key=_widget(desk, held),
        on_change=_keep, args=(desk, held.began),
    )  # fmt: skip
    return held


def _widget(desk: Desk, held: Edited) -> str:
    return desk.key(f"text.{held.began}")


def _keep(desk: Desk, began: int) -> None:
    """What was typed, unless another text was taken up in the same moment."""
    held = _held(desk)
    if held.began == began:
        text = st.session_state[_widget(desk, held)].replace("\r\n", "\n")
        st.session_state[desk.key("edited")] = replace(held, text=text)


def _held(desk: Desk) -> Edited:
    held = st.session_state.get(desk.key("edited"))
    return held if isinstance(held, Edited) else _take_up(desk)


def _take_up(desk: Desk) -> Edited:
    """Begin from what is saved."""
    kept = desk.kept
    held = st.session_state[desk.key("edited")] = Edited(kept.source, kept.source, kept.version, kept.version)
    return held


def _forget(desk: Desk) -> None:
    _take_up(desk)


def _saving(desk: Desk, edited: Edited) -> None:
    """Saved on a click; what is not saved is said, and so is what somebody else saved meanwhile."""
    words = desk.words
    if edited.is_changed and edited.version != desk.kept.version:
        _conflict(desk, edited)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            words("letters.write.save"), icon=":material/save:", key=desk.key("save"),
            on_click=_save, args=(desk, edited.began),
        )  # fmt: skip
        state = "unsaved" if edited.is_changed else "saved"
        st.caption(words(f"letters.write.{state}"))


def _conflict(desk: Desk, edited: Edited) -> None:
    """Two wrote at once: nothing of either is lost unless it is said so."""
    words = desk.words
    st.warning(words("letters.write.conflict"), icon=":material/call_split:")
    with st.container(horizontal=True):
        st.button(
            words("letters.write.theirs"), icon=":material/undo:", key=desk.key("theirs"),
            on_click=lambda: _forget(desk),
        )  # fmt: skip
        st.button(
            words("letters.write.mine"), icon=":material/save:", key=desk.key("mine"),
            on_click=desk.act, args=(partial(_kept, desk, edited.text, desk.kept.version), "write"),
        )  # fmt: skip


def _save(desk: Desk, began: int) -> None:
    _keep(desk, began)
    held = _held(desk)
    desk.act(partial(_kept, desk, held.text, held.version), "write")


def _kept(desk: Desk, text: str, version: int) -> Done:
    changed = replace(desk.kept, source=text, version=version)
    set_courrier(desk.ledger, changed, who=desk.page.who, now=desk.post.clock())
    st.session_state[desk.key("edited")] = Edited(text, text, version + 1, _held(desk).began)
    return Done(desk.words("letters.write.kept"))


# ------------------------------------------------------------------------------------------------------------ checks


def checks(desk: Desk, found: Sequence[Finding]) -> None:
    """What is to be put right, with its line."""
    words = desk.words
    if not found:
        st.success(words("letters.check.none"), icon=":material/check:")
        return
    with st.container(border=True):
        st.markdown(f"**:material/rule: {words('letters.check.title', n=len(found))}**")
        st.markdown("\n".join(f"- {said(desk, one)}" for one in found))


def said(desk: Desk, one: Finding) -> str:
    """A finding in words, as Markdown."""
    text = desk.words(one.key, **{name: _quoted(value) for name, value in one.values.items()})
    return f"**{desk.words('letters.check.line', number=str(one.line))}** {text}" if one.line else text


def _quoted(value: object) -> object:
    """What was found in a letter, as it stands there: addresses are no links here."""
    if not isinstance(value, str):
        return value
    return as_typed(value) if "`" in value else f"`{' '.join(value.split())}`"
