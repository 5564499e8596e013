"""Follow-ups: whom to remind, call or look after on a day, and what holds a reminder back."""

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.ledger.states import FollowUpState, PersonStatus, Purpose
from workbench.surveys import followups
from workbench.surveys.charter import quarter_of
from workbench.surveys.followups import (
    Action,
    BenefitGiven,
    Consented,
    Facts,
    Kept,
    Messaged,
    Person,
    Questionnaire,
    ToDo,
    to_do,
)
from workbench.text import LANGUAGES, Words

OUT = date(2020, 10, 5)
COOLDOWN = 5
ONE_DAY = timedelta(days=1)
MARIE = Person(1, PersonStatus.ACTIVE, date(2019, 9, 1), has_accepted_charter=True)
AUTUMN = Questionnaire(1, "2020-2021-Q1", OUT, frozenset({1}), frozenset())
WINTER = Questionnaire(2, "2020-2021-Q2", date(2020, 12, 7), frozenset({1}), frozenset())
ASKED = Facts(people=[MARIE], questionnaires=[AUTUMN])


def after(days: int, facts: Facts = ASKED) -> list[ToDo]:
    """What there is to do so many days after the autumn's questionnaire went out."""
    return to_do(facts, OUT + days * ONE_DAY, COOLDOWN)


def names(found: list[ToDo]) -> list[str]:
    """The rules of what there is to do."""
    return [each.rule.name for each in found]


def kept(each: ToDo, state: FollowUpState, until: date | None = None) -> Kept:
    """What the ledger says of a follow-up that was dealt with."""
    return Kept(each.person, each.rule.name, each.about, state, until)


def said(purpose: Purpose, granted: bool, day: date = OUT) -> Consented:
    """A decision of Marie's, at noon."""
    return Consented(1, purpose, granted, datetime.combine(day, time(12), UTC))


# ------------------------------------------------------------------------------------------------ rules


@pytest.mark.parametrize(
    ("days", "rule"),
    [
        (-1, []),
        (0, []),
        (6, []),
        (7, ["first_reminder"]),
        (13, ["first_reminder"]),
        (14, ["second_reminder"]),
        (20, ["second_reminder"]),
        (21, ["call"]),
        (50, ["call"]),
    ],
)
def test_a_later_rule_of_a_questionnaire_replaces_the_earlier(days: int, rule: list[str]) -> None:
    """Reminders at D+7 and D+14, a call at D+21, never two of them at once."""
    assert names(after(days)) == rule


def test_a_follow_up_says_who_why_and_since_when() -> None:
    """Since the day its rule came true, however late somebody looks."""
    (found,) = after(10)
    assert (found.person, found.about, found.since) == (1, "questionnaire:1", OUT + 7 * ONE_DAY)
    assert Words("en")(found.why.key, **found.why.values) == (
        "Questionnaire of quarter 1 of 2020-2021, sent on 5 Oct 2020: no answer yet."
    )


def test_nobody_is_pursued_who_answered_or_was_not_asked() -> None:
    """Only who was asked owes an answer."""
    for questionnaire in (replace(AUTUMN, answered=frozenset({1})), replace(AUTUMN, asked=frozenset({2}))):
        for days in (7, 14, 21):
            assert after(days, replace(ASKED, questionnaires=[questionnaire])) == []


def test_the_latest_questionnaire_takes_the_place_of_the_one_before() -> None:
    """Nobody is pursued for two at once, nor for an old one when the new one is answered."""
    both = replace(ASKED, questionnaires=[AUTUMN, WINTER])
    day = WINTER.out_on + 7 * ONE_DAY
    assert [each.about for each in to_do(both, day, COOLDOWN)] == ["questionnaire:2"]
    answered = replace(both, questionnaires=[AUTUMN, replace(WINTER, answered=frozenset({1}))])
    assert to_do(answered, day, COOLDOWN) == []
    twins = [replace(WINTER, id=3), WINTER]
    assert {to_do(replace(ASKED, questionnaires=two), day, COOLDOWN)[0].about for two in (twins, twins[::-1])} == {
        "questionnaire:3"
    }


