"""The sample's ambassador programme, put into a ledger by the same verbs that the team's work goes through.

About the kit's hundred ambassadors around 15 December 2020: the values survey of January, two quarterly questionnaires,
the entry form, typing errors in addresses, double answers, answers of nobody, people who fell silent, paused or left.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import numpy as np

from workbench.ledger import Ledger
from workbench.ledger.benefits import Stock, set_stock
from workbench.ledger.bugs import bugs, set_bug_state
from workbench.ledger.people import PersonState, people, set_people
from workbench.ledger.programme import CampaignKept, add_evidence, add_interaction, set_campaign
from workbench.ledger.questions import set_meaning
from workbench.ledger.states import (
    BugState,
    CampaignKind,
    CommitmentName,
    EvidenceKind,
    InteractionKind,
    Meaning,
    PersonStatus,
)
from workbench.ledger.surveys import forms, keep_form, store_responses
from workbench.sample.ambassadors import LISTED, Drawn, draw_people, said
from workbench.sample.chance import generator
from workbench.sample.courriers import fill_courriers
from workbench.sample.forms import (
    AUTUMN,
    ENTRY,
    FEATURES,
    JANUARY,
    LEVELS,
    QUARTERLY,
    SHARES,
    STEPS,
    WINTER,
    definitions,
)
from workbench.sample.plan import Plan
from workbench.surveys.answers import responses
from workbench.surveys.arrivals import take_up
from workbench.surveys.matching import personal_links
from workbench.surveys.questions import asked_questions

WHO = "sample"
TODAY = date(2020, 12, 15)
_LISTED_ON = date(2020, 9, 1)
_ENDED_ON = date(2020, 11, 16)
_ZONE = ZoneInfo("Europe/Paris")
_TYPOS, _TWICE, _STRANGERS = 6, 4, 3
"""Answers to a questionnaire with a typing error in the address; people who answer twice; answers of nobody."""

_MEANINGS = {
    "recommander": Meaning.SATISFACTION,
    "aide": Meaning.HELP_GIVEN,
    "partages": Meaning.SHARES,
    "groupe": Meaning.FACEBOOK_GROUP,
    "valeurs": Meaning.VALUES,
    "bug": Meaning.BUG_REPORT,
    "libre": Meaning.FREE_TEXT,
    "motivation": Meaning.FREE_TEXT,
    "courriel": Meaning.EMAIL,
}
"""What Diane has said already; what is not here shows as to map."""

Json = dict[str, Any]


@dataclass(frozen=True)
class ProgrammeReport:
    """How much was put into the ledger."""

    people: int
    responses: int


class _Filled(NamedTuple):
    """One filling-in of a form: when, by which address (None: not asked or not said), with which hidden fields."""

    form: str
    on: datetime
    email: str | None
    hidden: Json
    answers: list[Json]


def fill_programme(ledger: Ledger, plan: Plan) -> ProgrammeReport | None:
    """Put the programme of a plan into a ledger without people or forms; None, and nothing done, where it has some."""
    if people(ledger) or forms(ledger):
        return None
    drawn = draw_people(plan)
    _list(ledger, drawn[:LISTED])
    members = {person.email: person for person in people(ledger)}
    told = _Story(ledger, drawn, members, generator(plan.seed, "answers"))
    filled = told.entries() + told.january() + told.quarterly(AUTUMN) + told.quarterly(WINTER)
    _receive(ledger, filled)
    _map(ledger)
    take_up(ledger, zone=_ZONE, who=WHO, now=_morning(TODAY))
    told.work()
    _end(ledger, drawn)
    fill_courriers(ledger, WHO)
    return ProgrammeReport(len(people(ledger)), len(filled))


def _morning(day: date) -> datetime:
    return datetime.combine(day, time(8), UTC)


def _list(ledger: Ledger, drawn: Sequence[Drawn]) -> None:
    set_people(ledger, [each.person for each in drawn], who=WHO, now=_morning(_LISTED_ON))


def _end(ledger: Ledger, drawn: Iterable[Drawn]) -> None:
    """Those who paused or left."""
    ends = {each.person.email: each.ends for each in drawn}
    gone = (PersonStatus.PAUSED, PersonStatus.LEFT)
    changed = [replace(one, status=ends[one.email]) for one in people(ledger) if ends.get(one.email) in gone]
    set_people(ledger, sorted(changed, key=lambda one: one.id), who=WHO, now=_morning(_ENDED_ON))


def _receive(ledger: Ledger, filled: Iterable[_Filled]) -> None:
    """Forms as they were fetched, and responses as an API page would bring them."""
    for definition in definitions():
        keep_form(ledger, definition["id"], definition["title"], definition, who=WHO, now=_morning(_LISTED_ON))
    by_form: dict[str, list[Json]] = {}
    for number, each in enumerate(filled):
        by_form.setdefault(each.form, []).append(_item(each, number))
    for form, items in by_form.items():
        store_responses(ledger, responses({"items": items}, form), "api", who=WHO, now=_morning(TODAY))


def _item(filled: _Filled, number: int) -> Json:
    token = sha256(f"sample {number}".encode()).hexdigest()[:32]
    return {
        "token": token,
        "response_id": token,
        "response_type": "completed",
        "landed_at": f"{filled.on - timedelta(minutes=6):%Y-%m-%dT%H:%M:%SZ}",
        "submitted_at": f"{filled.on:%Y-%m-%dT%H:%M:%SZ}",
        "hidden": filled.hidden,
        "answers": filled.answers,
    }


def _map(ledger: Ledger) -> None:
    for question in asked_questions(ledger):
        if question.ref in _MEANINGS:
            set_meaning(ledger, question, _MEANINGS[question.ref], who=WHO, now=_morning(_LISTED_ON))


def _answer(ref: str, kind: str, type_: str, value: object) -> Json:
    return {"field": {"id": f"id-{ref}", "ref": ref, "type": kind}, "type": type_, type_: value}


class _Story:
    """What the people of a plan answer, and what the team does for them."""

    def __init__(
        self, ledger: Ledger, drawn: Sequence[Drawn], members: dict[str | None, PersonState], rng: np.random.Generator
    ) -> None:
        self._ledger, self._drawn, self._members, self._rng = ledger, drawn, members, rng

    # ------------------------------------------------------------------------------------------ questionnaires

    def entries(self) -> list[_Filled]:
        """Most of the list at the school start, and every candidate since."""
        filled = []
        for number, each in enumerate(self._drawn):
            is_candidate = number >= LISTED
            if is_candidate or self._rng.random() < 0.93:
                day = each.person.since if is_candidate and each.person.since else self._day(date(2020, 9, 1), 25)
                filled.append(_Filled(ENTRY, self._moment(day), each.person.email, {}, self._entry(each.person)))
        return filled

    def january(self) -> list[_Filled]:
        """The values survey, by address: some with a typing error, one or two by nobody we know."""
        asked = [each for each in self._drawn[:LISTED] if each.person.since and each.person.since < date(2020, 1, 14)]
        asked = asked or list(self._drawn[:LISTED])
        self._send(JANUARY, asked)
        filled = [self._survey(each.person.email) for each in asked if self._rng.random() < max(each.faith, 0.4)]
        return [*filled, self._survey("marie.curieuse@ecole-inconnue.example")]

    def quarterly(self, form: str) -> list[_Filled]:
        """A quarterly questionnaire, by personal link; a few came by a forwarded link and wrote their address."""
        quarter, out_on = QUARTERLY[form]
        asked = [each for each in self._drawn[:LISTED] if each.person.since is None or each.person.since < out_on]
        self._send(form, asked)
        days = min(30, (TODAY - out_on).days)
        hurry = 1.0 if days > 20 else 0.62
        answering = [each for each in asked if self._rng.random() < each.faith * hurry]
        filled = [self._answered(form, each.person, n, days) for n, each in enumerate(answering)]
        filled += [self._answered(form, each.person, _TYPOS, days) for each in answering[-_TWICE:]]
        strangers = (f"prof{n}.{quarter[-2:].lower()}@ecole-du-lac.example" for n in range(_STRANGERS))
        return filled + [self._by_address(form, address, days) for address in strangers]

    def _send(self, form: str, asked: Iterable[Drawn]) -> None:
        quarter, out_on = QUARTERLY[form]
        numbers = frozenset(self._members[each.person.email].id for each in asked)
        campaign = CampaignKept(CampaignKind.QUESTIONNAIRE, form, quarter, out_on, numbers)
        set_campaign(self._ledger, campaign, who=WHO, now=_morning(out_on))

    def _answered(self, form: str, person: PersonState, place: int, days: int) -> _Filled:
        if place < _TYPOS:
            return self._by_address(form, _misspelt(person.email or ""), days)
        number = self._members[person.email].id
        link = personal_links(self._ledger, form, [number])[number]
        on = self._moment(self._day(QUARTERLY[form][1], days))
        return _Filled(form, on, None, dict(parse_qsl(urlsplit(link).fragment)), self._quarter_answers(form, None))

    def _by_address(self, form: str, address: str, days: int) -> _Filled:
        on = self._moment(self._day(QUARTERLY[form][1], days))
        return _Filled(form, on, address, {}, self._quarter_answers(form, address))

    def _survey(self, address: str | None) -> _Filled:
        answers = [
            _answer("courriel", "email", "email", address),
            _answer("valeurs", "long_text", "text", self._words()),
            _answer("recommander", "opinion_scale", "number", self._score()),
        ]
        return _Filled(JANUARY, self._moment(self._day(QUARTERLY[JANUARY][1], 20)), address, {}, answers)

    def _quarter_answers(self, form: str, address: str | None) -> list[Json]:
        rng = self._rng
        answers = [
            _answer("recommander", "opinion_scale", "number", self._score()),
            _answer("aide", "yes_no", "boolean", bool(rng.random() < 0.6)),
            _answer("partages", "multiple_choice", "choice", {"label": SHARES[int(rng.integers(3))]}),
            _answer("groupe", "yes_no", "boolean", bool(rng.random() < 0.7)),
            _answer("fonctions", "picture_choice", "choices", {"labels": self._some(FEATURES)}),
            _answer("valeurs", "short_text", "text", self._words()),
        ]
        optional: list[tuple[float, str, Callable[[], str]]] = [
            (0.12, "bug", lambda: self._one("bugs")),
            (0.55, "libre", lambda: self._one("wishes")),
        ]
        if form == WINTER:
            optional.append((0.3, "projets", lambda: self._one("wishes")))
        answers += [
            _answer(ref, "long_text", "text", write()) for often, ref, write in optional if rng.random() < often
        ]
        return answers + ([_answer("courriel", "email", "email", address)] if address else [])

    def _entry(self, person: PersonState) -> list[Json]:
        first, _, last = person.name.partition(" ")
        rng = self._rng
        matrix = [
            _answer(f"aise-{n}", "multiple_choice", "choice", {"label": "Oui" if rng.random() < 0.8 else "Non"})
            for n in range(len(STEPS))
        ]
        began = date(2017, 9, 4) + timedelta(days=int(rng.integers(0, 1000)))
        site = f"https://{(person.email or '').partition('@')[2]}"
        return [
            _answer("prenom", "short_text", "text", first),
            _answer("nom", "short_text", "text", last),
            _answer("courriel", "email", "email", person.email),
            _answer("telephone", "phone_number", "phone_number", f"+3363998{int(rng.integers(10_000)):04d}"),
            _answer("ecole", "short_text", "text", person.school),
            _answer("site", "website", "url", site),
            _answer("niveau", "dropdown", "choice", {"label": LEVELS[int(rng.integers(len(LEVELS)))]}),
            _answer("depuis", "date", "date", began.isoformat()),
            _answer("eleves", "number", "number", int(rng.integers(14, 31))),
            _answer("reseaux", "multiple_choice", "choices", {"labels": ["Facebook"], "other": "Le blog de l’école"}),
            _answer("fonctions", "picture_choice", "choices", {"labels": self._some(FEATURES)}),
            _answer("priorites", "ranking", "choices", {"labels": rng.permutation(FEATURES[:3]).tolist()}),
            *matrix,
            _answer("recommander", "opinion_scale", "number", self._score()),
            _answer("note", "rating", "number", int(rng.integers(3, 6))),
            _answer("motivation", "long_text", "text", self._words()),
            _answer("photo", "file_upload", "file_url", f"{site}/classe.jpg"),
            _answer("frais", "payment", "payment", {"amount": "0,00 €", "success": True}),
            _answer("charte", "legal", "boolean", True),
        ]

    # ------------------------------------------------------------------------------------------ the team's work

    def work(self) -> None:
        """Calls and mails, notes of what was seen, bugs on their way, goodies in stock."""
        active = sorted(person.id for person in people(self._ledger) if person.status is PersonStatus.ACTIVE)
        for person in self._rng.permutation(active)[:60].tolist():
            self._contact(person)
        for person in self._rng.permutation(active)[:18].tolist():
            commitment = list(CommitmentName)[int(self._rng.integers(3, 7))]
            day = self._day(date(2020, 9, 14), 60)
            self._noted(person, commitment, day)
        for place, bug in enumerate(bugs(self._ledger)):
            for step, state in enumerate((BugState.SENT, BugState.FIXED)):
                if place % 3 > step:
                    set_bug_state(self._ledger, bug.id, state, bug.version + step, who=WHO, now=_morning(TODAY))
        for item, left in (("Carnet Klassroom", 42), ("Badge ambassadeur", 120), ("Affiche de la classe", 0)):
            set_stock(self._ledger, Stock(item, left), who=WHO, now=_morning(_LISTED_ON))

    def _contact(self, person: int) -> None:
        day = self._day(date(2020, 9, 7), 98)
        kind = list(InteractionKind)[int(self._rng.integers(3))]
        add_interaction(
            self._ledger, person, kind, self._moment(day), self._one("notes"), who=WHO, now=self._moment(day)
        )

    def _noted(self, person: int, commitment: CommitmentName, day: date) -> None:
        add_evidence(
            self._ledger, person, "2020-2021-Q1", commitment, EvidenceKind.NOTE, day, who=WHO, now=_morning(day)
        )

    # ------------------------------------------------------------------------------------------------- chance

    def _day(self, first: date, days: int) -> date:
        """A day after another: the earlier, the likelier."""
        return first + timedelta(days=int(min(self._rng.exponential(days / 3), days - 1)))

    def _moment(self, day: date) -> datetime:
        return datetime.combine(day, time(16), UTC) + timedelta(minutes=int(self._rng.integers(0, 300)))

    def _score(self) -> int:
        return int(self._rng.choice([10, 9, 8, 7, 6, 5, 3], p=[0.34, 0.26, 0.16, 0.11, 0.06, 0.04, 0.03]))

    def _some(self, offered: Sequence[str]) -> list[str]:
        chosen = [one for one in offered if self._rng.random() < 0.45]
        return chosen or [offered[0]]

    def _one(self, what: str) -> str:
        written = said()[what]
        return str(written[int(self._rng.integers(len(written)))])

    def _words(self) -> str:
        return self._one("in_a_few_words")


def _misspelt(address: str) -> str:
    """An address as somebody in a hurry writes it: two letters in the wrong order."""
    return address[:2] + address[3] + address[2] + address[4:]
