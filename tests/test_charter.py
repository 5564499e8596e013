"""The charter: what each commitment of an ambassador comes to in a quarter, by facts and dates alone."""

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.ledger.states import CampaignKind, CommitmentName, CommitmentStatus, EvidenceKind
from workbench.surveys import charter
from workbench.surveys.charter import RANK, Answered, Asked, Fact, Member, Period, Standing
from workbench.text import LANGUAGES, Words

CHARTER = charter.charters()[0]
START = date(2020, 9, 1)
ALWAYS = Member((Period(date(2019, 1, 1)),), START)
Q1, Q2, Q3, Q4 = (f"2020-2021-Q{number}" for number in (1, 2, 3, 4))
ONE_DAY = timedelta(days=1)
NAMES = [commitment.name for commitment in CHARTER.commitments]
HAPPENINGS = [EvidenceKind.USAGE, EvidenceKind.INTERACTION, EvidenceKind.BUG_REPORT]
EDGES = [
    (date(2020, 11, 30), Q1),
    (date(2020, 12, 1), Q2),
    (date(2021, 2, 28), Q2),
    (date(2021, 3, 1), Q3),
    (date(2021, 5, 31), Q3),
    (date(2021, 6, 1), Q4),
    (date(2021, 8, 31), Q4),
    (date(2021, 9, 1), "2021-2022-Q1"),
    (date(2024, 2, 28), "2023-2024-Q2"),
    (date(2024, 2, 29), "2023-2024-Q2"),
    (date(2024, 3, 1), "2023-2024-Q3"),
]


def standing(
    name: CommitmentName,
    quarter: str,
    facts: Iterable[Fact] = (),
    asked: Iterable[Asked] = (),
    today: date = date(2021, 8, 31),
    member: Member = ALWAYS,
) -> Standing:
    """How one commitment stands in one quarter."""
    found = charter.review(CHARTER, member, facts, asked, today)
    return next(each for each in found if (each.quarter, each.commitment) == (quarter, name))


def event(kind: EvidenceKind, day: date) -> list[Fact]:
    """Something that happened on a day."""
    return charter.facts_of_event(CHARTER, kind, day, f"{kind}:{day}")


def by_hand(kind: EvidenceKind, name: CommitmentName, quarter: str) -> list[Fact]:
    """A note or a waiver of Diane's, of the quarter's first day."""
    return [Fact(kind, name, quarter, charter.quarter_days(quarter)[0], "diane")]


def answer(campaign: int, day: date, *shows: CommitmentName, quarter: str | None = None) -> Answered:
    """A complete answer, at noon."""
    at = datetime.combine(day, time(12), UTC)
    return Answered(campaign, quarter or charter.quarter_of(day), at, f"response:{day}", frozenset(shows))


def sent(kind: CampaignKind, quarter: str) -> list[Asked]:
    """A campaign of the quarter's first day."""
    return [Asked(kind, quarter, charter.quarter_days(quarter)[0])]


# ------------------------------------------------------------------------------------------------ each commitment


def test_the_charter_of_2020_is_read_from_its_file() -> None:
    """Names of class and group, dates and evidence are data; all eight parts are there in order."""
    assert (CHARTER.version, CHARTER.in_force_from) == ("2020", START)
    assert (CHARTER.class_slug, CHARTER.group_name) == ("teamclassroomfr", "Team Classroom FR")
    assert tuple(NAMES) == tuple(CommitmentName)
    assert charter.charters() is charter.charters()


def test_the_version_of_a_day_is_the_one_in_force() -> None:
    """Who accepts on a day accepts that day's version; before the first there is none."""
    assert charter.charter_on(START - ONE_DAY) is None
    assert charter.charter_on(START) is CHARTER
    assert charter.charter_on(date(2030, 1, 1)) is charter.charters()[-1]


