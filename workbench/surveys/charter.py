"""The ambassadors' charter: how each commitment stands in each quarter, and what shows it.

Pure functions of facts and dates. What counts as evidence for which commitment is data (`reference/charter-*.toml`).
Quarters are those of the school year, written `2020-2021-Q2`; sorted as text they are sorted by time.
"""

import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any

from workbench.calendar import quarter_bounds, school_quarter, school_year
from workbench.ledger.states import CampaignKind, CommitmentName, CommitmentStatus, EvidenceKind

_ORDER = (
    CommitmentStatus.NOT_DUE,
    CommitmentStatus.MISSED,
    CommitmentStatus.DUE,
    CommitmentStatus.DECLARED,
    CommitmentStatus.WAIVED,
    CommitmentStatus.MET,
)
"""Upwards. A waiver lifts what was only said, and gives way to what was done."""

RANK: Mapping[CommitmentStatus, int] = {status: place for place, status in enumerate(_ORDER)}
"""How high a status stands: more evidence never lowers it."""

_DAY = timedelta(days=1)


# -------------------------------------------------------------------------------------------------------- the text


@dataclass(frozen=True)
class Commitment:
    """One promise of the charter and what shows that it is kept; any kind of evidence named is enough.

    `asked_by`: due only in quarters with such a campaign (None: in each). `stays_met`: once met, met ever after.
    """

    name: CommitmentName
    met_by: frozenset[EvidenceKind]
    declared_by: frozenset[EvidenceKind]
    asked_by: CampaignKind | None
    stays_met: bool

    @property
    def label(self) -> str:
        """The key of its short name."""
        return f"charter.commitment.{self.name}.label"

    @property
    def promise(self) -> str:
        """The key of its wording, with places for `class_slug` and `group_name`."""
        return f"charter.commitment.{self.name}.promise"


@dataclass(frozen=True)
class Charter:
    """One version of the charter: from which day it holds, and what it asks."""

    version: str
    in_force_from: date
    class_slug: str
    group_name: str
    commitments: tuple[Commitment, ...]


@cache
def charters() -> tuple[Charter, ...]:
    """Every version there is, the earliest first."""
    files = resources.files("workbench").joinpath("reference").iterdir()
    texts = (file.read_text(encoding="utf-8") for file in files if file.name.startswith("charter-"))
    return tuple(sorted((_charter(tomllib.loads(text)) for text in texts), key=lambda charter: charter.in_force_from))


def charter_on(day: date) -> Charter | None:
    """The version that somebody accepts who accepts on this day; None before there was any."""
    return next((charter for charter in reversed(charters()) if charter.in_force_from <= day), None)


def _charter(read: dict[str, Any]) -> Charter:
    commitments = tuple(_commitment(**part) for part in read.pop("commitments"))
    return Charter(**read, commitments=commitments)


def _commitment(
    name: str,
    met_by: Sequence[str],
    declared_by: Sequence[str] = (),
    asked_by: str | None = None,
    stays_met: bool = False,
) -> Commitment:
    return Commitment(
        name=CommitmentName(name),
        met_by=frozenset(map(EvidenceKind, met_by)),
        declared_by=frozenset(map(EvidenceKind, declared_by)),
        asked_by=CampaignKind(asked_by) if asked_by else None,
        stays_met=stays_met,
    )


# -------------------------------------------------------------------------------------------------------- quarters


def quarter_of(day: date) -> str:
    """The quarter of a day: `2020-2021-Q2` for December 2020 to February 2021."""
    return f"{school_year(day)}-Q{school_quarter(day)}"


@cache
def quarter_days(quarter: str) -> tuple[date, date]:
    """First and last day of a quarter. Raises ValueError unless it is written like `2020-2021-Q2`."""
    year, _, number = quarter.partition("-Q")
    return quarter_bounds(year, int(number))


def quarters(charter: Charter, today: date) -> list[str]:
    """The quarters from the charter's start to today's."""
    found, day = [], charter.in_force_from
    while day <= today:
        found.append(quarter_of(day))
        day = quarter_days(found[-1])[1] + _DAY
    return found


# ----------------------------------------------------------------------------------------------------------- facts


@dataclass(frozen=True)
class Period:
    """Days from one to another, both included; no `last` while it goes on."""

    first: date
    last: date | None = None

    def meets(self, first: date, last: date) -> bool:
        """Whether any day is common with those from `first` to `last`, both included."""
        return self.first <= last and (self.last is None or self.last >= first)


@dataclass(frozen=True)
class Member:
    """When somebody was in the programme (pauses are gaps), and when they accepted the charter, if they did."""

    periods: tuple[Period, ...]
    accepted_on: date | None


@dataclass(frozen=True)
class Asked:
    """Something was sent out in a quarter: the questionnaire to this person, or a preview to whomever."""

    kind: CampaignKind
    quarter: str
    on: date


@dataclass(frozen=True)
class Fact:
    """Something that shows how a person keeps a commitment, as the ledger's evidence has it.

    `quarter` is what it counts for, `day` when it came to be known (a late answer counts for its questionnaire's
    quarter). `withdrawn`: taken back, or an answer that a later one replaced; it shows nothing any more.
    """

    kind: EvidenceKind
    commitment: CommitmentName
    quarter: str
    day: date
    source: str
    withdrawn: bool = False


