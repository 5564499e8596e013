"""Files saved from Typeform: what is in them comes in once, in any shape they have had; what is wrong is one line."""

import csv
import io
import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from command_line import workbench
from ledgers import KEY
from sqlalchemy import select
from test_cli import assert_one_line

from workbench.errors import NotReadable, WorkbenchError
from workbench.ledger import Ledger, open_ledger
from workbench.ledger.surveys import forms, keep_form
from workbench.ledger.tables import Answer, Person, Response
from workbench.surveys.answers import FileBroken, NotTypeform
from workbench.surveys.exported import WrongForm
from workbench.surveys.saved import AnswerTooLong, FileEmpty, Imported, import_file

NOW = datetime(2020, 12, 1, 12, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")
FORM = "n5h3f6CS"

CHOICES = ["lien", "lien, partage", "joie"]
DEFINITION = {
    "id": FORM,
    "title": "Questionnaire de rentrée",
    "hidden": ["amb"],
    "fields": [
        {"ref": "nom", "id": "f0", "type": "short_text", "title": "Votre nom ?"},
        {"ref": "mail", "id": "f1", "type": "email", "title": "Votre *adresse*"},
        {"ref": "tel", "id": "f2", "type": "phone_number", "title": "Téléphone"},
        {"ref": "note", "id": "f3", "type": "opinion_scale", "title": "Une note de 0 à 10"},
        {"ref": "groupe", "id": "f4", "type": "yes_no", "title": "Dans le groupe ?"},
        {"ref": "jour", "id": "f5", "type": "date", "title": "Depuis"},
        {
            "ref": "valeurs",
            "id": "f6",
            "type": "multiple_choice",
            "title": "Vos valeurs",
            "properties": {"allow_multiple_selection": True, "choices": [{"label": label} for label in CHOICES]},
        },
        {
            "ref": "aide",
            "id": "f7",
            "type": "multiple_choice",
            "title": "Avez-vous aidé ?",
            "properties": {"choices": [{"label": "Oui"}, {"label": "Non"}]},
        },
        {
            "ref": "m",
            "id": "f8",
            "type": "matrix",
            "title": "Vous",
            "properties": {"fields": [{"ref": "m1", "id": "f9", "type": "multiple_choice", "title": "partagez"}]},
        },
    ],
}
HEADER = [
    "#", "Votre nom ?", "Votre adresse", "Téléphone", "Une note de 0 à 10", "Dans le groupe ?", "Depuis",
    "Vos valeurs", "Avez-vous aidé ?", "Other", "Vous - partagez", "amb", "Response Type",
    "Start Date (UTC)", "Stage Date (UTC)", "Submit Date (UTC)", "Network ID", "Tags", "Ending",
]  # fmt: skip
LEA = [
    "tok1", "Léa; dite « L' »", "lea@ecole.example", "'+33612345678", "9", "1", "2019-09-01",
    "lien, partage, joie", "Oui", "", "Souvent", "s1gned", "completed",
    "2020-11-20 10:00:00", "", "2020-11-20 10:05:00", "n1", "", "",
]  # fmt: skip
PAUL = [
    "tok2", "<b>Paul</b> **gras**", "", "", "", "0", "", "joie, autre chose", "", "par lettre", "", "", "partial",
    "2020-11-21 10:00:00", "2020-11-21 10:02:00", "", "n2", "", "",
]  # fmt: skip


def write_csv(path: Path, rows: list[list[str]], delimiter: str = ",", encoding: str = "utf-8") -> Path:
    """An export of Typeform's."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def take(ledger: Ledger, path: Path, form: str | None = None) -> Imported:
    """One import."""
    return import_file(ledger, path, form=form, zone=PARIS, who="diane", now=NOW)


def rows(ledger: Ledger) -> dict[str, dict[str, Any]]:
    """Token → reference of the question → what was answered."""
    found: dict[str, dict[str, Any]] = {}
    query = select(Response, Answer).join(Answer, Answer.response_id == Response.id).order_by(Answer.id)
    with ledger.reading() as session:
        for response, answer in session.execute(query):
            columns = (answer.text, answer.number, answer.boolean, answer.day, answer.choices, answer.raw)
            said = [value for value in columns if value is not None]
            found.setdefault(response.token, {})[answer.field_ref] = said[0] if len(said) == 1 else said
    return found


@pytest.fixture
def lite(sqlite_url: str) -> Iterator[Ledger]:
    """A ledger on SQLite, where the kind of database is not the question."""
    with closing(open_ledger(sqlite_url, KEY)) as opened:
        yield opened


@pytest.fixture
def asking(lite: Ledger) -> Ledger:
    """A ledger that knows the form."""
    keep_form(lite, FORM, DEFINITION["title"], DEFINITION, who="sync", now=NOW)
    return lite


# ------------------------------------------------------------------------------------------------------------ json


def api_page(**item: Any) -> dict[str, Any]:
    """A page of the API with one response of two answers, one of them of a type nobody knows."""
    answers = [
        {"field": {"id": "f0", "ref": "nom", "type": "short_text"}, "type": "text", "text": "**Léa** <script>"},
        {"field": {"id": "fx", "ref": "video", "type": "video"}, "type": "hologram", "hologram": {"v": [1]}},
    ]
    given = {"token": "t1", "submitted_at": "2020-11-20T10:05:00Z", "answers": answers}
    return {"total_items": 1, "page_count": 1, "items": [given | item]}


def write_json(path: Path, document: Any) -> Path:
    """A JSON file."""
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_an_api_page_comes_in_once(ledger: Ledger, tmp_path: Path) -> None:
    """Answers are counted leaf by leaf, the unknown kept raw, and HTML and Markdown are only text."""
    path = write_json(tmp_path / "page.json", api_page())
    assert take(ledger, path, FORM) == Imported(responses=1, answers=2, new=1, unmatched=1, unknown=1)
    assert take(ledger, path, FORM) == Imported(responses=1, answers=2, new=0, unmatched=1, unknown=1)
    said = rows(ledger)["t1"]
    assert said["nom"] == "**Léa** <script>"
    assert said["video"]["hologram"] == {"v": [1]}


def test_a_response_that_belongs_to_somebody_is_not_unmatched(lite: Ledger, tmp_path: Path) -> None:
    """And coming in again does not take it from them."""
    path = write_json(tmp_path / "page.json", api_page())
    take(lite, path)
    with lite.writing("diane", NOW) as work:
        person = Person(name="Léa", status="active", created_at=NOW)
        work.add(person)
        work.flush()
        work.scalars(select(Response)).one().person_id = person.id
    write_json(path, api_page(hidden={"changed": "since"}))
    assert take(lite, path) == Imported(responses=1, answers=2, new=0, unmatched=0, unknown=1)


def test_a_webhook_body_comes_in_with_its_questions(lite: Ledger, tmp_path: Path) -> None:
    """The short definition serves until the form itself is fetched, and never replaces it."""
    body = {"form_response": api_page()["items"][0] | {"form_id": FORM, "definition": DEFINITION | {"title": "Court"}}}
    path = write_json(tmp_path / "hook.json", body)
    assert take(lite, path) == Imported(responses=1, answers=2, new=1, unmatched=1, unknown=1)
    assert [(form.form_id, form.title) for form in forms(lite)] == [(FORM, "Court")]
    keep_form(lite, FORM, "Entier", DEFINITION, who="sync", now=NOW)
    write_json(path, {"form_response": body["form_response"] | {"token": "t2"}})
    take(lite, path)
    assert [form.title for form in forms(lite)] == ["Entier"]
    with lite.reading() as session:
        assert session.scalars(select(Response.source).distinct()).all() == ["webhook"]


def test_a_partial_response_never_replaces_a_completed_one(lite: Ledger, tmp_path: Path) -> None:
    """Files are saved in any order."""
    take(lite, write_json(tmp_path / "whole.json", api_page()))
    take(lite, write_json(tmp_path / "half.json", api_page(submitted_at="0001-01-01T00:00:00Z", answers=[])))
    assert list(rows(lite)["t1"]) == ["nom", "video"]


@pytest.mark.parametrize(
    ("name", "referer", "asked", "form"),
    [
        ("page.json", "https://x.typeform.com/to/abc123", None, "abc123"),
        ("page.json", "https://x.typeform.com/to/abc123", FORM, FORM),
        ("responses-qwerty12-2020.json", None, None, "qwerty12"),
        ("responses-qwerty12-2020.json", "https://x.typeform.com/to/abc123", None, "abc123"),
        ("page.json", None, None, "unnamed"),
    ],
)
def test_the_form_is_the_one_asked_for_else_the_one_that_is_told(
    lite: Ledger, tmp_path: Path, name: str, referer: str | None, asked: str | None, form: str
) -> None:
    """By the address it was answered at, or by the name that Typeform gives to its files."""
    take(lite, write_json(tmp_path / name, api_page(metadata={"referer": referer})), asked)
    with lite.reading() as session:
        assert session.scalars(select(Response.form_id)).all() == [form]


# ------------------------------------------------------------------------------------------------------------- csv


def test_an_export_comes_in_typed_as_the_api_would_have_it(asking: Ledger, tmp_path: Path) -> None:
    """Titles lead to the questions; phone numbers lose the apostrophe of spreadsheets; choices may hold commas.

    Léa, who gave her address in the entry form and completed it, is matched; Paul is not.
    """
    path = write_csv(tmp_path / "responses.csv", [HEADER, LEA, PAUL])
    assert take(asking, path) == Imported(responses=2, answers=13, new=2, unmatched=1, unknown=0)
    assert take(asking, path).new == 0
    assert rows(asking) == {
        "tok1": {
            "nom": "Léa; dite « L' »",
            "mail": "lea@ecole.example",
            "tel": "+33612345678",
            "note": 9.0,
            "groupe": True,
            "jour": date(2019, 9, 1),
            "valeurs": ["lien, partage", "joie"],
            "aide": ["Oui"],
            "m1": ["Souvent"],
        },
        "tok2": {
            "nom": "<b>Paul</b> **gras**",
            "groupe": False,
            "valeurs": ["autre chose", ["joie"]],
            "aide": ["par lettre", []],
        },
    }
    with asking.reading() as session:
        lea, paul = session.scalars(select(Response).order_by(Response.token))
        assert (lea.form_id, lea.kind.value, lea.hidden) == (FORM, "completed", {"amb": "s1gned"})
        assert lea.submitted_at == datetime(2020, 11, 20, 10, 5, tzinfo=UTC)
        assert (paul.kind.value, paul.submitted_at) == ("partial", None)
        assert lea.raw["Network ID"] == "n1"


def test_older_exports_have_a_column_for_each_choice(asking: Ledger, tmp_path: Path) -> None:
    """They are one answer; "Other" behind them is its free text."""
    header = ["#", "Votre nom ?", *CHOICES, "Other", "Start Date (UTC)", "Submit Date (UTC)", "Network ID"]
    row = ["tok", "Léa", "lien", "", "joie", "rire", "2018-04-03 09:05:14", "2018-04-03 09:05:40", "n"]
    path = write_csv(tmp_path / "old.csv", [header, row])
    assert take(asking, path) == Imported(responses=1, answers=2, new=1, unmatched=1, unknown=0)
    assert rows(asking)["tok"] == {"nom": "Léa", "valeurs": ["rire", ["lien", "joie"]]}


@pytest.mark.parametrize(("delimiter", "encoding"), [(",", "utf-8-sig"), (";", "cp1252"), ("\t", "utf-16")])
def test_an_export_that_a_spreadsheet_saved_again_is_read(
    asking: Ledger, tmp_path: Path, delimiter: str, encoding: str
) -> None:
    """French Excel writes semicolons and Windows' own letters."""
    take(asking, write_csv(tmp_path / "r.csv", [HEADER, LEA], delimiter, encoding))
    assert rows(asking)["tok1"]["nom"] == "Léa; dite « L' »"


def test_an_export_of_a_form_nobody_knows_brings_its_questions(lite: Ledger, tmp_path: Path) -> None:
    """Titles from the header, types where all cells of a column look alike; the same form again the next time."""
    header = ["#", "Nom", "Mail", "Note", "Jour", "Other", "Other", "Submit Date (UTC)"]
    lines = [
        ["a", "Léa", "lea@ecole.example", "9", "2020-01-31", "x", "y", "2020-02-01 10:00:00"],
        ["b", "Paul", "", "10", "", "", "", "2020-02-02 10:00:00"],
    ]
    path = write_csv(tmp_path / "Valeurs janvier.csv", [header, *lines])
    assert take(lite, path) == Imported(responses=2, answers=8, new=2, unmatched=2, unknown=0)
    typed = {"Nom": "Léa", "Mail": "lea@ecole.example", "Note": 9.0, "Jour": date(2020, 1, 31)}
    assert rows(lite)["a"] == typed | {"Other": "x", "Other (2)": "y"}
    (form,) = forms(lite)
    assert form.title == "Valeurs janvier"
    assert [field["type"] for field in form.definition["fields"]][:4] == ["short_text", "email", "number", "date"]
    assert take(lite, write_csv(path, [header, ["c", "Zoé", "", "1", "", "", "", "2020-02-03 10:00:00"]])).new == 1
    assert [one.form_id for one in forms(lite)] == [form.form_id]


def test_a_question_that_is_gone_from_the_form_is_kept(asking: Ledger, tmp_path: Path) -> None:
    """Under its title: nothing of a file is lost."""
    header, row = [*HEADER, "Une question retirée"], [*LEA, "une réponse"]
    take(asking, write_csv(tmp_path / f"responses-{FORM}-01.csv", [header, row]))
    assert rows(asking)["tok1"]["Une question retirée"] == "une réponse"


# ------------------------------------------------------------------------------------------------------- bad input


def bad(path: Path, content: bytes) -> Path:
    """A file."""
    path.write_bytes(content)
    return path


def table(*lines: list[str]) -> bytes:
    """A CSV in bytes."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(lines)
    return text.getvalue().encode()


LONG = json.dumps(api_page(answers=[{"field": {"ref": "nom"}, "type": "text", "text": "x" * 5_000_000}])).encode()
STRANGER = table(["#", "Âge", "Taille", "Poids", "Votre nom ?", "Submit Date (UTC)"], ["t", "1", "2", "3", "x", ""])


@pytest.mark.parametrize(
    ("name", "content", "fault", "words"),
    [
        ("empty.json", b"", FileEmpty, "empty.json is empty"),
        ("blank.csv", b" \n", FileEmpty, "blank.csv is empty"),
        ("cut.json", b'{"items": [{"token"', FileBroken, "broken JSON at line 1"),
        ("list.json", b'{"items": [{"id": "x"}]}', NotTypeform, "neither a page of responses nor a webhook body"),
        ("some.csv", b"a,b\n1,2\n", NotTypeform, "no export of Typeform's"),
        ("picture.csv", b"\x89PNG\x81\x8d\x8f", FileBroken, "neither JSON nor CSV"),
        ("short.csv", table(HEADER, LEA, LEA[:-1]), FileBroken, "response 2 has 18 cells, the header 19"),
        ("open.csv", table(HEADER) + b'tok,"never closed', FileBroken, "broken CSV"),
        (f"responses-{FORM}-01.csv", STRANGER, WrongForm, "an export of another form: 3 of 4 questions"),
        ("long.json", LONG, AnswerTooLong, "long.json: the answer to nom in response t1 has 5,000,000 characters"),
        ("long.csv", table(HEADER, [*LEA[:1], "x" * 5_000_000, *LEA[2:]]), AnswerTooLong, "5,000,000 characters"),
    ],
)
def test_a_bad_file_is_one_line_and_changes_nothing(
    asking: Ledger, tmp_path: Path, name: str, content: bytes, fault: type[WorkbenchError], words: str
) -> None:
    """What is wrong, and what to do."""
    with pytest.raises(fault) as caught:
        take(asking, bad(tmp_path / name, content))
    assert words in caught.value.message
    assert "\n" not in str(caught.value)
    assert rows(asking) == {}


def test_a_file_that_cannot_be_read_is_one_line(lite: Ledger, tmp_path: Path) -> None:
    """Missing, or a folder."""
    for path in (tmp_path / "nowhere.json", tmp_path):
        with pytest.raises(NotReadable, match="name a file"):
            take(lite, path)


def test_a_webhook_of_another_form_is_not_taken_for_this_one(lite: Ledger, tmp_path: Path) -> None:
    """It says itself which form it answers."""
    body = {"form_response": api_page()["items"][0] | {"form_id": "another"}}
    with pytest.raises(WrongForm, match=f"responses to another, not to {FORM}"):
        take(lite, write_json(tmp_path / "hook.json", body), FORM)


def test_two_forms_with_the_same_questions_are_not_guessed_between(asking: Ledger, tmp_path: Path) -> None:
    """The questionnaire of each quarter looks like the one before: the file has to be called by its name."""
    keep_form(asking, "second", "Questionnaire d'hiver", DEFINITION | {"id": "second"}, who="sync", now=NOW)
    path = write_csv(tmp_path / "export.csv", [HEADER, LEA])
    with pytest.raises(WrongForm, match=f"{FORM}, second all have these questions — name the form"):
        take(asking, path)
    assert take(asking, path, "second").new == 1


# ---------------------------------------------------------------------------------------------------- command line


def test_the_command_says_what_came_in(tmp_path: Path) -> None:
    """One object for scripts with exactly these counts, a table for people, one line for a bad file."""
    path = write_json(tmp_path / "page.json", api_page())
    done = workbench(tmp_path / "home", "survey", "import", str(path), "--json")
    assert json.loads(done.stdout) == {"responses": 1, "answers": 2, "new": 1, "unmatched": 1, "unknown": 1}
    shown = workbench(tmp_path / "home", "survey", "import", str(path)).stdout.splitlines()
    assert [line.split() for line in shown] == [
        ["responses", "answers", "new", "unmatched", "unknown"],
        ["1", "2", "0", "1", "1"],
    ]
    failed = workbench(tmp_path / "home", "survey", "import", str(bad(tmp_path / "x.json", LONG)), "--json")
    assert_one_line(failed, 1, "5,000,000 characters", "shorten")


# -------------------------------------------------------------------------------------------------- real payloads


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "counts"),
    [("responses-1", (4, 45, 4, 4, 1)), ("responses-2", (1, 1, 1, 1, 0)), ("webhook-1", (1, 22, 1, 1, 0))],
)
def test_the_real_payloads_come_in_whole(
    ledger: Ledger, shared: Path, name: str, counts: tuple[int, int, int, int, int]
) -> None:
    """Every answer of the file, on both databases; twice is once."""
    path = shared / "contracts" / "typeform" / f"{name}.json"
    assert take(ledger, path) == Imported(*counts)
    assert take(ledger, path).new == 0
    with ledger.reading() as session:
        assert len(session.scalars(select(Answer)).all()) == counts[1]
