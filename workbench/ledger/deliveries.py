"""Each message to each person: claimed in the ledger before it is asked for, and what became of it.

A message goes out at most once. Its row is claimed, in a batch that is written down, before any request is made; what
a request's answer leaves open stays `unknown` and is never sent again by itself.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, case, func, literal, select, update
from sqlalchemy.engine import Row

from workbench.ledger import Ledger, Writing
from workbench.ledger.courriers import CourrierAltered, hash_of
from workbench.ledger.recipients import agreed, has_answered, hindrance, is_suppressed
from workbench.ledger.states import (
    Arrival,
    BatchOutcome,
    CourrierState,
    DeliveryState,
    FollowUpState,
    Hindrance,
    MailKind,
    Purpose,
    WebhookKind,
)
from workbench.ledger.tables import Batch, Courrier, Delivery, FollowUp, Person, Webhook

SETTLE_AFTER = timedelta(hours=72)
"""So long after a request without an answer, and with nothing heard of any of its messages, it was not accepted."""


class Claimed(NamedTuple):
    """A message whose turn has come."""

    delivery: int
    person: int | None
    address: str
    opaque: str
    rule: str | None
    about: str | None


@dataclass(frozen=True)
class Claim:
    """A batch that is to be asked for now. All of it may be told of opens and clicks (`is_tracked`), or nobody."""

    batch: int
    is_tracked: bool
    messages: Sequence[Claimed]
    withheld: int


# -------------------------------------------------------------------------------------------------------- claiming


@dataclass(frozen=True)
class Turn:
    """What a sender goes by: how many at most, how they are delivered, and what holds a message back.

    `quiet`: no reminder to who was sent a mail after this. `released`: also messages that a person released.
    """

    most: int
    via: str
    quiet: datetime
    zone: ZoneInfo
    released: bool = False


def claim(ledger: Ledger, number: int, turn: Turn, *, who: str, now: datetime) -> Claim | None:
    """The next messages of a courrier, claimed; None where none is left, or where it may not go out (now).

    What stands against one is asked again here: such a message is withheld, with the reason. A reminder that rides is
    left out where it is answered. Raises CourrierAltered where what is frozen is not what was approved.
    """
    with ledger.writing(who, now) as work:
        row = work.get(Courrier, number, with_for_update=True, populate_existing=True)
        if row is None or row.state is not CourrierState.APPROVED or (row.send_at and row.send_at > now):
            return None
        if row.frozen is None or hash_of(row.frozen) != row.frozen_hash:
            raise CourrierAltered(f"{row.name} is not what was approved", "take the approval back and approve it anew")
        found = work.execute(_next(work, row, turn)).all()
        row.via = turn.via
        against = {one.id: str(one.against) for one in found if one.against}
        _withhold(work, against)
        free = [one for one in found if one.id not in against]
        alike = list(takewhile(lambda one: one.is_tracked == free[0].is_tracked, free))
        return _claim(work, row.id, alike, len(against)) if alike else _none_of(found, len(against))


def _none_of(found: Sequence[Row[Any]], withheld: int) -> Claim | None:
    """Nothing is left, or all of this portion is withheld: the next may have more."""
    return Claim(0, False, (), withheld) if found else None


def _next(work: Writing, courrier: Courrier, turn: Turn) -> Select[Any]:
    """The next messages as they stand now; those that may be told of opens together, and last."""
    states = (DeliveryState.QUEUED, DeliveryState.RELEASED) if turn.released else (DeliveryState.QUEUED,)
    mine = (Delivery.courrier_id == courrier.id, Delivery.state.in_(states))
    same = (Delivery.id, Delivery.person_id, Delivery.opaque, Delivery.rule, Delivery.about)
    if courrier.kind is MailKind.DIGEST:
        blocked = case((is_suppressed(Delivery.address), literal(str(Hindrance.SUPPRESSED))))
        columns = select(*same, Delivery.address, literal(False).label("is_tracked"), blocked.label("against"))
        return columns.where(*mine).order_by(Delivery.id).limit(turn.most)
    abouts = work.scalars(select(Delivery.about).where(*mine).distinct()).all()
    is_answered = has_answered(work, abouts, turn.zone)
    against: ColumnElement[Any] = hindrance(courrier.kind, turn.quiet)
    if courrier.kind is MailKind.REMINDER:
        against = case((is_answered, literal(str(Hindrance.ANSWERED))), else_=against)
    is_tracked = agreed(Purpose.OPENS)
    columns = select(
        *same, Person.email.label("address"), is_tracked.label("is_tracked"), against.label("against"),
        is_answered.label("is_answered"),
    ).join(Person, Person.id == Delivery.person_id)  # fmt: skip
    return columns.where(*mine).order_by(is_tracked, Delivery.id).limit(turn.most)


def _withhold(work: Writing, against: Mapping[int, str]) -> None:
    for reason in sorted(set(against.values())):
        which = [one for one, why in against.items() if why == reason]
        work.execute(_of(which).values(state=DeliveryState.WITHHELD, reason=reason))


def _of(which: Collection[int]) -> Any:
    return update(Delivery).where(Delivery.id.in_(which))


def _claim(work: Writing, number: int, rows: Sequence[Row[Any]], withheld: int) -> Claim:
    batch = Batch(courrier_id=number, outcome=BatchOutcome.OPEN, size=len(rows), claimed_at=work.now)
    work.add(batch)
    work.flush()
    messages = [_message(one) for one in rows]
    same = {"state": DeliveryState.CLAIMED, "batch_id": batch.id, "asked_at": work.now}
    work.execute(
        update(Delivery),
        [
            {"id": one.delivery, "address": one.address, "rule": one.rule, "about": one.about, **same}
            for one in messages
        ],
    )
    return Claim(batch.id, bool(rows[0].is_tracked), messages, withheld)


def _message(one: Row[Any]) -> Claimed:
    is_answered = one._mapping.get("is_answered", False)
    rule, about = (None, None) if is_answered else (one.rule, one.about)
    return Claimed(one.id, one.person_id, one.address, one.opaque, rule, about)


# --------------------------------------------------------------------------------------------------------- answers


def mark(ledger: Ledger, batch: int, outcome: BatchOutcome, said: str = "", *, who: str, now: datetime) -> None:
    """Note what became of a claimed batch; `said`: the other side's words, without any address.

    returned: its messages wait again. refused: of one message only. Once accepted, follow-ups that it was for are done.
    """
    with ledger.writing(who, now) as work:
        row = work.get(Batch, batch, with_for_update=True)
        if row is not None and row.outcome is BatchOutcome.OPEN:
            _settle(work, row, outcome, said)


def recover(ledger: Ledger, number: int, repeatable: bool, *, who: str, now: datetime) -> int:
    """What became of the batches of a sender that died: nobody knows; or, where sending twice is no harm, they wait.

    Gives how many messages. Only who holds the courrier may ask: a batch of a sender that lives is open too.
    """
    outcome = BatchOutcome.RETURNED if repeatable else BatchOutcome.UNKNOWN
    with ledger.writing(who, now) as work:
        opened = work.scalars(
            select(Batch).where(Batch.courrier_id == number, Batch.outcome == BatchOutcome.OPEN).with_for_update()
        ).all()
        for row in opened:
            _settle(work, row, outcome, "the sender died")
        return sum(row.size for row in opened)


_BECOMES = {
    BatchOutcome.ACCEPTED: DeliveryState.ACCEPTED,
    BatchOutcome.REFUSED: DeliveryState.REFUSED,
    BatchOutcome.RETURNED: DeliveryState.QUEUED,
    BatchOutcome.UNKNOWN: DeliveryState.UNKNOWN,
    BatchOutcome.NOT_ACCEPTED: DeliveryState.NOT_ACCEPTED,
}

_OPEN = (DeliveryState.CLAIMED, DeliveryState.UNKNOWN, DeliveryState.NOT_ACCEPTED, DeliveryState.RELEASED)


def _settle(work: Writing, row: Batch, outcome: BatchOutcome, said: str) -> None:
    """The batch and all of its messages that nothing else is known of."""
    row.outcome, row.answered_at, row.said = outcome, work.now, said or None
    values: dict[str, Any] = {"state": _BECOMES[outcome]}
    if outcome is BatchOutcome.RETURNED:
        values |= {"asked_at": None, "batch_id": None}
    if outcome is BatchOutcome.REFUSED:
        values["reason"] = said or None
    work.execute(update(Delivery).where(Delivery.batch_id == row.id, Delivery.state.in_(_OPEN)).values(**values))
    if outcome is BatchOutcome.ACCEPTED:
        _do_follow_ups(work, row.id)
    details = {"batch": row.id, "outcome": outcome, "messages": row.size}
    work.audit("batch_settled", "courrier", row.courrier_id, details)


def _do_follow_ups(work: Writing, batch: int) -> None:
    """The reminders that these messages were, or that rode in them, are done."""
    sent = select(Delivery.person_id, Delivery.rule, Delivery.about, Courrier.name).join(
        Courrier, Courrier.id == Delivery.courrier_id
    )
    rows = work.execute(sent.where(Delivery.batch_id == batch, Delivery.rule.is_not(None))).all()
    done = {"state": FollowUpState.DONE, "snoozed_until": None, "closed_at": work.now}
    for person, rule, about, name in sorted(rows):
        key = {"person_id": person, "rule": rule, "about": about}
        new = {**key, **done, "reason": name, "due_on": work.now.date(), "created_at": work.now, "version": 1}
        adding = work.insert(FollowUp).values(new)
        again = {**done, "reason": name, "version": FollowUp.version + 1}
        work.execute(adding.on_conflict_do_update(index_elements=list(key), set_=again))


# ---------------------------------------------------------------------------------------------------- 72 hours


def settle_unknown(ledger: Ledger, *, who: str, now: datetime) -> int:
    """Batches that nobody knows about for 72 hours were not accepted, if the webhook works; gives their messages.

    It works if it told us of any other message after that request was made. Nothing of this is sent again by itself.
    """
    waiting = select(Batch).where(Batch.outcome == BatchOutcome.UNKNOWN, Batch.claimed_at <= now - SETTLE_AFTER)
    heard = select(func.max(Webhook.received_at)).where(Webhook.kind == WebhookKind.SENDGRID)
    with ledger.writing(who, now) as work:
        last = work.scalar(heard)
        due = [row for row in work.scalars(waiting.with_for_update()) if last and last > row.claimed_at]
        for row in due:
            _settle(work, row, BatchOutcome.NOT_ACCEPTED, row.said or "")
        return sum(row.size for row in due)


def prove(work: Writing, batches: Collection[int]) -> None:
    """Something was heard of one message of each of these batches: all of it was accepted."""
    which = select(Batch).where(Batch.id.in_(batches), Batch.outcome != BatchOutcome.ACCEPTED).order_by(Batch.id)
    for row in work.scalars(which.with_for_update()):
        _settle(work, row, BatchOutcome.ACCEPTED, "an event proved it")


def release(ledger: Ledger, number: int, *, who: str, now: datetime) -> int:
    """Somebody decides that what was not accepted may be sent again; gives how many messages."""
    with ledger.writing(who, now) as work:
        mine = (Delivery.courrier_id == number, Delivery.state == DeliveryState.NOT_ACCEPTED)
        which = list(work.scalars(select(Delivery.id).where(*mine).with_for_update()))
        work.execute(_of(which).values(state=DeliveryState.RELEASED))
        row = work.get(Courrier, number, with_for_update=True)
        if which and row is not None and row.state is CourrierState.SENT:
            row.state, row.version = CourrierState.APPROVED, row.version + 1
        work.audit("deliveries_released", "courrier", number, {"messages": len(which)})
        return len(which)


# --------------------------------------------------------------------------------------------------------- looking


class DeliveryKept(NamedTuple):
    """For a person and a courrier: sent, arrived, why not. `name` is None for an address of the team."""

    person: int | None
    name: str | None
    address: str
    state: DeliveryState
    reason: str | None
    asked_at: datetime | None
    arrival: Arrival | None
    arrived_at: datetime | None
    arrival_reason: str | None
    opened_at: datetime | None
    clicked_at: datetime | None


def deliveries(ledger: Ledger, number: int) -> list[DeliveryKept]:
    """Every message of a courrier, by name."""
    columns = select(
        Delivery.person_id, Person.name, Delivery.address, Delivery.state, Delivery.reason, Delivery.asked_at,
        Delivery.arrival, Delivery.arrived_at, Delivery.arrival_reason, Delivery.opened_at, Delivery.clicked_at,
    ).outerjoin(Person, Person.id == Delivery.person_id)  # fmt: skip
    with ledger.reading() as session:
        rows = session.execute(columns.where(Delivery.courrier_id == number).order_by(Person.name, Delivery.id))
        return [DeliveryKept(*row) for row in rows]


def last_courriers(ledger: Ledger, persons: Collection[int]) -> dict[int, datetime]:
    """When each of these people was last sent a courrier; who never was is absent."""
    sent = (
        select(Delivery.person_id, func.max(Delivery.asked_at))
        .join(Courrier, Courrier.id == Delivery.courrier_id)
        .where(Courrier.kind == MailKind.COURRIER, Delivery.person_id.in_(persons))
        .where(Delivery.state == DeliveryState.ACCEPTED)
        .group_by(Delivery.person_id)
    )
    with ledger.reading() as session:
        return {person: at for person, at in session.execute(sent) if person and at}
