"""What became of messages on their way, as SendGrid tells us: in any order, and more than once."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from workbench.ledger import Ledger, Writing
from workbench.ledger.deliveries import prove
from workbench.ledger.recipients import agreed
from workbench.ledger.states import Arrival, Purpose, SuppressionKind
from workbench.ledger.tables import Audit, Delivery, MailEvent, Person, Suppression

ARRIVALS = {
    "processed": Arrival.PROCESSED,
    "deferred": Arrival.DEFERRED,
    "delivered": Arrival.DELIVERED,
    "bounce": Arrival.BOUNCED,
    "dropped": Arrival.DROPPED,
    "spamreport": Arrival.COMPLAINED,
}
"""What SendGrid calls an event that says how far a message got."""

_RANK = {arrival: rank for rank, arrival in enumerate(Arrival)}
_OPENED, _CLICKED = "open", "click"


@dataclass(frozen=True)
class Event:
    """One thing that happened to a message: `opaque` is what we called it, `id` is SendGrid's own name of the event.

    `suppresses`: why nothing more is to be sent to its address, if so. `is_machine`: a filter opened it, no person.
    """

    id: str
    opaque: str
    kind: str
    at: datetime
    reason: str = ""
    is_machine: bool = False
    suppresses: SuppressionKind | None = None


@dataclass(frozen=True)
class Heard:
    """Of so many events: new ones, ones that were told before, and ones of messages that are not ours."""

    new: int
    repeated: int
    strange: int


def hear(ledger: Ledger, events: Sequence[Event], *, who: str, now: datetime) -> Heard:
    """Take events in. One event proves that the whole batch of its message was accepted.

    A later stage is never undone by an earlier one that comes after it. Opens and clicks are kept of those only who
    agreed to that.
    """
    with ledger.writing(who, now) as work:
        rows = _messages(work, {event.opaque for event in events})
        ours = {event.id: event for event in events if event.opaque in rows}
        told = _new(work, ours, rows)
        prove(work, {row.batch_id for event in told if (row := rows[event.opaque]).batch_id})
        tracked = _tracked(work, told, rows)
        for event in told:
            _apply(work, rows[event.opaque], event, tracked)
        strange = sum(event.opaque not in rows for event in events)
        heard = Heard(len(told), len(events) - strange - len(told), strange)
        work.audit("mail_events", "webhook", len(events), {"new": heard.new, "strange": heard.strange})
        return heard


def _messages(work: Writing, opaque: Collection[str]) -> dict[str, Delivery]:
    held = select(Delivery).where(Delivery.opaque.in_(opaque)).order_by(Delivery.id).with_for_update()
    return {row.opaque: row for row in work.scalars(held.execution_options(populate_existing=True))}


def _new(work: Writing, events: Mapping[str, Event], rows: Mapping[str, Delivery]) -> list[Event]:
    """Those that were not told before, in the order they happened."""
    new = [
        {
            "event_id": event.id, "delivery_id": rows[event.opaque].id, "kind": event.kind, "at": event.at,
            "is_machine": event.is_machine,
        }
        for event in events.values()
    ]  # fmt: skip
    if not new:
        return []
    adding = work.insert(MailEvent).on_conflict_do_nothing(index_elements=["event_id"]).returning(MailEvent.event_id)
    kept = set(work.scalars(adding, new))
    return sorted((events[one] for one in kept), key=lambda event: (event.at, event.id))


def _tracked(work: Writing, events: Collection[Event], rows: Mapping[str, Delivery]) -> set[int]:
    """Who agreed that opens and clicks are kept."""
    persons = {rows[event.opaque].person_id for event in events if event.kind in (_OPENED, _CLICKED)}
    wanted = select(Person.id).where(Person.id.in_(persons - {None}), agreed(Purpose.OPENS))
    return set(work.scalars(wanted)) if persons else set()


def _apply(work: Writing, row: Delivery, event: Event, tracked: Collection[int]) -> None:
    if (arrival := ARRIVALS.get(event.kind)) and _outweighs(arrival, event.at, row):
        row.arrival, row.arrived_at, row.arrival_reason = arrival, event.at, event.reason or None
    if row.person_id in tracked and not event.is_machine:
        if event.kind == _OPENED:
            row.opened_at = min(event.at, row.opened_at or event.at)
        elif event.kind == _CLICKED:
            row.clicked_at = min(event.at, row.clicked_at or event.at)
    if event.suppresses:
        _suppress(work, {(row.address, event.suppresses): event.at}, "event")


def _outweighs(arrival: Arrival, at: datetime, row: Delivery) -> bool:
    if row.arrival is None or row.arrived_at is None:
        return True
    return (_RANK[arrival], at) > (_RANK[row.arrival], row.arrived_at)


def arrivals(ledger: Ledger) -> dict[int, dict[Arrival, int]]:
    """How far the messages of each courrier got on their way, by its number; what nothing was heard of is absent."""
    counted = select(Delivery.courrier_id, Delivery.arrival, func.count()).where(Delivery.arrival.is_not(None))
    found: dict[int, dict[Arrival, int]] = defaultdict(dict)
    with ledger.reading() as session:
        for number, arrival, messages in session.execute(counted.group_by(Delivery.courrier_id, Delivery.arrival)):
            if arrival is not None:
                found[number][arrival] = messages
    return dict(found)


# ----------------------------------------------------------------------------------------------------- suppressions


def suppress(
    ledger: Ledger, found: Collection[tuple[str, SuppressionKind]], source: str, *, who: str, now: datetime
) -> int:
    """Nothing is sent to these addresses from now on; gives how many were not known."""
    with ledger.writing(who, now) as work:
        new = _suppress(work, dict.fromkeys(sorted(found), now), source)
        work.audit("addresses_suppressed", "suppression", source, {"new": new})
        return new


def suppressed_lately(ledger: Ledger, since: datetime) -> bool:
    """Whether somebody's lists were taken over after a moment."""
    taken = select(Audit.id).where(Audit.what == "addresses_suppressed", Audit.at > since).limit(1)
    with ledger.reading() as session:
        return session.scalar(taken) is not None


def _suppress(work: Writing, found: Mapping[tuple[str, SuppressionKind], datetime], source: str) -> int:
    rows = [{"address": one, "kind": kind, "at": at, "source": source} for (one, kind), at in found.items()]
    if not rows:
        return 0
    before = work.scalar(select(func.count()).select_from(Suppression)) or 0
    work.execute(work.insert(Suppression).on_conflict_do_nothing(index_elements=["address", "kind"]), rows)
    return (work.scalar(select(func.count()).select_from(Suppression)) or 0) - before


def lift(ledger: Ledger, address: str, *, who: str, now: datetime) -> int:
    """Send to an address again, as its owner asked; gives how many reasons were taken away."""
    with ledger.writing(who, now) as work:
        rows = work.scalars(select(Suppression).where(Suppression.address == address)).all()
        for row in rows:
            work.delete(row)
        work.audit("suppression_lifted", "suppression", len(rows), None, {"address": address})
        return len(rows)


def suppressions(ledger: Ledger) -> dict[str, list[SuppressionKind]]:
    """Why nothing is sent to which addresses."""
    found: dict[str, list[SuppressionKind]] = defaultdict(list)
    with ledger.reading() as session:
        for address, kind in session.execute(select(Suppression.address, Suppression.kind).order_by(Suppression.id)):
            found[address].append(kind)
    return dict(found)
