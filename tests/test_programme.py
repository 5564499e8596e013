"""The programme in the ledger: what is noted, what a review finds of it over three quarters, what it keeps."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from command_line import workbench
from sqlalchemy import select, update
from test_people import add, at_once, person
from tiny import NOW, etl, settings, write_csv

from workbench.ledger import ChangedMeanwhile, Ledger, ledger_of, open_ledger
from workbench.ledger.facts import Declared
from workbench.ledger.merging import merge, undo_merge
from workbench.ledger.people import PersonState, PersonUnknown, set_person
from workbench.ledger.programme import (
    CampaignInvalid,
    CampaignKept,
    accept_charter,
    add_evidence,
    add_interaction,
    campaigns,
    interactions,
    remove_interaction,
    set_campaign,
    withdraw_evidence,
)
from workbench.ledger.standings import StandingKept, standings
from workbench.ledger.states import (
    CampaignKind,
    CommitmentName,
    EvidenceKind,
    InteractionKind,
    Meaning,
    PersonStatus,
    ResponseKind,
)
from workbench.ledger.surveys import AnswerRow, ResponseRow, store_responses
from workbench.ledger.tables import Audit, Bug, Commitment, Evidence, QuestionMap, Response
from workbench.privacy import pseudonym_key
from workbench.surveys.programme import first_seen, is_yes, review
from workbench.warehouse import open_warehouse

PARIS = ZoneInfo("Europe/Paris")
Q1, Q2, Q3 = (f"2020-2021-Q{number}" for number in (1, 2, 3))
MEANINGS = {"shared": Meaning.SHARES, "helped": Meaning.HELP_GIVEN, "group": Meaning.FACEBOOK_GROUP}
LEA = PersonState("Léa Exemple", "lea@ecole.example", since=date(2019, 9, 2), user_ids=("u1",))
TOM = PersonState("Tom Exemple", "tom@ecole.example", since=date(2019, 9, 2), user_ids=("u2",))
SPRING = date(2021, 4, 15)


def noon(day: date) -> datetime:
    """Twelve o'clock of a day."""
    return datetime.combine(day, time(12), UTC)


def ambassadors(ledger: Ledger, *persons: PersonState, accepted: date = date(2020, 9, 5)) -> list[int]:
    """People who accepted the charter; their numbers."""
    found = add(ledger, *persons)
    for one in found:
        accept_charter(ledger, one.id, "2020", accepted, one.version, who="diane", now=NOW)
    return [one.id for one in found]


def campaign(
    ledger: Ledger, out_on: date, quarter: str, *asked: int, form: str = "f", preview: bool = False
) -> CampaignKept:
    """A campaign that was sent, as it is kept."""
    kind = CampaignKind.PREVIEW if preview else CampaignKind.QUESTIONNAIRE
    number = set_campaign(ledger, CampaignKept(kind, form, quarter, out_on, frozenset(asked)), who="diane", now=NOW)
    return next(each for each in campaigns(ledger) if each.id == number)


def answer(
    ledger: Ledger,
    who: int | None,
    at: datetime,
    answers: Iterable[AnswerRow] = (),
    form: str = "f",
    kind: ResponseKind = ResponseKind.COMPLETED,
) -> str:
    """A response of somebody, matched; its token."""
    token = f"{form}-{who}-{at.isoformat()}"
    row = ResponseRow(form, token, kind, None, at, {}, list(answers), {"token": token})
    store_responses(ledger, [row], "api", who="sync", now=NOW)
    with ledger.writing("match", NOW) as work:
        work.execute(update(Response).where(Response.token == token).values(person_id=who))
    return token


def said(ref: str, *choices: str) -> AnswerRow:
    """A choice taken."""
    return AnswerRow(ref, ref, "choice", choices=list(choices))


def map_questions(ledger: Ledger, form: str = "f") -> None:
    """What the questions of a form mean."""
    with ledger.writing("diane", NOW) as work:
        work.add_all(
            [QuestionMap(form_id=form, ref=ref, meaning=each, mapped_at=NOW) for ref, each in MEANINGS.items()]
        )


def reviewed(ledger: Ledger, today: date, seen: dict[int, date] | None = None) -> list[StandingKept]:
    """How everybody stands after a review."""
    review(ledger, seen or {}, today, PARIS, who="review", now=NOW)
    return standings(ledger)


