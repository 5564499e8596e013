"""What questions mean: nothing that was ever asked or answered is lost, a changed question is mapped again; bugs."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, select, text, update
from tiny import NOW

from workbench.ledger import ChangedMeanwhile, Ledger, open_ledger
from workbench.ledger.bugs import (
    BugInvalid,
    BugStepRefused,
    Reported,
    bugs,
    bugs_from_answers,
    fixed_since,
    report_bug,
    set_bug_state,
)
from workbench.ledger.merging import merge
from workbench.ledger.people import PersonState, PersonUnknown, people, set_people
from workbench.ledger.questions import AskedQuestion, meanings, set_meaning
from workbench.ledger.states import BugState, Meaning
from workbench.ledger.surveys import Json, ResponseRow, keep_form, store_responses
from workbench.ledger.tables import Audit, QuestionMap, Response
from workbench.surveys.answers import responses
from workbench.surveys.questions import asked_questions, guess

FORM = "n5h3f6CS"
HTML = '<b onclick="x()">gras</b> **fort** [lien](https://ecole.example) `x` & 👩‍🏫 "é"'


def field(ref: str, type_: str, title: str = "", **properties: Any) -> Json:
    """A question of a form."""
    return {"id": f"id_{ref}", "ref": ref, "type": type_, "title": title or ref, "properties": properties}


def choices(*labels: str) -> list[Json]:
    """The choices of a question."""
    return [{"label": label} for label in labels]


def keep(ledger: Ledger, *fields: Json, form: str = FORM, at: datetime = NOW) -> None:
    """A definition is fetched."""
    definition = {"id": form, "title": f"Questionnaire {form}", "fields": list(fields)}
    keep_form(ledger, form, definition["title"], definition, who="test", now=at)


def answer(ref: str, type_: str, value: Any) -> Json:
    """An answer as Typeform sends it."""
    return {"field": {"id": f"id_{ref}", "ref": ref, "type": "x"}, "type": type_, type_: value}


def row(token: str, *answers: Json, at: datetime = NOW, form: str = FORM) -> ResponseRow:
    """A completed response."""
    item = {"token": token, "submitted_at": at.isoformat(), "answers": list(answers)}
    return responses({"items": [item]}, form)[0]


def store(ledger: Ledger, *rows: ResponseRow, by: int | None = None) -> None:
    """Responses come in, of a person or of nobody known."""
    store_responses(ledger, rows, "api", who="test", now=NOW)
    tokens = [one.token for one in rows]
    with ledger.writing("test", NOW) as work:
        work.execute(update(Response).where(Response.token.in_(tokens)).values(person_id=by))


def add(ledger: Ledger, *names: str) -> list[int]:
    """People, by name."""
    persons = [PersonState(name, f"{number}@ecole.example") for number, name in enumerate(names)]
    return set_people(ledger, persons, who="test", now=NOW)


def question(ledger: Ledger, ref: str, form: str = FORM) -> AskedQuestion:
    """A question as it stands."""
    (found,) = [each for each in asked_questions(ledger) if (each.form_id, each.ref) == (form, ref)]
    return found


def mean(ledger: Ledger, ref: str, meaning: Meaning, form: str = FORM, now: datetime = NOW) -> None:
    """Somebody who looks at a question now says what it means."""
    set_meaning(ledger, question(ledger, ref, form), meaning, who="diane", now=now)


# -------------------------------------------------------------------------------------------------------- questions


def test_every_leaf_of_the_form_as_it_is_now_is_listed_in_its_order(ledger: Ledger) -> None:
    """Groups and matrices are no questions, their rows are; statements are none."""
    matrix = field("m", "matrix", "Avez-vous…", fields=[field("m1", "multiple_choice", "aidé ?")])
    keep(ledger, field("b", "opinion_scale", steps=11), field("s", "statement"), matrix, field("a", "rating", steps=5))
    found = asked_questions(ledger)
    assert [(each.ref, each.parent, each.scale) for each in found] == [
        ("b", None, (0, 10)),
        ("m1", "Avez-vous…", None),
        ("a", None, (1, 5)),
    ]
    assert {(each.meaning, each.version, each.is_to_map, each.still_asked) for each in found} == {(None, 0, True, True)}


def test_a_question_without_a_reference_goes_by_its_id(ledger: Ledger) -> None:
    """Older forms have none; older answers have none to a question that has one by now."""
    keep(ledger, {"id": 17, "type": "yes_no", "title": "Vu ?"}, field("q", "yes_no"))
    store(ledger, row("t", {"field": {"id": "17"}, "type": "boolean", "boolean": True}))
    store(ledger, row("u", {"field": {"id": "id_q"}, "type": "boolean", "boolean": True}, answer("q", "boolean", True)))
    assert [(each.ref, each.answers) for each in asked_questions(ledger)] == [("17", 1), ("q", 2)]


def test_what_is_no_longer_asked_or_only_answered_is_not_lost(ledger: Ledger) -> None:
    """After those of today: questions of older definitions, then answers that no definition explains."""
    keep(ledger, field("old", "short_text", "Avant ?"), field("same", "short_text", "Avant ?"))
    keep(ledger, field("same", "long_text", "Après ?"), at=NOW + timedelta(days=1))
    store(ledger, row("t", answer("old", "text", "x"), answer("ghost", "number", 3)))
    store(ledger, row("u", answer("only", "text", "x"), form="unnamed"))
    assert [(each.form_id, each.ref, each.title, each.type, each.still_asked, each.answers)
            for each in asked_questions(ledger)] == [
        (FORM, "same", "Après ?", "long_text", True, 0),
        (FORM, "old", "Avant ?", "short_text", False, 1),
        (FORM, "ghost", "ghost", "number", False, 1),
        ("unnamed", "only", "only", "text", False, 1),
    ]  # fmt: skip


def test_answers_that_typeform_no_longer_has_are_not_counted(ledger: Ledger) -> None:
    """Who deleted their answer has not answered."""
    keep(ledger, field("q", "short_text"))
    store(ledger, row("t", answer("q", "text", "x")), row("u", answer("q", "text", "x")))
    with ledger.writing("test", NOW) as work:
        work.execute(update(Response).where(Response.token == "t").values(deleted_at=NOW))
    assert question(ledger, "q").answers == 1


# --------------------------------------------------------------------------------------------------------- meanings


@pytest.mark.parametrize("change", [{"title": "Et les parents ?"}, {"type_": "long_text"}])
def test_a_changed_question_shows_as_to_map_and_keeps_its_answers(ledger: Ledger, change: dict[str, str]) -> None:
    """What was said of it may no longer be true; until somebody says so it stays as it was said."""
    keep(ledger, field("q", "short_text", "Un bug ?"))
    store(ledger, row("t", answer("q", "text", "x")))
    mean(ledger, "q", Meaning.BUG_REPORT)
    assert not question(ledger, "q").is_to_map
    keep(ledger, field("q", **({"type_": "short_text", "title": "Un bug ?"} | change)), at=NOW + timedelta(days=1))
    now = question(ledger, "q")
    assert (now.is_to_map, now.is_changed, now.meaning, now.answers) == (True, True, Meaning.BUG_REPORT, 1)
    mean(ledger, "q", Meaning.OTHER)
    again = question(ledger, "q")
    assert (again.is_to_map, again.meaning, again.version) == (False, Meaning.OTHER, 2)


def test_a_new_question_beside_mapped_ones_is_to_map(ledger: Ledger) -> None:
    """Only what changed is asked about again, and fetching the same form again changes nothing."""
    keep(ledger, field("q", "short_text"))
    mean(ledger, "q", Meaning.FREE_TEXT)
    keep(ledger, field("q", "short_text"), at=NOW + timedelta(days=1))
    keep(ledger, field("q", "short_text"), field("new", "short_text"), at=NOW + timedelta(days=2))
    assert {each.ref: each.is_to_map for each in asked_questions(ledger)} == {"q": False, "new": True}


def test_a_question_that_changed_while_somebody_looked_is_to_map(ledger: Ledger) -> None:
    """What counts is the question that was on the screen."""
    keep(ledger, field("q", "short_text", "Un bug ?"))
    seen = question(ledger, "q")
    keep(ledger, field("q", "short_text", "Une idée ?"), at=NOW + timedelta(days=1))
    set_meaning(ledger, seen, Meaning.BUG_REPORT, who="diane", now=NOW + timedelta(days=2))
    assert question(ledger, "q").is_changed


def test_the_same_reference_in_two_forms_is_two_questions(ledger: Ledger) -> None:
    """A copied form keeps the references of the one it was copied from."""
    for form in (FORM, "copy"):
        keep(ledger, field("q", "short_text"), form=form)
    mean(ledger, "q", Meaning.FREE_TEXT, form="copy")
    assert question(ledger, "q").meaning is None


@pytest.mark.parametrize("was_mapped", [False, True])
def test_the_second_of_two_who_map_a_question_is_told(ledger: Ledger, was_mapped: bool) -> None:
    """Also where nobody had said anything before."""
    keep(ledger, field("q", "short_text"))
    if was_mapped:
        mean(ledger, "q", Meaning.OTHER)
    seen = question(ledger, "q")
    set_meaning(ledger, seen, Meaning.FREE_TEXT, who="diane", now=NOW)
    with pytest.raises(ChangedMeanwhile):
        set_meaning(ledger, seen, Meaning.VALUES, who="jane", now=NOW)
    assert question(ledger, "q").meaning is Meaning.FREE_TEXT


def test_of_many_who_map_a_question_at_once_one_gets_through(ledger: Ledger) -> None:
    """Nobody's word is lost without their learning of it."""
    keep(ledger, field("q", "short_text"))
    seen = question(ledger, "q")

    def attempt(meaning: Meaning) -> bool:
        try:
            set_meaning(ledger, seen, meaning, who="diane", now=NOW)
        except ChangedMeanwhile:
            return False
        return True

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(attempt, list(Meaning)[:6])) == 1


