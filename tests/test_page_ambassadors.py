"""The page of the ambassadors: what it counts, one person's whole story, and everything one does there."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as some
from people_pages import (
    BUSY,
    FR,
    PARIS,
    SINCE,
    TODAY,
    WEEKS_BEFORE,
    build_home,
    everything,
    fresh,
    person_of,
    press,
    somebody,
    table_of,
    texts,
    visit,
    visit_without_ledger,
    widget,
)
from streamlit.testing.v1 import AppTest
from tiny import NOW

from workbench.ledger import Ledger
from workbench.ledger.merging import merge, merges
from workbench.ledger.people import people, set_person
from workbench.ledger.programme import campaigns, interactions
from workbench.ledger.standings import standings
from workbench.ledger.states import CampaignKind, PersonStatus, Purpose
from workbench.pages.people.activity import pulse, whole_weeks
from workbench.surveys.matching import person_in
from workbench.surveys.programme import at_risk

COLUMNS = 10
"""Columns of the table of everybody."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A HOME with the sample's programme."""
    return build_home(tmp_path_factory.mktemp("people"))


@pytest.fixture
def kept(built: Path) -> Iterator[Ledger]:
    """Its ledger, in which nothing has been changed."""
    with fresh(built) as ledger:
        yield ledger


def story(home: Path, number: int, **given: str) -> AppTest:
    """A visit to one person."""
    return visit(home, "ambassadors", person=str(number), **given)


def undo(app: AppTest) -> None:
    """Take back what was just done, right there."""
    press(app, FR("done.undo"))
    assert FR("programme.undone").replace("\u00a0", " ") in texts(app)


# ------------------------------------------------------------------------------------------------------ everybody


@pytest.mark.parametrize("role", ["viewer", "analyst", "community", "admin"])
def test_figures_are_for_everybody_and_names_for_those_who_may_see_people(built: Path, kept: Ledger, role: str) -> None:
    """No name, address or school reaches a viewer, in whatever part of the page."""
    app, everybody = visit(built, "ambassadors", role, person="1"), people(kept)
    count = Counter(str(person.status) for person in everybody)
    risk = at_risk(kept, TODAY, PARIS)
    shown = [metric.value for metric in app.metric]
    assert shown[:4] == [str(n) for n in (count["active"], count["candidate"], len(risk), count["left"])]
    assert len(risk) > 0
    seen = [person.name for person in everybody if person.name in everything(app)]
    assert seen == ([person.name for person in everybody] if role in ("community", "admin") else [])
    assert bool(app.selectbox) == (role in ("community", "admin"))


def test_the_table_says_of_each_what_the_review_keeps(built: Path, kept: Ledger) -> None:
    """Everybody once, with how many commitments of this quarter are kept of how many that count."""
    rows = {row[0]: row for row in table_of(visit(built, "ambassadors"), COLUMNS)}
    expected = {}
    for person in people(kept):
        mine = [s.status for s in standings(kept) if (s.person, s.quarter) == (person.id, "2020-2021-Q2")]
        owed = [status for status in mine if status not in ("not_due", "waived")]
        done = [status for status in owed if status in ("met", "declared")]
        expected[person.name] = f"{len(done)} sur {len(owed)}" if owed else "–"
    assert {name: row[-1] for name, row in rows.items()} == expected
    assert len(set(expected.values())) > 2


def test_the_list_is_narrowed_by_status_risk_academie_and_name(built: Path, kept: Ledger) -> None:
    """Accents and capitals do not matter in a search; risk is a filter of its own."""
    app = visit(built, "ambassadors")
    risk = {one.name for one in people(kept) if one.id in at_risk(kept, TODAY, PARIS)}
    app.selectbox(key="ambassadors.status").select("at_risk").run()
    assert {row[0] for row in table_of(app, COLUMNS)} == risk
    app.selectbox(key="ambassadors.status").select("left").run()
    assert {row[0] for row in table_of(app, COLUMNS)} == {one.name for one in people(kept) if one.status == "left"}
    app.selectbox(key="ambassadors.status").select("").run()
    app.selectbox(key="ambassadors.academie").select("Lille").run()
    assert {row[2] for row in table_of(app, COLUMNS)} == {"Lille"}
    app.selectbox(key="ambassadors.academie").select("").run()
    app.text_input(key="ambassadors.search").input("ELODIE").run()
    assert {row[0] for row in table_of(app, COLUMNS)} == {one.name for one in people(kept) if "Élodie" in one.name}
    app.text_input(key="ambassadors.search").input("nobody of this name").run()
    assert FR("empty.ambassadors_filtered.title") in texts(app)


