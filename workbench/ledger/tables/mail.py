"""Mail: what is sent to whom, in which request, and what became of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from workbench.ledger.columns import NUMBERS_ONCE, Base, Numbered, Versioned, of_person, one_of
from workbench.ledger.states import (
    Arrival,
    BatchOutcome,
    CourrierState,
    DeliveryState,
    MailKind,
    SuppressionKind,
)


class Courrier(Numbered, Versioned, Base):
    """Something written to many: its `source` while it is a draft; from its approval on `frozen` is what goes out.

    `frozen_hash` is that of content and recipients. `via` is how it is delivered, set by its first batch.
    """

    __tablename__ = "courriers"
    kind: Mapped[MailKind] = mapped_column(one_of(MailKind))
    name: Mapped[str] = mapped_column(unique=True)
    source: Mapped[str]
    state: Mapped[CourrierState] = mapped_column(one_of(CourrierState))
    author: Mapped[str]
    created_at: Mapped[datetime]
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None]
    send_at: Mapped[datetime | None]
    frozen: Mapped[dict[str, Any] | None]
    frozen_hash: Mapped[str | None]
    via: Mapped[str | None]


class Batch(Numbered, Base):
    """One request that asks for many messages at once, written before it is made: all of it is accepted, or nothing."""

    __tablename__ = "batches"
    courrier_id: Mapped[int] = mapped_column(ForeignKey("courriers.id", ondelete="CASCADE"), index=True)
    outcome: Mapped[BatchOutcome] = mapped_column(one_of(BatchOutcome), index=True)
    size: Mapped[int]
    claimed_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    said: Mapped[str | None]


class Delivery(Numbered, Base):
    """One message to one person (or to an address of the team); `opaque` is what others know it by.

    `asked_at`: when the request that it may have gone out with was made; empty while there is none.
    `rule` and `about` name the follow-up that it is a reminder for, or that rides in it.
    """

    __tablename__ = "deliveries"
    courrier_id: Mapped[int] = mapped_column(ForeignKey("courriers.id", ondelete="CASCADE"))
    person_id: Mapped[int | None] = of_person()
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batches.id", ondelete="SET NULL"), index=True)
    address: Mapped[str]
    opaque: Mapped[str] = mapped_column(unique=True)
    state: Mapped[DeliveryState] = mapped_column(one_of(DeliveryState))
    reason: Mapped[str | None]
    asked_at: Mapped[datetime | None]
    arrival: Mapped[Arrival | None] = mapped_column(one_of(Arrival))
    arrived_at: Mapped[datetime | None]
    arrival_reason: Mapped[str | None]
    opened_at: Mapped[datetime | None]
    clicked_at: Mapped[datetime | None]
    rule: Mapped[str | None]
    about: Mapped[str | None]
    __table_args__ = (
        UniqueConstraint("courrier_id", "person_id"),
        UniqueConstraint("courrier_id", "address"),
        Index("ix_deliveries_state", "courrier_id", "state"),
        NUMBERS_ONCE,
    )


class MailEvent(Numbered, Base):
    """Something that SendGrid told us about a message, once; `is_machine`: a filter opened or clicked, no person."""

    __tablename__ = "mail_events"
    event_id: Mapped[str] = mapped_column(unique=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    at: Mapped[datetime]
    is_machine: Mapped[bool]


class Suppression(Numbered, Base):
    """An address that nothing is sent to, and why; `source` says who told us."""

    __tablename__ = "suppressions"
    address: Mapped[str]
    kind: Mapped[SuppressionKind] = mapped_column(one_of(SuppressionKind))
    at: Mapped[datetime]
    source: Mapped[str]
    __table_args__ = (UniqueConstraint("address", "kind"), NUMBERS_ONCE)
