"""The people of the ledger: nobody twice, no two as one, every change by somebody, a merge that can be taken back."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from tiny import NOW

from workbench.errors import WorkbenchError
from workbench.ledger import ChangedMeanwhile, Ledger, Writing
from workbench.ledger.columns import Base
from workbench.ledger.merging import MergeRefused, UndoRefused, merge, merges, undo_merge
from workbench.ledger.people import (
    AddressInvalid,
    AddressTaken,
    PersonInvalid,
    PersonState,
    PersonUnknown,
    UserIdTaken,
    address,
    addresses,
    people,
    set_consent,
    set_people,
    set_person,
)
from workbench.ledger.states import PersonStatus, Purpose
from workbench.ledger.tables import (
    AppId,
    Asked,
    Audit,
    Benefit,
    Bug,
    Campaign,
    Commitment,
    Consent,
    Evidence,
    FollowUp,
    Interaction,
    Person,
    Response,
)

LEA = PersonState(
    "Léa Exemple", "lea@ecole.example", "École Jules-Ferry", "Lyon", "Lyon", date(2019, 9, 2),
    user_ids=("u1",), class_ids=("k1", "k2"),
)  # fmt: skip
TOM = PersonState("Tom Exemple", "tom@ecole.example", user_ids=("u2",), class_ids=("k2",))


def add(ledger: Ledger, *persons: PersonState) -> list[PersonState]:
    """People, added and then looked at again, in the order given."""
    numbers = set_people(ledger, persons, who="diane", now=NOW)
    return [person(ledger, number) for number in numbers]


def person(ledger: Ledger, number: int) -> PersonState:
    """One person as they stand."""
    return next(one for one in people(ledger) if one.id == number)


def change(ledger: Ledger, seen: PersonState, **changes: Any) -> PersonState:
    """A change by hand, and the person after it."""
    return person(ledger, set_person(ledger, replace(seen, **changes), who="diane", now=NOW))


def everything(ledger: Ledger) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, save the audit, the decisions and the count of a person's changes."""
    with ledger.reading() as session:
        tables = [table for table in Base.metadata.sorted_tables if table.name not in ("audit", "match_decisions")]
        rows = {table.name: session.execute(select(table).order_by(*table.primary_key)).mappings() for table in tables}
        kept = {name: [dict(row) for row in found] for name, found in rows.items()}
    for row in kept["people"]:
        del row["version"]
    return kept


def at_once(*actions: Callable[[], Any]) -> list[Any]:
    """What threads that begin together give back; the error where one is told of it."""
    together = Barrier(len(actions))

    def run(action: Callable[[], Any]) -> Any:
        together.wait()
        try:
            return action()
        except WorkbenchError as error:
            return error

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


# --------------------------------------------------------------------------------------------------------- by hand


def test_a_person_comes_back_as_they_were_written(ledger: Ledger) -> None:
    """All that is known of them, and nothing of it is lost or moved to another field."""
    (seen,) = add(ledger, LEA)
    assert seen == replace(LEA, id=seen.id, version=1)
    assert seen.status is PersonStatus.ACTIVE


def test_texts_are_kept_on_one_line_and_identifiers_in_order(ledger: Ledger) -> None:
    """A line break in a name breaks a letter; HTML is text like any other."""
    (seen,) = add(
        ledger, PersonState(" <b>Léa</b>\n Exemple ", " LEA@École.Example\t", " ", class_ids=("k9", " k1", ""))
    )
    assert (seen.name, seen.email, seen.school) == ("<b>Léa</b> Exemple", "lea@école.example", None)
    assert seen.class_ids == ("k1", "k9")


