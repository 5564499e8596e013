"""What became of a courrier: how many got it, who did not and why, and what nobody knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from workbench.ledger.courriers import BatchKept, batches, courrier
from workbench.ledger.deliveries import DeliveryKept, deliveries, release, settle_unknown
from workbench.ledger.states import Arrival, BatchOutcome, DeliveryState, MailKind
from workbench.pages import Written
from workbench.pages.answers import Done, outcome, zone
from workbench.pages.letters import Desk, seen, via
from workbench.pages.letters.going import go
from workbench.pages.letters.listing import LOST
from workbench.pages.sheet import Figure
from workbench.surveys.courrier import public_view
from workbench.surveys.readers import VIEW


def results(desk: Desk) -> None:
    """Figures, what is open, the letter as it went, the requests, and each person; before it goes, for whom it is."""
    told = deliveries(desk.ledger, desk.kept.id)
    if not desk.kept.has_begun:
        desk.page.section("courrier_recipients")
        as_it_went(desk)
        for_whom(desk, told)
        return
    desk.page.section("courrier_results")
    figures(desk, told)
    if desk.kept.via == "outbox":
        desk.page.sheet.note(f":material/outbox: {desk.words('letters.results.outbox')}")
    outcome(desk.page, "results")
    open_ones(desk)
    as_it_went(desk)
    requests(desk)
    each(desk, told)


def for_whom(desk: Desk, told: Sequence[DeliveryKept]) -> None:
    """The people it was approved for."""
    rows = {"to_whom": [one.name or one.address for one in told], "email": [one.address for one in told]}
    columns: dict[str, Written] = dict.fromkeys(rows, str)
    desk.page.table(pl.DataFrame(rows), columns, desk.words("section.courrier_recipients.title"), desk.kept.name)


# ----------------------------------------------------------------------------------------------------------- figures


def counted(told: Sequence[DeliveryKept]) -> dict[str, int]:
    """Messages by what one wants to know of them."""
    states, arrived = Counter(one.state for one in told), Counter(one.arrival for one in told)
    return {
        "sent": states[DeliveryState.ACCEPTED],
        "arrived": arrived[Arrival.DELIVERED],
        "lost": states[DeliveryState.REFUSED] + sum(arrived[one] for one in LOST),
        "held_back": states[DeliveryState.WITHHELD],
        "unknown": sum(states[one] for one in (DeliveryState.UNKNOWN, DeliveryState.NOT_ACCEPTED)),
    }


def figures(desk: Desk, told: Sequence[DeliveryKept]) -> None:
    """Sent, arrived, not arrived, held back, unknown."""
    page, words = desk.page, desk.words
    with page.sheet.grid(5, 150):
        for name, number in counted(told).items():
            figure = Figure(words(f"letters.card.{name}.name"), words.number(number))
            page.sheet.figure(figure, f"definition.courrier.{name}", partial(_define, desk, name))


def _define(desk: Desk, name: str) -> None:
    desk.page.sheet.text(desk.words(f"letters.card.{name}.definition"))


def each(desk: Desk, told: Sequence[DeliveryKept]) -> None:
    """For every person: sent, arrived, why not."""
    words, local = desk.words, desk.local
    rows = {
        "to_whom": [one.name or one.address for one in told],
        "courrier_delivery": [words(f"courrier.delivery.{one.state}") for one in told],
        "courrier_reason": [_reason(desk, one) for one in told],
        "courrier_asked": [one.asked_at and local(one.asked_at) for one in told],
        "courrier_arrival": [one.arrival and words(f"courrier.arrival.{one.arrival}") for one in told],
        "courrier_heard": [one.arrived_at and local(one.arrived_at) for one in told],
        "courrier_why_not": [one.arrival_reason for one in told],
    }
    text = ("courrier_reason", "courrier_arrival", "courrier_why_not")
    moments = dict.fromkeys(("courrier_asked", "courrier_heard"), pl.Datetime("us", zone(desk.page).key))
    schema: dict[str, Any] = {**dict.fromkeys(text, pl.String), **moments}
    columns: dict[str, Written] = dict.fromkeys(rows, str)
    columns |= dict.fromkeys(moments, words.moment)
    frame = pl.DataFrame(rows, schema_overrides=schema)
    desk.page.table(frame, columns, words("section.courrier_results.title"), f"courrier-{desk.kept.name}")


def _reason(desk: Desk, one: DeliveryKept) -> str | None:
    if one.state is DeliveryState.WITHHELD and one.reason:
        return desk.words(f"courrier.hindrance.{one.reason}")
    return one.reason


# --------------------------------------------------------------------------------------------------- what nobody knows


def open_ones(desk: Desk) -> None:
    """What is unknown is explained; what was not accepted is offered to a person, with the evidence."""
    counts, words = desk.kept.counts, desk.words
    if number := counts.get(DeliveryState.UNKNOWN, 0):
        st.warning(words("letters.unknown.said", n=number), icon=":material/help:")
        st.button(
            words("letters.unknown.settle"), icon=":material/sync:", key=desk.key("settle"),
            on_click=desk.act, args=(partial(_settle, desk), "results"),
        )  # fmt: skip
    if number := counts.get(DeliveryState.NOT_ACCEPTED, 0) + counts.get(DeliveryState.RELEASED, 0):
        _offered(desk, number)


def _settle(desk: Desk) -> Done:
    found = settle_unknown(desk.ledger, who=desk.page.who, now=desk.post.clock())
    return Done(desk.words("letters.unknown.settled", n=found))


def _offered(desk: Desk, number: int) -> None:
    words, key = desk.words, desk.key("again")
    st.warning(words("letters.again.said", n=number), icon=":material/mark_email_unread:")
    with st.popover(words("letters.again.open", n=number), icon=":material/replay:", key=f"{key}.open"):
        st.markdown(words("letters.again.evidence"))
        went = [one for one in batches(desk.ledger, desk.kept.id) if one.outcome is BatchOutcome.NOT_ACCEPTED]
        st.markdown("\n".join(f"- {_evidence(desk, one)}" for one in went))
        via(desk.page, desk.post.via)
        with st.form(key, border=False):
            st.checkbox(words("letters.again.sure"), key=f"{key}.sure")
            st.form_submit_button(
                words("letters.again.button"), icon=":material/replay:", on_click=_again, args=(desk,)
            )


def _evidence(desk: Desk, one: BatchKept) -> str:
    return desk.words("letters.again.batch", n=one.size, at=desk.local(one.claimed_at))


def _again(desk: Desk) -> None:
    if st.session_state[f"{desk.key('again')}.sure"]:
        desk.act(partial(_released, desk), "results")


def _released(desk: Desk) -> Done:
    release(desk.ledger, desk.kept.id, who=desk.page.who, now=desk.post.clock())
    return go(desk, released=True)


# ------------------------------------------------------------------------------------------------------- as it went


def as_it_went(desk: Desk) -> None:
    """The letter as it was approved, without anything personal; and where its readers find it in a browser."""
    words = desk.words
    with st.expander(words("letters.archive.open"), icon=":material/drafts:"):
        frozen = courrier(desk.ledger, desk.kept.name).frozen
        if desk.kept.kind is MailKind.COURRIER and desk.kept.has_begun:
            token = desk.ledger.signer(VIEW).dumps(desk.kept.id)
            st.link_button(
                words("letters.archive.browser"), desk.post.terms.addresses.view(token), icon=":material/open_in_new:"
            )
        if frozen:
            seen(public_view(frozen["content"]), words("letters.look.frame"))


def requests(desk: Desk) -> None:
    """The requests as they went."""
    words, went = desk.words, batches(desk.ledger, desk.kept.id)
    with st.expander(words("letters.batches.open", n=len(went)), icon=":material/inventory_2:"):
        rows = {
            "batch_at": [desk.local(one.claimed_at) for one in went],
            "batch_size": [one.size for one in went],
            "batch_outcome": [words(f"letters.batch.{one.outcome}") for one in went],
            "batch_said": [one.said for one in went],
        }
        columns: dict[str, Written] = {"batch_at": words.moment, "batch_size": words.number}
        columns |= {"batch_outcome": str, "batch_said": str}
        frame = pl.DataFrame(rows, schema_overrides={"batch_said": pl.String})
        desk.page.table(frame, columns, words("letters.batches.title"), f"batches-{desk.kept.name}")
