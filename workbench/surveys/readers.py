"""People as a letter sees them: their names, links, standings and fixed bugs, in the reader's language."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from workbench.ledger import Ledger
from workbench.ledger.letters import AboutPerson, about
from workbench.ledger.programme import campaigns
from workbench.surveys.mail import Reader, Standing
from workbench.surveys.matching import personal_links
from workbench.text import Words

LEAVE, VIEW = "leave", "view"
"""What the tokens in links are signed for."""


@dataclass(frozen=True)
class Addresses:
    """Where links of a letter lead: the workbench's own address, as its readers reach it."""

    base_url: str

    def leave(self, token: str) -> str:
        """Preferences, and the way out."""
        return f"{self.base_url}/letters/leave/{token}"

    def view(self, token: str) -> str:
        """The letter in a browser."""
        return f"{self.base_url}/letters/view/{token}"


def readers(
    ledger: Ledger,
    persons: Collection[int],
    forms: Collection[str],
    quarter: str,
    language: str,
    addresses: Addresses,
    courrier: int,
    riding: Mapping[int, str],
) -> dict[int, Reader]:
    """Each of these people as readers of a courrier that leads to `forms`.

    `riding`: what a reminder is about (`questionnaire:3`) that rides in it, by person.
    """
    if not persons:
        return {}
    words = Words(language)
    known = about(ledger, persons, quarter)
    reminders = _forms_of(ledger, riding)
    links = {form: personal_links(ledger, form, persons) for form in {*forms, *reminders.values()}}
    leave, view = ledger.signer(LEAVE), addresses.view(ledger.signer(VIEW).dumps(courrier))
    written = _quarter(quarter, words)
    return {
        number: Reader(
            fields=_fields(person, written),
            links={form: of_form[number] for form, of_form in links.items()},
            standings=_standings(person, words),
            bugs=person.fixed,
            reminder_form=reminders.get(number),
            leave_url=addresses.leave(leave.dumps(number)),
            view_url=view,
        )
        for number, person in known.items()
    }


def _forms_of(ledger: Ledger, riding: Mapping[int, str]) -> dict[int, str]:
    """The form that each reminder leads to."""
    if not riding:
        return {}
    forms = {f"questionnaire:{one.id}": one.form for one in campaigns(ledger)}
    return {person: forms[what] for person, what in riding.items() if what in forms}


def _fields(person: AboutPerson, quarter: str) -> dict[str, str]:
    return {
        "first_name": person.name.split(" ")[0],
        "name": person.name,
        "school": person.school,
        "commune": person.commune,
        "academie": person.academie,
        "status": str(person.status),
        "quarter": quarter,
    }


def _quarter(quarter: str, words: Words) -> str:
    year, _, number = quarter.partition("-Q")
    return words("quarter.name", number=number, year=year)


def _standings(person: AboutPerson, words: Words) -> tuple[Standing, ...]:
    return tuple(
        Standing(words(f"charter.commitment.{name}.label"), words(f"charter.status.{status}"))
        for name, status in person.commitments
    )