def test_the_class_once_joined_stays_met() -> None:
    """A usage event in the charter's class on or before the quarter's end is enough, even of before the charter."""
    joined = event(EvidenceKind.USAGE, date(2021, 1, 10))
    status = {quarter: standing(CommitmentName.CLASS, quarter, joined).status for quarter in (Q1, Q2, Q3, Q4)}
    assert status == {Q1: "missed", Q2: "met", Q3: "met", Q4: "met"}
    assert standing(CommitmentName.CLASS, Q1, event(EvidenceKind.USAGE, date(2019, 10, 1))).status == "met"


@pytest.mark.parametrize("kind", [EvidenceKind.INTERACTION, EvidenceKind.BUG_REPORT])
def test_contact_is_met_in_the_quarter_it_happened_in(kind: EvidenceKind) -> None:
    """Each quarter wants its own."""
    talked = event(kind, date(2020, 12, 15))
    assert standing(CommitmentName.CONTACT, Q1, talked).status == "missed"
    assert standing(CommitmentName.CONTACT, Q2, talked).evidence == talked[0]
    assert standing(CommitmentName.CONTACT, Q3, talked).status == "missed"


def test_the_questionnaire_is_due_only_where_it_was_sent() -> None:
    """Nobody misses what they were never asked; a complete answer meets it."""
    asked = sent(CampaignKind.QUESTIONNAIRE, Q2)
    answered = charter.facts_of_answers([answer(1, date(2021, 1, 5), CommitmentName.QUESTIONNAIRE)])
    assert standing(CommitmentName.QUESTIONNAIRE, Q1, asked=asked).status == "not_due"
    assert standing(CommitmentName.QUESTIONNAIRE, Q2, asked=asked, today=date(2021, 1, 1)).status == "due"
    assert standing(CommitmentName.QUESTIONNAIRE, Q2, asked=asked).status == "missed"
    assert standing(CommitmentName.QUESTIONNAIRE, Q2, answered, asked).status == "met"
    assert standing(CommitmentName.QUESTIONNAIRE, Q2, asked=sent(CampaignKind.PREVIEW, Q2)).status == "not_due"


def test_a_questionnaire_is_not_due_before_the_day_it_goes_out() -> None:
    """The day it is sent is the first day it is due."""
    asked = [Asked(CampaignKind.QUESTIONNAIRE, Q1, date(2020, 10, 5))]
    assert standing(CommitmentName.QUESTIONNAIRE, Q1, asked=asked, today=date(2020, 10, 4)).status == "not_due"
    assert standing(CommitmentName.QUESTIONNAIRE, Q1, asked=asked, today=date(2020, 10, 5)).status == "due"


def test_a_late_answer_counts_for_the_quarter_of_its_questionnaire() -> None:
    """Missed until it comes, then met: it answers that quarter's questions, whenever it is given."""
    late = charter.facts_of_answers([answer(1, date(2020, 12, 3), CommitmentName.QUESTIONNAIRE, quarter=Q1)])
    asked = sent(CampaignKind.QUESTIONNAIRE, Q1)
    assert standing(CommitmentName.QUESTIONNAIRE, Q1, late, asked, today=date(2020, 12, 2)).status == "missed"
    assert standing(CommitmentName.QUESTIONNAIRE, Q1, late, asked, today=date(2020, 12, 3)).status == "met"
    assert standing(CommitmentName.QUESTIONNAIRE, Q2, late, asked, today=date(2020, 12, 3)).status == "not_due"


@pytest.mark.parametrize("name", [CommitmentName.SHARE, CommitmentName.NEWS, CommitmentName.HELP])
def test_spreading_the_word_is_declared_by_an_answer_and_met_by_a_note(name: CommitmentName) -> None:
    """What somebody says of themselves is not yet what Diane saw; neither lasts into the next quarter."""
    said = charter.facts_of_answers([answer(1, date(2020, 10, 5), name)])
    seen = by_hand(EvidenceKind.NOTE, name, Q1)
    assert standing(name, Q1).status == "missed"
    assert standing(name, Q1, said).status == "declared"
    assert standing(name, Q1, said + seen).status == "met"
    assert standing(name, Q2, said + seen).status == "missed"


