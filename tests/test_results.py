"""What a questionnaire gave: whose answers count, the response rate, the NPS, each question by its type."""

import random
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import product
from math import lgamma, log
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from test_questions import FORM, HTML, add, answer, choices, field, keep, mean, row, store
from tiny import NOW

from workbench.ledger import Ledger
from workbench.ledger.merging import merge
from workbench.ledger.people import PersonState, people, set_people
from workbench.ledger.questions import AskedQuestion, Filled, Sent
from workbench.ledger.questions import Given as Answered
from workbench.ledger.states import CampaignKind, Meaning
from workbench.ledger.tables import Asked, Campaign, Response
from workbench.surveys.answers import responses
from workbench.surveys.charter import quarter_of
from workbench.surveys.results import Nps, Results, cloud, counted, nps, nps_by_quarter, quarters, results
from workbench.surveys.tallies import Kind, QuestionResult, question_result, shown
from workbench.text import Words

PARIS = ZoneInfo("Europe/Paris")
TODAY = date(2021, 2, 1)
AUTUMN, WINTER = "2020-2021-Q1", "2020-2021-Q2"
DAY = timedelta(days=1)


def on(month: int, day: int, hour: int = 12) -> datetime:
    """A moment of autumn or winter."""
    return datetime(2021 if month < 9 else 2020, month, day, hour, tzinfo=UTC)


def send(
    ledger: Ledger, quarter: str, out_on: date, asked: Iterable[int], form: str = FORM, kind: str = "questionnaire"
) -> None:
    """A campaign goes out."""
    with ledger.writing("test", NOW) as work:
        campaign = Campaign(kind=CampaignKind(kind), form_id=form, quarter=quarter, out_on=out_on)
        work.add(campaign)
        work.flush()
        work.add_all(Asked(campaign_id=campaign.id, person_id=person, at=NOW) for person in asked)


def of(ledger: Ledger, quarter: str = WINTER, form: str = FORM, today: date = TODAY) -> Results:
    """The results of a quarter."""
    return results(ledger, form, quarter, today, PARIS)


def who(found: Results) -> tuple[int | None, int, int, int, int]:
    """Asked, answered, not asked, unmatched, early."""
    return found.asked, found.answered, found.not_asked, found.unmatched, found.early


def said(found: Results, ref: str) -> QuestionResult:
    """The result of a question."""
    (one,) = [each for each in found.questions if each.question.ref == ref]
    return one


def pairs(result: QuestionResult) -> list[tuple[str, int]]:
    """Labels and respondents."""
    return [(label, respondents) for label, respondents, _ in result.counts.rows()]


# ------------------------------------------------------------------------------------------------------- who counts


def test_those_asked_who_answered_make_the_rate_and_all_others_are_told_apart(ledger: Ledger) -> None:
    """People who were not asked and answers of nobody known are no part of it, but are answers."""
    lea, tom, zoe, max_ = add(ledger, "Léa", "Tom", "Zoé", "Max")
    keep(ledger, field("q", "yes_no"))
    send(ledger, WINTER, date(2020, 12, 7), [lea, tom, zoe])
    for token, person in (("a", lea), ("b", tom), ("c", max_), ("d", None), ("e", None)):
        store(ledger, row(token, answer("q", "boolean", True), at=on(12, 8)), by=person)
    found = of(ledger)
    assert who(found) == (3, 2, 1, 2, 0)
    assert (found.rate, found.respondents, said(found, "q").n) == (2 / 3, 5, 5)


def test_without_a_campaign_there_is_no_rate(ledger: Ledger) -> None:
    """The quarter of the submission is that of its day in Paris: half past eleven in London is the next one there."""
    keep(ledger, field("q", "yes_no"))
    (lea,) = add(ledger, "Léa")
    store(ledger, row("a", answer("q", "boolean", True), at=datetime(2020, 11, 30, 23, 30, tzinfo=UTC)), by=lea)
    assert who(of(ledger, AUTUMN)) == (None, 0, 0, 0, 0)
    assert (who(of(ledger)), of(ledger).rate) == ((None, 0, 1, 0, 0), None)


