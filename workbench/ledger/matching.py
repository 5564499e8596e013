"""Who answered: the responses that are nobody's yet, their matches by rule and by hand, and the undoing of the latter.

What somebody took from a person by hand no rule matches again while that decision stands. Persons are always held
before responses, both in the order of their numbers: writers that cross each other's path wait instead of blocking.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, exists, func, select, update

from workbench.errors import WorkbenchError
from workbench.ledger import ChangedMeanwhile, Ledger, Writing
from workbench.ledger.columns import Base, Instant
from workbench.ledger.merging import UndoRefused
from workbench.ledger.people import LONGEST, AddressTaken, PersonInvalid, PersonUnknown, address, now_part_of
from workbench.ledger.states import MatchKind, Meaning, PersonStatus, ResponseKind
from workbench.ledger.tables import Answer, MatchDecision, Person, QuestionMap, Response
from workbench.ledger.typed import one_line

LONGEST_TOLD = 5_000
"""Characters of an answer that may tell who answered: what is longer is neither a name nor an address."""

_TELLING = ("email", "text")
_STANDS = MatchDecision.undone_at.is_(None)
_TAKEN_BACK = (MatchDecision.kind == MatchKind.UNMATCH, _STANDS)
_UNDECIDED = ~exists().where(MatchDecision.response_id == Response.id, *_TAKEN_BACK)
_AT = func.coalesce(Response.submitted_at, Response.landed_at, Response.received_at, type_=Instant()).label("at")
_NOBODYS: tuple[ColumnElement[bool], ...] = (Response.person_id.is_(None), Response.deleted_at.is_(None))


class ResponseUnknown(WorkbenchError):
    """No response has this number, or it is gone from Typeform."""


class Said(NamedTuple):
    """An answer that may tell who answered; `question` is its reference, or its id where it has none."""

    question: str
    type: str
    text: str


@dataclass(frozen=True)
class Nobodys:
    """A response that belongs to nobody; `at`: when it was submitted, else begun, else received.

    `not_of`: from whom somebody took it by hand.
    """

    id: int
    form_id: str
    kind: ResponseKind
    at: datetime
    hidden: Mapping[str, Any]
    said: tuple[Said, ...]
    not_of: frozenset[int]


class Acceptance(NamedTuple):
    """A version of the charter, and the day on which it was accepted."""

    version: str
    on: date


@dataclass(frozen=True)
class Candidate:
    """Somebody who is not in the ledger yet."""

    name: str
    email: str | None
    since: date
    accepts: Acceptance | None = None


class Match(NamedTuple):
    """A response is a person's; `how` says by what. `accepts` counts only where no charter was accepted before."""

    response: int
    person: int
    how: str
    accepts: Acceptance | None = None


class Decision(NamedTuple):
    """A match (or unmatch) by hand that stands."""

    id: int
    kind: MatchKind
    response: int
    person: int
    at: datetime
    who: str


# --------------------------------------------------------------------------------------------------------- looking


def nobodys(ledger: Ledger) -> list[Nobodys]:
    """The responses that belong to nobody, in the order of time; without those that are gone from Typeform."""
    columns = select(Response.id, Response.form_id, Response.kind, _AT, Response.hidden)
    with ledger.reading() as session:
        said, taken = defaultdict(list), defaultdict(set)
        for answer in session.execute(_telling()):
            said[answer.response_id].append(Said(answer.question, answer.type, answer.text))
        unmatched = select(MatchDecision.response_id, MatchDecision.person_id).where(*_TAKEN_BACK)
        for decision in session.execute(unmatched):
            taken[decision.response_id].add(decision.person_id)
        return [
            Nobodys(number, form, kind, at, hidden, tuple(said[number]), frozenset(taken[number]))
            for number, form, kind, at, hidden in session.execute(columns.where(*_NOBODYS).order_by(_AT, Response.id))
        ]


def _telling() -> Select[int, str, str, str | None]:
    question = func.coalesce(Answer.field_ref, Answer.field_id, "").label("question")
    texts = select(Answer.response_id, question, Answer.type, Answer.text).join(Response).where(*_NOBODYS)
    short = texts.where(Answer.type.in_(_TELLING), func.length(Answer.text) <= LONGEST_TOLD)
    return short.order_by(Answer.response_id, Answer.position)