@pytest.mark.parametrize(
    "text",
    [
        "", "lea", "lea@", "@ecole.example", "lea@ecole", "lea@@ecole.example", "lea@a@ecole.example",
        "lea exemple@ecole.example", "lea@ecole.example\nBcc: tom@ecole.example", "lea@\recole.example",
        "lea@ecole.example,tom@ecole.example", "Léa <lea@ecole.example>", "lea\0@ecole.example",
        "lea\u2028@ecole.example", "l" * 300 + "@ecole.example",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    """A letter to it would fail, or go to somebody else as well."""
    with pytest.raises(AddressInvalid, match="no address — write one address"):
        address(text)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": " \n"}, "a name"),
        ({"name": "x" * 1_000_000}, "1,000,000 characters"),
        ({"class_ids": ("k" * 201,)}, "class id has 201"),
        ({"academie": "Atlantis"}, "no académie 'Atlantis'"),
    ],
)
def test_a_person_nobody_could_mean_is_refused(ledger: Ledger, wrong: dict[str, Any], said: str) -> None:
    """And nothing of it is written."""
    with pytest.raises(PersonInvalid, match=said):
        set_person(ledger, replace(LEA, **wrong), who="diane", now=NOW)
    assert people(ledger) == []


def test_an_address_that_another_person_has_is_refused_by_their_number(ledger: Ledger) -> None:
    """Never one for two; capitals and spaces do not make it another address."""
    lea, tom = add(ledger, LEA, TOM)
    with pytest.raises(AddressTaken, match=f"the address of person {lea.id} — "):
        change(ledger, tom, email=" Lea@Ecole.Example")
    with pytest.raises(AddressTaken, match=f"person {lea.id} "):
        add(ledger, PersonState("Léa B.", "lea@ecole.example"))
    assert change(ledger, lea, email="lea@ecole.example").email == "lea@ecole.example"


def test_a_user_id_that_another_person_has_is_refused_but_a_class_may_have_two(ledger: Ledger) -> None:
    """A user of the app is one person; two teachers share a class."""
    lea, tom = add(ledger, LEA, TOM)
    with pytest.raises(UserIdTaken, match=f"u1 is the user id of person {lea.id} — "):
        change(ledger, tom, user_ids=("u1", "u2"))
    assert change(ledger, tom, class_ids=("k1", "k2")).class_ids == ("k1", "k2") == lea.class_ids


def test_identifiers_are_added_and_taken_away_and_the_others_keep_their_rows(ledger: Ledger) -> None:
    """A link that stays is not made anew."""
    (lea,) = add(ledger, LEA)
    kept = [row["id"] for row in everything(ledger)["app_ids"] if row["app_id"] in ("u1", "k2")]
    after = change(ledger, lea, class_ids=("k2", "k3"), user_ids=("u1",))
    assert (after.user_ids, after.class_ids) == (("u1",), ("k2", "k3"))
    assert [row["id"] for row in everything(ledger)["app_ids"]][: len(kept)] == kept


def test_several_are_written_together_or_none_is(ledger: Ledger) -> None:
    """A list is never half in."""
    (lea,) = add(ledger, LEA)
    with pytest.raises(AddressTaken):
        set_people(ledger, [replace(lea, name="Autre"), TOM, replace(TOM, user_ids=())], who="diane", now=NOW)
    assert people(ledger) == [lea]


def test_the_audit_says_what_changed_and_holds_no_personal_value(ledger: Ledger) -> None:
    """Who, what, which fields; the values only as keyed hashes."""
    (lea,) = add(ledger, LEA)
    change(ledger, lea, school="École Pasteur", status=PersonStatus.PAUSED)
    with ledger.reading() as session:
        lines = session.scalars(select(Audit).order_by(Audit.id)).all()
        told = [(line.who, line.what, line.entity_id, line.details) for line in lines]
    assert [line[:3] for line in told] == [("diane", what, str(lea.id)) for what in ("person_added", "person_changed")]
    assert told[1][3].keys() == {"status", "changed", "school"}
    assert (told[1][3]["status"], told[1][3]["changed"]) == ("paused", ["school", "status"])
    assert not any(value in str(told) for value in ("Léa", "lea@", "Jules", "Pasteur", "'u1'", "Lyon", "2019"))


# -------------------------------------------------------------------------------------------------------- at once


def test_the_second_writer_of_one_person_is_told(ledger: Ledger) -> None:
    """What they decided was decided on something that is no longer so."""
    (lea,) = add(ledger, LEA)
    change(ledger, lea, commune="Bron")
    with pytest.raises(ChangedMeanwhile, match="was changed meanwhile"):
        change(ledger, lea, school="École Pasteur")
    after = person(ledger, lea.id)
    assert (after.commune, after.school, after.version) == ("Bron", LEA.school, 2)