def test_the_group_once_met_by_hand_stays_met_but_a_declaration_does_not() -> None:
    """Diane saw them in the group: that lasts. What was only said is asked again."""
    said = charter.facts_of_answers([answer(1, date(2020, 10, 5), CommitmentName.GROUP)])
    seen = by_hand(EvidenceKind.NOTE, CommitmentName.GROUP, Q2)
    assert [standing(CommitmentName.GROUP, quarter, said).status for quarter in (Q1, Q2)] == ["declared", "missed"]
    with_note = [standing(CommitmentName.GROUP, quarter, said + seen).status for quarter in (Q1, Q2, Q3, Q4)]
    assert with_note == ["declared", "met", "met", "met"]


def test_the_preview_is_due_only_in_quarters_with_a_preview() -> None:
    """It is asked when it becomes possible."""
    asked = sent(CampaignKind.PREVIEW, Q3)
    tried = charter.facts_of_answers([answer(7, date(2021, 4, 1), CommitmentName.PREVIEW)])
    assert standing(CommitmentName.PREVIEW, Q2, asked=asked).status == "not_due"
    assert standing(CommitmentName.PREVIEW, Q3, asked=asked).status == "missed"
    assert standing(CommitmentName.PREVIEW, Q3, tried, asked).status == "met"
    assert standing(CommitmentName.PREVIEW, Q4, tried, asked).status == "not_due"


@pytest.mark.parametrize("name", NAMES)
def test_a_commitment_is_waived_by_a_waiver_only(name: CommitmentName) -> None:
    """By hand, for one quarter; what was done all the same stays done."""
    waiver = by_hand(EvidenceKind.WAIVER, name, Q2)
    assert standing(name, Q2, waiver).status == "waived"
    assert standing(name, Q3, waiver).status in ("missed", "not_due")
    commitment = next(each for each in CHARTER.commitments if each.name is name)
    done = [Fact(kind, name, Q2, date(2021, 2, 1), "x") for kind in commitment.met_by]
    assert standing(name, Q2, waiver + done).status == "met"


def test_evidence_of_a_kind_that_shows_nothing_of_a_commitment_is_none() -> None:
    """Use of the app is no help given, an answer is no class joined."""
    wrong = [
        Fact(kind, commitment.name, Q1, START, "x")
        for commitment in CHARTER.commitments
        for kind in set(EvidenceKind) - commitment.met_by - commitment.declared_by - {EvidenceKind.WAIVER}
    ]
    assert {each.evidence for each in charter.review(CHARTER, ALWAYS, wrong, [], date(2020, 12, 1))} == {None}


def test_no_kind_of_evidence_is_an_open_or_a_click() -> None:
    """That a letter was opened says nothing about a promise."""
    assert set(EvidenceKind) == {"usage", "interaction", "bug_report", "answer", "note", "waiver"}


def test_a_withdrawn_fact_counts_no_more() -> None:
    """A note taken back leaves what was only declared."""
    said = charter.facts_of_answers([answer(1, date(2020, 10, 5), CommitmentName.HELP)])
    note = by_hand(EvidenceKind.NOTE, CommitmentName.HELP, Q1)
    assert standing(CommitmentName.HELP, Q1, [*said, replace(note[0], withdrawn=True)]).status == "declared"


def test_a_replaced_answer_counts_no_more() -> None:
    """The later answer to the same campaign speaks alone; an answer to another replaces nothing."""
    first = answer(1, date(2020, 10, 5), CommitmentName.QUESTIONNAIRE, CommitmentName.HELP)
    second = answer(1, date(2020, 10, 9), CommitmentName.QUESTIONNAIRE)
    other = replace(second, campaign=2)
    assert standing(CommitmentName.HELP, Q1, charter.facts_of_answers([first, other])).status == "declared"
    facts = charter.facts_of_answers([second, first])
    assert standing(CommitmentName.HELP, Q1, facts).status == "missed"
    evidence = standing(CommitmentName.QUESTIONNAIRE, Q1, facts).evidence
    assert evidence is not None
    assert evidence.source == second.source