def test_a_campaign_that_asked_nobody_has_no_rate(ledger: Ledger) -> None:
    """There is nothing to divide by."""
    send(ledger, WINTER, date(2020, 12, 7), [])
    assert (of(ledger).asked, of(ledger).rate) == (0, None)


def test_the_latest_answer_of_a_person_counts_alone(ledger: Ledger) -> None:
    """By when it was submitted, not by when it came in."""
    (lea,) = add(ledger, "Léa")
    keep(ledger, field("q", "number"))
    send(ledger, WINTER, date(2020, 12, 7), [lea])
    store(
        ledger,
        row("b", answer("q", "number", 2), at=on(12, 9)),
        row("a", answer("q", "number", 1), at=on(12, 8)),
        by=lea,
    )
    assert who(of(ledger)) == (1, 1, 0, 0, 0)
    assert pairs(said(of(ledger), "q")) == [("2", 1)]


def test_an_answer_belongs_to_the_campaign_that_went_out_last_before_it(ledger: Ledger) -> None:
    """On the day the next one goes out it is the next one's; what came before the first is no answer to it."""
    (lea,) = add(ledger, "Léa")
    keep(ledger, field("q", "yes_no"))
    send(ledger, AUTUMN, date(2020, 10, 5), [lea])
    send(ledger, WINTER, date(2020, 12, 7), [lea])
    for token, at in (
        ("s", on(9, 30)),
        ("a", on(12, 6)),
        ("b", on(12, 7, 9)),
        ("old", datetime(2020, 5, 4, tzinfo=UTC)),
    ):
        store(ledger, row(token, answer("q", "boolean", True), at=at))
    assert who(of(ledger, AUTUMN)) == (1, 0, 0, 1, 1)
    assert who(of(ledger)) == (1, 0, 0, 1, 0)
    assert who(of(ledger, "2019-2020-Q3")) == (None, 0, 0, 1, 0)
    assert quarters(ledger, FORM, TODAY, PARIS) == ["2019-2020-Q3", AUTUMN, WINTER]


def test_the_campaigns_of_another_form_are_its_own(ledger: Ledger) -> None:
    """Two forms in one quarter do not mix."""
    lea, tom = add(ledger, "Léa", "Tom")
    for form, person in ((FORM, lea), ("other", tom)):
        keep(ledger, field("q", "yes_no"), form=form)
        send(ledger, WINTER, date(2020, 12, 7), [person], form)
    store(ledger, row("a", answer("q", "boolean", True), at=on(12, 8), form="other"), by=tom)
    assert who(of(ledger)) == (1, 0, 0, 0, 0)
    assert who(of(ledger, form="other")) == (1, 1, 0, 0, 0)


def test_what_is_still_to_come_is_not_known_yet(ledger: Ledger) -> None:
    """A campaign that is planned, an answer after the day that is looked at."""
    (lea,) = add(ledger, "Léa")
    keep(ledger, field("q", "yes_no"))
    send(ledger, WINTER, date(2020, 12, 7), [lea])
    store(ledger, row("a", answer("q", "boolean", True), at=on(12, 9)), by=lea)
    assert who(of(ledger, today=date(2020, 12, 6))) == (None, 0, 0, 0, 0)
    assert who(of(ledger, today=date(2020, 12, 8))) == (1, 0, 0, 0, 0)
    assert who(of(ledger, today=date(2020, 12, 9))) == (1, 1, 0, 0, 0)