def statuses(found: Iterable[StandingKept], who: int, quarter: str) -> dict[str, str]:
    """The eight statuses of one person in one quarter."""
    return {str(each.commitment): str(each.status) for each in found if (each.person, each.quarter) == (who, quarter)}


def written(text: str) -> dict[str, str]:
    """Eight statuses in the order of the charter."""
    return dict(zip("1 2 3 4a 4b 4c 5 6".split(), text.split(), strict=True))


# ----------------------------------------------------------------------------------------------------- the review


def test_the_story_of_one_ambassador_over_three_quarters(ledger: Ledger) -> None:
    """Written out by hand: what she did in autumn, said in winter and left undone in spring."""
    (lea,) = ambassadors(ledger, LEA)
    map_questions(ledger)
    campaign(ledger, date(2020, 10, 5), Q1, lea)
    campaign(ledger, date(2020, 12, 7), Q2, lea)
    campaign(ledger, date(2021, 3, 8), Q3, lea)
    campaign(ledger, date(2021, 1, 11), Q2, form="p", preview=True)
    add_interaction(ledger, lea, InteractionKind.CALL, noon(date(2020, 9, 20)), "à l’aise", who="diane", now=NOW)
    answer(ledger, lea, noon(date(2020, 10, 9)), [said("shared", "Oui, souvent"), said("helped", "Non, pas encore")])
    add_evidence(ledger, lea, Q1, CommitmentName.SHARE, EvidenceKind.NOTE, date(2020, 11, 1), who="diane", now=NOW)
    answer(ledger, lea, noon(date(2021, 1, 4)), [AnswerRow("helped", "helped", "number", number=3.0)])
    answer(ledger, lea, noon(date(2021, 1, 12)), form="p")
    add_evidence(ledger, lea, Q2, CommitmentName.GROUP, EvidenceKind.NOTE, date(2021, 2, 1), who="diane", now=NOW)
    with ledger.writing("diane", NOW) as work:
        work.add(Bug(person_id=lea, text="un bug", state="open", reported_at=noon(date(2021, 2, 28))))
    add_evidence(ledger, lea, Q3, CommitmentName.NEWS, EvidenceKind.WAIVER, date(2021, 3, 9), who="diane", now=NOW)
    found = reviewed(ledger, SPRING, {lea: date(2020, 12, 1)})
    assert statuses(found, lea, Q1) == written("missed met met met declared missed missed not_due")
    assert statuses(found, lea, Q2) == written("met met met missed missed declared met met")
    assert statuses(found, lea, Q3) == written("met due due due waived due met not_due")
    assert {str(each.evidence) for each in found if each.quarter == Q2 and each.commitment in "12345"} == {
        "usage", "bug_report", "answer", "note"
    }  # fmt: skip


def test_a_review_again_changes_nothing(ledger: Ledger) -> None:
    """Neither rows nor the audit: whoever runs it every night reads of changes only."""
    (lea,) = ambassadors(ledger, LEA)
    add_interaction(ledger, lea, InteractionKind.CALL, noon(date(2020, 9, 20)), "", who="diane", now=NOW)
    first = review(ledger, {lea: date(2020, 9, 9)}, SPRING, PARIS, who="review", now=NOW)
    before = rows(ledger)
    again = review(ledger, {lea: date(2020, 9, 9)}, SPRING, PARIS, who="review", now=NOW + timedelta(days=1))
    assert (first.people, first.changed, again.changed) == (1, 1, 0)
    assert again.statuses == first.statuses
    assert sum(again.statuses.values()) == 3 * 8
    assert rows(ledger) == before


def rows(ledger: Ledger) -> list[tuple[object, ...]]:
    """Every commitment, every piece of evidence and every line of the audit."""
    with ledger.reading() as session:
        tables = (Commitment.__table__, Evidence.__table__, Audit.__table__)
        return [tuple(row) for table in tables for row in session.execute(select(table).order_by(table.c.id))]


