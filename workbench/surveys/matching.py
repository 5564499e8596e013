"""Whose answers these are: signed links and addresses tell it by rule; for the rest there are suggestions.

A personal link carries a signed token that names a person and a form. What neither the token nor an address tells, or
what they tell differently, is left for somebody to match by hand (`workbench.ledger.matching`).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from itsdangerous import BadData, URLSafeSerializer

from workbench.ledger import Ledger
from workbench.ledger.matching import (
    Acceptance,
    Candidate,
    Match,
    Nobodys,
    accept_charters,
    add_candidates,
    email_questions,
    keep_matches,
    nobodys,
    standing,
    without_charter,
)
from workbench.ledger.people import LONGEST, AddressInvalid, address, addresses, people
from workbench.ledger.states import ResponseKind
from workbench.ledger.surveys import forms
from workbench.ledger.typed import one_line
from workbench.surveys.answers import questions
from workbench.surveys.charter import charter_on
from workbench.surveys.suggestions import Known, Suggestion, folded

T = TypeVar("T")

HIDDEN = "a"
"""The hidden field that holds the token: each form that is sent with personal links declares it."""

ENTRY_FORM = "n5h3f6CS"
"""Who completes this form is a candidate and accepts the charter."""

PORTION = 500
"""Responses that one transaction matches."""

_PURPOSE = "personal link"


class Matched(NamedTuple):
    """Responses that a rule matched, by what; candidates made of responses; and how many are left to match by hand."""

    by_link: int
    by_address: int
    candidates: int
    left: int


@dataclass(frozen=True)
class ToMatch:
    """A response that is nobody's: name and address as they were written there (empty where they were not).

    `at`: when it was submitted, else begun, else received.
    """

    response: int
    form_id: str
    form_title: str
    at: datetime
    kind: ResponseKind
    name: str
    address: str
    suggestions: tuple[Suggestion, ...]


# ----------------------------------------------------------------------------------------------------------- links


def personal_links(ledger: Ledger, form_id: str, persons: Iterable[int]) -> dict[int, str]:
    """The addresses at which people answer a form, and are known by it."""
    signer, to = ledger.signer(_PURPOSE), f"https://form.typeform.com/to/{form_id}#{HIDDEN}="
    return {person: f"{to}{signer.dumps([form_id, person])}" for person in persons}


def person_in(ledger: Ledger, form_id: str, hidden: Mapping[str, Any]) -> int | None:
    """Whom the hidden fields of a response to a form name; one who was merged leads to the one who stayed.

    None for a token that is absent, not ours, of another form, or of somebody who is not there.
    """
    return _linked(ledger.signer(_PURPOSE), form_id, hidden, standing(ledger))


def _linked(
    signer: URLSafeSerializer, form_id: str, hidden: Mapping[str, Any], stands: Mapping[int, int]
) -> int | None:
    token = hidden.get(HIDDEN)
    try:
        said = signer.loads(token) if isinstance(token, str) else None
    except BadData:
        return None
    match said:
        case [str(form), int(person)] if form == form_id:
            return stands.get(person)
        case _:
            return None


# --------------------------------------------------------------------------------------------------------- by rule


class _Told(NamedTuple):
    """What a response tells of who answered: by its token, and by valid addresses in order, each once."""

    answer: Nobodys
    linked: int | None
    addresses: tuple[str, ...]

    def owners(self, known: Mapping[str, int]) -> dict[int, str]:
        """The people who have these addresses, each with one."""
        return {known[one]: one for one in reversed(self.addresses) if one in known}


def match_responses(ledger: Ledger, *, zone: ZoneInfo, who: str, now: datetime) -> Matched:
    """Match every response that is nobody's, and make candidates; what was done, and what is left to match by hand.

    The token of a personal link counts, unless an address in the answers is somebody else's; else the one known
    address. A completed response to the entry form with one address that is nobody's makes a candidate. Where somebody
    took a response from a person by hand, no rule has a say any more. Days are those of the `zone`.
    """
    waiting = _read(ledger)
    ruled = [told for told in waiting if not told.answer.not_of]
    added = _make_candidates(ledger, ruled, zone, who, now)
    known, found = addresses(ledger), []
    for told in ruled:
        if told.answer.id not in added and (match := _match(told, known, zone)):
            found.append(match)
    kept = [one for part in _portions(found) for one in keep_matches(ledger, part, who=who, now=now)]
    _accept_late(ledger, zone, who, now)
    by_link = sum(one.how == "link" for one in kept)
    return Matched(by_link, len(kept) - by_link, len(added), len(waiting) - len(added) - len(kept))


def _read(ledger: Ledger) -> list[_Told]:
    signer, stands, mapped = ledger.signer(_PURPOSE), standing(ledger), email_questions(ledger)
    return [
        _Told(one, _linked(signer, one.form_id, one.hidden, stands), tuple(_valid(_addresses_said(one, mapped))))
        for one in nobodys(ledger)
    ]


def _addresses_said(answer: Nobodys, mapped: Mapping[str, set[str]]) -> list[str]:
    """The answers that are an address: where a question is mapped as asking for it, what others ask is not theirs."""
    asked = mapped.get(answer.form_id)
    return [said.text for said in answer.said if (said.question in asked if asked else said.type == "email")]


def _valid(texts: list[str]) -> list[str]:
    """Addresses as they are kept, in order, each once."""
    found: dict[str, None] = {}
    for text in texts:
        try:
            found[address(text)] = None
        except AddressInvalid:
            continue
    return list(found)


def _make_candidates(ledger: Ledger, waiting: list[_Told], zone: ZoneInfo, who: str, now: datetime) -> dict[int, int]:
    known, titles = addresses(ledger), _titles(ledger)
    new: dict[str, Nobodys] = {}
    for told in waiting:
        if _enters(told.answer) and told.linked is None and len(told.addresses) == 1 and told.addresses[0] not in known:
            new.setdefault(told.addresses[0], told.answer)
    made = {answer.id: _candidate(answer, _name_said(answer, titles), email, zone) for email, answer in new.items()}
    added: dict[int, int] = {}
    for part in _portions(list(made.items())):
        added |= add_candidates(ledger, dict(part), who=who, now=now)
    return added


def _match(told: _Told, known: Mapping[str, int], zone: ZoneInfo) -> Match | None:
    owners = told.owners(known)
    person = next(iter(owners), None) if told.linked is None else told.linked
    if person is None or owners.keys() - {person}:
        return None
    how = "address" if told.linked is None else "link"
    return Match(told.answer.id, person, how, accepted_by(told.answer, zone))


def _enters(answer: Nobodys | ToMatch) -> bool:
    return answer.form_id == ENTRY_FORM and answer.kind is ResponseKind.COMPLETED


def accepted_by(answer: Nobodys | ToMatch, zone: ZoneInfo) -> Acceptance | None:
    """What charter a response accepts: a completed one to the entry form the version of its day, if there is one."""
    day = answer.at.astimezone(zone).date()
    charter = charter_on(day) if _enters(answer) else None
    return Acceptance(charter.version, day) if charter else None


def candidate_of(waiting: ToMatch, zone: ZoneInfo) -> Candidate:
    """The candidate that somebody would make out of a response, to be corrected before. The name may be empty."""
    return _candidate(waiting, waiting.name, next(iter(_valid([waiting.address])), None), zone)


def _candidate(answer: Nobodys | ToMatch, name: str, email: str | None, zone: ZoneInfo) -> Candidate:
    called = name[:LONGEST].strip() or (email or "").partition("@")[0]
    return Candidate(called, email, answer.at.astimezone(zone).date(), accepted_by(answer, zone))


def _accept_late(ledger: Ledger, zone: ZoneInfo, who: str, now: datetime) -> None:
    """A response may be completed after it was matched, and accepts the charter only then."""
    late = []
    for response, person, at in without_charter(ledger, ENTRY_FORM):
        day = at.astimezone(zone).date()
        if charter := charter_on(day):
            late.append(Match(response, person, "late", Acceptance(charter.version, day)))
    for part in _portions(late):
        accept_charters(ledger, part, who=who, now=now)


def _portions(items: list[T]) -> Iterator[list[T]]:
    return (items[start : start + PORTION] for start in range(0, len(items), PORTION))


# ----------------------------------------------------------------------------------------------------------- names

_FIRST, _LAST = {"prenom", "prenoms", "firstname"}, {"nom", "noms", "name", "surname", "lastname"}
_OF_OTHERS = set(
    "ecole school classe classes class eleve eleves enfant enfants child student etablissement commune ville city "
    "groupe group utilisateur user username pseudo directeur directrice academie app application collegue".split()
)
"""What else has a name."""

_LONGEST_QUESTION = 8
"""Words of a question that asks for a name and for nothing else."""


def _titles(ledger: Ledger) -> dict[str, dict[str, str]]:
    """What the questions of each form ask, by reference, or id where there is none."""
    return {
        form.form_id: {one.ref or one.id or "": one.title for one in questions(form.definition)}
        for form in forms(ledger)
    }


def _name_said(answer: Nobodys, titles: Mapping[str, Mapping[str, str]]) -> str:
    """The name somebody gave, on one line: in one answer, or first and last name in two; else empty."""
    asked = titles.get(answer.form_id, {})
    parts: dict[str, str] = {}
    for said in answer.said:
        if said.type == "text" and (part := _part_asked(said.question, asked.get(said.question, ""))):
            parts.setdefault(part, one_line(said.text))
    return parts.get("whole") or " ".join(parts[name] for name in ("first", "last") if parts.get(name))


def _part_asked(ref: str, title: str) -> str | None:
    """Which part of their name a question asks somebody for."""
    found = {*folded(ref), *folded(title)}
    if found & _OF_OTHERS or len(folded(title)) > _LONGEST_QUESTION:
        return None
    first = bool(found & _FIRST) or {"first", "name"} <= found
    last = bool(found & (_LAST - {"name"} if first else _LAST))
    return ("whole" if last else "first") if first else ("last" if last else None)


# ----------------------------------------------------------------------------------------------------- suggestions


def to_match(ledger: Ledger) -> list[ToMatch]:
    """The responses that are nobody's, the latest first, each with the people whose it may be, the likeliest first."""
    titles, mapped = _titles(ledger), email_questions(ledger)
    named = {form.form_id: form.title for form in forms(ledger)}
    known = Known({one.id: one.name for one in people(ledger)}, addresses(ledger))
    return [
        ToMatch(
            response=told.answer.id,
            form_id=told.answer.form_id,
            form_title=named.get(told.answer.form_id, told.answer.form_id),
            at=told.answer.at,
            kind=told.answer.kind,
            name=(name := _name_said(told.answer, titles)),
            address=(typed := one_line(next(iter(_addresses_said(told.answer, mapped)), ""))),
            suggestions=tuple(known.suggested(told.linked, told.addresses, name, typed, told.answer.not_of)),
        )
        for told in reversed(_read(ledger))
    ]
