"""Whose answers these are, by rule: a signed link, an address, a candidate; never two for one, never one for two."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import pytest
from command_line import workbench
from hypothesis import given
from hypothesis import strategies as st
from ledgers import KEY
from matching_answers import (
    AT,
    NOW,
    OTHER_FORM,
    answered,
    asking,
    audited,
    matched,
    owner,
    token_of,
    waiting,
)
from sqlalchemy import func, select
from starlette.applications import Starlette
from test_people import LEA, TOM, add, everything, person
from test_typeform_hook import SECRET, body_of, signed
from tiny import settings

from workbench.app.hooks import hooks
from workbench.ledger import Ledger, ledger_of, open_ledger
from workbench.ledger.matching import Match, keep_matches, match, unmatch
from workbench.ledger.merging import merge
from workbench.ledger.people import PersonState, people
from workbench.ledger.states import Meaning, PersonStatus
from workbench.ledger.tables import Audit, Person, QuestionMap, Response
from workbench.surveys.matching import ENTRY_FORM, Matched, person_in, personal_links, to_match
from workbench.surveys.suggestions import Known, apart
from workbench.text import Words

LEAS, TOMS = f"q3={LEA.email}", f"q3={TOM.email}"


@pytest.fixture
def lite(sqlite_url: str) -> Iterator[Ledger]:
    """A ledger on SQLite, where the kind of database is not the question."""
    with closing(open_ledger(sqlite_url, KEY)) as opened:
        yield opened


def charter(ledger: Ledger, number: int) -> tuple[str | None, date | None]:
    """What somebody accepted, and when."""
    with ledger.reading() as session:
        row = session.get_one(Person, number)
        return row.charter_version, row.charter_accepted_on


# ----------------------------------------------------------------------------------------------------------- links


def test_a_personal_link_leads_to_the_form_and_back_to_the_person(ledger: Ledger) -> None:
    """The token is in the part of the address that no server sees, under the name of the hidden field."""
    lea, tom = add(ledger, LEA, TOM)
    link = urlsplit(personal_links(ledger, ENTRY_FORM, [lea.id])[lea.id])
    assert f"{link.scheme}://{link.netloc}{link.path}" == f"https://form.typeform.com/to/{ENTRY_FORM}"
    name, _, token = link.fragment.partition("=")
    assert person_in(ledger, ENTRY_FORM, {name: token}) == lea.id
    merge(ledger, tom, lea, who="diane", now=NOW)
    assert person_in(ledger, ENTRY_FORM, {name: token}) == tom.id


def test_a_token_that_is_not_ours_names_nobody(lite: Ledger, tmp_path: Path) -> None:
    """Absent, changed, cut, of another form, of another HOME, signed for something else, of nobody: all the same."""
    (lea,) = add(lite, LEA)
    token = token_of(lite, lea.id)
    with closing(open_ledger(f"sqlite:///{tmp_path / 'other.sqlite'}", b"another key")) as other:
        foreign = token_of(other, lea.id)
    elsewhere = lite.signer("unsubscribe").dumps([OTHER_FORM, lea.id])
    letters = [(n, "B" if letter == "A" else "A") for n, letter in enumerate(token)]
    changed = [token[:n] + letter + token[n + 1 :] for n, letter in letters]
    wrong: list[object] = ["", ".", "é", token[:-3], token + "a", "x" * 1_000_000, foreign, elsewhere, 3, None, [token]]
    assert person_in(lite, OTHER_FORM, {"a": token}) == lea.id
    for value in wrong + changed:
        assert person_in(lite, OTHER_FORM, {"a": value}) is None, value
    assert person_in(lite, OTHER_FORM, {"A": token}) is None
    assert person_in(lite, ENTRY_FORM, {"a": token}) is None
    assert person_in(lite, OTHER_FORM, {"a": token_of(lite, 999)}) is None


# --------------------------------------------------------------------------------------------------------- by rule


@pytest.mark.parametrize(
    ("link", "said", "whose", "how"),
    [
        ("lea", [], "lea", "link"),
        ("lea", [LEAS], "lea", "link"),
        ("lea", ["q3=inconnue@ecole.example"], "lea", "link"),
        ("lea", ["q3=pas une adresse"], "lea", "link"),
        ("lea", [TOMS], None, None),
        ("lea", [LEAS, f"q4={TOM.email}"], None, None),
        (None, [LEAS], "lea", "address"),
        (None, ["q3= LEA@Ecole.Example "], "lea", "address"),
        (None, [f"q4={TOM.email}"], "tom", "address"),
        (None, [LEAS, f"q4={LEA.email}"], "lea", "address"),
        (None, [LEAS, "q4=inconnue@ecole.example"], "lea", "address"),
        (None, [LEAS, f"q4={TOM.email}"], None, None),
        (None, ["q3=inconnue@ecole.example"], None, None),
        (None, [f"q1={LEA.email}"], None, None),
        (None, [f"q1={LEA.name}"], None, None),
        (None, [], None, None),
    ],
)
def test_the_link_tells_it_else_the_address_else_nobody_guesses(
    ledger: Ledger, link: str | None, said: list[str], whose: str | None, how: str | None
) -> None:
    """A token and an address of two, or two known addresses, are left to somebody who can ask."""
    asking(ledger)
    lea, tom = add(ledger, LEA, TOM)
    number = {"lea": lea.id, "tom": tom.id}
    response = answered(ledger, "t", *said, **({"a": token_of(ledger, number[link])} if link else {}))
    counts = matched(ledger)
    assert counts == Matched(how == "link", how == "address", 0, whose is None)
    assert owner(ledger, response) == (number[whose] if whose else None)
    assert len(people(ledger)) == 2
    lines = audited(ledger, "response_matched")
    assert lines == ([{"id": response, "how": how, "person": number[whose]}] if whose else [])


def test_whoever_was_merged_is_known_by_what_they_had(ledger: Ledger) -> None:
    """Their old link and their old address lead to the one who stayed."""
    lea, tom = add(ledger, LEA, TOM)
    by_link = answered(ledger, "a", a=token_of(ledger, tom.id))
    by_address = answered(ledger, "b", TOMS)
    merge(ledger, lea, tom, who="diane", now=NOW)
    assert matched(ledger) == Matched(1, 1, 0, 0)
    assert [owner(ledger, one) for one in (by_link, by_address)] == [lea.id, lea.id]


def test_where_a_question_is_mapped_as_the_address_no_other_counts(ledger: Ledger) -> None:
    """The address of a colleague does not make the answers theirs."""
    asking(ledger)
    lea, _ = add(ledger, LEA, TOM)
    with ledger.writing("diane", NOW) as work:
        work.add_all(
            [
                QuestionMap(form_id=OTHER_FORM, ref="q3", meaning=Meaning.EMAIL, mapped_at=NOW),
                QuestionMap(form_id=OTHER_FORM, ref="q4", meaning=Meaning.OTHER, mapped_at=NOW),
            ]
        )
    both = answered(ledger, "a", LEAS, f"q4={TOM.email}")
    colleague = answered(ledger, "b", f"q4={TOM.email}")
    assert matched(ledger) == Matched(0, 1, 0, 1)
    assert (owner(ledger, both), owner(ledger, colleague)) == (lea.id, None)


def test_what_is_gone_from_typeform_is_matched_to_nobody(ledger: Ledger) -> None:
    """Nor is it shown as left to match."""
    add(ledger, LEA)
    response = answered(ledger, "t", LEAS)
    with ledger.writing("sync", NOW) as work:
        work.get_one(Response, response).deleted_at = NOW
    assert matched(ledger) == Matched(0, 0, 0, 0)
    assert to_match(ledger) == []


def test_what_changed_since_it_was_found_is_left_out(ledger: Ledger) -> None:
    """Between the reading and the writing somebody may match, unmatch or merge: their word counts."""
    lea, tom, zoe = add(ledger, LEA, TOM, PersonState("Zoé"))
    taken, refused, free, other = (answered(ledger, token) for token in "abcd")
    match(ledger, taken, tom.id, who="diane", now=NOW)
    match(ledger, refused, lea.id, who="diane", now=NOW)
    unmatch(ledger, refused, lea.id, who="diane", now=NOW)
    merge(ledger, tom, zoe, who="diane", now=NOW)
    found = [Match(one, lea.id, "link") for one in (taken, refused, free)] + [Match(other, zoe.id, "link")]
    assert keep_matches(ledger, found, who="sync", now=NOW) == [found[2]]
    assert [owner(ledger, one) for one in (taken, refused, free, other)] == [tom.id, None, lea.id, None]


def test_ten_thousand_responses_are_matched_in_portions(lite: Ledger) -> None:
    """All of them, each once; the audit has a line for each."""
    add(lite, LEA)
    with lite.writing("test", NOW) as work:
        rows = [
            {"form_id": "f", "token": str(n), "kind": "completed", "received_at": NOW, "source": "api", "raw": {}}
            for n in range(1_201)
        ]
        token = token_of(lite, 1, "f")
        work.execute(Response.__table__.insert(), [row | {"hidden": {"a": token}} for row in rows])
    assert matched(lite) == Matched(1_201, 0, 0, 0)
    with lite.reading() as session:
        query = select(func.count()).select_from(Audit).where(Audit.what == "response_matched")
        assert session.scalar(query) == 1_201


# ------------------------------------------------------------------------------------------------------ candidates


def test_a_completed_entry_form_makes_a_candidate_who_accepts_the_charter(ledger: Ledger) -> None:
    """Name, address, the day in Paris, the charter of that day; with the match, in one transaction."""
    asking(ledger)
    late = datetime(2020, 11, 20, 23, 30, tzinfo=UTC)
    response = answered(ledger, "t", "q1=Zoé", "q2=Exemple", "q3=ZOE@ecole.example", form=ENTRY_FORM, at=late)
    assert matched(ledger) == Matched(0, 0, 1, 0)
    (zoe,) = people(ledger)
    entered = PersonState("Zoé Exemple", "zoe@ecole.example", since=date(2020, 11, 21), status=PersonStatus.CANDIDATE)
    assert zoe == replace(entered, id=zoe.id, version=1)
    assert charter(ledger, zoe.id) == ("2020", date(2020, 11, 21))
    assert owner(ledger, response) == zoe.id
    assert audited(ledger, "response_matched") == [{"id": response, "how": "candidate", "person": zoe.id}]
    (added,) = audited(ledger, "person_added")
    assert (added["status"], added["response"]) == ("candidate", response)
    assert not any(value in str(added) for value in ("Zoé", "zoe@"))


@pytest.mark.parametrize(
    ("said", "more"),
    [
        (["q3=zoe@ecole.example"], {"kind": "partial"}),
        (["q3=zoe@ecole.example"], {"form": OTHER_FORM}),
        (["q3=zoe@ecole"], {}),
        (["q1=zoe@ecole.example"], {}),
        (["q3=zoe@ecole.example", "q4=lou@ecole.example"], {}),
        ([], {}),
    ],
)
def test_nothing_else_makes_a_candidate(ledger: Ledger, said: list[str], more: dict[str, Any]) -> None:
    """Not half a form, not another form, not an address that is none, not one of two."""
    asking(ledger)
    answered(ledger, "t", *said, **({"form": ENTRY_FORM} | more))
    assert matched(ledger) == Matched(0, 0, 0, 1)
    assert people(ledger) == []


def test_of_one_address_there_is_one_candidate_and_all_answers_are_theirs(ledger: Ledger) -> None:
    """Whichever came first, whatever the form: several answers by one person are kept, under one person."""
    asking(ledger)
    said = "q3=zoe@ecole.example"
    day = [datetime(2020, 11, number, 10, tzinfo=UTC) for number in (3, 5, 7, 9)]
    before = answered(ledger, "before", said, at=day[0])
    second = answered(ledger, "second", said, form=ENTRY_FORM, at=day[2])
    half = answered(ledger, "half", said, form=ENTRY_FORM, at=day[3], kind="partial")
    first = answered(ledger, "first", "q2=Zoé", "q3= Zoe@ecole.example", form=ENTRY_FORM, at=day[1])
    assert matched(ledger) == Matched(0, 3, 1, 0)
    (zoe,) = people(ledger)
    assert (zoe.name, zoe.since) == ("Zoé", date(2020, 11, 5))
    assert {owner(ledger, one) for one in (before, first, second, half)} == {zoe.id}
    assert charter(ledger, zoe.id) == ("2020", date(2020, 11, 5))


def test_running_again_changes_nothing(ledger: Ledger) -> None:
    """Not a row, not a line of the audit: also not for what is left."""
    asking(ledger)
    lea, tom = add(ledger, LEA, TOM)
    answered(ledger, "a", LEAS, form=ENTRY_FORM)
    answered(ledger, "b", a=token_of(ledger, tom.id))
    answered(ledger, "c", "q3=zoe@ecole.example", form=ENTRY_FORM)
    answered(ledger, "d", LEAS, a=token_of(ledger, tom.id))
    answered(ledger, "e", "q3=lou@ecole.example")
    assert matched(ledger) == Matched(1, 1, 1, 2)
    before, lines = everything(ledger), audit_lines(ledger)
    assert matched(ledger) == Matched(0, 0, 0, 2)
    assert (everything(ledger), audit_lines(ledger)) == (before, lines)
    assert person(ledger, lea.id).version == 2


def audit_lines(ledger: Ledger) -> int:
    """How many lines the audit has."""
    with ledger.reading() as session:
        return session.scalar(select(func.count()).select_from(Audit)) or 0


@pytest.mark.parametrize("status", list(PersonStatus))
def test_somebody_known_who_enters_accepts_the_charter_and_keeps_their_status(
    ledger: Ledger, status: PersonStatus
) -> None:
    """An ambassador of long standing is no candidate again."""
    asking(ledger)
    (lea,) = add(ledger, replace(LEA, status=status))
    answered(ledger, "t", LEAS, form=ENTRY_FORM)
    assert matched(ledger) == Matched(0, 1, 0, 0)
    assert replace(person(ledger, lea.id), version=1) == lea
    assert charter(ledger, lea.id) == ("2020", AT.date())
    assert audited(ledger, "charter_accepted") == [{"id": lea.id, "version": "2020", "response": 1}]


def test_the_first_acceptance_stays_and_what_is_not_completed_accepts_nothing(ledger: Ledger) -> None:
    """Before there was a charter none was accepted; an answer to another form accepts none."""
    asking(ledger)
    (lea,) = add(ledger, LEA)
    answered(ledger, "early", LEAS, form=ENTRY_FORM, at=datetime(2020, 8, 31, 12, tzinfo=UTC))
    answered(ledger, "other", LEAS)
    answered(ledger, "half", LEAS, form=ENTRY_FORM, kind="partial")
    assert matched(ledger) == Matched(0, 3, 0, 0)
    assert charter(ledger, lea.id) == (None, None)
    answered(ledger, "later", LEAS, form=ENTRY_FORM, at=datetime(2020, 12, 3, tzinfo=UTC))
    answered(ledger, "sooner", LEAS, form=ENTRY_FORM, at=datetime(2020, 12, 2, tzinfo=UTC))
    matched(ledger)
    assert charter(ledger, lea.id) == ("2020", date(2020, 12, 2))
    answered(ledger, "last", LEAS, form=ENTRY_FORM, at=datetime(2020, 12, 1, tzinfo=UTC))
    matched(ledger)
    assert charter(ledger, lea.id) == ("2020", date(2020, 12, 2))


def test_a_response_that_is_completed_after_it_was_matched_accepts_the_charter_then(ledger: Ledger) -> None:
    """Typeform shows it as partial first; whose it is stays."""
    asking(ledger)
    (lea,) = add(ledger, LEA)
    response = answered(ledger, "t", LEAS, form=ENTRY_FORM, kind="partial")
    matched(ledger)
    assert answered(ledger, "t", LEAS, form=ENTRY_FORM, at=datetime(2020, 12, 2, tzinfo=UTC)) == response
    assert matched(ledger) == Matched(0, 0, 0, 0)
    assert (owner(ledger, response), charter(ledger, lea.id)) == (lea.id, ("2020", date(2020, 12, 2)))


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (["q1=Zoé", "q2=Exemple"], "Zoé Exemple"),
        (["q2=Exemple", "q1=Zoé"], "Zoé Exemple"),
        (["q2= Zoé\n Exemple "], "Zoé Exemple"),
        (["q1=Zoé"], "Zoé"),
        (["q5=École Jules-Ferry"], "zoe.exemple"),
        (["q1=", "q2= \n"], "zoe.exemple"),
        ([], "zoe.exemple"),
        (["nom_prenom=Zoé Exemple"], "Zoé Exemple"),
        (["first_name=Zoé", "last_name=Exemple"], "Zoé Exemple"),
        (["nom_ecole=Jules-Ferry"], "zoe.exemple"),
    ],
)
def test_a_candidate_is_called_as_they_said_else_by_their_address(lite: Ledger, said: list[str], name: str) -> None:
    """The questions that ask for a name are told by their titles and references; a school has a name too."""
    asking(lite)
    answered(lite, "t", *said, "q3=zoe.exemple@ecole.example", form=ENTRY_FORM)
    assert matched(lite).candidates == 1
    assert [one.name for one in people(lite)] == [name]


def test_a_name_of_fifty_lines_of_markup_is_only_text(ledger: Ledger) -> None:
    """It is kept as written, on one line, as long as a name may be; the whole answer is kept with the response."""
    asking(ledger)
    name = "\n".join(f"<b onclick='x({n})'>**Zoé**</b> [l](javascript:{n}) ; drop table people; --" for n in range(50))
    answered(ledger, "a", f"q2={name}", "q3=zoe@ecole.example", form=ENTRY_FORM)
    answered(ledger, "b", f"q2={name}")
    assert matched(ledger) == Matched(0, 0, 1, 1)
    (zoe,) = people(ledger)
    assert zoe.name == name.replace("\n", " ")[:200].strip()
    (left,) = to_match(ledger)
    assert left.name == name.replace("\n", " ")


# ---------------------------------------------------------------------------------------------------- suggestions


def test_what_is_left_is_listed_with_what_is_known_of_it(ledger: Ledger) -> None:
    """The form, the day, the name and the address as they were written; the latest first."""
    asking(ledger)
    add(ledger, LEA)
    first = answered(ledger, "a", "q1=Zoé", "q2=Exemple", "q3= Zoe@ecole", form=ENTRY_FORM, at=AT)
    second = answered(ledger, "b", form="unheard", kind="partial", at=datetime(2020, 11, 21, tzinfo=UTC))
    answered(ledger, "c", LEAS)
    matched(ledger)
    listed = to_match(ledger)
    assert [(one.response, one.form_id, one.form_title, one.name, one.address) for one in listed] == [
        (second, "unheard", "unheard", "", ""),
        (first, ENTRY_FORM, f"Formulaire {ENTRY_FORM}", "Zoé Exemple", "Zoe@ecole"),
    ]
    assert [(one.kind.value, one.at.day, one.suggestions) for one in listed] == [
        ("partial", 21, ()),
        ("completed", 20, ()),
    ]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (["q1=Léa", "q2=Exemple"], "name"),
        (["q2=EXEMPLE  lea"], "name"),
        (["q2=Le\u0301a Exemple"], "name"),
        (["q3=leaa@ecole.example"], "typing"),
        (["q3=lae@ecole.example"], "typing"),
        (["q3=lea@ecole.exemple"], "typing"),
        (["q3=la@ecolle.example"], "typing"),
        (["q3=lea@ecole,example"], "typing"),
        (["q3=LEA@ecol"], "domain"),
        (["q3=lea@ailleurs.example"], "domain"),
        (["q3=lea"], "domain"),
        (["q3=louis@ecole.example"], None),
        (["q3=leapold@ecole.example"], None),
        (["q3=la@eccole.exxample"], None),
        (["q1=Léo", "q2=Exemple"], None),
        (["q1=", "q2=!"], None),
    ],
)
def test_people_of_the_same_name_or_nearly_the_same_address_are_suggested(
    ledger: Ledger, said: list[str], why: str | None
) -> None:
    """Accents, capitals and order aside; two letters typed wrong, or the same name at another place."""
    asking(ledger)
    (lea,) = add(ledger, replace(LEA, user_ids=(), class_ids=()))
    add(ledger, PersonState("!"), PersonState("Tom Autre", "tom.autre@lycee.example"))
    answered(ledger, "t", *said)
    assert matched(ledger).left == 1
    (one,) = to_match(ledger)
    found = [(suggested.person, suggested.name, suggested.why) for suggested in one.suggestions]
    assert found == ([(lea.id, lea.name, f"matching.why.{why}")] if why else [])
    words = Words("fr")
    assert all(words(each.why, **each.values) for each in one.suggestions)


def test_the_likeliest_is_first_and_no_more_than_five_are_named(lite: Ledger) -> None:
    """Whom the link names, whose the address is, who has both a name and nearly the address."""
    asking(lite)
    tom, lea, near, same, *_ = add(
        lite,
        TOM,
        LEA,
        PersonState("Zoé Exemple", "zoe@ecole.example"),
        PersonState("Exemple, Zoé"),
        *(PersonState("zoe exemple") for _ in range(6)),
    )
    answered(lite, "a", LEAS, "q1=Zoé", "q2=Exemple", a=token_of(lite, tom.id))
    answered(lite, "b", "q3=zoé@ecole.example", "q1=Zoé", "q2=Exemple")
    matched(lite)
    typed, disputed = to_match(lite)
    assert [(one.person, one.why) for one in disputed.suggestions[:2]] == [
        (tom.id, "matching.why.link"),
        (lea.id, "matching.why.address"),
    ]
    assert [one.person for one in typed.suggestions[:2]] == [near.id, same.id]
    assert typed.suggestions[0].why == "matching.why.typing"
    assert {len(disputed.suggestions), len(typed.suggestions)} == {5}
    scores = [one.score for one in typed.suggestions]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)


def test_whoever_was_merged_is_not_suggested_but_who_they_are(lite: Ledger) -> None:
    """Their name is nobody's any more; their address leads on."""
    lea, tom = add(lite, LEA, TOM)
    merge(lite, lea, tom, who="diane", now=NOW)
    answered(lite, "t", f"nom={TOM.name}", "q3=tomm@ecole.example")
    (one,) = to_match(lite)
    assert [(each.person, each.name) for each in one.suggestions] == [(lea.id, lea.name)]


