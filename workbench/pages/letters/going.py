"""What was approved, on its way: begun, watched, stopped, gone on with."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from workbench.ledger.courriers import CourrierKept, courriers, restart, stop
from workbench.ledger.states import CourrierState, DeliveryState
from workbench.pages.answers import Done, as_typed, outcome
from workbench.pages.letters import Desk, fault, via
from workbench.pages.letters.ready import SHORT, take_back
from workbench.surveys.running import fault_of, is_going, start

EACH_SECOND = 1.0
"""So often a page looks how far a sender got."""


def approved(desk: Desk) -> None:
    """Who approved it, and for whom; how it goes out, and how far it got."""
    kept, words = desk.kept, desk.words
    desk.page.section("courrier_sending")
    if kept.approved_at:
        facts = {"who": as_typed(kept.approved_by or "–"), "at": desk.local(kept.approved_at)}
        total = words("letters.going.recipients", n=total_of(kept))
        seal = words("letters.approve.hash", hash=(kept.frozen_hash or "")[:SHORT])
        desk.page.sheet.text(f"{words('letters.going.approved', **facts)} {total} {seal}")
    via(desk.page, desk.post.via if kept.waiting else kept.via or desk.post.via)
    for place in ("approve", "going"):
        outcome(desk.page, place)
    if is_going(desk.ledger, kept.id):
        watched(desk)
        return
    if kept.has_begun:
        bar(desk, kept)
    _trouble(desk)
    _next(desk)


def total_of(kept: CourrierKept) -> int:
    """Messages of a courrier, whatever became of them."""
    return sum(kept.counts.values())


# -------------------------------------------------------------------------------------------------------- being sent


@st.fragment(run_every=EACH_SECOND)
def watched(desk: Desk) -> None:
    """The bar while a sender is at work, here or elsewhere; the whole page again once it is done."""
    if not is_going(desk.ledger, desk.kept.id):
        st.rerun()
    now = as_it_stands(desk)
    bar(desk, now)
    if now.state is CourrierState.STOPPED:
        st.info(desk.words("letters.going.stopped"), icon=":material/pan_tool:")
        return
    st.button(
        desk.words("letters.going.stop"), icon=":material/pan_tool:", key=desk.key("stop"),
        on_click=desk.act, args=(partial(_stop, desk), "going"),
    )  # fmt: skip
    st.caption(desk.words("letters.going.stop_note"))


def as_it_stands(desk: Desk) -> CourrierKept:
    """The courrier with its counts of this moment, without what is frozen."""
    return next(one for one in courriers(desk.ledger) if one.id == desk.kept.id)


def bar(desk: Desk, kept: CourrierKept) -> None:
    """How many messages are dealt with, and what became of them."""
    words, total = desk.words, total_of(kept)
    dealt = total - kept.waiting - kept.counts.get(DeliveryState.RELEASED, 0)
    said = [words("letters.going.progress", dealt=dealt, total=total)]
    said += [
        words("letters.going.count", state=words(f"courrier.delivery.{state}"), number=number)
        for state in DeliveryState
        if (number := kept.counts.get(state, 0))
    ]
    st.progress(dealt / total if total else 1.0, " · ".join(said))


def _stop(desk: Desk) -> Done:
    stop(desk.ledger, desk.kept.name, who=desk.page.who, now=desk.post.clock())
    return Done(desk.words("letters.going.stopped"))


# ---------------------------------------------------------------------------------------------------- what comes next


def _trouble(desk: Desk) -> None:
    """Why the last run ended early, if it did; or that a sender is gone and nobody knows why."""
    words, kept = desk.words, desk.kept
    if error := fault_of(desk.ledger, kept.id):
        st.error(as_typed(". ".join(fault(words, error))), icon=":material/error:")
    elif kept.has_begun and kept.waiting and kept.state is CourrierState.APPROVED:
        st.warning(words("letters.going.broken", n=kept.waiting), icon=":material/link_off:")


def _next(desk: Desk) -> None:
    """The buttons that make sense now."""
    kept, words = desk.kept, desk.words
    if kept.state is CourrierState.STOPPED:
        st.info(words("letters.going.is_stopped", n=kept.waiting), icon=":material/pan_tool:")
    if kept.send_at and is_early(desk):
        st.info(words("letters.going.early", at=desk.local(kept.send_at)), icon=":material/schedule:")
    with st.container(horizontal=True):
        if kept.waiting and not is_early(desk):
            is_new = not kept.has_begun and kept.state is CourrierState.APPROVED
            _button(desk, "send" if is_new else "resume", partial(go, desk))
        if not kept.has_begun:
            take_back(desk)


def is_early(desk: Desk) -> bool:
    """Whether it was approved for a moment that is still to come."""
    return desk.kept.send_at is not None and desk.kept.send_at > desk.post.clock()


def _button(desk: Desk, name: str, do: Callable[[], Done]) -> None:
    icon = ":material/send:" if name == "send" else ":material/play_arrow:"
    label = desk.words(f"letters.going.{name}", n=desk.kept.waiting)
    st.button(label, icon=icon, key=desk.key(name), on_click=desk.act, args=(do, "going"))


def go(desk: Desk, released: bool = False) -> Done:
    """Begin, or go on: only to those who are missing."""
    kept, who = desk.kept, desk.page.who
    if as_it_stands(desk).state is CourrierState.STOPPED:
        restart(desk.ledger, kept.name, who=who, now=desk.post.clock())
    start(desk.ledger, desk.post, kept.id, kept.name, who=who, released=released)
    return Done(desk.words("letters.going.started"))