def email_questions(ledger: Ledger) -> Mapping[str, set[str]]:
    """The questions that are mapped as asking for the address, by form."""
    mapped = select(QuestionMap.form_id, QuestionMap.ref).where(QuestionMap.meaning == Meaning.EMAIL)
    found = defaultdict(set)
    with ledger.reading() as session:
        for form_id, ref in session.execute(mapped):
            found[form_id].add(ref)
    return found


def standing(ledger: Ledger) -> Mapping[int, int]:
    """The person whom each number leads to: themselves, or whom they were merged into."""
    with ledger.reading() as session:
        into = {row.id: row.merged_into_id for row in session.execute(select(Person.id, Person.merged_into_id))}
    return {number: now_part_of(into, number) for number in into}


def without_charter(ledger: Ledger, form_id: str) -> list[tuple[int, int, datetime]]:
    """Completed responses to a form whose person has accepted no charter, the earliest first: (response, person, at).

    A response may have been matched before it was completed.
    """
    matched = select(Response.id, Person.id, _AT).join(Person, Response.person_id == Person.id)
    completed = (Response.form_id == form_id, Response.kind == ResponseKind.COMPLETED, Response.deleted_at.is_(None))
    with ledger.reading() as session:
        query = matched.where(*completed, Person.charter_version.is_(None)).order_by(_AT, Response.id)
        return [(response, person, at) for response, person, at in session.execute(query)]


def decisions(ledger: Ledger) -> list[Decision]:
    """What was decided by hand about responses and stands, the latest first."""
    kept = select(MatchDecision).where(_STANDS, MatchDecision.kind.in_([MatchKind.MATCH, MatchKind.UNMATCH]))
    with ledger.reading() as session:
        return [
            Decision(row.id, row.kind, row.response_id, row.person_id, row.decided_at, row.who)
            for row in session.scalars(kept.order_by(MatchDecision.id.desc()))
            if row.response_id and row.person_id
        ]


# --------------------------------------------------------------------------------------------------------- by rule


def keep_matches(ledger: Ledger, found: Sequence[Match], *, who: str, now: datetime) -> list[Match]:
    """Give responses to people in one transaction; what was kept.

    Left out is what changed since it was found: a response that is somebody's by now or was decided about by hand, a
    person who was merged.
    """
    with ledger.writing(who, now) as work:
        persons = _held_people(work, {one.person for one in found})
        free = _held_free(work, {one.response for one in found})
        kept = [one for one in found if one.person in persons and one.response in free]
        _give(work, kept)
        for one in kept:
            _accept(work, persons[one.person], one.response, one.accepts)
        return kept


def add_candidates(ledger: Ledger, found: Mapping[int, Candidate], *, who: str, now: datetime) -> dict[int, int]:
    """Make candidates out of responses (by their numbers), each with its match; the persons made, by response.

    Left out is what changed since it was found, as in `keep_matches`, and who has an address that somebody has by now.
    """
    with ledger.writing(who, now) as work:
        free = _held_free(work, list(found))
        return _add(work, {response: found[response] for response in free}, "candidate")


def accept_charters(ledger: Ledger, found: Sequence[Match], *, who: str, now: datetime) -> None:
    """Note for matched people what their responses accept; whoever accepted a charter by now keeps theirs."""
    with ledger.writing(who, now) as work:
        persons = _held_people(work, {one.person for one in found})
        for one in found:
            if one.person in persons:
                _accept(work, persons[one.person], one.response, one.accepts)


def _held_people(work: Writing, numbers: Collection[int]) -> dict[int, Person]:
    """People, held; without those who are merged away."""
    held = select(Person).where(Person.id.in_(numbers), Person.merged_into_id.is_(None)).order_by(Person.id)
    return {row.id: row for row in work.scalars(held.with_for_update())}


def _held_free(work: Writing, numbers: Collection[int]) -> set[int]:
    """Which of these responses are still for a rule to match, held."""
    held = select(Response.id).where(Response.id.in_(numbers), *_NOBODYS, _UNDECIDED).order_by(Response.id)
    return set(work.scalars(held.with_for_update()))


