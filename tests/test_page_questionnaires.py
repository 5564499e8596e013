"""The page of the questionnaires: its numbers are those of the answers, its clicks are kept and can be taken back."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from matching_answers import FIELDS, answered
from shown_cells import read_cells
from streamlit.testing.v1 import AppTest
from test_page_followups import HOSTILE, PARIS, TODAY, build, everything, ran, submit, texts, visit, with_ledger
from tiny import NOW

from workbench.charts import Caption
from workbench.charts import questionnaires as charts
from workbench.charts.pictures import as_svg
from workbench.ledger import Ledger
from workbench.ledger.bugs import bugs
from workbench.ledger.matching import decisions, match
from workbench.ledger.people import PersonState, people, set_person
from workbench.ledger.programme import campaigns
from workbench.ledger.questions import filled
from workbench.ledger.states import BugState, Meaning, PersonStatus
from workbench.ledger.surveys import keep_form
from workbench.surveys.matching import to_match
from workbench.surveys.questions import asked_questions
from workbench.surveys.results import cloud, nps_by_quarter, results
from workbench.surveys.tallies import shown
from workbench.text import Words

FR = Words("fr")
WINTER, AUTUMN = "win2020q", "aut2020q"
Q2, Q1 = "2020-2021-Q2", "2020-2021-Q1"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The HOME of this file."""
    return build(tmp_path_factory.mktemp("questionnaires"))


@pytest.fixture
def kept(home: Path) -> Iterator[Ledger]:
    """Its ledger with the sample's programme."""
    yield from with_ledger(home)


@pytest.fixture
def bare(home: Path) -> Iterator[Ledger]:
    """Its ledger, with nobody in it."""
    yield from with_ledger(home, filled=False)


def page(home: Path, role: str = "community", reached: bool = True, language: str = "fr", **query: str) -> AppTest:
    """One visit of the page."""
    return visit(home, "questionnaires", role, reached, language, **query)


def specs(app: AppTest) -> list[dict[str, Any]]:
    """The charts as they are drawn."""
    return [json.loads(chart.proto.spec) for chart in app.get("vega_lite_chart")]


def undo(app: AppTest) -> None:
    """Click on « Annuler »."""
    ran(app.button(key="questionnaires.undo").click().run())


# --------------------------------------------------------------------------------------------------------- results


def test_the_latest_questionnaire_opens_with_its_figures(home: Path, kept: Ledger) -> None:
    """The response rate is of those asked; the NPS says its interval and how many gave a score."""
    found = results(kept, WINTER, Q2, TODAY, PARIS)
    assert found.asked
    assert found.nps
    app = page(home)
    assert app.metric[0].value == FR.percent(found.answered / found.asked, 0)
    assert app.metric[1].value == str(found.respondents)
    assert app.metric[2].value == f"+{found.nps.score:.0f}"
    assert FR("questionnaires.of", answered=found.answered, asked=found.asked) in texts(app)
    assert FR("questionnaires.beside", not_asked=found.not_asked, unmatched=found.unmatched) in texts(app)
    low, high = (charts.points(each) for each in (found.nps.low, found.nps.high))
    assert FR("questionnaires.interval", low=low, high=high, n=found.nps.n) in texts(app)


def test_form_and_quarter_are_those_of_the_address(home: Path, kept: Ledger) -> None:
    """A link leads to a result; what there is not leads to the latest, and that is said."""
    app = page(home, form=AUTUMN, quarter=Q1)
    assert app.metric[1].value == str(results(kept, AUTUMN, Q1, TODAY, PARIS).respondents)
    astray, app = page(home, form="nonsense", quarter="never"), page(home)
    assert astray.metric[1].value == app.metric[1].value
    told = FR("choice.unknown", shown="").split("«")[0]
    assert (texts(astray).count(told), texts(app).count(told)) == (2, 0)
    app.selectbox(key="questionnaires.form").select(AUTUMN).run()
    assert ran(app).query_params["form"] == AUTUMN
    assert app.metric[1].value == str(results(kept, AUTUMN, Q1, TODAY, PARIS).respondents)