def test_partial_and_deleted_responses_do_not_count(ledger: Ledger) -> None:
    """Nobody handed in the one, somebody took back the other."""
    keep(ledger, field("q", "yes_no"))
    partial = {"token": "p", "landed_at": on(12, 8).isoformat(), "answers": [answer("q", "boolean", True)]}
    store(ledger, *responses({"items": [partial]}, FORM), row("gone", answer("q", "boolean", True), at=on(12, 8)))
    with ledger.writing("test", NOW) as work:
        work.scalars(select(Response).where(Response.token == "gone")).one().deleted_at = NOW
    assert who(of(ledger)) == (None, 0, 0, 0, 0)
    assert said(of(ledger), "q").n == 0


def test_two_people_who_are_one_were_asked_once_and_answered_once(ledger: Ledger) -> None:
    """The rate is one of people."""
    lea, lea_too = add(ledger, "Léa", "Lea")
    keep(ledger, field("q", "number"))
    send(ledger, WINTER, date(2020, 12, 7), [lea, lea_too])
    store(ledger, row("a", answer("q", "number", 1), at=on(12, 8)), by=lea)
    store(ledger, row("b", answer("q", "number", 2), at=on(12, 9)), by=lea_too)
    stays, goes = (next(one for one in people(ledger) if one.id == number) for number in (lea, lea_too))
    merge(ledger, stays, goes, who="diane", now=NOW)
    assert who(of(ledger)) == (1, 1, 0, 0, 0)
    assert pairs(said(of(ledger), "q")) == [("2", 1)]


def test_a_preview_campaign_of_the_same_quarter_asks_with_it(ledger: Ledger) -> None:
    """One form may serve both; who was asked twice is one."""
    lea, tom = add(ledger, "Léa", "Tom")
    send(ledger, WINTER, date(2020, 12, 7), [lea])
    send(ledger, WINTER, date(2020, 12, 9), [lea, tom], kind="preview")
    assert of(ledger).asked == 2


def test_a_form_nobody_knows_gave_nothing(ledger: Ledger) -> None:
    """A page may ask for one by an old address."""
    found = of(ledger, form="nowhere")
    assert (who(found), found.questions, found.nps) == ((None, 0, 0, 0, 0), (), None)


def test_random_responses_give_what_plain_python_counts(ledger: Ledger) -> None:
    """Rates, others and NPS of three quarters, by another way: each response looks for its quarter by itself."""
    chance = random.Random(4)
    persons = add(ledger, *(f"P{number}" for number in range(12)))
    keep(ledger, field("nps", "opinion_scale", steps=11))
    mean(ledger, "nps", Meaning.SATISFACTION)
    asked = {AUTUMN: set(persons[:8]), WINTER: set(persons[4:])}
    send(ledger, AUTUMN, date(2020, 9, 20), asked[AUTUMN])
    send(ledger, WINTER, date(2020, 12, 15), asked[WINTER])
    rows: list[tuple[datetime, int | None, int]] = []
    for number in range(120):
        at = datetime(2020, 8, 20, 12, tzinfo=UTC) + DAY * chance.randrange(160) + timedelta(minutes=number)
        rows.append((at, chance.choice([*persons, None]), chance.randrange(11)))
        store(ledger, row(f"t{number}", answer("nps", "number", rows[-1][2]), at=at), by=rows[-1][1])

    def belongs(day: date) -> str | None:
        if day >= date(2020, 12, 15):
            return WINTER
        if day >= date(2020, 9, 20):
            return AUTUMN
        return "2019-2020-Q4" if day < date(2020, 9, 1) else None

    trend = nps_by_quarter(ledger, TODAY, PARIS)
    for quarter in ("2019-2020-Q4", AUTUMN, WINTER):
        mine = sorted((each for each in rows if belongs(each[0].date()) == quarter), key=lambda each: each[0])
        last = {person: score for _, person, score in mine if person}
        scores = [*last.values(), *(score for _, person, score in mine if not person)]
        hit = len(asked.get(quarter, set()) & set(last))
        expected = 100 * sum((score > 8) - (score < 7) for score in scores) / len(scores)
        found = of(ledger, quarter)
        assert who(found)[1:4] == (hit, len(last) - hit, len(scores) - len(last))
        assert found.rate == (hit / len(asked[quarter]) if quarter in asked else None)
        assert found.nps == trend[quarter]
        assert (trend[quarter].n, trend[quarter].score) == (len(scores), pytest.approx(expected))
    assert of(ledger, AUTUMN).early == sum(belongs(each[0].date()) is None for each in rows) > 0