# ------------------------------------------------------------------------------------------------ dates


@pytest.mark.parametrize(("day", "quarter"), EDGES)
def test_quarters_end_where_the_months_do(day: date, quarter: str) -> None:
    """Counted from 1 September; a leap year's 29 February is winter's last day."""
    assert charter.quarter_of(day) == quarter
    (talked,) = event(EvidenceKind.INTERACTION, day)
    assert talked.quarter == quarter
    assert standing(CommitmentName.CONTACT, quarter, [talked], today=day).status == "met"


@pytest.mark.parametrize("day", [day for day, _ in EDGES])
def test_a_commitment_is_due_to_the_quarters_last_day_and_missed_from_the_next(day: date) -> None:
    """While the quarter runs there is time."""
    quarter = charter.quarter_of(day)
    last = charter.quarter_days(quarter)[1]
    assert standing(CommitmentName.CONTACT, quarter, today=day).status == "due"
    assert standing(CommitmentName.CONTACT, quarter, today=last).status == "due"
    assert standing(CommitmentName.CONTACT, quarter, today=last + ONE_DAY).status == "missed"


def test_there_is_no_quarter_before_the_charters_first() -> None:
    """31 August 2020 knows no charter, 1 September its first quarter."""
    assert charter.quarters(CHARTER, START - ONE_DAY) == []
    assert charter.quarters(CHARTER, START) == [Q1]
    assert charter.quarters(CHARTER, date(2021, 9, 1)) == [Q1, Q2, Q3, Q4, "2021-2022-Q1"]


def test_a_quarter_written_otherwise_is_refused() -> None:
    """Rather than read as another one."""
    for wrong in ("2020-2021", "2020-2021-Q5", "2020-2021-Qx", "2020-Q1"):
        with pytest.raises(ValueError, match=r"quarters|written|invalid"):
            charter.quarter_days(wrong)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_due_before_the_charter_is_accepted(name: CommitmentName) -> None:
    """Not even what was done shows then; from the quarter of the acceptance on it does."""
    asked = sent(CampaignKind.QUESTIONNAIRE, Q1) + sent(CampaignKind.PREVIEW, Q1)
    member = replace(ALWAYS, accepted_on=date(2020, 12, 1))
    done = [Fact(kind, name, Q1, START, "x") for kind in EvidenceKind]
    assert standing(name, Q1, done, asked, member=member).status == "not_due"
    assert standing(name, Q1, done, asked, member=replace(ALWAYS, accepted_on=None)).status == "not_due"
    assert standing(name, Q1, asked=asked, member=replace(ALWAYS, accepted_on=date(2020, 11, 30))).status == "missed"


def test_nothing_is_due_outside_membership() -> None:
    """A pause of a whole quarter is none of its business; who leaves in the middle owes nothing more."""
    member = Member((Period(START, date(2020, 11, 30)), Period(date(2021, 3, 1), date(2021, 4, 1))), START)
    found = [standing(CommitmentName.CONTACT, quarter, member=member).status for quarter in (Q1, Q2, Q3, Q4)]
    assert found == ["missed", "not_due", "not_due", "not_due"]
    before_leaving = standing(CommitmentName.CONTACT, Q3, today=date(2021, 4, 1), member=member)
    assert before_leaving.status == "due"
    talked = event(EvidenceKind.INTERACTION, date(2021, 3, 2))
    assert standing(CommitmentName.CONTACT, Q3, talked, member=member).status == "met"


def test_who_left_before_accepting_was_never_bound() -> None:
    """Though both fell into one quarter, and something was done in it."""
    member = Member((Period(START, date(2020, 10, 5)),), date(2020, 10, 10))
    talked = event(EvidenceKind.INTERACTION, date(2020, 10, 1))
    assert standing(CommitmentName.CONTACT, Q1, talked, member=member).status == "not_due"


def test_one_day_of_membership_makes_the_last_quarter_due() -> None:
    """The quarter's own last day included, the day after it not."""
    for first, status in [(date(2020, 11, 30), "missed"), (date(2020, 12, 1), "not_due")]:
        member = Member((Period(first),), START)
        assert standing(CommitmentName.CONTACT, Q1, today=date(2020, 12, 2), member=member).status == status