@pytest.mark.parametrize("status", [PersonStatus.PAUSED, PersonStatus.LEFT])
def test_nobody_is_pursued_who_paused_or_left(status: PersonStatus) -> None:
    """Neither reminded nor called."""
    for days in (7, 14, 21, 150):
        assert after(days, replace(ASKED, people=[replace(MARIE, status=status)])) == []


def test_two_quarters_without_an_answer_put_somebody_at_risk() -> None:
    """From the day after the second one's end; a quarter that still runs may yet be answered."""
    both = replace(ASKED, questionnaires=[AUTUMN, WINTER])
    assert "at_risk" not in names(to_do(both, date(2021, 2, 28), COOLDOWN))
    (found,) = [each for each in to_do(both, date(2021, 3, 1), COOLDOWN) if each.rule.name == "at_risk"]
    assert (found.about, found.since) == ("quarter:2020-2021-Q2", date(2021, 3, 1))


@pytest.mark.parametrize("answered", ["Q1", "Q2", "Q3"])
def test_an_answer_ends_the_risk(answered: str) -> None:
    """One of the two quarters', or already that of the quarter that runs."""
    spring = Questionnaire(3, "2020-2021-Q3", date(2021, 3, 5), frozenset({1}), frozenset())
    sent = [
        replace(each, answered=frozenset({1})) if each.quarter.endswith(answered) else each
        for each in (AUTUMN, WINTER, spring)
    ]
    for silent in ([AUTUMN, WINTER, spring], [spring, WINTER, AUTUMN]):
        assert followups.silent_quarter(silent, 1, 2, date(2021, 3, 6)) == "2020-2021-Q2"
    assert followups.silent_quarter(sent, 1, 2, date(2021, 3, 6)) is None


def test_a_quarter_without_a_questionnaire_is_no_silence() -> None:
    """Who was asked once has been silent once, however long ago, whatever others were asked."""
    assert "at_risk" not in names(after(400))
    others = replace(ASKED, questionnaires=[AUTUMN, replace(WINTER, asked=frozenset({2}))])
    assert "at_risk" not in names(after(400, others))


def test_one_answer_in_a_quarter_of_two_questionnaires_is_enough() -> None:
    """In whatever order they are read."""
    answered = replace(WINTER, id=3, answered=frozenset({1}))
    for sent in ([AUTUMN, WINTER, answered], [answered, WINTER, AUTUMN]):
        assert followups.silent_quarter(sent, 1, 2, date(2021, 3, 1)) is None


@pytest.mark.parametrize(("days", "rule"), [(9, []), (10, ["without_charter"]), (40, ["without_charter"])])
def test_a_candidate_without_charter_shows_after_ten_days(days: int, rule: list[str]) -> None:
    """Only a candidate, and only until the charter is accepted."""
    paul = Person(2, PersonStatus.CANDIDATE, OUT, has_accepted_charter=False)
    assert names(after(days, Facts(people=[paul]))) == rule
    assert after(days, Facts(people=[replace(paul, has_accepted_charter=True)])) == []
    assert after(days, Facts(people=[replace(paul, status=PersonStatus.ACTIVE)])) == []


@pytest.mark.parametrize(("days", "rule"), [(31, []), (30, ["benefit_ending"]), (0, ["benefit_ending"]), (-1, [])])
def test_a_benefit_that_ends_within_thirty_days_shows(days: int, rule: list[str]) -> None:
    """To its last day."""
    facts = Facts(people=[MARIE], benefits=[BenefitGiven(4, 1, OUT + days * ONE_DAY)])
    assert names(after(0, facts)) == rule
    assert after(0, replace(facts, people=[replace(MARIE, status=PersonStatus.LEFT)])) == []


# ------------------------------------------------------------------------------------------------ what holds back


def test_nobody_who_opted_out_of_reminders_gets_one() -> None:
    """The latest decision counts; Diane may still call."""
    refusal = replace(ASKED, consents=[said(Purpose.REMINDERS, False)])
    assert [names(after(days, refusal)) for days in (7, 14, 21)] == [[], [], ["call"]]
    back = [said(Purpose.REMINDERS, True, OUT + ONE_DAY), said(Purpose.REMINDERS, False)]
    assert names(after(7, replace(ASKED, consents=back))) == ["first_reminder"]
    at_once = [said(Purpose.REMINDERS, True), said(Purpose.REMINDERS, False)]
    assert after(7, replace(ASKED, consents=at_once)) == []


