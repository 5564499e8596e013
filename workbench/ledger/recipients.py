"""Who may be sent what: the one query that picks recipients, and that is asked again when their turn comes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, case, exists, false, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from workbench.ledger import Ledger
from workbench.ledger.columns import Instant
from workbench.ledger.states import (
    AudienceName,
    BenefitState,
    CampaignKind,
    DeliveryState,
    Hindrance,
    InteractionKind,
    MailKind,
    PersonStatus,
    Purpose,
    ResponseKind,
)
from workbench.ledger.tables import (
    Asked,
    Benefit,
    Campaign,
    Consent,
    Delivery,
    Interaction,
    Person,
    Response,
    Suppression,
)

ENDING_DAYS = 30
"""A benefit that ends in so many days is ending."""

NEEDED = {
    MailKind.COURRIER: (Purpose.COURRIER,),
    MailKind.REMINDER: (Purpose.REMINDERS, Purpose.QUESTIONNAIRES),
    MailKind.DIGEST: (),
}
"""What a person must not have refused to be sent each kind."""

INSTANT = Instant(timezone=True)

_PROGRAMME = (PersonStatus.CANDIDATE, PersonStatus.ACTIVE)
_MAY_HAVE_GONE = (DeliveryState.CLAIMED, DeliveryState.ACCEPTED, DeliveryState.UNKNOWN)


@dataclass(frozen=True)
class Audience:
    """A saved query: whom a courrier is for; `academies` narrow it, where there are any."""

    name: AudienceName = AudienceName.ACTIVE
    academies: tuple[str, ...] = ()


class Recipient(NamedTuple):
    """Somebody of an audience, and what stands against sending to them (None: nothing)."""

    person: int
    name: str
    address: str | None
    hindrance: Hindrance | None


@dataclass(frozen=True)
class When:
    """Today, its quarter (`2020-2021-Q2`), the zone of days; no reminder goes to who was sent a mail after `quiet`."""

    today: date
    quarter: str
    zone: ZoneInfo
    quiet: datetime


def quiet_since(now: datetime, cooldown_days: int) -> datetime:
    """The moment after which a mail to a person holds back a reminder."""
    return now - timedelta(days=cooldown_days)


def recipients(ledger: Ledger, audience: Audience, when: When) -> list[Recipient]:
    """Everybody a courrier is for, by name, with what stands against it: consent, suppression, a bounce, no address."""
    against = hindrance(MailKind.COURRIER, when.quiet)
    with ledger.reading() as session:
        chosen = select(Person.id, Person.name, Person.email, against).where(_in(session, audience, when))
        rows = session.execute(chosen.order_by(Person.name, Person.id))
        return [Recipient(number, name, email, said and Hindrance(said)) for number, name, email, said in rows]


def hindered(ledger: Ledger, kind: MailKind, persons: Collection[int], when: When) -> dict[int, Hindrance | None]:
    """What stands against sending a kind of mail to each of these people."""
    against = hindrance(kind, when.quiet)
    with ledger.reading() as session:
        rows = session.execute(select(Person.id, against).where(Person.id.in_(persons)))
        return {number: said and Hindrance(said) for number, said in rows}


# ------------------------------------------------------------------------------------------------------- audiences


def _in(session: Session, audience: Audience, when: When) -> ColumnElement[bool]:
    """Whether a person belongs to an audience."""
    standing = [Person.merged_into_id.is_(None), _of(session, audience.name, when)]
    if audience.academies:
        standing.append(Person.academie.in_(audience.academies))
    return and_(*standing)


def _of(session: Session, name: AudienceName, when: When) -> ColumnElement[bool]:
    match name:
        case AudienceName.ACTIVE:
            return Person.status == PersonStatus.ACTIVE
        case AudienceName.UNANSWERED:
            return and_(Person.status.in_(_PROGRAMME), _unanswered(session, when))
        case AudienceName.CHARTER_UNSIGNED:
            return and_(Person.status.in_(_PROGRAMME), Person.charter_accepted_on.is_(None))
        case AudienceName.BENEFITS_ENDING:
            return and_(Person.status.in_((*_PROGRAMME, PersonStatus.PAUSED)), _ending(when))


def _unanswered(session: Session, when: When) -> ColumnElement[bool]:
    """Asked this quarter, and no complete answer since: of any questionnaire of the quarter."""
    sent = select(Campaign).where(Campaign.quarter == when.quarter, Campaign.kind == CampaignKind.QUESTIONNAIRE)
    each = [
        and_(
            exists().where(Asked.campaign_id == one.id, Asked.person_id == Person.id),
            ~exists().where(answers(one, when.zone)),
        )
        for one in session.scalars(sent)
        if one.out_on <= when.today
    ]
    return or_(false(), *each)


def answers(campaign: Campaign, zone: ZoneInfo) -> ColumnElement[bool]:
    """Whether a `Response` is a complete answer of a `Person` of the query to what a campaign asked."""
    at = func.coalesce(Response.submitted_at, Response.landed_at, Response.received_at)
    return and_(
        Response.person_id == Person.id,
        Response.form_id == campaign.form_id,
        Response.kind == ResponseKind.COMPLETED,
        Response.deleted_at.is_(None),
        at >= literal(datetime.combine(campaign.out_on, time(), zone), INSTANT),
    )


def _ending(when: When) -> ColumnElement[bool]:
    return exists().where(
        Benefit.person_id == Person.id,
        Benefit.state == BenefitState.GIVEN,
        Benefit.until.between(when.today, when.today + timedelta(days=ENDING_DAYS)),
    )


def has_answered(session: Session, abouts: Collection[str | None], zone: ZoneInfo) -> ColumnElement[bool]:
    """Whether the `Person` of a `Delivery` answered meanwhile what its reminder is about (`questionnaire:3`)."""
    numbers = [int(about.partition(":")[2]) for about in abouts if about and about.startswith("questionnaire:")]
    each = [
        and_(Delivery.about == f"questionnaire:{one.id}", exists().where(answers(one, zone)))
        for one in session.scalars(select(Campaign).where(Campaign.id.in_(numbers)))
    ]
    return or_(false(), *each)


# -------------------------------------------------------------------------------------------------- what is against


def hindrance(kind: MailKind, quiet: datetime) -> ColumnElement[Any]:
    """What stands against sending a kind of mail to a `Person` of the query, as a column; NULL where nothing does.

    Who left or was merged is gone; an address that bounced holds everything back until it is corrected.
    """
    against: list[tuple[ColumnElement[bool], str]] = [
        (or_(Person.merged_into_id.is_not(None), Person.status == PersonStatus.LEFT), Hindrance.GONE),
        (Person.email.is_(None), Hindrance.NO_ADDRESS),
        *((_has_refused(purpose), Hindrance.REFUSED) for purpose in NEEDED[kind]),
        (is_suppressed(Person.email), Hindrance.SUPPRESSED),
    ]
    if kind is MailKind.REMINDER:
        against.append((_was_written_to(quiet), Hindrance.COOLDOWN))
    return case(*((when, literal(str(said))) for when, said in against), else_=None)


def _has_refused(purpose: Purpose) -> ColumnElement[bool]:
    return _last_said(purpose).is_(False)


def agreed(purpose: Purpose) -> ColumnElement[bool]:
    """Whether a `Person` of the query agreed to a purpose, and did not take it back."""
    return func.coalesce(_last_said(purpose), false())


def _last_said(purpose: Purpose) -> ColumnElement[Any]:
    """What they said last; of two of one moment, the refusal."""
    said: Select[Any] = select(Consent.granted).where(Consent.person_id == Person.id, Consent.purpose == purpose)
    return said.order_by(Consent.at.desc(), Consent.granted).limit(1).correlate(Person).scalar_subquery()


def is_suppressed(address: ColumnElement[Any] | Any) -> ColumnElement[bool]:
    """Whether nothing is sent to an address."""
    return exists().where(Suppression.address == address)


def _was_written_to(quiet: datetime) -> ColumnElement[bool]:
    """By the workbench or by hand, so lately that a reminder waits."""
    other = aliased(Delivery)  # the query around may be about a delivery itself
    mailed = exists().where(
        other.person_id == Person.id, other.state.in_(_MAY_HAVE_GONE), other.asked_at > literal(quiet, INSTANT)
    )
    noted = exists().where(
        Interaction.person_id == Person.id,
        Interaction.kind == InteractionKind.MAIL,
        Interaction.removed_at.is_(None),
        Interaction.at > literal(quiet, INSTANT),
    )
    return or_(mailed, noted)


# -------------------------------------------------------------------------------------------------- what went already


class Mailed(NamedTuple):
    """A mail that went to a person, or may have; `rule` and `about` name the follow-up it was for, if any."""

    person: int
    at: datetime | None
    state: DeliveryState
    rule: str | None
    about: str | None


def mailed_in(session: Session) -> Sequence[Mailed]:
    """Every message to a person that went or is to go, of a look that is under way."""
    states = (DeliveryState.QUEUED, *_MAY_HAVE_GONE, DeliveryState.RELEASED)
    columns = select(Delivery.person_id, Delivery.asked_at, Delivery.state, Delivery.rule, Delivery.about)
    rows = session.execute(columns.where(Delivery.person_id.is_not(None), Delivery.state.in_(states)))
    return [Mailed(person, at, state, rule, about) for person, at, state, rule, about in rows if person]
