"""Whose answers these are, by hand: somebody's word counts, is kept whatever comes in again, and can be taken back."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from matching_answers import AT, NOW, PARIS, answered, asking, audited, matched, owner, token_of
from sqlalchemy import delete, select
from test_people import LEA, TOM, add, at_once, change, everything, person

from workbench.errors import WorkbenchError
from workbench.ledger import ChangedMeanwhile, Ledger
from workbench.ledger.columns import Base
from workbench.ledger.matching import (
    Acceptance,
    Candidate,
    Decision,
    ResponseUnknown,
    add_person_from,
    decisions,
    match,
    undo,
    unmatch,
)
from workbench.ledger.merging import UndoRefused, merge, merges, undo_merge
from workbench.ledger.people import AddressInvalid, AddressTaken, PersonInvalid, PersonState, PersonUnknown, people
from workbench.ledger.states import MatchKind, PersonStatus
from workbench.ledger.tables import Person, Response
from workbench.surveys.matching import ENTRY_FORM, Matched, accepted_by, candidate_of, to_match

BY = {"who": "diane", "now": NOW}
ZOE = Candidate("Zoé Exemple", "zoe@ecole.example", date(2020, 11, 20))


# --------------------------------------------------------------------------------------------------------- by hand


def test_a_match_by_hand_is_kept_whatever_comes_in_again(ledger: Ledger) -> None:
    """Changed, completed, from a file or from Typeform: nobody has to say twice whose it is."""
    lea, tom = add(ledger, LEA, TOM)
    response = answered(ledger, "t", "nom=L.", kind="partial")
    match(ledger, response, lea.id, **BY)
    for source, said in (("api", "nom=L. E."), ("csv", f"q3={tom.email}"), ("webhook", "nom=Léa")):
        assert answered(ledger, "t", said, source=source, a=token_of(ledger, tom.id)) == response
        assert matched(ledger) == Matched(0, 0, 0, 0)
        assert owner(ledger, response) == lea.id


def test_what_somebody_took_from_a_person_no_rule_gives_back(ledger: Ledger) -> None:
    """Not to them and not to another, also when it comes in again; nor are they suggested for it."""
    lea, tom = add(ledger, LEA, TOM)
    response = answered(ledger, "t", f"q3={lea.email}", f"q2={lea.name}")
    assert matched(ledger) == Matched(0, 1, 0, 0)
    decision = unmatch(ledger, response, lea.id, **BY)
    assert matched(ledger) == Matched(0, 0, 0, 1)
    answered(ledger, "t", f"q3={lea.email}", f"q2={lea.name}", "q1=x", a=token_of(ledger, tom.id))
    assert matched(ledger) == Matched(0, 0, 0, 1)
    (left,) = to_match(ledger)
    assert [one.person for one in left.suggestions] == [tom.id]
    match(ledger, response, lea.id, **BY)
    assert owner(ledger, response) == lea.id
    assert decision == 1


def test_what_somebody_took_from_a_person_makes_no_candidate(ledger: Ledger) -> None:
    """An entry whose address was corrected away is for somebody to look at."""
    (lea,) = add(ledger, LEA)
    response = answered(ledger, "t", f"q3={lea.email}", form=ENTRY_FORM)
    matched(ledger)
    unmatch(ledger, response, lea.id, **BY)
    change(ledger, person(ledger, lea.id), email="autre@ecole.example")
    assert matched(ledger) == Matched(0, 0, 0, 1)
    assert len(people(ledger)) == 1


def test_decisions_are_listed_by_whom_and_when_the_latest_first(ledger: Ledger) -> None:
    """Those that stand; merges have a list of their own."""
    lea, tom, zoe = add(ledger, LEA, TOM, PersonState("Zoé"))
    response = answered(ledger, "t")
    later = NOW + timedelta(days=1)
    first = match(ledger, response, lea.id, **BY)
    second = unmatch(ledger, response, lea.id, who="patrick", now=later)
    merge(ledger, tom, zoe, **BY)
    assert decisions(ledger) == [
        Decision(second, MatchKind.UNMATCH, response, lea.id, later, "patrick"),
        Decision(first, MatchKind.MATCH, response, lea.id, NOW, "diane"),
    ]
    undo(ledger, second, **BY)
    assert [one.id for one in decisions(ledger)] == [first]
    assert audited(ledger, "response_matched") == [{"id": response, "how": "hand", "person": lea.id}]
    assert audited(ledger, "response_unmatched") == [{"id": response, "person": lea.id}]
    assert audited(ledger, "unmatch_undone") == [{"id": response, "person": lea.id, "decision": second}]


def test_a_candidate_is_made_by_hand_out_of_any_form(ledger: Ledger) -> None:
    """As it is proposed, or corrected: what somebody typed is checked like any person."""
    asking(ledger)
    response = answered(ledger, "t", "q1=Zoé", "q2=Exemple", "q3= Zoe@ecole.example", "q4=lou@ecole.example")
    (left,) = to_match(ledger)
    proposed = candidate_of(left, PARIS)
    assert proposed == ZOE
    add_person_from(ledger, response, replace(proposed, name=" Zoé\nE. ", email=" ZOE@ecole.example"), **BY)
    (zoe,) = people(ledger)
    assert (zoe.name, zoe.email, zoe.status, zoe.since) == (
        "Zoé E.", "zoe@ecole.example", PersonStatus.CANDIDATE, ZOE.since,
    )  # fmt: skip
    assert owner(ledger, response) == zoe.id
    assert to_match(ledger) == []


def test_an_entry_that_is_matched_by_hand_accepts_the_charter(ledger: Ledger) -> None:
    """As one that a rule matched; undoing takes back that and no more."""
    asking(ledger)
    lea, tom = add(ledger, LEA, TOM)
    answered(ledger, "t", "q2=L.", form=ENTRY_FORM)
    (left,) = to_match(ledger)
    accepts = accepted_by(left, PARIS)
    assert accepts == Acceptance("2020", AT.date())
    before = everything(ledger)
    decision = match(ledger, left.response, lea.id, accepts=accepts, **BY)
    with ledger.reading() as session:
        assert session.get_one(Person, lea.id).charter_accepted_on == AT.date()
    undo(ledger, decision, **BY)
    assert everything(ledger) == before
    with ledger.writing("test", NOW) as work:
        work.get_one(Person, tom.id).charter_version = "2019"
    before = everything(ledger)
    undo(ledger, match(ledger, left.response, tom.id, accepts=accepts, **BY), **BY)
    assert everything(ledger) == before


def refusals(ledger: Ledger) -> list[tuple[type[WorkbenchError], str, Callable[[], Any]]]:
    """What cannot be decided about a response that is Léa's, one that is gone and one that is nobody's."""
    lea, tom, zoe = add(ledger, LEA, TOM, PersonState("Zoé"))
    merge(ledger, tom, zoe, **BY)
    leas, gone, free = (answered(ledger, token) for token in "abc")
    match(ledger, leas, lea.id, **BY)
    with ledger.writing("test", NOW) as work:
        work.get_one(Response, gone).deleted_at = NOW
    taken = replace(ZOE, email=TOM.email)
    return [
        (ChangedMeanwhile, f"is person {lea.id}'s already", lambda: match(ledger, leas, tom.id, **BY)),
        (ChangedMeanwhile, f"is person {lea.id}'s already", lambda: match(ledger, leas, lea.id, **BY)),
        (ChangedMeanwhile, f"is person {lea.id}'s already", lambda: add_person_from(ledger, leas, ZOE, **BY)),
        (ChangedMeanwhile, f"not person {tom.id}'s any more", lambda: unmatch(ledger, leas, tom.id, **BY)),
        (ChangedMeanwhile, "any more", lambda: unmatch(ledger, free, lea.id, **BY)),
        (ResponseUnknown, f"no response {gone}", lambda: match(ledger, gone, lea.id, **BY)),
        (ResponseUnknown, "no response 999", lambda: unmatch(ledger, 999, lea.id, **BY)),
        (ResponseUnknown, f"no response {gone}", lambda: add_person_from(ledger, gone, ZOE, **BY)),
        (PersonUnknown, "no person 999", lambda: match(ledger, free, 999, **BY)),
        (PersonUnknown, f"no person {zoe.id}", lambda: match(ledger, free, zoe.id, **BY)),
        (AddressTaken, "tom@ecole.example", lambda: add_person_from(ledger, free, taken, **BY)),
        (AddressInvalid, "no address", lambda: add_person_from(ledger, free, replace(ZOE, email="zoe"), **BY)),
        (PersonInvalid, "0 characters", lambda: add_person_from(ledger, free, replace(ZOE, name=" \n"), **BY)),
        (PersonInvalid, "201 characters", lambda: add_person_from(ledger, free, replace(ZOE, name="x" * 201), **BY)),
        (UndoRefused, "no match that stands", lambda: undo(ledger, 999, **BY)),
        (UndoRefused, "no match that stands", lambda: undo(ledger, merges(ledger)[0].id, **BY)),
    ]


def test_what_cannot_be_decided_is_refused_and_changes_nothing(ledger: Ledger) -> None:
    """Each with a line that says why; not a row is written."""
    for error, words, decide in refusals(ledger):
        before = everything(ledger)
        with pytest.raises(error, match=words):
            decide()
        assert everything(ledger) == before


def test_of_two_who_match_one_response_at_once_one_is_told(ledger: Ledger) -> None:
    """Round after round; it is never two people's, and the loser's decision is not kept."""
    lea, tom = add(ledger, LEA, TOM)
    for number in range(10):
        response = answered(ledger, f"t{number}")
        done = at_once(*(lambda to=to, of=response: match(ledger, of, to.id, **BY) for to in (lea, tom)))
        assert sorted(isinstance(one, ChangedMeanwhile) for one in done) == [False, True]
        assert len(decisions(ledger)) == number + 1


def test_a_match_and_a_merge_at_once_leave_nothing_with_whom_is_gone(ledger: Ledger) -> None:
    """Whichever comes first: the answer goes along, or the match is refused. Neither blocks."""
    add(ledger, LEA, TOM)
    for number in range(10):
        lea, tom = people(ledger)
        response, other = answered(ledger, f"t{number}"), answered(ledger, f"o{number}")
        match(ledger, other, tom.id, **BY)
        done = at_once(
            lambda lea=lea, tom=tom: merge(ledger, lea, tom, **BY),
            lambda of=response, tom=tom: match(ledger, of, tom.id, **BY),
            lambda of=other, tom=tom: unmatch(ledger, of, tom.id, **BY),
            lambda: matched(ledger),
        )
        assert {type(one) for one in done[1:3]} <= {int, PersonUnknown, ChangedMeanwhile}
        assert owner(ledger, response) in (None, lea.id)
        undo_merge(ledger, done[0], **BY)


# ------------------------------------------------------------------------------------------------------------ undo


def test_undoing_a_decision_leaves_everything_as_it_was(ledger: Ledger) -> None:
    """A match, a candidate made, an answer taken away: every row and value is as before, and a rule may match again."""
    asking(ledger)
    (lea,) = add(ledger, LEA)
    free = answered(ledger, "free", "q2=L.")
    leas = answered(ledger, "leas", f"q3={lea.email}")
    matched(ledger)
    before = everything(ledger)
    ways = (
        lambda: match(ledger, free, lea.id, **BY),
        lambda: unmatch(ledger, leas, lea.id, **BY),
        lambda: add_person_from(ledger, free, replace(ZOE, accepts=Acceptance("2020", AT.date())), **BY),
        lambda: add_person_from(ledger, free, replace(ZOE, email=None), **BY),
    )
    for decide in ways:
        decision = decide()
        assert everything(ledger) != before
        undo(ledger, decision, **BY)
        assert everything(ledger) == before
        with pytest.raises(UndoRefused, match="no match that stands"):
            undo(ledger, decision, **BY)
    assert decisions(ledger) == []
    answered(ledger, "free", f"q3={lea.email}")
    assert matched(ledger) == Matched(0, 1, 0, 0)


def test_the_later_decision_about_a_response_is_undone_first(ledger: Ledger) -> None:
    """Another order would leave it with somebody whom nobody named."""
    lea, tom = add(ledger, LEA, TOM)
    response = answered(ledger, "t")
    steps = [match(ledger, response, lea.id, **BY), unmatch(ledger, response, lea.id, **BY)]
    steps.append(match(ledger, response, tom.id, **BY))
    for early in steps[:2]:
        with pytest.raises(UndoRefused, match=f"decision {steps[2]} about this response came later"):
            undo(ledger, early, **BY)
    owners = []
    for step in reversed(steps):
        undo(ledger, step, **BY)
        owners.append(owner(ledger, response))
    assert owners == [None, lea.id, None]


def test_a_match_with_whom_was_merged_since_is_undone_after_the_merge(ledger: Ledger) -> None:
    """What the merge carried along has to come back first."""
    lea, tom = add(ledger, LEA, TOM)
    response = answered(ledger, "t")
    decision = match(ledger, response, tom.id, **BY)
    merged = merge(ledger, lea, tom, **BY)
    with pytest.raises(PersonUnknown, match=f"no person {tom.id}, or they are part of another"):
        undo(ledger, decision, **BY)
    assert owner(ledger, response) == lea.id
    undo_merge(ledger, merged, **BY)
    undo(ledger, decision, **BY)
    assert owner(ledger, response) is None


def test_what_a_merge_had_brought_along_goes_back_to_whom_it_came_from(ledger: Ledger) -> None:
    """Taken from the one who stayed, the merges undone, then given back: it is whose it was before them."""
    lea, tom, zoe = add(ledger, LEA, TOM, PersonState("Zoé"))
    response, other = answered(ledger, "t"), answered(ledger, "o")
    match(ledger, response, zoe.id, **BY)
    match(ledger, other, lea.id, **BY)
    first = merge(ledger, tom, zoe, **BY)
    second = merge(ledger, lea, person(ledger, tom.id), **BY)
    decision, of_other = unmatch(ledger, response, lea.id, **BY), unmatch(ledger, other, lea.id, **BY)
    undo_merge(ledger, second, **BY)
    undo(ledger, decision, **BY)
    assert owner(ledger, response) == tom.id
    decision = unmatch(ledger, response, tom.id, **BY)
    undo_merge(ledger, first, **BY)
    undo(ledger, decision, **BY)
    undo(ledger, of_other, **BY)
    assert [owner(ledger, one) for one in (response, other)] == [zoe.id, lea.id]


def test_a_person_made_out_of_a_response_who_has_more_by_now_stays(ledger: Ledger) -> None:
    """Other answers, a correction: nobody is thrown away with what others did for them."""
    response = answered(ledger, "t")
    answered(ledger, "o", "q3=zoe@ecole.example")
    decision = add_person_from(ledger, response, ZOE, **BY)
    (zoe,) = people(ledger)
    matched(ledger)
    before = everything(ledger)
    with pytest.raises(UndoRefused, match=f"person {zoe.id} has more than response {response} by now"):
        undo(ledger, decision, **BY)
    assert everything(ledger) == before
    alone = add_person_from(ledger, answered(ledger, "l"), replace(ZOE, email=None), **BY)
    change(ledger, people(ledger)[1], school="École")
    with pytest.raises(UndoRefused, match="has more"):
        undo(ledger, alone, **BY)


# -------------------------------------------------------------------------------------------------- in any order

STEPS = st.tuples(
    st.sampled_from(["rule", "match", "unmatch", "undo", "merge", "undo merge", "add", "answer"]),
    st.integers(0, 5),
    st.integers(0, 5),
)


def step(ledger: Ledger, what: str, n: int, m: int) -> None:
    """One thing that somebody does, or tries to do, to the n-th of something and the m-th of something else."""
    with ledger.reading() as session:
        answers = session.scalars(select(Response).order_by(Response.id)).all()
    everybody = people(ledger)
    answer, one, other = answers[n % len(answers)], everybody[n % len(everybody)], everybody[m % len(everybody)]
    candidate = replace(ZOE, email=f"zoe{m}@ecole.example")
    decided, merged = [each.id for each in decisions(ledger)] or [0], [each.id for each in merges(ledger)] or [0]
    ways: dict[str, Callable[[], Any]] = {
        "rule": lambda: matched(ledger),
        "match": lambda: match(ledger, answer.id, other.id, **BY),
        "unmatch": lambda: unmatch(ledger, answer.id, answer.person_id or other.id, **BY),
        "undo": lambda: undo(ledger, decided[m % len(decided)], **BY),
        "merge": lambda: merge(ledger, one, other, **BY),
        "undo merge": lambda: undo_merge(ledger, merged[m % len(merged)], **BY),
        "add": lambda: add_person_from(ledger, answer.id, candidate, **BY),
        "answer": lambda: answered(ledger, f"n{n}", f"q3={candidate.email}", form=ENTRY_FORM),
    }
    ways[what]()


def test_whatever_is_done_in_whatever_order_no_answer_is_with_whom_is_gone(ledger: Ledger) -> None:
    """Matched, taken away, undone, merged, split: an answer is nobody's or one's who stands; no address is twice."""

    @hypothesis_settings(max_examples=20, suppress_health_check=list(HealthCheck))
    @given(st.lists(STEPS, max_size=14))
    def holds(steps: list[tuple[str, int, int]]) -> None:
        with ledger.writing("test", NOW) as work:
            for table in reversed(Base.metadata.sorted_tables):
                if table.name not in ("audit", "academies"):
                    work.execute(delete(table))
        persons = add(ledger, LEA, TOM, PersonState("Zoé"))
        for number, one in enumerate(persons):
            answered(ledger, f"l{number}", a=token_of(ledger, one.id))
            answered(ledger, f"a{number}", f"q3={one.email}" if one.email else "q3=zoe1@ecole.example")
        for what, n, m in steps:
            with suppress(WorkbenchError):  # what cannot be done is refused
                step(ledger, what, n, m)
            assert_nobody_is_lost(ledger)

    holds()


def assert_nobody_is_lost(ledger: Ledger) -> None:
    """Every answer is nobody's or one's who stands, and every decision that stands is about somebody who is there."""
    with ledger.reading() as session:
        gone = set(session.scalars(select(Person.id).where(Person.merged_into_id.is_not(None))))
        owners = set(session.scalars(select(Response.person_id).where(Response.person_id.is_not(None))))
        known = set(session.scalars(select(Person.id)))
        emails = session.scalars(select(Person.email).where(Person.email.is_not(None))).all()
    assert owners <= known - gone
    assert len(emails) == len(set(emails))
    assert {one.person for one in decisions(ledger)} <= known