MOMENTS = st.integers(0, 400).map(lambda days: datetime(2020, 6, 1, 12, tzinfo=UTC) + days * DAY)
PERSONS = st.one_of(st.none(), st.integers(1, 4))
CAMPAIGNS = st.dictionaries(st.integers(0, 400), st.integers(0, 2), max_size=4)


@given(st.lists(st.tuples(MOMENTS, PERSONS), max_size=20), CAMPAIGNS)
def test_every_response_is_in_one_quarter_at_most_and_no_person_twice_in_one(
    came: Sequence[tuple[datetime, int | None]], out: dict[int, int]
) -> None:
    """Kept, replaced by a later one of the same person in the same quarter, or early: nothing else becomes of it."""
    rows = [Filled(number, FORM, person, at) for number, (at, person) in enumerate(sorted(came, key=lambda c: c[0]))]
    days = {date(2020, 6, 1) + day * DAY: shift for day, shift in sorted(out.items())}
    campaigns = [Sent(FORM, quarter_of(day + 30 * shift * DAY), day, frozenset()) for day, shift in days.items()]
    found = counted(rows, campaigns, PARIS)
    kept = [response for each in found.values() for response in each.responses]
    assert len(kept) == len(set(kept))
    for each in found.values():
        named = [response.person for response in each.responses if response.person]
        assert len(named) == len(set(named))
    early = sum(each.early for each in found.values())
    replaced = [response for response in rows if response not in kept]
    nobodys = [response for response in replaced if response.person is None]
    assert len(nobodys) <= early <= len(replaced)
    assert set(found) <= {campaign.quarter for campaign in campaigns} | {quarter_of(each.at.date()) for each in rows}


# -------------------------------------------------------------------------------------------------------------- NPS


def in_points(found: Nps | None) -> tuple[int, int, int, int, float]:
    """Everything but the interval."""
    assert found is not None
    return found.n, found.promoters, found.passives, found.detractors, found.score


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        (range(11), (11, 2, 2, 7, -500 / 11)),
        ([9, 10], (2, 2, 0, 0, 100)),
        ([0, 6], (2, 0, 0, 2, -100)),
        ([7, 8], (2, 0, 2, 0, 0)),
        ([10, 10, 8, 3], (4, 2, 1, 1, 25)),
    ],
)
def test_promoters_are_9_and_10_detractors_0_to_6(scores: Iterable[int], expected: tuple[int, ...]) -> None:
    """The score is in points from -100 to 100."""
    assert in_points(nps(scores)) == pytest.approx(expected)


def test_nobody_gave_a_score() -> None:
    """No answer is no zero."""
    assert nps([]) is None


@pytest.mark.parametrize(("n", "low"), [(1, -73.4), (5, 19.6), (100, 94.2)])
def test_where_all_agree_the_interval_still_says_how_few_they_are(n: int, low: float) -> None:
    """One promoter is no proof of a hundred."""
    best, worst = nps([10] * n), nps([0] * n)
    assert best
    assert worst
    assert (best.low, best.score, best.high) == (pytest.approx(low, abs=0.05), 100, 100)
    assert (worst.low, worst.score, worst.high) == (-100, -100, pytest.approx(-low, abs=0.05))


SCORES = st.lists(st.integers(0, 10), min_size=1, max_size=80)