@dataclass(frozen=True)
class Answered:
    """A complete answer of a person to a campaign of a quarter, and the commitments it speaks for.

    `at` is in the team's time zone: its date is the day that counts.
    """

    campaign: int
    quarter: str
    at: datetime
    source: str
    shows: frozenset[CommitmentName]


def facts_of_event(charter: Charter, kind: EvidenceKind, day: date, source: str) -> list[Fact]:
    """What a usage event in the charter's class, an interaction or a bug report of a day shows."""
    met = (commitment.name for commitment in charter.commitments if kind in commitment.met_by)
    return [Fact(kind, name, quarter_of(day), day, source) for name in met]


def facts_of_answers(answers: Collection[Answered]) -> list[Fact]:
    """What one person's answers show: the latest to each campaign counts, those before it are withdrawn."""
    latest: dict[int, tuple[datetime, str]] = {}
    for answer in answers:
        latest[answer.campaign] = max((answer.at, answer.source), latest.get(answer.campaign, (answer.at, "")))
    return [
        Fact(EvidenceKind.ANSWER, name, answer.quarter, answer.at.date(), answer.source, withdrawn=replaced)
        for answer in answers
        for replaced in [(answer.at, answer.source) != latest[answer.campaign]]
        for name in sorted(answer.shows)
    ]


# ---------------------------------------------------------------------------------------------------------- review


@dataclass(frozen=True)
class Standing:
    """How a commitment stands in a quarter, the fact that decided it (None where its absence did), and since when."""

    quarter: str
    commitment: CommitmentName
    status: CommitmentStatus
    evidence: Fact | None
    decided_on: date

    @property
    def label(self) -> str:
        """The key of the status's name."""
        return f"charter.status.{self.status}"

    @property
    def because(self) -> str | None:
        """The key of what the evidence is called, with a place for the `day`."""
        return f"charter.evidence.{self.evidence.kind}" if self.evidence else None


def review(
    charter: Charter, member: Member, facts: Iterable[Fact], asked: Iterable[Asked], today: date
) -> list[Standing]:
    """One standing for each quarter from the charter's start to today's and each commitment, as of today.

    A quarter concerns who was bound by the charter on any day of it. Of these, who is not bound at its end (today,
    while it runs) owes nothing more; what they did counts all the same. A fact that came later than today is unknown.
    """
    bound = _bound(member)
    known: dict[CommitmentName, list[Fact]] = {}
    for fact in facts:
        if not fact.withdrawn and fact.day <= today:
            known.setdefault(fact.commitment, []).append(fact)
    sent = {(each.kind, each.quarter) for each in asked if each.on <= today}
    return [
        _standing(commitment, quarter, known.get(commitment.name, ()), sent, bound, today)
        for quarter in quarters(charter, today)
        for commitment in charter.commitments
    ]


def _bound(member: Member) -> list[Period]:
    """When the charter bound somebody: in the programme, and not before accepting it."""
    if member.accepted_on is None:
        return []
    begins = member.accepted_on
    later = (period for period in member.periods if period.last is None or period.last >= begins)
    return [Period(max(period.first, begins), period.last) for period in later]


def _standing(
    commitment: Commitment,
    quarter: str,
    facts: Iterable[Fact],
    sent: Collection[tuple[CampaignKind, str]],
    bound: Collection[Period],
    today: date,
) -> Standing:
    first, last = quarter_days(quarter)
    by_then = min(last, today)
    if not any(period.meets(first, by_then) for period in bound):
        return Standing(quarter, commitment.name, CommitmentStatus.NOT_DUE, None, first)
    if shown := min(_shown(commitment, quarter, facts), key=_weight, default=None):
        return Standing(quarter, commitment.name, shown[0], shown[1], shown[1].day)
    is_asked = commitment.asked_by is None or (commitment.asked_by, quarter) in sent
    is_owed = is_asked and any(period.meets(by_then, by_then) for period in bound)
    status = _unshown(is_owed, is_over=today > last)
    return Standing(quarter, commitment.name, status, None, last if status is CommitmentStatus.MISSED else first)


def _unshown(is_owed: bool, is_over: bool) -> CommitmentStatus:
    """How a commitment stands that nothing speaks for."""
    if not is_owed:
        return CommitmentStatus.NOT_DUE
    return CommitmentStatus.MISSED if is_over else CommitmentStatus.DUE


def _shown(commitment: Commitment, quarter: str, facts: Iterable[Fact]) -> Iterator[tuple[CommitmentStatus, Fact]]:
    """What each fact makes of a commitment in a quarter; what makes nothing of it is left out."""
    for fact in facts:
        status = _worth(commitment, fact.kind)
        lasts = commitment.stays_met and status is CommitmentStatus.MET and fact.quarter < quarter
        if status is not None and (fact.quarter == quarter or lasts):
            yield status, fact


def _worth(commitment: Commitment, kind: EvidenceKind) -> CommitmentStatus | None:
    if kind is EvidenceKind.WAIVER:
        return CommitmentStatus.WAIVED
    if kind in commitment.met_by:
        return CommitmentStatus.MET
    return CommitmentStatus.DECLARED if kind in commitment.declared_by else None


def _weight(shown: tuple[CommitmentStatus, Fact]) -> tuple[int, date, str, str, str]:
    """The strongest first, of these the earliest: what explains a status stays when more of the same comes in."""
    status, fact = shown
    return -RANK[status], fact.day, fact.kind, fact.source, fact.quarter
