"""The programme: commitments and what shows them, contacts, follow-ups, benefits, bugs."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from workbench.ledger.columns import NUMBERS_ONCE, Base, Numbered, Versioned, of_person, of_person_if_known, one_of
from workbench.ledger.states import (
    BenefitKind,
    BenefitState,
    BugState,
    CommitmentName,
    CommitmentStatus,
    EvidenceKind,
    FollowUpState,
    InteractionKind,
)


class Evidence(Numbered, Base):
    """What shows that a commitment is kept: `source` names it (`response:12`); a withdrawn one counts no more."""

    __tablename__ = "evidence"
    person_id: Mapped[int] = of_person()
    quarter: Mapped[str]
    commitment: Mapped[CommitmentName] = mapped_column(one_of(CommitmentName))
    kind: Mapped[EvidenceKind] = mapped_column(one_of(EvidenceKind))
    source: Mapped[str]
    decided_on: Mapped[date]
    created_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class Commitment(Numbered, Versioned, Base):
    """How a commitment of a person stands in a quarter, and the evidence that decided it."""

    __tablename__ = "commitments"
    person_id: Mapped[int] = of_person()
    quarter: Mapped[str]
    commitment: Mapped[CommitmentName] = mapped_column(one_of(CommitmentName))
    status: Mapped[CommitmentStatus] = mapped_column(one_of(CommitmentStatus))
    evidence_id: Mapped[int | None] = mapped_column(ForeignKey("evidence.id", ondelete="SET NULL"), index=True)
    decided_on: Mapped[date]
    __table_args__ = (UniqueConstraint("person_id", "quarter", "commitment"), NUMBERS_ONCE)


class Interaction(Numbered, Base):
    """The team and a person were in touch."""

    __tablename__ = "interactions"
    person_id: Mapped[int] = of_person()
    kind: Mapped[InteractionKind] = mapped_column(one_of(InteractionKind))
    at: Mapped[datetime]
    note: Mapped[str]
    who: Mapped[str]
    removed_at: Mapped[datetime | None]


class FollowUp(Numbered, Versioned, Base):
    """Something to do about a person, found by a rule; `about` is what it is about (a campaign, a quarter)."""

    __tablename__ = "follow_ups"
    person_id: Mapped[int] = of_person()
    rule: Mapped[str]
    about: Mapped[str]
    due_on: Mapped[date] = mapped_column(index=True)
    state: Mapped[FollowUpState] = mapped_column(one_of(FollowUpState))
    snoozed_until: Mapped[date | None]
    reason: Mapped[str]
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    __table_args__ = (UniqueConstraint("person_id", "rule", "about"), NUMBERS_ONCE)


class Benefit(Numbered, Versioned, Base):
    """Something a person is given; `item` names the goody or the event, empty for Plus."""

    __tablename__ = "benefits"
    person_id: Mapped[int] = of_person()
    kind: Mapped[BenefitKind] = mapped_column(one_of(BenefitKind))
    state: Mapped[BenefitState] = mapped_column(one_of(BenefitState))
    item: Mapped[str]
    since: Mapped[date]
    until: Mapped[date | None]
    note: Mapped[str]


class Goody(Numbered, Versioned, Base):
    """What there is to send, and how many are left."""

    __tablename__ = "goodies"
    item: Mapped[str] = mapped_column(unique=True)
    stock: Mapped[int]
    __table_args__ = (CheckConstraint("stock >= 0", name="stock"), NUMBERS_ONCE)


class Bug(Numbered, Versioned, Base):
    """A bug somebody told us about, in an answer or otherwise."""

    __tablename__ = "bugs"
    person_id: Mapped[int | None] = of_person_if_known()
    response_id: Mapped[int | None] = mapped_column(ForeignKey("responses.id", ondelete="SET NULL"), index=True)
    text: Mapped[str]
    state: Mapped[BugState] = mapped_column(one_of(BugState))
    reported_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    fixed_at: Mapped[datetime | None]