def test_fifty_edits_by_two_threads_of_different_persons_lose_none(ledger: Ledger) -> None:
    """People who work on different persons never wait for each other's decisions."""
    found = add(ledger, LEA, TOM)

    def edit(seen: PersonState) -> Callable[[], int]:
        def run() -> int:
            now = seen
            for number in range(25):
                now = change(ledger, now, school=f"{now.school or ''} {number}")
            return now.version

        return run

    assert at_once(*map(edit, found)) == [26, 26]
    numbers = " ".join(map(str, range(25)))
    assert [one.school for one in people(ledger)] == [f"{LEA.school} {numbers}", numbers]
    with ledger.reading() as session:
        assert len(session.scalars(select(Audit).where(Audit.what == "person_changed")).all()) == 50


def test_of_two_who_change_one_person_at_once_one_is_told(ledger: Ledger) -> None:
    """Round after round, whichever comes second."""
    (lea,) = add(ledger, LEA)
    for number in range(10):
        done = at_once(*(lambda who=who, seen=lea: change(ledger, seen, commune=who) for who in ("a", "b")))
        assert sorted(isinstance(one, ChangedMeanwhile) for one in done) == [False, True]
        lea = person(ledger, lea.id)
        assert lea.version == number + 2


@pytest.mark.parametrize(
    ("shared", "error"), [({"email": "x@ecole.example"}, AddressTaken), ({"user_ids": ("u",)}, UserIdTaken)]
)
def test_of_two_who_add_the_same_at_once_one_is_told(
    ledger: Ledger, shared: dict[str, Any], error: type[WorkbenchError]
) -> None:
    """Also where neither could see the other's row: the database decides, and the loser is told whose it is."""
    for number in range(10):
        with ledger.writing("test", NOW) as work:
            work.execute(delete(Person))
        names = (f"{number} a", f"{number} b")
        done = at_once(*(lambda name=name: add(ledger, PersonState(name, **shared)) for name in names))
        assert sorted(isinstance(one, error) for one in done) == [False, True]
        assert len(people(ledger)) == 1


# -------------------------------------------------------------------------------------------------------- consents


def test_of_what_a_person_agreed_to_the_latest_counts_and_all_is_kept(ledger: Ledger) -> None:
    """A consent that was taken back is not one; that it was given once can still be shown."""
    (lea,) = add(ledger, LEA)
    for day, granted in enumerate([True, False, True, False]):
        set_consent(ledger, lea.id, Purpose.REMINDERS, granted, "appel", who="diane", now=NOW + timedelta(days=day))
    set_consent(ledger, lea.id, Purpose.COURRIER, True, "charte", who="diane", now=NOW)
    assert person(ledger, lea.id).consents == {Purpose.REMINDERS: False, Purpose.COURRIER: True}
    assert len(everything(ledger)["consents"]) == 5
    with ledger.reading() as session:
        lines = session.scalars(select(Audit).where(Audit.what == "consent_set")).all()
        assert {line.details["purpose"] for line in lines} == {"reminders", "courrier"}


def test_nobody_consents_who_is_not_there(ledger: Ledger) -> None:
    """Also not somebody who turned out to be another: their choice would count for nobody."""
    lea, tom = add(ledger, LEA, TOM)
    merge(ledger, lea, tom, who="diane", now=NOW)
    for number in (tom.id, 999):
        with pytest.raises(PersonUnknown, match=f"no person {number}, or no longer"):
            set_consent(ledger, number, Purpose.COURRIER, True, "charte", who="diane", now=NOW)


# ----------------------------------------------------------------------------------------------------------- merge