@given(SCORES)
def test_the_interval_holds_the_score_and_stays_on_the_scale(scores: list[int]) -> None:
    """Whatever was answered; its order is of no importance; and turned round it is turned round."""
    found = nps(scores)
    assert found
    assert -100 <= found.low <= found.score <= found.high <= 100
    assert found.low < found.high
    assert nps(sorted(scores)) == found
    turned = nps([{0: 10, 1: 7, 2: 0}[(score > 8) - (score < 7) + 1] for score in scores])
    assert turned
    assert (turned.low, turned.high) == (pytest.approx(-found.high), pytest.approx(-found.low))


@given(SCORES, st.integers(2, 5))
def test_more_answers_of_the_same_kind_narrow_the_interval(scores: list[int], times: int) -> None:
    """The same shares, more people."""
    few, many = nps(scores), nps(scores * times)
    assert few
    assert many
    assert many.score == pytest.approx(few.score)
    assert many.high - many.low < few.high - few.low


@pytest.mark.parametrize("n", [1, 2, 5, 12, 40])
def test_the_interval_holds_the_truth_as_often_as_it_says(n: int) -> None:
    """Every possible sample by its exact probability: never under 90 %, 95 % on the whole."""
    samples = [(p, d) for p, d in product(range(n + 1), repeat=2) if p + d <= n]
    found = [nps([10] * p + [0] * d + [8] * (n - p - d)) for p, d in samples]
    low, high = (np.array([getattr(each, end) for each in found]) for end in ("low", "high"))
    ways = np.array([lgamma(n + 1) - lgamma(p + 1) - lgamma(d + 1) - lgamma(n - p - d + 1) for p, d in samples])
    held = []
    for p, d in product(np.arange(0.025, 1, 0.05), repeat=2):
        if p + d < 0.99:
            likely = [
                way + a * log(p) + b * log(d) + (n - a - b) * log(1 - p - d)
                for way, (a, b) in zip(ways, samples, strict=True)
            ]
            truth = 100 * (p - d)
            held.append(np.exp(likely)[(low <= truth + 1e-9) & (high >= truth - 1e-9)].sum())
    assert min(held) > 0.9
    assert np.mean(held) > 0.95


def test_the_trend_takes_a_persons_last_score_over_all_forms(ledger: Ledger) -> None:
    """Two forms in a quarter ask one person once; a later response without a score takes nothing away."""
    (lea,) = add(ledger, "Léa")
    for form in (FORM, "other", "third"):
        keep(ledger, field("nps", "opinion_scale", steps=11), field("q", "yes_no"), form=form)
    for form in (FORM, "other"):
        mean(ledger, "nps", Meaning.SATISFACTION, form)
    store(ledger, row("a", answer("nps", "number", 3), at=on(12, 8)), by=lea)
    store(ledger, row("b", answer("nps", "number", 10), at=on(12, 9), form="other"), by=lea)
    store(ledger, row("c", answer("nps", "number", 0), at=on(12, 10), form="third"), by=lea)
    store(ledger, row("d", answer("nps", "number", 0), at=on(12, 10), form="third"))
    assert {quarter: in_points(each) for quarter, each in nps_by_quarter(ledger, TODAY, PARIS).items()} == {
        WINTER: (1, 1, 0, 0, 100)
    }
    store(ledger, row("e", answer("q", "boolean", True), at=on(12, 11), form="other"), by=lea)
    assert in_points(nps_by_quarter(ledger, TODAY, PARIS)[WINTER]) == (1, 0, 0, 1, -100)


@pytest.mark.parametrize("properties", [{"steps": 5}, {"steps": 10, "start_at_one": True}])
def test_a_scale_that_is_not_from_0_to_10_gives_no_nps(ledger: Ledger, properties: dict[str, Any]) -> None:
    """Full marks out of five are no detractors."""
    keep(ledger, field("nps", "opinion_scale", **properties))
    mean(ledger, "nps", Meaning.SATISFACTION)
    store(ledger, row("a", answer("nps", "number", 4), at=on(12, 8)))
    assert of(ledger).nps is None
    assert nps_by_quarter(ledger, TODAY, PARIS) == {}


