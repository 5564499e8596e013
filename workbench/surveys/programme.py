"""The programme as the ledger has it: the charter's review, the follow-up queue, who is at risk.

What counts for what is decided by the pure functions of `charter` and `followups`; here facts are gathered for them.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from workbench.ledger import Ledger
from workbench.ledger.courriers import CourrierKept, courriers
from workbench.ledger.facts import Declared, Happened, Joined, ProgrammeFacts, programme_facts, user_ids
from workbench.ledger.programme import CampaignKept
from workbench.ledger.standings import Found, Shown, keep_standings
from workbench.ledger.states import (
    CampaignKind,
    CommitmentName,
    CommitmentStatus,
    CourrierState,
    DeliveryState,
    EvidenceKind,
    FollowUpState,
    InteractionKind,
    MailKind,
    Meaning,
    PersonStatus,
)
from workbench.surveys import charter, followups
from workbench.surveys.charter import Answered, Asked, Charter, Fact, Member, Period, Standing
from workbench.surveys.followups import LooksAt, Phrase, Questionnaire, Rule, Wait
from workbench.surveys.mail import LetterInvalid, read_letter
from workbench.text import Words
from workbench.warehouse import Warehouse

PORTION = 250
"""People whose standings are kept in one transaction: others get to write between two."""

_SHOWN_BY_AN_ANSWER: Mapping[CampaignKind, CommitmentName] = {
    CampaignKind.QUESTIONNAIRE: CommitmentName.QUESTIONNAIRE,
    CampaignKind.PREVIEW: CommitmentName.PREVIEW,
}

_SHOWN_BY_A_YES: Mapping[Meaning, frozenset[CommitmentName]] = {
    Meaning.SHARES: frozenset({CommitmentName.SHARE, CommitmentName.NEWS}),
    Meaning.HELP_GIVEN: frozenset({CommitmentName.HELP}),
    Meaning.FACEBOOK_GROUP: frozenset({CommitmentName.GROUP}),
}

_NO = re.compile(r"(non|no|pas encore|pas du tout|jamais|aucune?|rien|never|not yet|none|0)\b", re.IGNORECASE)


# ---------------------------------------------------------------------------------------------------------- facts


@dataclass(frozen=True)
class Gathered:
    """What the charter's review needs to know, by person; `people` are in the order of their numbers."""

    people: Sequence[Joined]
    members: Mapping[int, Member]
    facts: Mapping[int, Sequence[Fact]]
    asked: Mapping[int, Sequence[Asked]]


def first_seen(warehouse: Warehouse | None, ledger: Ledger) -> dict[int, date]:
    """The first day on which each person was seen in the charter's class; empty where no build knows it."""
    if warehouse is None or "team_class" not in warehouse.tables():
        return {}
    days: dict[int, date] = dict(warehouse.sql("select user_key, first_day from team_class").rows())
    linked = user_ids(ledger)
    keys = ledger.keys("user", [app_id for _, app_id in linked])
    found: dict[int, date] = {}
    for (person, _), key in zip(linked, keys, strict=True):
        if key in days:
            found[person] = min(days[key], found.get(person, days[key]))
    return found


def gather(ledger: Ledger, first_seen: Mapping[int, date], today: date, zone: ZoneInfo) -> Gathered:
    """All facts of everybody who is not merged away. `first_seen`: as the function of this name gives it.

    An answer counts for the latest campaign of its form that was out on the day it was given, in the `zone`; one to a
    form without a campaign counts for none.
    """
    known = programme_facts(ledger)
    facts: dict[int, list[Fact]] = defaultdict(list)
    for person, answers in _answers(known, zone).items():
        facts[person] += charter.facts_of_answers(answers)
    for noted in known.noted:
        facts[noted.person].append(Fact(noted.kind, noted.commitment, noted.quarter, noted.day, noted.source))
    happened = _by_person(known.happened)
    for each in known.people:
        if held := charter_of(each, today):
            facts[each.id] += _events(held, happened[each.id], first_seen.get(each.id), zone)
    return Gathered(
        people=known.people,
        members={person.id: Member(periods(person, zone), person.charter_accepted_on) for person in known.people},
        facts=facts,
        asked=_asked(known),
    )


def charter_of(person: Joined, today: date) -> Charter | None:
    """The charter that a person accepted, else the one that they would accept today; None before there was any."""
    accepted = (each for each in charter.charters() if each.version == person.charter_version)
    return next(accepted, None) or charter.charter_on(today)


def periods(person: Joined, zone: ZoneInfo) -> tuple[Period, ...]:
    """When somebody was an ambassador: from the day they became active to the day they paused or left.

    These days are those of the audit. Who was added as an ambassador is one since the day that was said of them.
    """
    begins = person.since or _day(person.created_at, zone)
    steps = [(begins if is_added else _day(at, zone), status) for at, status, is_added in person.changes]
    found: list[Period] = []
    first: date | None = None
    for day, status in steps or [(begins, person.status)]:
        if status is PersonStatus.ACTIVE:
            first = first or day
        elif first:
            found.append(Period(first, max(first, day)))
            first = None
    return (*found, Period(first)) if first else tuple(found)


