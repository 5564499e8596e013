"""The queue of follow-ups out of the ledger: who, why, since when; done, snoozed, waived, by several people at once."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from command_line import workbench
from sqlalchemy import func, select
from test_people import add, at_once, person
from test_programme import LEA, PARIS, Q1, Q2, TOM, ambassadors, answer, campaign, noon
from tiny import NOW, settings

from workbench.ledger import ChangedMeanwhile, Ledger, ledger_of
from workbench.ledger.benefits import BenefitKept, set_benefit
from workbench.ledger.merging import merge
from workbench.ledger.people import PersonState, PersonUnknown, set_consent
from workbench.ledger.programme import FollowUpKept, SnoozeInvalid, add_interaction, set_follow_up
from workbench.ledger.states import (
    BenefitKind,
    BenefitState,
    FollowUpState,
    InteractionKind,
    PersonStatus,
    Purpose,
)
from workbench.ledger.tables import Audit, FollowUp
from workbench.surveys.programme import Queued, at_risk, queue
from workbench.text import Words

OUT = date(2020, 10, 5)
WEEK = timedelta(days=7)
DAY = timedelta(days=1)


def on(ledger: Ledger, day: date) -> list[Queued]:
    """What there is to do on a day."""
    return queue(ledger, day, 5, PARIS)


def rules(found: list[Queued]) -> list[tuple[int, str]]:
    """Who is in the queue, and by which rule."""
    return [(each.person, each.rule.name) for each in found]


def kept(each: Queued, state: FollowUpState, until: date | None = None, reason: str = "") -> FollowUpKept:
    """What somebody decides about a follow-up as they see it."""
    return FollowUpKept(each.person, each.rule.name, each.about, each.since, state, until, reason, each.version)


def decide(ledger: Ledger, each: Queued, state: FollowUpState, until: date | None = None, who: str = "diane") -> None:
    """One click."""
    set_follow_up(ledger, kept(each, state, until), who=who, now=NOW)


def asked(ledger: Ledger, *persons: PersonState) -> list[int]:
    """Ambassadors who were sent the questionnaire of autumn."""
    numbers = ambassadors(ledger, *persons)
    campaign(ledger, OUT, Q1, *numbers)
    return numbers


def test_the_queue_says_who_why_and_since_when(ledger: Ledger) -> None:
    """With what Diane needs to act: the address, and a text."""
    lea, tom = asked(ledger, LEA, TOM)
    answer(ledger, tom, noon(OUT + DAY))
    assert on(ledger, OUT + WEEK - DAY) == []
    (found,) = on(ledger, OUT + WEEK)
    assert (found.person, found.name, found.email, found.since) == (lea, LEA.name, LEA.email, OUT + WEEK)
    assert (found.version, found.state, found.wait) == (0, FollowUpState.OPEN, None)
    told = found.told(Words("fr"))
    assert "envoyé le 5 oct. 2020" in told["why"]
    assert told["suggestion"].startswith("Bonjour Léa Exemple")
    assert rules(on(ledger, OUT + 2 * WEEK)) == [(lea, "second_reminder")]


def test_what_is_done_is_shown_no_more_and_an_undo_brings_it_back(ledger: Ledger) -> None:
    """Done or waived; the undo is a decision like any other."""
    (lea,) = asked(ledger, LEA)
    for state in (FollowUpState.DONE, FollowUpState.DISMISSED):
        (found,) = on(ledger, OUT + WEEK)
        decide(ledger, found, state)
        assert on(ledger, OUT + WEEK) == []
        decide(ledger, replace(found, version=found.version + 1), FollowUpState.OPEN)
    assert [(each.person, each.version) for each in on(ledger, OUT + WEEK)] == [(lea, 4)]


def test_what_is_snoozed_is_due_again_on_its_day(ledger: Ledger) -> None:
    """Not the day before; the row that is kept is named by the version to decide on."""
    asked(ledger, LEA)
    (found,) = on(ledger, OUT + WEEK)
    decide(ledger, found, FollowUpState.SNOOZED, OUT + WEEK + 3 * DAY)
    assert on(ledger, OUT + WEEK + 2 * DAY) == []
    (again,) = on(ledger, OUT + WEEK + 3 * DAY)
    assert (again.version, again.state, again.since) == (1, FollowUpState.SNOOZED, found.since)
    decide(ledger, again, FollowUpState.DONE, again.since)
    assert on(ledger, OUT + WEEK + 3 * DAY) == []
    with ledger.reading() as session:
        row = session.scalars(select(FollowUp)).one()
        assert (row.snoozed_until, row.closed_at, row.due_on, row.version) == (None, NOW, OUT + WEEK, 2)


def test_what_is_snoozed_says_until_when(ledger: Ledger) -> None:
    """Else it would be gone for good."""
    asked(ledger, LEA)
    (found,) = on(ledger, OUT + WEEK)
    with pytest.raises(SnoozeInvalid):
        decide(ledger, found, FollowUpState.SNOOZED)
    with pytest.raises(PersonUnknown):
        decide(ledger, replace(found, person=999), FollowUpState.DONE)


def test_who_opted_out_gets_no_reminder(ledger: Ledger) -> None:
    """The latest word counts; a call is no mail."""
    (lea,) = asked(ledger, LEA)
    for minute, granted in enumerate([True, False, True, False]):
        then = NOW + timedelta(minutes=minute)
        set_consent(ledger, lea, Purpose.REMINDERS, granted, "page", who="diane", now=then)
        assert rules(on(ledger, OUT + WEEK)) == [(lea, "first_reminder")] * granted
    assert rules(on(ledger, OUT + 3 * WEEK)) == [(lea, "call")]


def test_a_mail_that_was_noted_holds_the_next_reminder(ledger: Ledger) -> None:
    """Five days; a call holds nothing."""
    (lea,) = asked(ledger, LEA)
    add_interaction(ledger, lea, InteractionKind.CALL, noon(OUT + WEEK), "", who="diane", now=NOW)
    assert [each.wait for each in on(ledger, OUT + WEEK)] == [None]
    add_interaction(ledger, lea, InteractionKind.MAIL, noon(OUT + WEEK - DAY), "", who="diane", now=NOW)
    (found,) = on(ledger, OUT + WEEK)
    assert found.wait is not None
    assert found.wait.until == OUT + WEEK + 4 * DAY
    assert queue(ledger, OUT + WEEK, 0, PARIS)[0].wait is None


def test_people_merged_away_are_not_pursued(ledger: Ledger) -> None:
    """One person is reminded once, and not at all where either of the two answered."""
    lea, tom = asked(ledger, LEA, TOM)
    assert rules(on(ledger, OUT + WEEK)) == [(lea, "first_reminder"), (tom, "first_reminder")]
    answer(ledger, tom, noon(OUT + DAY))
    merge(ledger, person(ledger, lea), person(ledger, tom), who="diane", now=NOW)
    assert on(ledger, OUT + WEEK) == []


def test_a_candidate_without_the_charter_and_a_benefit_that_ends_are_to_do(ledger: Ledger) -> None:
    """The other two rules, from the ledger's own rows."""
    (eve,) = add(ledger, PersonState("Ève", since=OUT, status=PersonStatus.CANDIDATE))
    (lea,) = ambassadors(ledger, LEA)
    ends = OUT + 40 * DAY
    plus = BenefitKept(lea, BenefitKind.PLUS, BenefitState.GIVEN, OUT, until=ends)
    set_benefit(ledger, plus, who="diane", now=NOW)
    assert rules(on(ledger, OUT + 9 * DAY)) == []
    assert rules(on(ledger, OUT + 10 * DAY)) == [(eve.id, "without_charter"), (lea, "benefit_ending")]
    assert (lea, "benefit_ending") not in rules(on(ledger, ends + DAY))


