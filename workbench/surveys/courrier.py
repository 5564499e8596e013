"""The courrier from draft to approval: whom it is for, what stands against it, a look at it, a test, the approval."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from workbench.calendar import school_quarter, school_year
from workbench.errors import WorkbenchError
from workbench.ledger import Ledger
from workbench.ledger.courriers import (
    Chosen,
    CourrierKept,
    approve,
)
from workbench.ledger.people import address
from workbench.ledger.recipients import Audience, Recipient, When, quiet_since, recipients
from workbench.ledger.states import AudienceName
from workbench.settings import Settings
from workbench.surveys.mail import (
    NEUTRAL,
    Compiled,
    Finding,
    Letter,
    Mail,
    compile_letter,
    filled,
    findings,
    read_letter,
    substitutions,
)
from workbench.surveys.outbox import Outbox
from workbench.surveys.parcels import Answer, Carrier, Message, Outcome, Parcel
from workbench.surveys.programme import Queued, queue
from workbench.surveys.readers import Addresses, readers
from workbench.surveys.sendgrid import SendGrid
from workbench.surveys.sending import Terms
from workbench.text import Words

HERE = "http://127.0.0.1:8501"
"""Where links of a letter lead while nobody said under which address the workbench is reached."""


class AudienceUnknown(WorkbenchError):
    """A letter is for an audience that there is not."""


class NotReady(WorkbenchError):
    """A letter with faults is not approved."""


class NotConfirmed(WorkbenchError):
    """Who wrote a letter approves it only with a second look, said so."""


class LinksLeadNowhere(WorkbenchError):
    """Mail to people is delivered only with links that lead somewhere: whoever gets it must be able to leave."""


class TestRefused(WorkbenchError):
    """A test message did not go out."""


# ----------------------------------------------------------------------------------------------------------- settings


def terms_of(settings: Settings, today: date) -> Terms:
    """What a sender goes by, as of a day."""
    quarter = f"{school_year(today)}-Q{school_quarter(today)}"
    addresses = Addresses((settings.letters_url or settings.public_url or HERE).rstrip("/"))
    return Terms(ZoneInfo(settings.timezone), quarter, settings.language, addresses, settings.cooldown_days)


def carrier_of(settings: Settings, is_sample: bool) -> Carrier:
    """How mail is delivered here. Raises KeyMissing, LinksLeadNowhere."""
    if settings.delivery == "outbox":
        return Outbox(settings.home / "outbox")
    if settings.delivery == "sendgrid" and not (settings.letters_url or settings.public_url):
        said = "readers could not follow the links of a letter, nor leave"
        raise LinksLeadNowhere(said, "set WORKBENCH_LETTERS_URL to an address that leads to /letters/ and /hooks/ here")
    is_sandbox = settings.delivery == "sandbox"
    return SendGrid(settings.sendgrid_api_key, settings.sendgrid_url, is_sandbox=is_sandbox, is_sample=is_sample)


def clock_of(today: date, now: Callable[[], datetime], zone: ZoneInfo) -> Callable[[], datetime]:
    """The clock, on the day that is today here: with the sample's that is another than the calendar's."""
    ahead = today - now().astimezone(zone).date()
    return lambda: now() + ahead


# ----------------------------------------------------------------------------------------------------------- audience


def audience_of(letter: Letter) -> Audience:
    """Whom a letter is for. Raises AudienceUnknown."""
    try:
        return Audience(AudienceName(letter.audience or AudienceName.ACTIVE), letter.academies)
    except ValueError as error:
        known = ", ".join(AudienceName)
        raise AudienceUnknown(f"there is no audience {letter.audience!r}", f"write one of: {known}") from error


def chosen_for(ledger: Ledger, letter: Letter, terms: Terms, today: date, now: datetime) -> list[Recipient]:
    """Everybody a letter is for, with what stands against sending it to them. Raises AudienceUnknown."""
    when = When(today, terms.quarter, terms.zone, quiet_since(now, terms.cooldown_days))
    return recipients(ledger, audience_of(letter), when)


def _riding(ledger: Ledger, terms: Terms, today: date, on: date) -> dict[int, Queued]:
    """The reminders that ride in a courrier of a day, by person."""
    due = queue(ledger, today, terms.cooldown_days, terms.zone, courrier_on=on)
    return {one.person: one for one in due if one.wait and one.wait.rides and one.wait.until == on}


# ------------------------------------------------------------------------------------------------------------- looking


def check(source: str, words: Words, sender: str) -> list[Finding]:
    """What is to be put right before a letter is approved, its audience included."""
    found = findings(source, words, sender)
    if not any(one.kind == "unreadable" for one in found):
        letter = read_letter(source)
        if letter.audience and letter.audience not in set(AudienceName):
            found.append(Finding(None, "audience_unknown", {"audience": letter.audience}))
    return found


def preview(ledger: Ledger, source: str, person: int | None, terms: Terms, sender: str, courrier_id: int = 0) -> Mail:
    """A letter as one person would get it, or (None) as it is shown to nobody in particular. Raises LetterInvalid."""
    content = compile_letter(read_letter(source), Words(terms.language), sender)
    if person is None:
        return filled(content, substitutions(content, NEUTRAL))
    return filled(content, _values(ledger, content, person, terms, courrier_id)[0])


def _values(
    ledger: Ledger, content: Compiled, person: int, terms: Terms, courrier_id: int
) -> tuple[dict[str, str], str | None]:
    read = readers(ledger, [person], content.forms, terms.quarter, terms.language, terms.addresses, courrier_id, {})
    reader = read.get(person, NEUTRAL)
    return substitutions(content, reader), reader.leave_url or None


def public_view(content: Mapping[str, Any]) -> str:
    """What was approved, for the browser: HTML without anything personal."""
    compiled = Compiled.of_json(content["letter"])
    return filled(compiled, substitutions(compiled, NEUTRAL)).html


def send_test(
    ledger: Ledger, carrier: Carrier, kept: CourrierKept, to: str, person: int, terms: Terms, sender: str,
    *, who: str, now: datetime,
) -> Answer:  # fmt: skip
    """Send a letter to oneself as one person would get it; no links of that person's are in it but for looking.

    Raises LetterInvalid, AddressInvalid, TestRefused, and what the carrier refuses.
    """
    goes_to = address(to)
    carrier.refuse([goes_to])
    content = compile_letter(read_letter(kept.source), Words(terms.language), sender)
    values, _ = _values(ledger, content, person, terms, kept.id)
    name = hashlib.sha256(f"{kept.name} {goes_to} {now.isoformat()}".encode()).hexdigest()[:32]
    parcel = Parcel(kept.name, content, sender, [Message(goes_to, f"test-{name}", values, None)])
    answer = carrier.carry(parcel)
    with ledger.writing(who, now) as work:
        work.audit("courrier_tested", "courrier", kept.id, {"outcome": answer.outcome}, {"to": goes_to})
    if answer.outcome is not Outcome.ACCEPTED:
        raise TestRefused(f"the test did not go out ({answer.said})", "put that right, then test again")
    return answer


# ----------------------------------------------------------------------------------------------------------- approving


@dataclass(frozen=True)
class Approved:
    """An approval: the hash of what goes out and to whom, how many get it, and how many are held back."""

    hash: str
    recipients: int
    held_back: int


def approve_courrier(
    ledger: Ledger,
    kept: CourrierKept,
    terms: Terms,
    sender: str,
    send_at: datetime | None,
    *,
    confirmed: bool,
    today: date,
    who: str,
    now: datetime,
) -> Approved:
    """Freeze what goes out and to whom; it goes when it is sent, not before `send_at`.

    Its author needs to have `confirmed`. Raises NotConfirmed, NotReady, AudienceUnknown, NobodyChosen, CourrierSettled,
    ChangedMeanwhile.
    """
    if who == kept.author and not confirmed:
        raise NotConfirmed(f"{who} wrote {kept.name}", "have somebody else approve it, or confirm (--confirm)")
    words = Words(terms.language)
    if wrong := check(kept.source, words, sender):
        first = words(f"mail.finding.{wrong[0].kind}", **wrong[0].values)
        raise NotReady(f"{len(wrong)} faults in {kept.name}, the first: {first}", "put them right, then approve")
    letter = read_letter(kept.source)
    found = chosen_for(ledger, letter, terms, today, now)
    on = send_at.astimezone(terms.zone).date() if send_at else today
    riding = _riding(ledger, terms, today, on)
    chosen = [_chosen(one, riding.get(one.person)) for one in found if one.hindrance is None]
    content = {"letter": compile_letter(letter, words, sender).as_json(), "sender": sender}
    frozen = approve(ledger, kept, content, chosen, send_at, who=who, now=now)
    return Approved(frozen, len(chosen), len(found) - len(chosen))


def _chosen(one: Recipient, reminder: Queued | None) -> Chosen:
    if reminder is None:
        return Chosen(one.address or "", one.person)
    return Chosen(one.address or "", one.person, reminder.rule.name, reminder.about)


# ---------------------------------------------------------------------------------------------------------------- new


def new_source(day: date, words: Words, form: str | None) -> str:
    """A letter to begin with, planned for a day, with the quarter's questionnaire if there is one."""
    asking = f"\n:::questionnaire form={form}\n{words('courrier.new.questionnaire')}\n:::\n" if form else ""
    return (
        f"---\nsubject: {words('courrier.new.subject', day=day)}\npreheader: {words('courrier.new.preheader')}\n"
        f"audience: {AudienceName.ACTIVE}\ndate: {day.isoformat()}\n---\n{words('courrier.new.greeting')}\n\n"
        f":::news\n{words('courrier.new.news')}\n:::\n{asking}\n:::bugs\n:::\n\n:::charter\n:::\n\n{words('courrier.new.end')}\n"
    )
