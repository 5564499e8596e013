"""The people: ambassadors and candidates as they stand, and what they agreed to."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workbench.errors import WorkbenchError
from workbench.ledger import Ledger, Writing
from workbench.ledger.states import AppIdKind, PersonStatus, Purpose
from workbench.ledger.tables import Academie, AppId, Consent, Person
from workbench.ledger.typed import one_line

LONGEST = 200
"""Characters of a name, a school, an identifier: what is longer was pasted into the wrong place."""

FIELDS = ("name", "email", "school", "commune", "academie", "since", "status", "user_ids", "class_ids")
"""What is known of a person, by the names that previews and the audit have for it."""

_LINKS = {"user_ids": AppIdKind.USER, "class_ids": AppIdKind.CLASS}

_CHANGE_OR_MERGE = "correct it, or merge the two if they are one"

_ADDRESS = re.compile(r'[^\s@,;<>()"]+@[^\s@,;<>()"]+\.[^\s@,;<>()"]+')


class AddressInvalid(WorkbenchError):
    """Something that is no e-mail address."""


class PersonInvalid(WorkbenchError):
    """A person without a name, with a text nobody could mean, or of an académie that there is not."""


class AddressTaken(WorkbenchError):
    """Another person has this address."""


class UserIdTaken(WorkbenchError):
    """Another person has this identifier of the app."""


class PersonUnknown(WorkbenchError):
    """Nobody has this number, or no longer."""


@dataclass(frozen=True)
class PersonState:
    """A person as they stand; `id` and `version` are 0 for one that is not in the ledger yet.

    Identifiers are the app's own, in order. `consents`: what they last said to each purpose they were asked about.
    """

    name: str
    email: str | None = None
    school: str | None = None
    commune: str | None = None
    academie: str | None = None
    since: date | None = None
    status: PersonStatus = PersonStatus.ACTIVE
    user_ids: tuple[str, ...] = ()
    class_ids: tuple[str, ...] = ()
    consents: Mapping[Purpose, bool] = field(default_factory=dict)
    id: int = 0
    version: int = 0


# --------------------------------------------------------------------------------------------------------- looking


def people(ledger: Ledger) -> list[PersonState]:
    """Everybody, by name; without those who turned out to be somebody else."""
    standing = select(Person).where(Person.merged_into_id.is_(None)).order_by(Person.name, Person.id)
    with ledger.reading() as session:
        ids: dict[tuple[int, AppIdKind], list[str]] = defaultdict(list)
        for one in session.scalars(select(AppId).order_by(AppId.app_id)):
            ids[one.person_id, one.kind].append(one.app_id)
        consents: dict[int, dict[Purpose, bool]] = defaultdict(dict)
        for fact in session.scalars(select(Consent).order_by(Consent.at, Consent.id)):
            consents[fact.person_id][fact.purpose] = fact.granted
        return [
            _known_of(row, consents[row.id], {name: tuple(ids[row.id, kind]) for name, kind in _LINKS.items()})
            for row in session.scalars(standing)
        ]


def addresses(ledger: Ledger) -> dict[str, int]:
    """The number of the person behind each address; an address of one who was merged leads to the one who stayed."""
    with ledger.reading() as session:
        rows = session.execute(select(Person.id, Person.email, Person.merged_into_id)).all()
    into = {row.id: row.merged_into_id for row in rows}
    return {row.email: now_part_of(into, row.id) for row in rows if row.email}


def now_part_of(into: Mapping[int, int | None], number: int) -> int:
    """The person whom somebody is part of, themselves where they stand; `into`: whom each was merged into."""
    while (further := into[number]) is not None:
        number = further
    return number


def _known_of(row: Person, consents: Mapping[Purpose, bool], ids: Mapping[str, Any]) -> PersonState:
    said: dict[str, Any] = {name: getattr(row, name) for name in FIELDS if name not in _LINKS}
    return PersonState(**said, **ids, consents=consents, id=row.id, version=row.version)


# ---------------------------------------------------------------------------------------------------------- by hand


def address(text: str) -> str:
    """An address as it is kept: trimmed, in small letters. Raises AddressInvalid."""
    trimmed = text.strip().lower()
    if len(trimmed) > LONGEST or not trimmed.isprintable() or not _ADDRESS.fullmatch(trimmed):
        raise AddressInvalid(f"{trimmed[:60]!r} is no address", "write one address as name@example.org")
    return trimmed


def set_person(ledger: Ledger, person: PersonState, *, who: str, now: datetime) -> int:
    """Add a person (`id` 0), or change the one with its id; gives the number. Consents are not set here.

    Raises PersonInvalid, AddressInvalid, AddressTaken, UserIdTaken, and ChangedMeanwhile unless the person is still
    at the version that was seen.
    """
    return set_people(ledger, [person], who=who, now=now)[0]


def set_people(ledger: Ledger, persons: Sequence[PersonState], *, who: str, now: datetime) -> list[int]:
    """Add and change people in one transaction: all or, where it raises, none. Raises what `set_person` does.

    Give them in the order of their number: two writers that cross each other's path would block for good.
    """
    checked = [_checked(person) for person in persons]
    try:
        with ledger.writing(who, now) as work:
            _refuse_unknown_academies(work, checked)
            return [_set(work, person) for person in checked]
    except IntegrityError:  # somebody else was given the address or the identifier at this very moment
        with ledger.reading() as session:
            for person in checked:
                refuse_taken(session, person)
        raise


def _checked(person: PersonState) -> PersonState:
    names = ("name", "school", "commune", "academie")
    said: dict[str, Any] = {name: _short(name, getattr(person, name)) for name in names}
    if not said["name"]:
        raise PersonInvalid("a person needs a name", "write the name")
    said["email"] = address(person.email) if person.email and person.email.strip() else None
    said |= {name: _identifiers(f"{kind} id", getattr(person, name)) for name, kind in _LINKS.items()}
    return replace(person, **said)


def _short(name: str, text: str | None) -> str | None:
    """A text on one line, None where it is empty. Raises PersonInvalid."""
    if text and len(text) > LONGEST:
        raise PersonInvalid(f"the {name} has {len(text):,} characters", f"shorten it to {LONGEST}")
    return one_line(text or "") or None


def _identifiers(name: str, ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({kept for one in ids if (kept := _short(name, one))}))


def _refuse_unknown_academies(session: Session, persons: Sequence[PersonState]) -> None:
    named = {person.academie for person in persons if person.academie}
    known = set(session.scalars(select(Academie.academie).where(Academie.academie.in_(named)))) if named else set()
    for unknown in sorted(named - known):
        raise PersonInvalid(f"there is no académie {unknown!r}", "name one as the académies page writes it")


def refuse_taken(session: Session, person: PersonState) -> None:
    """Raise AddressTaken or UserIdTaken where another person has what this one is to have."""
    if person.email:
        has_it = select(Person).where(Person.email == person.email, Person.id != person.id)
        if other := session.scalar(has_it):
            merged = f" (now part of person {other.merged_into_id})" if other.merged_into_id else ""
            raise AddressTaken(f"{person.email} is the address of person {other.id}{merged}", _CHANGE_OR_MERGE)
    for user_id in person.user_ids:
        links = select(AppId.person_id).where(AppId.kind == AppIdKind.USER, AppId.app_id == user_id)
        if owner := session.scalar(links.where(AppId.person_id != person.id)):
            raise UserIdTaken(f"{user_id} is the user id of person {owner}", _CHANGE_OR_MERGE)


def _set(work: Writing, person: PersonState) -> int:
    row = work.taken(Person, person.id, person.version) if person.id else Person(created_at=work.now)
    refuse_taken(work, person)
    links = list(work.scalars(select(AppId).where(AppId.person_id == person.id))) if person.id else []
    changed = _changed(row, links, person)
    for name in changed:
        if name not in _LINKS:
            setattr(row, name, getattr(person, name))
    work.add(row)
    work.flush()
    _set_links(work, row.id, links, person)
    what = "person_changed" if person.id else "person_added"
    work.audit(what, "person", row.id, {"status": row.status, "changed": changed}, _values(person, changed))
    return row.id


def _changed(row: Person, links: Iterable[AppId], person: PersonState) -> list[str]:
    """The fields that are not as they were."""
    ids = {name: tuple(sorted(link.app_id for link in links if link.kind is kind)) for name, kind in _LINKS.items()}
    return [name for name in FIELDS if (ids[name] if name in ids else getattr(row, name)) != getattr(person, name)]


def _values(person: PersonState, names: Iterable[str]) -> dict[str, str | None]:
    """Values for the audit, where only their hashes get."""
    said = {name: getattr(person, name) for name in names if name != "status"}
    texts = {name: " ".join(value) if name in _LINKS else value for name, value in said.items()}
    return {name: str(value) if value else None for name, value in texts.items()}


def _set_links(work: Writing, number: int, links: Iterable[AppId], person: PersonState) -> None:
    wanted = {(kind, app_id) for name, kind in _LINKS.items() for app_id in getattr(person, name)}
    for link in links:
        if (link.kind, link.app_id) not in wanted:
            work.delete(link)
    for kind, app_id in sorted(wanted - {(link.kind, link.app_id) for link in links}):
        work.add(AppId(person_id=number, kind=kind, app_id=app_id))
    work.flush()


# --------------------------------------------------------------------------------------------------------- consents


def set_consent(
    ledger: Ledger, number: int, purpose: Purpose, granted: bool, source: str, *, who: str, now: datetime
) -> None:
    """Note that a person agreed to a purpose, or took it back; `source` says how we know. The latest counts.

    Raises PersonUnknown.
    """
    with ledger.writing(who, now) as work:
        row = work.get(Person, number, with_for_update=True)
        if row is None or row.merged_into_id:
            raise PersonUnknown(f"there is no person {number}, or no longer", "look the person up again")
        work.add(Consent(person_id=number, purpose=purpose, granted=granted, at=now, source=one_line(source)))
        work.audit("consent_set", "person", number, {"purpose": purpose, "granted": granted})