def test_a_mapping_that_is_gone_cannot_be_changed(ledger: Ledger) -> None:
    """Its editor learns of it."""
    keep(ledger, field("q", "short_text"))
    with pytest.raises(ChangedMeanwhile):
        set_meaning(ledger, replace(question(ledger, "q"), version=3), Meaning.OTHER, who="diane", now=NOW)


def test_the_audit_says_who_mapped_what(ledger: Ledger) -> None:
    """Results depend on it."""
    keep(ledger, field("q", "short_text"))
    mean(ledger, "q", Meaning.VALUES)
    with ledger.reading() as session:
        line = session.scalars(select(Audit).where(Audit.what == "question_mapped")).one()
    assert (line.who, line.entity_id) == ("diane", FORM)
    assert line.details == {"ref": "q", "meaning": "values", "type": "short_text"}


def test_what_was_mapped_before_titles_were_kept_still_holds(own_ledger_url: str) -> None:
    """The step that adds the columns knows nothing of older rows: they are not shown as changed."""
    engine = create_engine(own_ledger_url)
    with engine.begin() as connection:
        for later in ("mail_events", "deliveries", "batches", "courriers", "suppressions"):
            connection.execute(text(f"drop table {later}"))
        connection.execute(text("alter table question_maps drop column title"))
        connection.execute(text("alter table question_maps drop column type"))
        connection.execute(text("update alembic_version set version_num = '0004'"))
        connection.execute(
            text(
                "insert into question_maps (form_id, ref, meaning, mapped_at, version) values (:f, 'q', 'other', :t, 1)"
            ),
            {"f": FORM, "t": "2020-12-01 09:00:00"},
        )
    engine.dispose()
    older = open_ledger(own_ledger_url, b"a key for tests")
    keep(older, field("q", "short_text"))
    assert not question(older, "q").is_to_map
    assert meanings(older)[FORM, "q"] == (Meaning.OTHER, None, None, 1)
    older.close()