def test_a_standing_says_what_decided_it_and_when() -> None:
    """The earliest of the strongest facts; else the day the quarter began, or ended without anything."""
    early, late = (event(EvidenceKind.INTERACTION, date(2020, 10, day)) for day in (1, 8))
    met = standing(CommitmentName.CONTACT, Q1, late + early)
    assert (met.evidence, met.decided_on) == (early[0], date(2020, 10, 1))
    assert standing(CommitmentName.CONTACT, Q1).decided_on == date(2020, 11, 30)
    assert standing(CommitmentName.CONTACT, Q1, today=date(2020, 10, 1)).decided_on == START


def test_two_facts_of_one_day_explain_alike_in_any_order() -> None:
    """The kind decides, then the source."""
    talked, reported = (event(kind, START)[0] for kind in (EvidenceKind.INTERACTION, EvidenceKind.BUG_REPORT))
    again = replace(talked, source="interaction:0")
    for facts_given in ([talked, reported, again], [again, reported, talked]):
        assert standing(CommitmentName.CONTACT, Q1, facts_given).evidence == reported
    for facts_given in ([talked, again], [again, talked]):
        assert standing(CommitmentName.CONTACT, Q1, facts_given).evidence == again


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_the_charter_is_in_the_catalogue(language: str) -> None:
    """Names and wording of commitments, all statuses, all kinds of evidence."""
    words = Words(language)
    for commitment in CHARTER.commitments:
        assert words(commitment.label)
        assert words(commitment.promise, class_slug="slug", group_name="group")
    for status in CommitmentStatus:
        assert words(Standing(Q1, CommitmentName.CLASS, status, None, START).label)
    for kind in EvidenceKind:
        because = Standing(Q1, CommitmentName.CLASS, CommitmentStatus.MET, Fact(kind, NAMES[0], Q1, START, ""), START)
        assert because.because
        assert "2020" in words(because.because, day=START)


# ------------------------------------------------------------------------------------------------ whatever happens

days = st.dates(date(2020, 6, 1), date(2022, 3, 31))
facts = st.builds(
    lambda kind, name, day, late, source, withdrawn: Fact(
        kind, name, charter.quarter_of(day), day + late * ONE_DAY, f"x:{source}", withdrawn
    ),
    st.sampled_from(EvidenceKind),
    st.sampled_from(CommitmentName),
    days,
    st.sampled_from([0, 0, 0, 40]),
    st.integers(0, 99),
    st.sampled_from([False, False, False, True]),
)
periods = st.builds(lambda first, length: Period(first, first + length * ONE_DAY), days, st.integers(0, 300))
members = st.one_of(
    st.just(ALWAYS),
    st.builds(Member, st.lists(periods | st.builds(Period, days), max_size=3).map(tuple), st.none() | days),
)
askings = st.lists(
    st.builds(lambda kind, day: Asked(kind, charter.quarter_of(day), day), st.sampled_from(CampaignKind), days)
)
many_facts = st.lists(facts, max_size=30)
answers = st.lists(
    st.builds(
        lambda campaign, day, shows: (campaign, day, shows),
        st.integers(1, 3),
        days,
        st.frozensets(st.sampled_from(CommitmentName)),
    ),
    max_size=12,
    unique_by=lambda each: each[:2],
).map(lambda many: [answer(campaign, day, *shows, quarter=f"2020-2021-Q{campaign}") for campaign, day, shows in many])


@given(members, many_facts, askings, days, st.randoms(use_true_random=False))
def test_a_status_never_depends_on_the_order_of_facts(
    member: Member, given_facts: list[Fact], asked: list[Asked], today: date, chance: random.Random
) -> None:
    """Nor does the evidence that explains it."""
    shuffled, shuffled_asked = given_facts[:], asked[:]
    chance.shuffle(shuffled)
    chance.shuffle(shuffled_asked)
    first = charter.review(CHARTER, member, given_facts, asked, today)
    assert charter.review(CHARTER, member, shuffled, shuffled_asked, today) == first
    other_way = replace(member, periods=member.periods[::-1])
    assert charter.review(CHARTER, other_way, given_facts, asked, today) == first