def test_without_a_ledger_the_page_says_what_to_do(built: Path) -> None:
    """Not an empty list: the people are somewhere else."""
    app = visit_without_ledger(built, "ambassadors")
    assert FR("empty.programme_ledger.title") in texts(app)
    assert not app.table


def test_english_shows_no_french(built: Path, kept: Ledger) -> None:
    """Every part of a story is in the visitor's language; names and titles of forms stay as they are."""
    app = story(built, somebody(kept).id, language="en")
    shown = everything(app)
    assert "Active" in shown
    for french in ("Trimestre", "Tenu", "Attendu", "Noté", "Arrivée", "Aucun", "En activité"):
        assert french not in shown


# ----------------------------------------------------------------------------------------------------- one person


def test_choosing_a_person_writes_them_into_the_address(built: Path, kept: Ledger) -> None:
    """So that the story can be found again; nobody chosen takes it out."""
    person, app = somebody(kept), visit(built, "ambassadors")
    app.selectbox(key="ambassadors.person").select(person.id).run()
    assert app.query_params["person"] == str(person.id)
    assert person.name in [element.value for element in app.subheader]
    app.selectbox(key="ambassadors.person").select(None).run()
    assert "person" not in app.query_params


def test_the_address_of_who_was_merged_leads_to_who_stayed(built: Path, kept: Ledger) -> None:
    """An old link holds; one that names nobody says so."""
    stays, goes = somebody(kept), somebody(kept, 1)
    merge(kept, stays, goes, who="diane", now=NOW)
    assert story(built, goes.id).selectbox(key="ambassadors.person").value == stays.id
    for nobody in ("999999", "no-number", "²"):
        assert FR("ambassadors.unknown") in texts(visit(built, "ambassadors", person=nobody))


def test_the_story_has_what_happened_and_what_shows_each_commitment(built: Path, kept: Ledger) -> None:
    """Answers, contacts, bugs and the arrival in one time line, the newest first; the evidence with its day."""
    contact = next(each for each in interactions(kept) if each.note)
    shown = everything(story(built, contact.person))
    assert contact.note in shown
    assert FR("ambassadors.story.answered") in shown
    assert FR("ambassadors.story.added") in shown
    mine = [each for each in standings(kept) if each.person == contact.person and each.evidence]
    assert mine
    for each in mine:
        sentence = FR(f"charter.evidence.{each.evidence}", day=each.decided_on)
        assert sentence.replace("\u00a0", " ") in shown


def test_what_people_typed_is_shown_as_they_typed_it(built: Path, kept: Ledger) -> None:
    """Neither HTML nor Markdown of a name, a school or a note takes effect."""
    typed = "**Anne** <b>[x](http://x.example)</b> $1$ :red[y]"
    number = set_person(kept, replace(somebody(kept), name=typed, school=typed), who="diane", now=NOW)
    app = story(built, number)
    (heading,) = [element.value for element in app.subheader if "Anne" in element.value]
    assert "**" not in heading.replace("\\*", "")
    assert "<b>" not in heading.replace("\\<", "")
    assert heading.replace("\\", "") == typed
    assert all("<b>" not in element.value.replace("\\<", "") for element in app.markdown)


# ------------------------------------------------------------------------------------------------------- the entry