# ----------------------------------------------------------------------------------------------------------- guess


@pytest.mark.parametrize(
    ("type_", "title", "meaning"),
    [
        ("email", "Comment vous joindre ?", Meaning.EMAIL),
        ("short_text", "Votre adresse e-mail", Meaning.EMAIL),
        ("long_text", "Avez-vous rencontré un BUG ?", Meaning.BUG_REPORT),
        ("long_text", "Des problèmes techniques ? Un problème technique ?", Meaning.BUG_REPORT),
        ("yes_no", "Êtes-vous dans le groupe Facebook ?", Meaning.FACEBOOK_GROUP),
        ("yes_no", "Avez-vous essayé l’app en avant-première ?", Meaning.PREVIEW),
        ("short_text", "Les valeurs de Klassroom selon vous", Meaning.VALUES),
        ("number", "Combien de collègues avez-vous aidés ? (aider)", Meaning.HELP_GIVEN),
        ("multiple_choice", "Avez-vous partagé nos publications sur Facebook ?", Meaning.SHARES),
        ("long_text", "Autre chose ?", Meaning.FREE_TEXT),
        ("short_text", "Autre chose ?", None),
        ("date", "Depuis quand ?", None),
    ],
)
def test_a_meaning_is_guessed_from_type_and_title(type_: str, title: str, meaning: Meaning | None) -> None:
    """To choose beforehand: one click instead of ten."""
    assert guess(AskedQuestion(FORM, "", "q", title, type_)) is meaning


@pytest.mark.parametrize(
    ("properties", "meaning"),
    [({"steps": 11}, Meaning.SATISFACTION), ({"steps": 10, "start_at_one": True}, None), ({"steps": 6}, None)],
)
def test_only_a_scale_from_0_to_10_is_guessed_as_satisfaction(
    ledger: Ledger, properties: dict[str, Any], meaning: Meaning | None
) -> None:
    """From 1 to 10 or from 0 to 5 nobody is a promoter; and a guess is never kept by itself."""
    keep(ledger, field("q", "opinion_scale", **properties))
    assert guess(question(ledger, "q")) is meaning
    with ledger.reading() as session:
        assert list(session.scalars(select(QuestionMap))) == []