def story(work: Writing, number: int, campaigns: list[Campaign], mark: int, day: date) -> None:
    """A row of every kind for a person; those of `mark` 0 are the same for everybody, as far as that may be."""
    work.add(Consent(person_id=number, purpose=Purpose.OPENS, granted=bool(mark), at=NOW, source="appel"))
    response = Response(
        form_id="f", token=f"t{number}-{mark}", person_id=number, kind="completed", received_at=NOW, source="api",
        hidden={}, raw={},
    )  # fmt: skip
    evidence = Evidence(
        person_id=number, quarter=f"2020-2021-Q{mark}", commitment="2", kind="note", source=f"note:{mark}",
        decided_on=day, created_at=NOW,
    )  # fmt: skip
    work.add_all([response, evidence])
    work.flush()
    about = {"person_id": number}
    work.add_all(
        [
            Asked(campaign_id=campaigns[mark].id, at=NOW, **about),
            Commitment(
                quarter=evidence.quarter, commitment="2", status="met", evidence_id=evidence.id, decided_on=day, **about
            ),
            Interaction(kind="call", at=NOW, note=f"appel {mark}", who="diane", **about),
            FollowUp(rule="call", about=f"{mark}", due_on=day, state="open", reason="", created_at=NOW, **about),
            Benefit(kind="plus", state="owed", item="", since=day, note=f"{mark}", **about),
            Bug(response_id=response.id, text=f"bug {mark}", state="open", reported_at=NOW, **about),
        ]
    )


def stories(ledger: Ledger, marks: dict[int, list[int]]) -> None:
    """Rows of every kind by person; and an answer and a bug of nobody's."""
    day = NOW.date()
    with ledger.writing("test", NOW) as work:
        campaigns = [
            Campaign(kind="questionnaire", form_id="f", quarter=f"2020-2021-Q{mark}", out_on=day) for mark in range(4)
        ]
        work.add_all(campaigns)
        work.flush()
        for number, of_person in marks.items():
            for mark in of_person:
                story(work, number, campaigns, mark, day)
        work.add(Bug(text="personne", state="open", reported_at=NOW))
        work.add(
            Response(form_id="f", token="nobody", kind="completed", received_at=NOW, source="api", hidden={}, raw={})
        )


def of_person(ledger: Ledger, number: int) -> dict[str, int]:
    """How many rows of each table belong to a person."""
    rows = everything(ledger)
    return {
        name: sum(row["person_id"] == number for row in found)
        for name, found in rows.items()
        if found and "person_id" in found[0]
    }


def test_all_that_one_has_goes_to_the_other(ledger: Ledger) -> None:
    """Identifiers, consents, answers, evidence, commitments, calls, follow-ups, benefits, bugs: one person's story."""
    lea, tom = add(ledger, LEA, replace(TOM, class_ids=("k3",)))
    stories(ledger, {lea.id: [1], tom.id: [0, 2]})
    merge(ledger, lea, tom, who="diane", now=NOW)
    assert set(of_person(ledger, tom.id).values()) == {0}
    assert of_person(ledger, lea.id) == dict.fromkeys(
        "consents responses asked evidence commitments interactions follow_ups benefits bugs".split(), 3
    ) | {"app_ids": 5}
    (one,) = people(ledger)
    assert (one.id, one.user_ids, one.class_ids) == (lea.id, ("u1", "u2"), ("k1", "k2", "k3"))


def test_what_both_have_once_stays_with_each(ledger: Ledger) -> None:
    """The same class, campaign, quarter's commitment and follow-up: nothing is thrown away, no constraint broken."""
    lea, tom = add(ledger, LEA, TOM)
    stories(ledger, {lea.id: [0, 1], tom.id: [0, 2]})
    before = {name: len(rows) for name, rows in everything(ledger).items()}
    merge(ledger, lea, tom, who="diane", now=NOW)
    left = {name: count for name, count in of_person(ledger, tom.id).items() if count}
    assert left == {"app_ids": 1, "asked": 1, "commitments": 1, "follow_ups": 1}
    assert {name: len(rows) for name, rows in everything(ledger).items()} == before


def test_what_is_not_known_of_the_one_is_taken_over_from_the_other(ledger: Ledger) -> None:
    """And what is known stays: the one who stays is the one that Diane chose."""
    bare, lea = add(ledger, PersonState("L. Exemple", commune="Bron"), LEA)
    merge(ledger, bare, lea, who="diane", now=NOW)
    (one,) = people(ledger)
    assert (one.name, one.commune) == ("L. Exemple", "Bron")
    assert (one.email, one.school, one.academie, one.since) == (LEA.email, LEA.school, LEA.academie, LEA.since)
    assert addresses(ledger) == {LEA.email: bare.id}


