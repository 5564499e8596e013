"""The tables of the ledger. Rows never leave it: verbs give plain data."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Float, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from workbench.ledger.columns import NUMBERS_ONCE, Base, Numbered, Versioned, of_person, of_person_if_known, one_of
from workbench.ledger.states import (
    AcademieStatus,
    AppIdKind,
    BenefitKind,
    BenefitState,
    BugState,
    CampaignKind,
    CommitmentName,
    CommitmentStatus,
    ContactFunction,
    EvidenceKind,
    FollowUpState,
    InteractionKind,
    MatchKind,
    Meaning,
    PersonStatus,
    Purpose,
    ResponseKind,
    WebhookKind,
)

# ------------------------------------------------------------------------------------------------------- people


class Person(Numbered, Versioned, Base):
    """An ambassador or a candidate. `email` is trimmed and lower-case; `charter_version` is the one accepted."""

    __tablename__ = "people"
    name: Mapped[str]
    email: Mapped[str | None] = mapped_column(unique=True)
    school: Mapped[str | None]
    commune: Mapped[str | None]
    academie: Mapped[str | None]
    since: Mapped[date | None]
    status: Mapped[PersonStatus] = mapped_column(one_of(PersonStatus))
    charter_version: Mapped[str | None]
    charter_accepted_on: Mapped[date | None]
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]


class AppId(Numbered, Base):
    """An identifier of the app that belongs to a person. A class may have two ambassadors, a user is one person."""

    __tablename__ = "app_ids"
    person_id: Mapped[int] = of_person()
    kind: Mapped[AppIdKind] = mapped_column(one_of(AppIdKind))
    app_id: Mapped[str]
    __table_args__ = (
        UniqueConstraint("kind", "app_id", "person_id"),
        Index(
            "uq_app_ids_user",
            "app_id",
            unique=True,
            sqlite_where=text("kind = 'user'"),
            postgresql_where=text("kind = 'user'"),
        ),
        NUMBERS_ONCE,
    )


class Consent(Numbered, Base):
    """A fact: a person agreed to a purpose, or took it back. The latest counts, all are kept."""

    __tablename__ = "consents"
    person_id: Mapped[int] = of_person()
    purpose: Mapped[Purpose] = mapped_column(one_of(Purpose))
    granted: Mapped[bool]
    at: Mapped[datetime]
    source: Mapped[str]


# ------------------------------------------------------------------------------------------------ questionnaires


class Form(Numbered, Base):
    """A definition of a form as it was fetched; each that differs is kept."""

    __tablename__ = "forms"
    form_id: Mapped[str]
    hash: Mapped[str]
    title: Mapped[str]
    raw: Mapped[dict[str, Any]]
    fetched_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("form_id", "hash"), NUMBERS_ONCE)


class Sync(Numbered, Base):
    """One comparison with Typeform: `until` is where the next one begins; counts are responses."""

    __tablename__ = "syncs"
    form_id: Mapped[str] = mapped_column(index=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    until: Mapped[datetime | None]
    seen: Mapped[int] = mapped_column(default=0)
    new: Mapped[int] = mapped_column(default=0)
    gone: Mapped[int] = mapped_column(default=0)


class Response(Numbered, Base):
    """One filling-in of a form; `source` says where it came from (api, webhook, csv, page)."""

    __tablename__ = "responses"
    form_id: Mapped[str]
    token: Mapped[str]
    person_id: Mapped[int | None] = of_person_if_known()
    kind: Mapped[ResponseKind] = mapped_column(one_of(ResponseKind))
    landed_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    received_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]
    source: Mapped[str]
    hidden: Mapped[dict[str, Any]]
    raw: Mapped[dict[str, Any]]
    __table_args__ = (UniqueConstraint("form_id", "token"), NUMBERS_ONCE)


class Answer(Numbered, Base):
    """The answer to one leaf question; `type` is the answer's own, any word. Unknown types are in `raw` only."""

    __tablename__ = "answers"
    response_id: Mapped[int] = mapped_column(ForeignKey("responses.id", ondelete="CASCADE"))
    position: Mapped[int]
    field_ref: Mapped[str | None] = mapped_column(index=True)
    field_id: Mapped[str | None]
    type: Mapped[str]
    text: Mapped[str | None]
    number: Mapped[float | None] = mapped_column(Float)
    boolean: Mapped[bool | None]
    day: Mapped[date | None]
    choices: Mapped[list[str] | None]
    raw: Mapped[Any] = mapped_column(JSON)
    __table_args__ = (UniqueConstraint("response_id", "position"), NUMBERS_ONCE)


class QuestionMap(Numbered, Versioned, Base):
    """What a question of a form means, and what it was then; a question without a row is still to map."""

    __tablename__ = "question_maps"
    form_id: Mapped[str]
    ref: Mapped[str]
    meaning: Mapped[Meaning] = mapped_column(one_of(Meaning))
    title: Mapped[str | None]
    type: Mapped[str | None]
    mapped_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("form_id", "ref"), NUMBERS_ONCE)


class MatchDecision(Numbered, Base):
    """Somebody's decision about who answered or who is who; `details` hold what undoing needs (numbers of rows)."""

    __tablename__ = "match_decisions"
    kind: Mapped[MatchKind] = mapped_column(one_of(MatchKind))
    response_id: Mapped[int | None] = mapped_column(ForeignKey("responses.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    other_person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    decided_at: Mapped[datetime]
    who: Mapped[str]
    undone_at: Mapped[datetime | None]
    details: Mapped[dict[str, Any]]


class Campaign(Numbered, Versioned, Base):
    """A form sent out in a quarter (written `2020-2021-Q2`)."""

    __tablename__ = "campaigns"
    kind: Mapped[CampaignKind] = mapped_column(one_of(CampaignKind))
    form_id: Mapped[str]
    quarter: Mapped[str]
    out_on: Mapped[date]
    __table_args__ = (UniqueConstraint("form_id", "quarter", "kind"), NUMBERS_ONCE)


class Asked(Numbered, Base):
    """A person was sent the form of a campaign: the base of the response rate."""

    __tablename__ = "asked"
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    person_id: Mapped[int] = of_person()
    at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("campaign_id", "person_id"), NUMBERS_ONCE)


# ----------------------------------------------------------------------------------------------------- programme


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


# ------------------------------------------------------------------------------------------- around the programme


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
