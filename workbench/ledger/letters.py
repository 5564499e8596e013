"""What a letter says of a person: who they are, how they keep the charter, which of their bugs is fixed."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select

from workbench.ledger import Ledger
from workbench.ledger.deliveries import last_courriers
from workbench.ledger.states import BugState, CommitmentName, CommitmentStatus, PersonStatus
from workbench.ledger.tables import Bug, Commitment, Person

_NEVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class AboutPerson:
    """A person as a letter may speak of them; `fixed`: their bugs that were fixed since their last courrier."""

    id: int
    name: str
    school: str
    commune: str
    academie: str
    status: PersonStatus
    commitments: tuple[tuple[CommitmentName, CommitmentStatus], ...] = ()
    fixed: tuple[str, ...] = ()


def about(ledger: Ledger, persons: Collection[int], quarter: str) -> dict[int, AboutPerson]:
    """These people, by number, with their commitments of a quarter in the charter's order."""
    since = last_courriers(ledger, persons)
    commitments: dict[int, list[tuple[CommitmentName, CommitmentStatus]]] = defaultdict(list)
    fixed: dict[int, list[str]] = defaultdict(list)
    with ledger.reading() as session:
        promised = select(Commitment).where(Commitment.person_id.in_(persons), Commitment.quarter == quarter)
        for one in session.scalars(promised.order_by(Commitment.commitment)):
            commitments[one.person_id].append((one.commitment, one.status))
        for bug in session.scalars(select(Bug).where(Bug.person_id.in_(persons), Bug.state == BugState.FIXED)):
            if bug.person_id and bug.fixed_at and bug.fixed_at > since.get(bug.person_id, _NEVER):
                fixed[bug.person_id].append(bug.text)
        columns = select(Person.id, Person.name, Person.school, Person.commune, Person.academie, Person.status)
        return {
            number: AboutPerson(
                number, name, school or "", commune or "", academie or "", status,
                tuple(commitments[number]), tuple(fixed[number]),
            )
            for number, name, school, commune, academie, status in session.execute(
                columns.where(Person.id.in_(persons))
            )
        }  # fmt: skip