def test_a_refusal_counts_even_where_the_workbenchs_today_is_an_earlier_day() -> None:
    """The sample's today is in 2020, whoever unsubscribes there does it by the clock."""
    assert after(7, replace(ASKED, consents=[said(Purpose.REMINDERS, False, date(2026, 1, 1))])) == []


def test_nobody_is_pursued_for_a_questionnaire_who_wants_none() -> None:
    """Neither reminded nor called; other purposes change nothing."""
    refusal = replace(ASKED, consents=[said(Purpose.QUESTIONNAIRES, False)])
    assert [after(days, refusal) for days in (7, 14, 21)] == [[], [], []]
    assert names(after(7, replace(ASKED, consents=[said(Purpose.OPENS, False)]))) == ["first_reminder"]


def test_the_cool_down_delays_a_reminder_and_says_so() -> None:
    """So many days after any mail; calls do not wait."""
    facts = replace(ASKED, messages=[Messaged(1, OUT), Messaged(1, OUT + 6 * ONE_DAY), Messaged(2, OUT + 9 * ONE_DAY)])
    (held,) = after(10, facts)
    assert held.wait is not None
    assert (held.wait.until, held.wait.rides) == (OUT + 11 * ONE_DAY, False)
    assert Words("en")(held.wait.why.key, **held.wait.why.values).startswith("Waits until 16 Oct 2020")
    assert after(10, replace(facts, messages=facts.messages[::-1])) == [held]
    assert [each.wait for each in after(11, facts)] == [None]
    assert [each.wait for each in after(21, replace(facts, messages=[Messaged(1, OUT + 20 * ONE_DAY)]))] == [None]


@pytest.mark.parametrize(("courrier", "rides"), [(6, False), (7, True), (12, True), (13, False)])
def test_a_reminder_due_near_a_courrier_rides_in_it(courrier: int, rides: bool) -> None:
    """Up to five days ahead, and on its very day; one that is gone, or far off, changes nothing."""
    (found,) = after(7, replace(ASKED, next_courrier=OUT + courrier * ONE_DAY))
    assert (found.wait is not None) == rides
    if found.wait is not None:
        assert (found.wait.until, found.wait.rides) == (OUT + courrier * ONE_DAY, True)
        assert "courrier" in Words("en")(found.wait.why.key, **found.wait.why.values)


def test_the_cool_down_never_delays_the_courrier() -> None:
    """A reminder rides in it though the last mail is of yesterday."""
    facts = replace(ASKED, messages=[Messaged(1, OUT + 6 * ONE_DAY)], next_courrier=OUT + 8 * ONE_DAY)
    (found,) = after(7, facts)
    assert found.wait is not None
    assert (found.wait.until, found.wait.rides) == (OUT + 8 * ONE_DAY, True)


def test_a_reminder_rides_in_a_courrier_that_is_near_the_end_of_its_cool_down() -> None:
    """Rather than go out alone two days before it."""
    mail = [Messaged(1, OUT + 6 * ONE_DAY)]
    for courrier, rides in [(16, True), (17, False)]:
        (found,) = after(7, replace(ASKED, messages=mail, next_courrier=OUT + courrier * ONE_DAY))
        assert found.wait is not None
        assert found.wait.rides == rides


def test_nobody_waits_for_a_courrier_they_do_not_get() -> None:
    """Who wants reminders but no courrier is reminded alone."""
    facts = replace(ASKED, next_courrier=OUT + 8 * ONE_DAY, consents=[said(Purpose.COURRIER, False)])
    assert [each.wait for each in after(7, facts)] == [None]


@pytest.mark.parametrize("state", [FollowUpState.DONE, FollowUpState.DISMISSED])
def test_what_is_done_or_waived_does_not_come_back(state: FollowUpState) -> None:
    """Nor does an earlier rule in its place; the next one comes on its day."""
    settled = replace(ASKED, kept=[kept(after(14)[0], state)])
    assert [names(after(days, settled)) for days in (14, 20, 21)] == [[], [], ["call"]]