def test_the_address_of_one_who_was_merged_leads_to_the_one_who_stayed(ledger: Ledger) -> None:
    """Somebody who answers from their old address is known; nobody else can be given it."""
    lea, tom, zoe = add(ledger, LEA, TOM, PersonState("Zoé", "zoe@ecole.example"))
    merge(ledger, lea, tom, who="diane", now=NOW)
    merge(ledger, zoe, person(ledger, lea.id), who="diane", now=NOW)
    assert addresses(ledger) == dict.fromkeys([LEA.email, TOM.email, zoe.email], zoe.id)
    with pytest.raises(AddressTaken, match=rf"person {tom.id} \(now part of person {lea.id}\)"):
        add(ledger, replace(TOM, user_ids=()))


def test_one_who_was_merged_can_no_longer_be_changed(ledger: Ledger) -> None:
    """Somebody who still has them on the screen is told; and so is who looks at the one who stayed."""
    lea, tom = add(ledger, LEA, TOM)
    merge(ledger, lea, tom, who="diane", now=NOW)
    for seen in (lea, tom):
        with pytest.raises(ChangedMeanwhile):
            change(ledger, seen, school="École Pasteur")
        with pytest.raises(ChangedMeanwhile):
            merge(ledger, lea, tom, who="diane", now=NOW)


def test_nobody_is_merged_into_themselves(ledger: Ledger) -> None:
    """They would be gone."""
    (lea,) = add(ledger, LEA)
    with pytest.raises(MergeRefused, match="one person"):
        merge(ledger, lea, lea, who="diane", now=NOW)


def test_of_two_who_merge_the_same_at_once_one_is_told(ledger: Ledger) -> None:
    """Also the other way round: neither blocks, and nobody is merged in a circle."""
    add(ledger, LEA, TOM)
    for _ in range(10):
        lea, tom = people(ledger)
        pairs = [(lea, tom), (tom, lea)]
        done = at_once(*(lambda pair=pair: merge(ledger, *pair, who="diane", now=NOW) for pair in pairs))
        assert sorted(isinstance(one, ChangedMeanwhile) for one in done) == [False, True]
        (standing,) = merges(ledger)
        assert len(people(ledger)) == 1
        undo_merge(ledger, standing.id, who="diane", now=NOW)


def test_merge_then_undo_leaves_everything_as_it_was(ledger: Ledger) -> None:
    """Whatever two people have, the same or apart, known or not: every row, number and value is as before."""

    @hypothesis_settings(max_examples=25, suppress_health_check=list(HealthCheck))
    @given(
        st.tuples(*[st.sets(st.integers(0, 3))] * 2),
        st.tuples(*[st.sets(st.sampled_from(["email", "school", "commune", "academie", "since", "class_ids"]))] * 2),
        st.booleans(),
    )
    def holds(marks: tuple[set[int], set[int]], unknown: tuple[set[str], set[str]], swapped: bool) -> None:
        with ledger.writing("test", NOW) as work:
            for table in reversed(Base.metadata.sorted_tables):
                if table.name not in ("audit", "academies"):
                    work.execute(delete(table))
        empty = {"email": None, "school": None, "commune": None, "academie": None, "since": None, "class_ids": ()}
        both = [LEA, replace(TOM, school="École", commune="Bron", academie="Lyon", since=date(2020, 9, 1))]
        persons = [
            replace(one, **{name: empty[name] for name in names}) for one, names in zip(both, unknown, strict=True)
        ]
        seen = add(ledger, *persons)
        stories(ledger, {one.id: sorted(of) for one, of in zip(seen, marks, strict=True)})
        before = everything(ledger)
        stays, goes = reversed(seen) if swapped else seen
        number = merge(ledger, stays, goes, who="diane", now=NOW)
        assert everything(ledger) != before
        undo_merge(ledger, number, who="diane", now=NOW)
        assert everything(ledger) == before
        assert [one.version for one in people(ledger)] == [3, 3]

    holds()


def merged(ledger: Ledger) -> tuple[PersonState, PersonState, int]:
    """A person without an address who took over another's: both as they were, and the decision."""
    bare, tom = add(ledger, PersonState("Léa"), replace(TOM, school="École"))
    return bare, tom, merge(ledger, bare, tom, who="diane", now=NOW)


