"""The sample's ambassador programme, and what of it goes into a build: the numbers, and nobody's name."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from ledgers import KEY
from sqlalchemy import select
from tiny import NOW, etl, usage_day

import workbench
from workbench.etl.build import read_models
from workbench.ledger import Ledger, open_ledger
from workbench.ledger.bugs import bugs
from workbench.ledger.people import people
from workbench.ledger.states import BugState, PersonStatus
from workbench.ledger.surveys import forms, store_responses
from workbench.ledger.tables import Answer, Person, Response
from workbench.sample.forms import AUTUMN, ENTRY, JANUARY, SHARES, WINTER
from workbench.sample.plan import draw_plan
from workbench.sample.programme import TODAY, ProgrammeReport, fill_programme
from workbench.surveys.answers import responses
from workbench.surveys.copies import copies
from workbench.surveys.matching import to_match
from workbench.surveys.programme import at_risk, queue, review
from workbench.surveys.questions import asked_questions

PARIS = ZoneInfo("Europe/Paris")
PLAN = draw_plan(0.02, 2020)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """A ledger with the programme, reviewed."""
    ledger = open_ledger(f"sqlite:///{tmp_path_factory.mktemp('programme') / 'ledger.sqlite'}", KEY)
    fill_programme(ledger, PLAN)
    review(ledger, {}, TODAY, PARIS, who="test", now=NOW)
    yield ledger
    ledger.close()


def rows(ledger: Ledger, *columns: Any) -> list[Any]:
    """Columns of the ledger's own rows."""
    with ledger.reading() as session:
        return list(session.execute(select(*columns)).all())


def test_there_are_110_people_in_every_state_with_invented_addresses(filled: Ledger) -> None:
    """A programme like the kit's, of whom nobody could be written to."""
    known = people(filled)
    assert len(known) == len({one.email for one in known}) == 110
    assert all(one.email and one.email.endswith(".example") for one in known)
    assert {one.status for one in known} == set(PersonStatus)
    assert at_risk(filled, TODAY, PARIS)


def test_its_questionnaires_have_every_type_and_every_trouble(filled: Ledger) -> None:
    """January's values, two quarters and the entry form: with typing errors, double answers, answers of nobody."""
    assert {form.form_id for form in forms(filled)} == {ENTRY, JANUARY, AUTUMN, WINTER}
    types = {type_ for (type_,) in rows(filled, Answer.type)}
    assert types == set("text email phone_number url choice date number choices boolean file_url payment".split())
    given = Counter((form, person) for form, person in rows(filled, Response.form_id, Response.person_id) if person)
    assert max(given.values()) == 2
    left = to_match(filled)
    assert any(one.suggestions for one in left)
    assert not all(one.suggestions for one in left)
    assert any(question.is_to_map for question in asked_questions(filled))


def test_there_is_something_to_do_for_everybody_on_that_day(filled: Ledger) -> None:
    """15 December is two weeks after the winter questionnaire: the second reminder is due; Jane has bugs to send."""
    assert {each.rule.name for each in queue(filled, TODAY, 5, PARIS)} >= {"second_reminder", "at_risk"}
    assert {bug.state for bug in bugs(filled)} == set(BugState)


def test_it_is_the_same_each_time_and_never_put_on_top_of_people(filled: Ledger, tmp_path: Path) -> None:
    """The sample is a function of its seed; and a ledger with somebody in it is somebody's."""
    other = open_ledger(f"sqlite:///{tmp_path / 'other.sqlite'}", KEY)
    assert isinstance(fill_programme(other, PLAN), ProgrammeReport)
    assert fill_programme(other, PLAN) is None
    columns = (Person.name, Person.email, Person.status, Person.charter_accepted_on)
    assert rows(other, *columns) == rows(filled, *columns)
    assert rows(other, Answer.text, Answer.number) == rows(filled, Answer.text, Answer.number)
    other.close()


# ------------------------------------------------------------------------------------------------------ the copies


