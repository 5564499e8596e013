"""The académies: how far each is with the validation of the app, whom to ask there, and who changed what."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from workbench.errors import WorkbenchError
from workbench.ledger import Ledger
from workbench.ledger.states import AcademieStatus, ContactFunction
from workbench.ledger.tables import Academie, AcademieContact, Audit
from workbench.ledger.typed import one_line

_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


class ContactInvalid(WorkbenchError):
    """A contact without a name, or with something that is no address."""


@dataclass(frozen=True)
class Contact:
    """Somebody to ask in an académie; `id` and `version` are 0 for one that is not in the ledger yet."""

    academie: str
    function: ContactFunction
    name: str
    email: str = ""
    phone: str = ""
    note: str = ""
    id: int = 0
    version: int = 0


@dataclass(frozen=True)
class Step:
    """One change: what was done (status_set, contact_added, contact_changed, contact_removed), and its facts."""

    at: datetime
    who: str
    what: str
    details: dict[str, Any]


@dataclass(frozen=True)
class AcademieState:
    """An académie as it stands: its contacts by function and name, its changes, the newest first."""

    academie: str
    status: AcademieStatus
    note: str
    version: int
    contacts: tuple[Contact, ...]
    history: tuple[Step, ...]


def academies(ledger: Ledger) -> list[AcademieState]:
    """Every académie, by name."""
    with ledger.reading() as session:
        contacts = _by_academie(_contact(row) for row in session.scalars(select(AcademieContact)))
        steps: dict[str, list[Step]] = defaultdict(list)
        changes = select(Audit).where(Audit.entity == "academie").order_by(Audit.id.desc())
        for line in session.scalars(changes):
            steps[line.entity_id].append(Step(line.at, line.who, line.what, line.details))
        return [
            AcademieState(
                row.academie, row.status, row.note, row.version, contacts[row.academie], tuple(steps[row.academie])
            )
            for row in session.scalars(select(Academie).order_by(Academie.academie))
        ]


def set_status(
    ledger: Ledger, academie: str, status: AcademieStatus, note: str, version: int, *, who: str, now: datetime
) -> None:
    """Note how far an académie is. Raises ChangedMeanwhile unless it is still at the version that was seen."""
    with ledger.writing(who, now) as work:
        row = work.taken(Academie, academie, version)
        details = {"from": row.status, "to": status}
        row.status, row.note = status, one_line(note)
        work.audit("status_set", "academie", academie, details, {"note": row.note})


def set_contact(ledger: Ledger, contact: Contact, *, who: str, now: datetime) -> int:
    """Add a contact (`id` 0), or change the one with its id; gives the id.

    Raises ContactInvalid, and ChangedMeanwhile unless the contact is still at its version.
    """
    said = _checked(contact)
    with ledger.writing(who, now) as work:
        known = work.taken(AcademieContact, contact.id, contact.version) if contact.id else None
        row = known or AcademieContact(academie=contact.academie)
        row.function = contact.function
        row.name, row.email, row.phone, row.note = said["name"], said["email"], said["phone"], said["note"]
        work.add(row)
        work.flush()
        what = "contact_changed" if contact.id else "contact_added"
        work.audit(what, "academie", row.academie, {"function": contact.function}, said)
        return row.id


def remove_contact(ledger: Ledger, contact_id: int, version: int, *, who: str, now: datetime) -> None:
    """Take a contact out, for good. Raises ChangedMeanwhile unless it is still at the version that was seen."""
    with ledger.writing(who, now) as work:
        row = work.taken(AcademieContact, contact_id, version)
        work.delete(row)
        work.audit("contact_removed", "academie", row.academie, {"function": row.function}, {"name": row.name})


def _checked(contact: Contact) -> dict[str, str]:
    said = {name: one_line(getattr(contact, name)) for name in ("name", "email", "phone", "note")}
    if not said["name"]:
        raise ContactInvalid("a contact needs a name", "write the name of the person or of the office")
    if said["email"] and not _ADDRESS.fullmatch(said["email"]):
        raise ContactInvalid(f"{said['email']!r} is no address", "write it as name@example.org")
    return said


def _contact(row: AcademieContact) -> Contact:
    return Contact(row.academie, row.function, row.name, row.email, row.phone, row.note, row.id, row.version)


def _by_academie(contacts: Iterable[Contact]) -> dict[str, tuple[Contact, ...]]:
    found: dict[str, tuple[Contact, ...]] = defaultdict(tuple)
    order = list(ContactFunction)
    for contact in sorted(contacts, key=lambda contact: (order.index(contact.function), contact.name, contact.id)):
        found[contact.academie] += (contact,)
    return found