def test_what_changed_since_a_merge_stays_as_it_is_when_it_is_undone(ledger: Ledger) -> None:
    """Undoing takes nothing from anybody that the merge did not give them."""
    bare, tom, decision = merged(ledger)
    change(ledger, person(ledger, bare.id), email="lea@ecole.example", school="École Pasteur", class_ids=("k2", "k9"))
    undo_merge(ledger, decision, who="diane", now=NOW)
    one, other = people(ledger)
    assert (one.email, one.school, one.class_ids) == ("lea@ecole.example", "École Pasteur", ("k9",))
    assert replace(other, version=1) == tom


def test_an_address_that_somebody_was_given_since_does_not_go_back(ledger: Ledger) -> None:
    """The undoing is refused and says who has it; nothing is half undone."""
    bare, _, decision = merged(ledger)
    change(ledger, person(ledger, bare.id), email=None)
    (zoe,) = add(ledger, PersonState("Zoé", TOM.email))
    before = everything(ledger)
    with pytest.raises(AddressTaken, match=f"person {zoe.id} "):
        undo_merge(ledger, decision, who="diane", now=NOW)
    assert everything(ledger) == before


def test_merges_are_undone_once_and_the_later_one_first(ledger: Ledger) -> None:
    """Another order would leave rows with somebody who is no longer there."""
    lea, tom, zoe = add(ledger, LEA, TOM, PersonState("Zoé"))
    first = merge(ledger, lea, tom, who="diane", now=NOW)
    second = merge(ledger, zoe, person(ledger, lea.id), who="patrick", now=NOW)
    assert [(one.id, one.stays, one.goes, one.at, one.who) for one in merges(ledger)] == [
        (second, zoe.id, lea.id, NOW, "patrick"),
        (first, lea.id, tom.id, NOW, "diane"),
    ]
    with pytest.raises(UndoRefused, match=f"part of person {zoe.id} since — undo the later merge first"):
        undo_merge(ledger, first, who="diane", now=NOW)
    undo_merge(ledger, second, who="diane", now=NOW)
    undo_merge(ledger, first, who="diane", now=NOW)
    assert [replace(one, version=1) for one in people(ledger)] == [lea, tom, zoe]
    assert merges(ledger) == []
    for number in (first, 999):
        with pytest.raises(UndoRefused, match="no merge that stands"):
            undo_merge(ledger, number, who="diane", now=NOW)


def test_a_merge_and_its_undoing_are_in_the_audit(ledger: Ledger) -> None:
    """By numbers alone."""
    bare, tom, decision = merged(ledger)
    undo_merge(ledger, decision, who="patrick", now=datetime(2020, 12, 16, tzinfo=NOW.tzinfo))
    with ledger.reading() as session:
        lines = session.scalars(select(Audit).where(Audit.what.in_(["people_merged", "merge_undone"]))).all()
    assert [(line.who, line.what, line.entity_id) for line in lines] == [
        ("diane", "people_merged", str(bare.id)),
        ("patrick", "merge_undone", str(bare.id)),
    ]
    assert [line.details for line in lines] == [{"merged": tom.id, "decision": decision}] * 2


def test_what_went_on_to_a_third_person_stays_theirs_when_a_merge_is_undone(ledger: Ledger) -> None:
    """An answer or an identifier that was found to be theirs is not taken from them again."""
    bare, _, decision = merged(ledger)
    (zoe,) = add(ledger, PersonState("Zoé"))
    with ledger.writing("test", NOW) as work:
        work.scalars(select(AppId).where(AppId.app_id == "u2")).one().person_id = zoe.id
    undo_merge(ledger, decision, who="diane", now=NOW)
    assert person(ledger, zoe.id).user_ids == ("u2",)
    assert person(ledger, bare.id).user_ids == ()


def test_the_last_identifier_of_somebody_can_be_taken_away(ledger: Ledger) -> None:
    """A class that was noted by mistake; the audit says that there is none any more."""
    number = set_person(ledger, PersonState("Léa", class_ids=("k1",)), who="diane", now=NOW)
    (seen,) = people(ledger)
    set_person(ledger, replace(seen, class_ids=()), who="diane", now=NOW)
    assert people(ledger)[0].class_ids == ()
    assert number == people(ledger)[0].id