def test_two_silent_quarters_put_an_ambassador_at_risk(ledger: Ledger) -> None:
    """Whatever was done about it since: who is at risk is so until they answer."""
    lea, tom, eve = asked(ledger, LEA, TOM, PersonState("Ève", since=OUT))
    campaign(ledger, date(2020, 12, 7), Q2, lea, tom, eve)
    answer(ledger, tom, noon(date(2021, 1, 5)))
    seen = person(ledger, eve)
    add_interaction(ledger, eve, InteractionKind.CALL, NOW, "", who="diane", now=NOW)
    assert at_risk(ledger, date(2021, 2, 28), PARIS) == set()
    assert at_risk(ledger, date(2021, 3, 1), PARIS) == {lea, seen.id}
    risk = next(each for each in on(ledger, date(2021, 3, 1)) if each.rule.name == "at_risk" and each.person == lea)
    decide(ledger, risk, FollowUpState.DONE)
    assert lea in at_risk(ledger, date(2021, 3, 1), PARIS)


# ------------------------------------------------------------------------------------------------- several at once


def test_of_two_who_decide_first_at_once_one_is_told(ledger: Ledger) -> None:
    """Neither saw a row to be at a version; still only one decision is kept."""
    numbers = asked(ledger, *(PersonState(f"A{n}", since=OUT) for n in range(10)))
    for found in on(ledger, OUT + WEEK):
        click = (lambda who=who, found=found: decide(ledger, found, FollowUpState.DONE, who=who) for who in "ab")
        assert sorted(isinstance(one, ChangedMeanwhile) for one in at_once(*click)) == [False, True]
    with ledger.reading() as session:
        assert session.scalar(select(func.count()).select_from(FollowUp)) == len(numbers)
        assert session.scalar(select(func.count()).where(Audit.what == "follow_up_set")) == len(numbers)