def test_an_entry_is_corrected_and_the_correction_undone(built: Path, kept: Ledger) -> None:
    """All fields by version; the standing of the charter follows."""
    person = somebody(kept)
    app = story(built, person.id)
    widget(app.text_input, f"person.{person.id}.{person.version}.0.school").input("École du Lac")
    widget(app.selectbox, f"{person.id}.{person.version}.0.status").select("paused")
    press(app, FR("ambassadors.save"))
    changed = person_of(kept, person.id)
    assert (changed.school, changed.status) == ("École du Lac", PersonStatus.PAUSED)
    assert replace(changed, school=person.school, status=person.status, version=person.version) == person
    undo(app)
    assert replace(person_of(kept, person.id), version=person.version) == person


def test_the_second_of_two_editors_is_told(built: Path, kept: Ledger) -> None:
    """What was typed on an entry that is no more is not written over the newer one."""
    person = somebody(kept)
    app = story(built, person.id)
    set_person(kept, replace(person, school="École d’Alice"), who="alice", now=NOW)
    widget(app.text_input, f"{person.version}.0.school").input("École de Diane")
    press(app, FR("ambassadors.save"))
    assert person_of(kept, person.id).school == "École d’Alice"
    assert FR("done.changed").split(" :")[0].split("\u00a0")[0] in texts(app)
    assert widget(app.text_input, f"{person.version + 1}.0.school").value == "École d’Alice"


def test_an_address_that_is_none_is_refused_with_what_to_do(built: Path, kept: Ledger) -> None:
    """Nothing is written, and what was typed is shown as typed."""
    person = somebody(kept)
    app = story(built, person.id)
    widget(app.text_input, f"{person.version}.0.email").input("<b>anne")
    press(app, FR("ambassadors.save"))
    assert person_of(kept, person.id) == person
    assert "\\<b\\>anne" in app.error[0].value
    assert "name@example.org" in texts(app)


def test_somebody_is_added_by_hand_and_shown(built: Path, kept: Ledger) -> None:
    """The form is empty again for the next one."""
    app = visit(built, "ambassadors")
    widget(app.text_input, ".0.0.0.name").input("Zoé Exemple")
    widget(app.text_input, ".0.0.0.email").input("Zoe@Ecole.example")
    widget(app.text_input, ".0.0.0.class_ids").input("k-1, k-2")
    press(app, FR("ambassadors.save"))
    (added,) = [one for one in people(kept) if one.name == "Zoé Exemple"]
    assert (added.email, added.class_ids, added.since) == ("zoe@ecole.example", ("k-1", "k-2"), TODAY)
    assert app.selectbox(key="ambassadors.person").value == added.id
    assert widget(app.text_input, ".0.0.1.name").value == ""


def test_a_list_is_previewed_then_imported_without_its_wrong_lines(built: Path, kept: Ledger) -> None:
    """Nothing is written before the button; lines with errors are said to be left out."""
    known, before = somebody(kept), len(people(kept))
    lines = [
        "nom;courriel;école",
        "Nouvelle Venue;nouvelle@ecole.example;École Neuve",
        f"{known.name};{known.email};École Changée",
        "Sans Adresse;;",
        f"{somebody(kept, 1).name};{somebody(kept, 1).email};",
    ]
    app = visit(built, "ambassadors")
    app.file_uploader[0].upload("liste.csv", "\n".join(lines).encode(), "text/csv").run()
    shown = everything(app)
    for said in (
        "1 nouvelle personne",
        "1 personne connue, dont",
        "1 personne connue, rien",
        "1 ligne avec une erreur",
    ):
        assert said in shown
    assert "École → École Changée" in shown
    assert len(people(kept)) == before
    press(app, FR("ambassadors.import"))
    assert len(people(kept)) == before + 1
    assert person_of(kept, known.id).school == "École Changée"
    assert "1 ligne avec une erreur a été laissée de côté" in texts(app)
    assert not app.file_uploader[0].value