def test_the_nps_of_each_quarter_stands_in_chart_and_table(home: Path, kept: Ledger) -> None:
    """Over all forms, each with its interval."""
    found = nps_by_quarter(kept, TODAY, PARIS)
    app = page(home)
    rows = read_cells(app.table[0])
    assert [int(row[-1]) for row in rows] == [each.n for each in found.values()]
    assert [row[1] for row in rows] == [charts.points(each.score) for each in found.values()]
    assert {layer["mark"]["type"] for layer in specs(app)[0]["layer"]} >= {"errorbar", "point"}


def test_cloud_and_bars_show_the_same_words_for_the_quarter(home: Path, kept: Ledger) -> None:
    """Every word that five people share, the values first."""
    app = page(home, form=AUTUMN, quarter=Q1)
    expected = [(theme.label, theme.respondents) for theme in cloud(kept, Q1, TODAY, PARIS)]
    assert drawn(app)[:2] == [expected, expected]


def drawn(app: AppTest) -> list[list[tuple[str, int]]]:
    """Labels and numbers of each chart that has such."""
    sent = [named.data.data for chart in app.get("vega_lite_chart") for named in chart.proto.datasets]
    frames = [pa.ipc.open_stream(data).read_all().to_pylist() for data in sent]
    return [[(row["label"], row["respondents"]) for row in rows] for rows in frames if "label" in rows[0]]


def test_each_question_is_charted_with_its_counts(home: Path, kept: Ledger) -> None:
    """Every answer that somebody gave stands in a chart under the question's title."""
    found = [each for each in results(kept, WINTER, Q2, TODAY, PARIS).questions if each.n]
    app = page(home)
    said = texts(app)
    for number, each in enumerate(found, start=1):
        assert f"**{number}. {each.question.title}**" in said
    counts = [shown(each, FR).select("label", "respondents").rows() for each in found]
    themes = [[(theme.label, theme.respondents) for theme in each.themes] for each in found]
    expected = [counted or spoken for counted, spoken in zip(counts, themes, strict=True) if counted or spoken]
    assert drawn(app)[2:] == expected
    assert len(expected) > 5


def test_texts_are_a_click_away_and_only_for_those_who_may_see_people(home: Path, kept: Ledger) -> None:
    """With the name of who wrote them; others have no such click."""
    found = results(kept, WINTER, Q2, TODAY, PARIS)
    ref, written = next((ref, each) for ref, each in found.texts.items() if each)
    key = f"texts.{WINTER}.{ref}"
    for role in ("community", "viewer"):
        app = page(home, role)
        app.session_state[key] = True
        ran(app.run())
        tables = [read_cells(table) for table in app.table]
        names = {person.id: person.name for person in people(kept)}
        expected = [[names.get(said.person or 0, "–"), said.text] for said in written]
        told = {cell for rows in tables for row in rows for cell in row}
        assert (expected in tables) is (role == "community")
        assert bool(told & {said.text for said in written}) is (role == "community")


@pytest.mark.parametrize("role", ["viewer", "analyst", "community", "admin"])
@pytest.mark.parametrize("view", ["results", "matching", "mapping", "bugs", "campaigns"])
def test_nobody_is_named_to_those_who_may_not_see_people(home: Path, kept: Ledger, role: str, view: str) -> None:
    """Whatever the address asks for, they get the results: no name, address, text or button."""
    app = page(home, role, view=view)
    may = role in ("community", "admin")
    assert (FR("programme.people_needed") in texts(app)) is not may
    said = everything(app)
    if not may:
        personal = {value for person in people(kept) for value in (person.name, person.email) if value}
        personal |= {bug.text for bug in bugs(kept)}
        assert [value for value in personal if value in said] == []
        assert not app.button
    assert (FR("section.answers.title") in said) is (view == "results" or not may)


def test_a_question_of_days_or_numbers_is_not_told_in_full_to_others(home: Path, kept: Ledger) -> None:
    """A value that one person gave may tell who it is."""
    (days,) = [each for each in results(kept, "n5h3f6CS", Q1, TODAY, PARIS).questions if each.kind == "date"]
    told = FR("questionnaires.days", first=days.counts["label"][0], last=days.counts["label"][-1])
    assert told in texts(page(home, form="n5h3f6CS", quarter=Q1))
    assert FR("section.answers.title") in texts(page(home, "viewer"))
    assert told not in texts(page(home, "viewer", form="n5h3f6CS", quarter=Q1))