# ------------------------------------------------------------------------------------------------------------ bugs


def only(found: Sequence[Reported]) -> Reported:
    """The one there is."""
    (one,) = found
    return one


def move(ledger: Ledger, state: BugState, days: int) -> Reported:
    """The only bug, moved so many days after now."""
    bug = only(bugs(ledger))
    set_bug_state(ledger, bug.id, state, bug.version, who="jane", now=NOW + timedelta(days=days))
    return only(bugs(ledger))


def test_a_bug_is_kept_as_it_was_written_with_its_reporter(ledger: Ledger) -> None:
    """HTML, Markdown and emoji are text; the audit has a hash of it only."""
    (lea,) = add(ledger, "Léa")
    number = report_bug(ledger, lea, f"\n{HTML}\0\nligne 2 ", who="jane", now=NOW)
    expected = Reported(number, lea, "Léa", None, None, f"{HTML}\nligne 2", BugState.OPEN, NOW, None, None, 1)
    assert bugs(ledger) == [expected]
    with ledger.reading() as session:
        line = session.scalars(select(Audit).where(Audit.what == "bug_reported")).one()
    assert "gras" not in str(line.details)
    assert line.details["person"] == lea


def test_a_bug_without_a_text_or_of_somebody_who_is_not_there_is_refused(ledger: Ledger) -> None:
    """And leaves nothing."""
    with pytest.raises(BugInvalid):
        report_bug(ledger, None, " \n\0", who="jane", now=NOW)
    with pytest.raises(PersonUnknown):
        report_bug(ledger, 4711, "ça plante", who="jane", now=NOW)
    assert bugs(ledger) == []


def test_a_bug_goes_step_by_step_and_back(ledger: Ledger) -> None:
    """Each step has its day; going back forgets it."""
    report_bug(ledger, None, "ça plante", who="jane", now=NOW)
    day = timedelta(days=1)
    sent, fixed = move(ledger, BugState.SENT, 1), move(ledger, BugState.FIXED, 2)
    assert (sent.sent_at, sent.fixed_at) == (NOW + day, None)
    assert (fixed.sent_at, fixed.fixed_at, fixed.version) == (NOW + day, NOW + 2 * day, 3)
    back = move(ledger, BugState.SENT, 3)
    assert (back.state, back.sent_at, back.fixed_at) == (BugState.SENT, NOW + day, None)
    again = move(ledger, BugState.OPEN, 4)
    assert (again.state, again.sent_at, again.fixed_at) == (BugState.OPEN, None, None)


@pytest.mark.parametrize("state", [BugState.FIXED, BugState.OPEN])
def test_a_bug_takes_no_two_steps_at_once_nor_none(ledger: Ledger, state: BugState) -> None:
    """What is fixed was sent before."""
    report_bug(ledger, None, "ça plante", who="jane", now=NOW)
    with pytest.raises(BugStepRefused):
        move(ledger, state, 1)
    assert only(bugs(ledger)).version == 1


def test_the_second_of_two_who_move_a_bug_is_told(ledger: Ledger) -> None:
    """Both saw it open."""
    number = report_bug(ledger, None, "ça plante", who="jane", now=NOW)
    set_bug_state(ledger, number, BugState.SENT, 1, who="jane", now=NOW)
    with pytest.raises(ChangedMeanwhile):
        set_bug_state(ledger, number, BugState.SENT, 1, who="diane", now=NOW)


def test_the_latest_bug_comes_first(ledger: Ledger) -> None:
    """Jane looks at what is new."""
    numbers = [report_bug(ledger, None, "x", who="jane", now=NOW + timedelta(hours=hour)) for hour in (0, 2, 1)]
    assert [bug.id for bug in bugs(ledger)] == [numbers[1], numbers[2], numbers[0]]


def test_what_was_fixed_since_the_last_courrier_is_its_reporters(ledger: Ledger) -> None:
    """Not what was fixed before, nor what others reported."""
    lea, tom = add(ledger, "Léa", "Tom")
    report_bug(ledger, lea, "ça plante", who="jane", now=NOW)
    assert fixed_since(ledger, lea, NOW) == []
    move(ledger, BugState.SENT, 1)
    bug = move(ledger, BugState.FIXED, 2)
    assert fixed_since(ledger, lea, NOW + timedelta(days=1)) == [bug]
    assert fixed_since(ledger, lea, NOW + timedelta(days=2)) == []
    assert fixed_since(ledger, tom, NOW) == []