def test_of_fifty_decisions_by_eight_threads_none_is_lost(ledger: Ledger) -> None:
    """Who decided on what is no longer so is told, looks again and decides again: all fifty are in the audit."""
    (lea,) = asked(ledger, LEA)
    first = on(ledger, OUT + WEEK)[0]
    told: list[str] = []

    def work(name: str, times: int) -> Callable[[], int]:
        def run() -> int:
            done = 0
            while done < times:
                seen = replace(first, version=version_of(ledger))
                try:
                    set_follow_up(
                        ledger, kept(seen, FollowUpState.OPEN, reason=f"{name}{done}"), who=f"{name}{done}", now=NOW
                    )
                    done += 1
                except ChangedMeanwhile:
                    told.append(name)
            return done

        return run

    assert at_once(*(work(name, 7 if name in "ab" else 6) for name in "abcdefgh")) == [7, 7, 6, 6, 6, 6, 6, 6]
    assert version_of(ledger) == 50
    assert told
    with ledger.reading() as session:
        lines = session.scalars(select(Audit.who).where(Audit.what == "follow_up_set", Audit.entity_id == str(lea)))
        assert sorted(lines) == sorted(f"{n}{k}" for n in "abcdefgh" for k in range(7 if n in "ab" else 6))


def version_of(ledger: Ledger) -> int:
    """The version of the one follow-up that is kept; 0 before it is."""
    with ledger.reading() as session:
        return session.scalar(select(FollowUp.version)) or 0


# -------------------------------------------------------------------------------------------------------- command


def test_the_command_lists_what_there_is_to_do(tmp_path: Path) -> None:
    """In French, unless told otherwise; for scripts as one JSON object."""
    home = tmp_path / "home"
    ledger = ledger_of(settings(home))
    asked(ledger, LEA)
    ledger.close()
    done = workbench(home, "followups", "list", WORKBENCH_TODAY="2020-10-06")
    assert (done.returncode, done.stdout) == (0, "Rien à faire aujourd’hui.\n")
    done = workbench(home, "followups", "list", WORKBENCH_TODAY="2020-10-13")
    first, suggestion = done.stdout.splitlines()
    assert first.startswith("Léa Exemple — Première relance, depuis le 12 oct. 2020. Questionnaire du trimestre 1")
    assert suggestion.startswith("    Bonjour Léa Exemple")
    done = workbench(home, "followups", "list", "--json", WORKBENCH_TODAY="2020-10-13", WORKBENCH_LANGUAGE="en")
    read = json.loads(done.stdout)
    assert read["today"] == "2020-10-13"
    (found,) = read["followups"]
    assert (found["rule"], found["since"], found["email"]) == ("first_reminder", "2020-10-12", LEA.email)
    assert found["wait"] is None
