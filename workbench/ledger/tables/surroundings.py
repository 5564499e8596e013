"""Around the programme: académies, annotations, webhooks, the names of classes, the audit."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from workbench.ledger.columns import NUMBERS_ONCE, Base, Numbered, Versioned, one_of
from workbench.ledger.states import (
    AcademieStatus,
    ContactFunction,
    WebhookKind,
)


class Academie(Versioned, Base):
    """How far an académie is with the validation of the app."""

    __tablename__ = "academies"
    academie: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[AcademieStatus] = mapped_column(one_of(AcademieStatus))
    note: Mapped[str]


class AcademieContact(Numbered, Versioned, Base):
    """Somebody to ask in an académie."""

    __tablename__ = "academie_contacts"
    academie: Mapped[str] = mapped_column(ForeignKey("academies.academie"), index=True)
    function: Mapped[ContactFunction] = mapped_column(one_of(ContactFunction))
    name: Mapped[str]
    email: Mapped[str]
    phone: Mapped[str]
    note: Mapped[str]


class Annotation(Numbered, Base):
    """Something to mark on time lines. Without `ends_on` a single day, without `country` everywhere."""

    __tablename__ = "annotations"
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    label: Mapped[str]
    country: Mapped[str | None]
    author: Mapped[str]
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    __table_args__ = (CheckConstraint("ends_on is null or ends_on >= starts_on", name="order"), NUMBERS_ONCE)


class Webhook(Numbered, Base):
    """A body that came in, byte for byte: stored first, processed later; `repeats` counts the same body again."""

    __tablename__ = "webhooks"
    kind: Mapped[WebhookKind] = mapped_column(one_of(WebhookKind))
    sha256: Mapped[str]
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime]
    processed_at: Mapped[datetime | None] = mapped_column(index=True)
    failure: Mapped[str | None]
    repeats: Mapped[int] = mapped_column(default=0)
    __table_args__ = (UniqueConstraint("kind", "sha256"), NUMBERS_ONCE)


class ClassName(Base):
    """Which class a pseudonym stands for, and who pays for it (of the subscription that starts last)."""

    __tablename__ = "class_names"
    class_key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    class_id: Mapped[str]
    payer_code: Mapped[str | None]
    payer_since: Mapped[date | None]


class Audit(Numbered, Base):
    """Who did what, when, to what. Append-only by triggers; `details` hold personal values as keyed hashes only."""

    __tablename__ = "audit"
    at: Mapped[datetime]
    who: Mapped[str]
    what: Mapped[str]
    entity: Mapped[str]
    entity_id: Mapped[str]
    details: Mapped[dict[str, Any]]
    __table_args__ = (Index("ix_audit_entity", "entity", "entity_id"), NUMBERS_ONCE)
