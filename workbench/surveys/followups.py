"""Whom to write to, call or look after today, and why.

Pure functions of facts and a day; the rules are data (`reference/followups.toml`). What is done, waived or snoozed is
kept in the ledger, under the names these functions give to a rule and to what it is about.
"""

import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib import resources

from workbench.ledger.states import FollowUpState, PersonStatus, Purpose
from workbench.surveys.charter import quarter_days

Key = tuple[int, str, str]
"""Person, rule and what it is about."""

_DAY = timedelta(days=1)


# ----------------------------------------------------------------------------------------------------------- rules


class LooksAt(StrEnum):
    """What a rule watches."""

    QUESTIONNAIRE = "questionnaire"
    SILENCE = "silence"
    CHARTER = "charter"
    BENEFIT = "benefit"


class Action(StrEnum):
    """What is to be done: a reminder is a mail of the workbench's, a call and a task are Diane's."""

    REMINDER = "reminder"
    CALL = "call"
    TASK = "task"


@dataclass(frozen=True)
class Rule:
    """When there is something to do: `after` so many days, or quarters (silence); before the end (benefit)."""

    name: str
    looks_at: LooksAt
    after: int
    action: Action
    concerns: frozenset[PersonStatus]

    @property
    def label(self) -> str:
        """The key of its name."""
        return f"followup.rule.{self.name}"

    @property
    def suggestion(self) -> str:
        """The key of what Diane may write or say, with a place for the person's `name`."""
        return f"followup.suggestion.{self.name}"


@dataclass(frozen=True)
class Rules:
    """All rules, and how many days before a courrier a reminder is held for it."""

    near_courrier_days: int
    rules: tuple[Rule, ...]


@cache
def rules() -> Rules:
    """The rules as the reference file has them."""
    file = resources.files("workbench").joinpath("reference", "followups.toml")
    read = tomllib.loads(file.read_text(encoding="utf-8"))
    return Rules(read["near_courrier_days"], tuple(_rule(**rule) for rule in read["rules"]))


def _rule(name: str, looks_at: str, after: int, action: str, concerns: Sequence[str]) -> Rule:
    return Rule(name, LooksAt(looks_at), after, Action(action), frozenset(map(PersonStatus, concerns)))


# ----------------------------------------------------------------------------------------------------------- facts


@dataclass(frozen=True)
class Person:
    """Where somebody stands in the programme, and since when."""

    id: int
    status: PersonStatus
    since: date
    has_accepted_charter: bool


@dataclass(frozen=True)
class Questionnaire:
    """A questionnaire sent out for a quarter: whom it was sent to, and who gave a complete answer, by person."""

    id: int
    quarter: str
    out_on: date
    asked: frozenset[int]
    answered: frozenset[int]


@dataclass(frozen=True)
class BenefitGiven:
    """Something a person was given that ends on a day."""

    id: int
    person: int
    until: date


@dataclass(frozen=True)
class Consented:
    """A person agreed to a purpose, or took it back: the latest counts."""

    person: int
    purpose: Purpose
    granted: bool
    at: datetime


@dataclass(frozen=True)
class Messaged:
    """A mail went to a person on a day: a reminder or a courrier."""

    person: int
    on: date


@dataclass(frozen=True)
class Kept:
    """What became of a follow-up that was shown before."""

    person: int
    rule: str
    about: str
    state: FollowUpState
    snoozed_until: date | None


@dataclass(frozen=True)
class Facts:
    """All that the rules look at, in any order. `next_courrier`: the day of the next one not yet sent, if any."""

    people: Sequence[Person] = ()
    questionnaires: Sequence[Questionnaire] = ()
    benefits: Sequence[BenefitGiven] = ()
    consents: Sequence[Consented] = ()
    messages: Sequence[Messaged] = ()
    kept: Sequence[Kept] = ()
    next_courrier: date | None = None


# ----------------------------------------------------------------------------------------------------------- to do


@dataclass(frozen=True)
class Phrase:
    """A key of the catalogue and what fills its places."""

    key: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Wait:
    """Until when a reminder is held, and why. One that `rides` goes out in that day's courrier, not alone."""

    until: date
    rides: bool
    why: Phrase


@dataclass(frozen=True)
class ToDo:
    """Something to do about a person: by which rule, about what (`questionnaire:3`), why, and since when."""

    person: int
    rule: Rule
    about: str
    why: Phrase
    since: date
    wait: Wait | None = None

    @property
    def key(self) -> Key:
        """What tells it from all others, in the ledger too."""
        return self.person, self.rule.name, self.about


def to_do(facts: Facts, day: date, cooldown_days: int) -> list[ToDo]:
    """What there is to do on a day, the longest due first.

    `cooldown_days`: so many days after any mail to a person no reminder goes to them; courriers do not wait.
    """
    refused, settled = _refused(facts.consents), _settled(facts.kept, day)
    due = [each for each in _due(facts, day) if each.key not in settled and not _is_unwanted(each, refused)]
    free_on = {person: last + cooldown_days * _DAY for person, last in _last_mail(facts.messages).items()}
    for place, each in enumerate(due):
        if each.rule.action is Action.REMINDER:
            courrier = None if (each.person, Purpose.COURRIER) in refused else facts.next_courrier
            due[place] = replace(each, wait=_wait(courrier, free_on.get(each.person, day), day))
    return sorted(due, key=lambda each: (each.since, each.key))