def test_what_is_open_stays() -> None:
    """It was shown, and nothing became of it yet."""
    assert after(8, replace(ASKED, kept=[kept(after(7)[0], FollowUpState.OPEN)])) == after(8)


def test_what_is_snoozed_comes_back_on_its_day() -> None:
    """Since the day it was due, as if it had never been away."""
    snoozed = replace(ASKED, kept=[kept(after(7)[0], FollowUpState.SNOOZED, OUT + 10 * ONE_DAY)])
    assert after(9, snoozed) == []
    assert after(10, snoozed) == after(10)


def test_the_rules_are_read_from_their_file_once() -> None:
    """Names differ: the ledger keeps follow-ups under them."""
    found = followups.rules()
    assert found is followups.rules()
    assert len({rule.name for rule in found.rules}) == len(found.rules) == 6
    assert {rule.action for rule in found.rules} == set(Action)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_about_follow_ups_is_in_the_catalogue(language: str) -> None:
    """Names, reasons and suggestions of all rules, both waits."""
    words = Words(language)
    candidate = Person(2, PersonStatus.CANDIDATE, OUT, has_accepted_charter=False)
    facts = Facts([MARIE, candidate], [AUTUMN, WINTER], [BenefitGiven(1, 1, date(2021, 3, 10))])
    found = [*after(7), *after(14), *to_do(facts, date(2021, 3, 1), COOLDOWN)]
    assert {each.rule.name for each in found} == {rule.name for rule in followups.rules().rules}
    for each in found:
        assert words(each.rule.label)
        assert "Marie" in words(each.rule.suggestion, name="Marie")
        assert "{" not in words(each.why.key, **each.why.values)


# ------------------------------------------------------------------------------------------------ whatever happens

days = st.one_of(
    st.dates(date(2020, 9, 1), date(2021, 8, 31)),
    st.integers(0, 8).map(lambda weeks: OUT + 7 * weeks * ONE_DAY),
)
people = st.integers(1, 4)
groups = st.frozensets(people) | st.just(frozenset({1, 2, 3, 4}))
moments = st.builds(lambda day: datetime.combine(day, time(12), UTC), days)
rule_names = st.sampled_from([rule.name for rule in followups.rules().rules])
abouts = st.sampled_from(["questionnaire:0", "questionnaire:1", "questionnaire:2", "charter", "benefit:0"])
questionnaires = st.builds(
    lambda number, out_on, asked, answered: Questionnaire(number, quarter_of(out_on), out_on, asked, answered & asked),
    st.integers(0, 9),
    days,
    groups,
    st.just(frozenset()) | groups,
)
statuses = st.sampled_from(PersonStatus) | st.just(PersonStatus.ACTIVE)
programmes = st.builds(
    Facts,
    people=st.lists(st.builds(Person, people, statuses, days, st.booleans()), unique_by=lambda each: each.id),
    questionnaires=st.lists(questionnaires, max_size=5, unique_by=lambda each: each.id),
    benefits=st.lists(st.builds(BenefitGiven, st.integers(0, 3), people, days), unique_by=lambda each: each.id),
    consents=st.lists(st.builds(Consented, people, st.sampled_from(Purpose), st.booleans(), moments), max_size=6),
    messages=st.lists(st.builds(Messaged, people, days), max_size=8),
    kept=st.lists(
        st.builds(Kept, people, rule_names, abouts, st.sampled_from(FollowUpState), st.none() | days), max_size=4
    ),
    next_courrier=st.none() | days,
)


@given(programmes, days, st.randoms(use_true_random=False))
def test_the_order_of_facts_never_matters(facts: Facts, day: date, chance: random.Random) -> None:
    """The same facts, the same list."""

    def shuffled(given: list[object]) -> list[object]:
        return chance.sample(given, len(given))

    other = Facts(
        *(
            shuffled(list(given))
            for given in (
                facts.people, facts.questionnaires, facts.benefits, facts.consents, facts.messages, facts.kept,
            )
        ),
        next_courrier=facts.next_courrier,
    )  # fmt: skip
    assert to_do(other, day, COOLDOWN) == to_do(facts, day, COOLDOWN)