def test_a_replaced_answer_is_no_longer_evidence(ledger: Ledger) -> None:
    """The latest speaks alone; what the first one showed is withdrawn, not erased."""
    (lea,) = ambassadors(ledger, LEA)
    map_questions(ledger)
    campaign(ledger, date(2020, 10, 5), Q1, lea)
    answer(ledger, lea, noon(date(2020, 10, 9)), [said("group", "Oui")])
    assert statuses(reviewed(ledger, SPRING), lea, Q1)["5"] == "declared"
    answer(ledger, lea, noon(date(2020, 10, 12)), [said("group", "Non")])
    found = reviewed(ledger, SPRING)
    assert (statuses(found, lea, Q1)["3"], statuses(found, lea, Q1)["5"]) == ("met", "missed")
    with ledger.reading() as session:
        kept = session.execute(select(Evidence.commitment, Evidence.withdrawn_at).order_by(Evidence.id)).all()
    assert sorted((row.commitment, row.withdrawn_at is None) for row in kept) == [
        ("3", False),
        ("3", True),
        ("5", False),
    ]


def test_an_answer_that_is_gone_matched_anew_or_partial_shows_nothing(ledger: Ledger) -> None:
    """Only a complete response of this very person that Typeform still has."""
    lea, tom = ambassadors(ledger, LEA, TOM)
    campaign(ledger, date(2020, 10, 5), Q1, lea, tom)
    gone = answer(ledger, lea, noon(date(2020, 10, 9)))
    answer(ledger, tom, noon(date(2020, 10, 9)), kind=ResponseKind.PARTIAL)
    answer(ledger, None, noon(date(2020, 10, 9)))
    assert [statuses(reviewed(ledger, SPRING), one, Q1)["3"] for one in (lea, tom)] == ["met", "missed"]
    with ledger.writing("match", NOW) as work:
        work.execute(update(Response).where(Response.token == gone).values(person_id=tom))
    assert [statuses(reviewed(ledger, SPRING), one, Q1)["3"] for one in (lea, tom)] == ["missed", "met"]
    with ledger.writing("sync", NOW) as work:
        work.execute(update(Response).where(Response.token == gone).values(deleted_at=NOW))
    assert [statuses(reviewed(ledger, SPRING), one, Q1)["3"] for one in (lea, tom)] == ["missed", "missed"]


def test_an_answer_belongs_to_the_latest_campaign_that_was_out(ledger: Ledger) -> None:
    """By its day in Paris: just before midnight of the day before, it still answers the questionnaire of autumn."""
    lea, tom, eve = ambassadors(ledger, LEA, TOM, PersonState("Ève Exemple", since=date(2019, 9, 2)))
    campaign(ledger, date(2020, 10, 5), Q1, lea, tom, eve)
    campaign(ledger, date(2020, 12, 7), Q2, lea, tom, eve)
    answer(ledger, lea, datetime(2020, 12, 6, 22, 59, tzinfo=UTC))
    answer(ledger, tom, datetime(2020, 12, 6, 23, 1, tzinfo=UTC))
    answer(ledger, eve, noon(date(2020, 10, 4)))
    found = reviewed(ledger, SPRING)
    assert [statuses(found, one, Q1)["3"] for one in (lea, tom, eve)] == ["met", "missed", "missed"]
    assert [statuses(found, one, Q2)["3"] for one in (lea, tom, eve)] == ["missed", "met", "missed"]


@pytest.mark.parametrize("kind", [EvidenceKind.NOTE, EvidenceKind.WAIVER])
def test_what_is_decided_by_hand_can_be_taken_back(ledger: Ledger, kind: EvidenceKind) -> None:
    """Once, however often the button was pressed; whoever takes it back a second time is told."""
    (lea,) = ambassadors(ledger, LEA)
    decided = [
        add_evidence(ledger, lea, Q1, CommitmentName.HELP, kind, date(2020, 11, 1), who=who, now=NOW)
        for who in ("diane", "jane")
    ]
    assert decided[0] == decided[1]
    assert statuses(reviewed(ledger, SPRING), lea, Q1)["4c"] == {"note": "met", "waiver": "waived"}[kind]
    withdraw_evidence(ledger, decided[0], who="diane", now=NOW)
    assert statuses(reviewed(ledger, SPRING), lea, Q1)["4c"] == "missed"
    with pytest.raises(ChangedMeanwhile, match="gone"):
        withdraw_evidence(ledger, decided[0], who="jane", now=NOW)
    again = add_evidence(ledger, lea, Q1, CommitmentName.HELP, kind, date(2020, 11, 1), who="diane", now=NOW)
    assert again not in decided