def test_without_answers_the_page_says_what_to_do(home: Path, bare: Ledger) -> None:
    """Every part of it has its own empty state."""
    assert not people(bare)
    for view, empty in {
        "results": "questionnaires", "matching": "matching", "mapping": "meanings", "bugs": "bugs",
        "campaigns": "campaigns",
    }.items():  # fmt: skip
        assert FR(f"empty.{empty}.title") in texts(page(home, view=view))


def test_without_a_ledger_the_page_says_what_to_do(home: Path) -> None:
    """The answers are somewhere else."""
    assert FR("empty.programme_ledger.title") in texts(page(home, reached=False))


@pytest.mark.parametrize("view", ["results", "matching", "mapping", "bugs", "campaigns"])
def test_english_shows_no_french(home: Path, kept: Ledger, view: str) -> None:  # noqa: ARG001
    """Headings, buttons and states are in the visitor's language."""
    app = page(home, language="en", view=view)
    labels = [str(button.label) for button in app.button] + [str(heading.value) for heading in app.subheader[1:]]
    assert not [label for label in labels if any(word in label for word in ("C’est", "Envoyé", "Enregistrer", "À "))]
    assert "Aucun" not in texts(app)


# -------------------------------------------------------------------------------------------------------- matching


def test_one_click_gives_a_response_to_the_one_suggested_and_undo_takes_it_back(home: Path, kept: Ledger) -> None:
    """The latest ten are shown; the rest are counted."""
    waiting = to_match(kept)
    first = next(each for each in waiting if each.suggestions)
    person = first.suggestions[0].person
    app = page(home, view="matching")
    assert FR("matching.rest", n=len(waiting) - 10) in texts(app)
    assert FR("matching.is", name=first.suggestions[0].name) in [button.label for button in app.button]
    ran(app.button(key=f"matching.{first.response}.{person}").click().run())
    assert owner(kept, first.form_id, first.response) == person
    assert FR("matching.given", name=first.suggestions[0].name) in app.success[0].value
    undo(app)
    assert owner(kept, first.form_id, first.response) is None
    assert [each.response for each in to_match(kept)] == [each.response for each in waiting]


def owner(ledger: Ledger, form: str, response: int) -> int | None:
    """Whose a response is."""
    return next(each.person for each in filled(ledger, [form]) if each.id == response)


def test_a_response_can_be_anybodys(home: Path, kept: Ledger) -> None:
    """Somebody who was not suggested, chosen from all; without a choice nothing happens."""
    first = to_match(kept)[0]
    suggested = {one.person for one in first.suggestions}
    other = next(person for person in people(kept) if person.id not in suggested)
    app = page(home, view="matching")
    app.session_state[f"matching.{first.response}.other"] = True
    ran(app.run())
    key = f"matching.{first.response}.chosen"
    ran(app.button(key=submit(app, f"{key}.form")).click().run())
    assert owner(kept, first.form_id, first.response) is None
    app.selectbox(key=key).set_value(other.id)
    ran(app.button(key=submit(app, f"{key}.form")).click().run())
    assert owner(kept, first.form_id, first.response) == other.id


def test_a_response_can_be_somebody_news(home: Path, kept: Ledger) -> None:
    """With name and address as they were given, to be corrected; undone, nobody is left behind."""
    first = next(each for each in to_match(kept)[:10] if not each.suggestions and each.address)
    before = len(people(kept))
    app = page(home, view="matching")
    app.session_state[f"matching.{first.response}.new"] = True
    ran(app.run())
    key = f"matching.{first.response}.added"
    assert app.text_input(key=f"{key}.email").value == first.address
    app.text_input(key=f"{key}.name").input("Ada Nouvelle")
    ran(app.button(key=submit(app, f"{key}.form")).click().run())
    added = next(person for person in people(kept) if person.name == "Ada Nouvelle")
    assert (added.email, added.status) == (first.address, PersonStatus.CANDIDATE)
    assert owner(kept, first.form_id, first.response) == added.id
    undo(app)
    assert len(people(kept)) == before