def _day(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


def _by_person(happened: Iterable[Happened]) -> Mapping[int, list[Happened]]:
    found: dict[int, list[Happened]] = defaultdict(list)
    for each in happened:
        found[each.person].append(each)
    return found


def _events(held: Charter, happened: Iterable[Happened], seen: date | None, zone: ZoneInfo) -> Iterator[Fact]:
    if seen:
        yield from charter.facts_of_event(held, EvidenceKind.USAGE, seen, f"class:{held.class_slug}")
    for each in happened:
        yield from charter.facts_of_event(held, each.kind, _day(each.at, zone), each.source)


def _asked(known: ProgrammeFacts) -> Mapping[int, list[Asked]]:
    """What each person was asked: the questionnaires sent to them, and every preview."""
    found: dict[int, list[Asked]] = defaultdict(list)
    everybody = [person.id for person in known.people]
    for campaign in known.campaigns:
        is_preview = campaign.kind is CampaignKind.PREVIEW
        for person in everybody if is_preview else campaign.asked:
            found[person].append(Asked(campaign.kind, campaign.quarter, campaign.out_on))
    return found


# -------------------------------------------------------------------------------------------------------- answers


def _answers(known: ProgrammeFacts, zone: ZoneInfo) -> Mapping[int, list[Answered]]:
    """The complete answers of each person to campaigns, with what they speak for."""
    said = _affirmed(known.declared)
    by_form = _by_form(known.campaigns)
    found: dict[int, list[Answered]] = defaultdict(list)
    for response in known.responses:
        at = response.at.astimezone(zone)
        if campaign := _answered(by_form[response.form], at.date()):
            shows = said[response.id] | {_SHOWN_BY_AN_ANSWER[campaign.kind]}
            source = f"response:{response.id}"
            found[response.person].append(Answered(campaign.id, campaign.quarter, at, source, frozenset(shows)))
    return found


def _by_form(campaigns: Iterable[CampaignKept]) -> Mapping[str, list[CampaignKept]]:
    """Campaigns of each form, the latest first."""
    found: dict[str, list[CampaignKept]] = defaultdict(list)
    for campaign in sorted(campaigns, key=lambda campaign: (campaign.out_on, campaign.id), reverse=True):
        found[campaign.form].append(campaign)
    return found


def _answered(campaigns: Iterable[CampaignKept], day: date) -> CampaignKept | None:
    return next((campaign for campaign in campaigns if campaign.out_on <= day), None)


def _affirmed(declared: Iterable[Declared]) -> Mapping[int, set[CommitmentName]]:
    """What each response says was done."""
    found: dict[int, set[CommitmentName]] = defaultdict(set)
    for answer in declared:
        if is_yes(answer):
            found[answer.response] |= _SHOWN_BY_A_YES[answer.meaning]
    return found


def is_yes(answer: Declared) -> bool:
    """Whether an answer says that something was done: yes, a number above 0, a choice that is no "no".

    A free text by itself says nothing: what it means is for Diane to read and to note.
    """
    if answer.choices is not None:
        return any(not _NO.match(choice.strip()) for choice in [*answer.choices, answer.text or ""] if choice.strip())
    return bool(answer.boolean) or (answer.number or 0) > 0


# --------------------------------------------------------------------------------------------------------- review


@dataclass(frozen=True)
class Reviewed:
    """A review: of how many people, how many of them stand otherwise than before, and how many commitments stand how.

    `statuses` counts every person, quarter and commitment once.
    """

    people: int
    changed: int
    statuses: Mapping[CommitmentStatus, int]


def review(
    ledger: Ledger, first_seen: Mapping[int, date], today: date, zone: ZoneInfo, *, who: str, now: datetime
) -> Reviewed:
    """Review how everybody keeps the charter as of today, and keep what was found; again, it changes nothing."""
    gathered = gather(ledger, first_seen, today, zone)
    statuses: Counter[CommitmentStatus] = Counter()
    changed = 0
    for start in range(0, len(gathered.people), PORTION):
        portion = gathered.people[start : start + PORTION]
        found = {person.id: [_found(each) for each in standings_of(gathered, person, today)] for person in portion}
        changed += keep_standings(ledger, found, who=who, now=now)
        statuses.update(each.status for all_found in found.values() for each in all_found)
    return Reviewed(len(gathered.people), changed, {status: statuses[status] for status in CommitmentStatus})


def standings_of(gathered: Gathered, person: Joined, today: date) -> list[Standing]:
    """How one person keeps the charter as of today; nothing before there was a charter."""
    held = charter_of(person, today)
    if held is None:
        return []
    member, facts = gathered.members[person.id], gathered.facts.get(person.id, ())
    return charter.review(held, member, facts, gathered.asked.get(person.id, ()), today)


def _found(standing: Standing) -> Found:
    fact = standing.evidence
    shown = Shown(fact.kind, fact.quarter, fact.day, fact.source) if fact else None
    return Found(standing.quarter, standing.commitment, standing.status, standing.decided_on, shown)


# ---------------------------------------------------------------------------------------------------------- queue


@dataclass(frozen=True)
class Queued:
    """Something to do about a person: by which rule, about what, why, since when, and until when it waits.

    `version` and `state` are those of what is kept of it, for `set_follow_up`: 0 and open where nothing is.
    """

    person: int
    name: str
    email: str | None
    rule: Rule
    about: str
    why: Phrase
    since: date
    wait: Wait | None
    version: int
    state: FollowUpState

    def told(self, words: Words) -> dict[str, Any]:
        """The same in a language: `label` of the rule, `why`, `wait` (None: now) and `suggestion` as phrases."""
        return {
            "person": self.person,
            "name": self.name,
            "email": self.email,
            "rule": self.rule.name,
            "label": words(self.rule.label),
            "about": self.about,
            "why": words(self.why.key, **self.why.values),
            "since": self.since,
            "wait": words(self.wait.why.key, **self.wait.why.values) if self.wait else None,
            "suggestion": words(self.rule.suggestion, name=self.name),
        }


def queue(
    ledger: Ledger, today: date, cooldown_days: int, zone: ZoneInfo, courrier_on: date | None = None
) -> list[Queued]:
    """What there is to do today, the longest due first. `cooldown_days`: no reminder so soon after another mail.

    Mails are those the workbench sent and those noted as contacts. `courrier_on`: the day of the next courrier; without
    it, what the ledger knows of courriers to come.
    """
    known = programme_facts(ledger)
    people = {person.id: person for person in known.people}
    kept = {(each.person, each.rule, each.about): each for each in known.follow_ups}
    facts = replace(_follow_up_facts(known, zone), next_courrier=courrier_on or next_courrier(ledger, today, zone))
    found = []
    for each in followups.to_do(facts, today, cooldown_days):
        who, before = people[each.person], kept.get(each.key)
        version, state = (before.version, before.state) if before else (0, FollowUpState.OPEN)
        what = (each.rule, each.about, each.why, each.since, each.wait)
        found.append(Queued(who.id, who.name, who.email, *what, version, state))
    return found


def next_courrier(ledger: Ledger, today: date, zone: ZoneInfo) -> date | None:
    """The day of the next courrier: when an approved one goes out, or the day planned in a draft."""
    days = (_planned(each, today, zone) for each in courriers(ledger) if each.kind is MailKind.COURRIER)
    return min((day for day in days if day is not None and day >= today), default=None)


def _planned(kept: CourrierKept, today: date, zone: ZoneInfo) -> date | None:
    if kept.state is CourrierState.DRAFT:
        try:
            return read_letter(kept.source).day
        except LetterInvalid:  # a draft may be anything while somebody writes
            return None
    if kept.state is CourrierState.APPROVED and kept.waiting:
        return kept.send_at.astimezone(zone).date() if kept.send_at else today
    return None


def at_risk(ledger: Ledger, today: date, zone: ZoneInfo) -> set[int]:
    """The ambassadors who were asked and silent for too long, whatever was done about it since."""
    known = programme_facts(ledger)
    sent = _questionnaires(known, zone)
    silence = [rule for rule in followups.rules().rules if rule.looks_at is LooksAt.SILENCE]
    return {
        person.id
        for person in known.people
        for rule in silence
        if person.status in rule.concerns and followups.silent_quarter(sent, person.id, rule.after, today)
    }


def _follow_up_facts(known: ProgrammeFacts, zone: ZoneInfo) -> followups.Facts:
    mails = (each for each in known.happened if each.kind_of_contact is InteractionKind.MAIL)
    return followups.Facts(
        people=[
            followups.Person(
                each.id, each.status, each.since or _day(each.created_at, zone), each.charter_accepted_on is not None
            )
            for each in known.people
        ],
        questionnaires=_questionnaires(known, zone),
        benefits=[followups.BenefitGiven(*each) for each in known.ending],
        consents=[followups.Consented(*each) for each in known.consents],
        messages=[
            *(followups.Messaged(mail.person, _day(mail.at, zone)) for mail in mails),
            *(followups.Messaged(mail.person, _day(mail.at, zone)) for mail in known.mailed if mail.at),
        ],
        kept=[
            *(
                followups.Kept(each.person, each.rule, each.about, each.state, each.snoozed_until)
                for each in known.follow_ups
            ),
            *_on_their_way(known),
        ],
    )


def _on_their_way(known: ProgrammeFacts) -> Iterator[followups.Kept]:
    """Reminders that wait to be sent, or of which nobody knows whether they were: they are not to do again."""
    for mail in known.mailed:
        if mail.rule and mail.about and mail.state is not DeliveryState.ACCEPTED:
            yield followups.Kept(mail.person, mail.rule, mail.about, FollowUpState.DONE, None)


def _questionnaires(known: ProgrammeFacts, zone: ZoneInfo) -> list[Questionnaire]:
    answered: dict[int, set[int]] = defaultdict(set)
    for person, answers in _answers(known, zone).items():
        for answer in answers:
            answered[answer.campaign].add(person)
    return [
        Questionnaire(each.id, each.quarter, each.out_on, each.asked, frozenset(answered[each.id]))
        for each in known.campaigns
        if each.kind is CampaignKind.QUESTIONNAIRE
    ]