def test_a_response_gives_one_score_whatever_it_holds(ledger: Ledger) -> None:
    """Of two questions the form's first, of two answers to one question the first: nobody counts twice."""
    keep(ledger, field("nps", "opinion_scale", steps=11), field("again", "opinion_scale", steps=11))
    for ref in ("nps", "again"):
        mean(ledger, ref, Meaning.SATISFACTION)
    twice = [answer("again", "number", 0), answer("nps", "number", 10), answer("nps", "number", 5)]
    store(ledger, row("a", *twice, at=on(12, 8)))
    assert in_points(of(ledger).nps) == (1, 1, 0, 0, 100)
    assert said(of(ledger), "nps").mean == 10


def test_a_number_that_is_no_score_is_left_out(ledger: Ledger) -> None:
    """A half, or eleven, from a form that asked for any number."""
    keep(ledger, field("nps", "number"))
    mean(ledger, "nps", Meaning.SATISFACTION)
    store(ledger, *(row(f"t{n}", answer("nps", "number", n), at=on(12, 8)) for n in (-1, 9.5, 11, 10)))
    assert in_points(of(ledger).nps) == (1, 1, 0, 0, 100)


# -------------------------------------------------------------------------------------------------------- questions


def ask(question: AskedQuestion, *given_: Any) -> QuestionResult:
    """What values, one a respondent, say to a question; each fills the column of its type."""
    names = {bool: "boolean", int: "number", float: "number", str: "text", date: "day", list: "choices"}
    types = {"boolean": "boolean", "number": "number", "text": "text", "day": "date", "choices": "choices"}
    blank = Answered(0, "q", None, "", None, None, None, None, None)
    rows = {}
    for number, value in enumerate(given_):
        column = names[type(value)]
        rows[number] = blank._replace(response=number, type=types[column], **{column: value})
    return question_result(question, rows)


def q(type_: str, **more: Any) -> AskedQuestion:
    """A question of a type."""
    return AskedQuestion(FORM, "", "q", "", type_, **more)


def test_choices_come_in_the_forms_order_with_those_nobody_chose() -> None:
    """After them what only older versions offered, most chosen first; shares are of those who answered."""
    asked = q("multiple_choice", choices=("jamais", "souvent", "parfois"))
    found = ask(asked, ["souvent", "souvent", "vieux"], ["vieux"], ["parfois", "ancien"], ["souvent"])
    assert (found.kind, found.n) == (Kind.CHOICES, 4)
    assert found.counts.rows() == [
        ("jamais", 0, 0.0), ("souvent", 2, 0.5), ("parfois", 1, 0.25), ("vieux", 2, 0.5), ("ancien", 1, 0.25),
    ]  # fmt: skip


def test_what_people_wrote_instead_of_choosing_is_one_choice_and_a_text(ledger: Ledger) -> None:
    """Counted together at the end; who wrote it is for those who may see people."""
    keep(ledger, field("q", "multiple_choice", choices=choices("lien")))
    store(ledger, row("a", answer("q", "choices", {"labels": ["lien"], "other": "joie"}), at=on(12, 8)))
    store(ledger, row("b", answer("q", "choice", {"label": "vieux"}), at=on(12, 8)))
    store(ledger, row("c", answer("q", "choice", {"other": "humour"}), at=on(12, 9)))
    found = of(ledger)
    assert pairs(said(found, "q")) == [("lien", 1), ("vieux", 1), ("", 2)]
    assert [each.text for each in found.texts["q"]] == ["humour", "joie"]
    assert shown(said(found, "q"), Words("fr"))["label"].to_list() == ["lien", "vieux", "Autre réponse"]