def test_a_decision_of_another_day_can_be_undone_from_the_list(home: Path, kept: Ledger) -> None:
    """It says what was decided about whom, when and by whom."""
    first, person = to_match(kept)[0], people(kept)[0]
    match(kept, first.response, person.id, who="alice", now=NOW)
    app = page(home, view="matching")
    row = [FR.moment(NOW), FR("matching.decision.match"), str(first.response), person.name, "alice"]
    assert read_cells(app.table[0]) == [row]
    app.selectbox(key="matching.undoing").select_index(0)
    ran(app.button(key=submit(app, "matching.undo")).click().run())
    assert not decisions(kept)
    assert owner(kept, first.form_id, first.response) is None


def test_what_somebody_else_matched_meanwhile_is_not_matched_again(home: Path, kept: Ledger) -> None:
    """The second click is told so."""
    first = next(each for each in to_match(kept) if each.suggestions)
    app = page(home, view="matching")
    match(kept, first.response, people(kept)[0].id, who="patrick", now=NOW)
    ran(app.button(key=f"matching.{first.response}.{first.suggestions[0].person}").click().run())
    assert [error.value for error in app.error] == [FR("done.changed")]
    assert owner(kept, first.form_id, first.response) == people(kept)[0].id


def test_what_people_typed_shows_as_they_typed_it(home: Path, bare: Ledger) -> None:
    """Name and suggestion: neither HTML nor Markdown."""
    keep_form(bare, "hiver21", "Hiver", {"id": "hiver21", "title": "Hiver", "fields": FIELDS}, who="a", now=NOW)
    set_person(bare, PersonState(HOSTILE, "zoe@ecole.example"), who="a", now=NOW)
    answered(bare, "t1", f"q2={HOSTILE}")
    app = page(home, view="matching")
    assert HOSTILE in app.text[0].value
    (label,) = [button.label for button in app.button if "Zo" in button.label]
    for sign in ("\\<b\\>", "\\*", "\\[lien\\]", "\\:smile\\:"):
        assert sign in label


# ------------------------------------------------------------------------------------------------ meanings of questions


def test_questions_to_map_come_with_what_they_seem_to_mean(home: Path, bare: Ledger) -> None:
    """Saved with one click; then they stand below, and an address that they ask for finds its person."""
    keep_form(bare, "hiver21", "Hiver", {"id": "hiver21", "title": "Hiver", "fields": FIELDS}, who="a", now=NOW)
    person = set_person(bare, PersonState("Léa", "lea@ecole.example"), who="a", now=NOW)
    response = answered(bare, "t1", "q3=lea@ecole.example")
    app = page(home, view="mapping")
    assert app.selectbox(key="meanings.hiver21.q3.0").value == Meaning.EMAIL
    assert app.selectbox(key="meanings.hiver21.q1.0").value is None
    app.selectbox(key="meanings.hiver21.q1.0").set_value(Meaning.OTHER)
    ran(app.button(key=submit(app, "meanings.hiver21")).click().run())
    said = {question.ref: question.meaning for question in asked_questions(bare)}
    assert (said["q1"], said["q2"], said["q3"]) == (Meaning.OTHER, None, Meaning.EMAIL)
    assert owner(bare, "hiver21", response) == person
    assert "Votre adresse" in [row[1] for row in read_cells(app.table[0])]
    assert [box.key for box in app.selectbox if box.key and ".q3." in box.key] == []


def test_a_meaning_is_changed_and_changed_back(home: Path, kept: Ledger) -> None:
    """One click later all is as before."""
    mapped = next(question for question in asked_questions(kept) if question.meaning is Meaning.VALUES)
    app = page(home, view="mapping")
    app.selectbox(key="meanings.question").set_value(f"{mapped.form_title} · {mapped.title} ({mapped.ref})")
    app.selectbox(key="meanings.meaning").set_value(Meaning.FREE_TEXT)
    ran(app.button(key=submit(app, "meanings.change")).click().run())
    assert meaning_of(kept, mapped.form_id, mapped.ref) is Meaning.FREE_TEXT
    undo(app)
    assert meaning_of(kept, mapped.form_id, mapped.ref) is Meaning.VALUES


def meaning_of(ledger: Ledger, form: str, ref: str) -> Meaning | None:
    """What a question means."""
    return next(each.meaning for each in asked_questions(ledger) if (each.form_id, each.ref) == (form, ref))