@given(st.text("ab@.", max_size=7), st.text("ab@.", max_size=7))
def test_letters_apart_are_counted_as_the_textbook_does(one: str, other: str) -> None:
    """Exactly up to two; more is more."""
    row = list(range(len(other) + 1))
    for n, a in enumerate(one, 1):
        before, row = row, [n]
        for m, b in enumerate(other, 1):
            row.append(min(before[m] + 1, row[-1] + 1, before[m - 1] + (a != b)))
    assert min(apart(one, other), 3) == min(row[-1], 3)


EDITS = st.lists(st.tuples(st.sampled_from(["in", "out", "other"]), st.integers(0, 20)), min_size=1, max_size=2)


@given(st.text("abcdefgh.1", min_size=3, max_size=14), EDITS)
def test_an_address_with_two_letters_typed_wrong_is_found(local: str, edits: list[tuple[str, int]]) -> None:
    """Left out, put in or another, at any two places: nobody is looked for in vain."""
    typed = local
    for what, where in edits:
        place = where % len(typed)
        typed = typed[:place] + ("" if what == "out" else "z") + typed[place + (what != "in") :]
    known = Known({1: "Léa", 2: "Tom"}, {f"{local}@x.example": 1, "quiconque@x.example": 2})
    found = known.suggested(None, (), "", f"{typed}@x.example", ())
    assert [one.person for one in found] == [1] or typed == local


