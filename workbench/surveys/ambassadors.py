"""Diane's list of ambassadors: shown as what it would change, and written in one transaction."""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from difflib import get_close_matches
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from workbench.errors import NotReadable, WorkbenchError
from workbench.ledger import Ledger
from workbench.ledger.people import FIELDS, LONGEST, AddressInvalid, PersonState, address, addresses, people, set_people
from workbench.ledger.typed import one_line
from workbench.surveys.listed import Line, LineError, lines, plain

MOST_IDENTIFIERS = 50
"""Classes, or users, of one person: more is another list, pasted into a cell."""

_APART = re.compile(r"[\s,|]+")
_SHOWN = 60
_TEXTS = {"name": "name", "school": "school", "commune": "commune", "academie": "académie"}


class LinesRefused(WorkbenchError):
    """Lines of a list have errors, and nobody said to leave them out; or no line is without one."""


@dataclass(frozen=True)
class LineRead:
    """A line of the list, by the number of its first line in the file: the person as they would be written.

    `changed` names what differs from what the ledger has; empty for somebody new.
    """

    line: int
    person: PersonState
    changed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Preview:
    """What importing a list would do; nothing is written yet. A line is in one of the four, in the file's order."""

    new: tuple[LineRead, ...]
    changed: tuple[LineRead, ...]
    same: tuple[LineRead, ...]
    errors: tuple[LineError, ...]


class _Known(NamedTuple):
    """The people of the ledger by number, and their numbers by address and by user id."""

    people: Mapping[int, PersonState]
    by_address: Mapping[str, int]
    by_user: Mapping[str, int]


class _Wrong(WorkbenchError):
    """What is wrong in a line, on its way into the preview."""


# ---------------------------------------------------------------------------------------------------------- preview


def preview(ledger: Ledger, path: Path) -> Preview:
    """What a list in a file would change. Raises NotReadable, NotAList."""
    try:
        body = path.read_bytes()
    except OSError as error:
        raise NotReadable(f"{path}: {error.strerror}", "name the list of ambassadors, CSV or XLSX") from error
    return preview_of(ledger, path.name, body)


def preview_of(ledger: Ledger, name: str, body: bytes) -> Preview:
    """What a list would change. Its columns are told by their headings, in French or English; others are left aside.

    A person is recognised by the app's user id, else by the address. An empty cell leaves what is known as it is, and
    identifiers are added, never taken away. Raises NotAList.
    """
    listed, errors = lines(name, body)
    known = _known(ledger)
    twice = _twice(listed, known)
    read: list[LineRead] = []
    for line in listed:
        try:
            read.append(_read(line, known, twice.get(line.number)))
        except (_Wrong, AddressInvalid) as error:
            errors.append(LineError(line.number, str(error)))
    return Preview(
        new=tuple(one for one in read if not one.person.id),
        changed=tuple(one for one in read if one.person.id and one.changed),
        same=tuple(one for one in read if one.person.id and not one.changed),
        errors=tuple(sorted(errors, key=lambda error: error.line)),
    )


def import_people(ledger: Ledger, seen: Preview, *, skip_errors: bool = False, who: str, now: datetime) -> bool:
    """Write the new and the changed people of a preview, all in one transaction; whether there was anything to write.

    `skip_errors`: leave the lines with errors out. Raises LinesRefused where there are some, or nothing else; and
    ChangedMeanwhile, AddressTaken, UserIdTaken where the ledger is no longer as the preview saw it.
    """
    fine = len(seen.new) + len(seen.changed) + len(seen.same)
    if seen.errors and not (skip_errors and fine):
        count, first = len({error.line for error in seen.errors}), seen.errors[0]
        said = f"{count} of {count + fine} lines have errors, the first is line {first.line}"
        raise LinesRefused(f"nothing written: {said}", "correct them and import the list again")
    written = [line.person for line in (*seen.changed, *seen.new)]
    if written:
        set_people(ledger, sorted(written, key=lambda one: (one.id, one.email or "")), who=who, now=now)
    return bool(written)


def _known(ledger: Ledger) -> _Known:
    standing = {one.id: one for one in people(ledger)}
    by_user = {user_id: one.id for one in standing.values() for user_id in one.user_ids}
    by_address = {email: number for email, number in addresses(ledger).items() if number in standing}
    return _Known(standing, by_address, by_user)


# ------------------------------------------------------------------------------------------------------------- line


def _read(line: Line, known: _Known, twin: int | None) -> LineRead:
    """Raises _Wrong, AddressInvalid."""
    said = _said(line.cells)
    if twin is not None:
        raise _Wrong(f"the same person as in line {twin}", "keep one of the lines")
    before = _recognised(said, known)
    if before is None:
        return LineRead(line.number, PersonState(**said))
    after = replace(before, **_news(said, before, known))
    changed = tuple(name for name in FIELDS if getattr(after, name) != getattr(before, name))
    return LineRead(line.number, after, changed)


