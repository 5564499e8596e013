"""What the team notes of the programme: contacts, campaigns, promises kept or waived by hand, follow-ups dealt with."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workbench.calendar import quarter_bounds
from workbench.errors import WorkbenchError
from workbench.ledger import ChangedMeanwhile, Ledger, Writing
from workbench.ledger.people import PersonUnknown
from workbench.ledger.states import CampaignKind, CommitmentName, EvidenceKind, FollowUpState, InteractionKind
from workbench.ledger.tables import Asked, Campaign, Evidence, FollowUp, Interaction, Person
from workbench.ledger.typed import one_line

BY_HAND = frozenset({EvidenceKind.NOTE, EvidenceKind.WAIVER})
"""Evidence that Diane gives herself; all other is derived from what happened."""


class CampaignInvalid(WorkbenchError):
    """A campaign without a form, or one that this form has already in the quarter."""


class SnoozeInvalid(WorkbenchError):
    """A follow-up that is put off without saying until when."""


# ------------------------------------------------------------------------------------------------------- contacts


def add_interaction(
    ledger: Ledger, person: int, kind: InteractionKind, at: datetime, note: str, *, who: str, now: datetime
) -> int:
    """Note that the team and a person were in touch at a moment; gives the number. Raises PersonUnknown."""
    with ledger.writing(who, now) as work:
        hold_person(work, person)
        row = Interaction(person_id=person, kind=kind, at=at, note=one_line(note), who=who)
        work.add(row)
        work.flush()
        work.audit("interaction_added", "person", person, {"interaction": row.id, "kind": kind}, {"note": row.note})
        return row.id


def remove_interaction(ledger: Ledger, number: int, *, who: str, now: datetime) -> None:
    """Take a contact back: it counts no more. Raises ChangedMeanwhile where somebody else did."""
    with ledger.writing(who, now) as work:
        row = work.get(Interaction, number, with_for_update=True)
        if row is None or row.removed_at is not None:
            raise _gone(f"interaction {number}")
        row.removed_at = now
        work.audit("interaction_removed", "person", row.person_id, {"interaction": number})


def hold_person(work: Writing, number: int) -> Person:
    """A person, held until the end without barring others from adding rows of theirs. Raises PersonUnknown."""
    row = work.get(Person, number, with_for_update={"key_share": True}, populate_existing=True)
    if row is None or row.merged_into_id:
        raise PersonUnknown(f"there is no person {number}, or no longer", "look the person up again")
    return row


def _gone(what: str) -> ChangedMeanwhile:
    return ChangedMeanwhile(f"{what} is gone meanwhile", "look at it as it is now, then decide again")


@dataclass(frozen=True)
class InteractionKept:
    """The team and a person were in touch at a moment."""

    id: int
    person: int
    kind: InteractionKind
    at: datetime
    note: str
    who: str


def interactions(ledger: Ledger) -> list[InteractionKept]:
    """Every contact that was not taken back, the latest first."""
    kept = select(Interaction).where(Interaction.removed_at.is_(None))
    with ledger.reading() as session:
        return [
            InteractionKept(row.id, row.person_id, row.kind, row.at, row.note, row.who)
            for row in session.scalars(kept.order_by(Interaction.at.desc(), Interaction.id.desc()))
        ]


# ------------------------------------------------------------------------------------------------------- evidence


def accept_charter(
    ledger: Ledger, person: int, charter: str | None, on: date | None, version: int, *, who: str, now: datetime
) -> None:
    """Note which version of the charter a person accepted, and on which day; None and None take it back.

    Raises ChangedMeanwhile unless the person is still at the version that was seen.
    """
    with ledger.writing(who, now) as work:
        row = work.taken(Person, person, version)
        row.charter_version, row.charter_accepted_on = charter, on
        work.audit("charter_accepted", "person", person, {"version": charter, "on": on and on.isoformat()})


def add_evidence(
    ledger: Ledger,
    person: int,
    quarter: str,
    commitment: CommitmentName,
    kind: EvidenceKind,
    decided_on: date,
    *,
    who: str,
    now: datetime,
) -> int:
    """Note by hand that a commitment is kept, or waive it (`kind`); gives the number of that, old or new.

    Raises PersonUnknown, and ValueError for a quarter written otherwise than `2020-2021-Q2` or another kind.
    """
    check_quarter(quarter)
    if kind not in BY_HAND:
        raise ValueError(f"{kind} is nothing that is noted by hand")
    same = select(Evidence.id).where(
        Evidence.person_id == person,
        Evidence.quarter == quarter,
        Evidence.commitment == commitment,
        Evidence.kind == kind,
        Evidence.withdrawn_at.is_(None),
    )
    with ledger.writing(who, now) as work:
        hold_person(work, person)
        if known := work.scalar(same):  # noted twice: taking it back once must be enough
            return known
        row = Evidence(person_id=person, quarter=quarter, commitment=commitment, kind=kind, source=f"hand:{who}")
        row.decided_on, row.created_at = decided_on, now
        work.add(row)
        work.flush()
        details = {"evidence": row.id, "quarter": quarter, "commitment": commitment, "kind": kind}
        work.audit("evidence_added", "person", person, details)
        return row.id


def withdraw_evidence(ledger: Ledger, number: int, *, who: str, now: datetime) -> None:
    """Take a note or a waiver back. Raises ChangedMeanwhile where it is taken back already, or none by hand."""
    with ledger.writing(who, now) as work:
        row = work.get(Evidence, number, with_for_update=True)
        if row is None or row.withdrawn_at is not None or row.kind not in BY_HAND:
            raise _gone(f"evidence {number}")
        row.withdrawn_at = now
        details = {"evidence": number, "quarter": row.quarter, "commitment": row.commitment, "kind": row.kind}
        work.audit("evidence_withdrawn", "person", row.person_id, details)


def check_quarter(quarter: str) -> None:
    """Raises ValueError unless a quarter is written like `2020-2021-Q2`."""
    year, _, number = quarter.partition("-Q")
    quarter_bounds(year, int(number))


# ------------------------------------------------------------------------------------------------------ campaigns


@dataclass(frozen=True)
class CampaignKept:
    """A form sent out in a quarter, and to whom; `id` and `version` are 0 for one that is not in the ledger yet."""

    kind: CampaignKind
    form: str
    quarter: str
    out_on: date
    asked: frozenset[int] = frozenset()
    id: int = 0
    version: int = 0


def campaigns(ledger: Ledger) -> list[CampaignKept]:
    """Every campaign, in the order they went out."""
    with ledger.reading() as session:
        return campaigns_in(session)


def campaigns_in(session: Session) -> list[CampaignKept]:
    """The same, of a look that is under way."""
    asked: dict[int, set[int]] = defaultdict(set)
    for campaign, person in session.execute(select(Asked.campaign_id, Asked.person_id)):
        asked[campaign].add(person)
    return [
        CampaignKept(row.kind, row.form_id, row.quarter, row.out_on, frozenset(asked[row.id]), row.id, row.version)
        for row in session.scalars(select(Campaign).order_by(Campaign.out_on, Campaign.id))
    ]


def set_campaign(ledger: Ledger, campaign: CampaignKept, *, who: str, now: datetime) -> int:
    """Add a campaign (`id` 0) or change the one with its id, and set whom it was sent to; gives the id.

    Raises CampaignInvalid, PersonUnknown, ValueError for a quarter written otherwise, and ChangedMeanwhile unless it
    is still at the version that was seen.
    """
    check_quarter(campaign.quarter)
    form = one_line(campaign.form)
    if not form:
        raise CampaignInvalid("a campaign needs a form", "name the form by its id in Typeform")
    try:
        with ledger.writing(who, now) as work:
            row = work.taken(Campaign, campaign.id, campaign.version) if campaign.id else Campaign()
            row.kind, row.form_id, row.quarter, row.out_on = campaign.kind, form, campaign.quarter, campaign.out_on
            work.add(row)
            work.flush()
            _set_asked(work, row.id, campaign.asked)
            details = {"kind": campaign.kind, "form": form, "quarter": campaign.quarter, "asked": len(campaign.asked)}
            work.audit("campaign_changed" if campaign.id else "campaign_added", "campaign", row.id, details)
            return row.id
    except IntegrityError as error:
        said = f"{form} has a campaign of {campaign.quarter} already"
        raise CampaignInvalid(said, "change that one, or take another quarter") from error


def _set_asked(work: Writing, campaign: int, wanted: Collection[int]) -> None:
    standing = set(work.scalars(select(Person.id).where(Person.merged_into_id.is_(None))))
    if unknown := sorted(set(wanted) - standing):
        raise PersonUnknown(f"there is no person {unknown[0]}, or no longer", "look the people up again")
    rows = {row.person_id: row for row in work.scalars(select(Asked).where(Asked.campaign_id == campaign))}
    for person in rows.keys() - wanted:
        work.delete(rows[person])
    new = [{"campaign_id": campaign, "person_id": person, "at": work.now} for person in sorted(wanted - rows.keys())]
    if new:
        work.execute(insert(Asked), new)


# ----------------------------------------------------------------------------------------------------- follow-ups


@dataclass(frozen=True)
class FollowUpKept:
    """What became of something to do, named by person, rule and what it is about; `version` 0: nothing yet.

    `due_on`: since when it was to do. `snoozed_until`: the day on which it is to do again.
    """

    person: int
    rule: str
    about: str
    due_on: date
    state: FollowUpState = FollowUpState.OPEN
    snoozed_until: date | None = None
    reason: str = ""
    version: int = 0


def set_follow_up(ledger: Ledger, follow_up: FollowUpKept, *, who: str, now: datetime) -> None:
    """Note that something is done, waived (dismissed), snoozed, or open again, as an undo makes it.

    Raises SnoozeInvalid, PersonUnknown, and ChangedMeanwhile unless it is still at the version that was seen.
    """
    is_snoozed = follow_up.state is FollowUpState.SNOOZED
    if is_snoozed and follow_up.snoozed_until is None:
        raise SnoozeInvalid("what is put off comes back on a day", "say until when")
    is_closed = follow_up.state in (FollowUpState.DONE, FollowUpState.DISMISSED)
    values = {
        "state": follow_up.state,
        "snoozed_until": follow_up.snoozed_until if is_snoozed else None,
        "reason": one_line(follow_up.reason),
        "closed_at": now if is_closed else None,
    }
    with ledger.writing(who, now) as work:
        hold_person(work, follow_up.person)
        if follow_up.version:
            _change_follow_up(work, follow_up, values)
        else:
            _add_follow_up(work, follow_up, values)
        details = {"rule": follow_up.rule, "about": follow_up.about, "state": follow_up.state}
        work.audit("follow_up_set", "person", follow_up.person, details, {"reason": follow_up.reason})


def _change_follow_up(work: Writing, follow_up: FollowUpKept, values: Mapping[str, object]) -> None:
    key = (follow_up.person, follow_up.rule, follow_up.about)
    which = (FollowUp.person_id == key[0], FollowUp.rule == key[1], FollowUp.about == key[2])
    row = work.taken(FollowUp, work.scalar(select(FollowUp.id).where(*which)) or 0, follow_up.version)
    for name, value in values.items():
        setattr(row, name, value)


def _add_follow_up(work: Writing, follow_up: FollowUpKept, values: Mapping[str, object]) -> None:
    key = {"person_id": follow_up.person, "rule": follow_up.rule, "about": follow_up.about}
    new = {**key, **values, "due_on": follow_up.due_on, "created_at": work.now, "version": 1}
    adding = work.insert(FollowUp).values(new).on_conflict_do_nothing(index_elements=list(key))
    if not work.scalar(adding.returning(FollowUp.id)):
        said = f"{follow_up.rule} of person {follow_up.person} was changed meanwhile"
        raise ChangedMeanwhile(said, "look at it as it is now, then decide again")
