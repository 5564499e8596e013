"""All facts about the people of the programme that the charter's review and the follow-up rules look at."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, TypeVarTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from workbench.ledger import Ledger
from workbench.ledger.programme import BY_HAND, CampaignKept, FollowUpKept, campaigns_in
from workbench.ledger.recipients import Mailed, mailed_in
from workbench.ledger.states import (
    AppIdKind,
    BenefitState,
    CommitmentName,
    EvidenceKind,
    InteractionKind,
    Meaning,
    PersonStatus,
    Purpose,
    ResponseKind,
)
from workbench.ledger.tables import (
    Answer,
    AppId,
    Audit,
    Benefit,
    Bug,
    Consent,
    Evidence,
    FollowUp,
    Interaction,
    Person,
    QuestionMap,
    Response,
)

Columns = TypeVarTuple("Columns")


class Joined(NamedTuple):
    """A person as the rules see them; `changes` are the statuses they were given, and when, in order.

    The first of `changes` is the status they were added with, where `is_added`.
    """

    id: int
    name: str
    email: str | None
    status: PersonStatus
    since: date | None
    created_at: datetime
    charter_version: str | None
    charter_accepted_on: date | None
    changes: tuple[tuple[datetime, PersonStatus, bool], ...]


class Responded(NamedTuple):
    """A complete response of a person, not gone from Typeform."""

    id: int
    person: int
    form: str
    at: datetime


class Declared(NamedTuple):
    """What was answered to a question that a commitment is about; exactly what its type fills is not None."""

    response: int
    meaning: Meaning
    boolean: bool | None
    number: float | None
    text: str | None
    choices: list[str] | None


class Happened(NamedTuple):
    """A contact that was not taken back, or a bug report; `source` names its row. `kind_of_contact` is a contact's."""

    person: int
    kind: EvidenceKind
    at: datetime
    source: str
    kind_of_contact: InteractionKind | None = None


class Noted(NamedTuple):
    """A note or a waiver of Diane's that was not taken back."""

    person: int
    quarter: str
    commitment: CommitmentName
    kind: EvidenceKind
    day: date
    source: str


class Said(NamedTuple):
    """A person agreed to a purpose, or took it back."""

    person: int
    purpose: Purpose
    granted: bool
    at: datetime


class Ending(NamedTuple):
    """Something a person has that ends on a day."""

    id: int
    person: int
    until: date


@dataclass(frozen=True)
class ProgrammeFacts:
    """All that the charter's review and the follow-up rules look at, as the ledger has it at one moment.

    People in the order of their numbers, without those merged away; everything else in any order, of whomever.
    """

    people: Sequence[Joined]
    campaigns: Sequence[CampaignKept]
    responses: Sequence[Responded]
    declared: Sequence[Declared]
    happened: Sequence[Happened]
    noted: Sequence[Noted]
    follow_ups: Sequence[FollowUpKept]
    consents: Sequence[Said]
    ending: Sequence[Ending]
    mailed: Sequence[Mailed]


def programme_facts(ledger: Ledger) -> ProgrammeFacts:
    """Everything, in a query a kind."""
    with ledger.reading() as session:
        return ProgrammeFacts(
            people=_people(session),
            campaigns=campaigns_in(session),
            responses=_responses(session),
            declared=_declared(session),
            happened=[*_contacts(session), *_bugs(session)],
            noted=_noted(session),
            follow_ups=_follow_ups(session),
            consents=_consents(session),
            ending=_ending(session),
            mailed=mailed_in(session),
        )


def user_ids(ledger: Ledger) -> list[tuple[int, str]]:
    """Every user identifier of the app with the person it belongs to, by person."""
    linked = select(AppId.person_id, AppId.app_id).where(AppId.kind == AppIdKind.USER)
    with ledger.reading() as session:
        return [(person, app_id) for person, app_id in session.execute(linked.order_by(AppId.person_id, AppId.id))]