# ------------------------------------------------------------------------------------------------------------ bugs


def test_a_bug_goes_to_jane_is_fixed_and_comes_back_a_step(home: Path, kept: Ledger) -> None:
    """Each step is one click, and each can be undone."""
    bug = next(bug for bug in bugs(kept) if bug.state is BugState.OPEN)
    app = page(home, view="bugs")
    ran(app.button(key=f"bugs.{bug.id}.{bug.version}.sent").click().run())
    assert state_of(kept, bug.id) is BugState.SENT
    ran(app.button(key=f"bugs.{bug.id}.{bug.version + 1}.fixed").click().run())
    assert state_of(kept, bug.id) is BugState.FIXED
    undo(app)
    assert state_of(kept, bug.id) is BugState.SENT
    ran(app.button(key=f"bugs.{bug.id}.{bug.version + 3}.open").click().run())
    assert state_of(kept, bug.id) is BugState.OPEN


def state_of(ledger: Ledger, number: int) -> BugState:
    """How far a bug is."""
    return next(bug.state for bug in bugs(ledger) if bug.id == number)


def test_all_bugs_stand_in_the_table_for_jane(home: Path, kept: Ledger) -> None:
    """With what was said, word for word."""
    rows = read_cells(page(home, view="bugs").table[0])
    assert [row[2] for row in rows] == [bug.text for bug in bugs(kept)]


def test_a_bug_that_somebody_told_us_is_noted(home: Path, kept: Ledger) -> None:
    """As it is said, by whom; one without a text is refused with what to do."""
    before, person = len(bugs(kept)), people(kept)[0]
    app = page(home, view="bugs")
    ran(app.button(key=submit(app, "bugs.report")).click().run())
    assert app.error
    assert len(bugs(kept)) == before
    app.selectbox(key="bugs.person").set_value(person.id)
    app.text_area(key="bugs.text").input("Le *son* <b>manque</b>")
    ran(app.button(key=submit(app, "bugs.report")).click().run())
    assert (bugs(kept)[0].text, bugs(kept)[0].person) == ("Le *son* <b>manque</b>", person.id)
    assert "Le *son* <b>manque</b>" in [text.value for text in app.text]


# ------------------------------------------------------------------------------------------- sent out, and arrivals


def test_what_was_sent_out_is_noted_for_all_who_are_ambassadors_today(home: Path, kept: Ledger) -> None:
    """With its day, which can be corrected, and the correction undone."""
    active = {person.id for person in people(kept) if person.status is PersonStatus.ACTIVE}
    app = page(home, view="campaigns")
    app.selectbox(key="campaigns.form").set_value("n5h3f6CS")
    app.selectbox(key="campaigns.quarter").set_value(Q2)
    app.date_input(key="campaigns.out_on").set_value(date(2020, 12, 3))
    ran(app.button(key=submit(app, "campaigns.add")).click().run())
    (new,) = [each for each in campaigns(kept) if each.form == "n5h3f6CS"]
    assert (new.quarter, new.out_on, set(new.asked)) == (Q2, date(2020, 12, 3), active)
    app.selectbox(key="campaigns.correct").select_index(0)
    app.date_input(key="campaigns.day").set_value(date(2020, 12, 4))
    ran(app.button(key=submit(app, "campaigns.correction")).click().run())
    assert day_of(kept) == date(2020, 12, 4)
    undo(app)
    assert day_of(kept) == date(2020, 12, 3)


def day_of(ledger: Ledger) -> date:
    """When the latest campaign went out."""
    return campaigns(ledger)[-1].out_on


def test_a_second_one_of_the_same_quarter_is_refused(home: Path, kept: Ledger) -> None:
    """It says to change the first."""
    before = campaigns(kept)
    app = page(home, view="campaigns")
    app.selectbox(key="campaigns.form").set_value(WINTER)
    ran(app.button(key=submit(app, "campaigns.add")).click().run())
    assert "already" in app.error[0].value
    assert campaigns(kept) == before