def ask_about_bugs(ledger: Ledger, *refs: str) -> None:
    """A form in which these questions are about bugs, and one is not."""
    keep(ledger, *(field(ref, "long_text") for ref in (*refs, "idea")))
    for ref in refs:
        mean(ledger, ref, Meaning.BUG_REPORT)


def take(ledger: Ledger, days: int = 0) -> int:
    """The bugs in answers are taken over."""
    return bugs_from_answers(ledger, who="jane", now=NOW + timedelta(days=days))


def test_an_answer_about_a_bug_becomes_a_bug_once(ledger: Ledger) -> None:
    """However often it is looked for, and whatever came of the bug meanwhile."""
    (lea,) = add(ledger, "Léa")
    ask_about_bugs(ledger, "bug")
    store(ledger, row("t", answer("bug", "text", HTML), answer("idea", "text", "une idée"), at=NOW), by=lea)
    assert [take(ledger), take(ledger)] == [1, 0]
    found = only(bugs(ledger))
    assert (found.person, found.name, found.form_id, found.text) == (lea, "Léa", FORM, HTML)
    assert (found.reported_at, found.state, found.version) == (NOW, BugState.OPEN, 1)
    move(ledger, BugState.SENT, 1)
    assert take(ledger) == 0
    assert only(bugs(ledger)).state is BugState.SENT


@pytest.mark.parametrize(
    "said", ["", " ", "Non", "Non !", "non, merci", "Aucun.", "RAS", "R.A.S.", "Rien à signaler", "-", "👍"]
)
def test_who_says_that_there_is_no_bug_reports_none(ledger: Ledger, said: str) -> None:
    """Jane's list is for bugs."""
    ask_about_bugs(ledger, "bug")
    store(ledger, row("t", answer("bug", "text", said)))
    assert (take(ledger), bugs(ledger)) == (0, [])


def test_only_complete_answers_that_typeform_still_has_report_bugs(ledger: Ledger) -> None:
    """What nobody handed in was not said."""
    ask_about_bugs(ledger, "bug")
    partial = responses({"items": [{"token": "p", "answers": [answer("bug", "text", "ça plante")]}]}, FORM)
    store(ledger, *partial, row("gone", answer("bug", "text", "ça plante")))
    with ledger.writing("test", NOW) as work:
        work.execute(update(Response).where(Response.token == "gone").values(deleted_at=NOW))
    assert take(ledger) == 0


def test_a_bug_follows_its_response_while_it_is_open(ledger: Ledger) -> None:
    """The latest answer counts; what was sent to the developers stays as it was sent."""
    ask_about_bugs(ledger, "bug", "bug2")
    store(ledger, row("t", answer("bug", "text", "ça plante")))
    take(ledger)
    both = [answer("bug", "text", "ça plante encore"), answer("bug2", "text", "et là aussi")]
    store(ledger, row("t", *both))
    assert take(ledger) == 0
    assert only(bugs(ledger)).text == "ça plante encore\n\net là aussi"
    move(ledger, BugState.SENT, 1)
    store(ledger, row("t", answer("bug", "text", "autre chose")))
    take(ledger)
    assert only(bugs(ledger)).text == "ça plante encore\n\net là aussi"


def test_a_bug_belongs_to_whoever_its_response_belongs_to(ledger: Ledger) -> None:
    """A response is matched later, two people turn out to be one: the fix is told to the right one."""
    lea, tom = add(ledger, "Léa", "Tom")
    ask_about_bugs(ledger, "bug")
    store(ledger, row("t", answer("bug", "text", "ça plante")))
    take(ledger)
    assert only(bugs(ledger)).name is None
    store(ledger, row("t", answer("bug", "text", "ça plante")), by=tom)
    assert (take(ledger), only(bugs(ledger)).name) == (0, "Tom")
    stays, goes = (next(one for one in people(ledger) if one.id == number) for number in (lea, tom))
    merge(ledger, stays, goes, who="diane", now=NOW)
    assert (take(ledger), only(bugs(ledger)).name) == (0, "Léa")


def test_those_who_look_for_bugs_at_once_make_each_once(ledger: Ledger) -> None:
    """The hook and the command may run at the same moment."""
    ask_about_bugs(ledger, "bug")
    store(ledger, *(row(f"t{number}", answer("bug", "text", f"bug {number}")) for number in range(20)))
    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(lambda _: take(ledger), range(4))) == 20
    assert sorted(bug.text for bug in bugs(ledger)) == sorted(f"bug {number}" for number in range(20))
