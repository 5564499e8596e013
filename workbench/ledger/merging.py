"""Two persons who turn out to be one: merges, and their undoing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, UniqueConstraint, exists, select, update

from workbench.errors import WorkbenchError
from workbench.ledger import Ledger, Writing
from workbench.ledger.columns import Base
from workbench.ledger.people import PersonState, refuse_taken
from workbench.ledger.states import MatchKind
from workbench.ledger.tables import MatchDecision, Person

_HANDED_OVER = ("email", "school", "commune", "academie", "since", "charter_version", "charter_accepted_on")
"""What the one who stays takes over where it is not known of them."""


class MergeRefused(WorkbenchError):
    """A person cannot be merged into themselves."""


class UndoRefused(WorkbenchError):
    """A decision that is not there, was undone already, or was followed by another."""


@dataclass(frozen=True)
class Merge:
    """A merge that stands: person `goes` is part of person `stays` since `at`."""

    id: int
    stays: int
    goes: int
    at: datetime
    who: str


def merges(ledger: Ledger) -> list[Merge]:
    """The merges that stand, the latest first."""
    kept = select(MatchDecision).where(MatchDecision.kind == MatchKind.MERGE, MatchDecision.undone_at.is_(None))
    with ledger.reading() as session:
        return [
            Merge(row.id, row.person_id, row.other_person_id, row.decided_at, row.who)
            for row in session.scalars(kept.order_by(MatchDecision.id.desc()))
            if row.person_id and row.other_person_id
        ]


def merge(ledger: Ledger, stays: PersonState, goes: PersonState, *, who: str, now: datetime) -> int:
    """Two persons are one: all that `goes` has goes to `stays`; gives the number of the decision, for undoing.

    What `stays` has already (an identifier of a class, the same quarter's commitment) remains with `goes`, out of
    sight; what is not known of `stays` is taken over. Raises MergeRefused, and ChangedMeanwhile unless both are still
    at the versions that were seen.
    """
    if stays.id == goes.id:
        raise MergeRefused(f"person {stays.id} is one person", "name two")
    with ledger.writing(who, now) as work:
        # In the order of their numbers: who merges the same two the other way round waits instead of blocking.
        seen = sorted([(stays.id, stays.version), (goes.id, goes.version)])
        rows = {number: work.taken(Person, number, version) for number, version in seen}
        moved = {table.name: _move(work, table, goes.id, stays.id) for table in _that_go_along()}
        details = {"moved": moved, **_hand_over(work, rows[goes.id], rows[stays.id])}
        rows[goes.id].merged_into_id = stays.id
        decision = _decided(work, stays.id, goes.id, details)
        work.audit("people_merged", "person", stays.id, {"merged": goes.id, "decision": decision})
        return decision


def _that_go_along() -> list[Table]:
    """Every table with rows of a person, save the decisions about who is who."""
    decisions = MatchDecision.__tablename__
    return [table for table in Base.metadata.sorted_tables if "person_id" in table.c and table.name != decisions]


def _move(work: Writing, table: Table, goes: int, stays: int) -> list[int]:
    """Give rows to the one who stays, save those that would repeat theirs; the numbers of what went."""
    theirs = table.alias()
    going = select(table.c.id).where(table.c.person_id == goes).order_by(table.c.id)
    if once := _only_once(table):
        same = [theirs.c[name] == table.c[name] for name in once]
        going = going.where(~exists().where(theirs.c.person_id == stays, *same))
    numbers = list(work.scalars(going))
    _point(work, table, numbers, goes, stays)
    return numbers


def _only_once(table: Table) -> list[str]:
    """The columns of which a person has each value only once."""
    unique = (set(one.columns.keys()) for one in table.constraints if isinstance(one, UniqueConstraint))
    return sorted(next((names for names in unique if "person_id" in names), set()) - {"person_id"})


def _point(work: Writing, table: Table, numbers: Sequence[int], before: int, after: int) -> None:
    """Give rows of one person to another; a row that is a third person's by now is left alone."""
    rows = update(table).where(table.c.id.in_(numbers), table.c.person_id == before)
    work.execute(rows.values(person_id=after))


def _hand_over(work: Writing, goes: Person, stays: Person) -> dict[str, Any]:
    """Fill in what is not known of the one who stays; the fields, and the address where it went over."""
    filled = [name for name in _HANDED_OVER if getattr(stays, name) is None and getattr(goes, name) is not None]
    values = {name: getattr(goes, name) for name in filled}
    if "email" in filled:
        goes.email = None  # nobody has the address of another, not even for a moment
        work.flush()
    for name, value in values.items():
        setattr(stays, name, value)
    return {"filled": filled, "email": values.get("email")}


def _decided(work: Writing, stays: int, goes: int, details: dict[str, Any]) -> int:
    row = MatchDecision(kind=MatchKind.MERGE, person_id=stays, other_person_id=goes, details=details)
    row.decided_at, row.who = work.now, work.who
    work.add(row)
    work.flush()
    return row.id


def undo_merge(ledger: Ledger, decision: int, *, who: str, now: datetime) -> None:
    """Two persons are two again, each with what they had; what came or was changed since stays with the one who stayed.

    Both count as changed once more, so that nobody writes over what they saw in between. Raises UndoRefused, and
    AddressTaken where somebody was given the address since.
    """
    with ledger.writing(who, now) as work:
        row = _undoable(work, decision)
        stays, goes = _both(work, row)
        for name, numbers in row.details["moved"].items():
            _point(work, Base.metadata.tables[name], numbers, stays.id, goes.id)
        _hand_back(work, row.details, goes, stays)
        goes.merged_into_id = None
        row.undone_at = now
        work.audit("merge_undone", "person", stays.id, {"merged": goes.id, "decision": decision})


def _undoable(work: Writing, decision: int) -> MatchDecision:
    row = work.get(MatchDecision, decision, with_for_update=True)
    if row is None or row.kind is not MatchKind.MERGE or row.undone_at is not None:
        raise UndoRefused(f"decision {decision} is no merge that stands", "look at the merges as they are now")
    return row


def _both(work: Writing, decision: MatchDecision) -> tuple[Person, Person]:
    """The one who stayed and the one who went, held. Raises UndoRefused where the former went on into another."""
    numbers = (decision.person_id, decision.other_person_id)
    held = select(Person).where(Person.id.in_(numbers)).order_by(Person.id).with_for_update()
    rows = {row.id: row for row in work.scalars(held)}
    stays, goes = rows[numbers[0] or 0], rows[numbers[1] or 0]
    if stays.merged_into_id:
        said = f"person {stays.id} became part of person {stays.merged_into_id} since"
        raise UndoRefused(said, "undo the later merge first")
    for row in (stays, goes):
        row.version += 1
    return stays, goes


def _hand_back(work: Writing, details: Mapping[str, Any], goes: Person, stays: Person) -> None:
    """Take out again what was filled in and is still as it was filled in; the address goes back."""
    given = {name: details["email"] if name == "email" else getattr(goes, name) for name in details["filled"]}
    for name, value in given.items():
        if getattr(stays, name) == value:
            setattr(stays, name, None)
    work.flush()
    if given.get("email"):
        refuse_taken(work, PersonState(goes.name, given["email"], id=goes.id))
        goes.email = given["email"]