def silent_quarter(questionnaires: Iterable[Questionnaire], person: int, quarters: int, day: date) -> str | None:
    """The last of so many quarters without an answer, which put a person at risk; None for who is not.

    Only quarters in which they were asked count, and one that still runs counts once it is answered.
    """
    is_answered: dict[str, bool] = {}
    for each in questionnaires:
        if person in each.asked and each.out_on <= day:
            is_answered[each.quarter] = is_answered.get(each.quarter, False) or person in each.answered
    told = sorted(quarter for quarter, yes in is_answered.items() if yes or quarter_days(quarter)[1] < day)[-quarters:]
    return told[-1] if len(told) == quarters and not any(is_answered[quarter] for quarter in told) else None


# -------------------------------------------------------------------------------------------------- what has come


def _due(facts: Facts, day: date) -> Iterator[ToDo]:
    """What the rules find, whatever became of it before."""
    for person in facts.people:
        yield from _unanswered(person, facts.questionnaires, day)
        yield from _silent(person, facts.questionnaires, day)
        yield from _without_charter(person, day)
    people = {person.id: person for person in facts.people}
    for benefit in facts.benefits:
        if benefit.person in people:
            yield from _ending(people[benefit.person], benefit, day)


def _rules_for(person: Person, looks_at: LooksAt) -> Iterator[Rule]:
    return (rule for rule in rules().rules if rule.looks_at is looks_at and person.status in rule.concerns)


def _unanswered(person: Person, questionnaires: Iterable[Questionnaire], day: date) -> Iterator[ToDo]:
    """About the latest questionnaire only, and the latest rule: nobody is pursued for two things at once."""
    asked = (each for each in questionnaires if person.id in each.asked and each.out_on <= day)
    latest = max(asked, key=lambda each: (each.out_on, each.id), default=None)
    if latest is None or person.id in latest.answered:
        return
    gone = (day - latest.out_on).days
    come = [rule for rule in _rules_for(person, LooksAt.QUESTIONNAIRE) if rule.after <= gone]
    for rule in sorted(come, key=lambda rule: rule.after)[-1:]:
        since = latest.out_on + rule.after * _DAY
        why = _why(rule, **_quarter(latest.quarter), out_on=latest.out_on, days=rule.after)
        yield ToDo(person.id, rule, f"questionnaire:{latest.id}", why, since)


def _silent(person: Person, questionnaires: Iterable[Questionnaire], day: date) -> Iterator[ToDo]:
    for rule in _rules_for(person, LooksAt.SILENCE):
        if quarter := silent_quarter(questionnaires, person.id, rule.after, day):
            since = quarter_days(quarter)[1] + _DAY
            why = _why(rule, **_quarter(quarter), n=rule.after)
            yield ToDo(person.id, rule, f"quarter:{quarter}", why, since)


def _without_charter(person: Person, day: date) -> Iterator[ToDo]:
    for rule in _rules_for(person, LooksAt.CHARTER):
        since = person.since + rule.after * _DAY
        if since <= day and not person.has_accepted_charter:
            yield ToDo(person.id, rule, "charter", _why(rule, candidate_on=person.since), since)


def _ending(person: Person, benefit: BenefitGiven, day: date) -> Iterator[ToDo]:
    for rule in _rules_for(person, LooksAt.BENEFIT):
        since = benefit.until - rule.after * _DAY
        if since <= day <= benefit.until:
            yield ToDo(person.id, rule, f"benefit:{benefit.id}", _why(rule, until=benefit.until), since)


def _why(rule: Rule, **values: object) -> Phrase:
    return Phrase(f"followup.reason.{rule.name}", values)


def _quarter(quarter: str) -> dict[str, str]:
    year, _, number = quarter.partition("-Q")
    return {"year": year, "number": number}


# --------------------------------------------------------------------------------------------- what holds it back


def _refused(consents: Iterable[Consented]) -> set[tuple[int, Purpose]]:
    """Who wants none of what. All decisions count, of whatever day; of two of one moment, the refusal."""
    latest: dict[tuple[int, Purpose], tuple[datetime, bool]] = {}
    for consent in consents:
        which, said = (consent.person, consent.purpose), (consent.at, not consent.granted)
        latest[which] = max(said, latest.get(which, said))
    return {which for which, (_, is_refused) in latest.items() if is_refused}


def _is_unwanted(each: ToDo, refused: Collection[tuple[int, Purpose]]) -> bool:
    """Who wants no reminders gets none; who wants no questionnaires is not pursued for one in any way."""
    needed = {Purpose.REMINDERS} if each.rule.action is Action.REMINDER else set()
    if each.rule.looks_at is LooksAt.QUESTIONNAIRE:
        needed.add(Purpose.QUESTIONNAIRES)
    return any((each.person, purpose) in refused for purpose in needed)


def _last_mail(messages: Iterable[Messaged]) -> dict[int, date]:
    last: dict[int, date] = {}
    for message in messages:
        last[message.person] = max(message.on, last.get(message.person, message.on))
    return last


def _settled(kept: Iterable[Kept], day: date) -> set[Key]:
    """What is not to be shown on a day: done and waived for good, snoozed until its day."""
    return {(each.person, each.rule, each.about) for each in kept if _is_settled(each, day)}


def _is_settled(kept: Kept, day: date) -> bool:
    if kept.state is FollowUpState.SNOOZED:
        return kept.snoozed_until is not None and day < kept.snoozed_until
    return kept.state in (FollowUpState.DONE, FollowUpState.DISMISSED)


def _wait(courrier: date | None, free_on: date, day: date) -> Wait | None:
    """Rather in a courrier that is near, or comes before the cool-down is over, than alone."""
    if courrier and day <= courrier <= max(day, free_on) + rules().near_courrier_days * _DAY:
        return Wait(courrier, True, Phrase("followup.wait.courrier", {"until": courrier}))
    return Wait(free_on, False, Phrase("followup.wait.cooldown", {"until": free_on})) if free_on > day else None