def test_only_notes_and_waivers_are_given_by_hand(ledger: Ledger) -> None:
    """An answer or a usage event is a fact, not a decision; and what a review derived is not withdrawn by hand."""
    (lea,) = ambassadors(ledger, LEA)
    with pytest.raises(ValueError, match="by hand"):
        add_evidence(ledger, lea, Q1, CommitmentName.CLASS, EvidenceKind.USAGE, SPRING, who="diane", now=NOW)
    with pytest.raises(ValueError, match="quarter"):
        add_evidence(ledger, lea, "2020-2021-Q5", CommitmentName.CLASS, EvidenceKind.NOTE, SPRING, who="d", now=NOW)
    reviewed(ledger, SPRING, {lea: date(2020, 9, 9)})
    with ledger.reading() as session:
        derived = session.scalars(select(Evidence.id)).one()
    with pytest.raises(ChangedMeanwhile):
        withdraw_evidence(ledger, derived, who="diane", now=NOW)


def test_a_contact_taken_back_counts_no_more(ledger: Ledger) -> None:
    """It is listed no more either, and its note is in the audit as a hash only."""
    (lea,) = ambassadors(ledger, LEA)
    number = add_interaction(ledger, lea, InteractionKind.MEETING, noon(SPRING), "vue à\nLyon", who="diane", now=NOW)
    assert [(each.note, each.who) for each in interactions(ledger)] == [("vue à Lyon", "diane")]
    assert statuses(reviewed(ledger, SPRING), lea, Q3)["2"] == "met"
    remove_interaction(ledger, number, who="diane", now=NOW)
    assert interactions(ledger) == []
    assert statuses(reviewed(ledger, SPRING), lea, Q3)["2"] == "due"
    with pytest.raises(ChangedMeanwhile):
        remove_interaction(ledger, number, who="jane", now=NOW)
    with ledger.reading() as session:
        assert "Lyon" not in str(session.scalars(select(Audit.details)).all())


def test_who_pauses_owes_nothing_from_the_day_it_was_noted(ledger: Ledger) -> None:
    """What was missed before stays missed; who comes back owes again. The days are those of the audit."""
    (number,) = ambassadors(ledger, LEA)
    lea = person(ledger, number)
    for status, day in ((PersonStatus.PAUSED, date(2020, 12, 2)), (PersonStatus.ACTIVE, date(2021, 3, 3))):
        lea = change_on(ledger, lea, status, day)
    found = reviewed(ledger, SPRING)
    assert [statuses(found, number, quarter)["2"] for quarter in (Q1, Q2, Q3)] == ["missed", "not_due", "due"]
    change_on(ledger, lea, PersonStatus.LEFT, date(2021, 4, 1))
    assert statuses(reviewed(ledger, SPRING), number, Q3)["2"] == "not_due"


def change_on(ledger: Ledger, seen: PersonState, status: PersonStatus, day: date) -> PersonState:
    """Another status, noted on a day."""

    return person(ledger, set_person(ledger, replace(seen, status=status), who="diane", now=noon(day)))


def test_a_candidate_owes_nothing_before_becoming_an_ambassador(ledger: Ledger) -> None:
    """Though they accepted the charter when they applied."""
    (number,) = ambassadors(ledger, PersonState("Ève", since=date(2020, 9, 5), status=PersonStatus.CANDIDATE))
    change_on(ledger, person(ledger, number), PersonStatus.ACTIVE, date(2020, 12, 1))
    found = reviewed(ledger, SPRING)
    assert [statuses(found, number, quarter)["2"] for quarter in (Q1, Q2)] == ["not_due", "missed"]


def test_who_never_accepted_the_charter_owes_nothing(ledger: Ledger) -> None:
    """Until it is noted that they did."""
    (lea,) = add(ledger, LEA)
    assert set(statuses(reviewed(ledger, SPRING), lea.id, Q1).values()) == {"not_due"}
    accept_charter(ledger, lea.id, "2020", date(2020, 9, 5), lea.version, who="diane", now=NOW)
    assert statuses(reviewed(ledger, SPRING), lea.id, Q1)["2"] == "missed"