def _people(session: Session) -> list[Joined]:
    columns = (
        Person.id, Person.name, Person.email, Person.status, Person.since, Person.created_at,
        Person.charter_version, Person.charter_accepted_on,
    )  # fmt: skip
    standing = select(*columns).where(Person.merged_into_id.is_(None)).order_by(Person.id)
    changes = _status_changes(session)
    return [Joined(*row, changes=tuple(changes[str(row.id)])) for row in session.execute(standing)]


def _status_changes(session: Session) -> Mapping[str, list[tuple[datetime, PersonStatus, bool]]]:
    lines = (
        select(Audit.entity_id, Audit.at, Audit.what, Audit.details)
        .where(Audit.entity == "person", Audit.what.in_(("person_added", "person_changed")))
        .order_by(Audit.id)
    )
    found: dict[str, list[tuple[datetime, PersonStatus, bool]]] = defaultdict(list)
    for person, at, what, details in session.execute(lines):
        if "status" in details:
            found[person].append((at, PersonStatus(details["status"]), what == "person_added"))
    return found


def _responses(session: Session) -> list[Responded]:
    at = func.coalesce(Response.submitted_at, Response.landed_at, Response.received_at)
    complete = select(Response.id, Response.person_id, Response.form_id, at)
    rows = session.execute(_counting(complete))
    return [Responded(number, person, form, moment) for number, person, form, moment in rows if person]


def _counting(responses: Select[*Columns]) -> Select[*Columns]:
    """Those of known people, complete, and not gone."""
    return responses.where(
        Response.person_id.is_not(None), Response.kind == ResponseKind.COMPLETED, Response.deleted_at.is_(None)
    )


def _declared(session: Session) -> list[Declared]:
    mapped = QuestionMap.meaning.in_((Meaning.SHARES, Meaning.HELP_GIVEN, Meaning.FACEBOOK_GROUP))
    answers = (
        select(Response.id, QuestionMap.meaning, Answer.boolean, Answer.number, Answer.text, Answer.choices)
        .join(QuestionMap, (QuestionMap.form_id == Response.form_id) & mapped)
        .join(
            Answer,
            (Answer.response_id == Response.id) & (func.coalesce(Answer.field_ref, Answer.field_id) == QuestionMap.ref),
        )
    )
    return [Declared(*row) for row in session.execute(_counting(answers))]


def _contacts(session: Session) -> list[Happened]:
    columns = select(Interaction.person_id, Interaction.at, Interaction.id, Interaction.kind)
    return [
        Happened(person, EvidenceKind.INTERACTION, at, f"interaction:{number}", kind)
        for person, at, number, kind in session.execute(columns.where(Interaction.removed_at.is_(None)))
    ]


def _bugs(session: Session) -> list[Happened]:
    columns = select(Bug.person_id, Bug.reported_at, Bug.id)
    return [
        Happened(person, EvidenceKind.BUG_REPORT, at, f"bug:{number}")
        for person, at, number in session.execute(columns)
        if person
    ]


def _noted(session: Session) -> list[Noted]:
    columns = (
        Evidence.person_id, Evidence.quarter, Evidence.commitment, Evidence.kind, Evidence.decided_on, Evidence.source,
    )  # fmt: skip
    kept = select(*columns).where(Evidence.kind.in_(BY_HAND), Evidence.withdrawn_at.is_(None))
    return [Noted(*row) for row in session.execute(kept)]


def _follow_ups(session: Session) -> list[FollowUpKept]:
    return [
        FollowUpKept(
            row.person_id, row.rule, row.about, row.due_on, row.state, row.snoozed_until, row.reason, row.version
        )
        for row in session.scalars(select(FollowUp))
    ]


def _consents(session: Session) -> list[Said]:
    facts = select(Consent.person_id, Consent.purpose, Consent.granted, Consent.at)
    return [Said(*row) for row in session.execute(facts)]


def _ending(session: Session) -> list[Ending]:
    given = select(Benefit.id, Benefit.person_id, Benefit.until).where(Benefit.state == BenefitState.GIVEN)
    return [Ending(number, person, until) for number, person, until in session.execute(given) if until]