def test_a_file_that_is_no_list_is_said_to_be_none(built: Path, kept: Ledger) -> None:
    """With what its columns should be called."""
    app = visit(built, "ambassadors")
    app.file_uploader[0].upload("liste.csv", b"a;b\n1;2\n", "text/csv").run()
    assert "nom and courriel" in texts(app)
    assert not [button for button in app.button if button.label == FR("ambassadors.import")]
    assert len(people(kept)) > 100


# ----------------------------------------------------------------------------------------------------------- acts


def standing_of(ledger: Ledger, number: int, commitment: str, quarter: str = "2020-2021-Q2") -> str:
    """How the review keeps a commitment of somebody."""
    found = {(each.person, each.quarter, str(each.commitment)): each.status for each in standings(ledger)}
    return str(found[number, quarter, commitment])


def owing(ledger: Ledger, commitment: str) -> int:
    """Somebody who owes a commitment this quarter."""
    return next(s.person for s in standings(ledger) if (s.quarter, s.commitment, s.status) == (
        "2020-2021-Q2", commitment, "due"
    ))  # fmt: skip


def test_a_contact_is_noted_counts_for_the_charter_and_is_taken_back(built: Path, kept: Ledger) -> None:
    """On the day that was said, under the name of who noted it."""
    number, before = owing(kept, "2"), len(interactions(kept))
    app = story(built, number)
    widget(app.selectbox, f"contact.{number}.kind").select("meeting")
    widget(app.date_input, f"contact.{number}.day").set_value(date(2020, 12, 9))
    widget(app.text_area, f"contact.{number}.note").input("Vue au salon")
    press(app, FR("ambassadors.save"), 1)
    contact = next(each for each in interactions(kept) if each.person == number)
    assert (contact.kind, contact.note, contact.who) == ("meeting", "Vue au salon", "diane")
    assert contact.at.astimezone(PARIS).date() == date(2020, 12, 9)
    assert standing_of(kept, number, "2") == "met"
    undo(app)
    assert len(interactions(kept)) == before
    assert standing_of(kept, number, "2") == "due"


@pytest.mark.parametrize(("kind", "status"), [("note", "met"), ("waiver", "waived")])
def test_a_commitment_is_noted_or_waived_and_taken_back(built: Path, kept: Ledger, kind: str, status: str) -> None:
    """Right there, and later from the list of what was noted."""
    number = owing(kept, "4a")
    app = story(built, number)
    for is_later in (False, True):
        widget(app.selectbox, f"evidence.{number}.commitment").select("4a")
        widget(app.radio, f"evidence.{number}.kind").set_value(kind)
        press(app, FR("ambassadors.save"), 2)
        assert standing_of(kept, number, "4a") == status
        if is_later:
            press(story(built, number), FR("ambassadors.take_back"))
        else:
            undo(app)
        assert standing_of(kept, number, "4a") == "due"


def test_the_charter_is_accepted_by_hand_and_that_is_taken_back(built: Path, kept: Ledger) -> None:
    """On the day that was said, in the version of that day."""
    rows = table_of(visit(built, "ambassadors"), COLUMNS)
    name = next(row[0] for row in rows if row[1] == "En activité" and row[6] == "–")
    (person,) = [one for one in people(kept) if one.name == name]
    app = story(built, person.id)
    widget(app.date_input, f"charter.{person.id}.{person.version}.day").set_value(date(2020, 12, 3))
    press(app, FR("ambassadors.accept"))
    assert standing_of(kept, person.id, "4a") == "due"
    assert FR("ambassadors.accepted_on", day=date(2020, 12, 3), version="2020").replace("\u00a0", " ") in texts(app)
    undo(app)
    assert standing_of(kept, person.id, "4a") == "not_due"


def test_consents_are_switched_each_apart_and_taken_back(built: Path, kept: Ledger) -> None:
    """What was never asked and is not switched stays unasked."""
    person = somebody(kept)
    app = story(built, person.id)
    widget(app.toggle, f"{Purpose.COURRIER}.unknown").set_value(True)
    press(app, FR("ambassadors.save"), 3)
    assert person_of(kept, person.id).consents == {Purpose.COURRIER: True}
    widget(app.toggle, f"{Purpose.COURRIER}.yes").set_value(False)
    press(app, FR("ambassadors.save"), 3)
    assert person_of(kept, person.id).consents == {Purpose.COURRIER: False}
    undo(app)
    assert person_of(kept, person.id).consents == {Purpose.COURRIER: True}