def _give(work: Writing, matches: Iterable[Match]) -> None:
    rows = [{"id": one.response, "person_id": one.person} for one in matches]
    if rows:
        work.execute(update(Response), rows)
    for one in matches:
        work.audit("response_matched", "response", one.response, {"how": one.how, "person": one.person})


def _add(work: Writing, found: Mapping[int, Candidate], how: str) -> dict[int, int]:
    """Candidates are written past those whose address somebody was given at this very moment."""
    added: dict[int, int] = {}
    for response, one in sorted(found.items(), key=lambda item: item[1].email or ""):
        version, on = one.accepts or (None, None)
        adding = work.insert(Person).values(
            name=one.name, email=one.email, since=one.since, status=PersonStatus.CANDIDATE, created_at=work.now,
            charter_version=version, charter_accepted_on=on,
        )  # fmt: skip
        number = work.scalar(adding.on_conflict_do_nothing(index_elements=["email"]).returning(Person.id))
        if number is not None:
            added[response] = number
            told = {"status": PersonStatus.CANDIDATE, "response": response, "charter": version}
            work.audit("person_added", "person", number, told, {"name": one.name, "email": one.email})
    _give(work, [Match(response, number, how) for response, number in added.items()])
    return added


def _accept(work: Writing, person: Person, response: int, accepts: Acceptance | None) -> str | None:
    """The version that the person has accepted by this; the first one stays."""
    if accepts is None or person.charter_version is not None:
        return None
    person.charter_version, person.charter_accepted_on = accepts
    person.version += 1
    work.audit("charter_accepted", "person", person.id, {"version": accepts.version, "response": response})
    return accepts.version


# --------------------------------------------------------------------------------------------------------- by hand


def match(
    ledger: Ledger, response: int, person: int, *, accepts: Acceptance | None = None, who: str, now: datetime
) -> int:
    """Somebody knows whose a response is; gives the number of the decision, for undoing.

    `accepts`: the charter that it accepts, where the person has accepted none. Raises PersonUnknown, ResponseUnknown,
    and ChangedMeanwhile where the response is somebody's already.
    """
    with ledger.writing(who, now) as work:
        holder = _held_person(work, person)
        _held_nobodys(work, response)
        accepted = _accept(work, holder, response, accepts)
        _give(work, [Match(response, person, "hand")])
        return _decided(work, MatchKind.MATCH, response, person, {"accepted": accepted})


def add_person_from(ledger: Ledger, response: int, candidate: Candidate, *, who: str, now: datetime) -> int:
    """Somebody makes a candidate out of a response that is nobody's; gives the number of the decision, for undoing.

    Raises ResponseUnknown, ChangedMeanwhile as `match` does, and PersonInvalid, AddressInvalid, AddressTaken.
    """
    fit = _fit(candidate)
    with ledger.writing(who, now) as work:
        _held_nobodys(work, response)
        added = _add(work, {response: fit}, "hand")
        if not added:
            raise AddressTaken(f"{fit.email} is somebody's address already", "match the response to them")
        return _decided(work, MatchKind.MATCH, response, added[response], {"added": True})


def unmatch(ledger: Ledger, response: int, person: int, *, who: str, now: datetime) -> int:
    """Somebody knows that a response is not this person's; gives the number of the decision, for undoing.

    No rule matches it again. Raises ResponseUnknown, and ChangedMeanwhile where it is not this person's any more.
    """
    with ledger.writing(who, now) as work:
        _held_people(work, [person])
        row = _held_response(work, response)
        if row.person_id != person:
            raise ChangedMeanwhile(f"response {response} is not person {person}'s any more", "look at it again")
        row.person_id = None
        work.audit("response_unmatched", "response", response, {"person": person})
        return _decided(work, MatchKind.UNMATCH, response, person, {"through": _that_carried(work, response)})


def _fit(candidate: Candidate) -> Candidate:
    name = one_line(candidate.name)
    if not name or len(name) > LONGEST:
        raise PersonInvalid(f"a name of {len(name):,} characters", f"write one of 1 to {LONGEST}")
    return replace(candidate, name=name, email=address(candidate.email) if candidate.email else None)


def _held_person(work: Writing, number: int) -> Person:
    if found := _held_people(work, [number]):
        return found[number]
    raise PersonUnknown(f"there is no person {number}, or they are part of another", "look them up, or undo the merge")


