"""How the commitments of the charter stand, and the evidence: what a review found, kept.

The review itself is in `workbench.surveys.programme`.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import insert, select, update

from workbench.ledger import Ledger, Writing
from workbench.ledger.programme import BY_HAND
from workbench.ledger.states import CommitmentName, CommitmentStatus, EvidenceKind
from workbench.ledger.tables import Commitment, Evidence, Person


class Shown(NamedTuple):
    """The evidence that decided a commitment: of which kind, for which quarter, from which day, and from what."""

    kind: EvidenceKind
    quarter: str
    day: date
    source: str


class Found(NamedTuple):
    """How a review found a commitment of a person to stand in a quarter."""

    quarter: str
    commitment: CommitmentName
    status: CommitmentStatus
    decided_on: date
    shown: Shown | None


class StandingKept(NamedTuple):
    """How a commitment stood at the last review; `evidence` is the kind of what shows it, None where nothing does."""

    person: int
    quarter: str
    commitment: CommitmentName
    status: CommitmentStatus
    decided_on: date
    evidence: EvidenceKind | None


Key = tuple[int, CommitmentName, Shown]
"""What tells one piece of evidence from all others."""


def standings(ledger: Ledger) -> list[StandingKept]:
    """How every commitment stood at the last review, by person and quarter; without people merged away."""
    kept = (
        select(
            Commitment.person_id, Commitment.quarter, Commitment.commitment, Commitment.status,
            Commitment.decided_on, Evidence.kind,
        )
        .join(Person, (Person.id == Commitment.person_id) & Person.merged_into_id.is_(None))
        .outerjoin(Evidence, Evidence.id == Commitment.evidence_id)
        .order_by(Commitment.person_id, Commitment.quarter, Commitment.commitment)
    )  # fmt: skip
    with ledger.reading() as session:
        return [StandingKept(*row) for row in session.execute(kept)]


def keep_standings(ledger: Ledger, found: Mapping[int, Sequence[Found]], *, who: str, now: datetime) -> int:
    """Keep what a review found of people, in one transaction; how many of them stand otherwise than before.

    What decided is kept as evidence, and what decided before and does no more is withdrawn. Nothing is written, nor
    said in the audit, where all stands as it stood. People who were merged away meanwhile are passed over.
    """
    with ledger.writing(who, now) as work:
        held = select(Person.id).where(Person.id.in_(found), Person.merged_into_id.is_(None)).order_by(Person.id)
        people = work.scalars(held.with_for_update(key_share=True)).all()  # two reviews at once take their turns
        numbers = _keep_evidence(work, people, found)
        rows = _changed_rows(work, people, found, numbers)
        _insert(work, Commitment, [row for row in rows if row["version"] == 1])
        for is_shown in (True, False):  # rows that fill different columns would each be sent alone
            alike = [row for row in rows if row["version"] > 1 and (row["evidence_id"] is not None) is is_shown]
            work.upsert(Commitment, alike, "person_id", "quarter", "commitment")
        changed = {row["person_id"] for row in rows}
        if rows:
            statuses = Counter(str(row["status"]) for row in rows)
            work.audit("charter_reviewed", "charter", "review", {"people": len(changed), "now": dict(statuses)})
        return len(changed)


def _insert(work: Writing, table: type[Commitment | Evidence], rows: Sequence[Mapping[str, object]]) -> None:
    """Add rows past the mapper, which would look at each of so many by itself."""
    if rows:
        work.connection().execute(insert(table), list(rows))


def _keep_evidence(work: Writing, people: Collection[int], found: Mapping[int, Iterable[Found]]) -> dict[Key, int]:
    """Make the evidence that is derived from what happened just what now decides; the numbers of all."""
    decides = {(person, each.commitment, each.shown) for person in people for each in found[person] if each.shown}
    wanted = {key for key in decides if key[2].kind not in BY_HAND}
    known = _evidence(work, people)
    over = [number for key, numbers in known.items() for number in (numbers[1:] if key in decides else numbers)]
    derived = Evidence.kind.not_in(BY_HAND)
    if over:
        work.execute(update(Evidence).where(Evidence.id.in_(over), derived).values(withdrawn_at=work.now))
    if new := sorted(wanted - known.keys()):
        _insert(work, Evidence, [_evidence_row(*key, work.now) for key in new])
        known = _evidence(work, people)
    return {key: numbers[0] for key, numbers in known.items()}


def _evidence(work: Writing, people: Collection[int]) -> dict[Key, list[int]]:
    """The numbers of what counts, by what it is: merging two people may bring the same twice."""
    columns = (
        Evidence.id, Evidence.person_id, Evidence.commitment,
        Evidence.kind, Evidence.quarter, Evidence.decided_on, Evidence.source,
    )  # fmt: skip
    live = select(*columns).where(Evidence.person_id.in_(people), Evidence.withdrawn_at.is_(None))
    found: dict[Key, list[int]] = defaultdict(list)
    for number, person, commitment, kind, quarter, day, source in work.execute(live.order_by(Evidence.id)):
        found[person, commitment, Shown(kind, quarter, day, source)].append(number)
    return found


def _evidence_row(person: int, commitment: CommitmentName, shown: Shown, now: datetime) -> dict[str, object]:
    return {
        "person_id": person,
        "commitment": commitment,
        "quarter": shown.quarter,
        "kind": shown.kind,
        "source": shown.source,
        "decided_on": shown.day,
        "created_at": now,
    }


def _changed_rows(
    work: Writing, people: Collection[int], found: Mapping[int, Iterable[Found]], numbers: Mapping[Key, int]
) -> list[dict[str, Any]]:
    """The commitments that stand otherwise than they are kept, in the order of their key."""
    columns = (
        Commitment.person_id, Commitment.quarter, Commitment.commitment,
        Commitment.status, Commitment.decided_on, Commitment.evidence_id, Commitment.version,
    )  # fmt: skip
    kept = work.execute(select(*columns).where(Commitment.person_id.in_(people))).all()
    known = {tuple(row[:3]): row for row in kept}
    rows = []
    for person in people:
        for each in sorted(found[person], key=lambda each: (each.quarter, each.commitment)):
            row = known.get((person, each.quarter, each.commitment))
            evidence = numbers.get((person, each.commitment, each.shown)) if each.shown else None
            now_so = (each.status, each.decided_on, evidence)
            if row is None or tuple(row[3:6]) != now_so:
                version = row.version + 1 if row else 1
                rows.append(_commitment_row(person, each, evidence, version))
    return rows


def _commitment_row(person: int, found: Found, evidence: int | None, version: int) -> dict[str, Any]:
    return {
        "person_id": person,
        "quarter": found.quarter,
        "commitment": found.commitment,
        "status": found.status,
        "evidence_id": evidence,
        "decided_on": found.decided_on,
        "version": version,
    }
