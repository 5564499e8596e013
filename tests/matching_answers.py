"""Responses for the tests of matching: what somebody answers, and whose it is by then."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from workbench.ledger import Ledger
from workbench.ledger.matching import Nobodys, nobodys
from workbench.ledger.states import ResponseKind
from workbench.ledger.surveys import AnswerRow, ResponseRow, keep_form, store_responses
from workbench.ledger.tables import Audit, Response
from workbench.surveys.matching import ENTRY_FORM, Matched, match_responses, personal_links

NOW = datetime(2020, 12, 15, 9, tzinfo=UTC)
AT = datetime(2020, 11, 20, 10, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")
OTHER_FORM = "hiver21"

FIELDS = [
    {"ref": "q1", "type": "short_text", "title": "Votre prénom"},
    {"ref": "q2", "type": "short_text", "title": "Votre nom"},
    {"ref": "q3", "type": "email", "title": "Votre adresse"},
    {"ref": "q4", "type": "email", "title": "L’adresse d’un collègue"},
    {"ref": "q5", "type": "short_text", "title": "Le nom de votre école"},
]


def asking(ledger: Ledger) -> None:
    """Both forms, with the same questions."""
    for form in (ENTRY_FORM, OTHER_FORM):
        definition = {"id": form, "title": f"Formulaire {form}", "fields": FIELDS}
        keep_form(ledger, form, definition["title"], definition, who="sync", now=NOW)


def answered(
    ledger: Ledger,
    token: str,
    *said: str,
    form: str = OTHER_FORM,
    kind: str = "completed",
    at: datetime | None = AT,
    source: str = "api",
    **hidden: str,
) -> int:
    """Somebody answers: `said` are `q1=Léa`; hidden fields by their names. The number of the response."""
    answers = []
    for one in said:
        ref, _, text = one.partition("=")
        kind_of = "email" if ref in ("q3", "q4") else "text"
        answers.append(AnswerRow(ref, ref, kind_of, text))
    submitted = at if kind == "completed" else None
    raw = {"said": said, "kind": kind, "hidden": hidden}
    row = ResponseRow(form, token, ResponseKind(kind), at, submitted, hidden, answers, raw)
    store_responses(ledger, [row], source, who="sync", now=NOW)
    with ledger.reading() as session:
        return session.scalars(select(Response.id).where(Response.form_id == form, Response.token == token)).one()


def matched(ledger: Ledger) -> Matched:
    """One run of the rules."""
    return match_responses(ledger, zone=PARIS, who="sync", now=NOW)


def owner(ledger: Ledger, response: int) -> int | None:
    """Whose a response is."""
    with ledger.reading() as session:
        return session.get_one(Response, response).person_id


def token_of(ledger: Ledger, person: int, form: str = OTHER_FORM) -> str:
    """The token in a personal link."""
    return personal_links(ledger, form, [person])[person].partition("#a=")[2]


def waiting(ledger: Ledger) -> list[int]:
    """The numbers of the responses that are nobody's."""
    found: list[Nobodys] = nobodys(ledger)
    return [one.id for one in found]


def audited(ledger: Ledger, what: str) -> list[dict[str, Any]]:
    """The details of the lines of the audit about something, each with the number it is about."""
    with ledger.reading() as session:
        lines = session.scalars(select(Audit).where(Audit.what == what).order_by(Audit.id))
        return [{"id": int(line.entity_id), **line.details} for line in lines]