def _said(cells: Mapping[str, str]) -> dict[str, Any]:
    """What a line says of a person, without what it leaves empty. Raises _Wrong, AddressInvalid."""
    said: dict[str, Any] = {name: _short(label, cells.get(name, "")) for name, label in _TEXTS.items()}
    said["email"] = address(cells["email"]) if cells["email"].strip() else None
    said |= {name: _identifiers(cells.get(name, "")) for name in ("user_ids", "class_ids")}
    said["academie"] = _academie(said["academie"])
    said["since"] = _day(cells.get("since", "").strip())
    if not said["name"]:
        raise _Wrong("no name", "write the name")
    if not said["email"] and not said["user_ids"]:
        raise _Wrong("neither address nor user id", "write one, to know the person by")
    return {name: value for name, value in said.items() if value}


def _short(label: str, cell: str) -> str:
    if len(cell) > LONGEST:
        raise _Wrong(f"the {label} has {len(cell):,} characters", f"shorten it to {LONGEST}")
    return one_line(cell)


def _identifiers(cell: str) -> tuple[str, ...]:
    found = {_short("identifier", one) for one in _APART.split(cell) if one}
    if len(found) > MOST_IDENTIFIERS:
        raise _Wrong(f"{len(found):,} identifiers in one cell", f"a person has {MOST_IDENTIFIERS} at most")
    return tuple(sorted(found))


def _day(cell: str) -> date | None:
    """Raises _Wrong."""
    found = re.fullmatch(r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)|(?P<d2>\d\d?)/(?P<m2>\d\d?)/(?P<y2>\d{4})", cell, re.A)
    try:
        parts = [int(found[one] or found[f"{one}2"]) for one in "ymd"] if found else []
        return date(*parts) if cell else None
    except (TypeError, ValueError):
        raise _Wrong(f"{cell[:_SHOWN]!r} is no day", "write it as 2020-09-01 or 01/09/2020") from None


def _academie(named: str) -> str | None:
    """The académie as the reference writes it. Raises _Wrong."""
    if named and plain(named) not in _academies():
        near = [_academies()[one] for one in get_close_matches(plain(named), _academies(), n=1)]
        remedy = f"is it {near[0]}?" if near else "write it as the page of the académies does"
        raise _Wrong(f"there is no académie {named[:_SHOWN]!r}", remedy)
    return _academies()[plain(named)] if named else None


@cache
def _academies() -> dict[str, str]:
    text = resources.files("workbench").joinpath("reference", "academies.csv").read_text(encoding="utf-8")
    return {plain(row["academie"]): row["academie"] for row in csv.DictReader(text.splitlines())}


# ----------------------------------------------------------------------------------------------------------- person


def _recognised(said: Mapping[str, Any], known: _Known) -> PersonState | None:
    """The person that a line is about, None for somebody new. Raises _Wrong where it is about two."""
    numbers = {known.by_user[one] for one in said.get("user_ids", ()) if one in known.by_user}
    if (by_address := known.by_address.get(said.get("email", ""))) is not None:
        numbers.add(by_address)
    if len(numbers) > 1:
        several = " and ".join(map(str, sorted(numbers)))
        what = f"its address and its user id belong to persons {several}"
        raise _Wrong(what, "correct the line, or merge them if they are one")
    return known.people[numbers.pop()] if numbers else None


def _news(said: Mapping[str, Any], before: PersonState, known: _Known) -> dict[str, Any]:
    """What a line says that is to be written: identifiers added to those known, any address of the person's is fine."""
    news = dict(said) | {
        name: tuple(sorted({*getattr(before, name), *said.get(name, ())})) for name in ("user_ids", "class_ids")
    }
    if before.email and known.by_address.get(said.get("email", "")) == before.id:
        news["email"] = before.email
    return news


def _twice(lines: Iterable[Line], known: _Known) -> dict[int, int]:
    """Lines that are about the same person as another, and that other; also where one of them has an error."""
    about: dict[tuple[str, object], list[int]] = defaultdict(list)
    for line in lines:
        for sign in _signs(line.cells, known):
            about[sign].append(line.number)
    several = [numbers for numbers in about.values() if len(numbers) > 1]
    return {number: numbers[1] if number == numbers[0] else numbers[0] for numbers in several for number in numbers}


def _signs(cells: Mapping[str, str], known: _Known) -> set[tuple[str, object]]:
    """By what a line shows whom it is about: its address, its user ids, and the persons who have them."""
    email = cells["email"].strip().lower()
    users = _APART.split(cells.get("user_ids", ""))
    persons = {known.by_address.get(email), *map(known.by_user.get, users)} - {None}
    signs = {("email", email), *(("user", one) for one in users), *(("person", one) for one in persons)}
    return {(kind, value) for kind, value in signs if value}
