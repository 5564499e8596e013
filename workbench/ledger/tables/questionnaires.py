"""Questionnaires: forms, responses, answers, whose they are, and whom one was sent to."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Float, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from workbench.ledger.columns import NUMBERS_ONCE, Base, Numbered, Versioned, of_person, of_person_if_known, one_of
from workbench.ledger.states import (
    CampaignKind,
    MatchKind,
    Meaning,
    ResponseKind,
)


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