def test_a_file_from_typeform_is_taken_in_and_matched(home: Path, kept: Ledger) -> None:
    """What it held is said; again, nothing is new; one that is none is refused."""
    answer = {"field": {"id": "x", "ref": "courriel", "type": "email"}, "type": "email"}
    item = {"token": "a" * 32, "submitted_at": "2020-12-14T10:00:00Z", "landed_at": "2020-12-14T09:00:00Z"}
    person = people(kept)[0]
    body = json.dumps({"items": [{**item, "answers": [{**answer, "email": person.email}]}]}).encode()
    before = len(filled(kept, [WINTER]))
    for new in (1, 0):
        app = uploaded(home, "page.json", body)
        assert app.success[0].value == FR("arrivals.taken", responses=1, new=new, unmatched=0)
    assert len(filled(kept, [WINTER])) == before + 1
    assert uploaded(home, "page.json", b"{}").error


def uploaded(home: Path, name: str, body: bytes) -> AppTest:
    """A visit in which a file is sent as answers to the winter's questionnaire."""
    app = page(home, view="campaigns")
    app.file_uploader(key="arrivals.file").set_value((name, body, "application/json"))
    app.selectbox(key="arrivals.form").set_value(WINTER)
    return ran(app.button(key=submit(app, "arrivals.import")).click().run())


# ----------------------------------------------------------------------------------------------------------- charts

WORD = some.text("abcdefghijklmnopqrstuvwxyzéè", min_size=3, max_size=22)


@settings(max_examples=50)
@given(some.dictionaries(WORD, some.integers(5, 200), min_size=1, max_size=40))
def test_no_two_words_of_the_cloud_overlap(found: dict[str, int]) -> None:
    """However many there are: boxes of words stand apart, and the same words have the same places."""
    frame = pl.DataFrame({"label": list(found), "respondents": list(found.values()), "is_value": [True] * len(found)})
    caption = Caption("Nuage", "personnes", "Un nuage")
    spec = charts.cloud(frame, caption, FR).to_dict(validate=False)
    (rows,) = spec["datasets"].values()
    boxes = [(row["x"], row["y"], row["px"] * 0.6 * len(row["label"]), row["px"] * charts.GROWTH) for row in rows]
    for place, (x, y, width, height) in enumerate(boxes):
        assert abs(x) + width / 2 <= max(charts.NARROWEST_PX, width) / 2 + 0.01
        for other_x, other_y, other_width, other_height in boxes[:place]:
            apart = abs(x - other_x) >= (width + other_width) / 2 or abs(y - other_y) >= (height + other_height) / 2
            assert apart
    assert charts.cloud(frame, caption, FR).to_dict(validate=False) == spec


@settings(max_examples=50)
@given(some.lists(some.integers(5, 200), min_size=2, max_size=20, unique=True))
def test_words_of_the_cloud_are_the_larger_the_more_people_say_them(numbers: list[int]) -> None:
    """Size is what the cloud is read by."""
    labels = [f"mot{number}" for number in numbers]
    frame = pl.DataFrame({"label": labels, "respondents": numbers, "is_value": [False] * len(numbers)})
    (rows,) = (
        charts.cloud(frame, Caption("Nuage", "personnes", "Un nuage"), FR).to_dict(validate=False)["datasets"].values()
    )
    by_number = [row["px"] for row in sorted(rows, key=lambda row: row["respondents"])]
    assert by_number == sorted(set(by_number))


def test_the_charts_are_charts_that_vega_knows() -> None:
    """Each is held against its schema, and drawn as a picture."""
    caption = Caption("Titre", "personnes", "Ce qu’on y voit")
    told = pl.DataFrame({"label": ["Oui", "Non"], "respondents": [3, 0], "share": [1.0, 0.0]})
    spoken = pl.DataFrame({"label": ["lien", "parent"], "respondents": [9, 5], "is_value": [True, False]})
    scores = pl.DataFrame({"quarter": ["T1"], "score": [-40.0], "low": [-60.0], "high": [-20.0], "n": [30]})
    drawn = [charts.answered(told, caption, FR), charts.columns(told, caption, FR), charts.nps(scores, caption, FR)]
    for chart in (*drawn, charts.spoken(spoken, caption, FR), charts.cloud(spoken, caption, FR)):
        assert chart.to_dict()["description"] == "Ce qu’on y voit"
        assert as_svg(chart).startswith("<svg")
    assert "−40" in as_svg(drawn[2])
    assert "3 · 100" in as_svg(drawn[0])