def test_people_merged_away_are_in_no_review(ledger: Ledger) -> None:
    """What both did counts for the one who stayed, once; taken apart again, each has their own."""
    lea, tom = ambassadors(ledger, LEA, TOM)
    campaign(ledger, date(2020, 10, 5), Q1, lea, tom)
    answer(ledger, tom, noon(date(2020, 10, 9)))
    add_interaction(ledger, lea, InteractionKind.CALL, noon(date(2020, 9, 20)), "", who="diane", now=NOW)
    apart = reviewed(ledger, SPRING, {lea: date(2020, 9, 9), tom: date(2020, 9, 9)})
    decision = merge(ledger, person(ledger, lea), person(ledger, tom), who="diane", now=NOW)
    found = reviewed(ledger, SPRING, {lea: date(2020, 9, 9)})
    assert {each.person for each in found} == {lea}
    assert statuses(found, lea, Q1) == written("met met met missed missed missed missed not_due")
    with pytest.raises(PersonUnknown):
        add_interaction(ledger, tom, InteractionKind.CALL, NOW, "", who="diane", now=NOW)
    with ledger.reading() as session:
        live = select(Evidence.commitment).where(Evidence.person_id == lea, Evidence.withdrawn_at.is_(None))
        assert sorted(session.scalars(live)) == ["1", "2", "3"]
    undo_merge(ledger, decision, who="diane", now=NOW)
    assert reviewed(ledger, SPRING, {lea: date(2020, 9, 9), tom: date(2020, 9, 9)}) == apart


def test_two_reviews_at_once_keep_everything_once(ledger: Ledger) -> None:
    """The night's and Diane's: no piece of evidence twice, no commitment twice."""
    numbers = ambassadors(ledger, *(PersonState(f"A{n}", since=date(2019, 9, 2)) for n in range(20)))
    seen = {number: date(2020, 9, 9) for number in numbers}
    done = at_once(*(lambda: review(ledger, seen, SPRING, PARIS, who="review", now=NOW) for _ in range(4)))
    assert sorted(each.changed for each in done) == [0, 0, 0, 20]
    with ledger.reading() as session:
        assert len(session.scalars(select(Evidence.id)).all()) == 20
        assert len(session.scalars(select(Commitment.id)).all()) == 20 * 3 * 8


@pytest.mark.parametrize(
    ("filled", "expected"),
    [
        ({"boolean": True}, True),
        ({"boolean": False}, False),
        ({"number": 2.0}, True),
        ({"number": 0.0}, False),
        ({"text": "j’ai aidé trois collègues"}, False),
        ({"choices": ["Oui"]}, True),
        ({"choices": [" NON "]}, False),
        ({"choices": ["Pas encore"]}, False),
        ({"choices": ["Jamais"]}, False),
        ({"choices": ["Nonchalamment"]}, True),
        ({"choices": ["Non", "Sur Twitter"]}, True),
        ({"choices": []}, False),
        ({"choices": [], "text": "à la salle des maîtres"}, True),
    ],
)
def test_yes_is_what_somebody_would_call_yes(filled: dict[str, Any], expected: bool) -> None:
    """A choice that is no "no", a number above 0; a text alone is for Diane to read."""
    empty: dict[str, Any] = {"boolean": None, "number": None, "text": None, "choices": None}
    assert is_yes(Declared(1, Meaning.SHARES, **(empty | filled))) is expected


# ------------------------------------------------------------------------------------------------------ campaigns


def test_a_campaign_comes_back_as_it_was_written(ledger: Ledger) -> None:
    """And whom it was sent to can be corrected, by whoever saw it as it is."""
    lea, tom = ambassadors(ledger, LEA, TOM)
    kept = campaign(ledger, date(2020, 10, 5), Q1, lea)
    assert kept == CampaignKept(CampaignKind.QUESTIONNAIRE, "f", Q1, date(2020, 10, 5), frozenset({lea}), kept.id, 1)
    other = CampaignKept(kept.kind, "f", Q1, date(2020, 10, 6), frozenset({tom}), kept.id, kept.version)
    set_campaign(ledger, other, who="diane", now=NOW)
    (after,) = campaigns(ledger)
    assert (after.out_on, after.asked, after.version) == (date(2020, 10, 6), frozenset({tom}), 2)
    with pytest.raises(ChangedMeanwhile):
        set_campaign(ledger, other, who="jane", now=NOW)