def test_the_copies_say_nothing_that_anybody_wrote_or_is_called(filled: Ledger) -> None:
    """Names, addresses, schools, telephone numbers and free text stay in the ledger: only pseudonyms leave."""
    told = json.dumps(copies(filled, TODAY, PARIS), default=str, ensure_ascii=False).casefold()
    columns = (Person.name, Person.email, Person.school)
    personal = {value for row in rows(filled, *columns) for value in row if value}
    personal |= {text for type_, text in rows(filled, Answer.type, Answer.text) if text and len(text) > 20}
    personal |= {text for type_, text in rows(filled, Answer.type, Answer.text) if text and type_ == "phone_number"}
    assert len(personal) > 300
    assert not [value for value in personal if value.casefold() in told]


def test_the_copies_count_what_the_ledger_has(filled: Ledger) -> None:
    """One row an ambassador; scores and choices as they were given, one response a person, quarter and form."""
    made = copies(filled, TODAY, PARIS)
    assert Counter(row["status"] for row in made["ambassadors"]) == Counter(one.status for one in people(filled))
    assert len(made["ambassador_classes"]) == sum(len(one.class_ids) for one in people(filled))
    assert len(made["commitments"]) == 110 * 8 * 2
    latest = {person or token: number for person, token, number in scores(filled, AUTUMN)}
    told = [row["number"] for row in made["answers"] if (row["form"], row["question_ref"]) == (AUTUMN, "recommander")]
    assert Counter(told) == Counter(latest.values())


def test_a_theme_is_shared_by_five_and_only_of_questions_that_ask_for_an_opinion(filled: Ledger) -> None:
    """Five people called Marie are no theme; four who speak of videos could be told apart."""
    told = [row for row in copies(filled, TODAY, PARIS)["answers"] if row.get("theme")]
    by_theme: dict[tuple[object, ...], set[object]] = {}
    for row in told:
        by_theme.setdefault((row["form"], row["quarter"], row["theme"]), set()).add(row["response_key"])
    assert {row["question_ref"] for row in told} == {"valeurs", "libre", "motivation"}
    assert min(map(len, by_theme.values())) >= 5


def test_a_build_takes_the_copies_as_they_are(filled: Ledger, tmp_path: Path) -> None:
    """The columns that the models ask for are those that the copies have."""
    usage_day(tmp_path / "source", date(2020, 3, 2), ["u1"])
    made = copies(filled, TODAY, PARIS)
    etl(tmp_path / "home", tmp_path / "source", copies=made)
    build = workbench.open(tmp_path / "home")
    for name, lent in made.items():
        assert build.sql(f"select count(*) from {name}").rows() == [(len(lent),)]
        assert {column for row in lent for column in row} == {column.name for column in read_models()[name].columns}


def scores(ledger: Ledger, form: str) -> list[tuple[int | None, str, float]]:
    """Who gave which score to a form, the earliest first."""
    columns = select(Response.person_id, Response.token, Answer.number).join(Answer, Answer.response_id == Response.id)
    of_form = columns.where(Response.form_id == form, Answer.field_ref == "recommander")
    with ledger.reading() as session:
        return [(row[0], row[1], row[2]) for row in session.execute(of_form.order_by(Response.submitted_at)).all()]


def test_a_choice_that_the_form_does_not_offer_is_not_copied(tmp_path: Path) -> None:
    """What somebody wrote into an old export's cell is no choice, and may name a person."""
    ledger = open_ledger(f"sqlite:///{tmp_path / 'choices.sqlite'}", KEY)
    fill_programme(ledger, PLAN)
    field = {"id": "id-partages", "ref": "partages", "type": "multiple_choice"}
    said = {"field": field, "type": "choice", "choice": {"label": "Oui, dit Marie Exemple"}}
    item = {"token": "odd", "submitted_at": "2020-10-20T10:00:00Z", "landed_at": "2020-10-20T09:00:00Z"}
    rows_in = responses({"items": [{**item, "answers": [said]}]}, AUTUMN)
    store_responses(ledger, rows_in, "api", who="test", now=NOW)
    told = [row.get("choice") for row in copies(ledger, TODAY, PARIS)["answers"] if row["question_ref"] == "partages"]
    assert {choice for choice in told if choice} == set(SHARES)
    ledger.close()