def test_of_a_ranking_what_was_put_first_counts() -> None:
    """Everybody ranks everything."""
    found = ask(q("ranking", choices=("a", "b")), ["b", "a"], ["b", "a"])
    assert pairs(found) == [("a", 0), ("b", 2)]


def test_a_scale_has_all_its_steps_a_mean_and_a_median() -> None:
    """Also those nobody gave."""
    found = ask(q("opinion_scale", scale=(1, 5)), 2, 5, 5, 4)
    assert (found.kind, found.n, found.mean, found.median) == (Kind.SCALE, 4, 4, 4.5)
    assert pairs(found) == [("1", 0), ("2", 1), ("3", 0), ("4", 1), ("5", 2)]


def test_numbers_and_days_come_in_their_order() -> None:
    """Not in that of their writing: 9 before 10."""
    assert pairs(ask(q("number"), 10, 9, 2.5, 10)) == [("2.5", 1), ("9", 1), ("10", 2)]
    found = ask(q("date"), date(2020, 12, 1), date(2019, 1, 2))
    assert (found.kind, pairs(found)) == (Kind.DATE, [("2019-01-02", 1), ("2020-12-01", 1)])


@pytest.mark.parametrize(("language", "labels"), [("fr", ["Oui", "Non"]), ("en", ["Yes", "No"])])
def test_yes_and_no_are_shown_in_the_readers_language(language: str, labels: list[str]) -> None:
    """Choices are in the form's; these two are ours."""
    found = ask(q("yes_no"), True, True, False)
    assert (found.kind, pairs(found)) == (Kind.YES_NO, [("yes", 2), ("no", 1)])
    assert shown(found, Words(language))["label"].to_list() == labels
    wanted = ask(q("multiple_choice", choices=("yes",)), ["yes"])
    assert shown(wanted, Words(language))["label"].to_list() == ["yes"]


def test_text_has_themes_and_how_many_wrote_something() -> None:
    """Blanks are nothing; no text is in the counts."""
    found = ask(q("long_text"), *["Les élèves"] * 5, " ", "Zut alors")
    assert (found.kind, found.n, found.counts.height) == (Kind.TEXT, 6, 0)
    assert [(theme.label, theme.respondents) for theme in found.themes] == [("élève", 5)]


@pytest.mark.parametrize("type_", ["email", "phone_number", "file_upload", "contact_info", "payment"])
def test_addresses_and_files_are_counted_and_not_charted(type_: str) -> None:
    """An address is nobody's label."""
    found = ask(q(type_), "lea@ecole.example")
    assert (found.kind, found.n, found.counts.height, found.themes) == (Kind.OTHER, 1, 0, ())


def test_answers_of_before_a_question_changed_its_type_are_charted_by_theirs() -> None:
    """A quarter looks as it did; where both kinds came, those of today's are charted."""
    assert ask(q("long_text"), 3, 4).kind is Kind.NUMBER
    assert ask(q("long_text"), 3, "quatre").kind is Kind.TEXT
    assert ask(q("opinion_scale")).kind is Kind.SCALE


def test_the_old_answers_of_a_changed_question_are_still_in_its_quarter(ledger: Ledger) -> None:
    """Nothing is lost because a title was rewritten, a choice renamed or a question dropped."""
    keep(ledger, field("q", "multiple_choice", "Avant ?", choices=choices("oui", "non")), field("gone", "yes_no"))
    mean(ledger, "q", Meaning.SHARES)
    old = [answer("q", "choice", {"label": "oui"}), answer("gone", "boolean", True)]
    store(ledger, row("a", *old, at=on(12, 8)))
    keep(ledger, field("q", "multiple_choice", "Après ?", choices=choices("souvent", "non")), at=NOW + DAY)
    found = of(ledger)
    assert said(found, "q").question.is_to_map
    assert pairs(said(found, "q")) == [("souvent", 0), ("non", 0), ("oui", 1)]
    assert pairs(said(found, "gone")) == [("yes", 1), ("no", 0)]