@given(members, many_facts, askings, days)
def test_the_evidence_explains_the_status(
    member: Member, given_facts: list[Fact], asked: list[Asked], today: date
) -> None:
    """With that fact alone, or with none where there is none, the status is the same."""
    for each in charter.review(CHARTER, member, given_facts, asked, today):
        alone = [each.evidence] if each.evidence else []
        assert standing(each.commitment, each.quarter, alone, asked, today, member) == each
        assert (each.evidence is None) == (each.status in ("not_due", "due", "missed"))


@given(members, many_facts, many_facts, askings, days)
def test_more_evidence_never_lowers_a_status(
    member: Member, given_facts: list[Fact], more: list[Fact], asked: list[Asked], today: date
) -> None:
    """missed < due < declared < met."""
    before = charter.review(CHARTER, member, given_facts, asked, today)
    after = charter.review(CHARTER, member, given_facts + more, asked, today)
    assert all(RANK[old.status] <= RANK[new.status] for old, new in zip(before, after, strict=True))


@given(members, many_facts, askings, days)
def test_there_is_one_status_for_each_commitment_and_quarter(
    member: Member, given_facts: list[Fact], asked: list[Asked], today: date
) -> None:
    """From the charter's start to today's quarter, no gap and nothing twice; due ends with the quarter."""
    found = charter.review(CHARTER, member, given_facts, asked, today)
    wanted = sorted({charter.quarter_of(START + n * ONE_DAY) for n in range((today - START).days + 1)})
    assert [(each.quarter, each.commitment) for each in found] == [(q, name) for q in wanted for name in NAMES]
    for each in found:
        is_over = charter.quarter_days(each.quarter)[1] < today
        assert each.status != ("due" if is_over else "missed")


@given(many_facts, askings, days)
def test_only_what_is_not_withdrawn_decides(given_facts: list[Fact], asked: list[Asked], today: date) -> None:
    """As if the rest had never been."""
    left = [fact for fact in given_facts if not fact.withdrawn]
    assert charter.review(CHARTER, ALWAYS, given_facts, asked, today) == charter.review(
        CHARTER, ALWAYS, left, asked, today
    )


@given(answers, askings, st.randoms(use_true_random=False))
def test_only_the_latest_answer_to_a_campaign_decides(
    given_answers: list[Answered], asked: list[Asked], chance: random.Random
) -> None:
    """Whatever was answered before, and in whatever order the answers are read."""
    latest = {each.campaign: each for each in sorted(given_answers, key=lambda each: each.at)}
    alone = [
        Fact(EvidenceKind.ANSWER, name, each.quarter, each.at.date(), each.source)
        for each in latest.values()
        for name in each.shows
    ]
    chance.shuffle(given_answers)
    today = date(2022, 3, 31)
    found = charter.review(CHARTER, ALWAYS, charter.facts_of_answers(given_answers), asked, today)
    assert found == charter.review(CHARTER, ALWAYS, alone, asked, today)


@given(many_facts, askings, days)
def test_what_comes_later_is_not_known_today(given_facts: list[Fact], asked: list[Asked], today: date) -> None:
    """A look back at a day shows what was to be seen on that day."""
    then = [fact for fact in given_facts if fact.day <= today]
    assert charter.review(CHARTER, ALWAYS, given_facts, asked, today) == charter.review(
        CHARTER, ALWAYS, then, asked, today
    )


def test_rank_holds_every_status_once_and_keeps_the_order() -> None:
    """missed < due < declared < met, and a waiver lifts what was only said."""
    assert set(RANK) == set(CommitmentStatus)
    order = sorted(RANK, key=lambda status: RANK[status])
    assert order == ["not_due", "missed", "due", "declared", "waived", "met"]