def test_the_personal_link_is_that_of_the_latest_questionnaire(built: Path, kept: Ledger) -> None:
    """Whoever answers by it is known."""
    person = somebody(kept)
    (link,) = [code.value for code in story(built, person.id).code]
    token, form = urlsplit(link).fragment.removeprefix("a="), urlsplit(link).path.rsplit("/", 1)[-1]
    assert person_in(kept, form, {"a": token}) == person.id
    sent = [each for each in campaigns(kept) if each.kind is CampaignKind.QUESTIONNAIRE]
    assert form == max(sent, key=lambda campaign: campaign.out_on).form


def test_a_merge_needs_a_second_yes_and_can_be_undone(built: Path, kept: Ledger) -> None:
    """Right there, and later from the list of merges."""
    stays, goes = somebody(kept), somebody(kept, 1)
    app = story(built, stays.id)
    for later in (False, True):
        version = person_of(kept, stays.id).version
        widget(app.selectbox, f"merge.{stays.id}.{version}.other").select(goes.id).run()
        assert widget(app.button, f"merge.{stays.id}.{version}.merge").disabled
        app.checkbox[0].check().run()
        press(app, FR("ambassadors.merge"))
        assert goes.id not in {one.id for one in people(kept)}
        if later:
            app = story(built, stays.id)
            press(app, FR("ambassadors.part"))
        else:
            undo(app)
        assert goes.id in {one.id for one in people(kept)}
        assert not merges(kept)


# -------------------------------------------------------------------------------------------------------- activity


def test_classes_are_compared_with_their_own_past(built: Path, kept: Ledger) -> None:
    """Sixteen weeks are drawn; what is usual is the median of the weeks before these."""
    person = somebody(kept)
    set_person(kept, replace(person, class_ids=(BUSY,)), who="diane", now=NOW)
    app = story(built, person.id)
    assert FR("ambassadors.activity", lately="12", usual="3", n=WEEKS_BEFORE, change=FR.change(3)).replace(
        "\u00a0", " "
    ).replace("\u202f", " ") in texts(app)
    assert SINCE.weekday() == 0


def test_who_has_no_class_is_said_to_have_none(built: Path, kept: Ledger) -> None:
    """With what to do, instead of an empty picture."""
    person = somebody(kept, status="candidate")
    assert not person.class_ids
    assert FR("ambassadors.no_class").replace("\u00a0", " ") in texts(story(built, person.id))


@given(some.dictionaries(some.integers(0, 40), some.integers(1, 9)), some.sets(some.integers(0, 40)))
def test_only_weeks_that_are_loaded_as_a_whole_count(counts: dict[int, int], loaded: set[int]) -> None:
    """From the first week with an event on; a week without one counts as 0."""
    monday = {number: SINCE + timedelta(weeks=number) for number in range(41)}
    events = pl.DataFrame(
        {"week": [monday[n] for n in sorted(counts)], "events": [counts[n] for n in sorted(counts)]},
        {"week": pl.Date, "events": pl.Int64},
    )
    found = pulse(events, [monday[n] for n in loaded])
    known = [counts.get(n, 0) for n in sorted(loaded) if counts and n >= min(counts)]
    assert found.weeks["events"].to_list() == known[-16:]
    assert found.usual == (median(known[:-16]) if known[:-16] else None)
    assert found.lately == (median(known[-4:]) if known else None)


def test_a_week_is_whole_when_each_of_its_days_is_loaded() -> None:
    """Six days are not a week."""
    days = [SINCE + timedelta(days=n) for n in range(20)]
    assert whole_weeks(days) == [SINCE, SINCE + timedelta(weeks=1)]
    assert whole_weeks(days[1:7]) == []