@given(programmes, days)
def test_nobody_who_answered_or_opted_out_is_reminded(facts: Facts, day: date) -> None:
    """Whatever else is known of them."""
    answered = {f"questionnaire:{each.id}": each.answered for each in facts.questionnaires}
    last = {(each.person, each.purpose): each for each in sorted(facts.consents, key=lambda c: (c.at, not c.granted))}
    for each in to_do(facts, day, COOLDOWN):
        assert each.person not in answered.get(each.about, ())
        if each.rule.action is Action.REMINDER:
            for purpose in (Purpose.REMINDERS, Purpose.QUESTIONNAIRES):
                consent = last.get((each.person, purpose))
                assert consent is None or consent.granted


@given(programmes, days)
def test_nobody_has_two_things_to_do_about_one_questionnaire(facts: Facts, day: date) -> None:
    """And nothing shows that has not come yet, or twice."""
    found = to_do(facts, day, COOLDOWN)
    about = Counter((each.person, each.about) for each in found)
    assert set(about.values()) <= {1}
    assert len({each.key for each in found}) == len(found)
    assert all(each.since <= day for each in found)
    assert found == sorted(found, key=lambda each: each.since)


@given(programmes, days, st.sampled_from([0, 1, 5, 30]))
def test_only_reminders_wait_and_never_past_their_reason(facts: Facts, day: date, cooldown: int) -> None:
    """A cool-down of more days only lengthens waits: the list is the same."""
    found = to_do(facts, day, cooldown)
    assert [each.key for each in found] == [each.key for each in to_do(facts, day, cooldown + 3)]
    for each in found:
        if each.wait is not None:
            assert each.rule.action is Action.REMINDER
            assert each.wait.until > day or (each.wait.rides and each.wait.until == day)
            assert not each.wait.rides or each.wait.until == facts.next_courrier
        elif each.rule.action is Action.REMINDER:
            mails = [message.on for message in facts.messages if message.person == each.person]
            assert all((day - on).days >= cooldown for on in mails)


@given(programmes, days, days)
def test_a_snooze_only_delays(facts: Facts, day: date, until: date) -> None:
    """Before its day the list without it, from its day on the list as if there had been no snooze."""
    facts = replace(facts, kept=[])
    now = to_do(facts, day, COOLDOWN)
    for each in now:
        snoozed = replace(facts, kept=[kept(each, FollowUpState.SNOOZED, until)])
        left = [other for other in now if other != each or day >= until]
        assert to_do(snoozed, day, COOLDOWN) == left


@given(programmes, days, st.randoms(use_true_random=False), st.integers(0, 10))
def test_a_quarter_of_days_gives_each_person_each_rule_once(
    facts: Facts, first: date, chance: random.Random, cooldown: int
) -> None:
    """Diane does some of what shows, snoozes some and leaves the rest; reminders keep their distance from all mails."""
    courrier = first + 20 * ONE_DAY
    facts = replace(facts, kept=[], messages=[], next_courrier=courrier)
    done: Counter[tuple[int, str, str]] = Counter()
    mails: dict[int, list[date]] = {}
    for day in (first + n * ONE_DAY for n in range(92)):
        for each in to_do(facts, day, cooldown):
            rides_today = each.wait is not None and each.wait.rides and each.wait.until == day
            if (each.wait is not None and not rides_today) or chance.random() < 0.4:
                continue
            if chance.random() < 0.3:
                snooze = kept(each, FollowUpState.SNOOZED, day + chance.randint(1, 20) * ONE_DAY)
                facts = replace(facts, kept=[*facts.kept, snooze])
                continue
            done[each.key] += 1
            facts = replace(facts, kept=[*facts.kept, kept(each, FollowUpState.DONE)])
            if each.rule.action is Action.REMINDER:
                assert rides_today or all((day - on).days >= cooldown for on in mails.get(each.person, []))
                mails.setdefault(each.person, []).append(day)
                facts = replace(facts, messages=[*facts.messages, Messaged(each.person, day)])
        if day == courrier:
            facts = replace(facts, messages=[*facts.messages, *(Messaged(n, day) for n in range(1, 6))])
            mails = {n: [*mails.get(n, []), day] for n in range(1, 6)}
    assert set(done.values()) <= {1}