def test_a_form_has_one_campaign_of_a_kind_in_a_quarter(ledger: Ledger) -> None:
    """Else an answer would belong to two; a form, a quarter and people that exist are needed."""
    (lea,) = ambassadors(ledger, LEA)
    kept = campaign(ledger, date(2020, 10, 5), Q1, lea)
    with pytest.raises(CampaignInvalid, match="already"):
        campaign(ledger, date(2020, 11, 5), Q1)
    later = campaign(ledger, date(2020, 12, 5), Q2)
    with pytest.raises(CampaignInvalid, match="already"):
        set_campaign(ledger, CampaignKept(kept.kind, "f", Q1, SPRING, id=later.id, version=1), who="d", now=NOW)
    with pytest.raises(CampaignInvalid, match="form"):
        campaign(ledger, date(2020, 10, 5), Q1, form=" ")
    with pytest.raises(PersonUnknown, match="999"):
        campaign(ledger, date(2021, 3, 5), Q3, lea, 999)
    with pytest.raises(ValueError, match="written"):
        campaign(ledger, date(2020, 10, 5), "2020-Q1")
    assert len(campaigns(ledger)) == 2


# ------------------------------------------------------------------------------------------- with a build, by hand


def test_the_first_day_in_the_charters_class_comes_from_the_build(ledger_url: str, tmp_path: Path) -> None:
    """By pseudonym, the earliest of a person's identifiers; a class of another name is another class."""
    write_build(tmp_path)
    ledger = open_ledger(ledger_url, pseudonym_key(settings(tmp_path / "home")))
    lea, tom = ambassadors(
        ledger,
        PersonState("Léa", since=date(2019, 9, 2), user_ids=("u1", "u3")),
        PersonState("Tom", since=date(2019, 9, 2), user_ids=("u2",)),
    )
    warehouse = open_warehouse(tmp_path / "home")
    assert first_seen(warehouse, ledger) == {lea: date(2020, 9, 10)}
    found = reviewed(ledger, date(2020, 12, 15), first_seen(warehouse, ledger))
    assert [statuses(found, one, Q1)["1"] for one in (lea, tom)] == ["met", "missed"]
    ledger.close()


def write_build(folder: Path) -> None:
    """A build in which u1 and u3 are seen in the charter's class and u2 in another."""
    columns = ("class_id", "created_at", "country", "slug")
    classes = [(name, "2020-01-01T08:00Z", "FR", slug) for name, slug in (("k1", "teamclassroomfr"), ("k2", "autre"))]
    write_csv(folder / "source" / "classes" / "a.csv", columns, classes)
    events = [("e1", "2020-09-12T10:00Z", "u1", "sign_in", "k1"), ("e2", "2020-09-10T10:00Z", "u3", "sign_in", "k1")]
    events += [("e3", "2020-09-10T10:00Z", "u2", "sign_in", "k2")]
    header = ("event_id", "occurred_at", "user_id", "event", "class_id")
    write_csv(folder / "source" / "usage" / "a.csv", header, events)
    etl(folder / "home", folder / "source")


def test_the_command_reviews_and_says_how_commitments_stand(tmp_path: Path) -> None:
    """With the HOME's own ledger and build; without any build, what people did otherwise is reviewed all the same."""
    home = tmp_path / "home"
    environment = {"WORKBENCH_TODAY": "2020-12-15"}
    ledger = ledger_of(settings(home))
    ambassadors(ledger, PersonState("Léa", since=date(2019, 9, 2), user_ids=("u1",)))
    done = workbench(home, "charter", "review", "--json", **environment)
    assert done.returncode == 0, done.stderr
    counts = {"not_due": 4, "due": 6, "met": 0, "declared": 0, "missed": 6, "waived": 0}
    assert json.loads(done.stdout) == {"people": 1, "changed": 1, **counts}
    write_build(tmp_path)
    done = workbench(home, "charter", "review", **environment)
    assert [line.split() for line in done.stdout.splitlines()] == [
        "people changed not_due due met declared missed waived".split(),
        "1 1 4 5 2 0 5 0".split(),
    ]
    ledger.close()