def _held_response(work: Writing, number: int) -> Response:
    row = work.get(Response, number, with_for_update=True)
    if row is None or row.deleted_at is not None:
        raise ResponseUnknown(f"there is no response {number}, or no longer", "look at the list as it is now")
    return row


def _held_nobodys(work: Writing, number: int) -> None:
    if owner := _held_response(work, number).person_id:
        raise ChangedMeanwhile(f"response {number} is person {owner}'s already", "look at it as it is now")


def _that_carried(work: Writing, response: int) -> list[int]:
    """The merges that stand and brought this response along."""
    merges = select(MatchDecision).where(_STANDS, MatchDecision.kind == MatchKind.MERGE).order_by(MatchDecision.id)
    return [row.id for row in work.scalars(merges) if response in row.details["moved"].get("responses", ())]


def _decided(work: Writing, kind: MatchKind, response: int, person: int, details: dict[str, Any]) -> int:
    about = {"response_id": response, "person_id": person, "details": details}
    row = MatchDecision(kind=kind, decided_at=work.now, who=work.who, **about)
    work.add(row)
    work.flush()
    return row.id


# ------------------------------------------------------------------------------------------------------------ undo


def undo(ledger: Ledger, decision: int, *, who: str, now: datetime) -> None:
    """A response is whose it was before a decision by hand; a charter or a person that came with it goes again.

    Raises UndoRefused where the decision is not there, something was decided about the response since, or the person
    who was made out of it has more by now; PersonUnknown where the person was merged since; ResponseUnknown.
    """
    with ledger.writing(who, now) as work:
        row = _undoable(work, decision)
        person = _held_person(work, _whose(work, row))
        answer = _held_response(work, row.response_id or 0)
        before, after = (person.id, None) if row.kind is MatchKind.MATCH else (None, person.id)
        if answer.person_id != before:
            raise UndoRefused(f"response {answer.id} is somebody else's by now", "look at it as it is now")
        answer.person_id = after
        row.undone_at = now
        work.audit(f"{row.kind}_undone", "response", answer.id, {"person": person.id, "decision": decision})
        _take_back(work, row, person, answer)


def _undoable(work: Writing, number: int) -> MatchDecision:
    row = work.get(MatchDecision, number, with_for_update=True)
    if row is None or row.kind not in (MatchKind.MATCH, MatchKind.UNMATCH) or row.undone_at is not None:
        raise UndoRefused(f"decision {number} is no match that stands", "look at the matches as they are now")
    later = select(MatchDecision.id).where(_STANDS, MatchDecision.response_id == row.response_id)
    if after := work.scalar(later.where(MatchDecision.id > number).order_by(MatchDecision.id.desc()).limit(1)):
        raise UndoRefused(f"decision {after} about this response came later", "undo the later one first")
    return row


def _whose(work: Writing, decision: MatchDecision) -> int:
    """Whose the response is to be: what a merge had brought along goes back with it, where it was undone since."""
    person = decision.person_id or 0
    for number in reversed(decision.details.get("through", [])):
        merge = work.get(MatchDecision, number)
        if merge and merge.undone_at is not None and merge.person_id == person:
            person = merge.other_person_id or 0
    return person


def _take_back(work: Writing, decision: MatchDecision, person: Person, answer: Response) -> None:
    """What came with a match: the acceptance of a charter, or the person."""
    accepted = decision.details.get("accepted")
    if accepted and person.charter_version == accepted:
        person.charter_version = person.charter_accepted_on = None
        person.version += 1
    if decision.details.get("added"):
        decision.person_id = None  # the decision is kept, and would go with the person
        work.flush()
        if person.version > 1 or _has_rows(work, person.id):
            said = f"person {person.id} has more than response {answer.id} by now"
            raise UndoRefused(said, "take the response from them, or merge them with who they are")
        work.delete(person)
        work.audit("person_removed", "person", person.id, {"decision": decision.id})


def _has_rows(work: Writing, person: int) -> bool:
    """Whether anything at all is a person's."""
    tables = (table for table in Base.metadata.sorted_tables if "person_id" in table.c)
    return any(work.scalar(select(exists().where(table.c.person_id == person))) for table in tables)
