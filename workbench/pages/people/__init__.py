"""What the pages of the ambassadors and of the charter know of the people, as of today."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NamedTuple

import streamlit as st

from workbench.ledger import Ledger
from workbench.ledger.facts import Joined, ProgrammeFacts, programme_facts, user_ids
from workbench.ledger.people import PersonState, people
from workbench.ledger.programme import InteractionKept, interactions
from workbench.ledger.states import CommitmentStatus
from workbench.pages import Page
from workbench.pages.answers import Done, zone
from workbench.surveys.charter import Standing
from workbench.surveys.listed import plain
from workbench.surveys.programme import Reviewed, at_risk, first_seen, gather, review, standings_of
from workbench.warehouse import Warehouse

KEPT = frozenset({CommitmentStatus.MET, CommitmentStatus.DECLARED})
"""What counts as kept."""

OWED = KEPT | {CommitmentStatus.DUE, CommitmentStatus.MISSED}
"""What counts at all: who was waived owes nothing."""


class Score(NamedTuple):
    """How many commitments are kept, of how many that count."""

    kept: int
    owed: int


@dataclass(frozen=True)
class Roster:
    """Everybody as of today: `people` by name, `standings` of every quarter, contacts with the latest first."""

    people: Mapping[int, PersonState]
    joined: Mapping[int, Joined]
    at_risk: frozenset[int]
    standings: Mapping[int, Sequence[Standing]]
    contacts: Mapping[int, Sequence[InteractionKept]]
    facts: ProgrammeFacts

    def score(self, person: int, quarter: str) -> Score:
        """How somebody keeps the charter in a quarter."""
        return score(each.status for each in self.standings[person] if each.quarter == quarter)


def roster(page: Page, ledger: Ledger) -> Roster:
    """Everybody, the charter reviewed as of today without keeping what is found."""
    gathered = gather(ledger, _seen(page, ledger), page.today, zone(page))
    contacts: dict[int, list[InteractionKept]] = defaultdict(list)
    for contact in interactions(ledger):
        contacts[contact.person].append(contact)
    joined = {person.id: person for person in gathered.people}
    return Roster(
        people={person.id: person for person in by_name(people(ledger)) if person.id in joined},
        joined=joined,
        at_risk=frozenset(at_risk(ledger, page.today, zone(page))),
        standings={person.id: standings_of(gathered, person, page.today) for person in gathered.people},
        contacts=contacts,
        facts=programme_facts(ledger),
    )


def by_name(everybody: Iterable[PersonState]) -> list[PersonState]:
    """People as a reader looks for them: Élodie between Elisa and Emma."""
    return sorted(everybody, key=lambda person: (plain(person.name), person.id))


def score(statuses: Iterable[CommitmentStatus]) -> Score:
    """How many of some commitments are kept."""
    counted = [status for status in statuses if status in OWED]
    return Score(sum(status in KEPT for status in counted), len(counted))


def day_of(page: Page, at: datetime) -> date:
    """The day of a moment for the team."""
    return at.astimezone(zone(page)).date()


def reviewed(page: Page, ledger: Ledger) -> Reviewed:
    """Review the charter for everybody and keep what is found, so that each page says the same."""
    return review(ledger, _seen(page, ledger), page.today, zone(page), who=page.who, now=datetime.now(UTC))


def _seen(page: Page, ledger: Ledger) -> dict[int, date]:
    """Who was seen in the charter's class, and since when: asked of the build once for the same people."""
    return _first_seen(page.warehouse, tuple(user_ids(ledger)), ledger)


@st.cache_data(show_spinner=False, max_entries=20, hash_funcs={Warehouse: lambda warehouse: warehouse.build.id})
def _first_seen(
    warehouse: Warehouse,
    users: tuple[tuple[int, str], ...],  # noqa: ARG001  # the key of the cache
    _ledger: Ledger,
) -> dict[int, date]:
    return first_seen(warehouse, _ledger)


def undoing(page: Page, undo: Callable[[datetime], object]) -> Callable[[], Done]:
    """What takes an act back and says so; `undo` is given the moment."""

    def act() -> Done:
        undo(datetime.now(UTC))
        return Done(page.words("programme.undone"))

    return act
