"""Courriers, reminders and digests as they are written, approved, stopped and sent."""

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, defer

from workbench.errors import WorkbenchError
from workbench.ledger import Ledger, Writing
from workbench.ledger.states import BatchOutcome, CourrierState, DeliveryState, MailKind
from workbench.ledger.tables import Batch, Courrier, Delivery

WAITING = (DeliveryState.QUEUED, DeliveryState.CLAIMED)
"""What is still to be sent by itself."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")


class CourrierUnknown(WorkbenchError):
    """There is no courrier of this name."""


class CourrierInvalid(WorkbenchError):
    """A name that is taken, or that would not do in an address."""


class CourrierSettled(WorkbenchError):
    """What was approved is not changed any more; what has begun is not taken back."""


class NobodyChosen(WorkbenchError):
    """A courrier that nobody would get."""


class CourrierAltered(WorkbenchError):
    """What is to go out is not what was approved."""


@dataclass(frozen=True)
class CourrierKept:
    """A courrier as it stands; `id` and `version` are 0 for one that is not in the ledger yet.

    `counts`: messages by their state. `frozen` is read for one courrier only (`courrier`), lists leave it out.
    """

    name: str
    source: str
    kind: MailKind = MailKind.COURRIER
    state: CourrierState = CourrierState.DRAFT
    author: str = ""
    created_at: datetime | None = None
    approved_by: str | None = None
    approved_at: datetime | None = None
    send_at: datetime | None = None
    via: str | None = None
    frozen: Mapping[str, Any] | None = None
    frozen_hash: str | None = None
    counts: Mapping[DeliveryState, int] = field(default_factory=dict)
    id: int = 0
    version: int = 0

    @property
    def waiting(self) -> int:
        """Messages that are still to be sent by themselves."""
        return sum(self.counts.get(state, 0) for state in WAITING)

    @property
    def has_begun(self) -> bool:
        """Whether anything of it may have gone out."""
        return self.via is not None


@dataclass(frozen=True)
class Chosen:
    """Somebody who is to get it: a person, or an address of the team; and the follow-up that goes with it."""

    address: str
    person: int | None = None
    rule: str | None = None
    about: str | None = None


# --------------------------------------------------------------------------------------------------------- looking


def courriers(ledger: Ledger) -> list[CourrierKept]:
    """All of them, the latest first, without what is frozen."""
    with ledger.reading() as session:
        counts = _counts(session)
        rows = session.scalars(select(Courrier).options(defer(Courrier.frozen)).order_by(Courrier.id.desc()))
        return [_kept(row, counts[row.id], None) for row in rows]


def courrier(ledger: Ledger, name: str) -> CourrierKept:
    """One by its name, with what is frozen. Raises CourrierUnknown."""
    with ledger.reading() as session:
        row = session.scalar(select(Courrier).where(Courrier.name == name))
        if row is None:
            raise CourrierUnknown(f"there is no courrier {name!r}", "`workbench courrier status` lists them")
        return _kept(row, _counts(session, row.id)[row.id], row.frozen)


def frozen_of(ledger: Ledger, number: object) -> Mapping[str, Any] | None:
    """What of the courrier with this number was approved; None where nothing was."""
    with ledger.reading() as session:
        row = session.get(Courrier, number) if isinstance(number, int) else None
        return row.frozen if row is not None else None


def _counts(session: Session, only: int | None = None) -> Mapping[int, dict[DeliveryState, int]]:
    counted = select(Delivery.courrier_id, Delivery.state, func.count()).group_by(Delivery.courrier_id, Delivery.state)
    found: dict[int, dict[DeliveryState, int]] = defaultdict(dict)
    rows = session.execute(counted if only is None else counted.where(Delivery.courrier_id == only))
    for number, state, messages in rows:
        found[number][state] = messages
    return found


def _kept(row: Courrier, counts: Mapping[DeliveryState, int], frozen: Mapping[str, Any] | None) -> CourrierKept:
    same = (
        "name", "source", "kind", "state", "author", "created_at", "approved_by", "approved_at", "send_at", "via",
        "frozen_hash", "id", "version",
    )  # fmt: skip
    said: dict[str, Any] = {name: getattr(row, name) for name in same}
    return CourrierKept(**said, frozen=frozen, counts=counts)


# --------------------------------------------------------------------------------------------------------- writing


def set_courrier(ledger: Ledger, kept: CourrierKept, *, who: str, now: datetime) -> int:
    """Add a draft (`id` 0), or change the one with its id; gives the number.

    Raises CourrierInvalid, CourrierSettled, and ChangedMeanwhile unless it is still at the version that was seen.
    """
    if not _NAME.fullmatch(kept.name):
        raise CourrierInvalid(f"{kept.name!r} does not do as a name", "use small letters, digits and hyphens: 2020-12")
    try:
        with ledger.writing(who, now) as work:
            row = _draft(work, kept) if kept.id else Courrier(author=who, created_at=now, state=CourrierState.DRAFT)
            row.kind, row.name, row.source = kept.kind, kept.name, kept.source
            work.add(row)
            work.flush()
            work.audit("courrier_written", "courrier", row.id, {"name": kept.name, "kind": kept.kind})
            return row.id
    except IntegrityError as error:
        raise CourrierInvalid(f"there is a courrier {kept.name!r} already", "take another name") from error


def _draft(work: Writing, kept: CourrierKept) -> Courrier:
    row = work.taken(Courrier, kept.id, kept.version)
    if row.state is not CourrierState.DRAFT:
        raise CourrierSettled(f"{row.name} is {row.state}", "take the approval back first, or write a new one")
    return row


def hash_of(frozen: Mapping[str, Any]) -> str:
    """The fingerprint of what goes out and to whom."""
    return sha256(json.dumps(frozen, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def approve(
    ledger: Ledger,
    kept: CourrierKept,
    content: Mapping[str, Any],
    chosen: Sequence[Chosen],
    send_at: datetime | None,
    *,
    who: str,
    now: datetime,
) -> str:
    """Let a draft go out, at once or at a moment: content and recipients are what they are from now on.

    Gives their hash. Raises NobodyChosen, CourrierSettled, ChangedMeanwhile.
    """
    if not chosen:
        raise NobodyChosen(
            f"nobody would get {kept.name}", "choose another audience, or look at what stands against it"
        )
    frozen = {"content": dict(content), "recipients": sorted(str(one.person or one.address) for one in chosen)}
    with ledger.writing(who, now) as work:
        row = _draft(work, kept)
        row.state, row.approved_by, row.approved_at, row.send_at = CourrierState.APPROVED, who, now, send_at
        row.frozen, row.frozen_hash = frozen, hash_of(frozen)
        _add_deliveries(work, row.id, chosen)
        details = {"name": kept.name, "hash": row.frozen_hash, "recipients": len(chosen)}
        work.audit("courrier_approved", "courrier", row.id, details)
        return row.frozen_hash


def add_recipients(ledger: Ledger, kept: CourrierKept, chosen: Sequence[Chosen], *, who: str, now: datetime) -> int:
    """More people for a reminder, or addresses for a digest, that is out; gives how many are new.

    Whoever has it already does not get it again: a person is known by their number, an address of the team by itself.
    """
    with ledger.writing(who, now) as work:
        row = work.taken(Courrier, kept.id, kept.version)
        had = work.execute(select(Delivery.person_id, Delivery.address).where(Delivery.courrier_id == row.id))
        known = {person or goes_to for person, goes_to in had}
        new = [one for one in chosen if (one.person or one.address) not in known]
        if new:
            row.state = CourrierState.APPROVED
            _add_deliveries(work, row.id, new)
        work.audit("courrier_extended", "courrier", row.id, {"name": kept.name, "recipients": len(new)})
        return len(new)


def _add_deliveries(work: Writing, number: int, chosen: Sequence[Chosen]) -> None:
    """In random order of names for others, in a known order for us."""
    rows = [
        {
            "courrier_id": number, "person_id": one.person, "address": one.address, "opaque": uuid4().hex,
            "state": DeliveryState.QUEUED, "rule": one.rule, "about": one.about,
        }
        for one in sorted(chosen, key=lambda one: (one.person or 0, one.address))
    ]  # fmt: skip
    work.execute(insert(Delivery), rows)


def unapprove(ledger: Ledger, kept: CourrierKept, *, who: str, now: datetime) -> None:
    """Make a draft again of what nobody was sent yet. Raises CourrierSettled, ChangedMeanwhile."""
    with ledger.writing(who, now) as work:
        row = work.taken(Courrier, kept.id, kept.version)
        if row.via is not None or row.state not in (CourrierState.APPROVED, CourrierState.STOPPED):
            raise CourrierSettled(f"{row.name} has begun to go out", "stop it, and write a new one")
        work.execute(delete(Delivery).where(Delivery.courrier_id == row.id))
        row.state, row.frozen, row.frozen_hash = CourrierState.DRAFT, None, None
        row.approved_by = row.approved_at = row.send_at = None
        work.audit("courrier_unapproved", "courrier", row.id, {"name": row.name})


def stop(ledger: Ledger, name: str, *, who: str, now: datetime) -> None:
    """No further batch goes out; the one under way does. Raises CourrierUnknown, CourrierSettled."""
    _turn(ledger, name, CourrierState.APPROVED, CourrierState.STOPPED, who, now)


def restart(ledger: Ledger, name: str, *, who: str, now: datetime) -> None:
    """A stopped one goes on. Raises CourrierUnknown, CourrierSettled."""
    _turn(ledger, name, CourrierState.STOPPED, CourrierState.APPROVED, who, now)


def _turn(ledger: Ledger, name: str, is_now: CourrierState, becomes: CourrierState, who: str, now: datetime) -> None:
    with ledger.writing(who, now) as work:
        row = work.scalar(select(Courrier).where(Courrier.name == name).with_for_update())
        if row is None:
            raise CourrierUnknown(f"there is no courrier {name!r}", "`workbench courrier status` lists them")
        if row.state is not is_now:
            raise CourrierSettled(f"{name} is {row.state}, not {is_now}", "`workbench courrier status` shows it")
        row.state, row.version = becomes, row.version + 1
        work.audit(f"courrier_{becomes}", "courrier", row.id, {"name": name})


# ----------------------------------------------------------------------------------------------------------- ending


def close_if_done(ledger: Ledger, number: int, *, who: str, now: datetime) -> bool:
    """Whether nothing of it is left to be sent, by itself or once more: it is sent then."""
    open_ = (*WAITING, DeliveryState.RELEASED)
    waits = select(func.count()).where(Delivery.courrier_id == number, Delivery.state.in_(open_))
    with ledger.writing(who, now) as work:
        row = work.get(Courrier, number, with_for_update=True, populate_existing=True)
        if row is None or work.scalar(waits):
            return False
        if row.state is CourrierState.APPROVED:
            row.state, row.version = CourrierState.SENT, row.version + 1
            work.audit("courrier_sent", "courrier", number, {"name": row.name})
        return True


@dataclass(frozen=True)
class BatchKept:
    """A request as it went."""

    id: int
    outcome: BatchOutcome
    size: int
    claimed_at: datetime
    answered_at: datetime | None
    said: str | None


def batches(ledger: Ledger, number: int) -> list[BatchKept]:
    """The requests made for a courrier, in order."""
    with ledger.reading() as session:
        rows = session.scalars(select(Batch).where(Batch.courrier_id == number).order_by(Batch.id))
        return [BatchKept(row.id, row.outcome, row.size, row.claimed_at, row.answered_at, row.said) for row in rows]