def test_texts_are_given_as_they_are_the_latest_first(ledger: Ledger) -> None:
    """HTML, Markdown and emoji stay text, with the person who wrote it."""
    (lea,) = add(ledger, "Léa")
    keep(ledger, field("q", "long_text"))
    store(ledger, row("a", answer("q", "text", HTML), at=on(12, 8)), by=lea)
    store(ledger, row("b", answer("q", "text", "😀"), at=on(12, 9)))
    store(ledger, row("c", answer("q", "text", " "), at=on(12, 10)))
    found = of(ledger)
    assert [(each.person, each.text) for each in found.texts["q"]] == [(None, "😀"), (lea, HTML)]
    assert said(found, "q").n == 2


VALUES = st.lists(st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1, max_size=4), max_size=12)


@given(VALUES)
def test_any_choices_are_counted_once_a_respondent(given_: list[list[str]]) -> None:
    """By another way: for each label, who has it."""
    found = ask(q("multiple_choice", choices=("a", "b")), *given_)
    by_hand = {label: sum(label in each for each in given_) for label in "abcd"}
    assert dict(pairs(found)) == {label: n for label, n in by_hand.items() if n or label in "ab"}
    for _, respondents, share in found.counts.rows():
        assert share == (respondents / len(given_) if given_ else 0)


# ------------------------------------------------------------------------------------------------------------ cloud


def test_the_cloud_of_a_quarter_is_of_the_questions_about_values_in_all_forms(ledger: Ledger) -> None:
    """Chosen or written; a person in two forms is one; other questions and quarters have no part in it."""
    persons = add(ledger, *(f"P{number}" for number in range(6)))
    for form in (FORM, "other"):
        keep(ledger, field("v", "multiple_choice", choices=choices("Lien")), field("w", "long_text"), form=form)
        mean(ledger, "v", Meaning.VALUES, form)
    for number, person in enumerate(persons[:5]):
        both = answer("v", "choices", {"labels": ["Lien"], "other": "bienveillance"})
        store(ledger, row(f"a{number}", both, answer("w", "text", "partage"), at=on(12, 8)), by=person)
        store(ledger, row(f"b{number}", both, at=on(12, 9), form="other"), by=person)
    store(ledger, row("c", answer("v", "choice", {"label": "Lien"}), at=on(10, 8)), by=persons[5])
    assert [(each.label, each.respondents, each.is_value) for each in cloud(ledger, WINTER, TODAY, PARIS)] == [
        ("lien", 5, True),
        ("bienveillance", 5, False),
    ]
    assert cloud(ledger, AUTUMN, TODAY, PARIS) == []


# ------------------------------------------------------------------------------------------------------------- size


def test_more_responses_than_a_statement_names_are_all_counted(ledger: Ledger) -> None:
    """They are read in portions of 500: none is lost between two."""
    persons = [PersonState(f"P{number}", f"p{number}@ecole.example") for number in range(20)]
    numbers = set_people(ledger, persons, who="test", now=NOW)
    keep(
        ledger,
        field("nps", "opinion_scale", steps=11),
        field("w", "long_text"),
        *(field(f"q{n}", "yes_no") for n in range(6)),
    )
    mean(ledger, "nps", Meaning.SATISFACTION)
    send(ledger, WINTER, date(2020, 12, 7), numbers)
    more = [answer(f"q{n}", "boolean", True) for n in range(6)]
    text = "Un lien simple et pratique avec les parents, les élèves partagent leurs photos"
    rows = [
        row(f"t{n}", answer("nps", "number", n % 11), answer("w", "text", text), *more, at=on(12, 8))
        for n in range(1_100)
    ]
    store(ledger, *rows)
    assert (of(ledger).unmatched, in_points(nps_by_quarter(ledger, TODAY, PARIS)[WINTER])[0]) == (1_100, 1_100)