# ----------------------------------------------------------------------------------------------- where it is run


def test_the_command_counts_what_was_matched_and_what_is_left(tmp_path: Path) -> None:
    """One object for scripts, a table for people; an import matches as well, and counts what is left of its file."""
    home = tmp_path / "home"
    page = {"items": [entry("t1", "zoe@ecole.example"), entry("t2", "pas une adresse")]}
    (tmp_path / "page.json").write_text(json.dumps(page), encoding="utf-8")
    command = ("survey", "import", str(tmp_path / "page.json"), "--form", ENTRY_FORM, "--json")
    counts = {"responses": 2, "answers": 2, "new": 2, "unmatched": 1, "unknown": 0}
    assert json.loads(workbench(home, *command).stdout) == counts
    assert json.loads(workbench(home, *command).stdout) == counts | {"new": 0}
    with closing(ledger_of(settings(home))) as ledger:
        (zoe,) = people(ledger)
        answered(ledger, "x", "q3=zoe@ecole.example")
        answered(ledger, "y", a=token_of(ledger, zoe.id))
        answered(ledger, "z", "q3=lou@ecole.example", form=ENTRY_FORM)
    done = workbench(home, "survey", "match", "--json")
    assert json.loads(done.stdout) == {"by_link": 1, "by_address": 1, "candidates": 1, "left": 1}
    shown = [line.split() for line in workbench(home, "survey", "match").stdout.splitlines()]
    assert shown == [["by_link", "by_address", "candidates", "left"], ["0", "0", "0", "1"]]


def entry(token: str, email: str) -> dict[str, Any]:
    """A response of an API page with an address."""
    answer = {"field": {"id": "f1", "ref": "mail", "type": "email"}, "type": "email", "email": email}
    return {"token": token, "submitted_at": "2020-11-20T10:05:00Z", "answers": [answer]}


def test_a_body_that_typeform_sends_is_matched_once_it_is_processed(tmp_path: Path) -> None:
    """Nobody has to wait for the next comparison."""
    told = settings(tmp_path, typeform_secret=SECRET)
    with closing(ledger_of(told)) as ledger:
        (lea,) = add(ledger, LEA)
        body = body_of(hidden={"a": token_of(ledger, lea.id, ENTRY_FORM)})
        assert posted(Starlette(routes=hooks(told)), body) == 200
        assert waiting(ledger) == []
        assert owner(ledger, 1) == lea.id


def posted(app: Starlette, body: bytes) -> int:
    """The status of a signed body that is posted to the hook, everything done that is done after the answer."""
    header = [(b"typeform-signature", signed(body).encode())]
    scope = {"type": "http", "method": "POST", "path": "/hooks/typeform", "headers": header, "query_string": b""}
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    anyio.run(app, scope, receive, send)
    return int(sent[0]["status"])
