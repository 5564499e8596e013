"""What Typeform sends, typed: every shape it has had, and nothing lost on the way."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.ledger.states import ResponseKind
from workbench.ledger.surveys import AnswerRow
from workbench.surveys.answers import (
    FileBroken,
    NotTypeform,
    answers,
    instant,
    is_known,
    questions,
    read_json,
    responses,
    too_long,
)

FIELD = {"id": "hVONkQcnSNRj", "ref": "ma_question", "type": "short_text"}


def one(type_: str, value: Any, **field: Any) -> AnswerRow:
    """The row of a single answer."""
    (row,) = answers([{"field": FIELD | field, "type": type_, type_: value}])
    return row


def filled(row: AnswerRow) -> dict[str, Any]:
    """The columns in which a row says something."""
    columns = ("text", "number", "boolean", "day", "choices", "raw")
    return {name: value for name in columns if (value := getattr(row, name)) is not None}


# ---------------------------------------------------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("type_", "value", "columns"),
    [
        ("text", "l'été", {"text": "l'été"}),
        ("text", "", {"text": ""}),
        ("email", "lea@ecole.example", {"text": "lea@ecole.example"}),
        ("url", "https://ecole.example", {"text": "https://ecole.example"}),
        ("file_url", "https://api.example/f/a.jpg", {"text": "https://api.example/f/a.jpg"}),
        ("phone_number", "+33612345678", {"text": "+33612345678"}),
        ("number", 7, {"number": 7.0}),
        ("number", 4.5, {"number": 4.5}),
        ("boolean", False, {"boolean": False}),
        ("date", "2020-12-01", {"day": date(2020, 12, 1)}),
        ("date", "2012-03-20T00:00:00Z", {"day": date(2012, 3, 20)}),
        ("choice", {"label": "Souvent"}, {"choices": ["Souvent"]}),
        ("choice", {"id": "a1", "label": "Souvent", "ref": "r1"}, {"choices": ["Souvent"]}),
        ("choice", {"other": "par lettre"}, {"text": "par lettre", "choices": []}),
        ("choice", {"id": "a1", "label": None, "ref": "r1"}, {"choices": ["r1"]}),
        ("choices", {"labels": ["lien", "partage"]}, {"choices": ["lien", "partage"]}),
        ("choices", {"labels": ["lien"], "other": "joie"}, {"text": "joie", "choices": ["lien"]}),
        ("choices", {"labels": None, "other": "joie"}, {"text": "joie", "choices": []}),
        ("choices", {"ids": ["a", "b"], "labels": None, "refs": ["ra", "rb"]}, {"choices": ["ra", "rb"]}),
        ("choices", [{"id": "a", "label": "J'accepte"}, {"ref": "r"}], {"choices": ["J'accepte", "r"]}),
        ("payment", {"amount": "$1.00", "last4": "1234", "completed": True}, {"text": "$1.00", "boolean": True}),
        ("payment", {"amount": "1", "name": "x", "success": False}, {"text": "1", "boolean": False}),
    ],
)
def test_each_type_of_answer_fills_its_columns(type_: str, value: Any, columns: dict[str, Any]) -> None:
    """The value's key is the type; `other` has no label; labels may be null."""
    row = one(type_, value)
    assert filled(row) == columns
    assert (row.field_ref, row.field_id, row.type) == ("ma_question", "hVONkQcnSNRj", type_)
    assert is_known(row)


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("number", "sept"),
        ("number", True),
        ("boolean", "oui"),
        ("date", "hier"),
        ("text", None),
        ("choice", 3),
        ("choices", "lien"),
        ("payment", "1 €"),
        ("number", 10**400),
    ],
)
def test_a_value_that_does_not_fit_its_type_is_kept_as_it_came(type_: str, value: Any) -> None:
    """Typed columns say nothing wrong, and nothing is lost."""
    row = one(type_, value)
    assert filled(row) == {"raw": {"field": FIELD, "type": type_, type_: value}}
    assert is_known(row)


def test_an_unknown_type_is_kept_as_it_came_and_counted() -> None:
    """Typeform invents types; the answer waits, whole, until somebody teaches the workbench."""
    given_ = {"field": FIELD | {"type": "legal"}, "type": "abcdefg", "abcdefg": 1337}
    (row,) = answers([given_])
    assert (row.type, filled(row), is_known(row)) == ("abcdefg", {"raw": given_}, False)


def test_a_dropdown_is_the_same_answer_from_the_api_and_from_a_webhook() -> None:
    """The one says text, the other choice."""
    api, webhook = one("text", "Nantes", type="dropdown"), one("choice", {"label": "Nantes"}, type="dropdown")
    assert api == webhook
    assert (api.type, api.choices) == ("choice", ["Nantes"])


def test_a_row_of_a_matrix_is_one_answer() -> None:
    """Rows are child fields; and where a matrix comes as one answer with its rows inside, these are the answers."""
    rows = [
        {"field": {"id": f"r{n}", "ref": f"row_{n}", "type": "matrix"}, "type": "choice", "choice": {"label": label}}
        for n, label in enumerate(["Oui", "Non"])
    ]
    whole = {"field": {"id": "m", "ref": "matrix", "type": "matrix"}, "type": "matrix", "matrix": {"rows": rows}}
    assert answers(rows) == answers([whole])
    assert [(row.field_ref, row.choices) for row in answers(rows)] == [("row_0", ["Oui"]), ("row_1", ["Non"])]


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ({"id": 26343758, "type": "opinion_scale"}, (None, "26343758")),
        ({"id": "26343758", "type": "opinion-scale"}, (None, "26343758")),
        ({"id": "abc", "ref": None, "type": "rating"}, (None, "abc")),
        ({}, (None, None)),
    ],
)
def test_fields_of_older_payloads_keep_their_names(field: dict[str, Any], names: tuple[Any, Any]) -> None:
    """Numbers for ids, no references, hyphens in types."""
    (row,) = answers([{"field": field, "type": "number", "number": 3}])
    assert (row.field_ref, row.field_id, row.number) == (*names, 3.0)


def test_types_with_hyphens_are_the_same_types() -> None:
    """`phone-number` was written so once."""
    (row,) = answers([{"field": {"id": 1}, "type": "phone-number", "phone-number": "+33612345678"}])
    assert (row.type, row.text) == ("phone_number", "+33612345678")


def test_an_answer_that_is_none_at_all_is_kept_too() -> None:
    """Not even an object: raw, and unknown."""
    rows = answers(["what?", {"type": "text", "text": "x"}, {"field": FIELD}])
    assert [is_known(row) for row in rows] == [False, True, False]
    assert (rows[0].raw, rows[2].raw) == ({"answer": "what?"}, {"field": FIELD})


# ------------------------------------------------------------------------------------------------------- responses


def page(**item: Any) -> dict[str, Any]:
    """An API page with one response."""
    return {"total_items": 1, "page_count": 1, "items": [{"token": "t1", "answers": []} | item]}


def test_an_api_page_gives_its_responses() -> None:
    """Moments in UTC, hidden fields, the form from the address it was answered at."""
    referer = "https://klassroom.typeform.com/to/n5h3f6CS?typeform-source=mail"
    (row,) = responses(
        page(
            landed_at="2020-12-01T10:00:00Z",
            submitted_at="2020-12-01T11:02:00+01:00",
            hidden={"amb": "s1gned"},
            metadata={"referer": referer},
        )
    )
    assert (row.form, row.token, row.kind) == ("n5h3f6CS", "t1", ResponseKind.COMPLETED)
    assert row.submitted_at == datetime(2020, 12, 1, 10, 2, tzinfo=UTC)
    assert row.hidden == {"amb": "s1gned"}


@pytest.mark.parametrize("referer", ["https://ecole.example/page", "", "android-app://com.example", None])
def test_a_response_that_does_not_say_its_form_takes_the_one_it_is_given(referer: str | None) -> None:
    """An embedded form has the address of somebody's page."""
    assert responses(page(metadata={"referer": referer}), "n5h3f6CS")[0].form == "n5h3f6CS"
    assert responses(page(metadata={"referer": referer}))[0].form == "unnamed"


def test_a_response_of_the_year_1_was_not_handed_in() -> None:
    """That is how Typeform writes "not submitted"."""
    (row,) = responses(page(submitted_at="0001-01-01T00:00:00Z"))
    assert (row.kind, row.submitted_at) == (ResponseKind.PARTIAL, None)


def test_what_typeform_says_about_completeness_counts_first() -> None:
    """`response_type` is newer than the year 1."""
    (row,) = responses(page(submitted_at="2020-12-01T10:00:00Z", response_type="partial"))
    assert row.kind is ResponseKind.PARTIAL


def webhook(**response: Any) -> dict[str, Any]:
    """A webhook body."""
    answer = {"field": {"id": "1", "type": "yes_no"}, "type": "boolean", "boolean": True}
    given_ = {"form_id": "gXoeR3", "token": "t1", "answers": [answer]} | response
    return {"event_id": "e1", "event_type": "form_response", "form_response": given_}


def test_a_webhook_body_gives_its_response() -> None:
    """With the short definition that comes along; older ones have no `landed_at`, and nothing calculated."""
    definition = {"id": "gXoeR3", "title": "Une", "fields": []}
    (row,) = responses(webhook(definition=definition, submitted_at="2016-10-11T23:09:30Z", calculated=None))
    assert (row.form, row.token, row.kind, row.landed_at) == ("gXoeR3", "t1", ResponseKind.COMPLETED, None)
    assert row.definition == definition
    assert "definition" not in row.raw
    assert row.raw["calculated"] is None


def test_the_oldest_webhooks_have_neither_token_nor_moments() -> None:
    """The same body gives the same response again, another body another."""
    body = {
        "form_response": {"answers": [{"field": {"id": "x", "type": "yes_no"}, "type": "boolean", "boolean": True}]}
    }
    (first,), (again,) = responses(body), responses(json.loads(json.dumps(body)))
    (other,) = responses({"form_response": {"answers": []}})
    assert first.token == again.token != other.token
    assert first.kind is ResponseKind.COMPLETED


def test_a_webhook_about_a_partial_response_is_partial() -> None:
    """It says so in its event."""
    (row,) = responses(webhook() | {"event_type": "form_response_partial"})
    assert row.kind is ResponseKind.PARTIAL


def test_several_bodies_in_one_list_are_all_read() -> None:
    """Saved together."""
    assert [row.token for row in responses([webhook(token="a"), webhook(token="b")])] == ["a", "b"]


@pytest.mark.parametrize("document", [{}, [], 3, "x", None, {"items": [{"id": "f1", "title": "x"}]}, {"items": [1]}])
def test_what_is_no_response_is_said_to_be_none(document: Any) -> None:
    """A list of forms is not mistaken for a page of responses."""
    with pytest.raises(NotTypeform):
        responses(document)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2020-05-17T16:14:39Z", datetime(2020, 5, 17, 16, 14, 39, tzinfo=UTC)),
        ("2020-05-17 16:14:39", datetime(2020, 5, 17, 16, 14, 39, tzinfo=UTC)),
        ("2020-05-17T18:14:39.5+02:00", datetime(2020, 5, 17, 16, 14, 39, 500_000, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("soon", None),
        ("", None),
        (None, None),
        (3, None),
    ],
)
def test_moments_are_utc_or_nothing(written: object, moment: datetime | None) -> None:
    """The raw response keeps what could not be read."""
    assert instant(written) == moment


# ------------------------------------------------------------------------------------------------------------ json


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"items": [', "broken JSON at line 1"),
        (b'{"items": [],}', "broken JSON at line 1, column"),
        (b"\xff{}", "not UTF-8 at byte 0"),
        (b"[" * 100_000, "nested too deep"),
        (b"{}x", "broken JSON"),
    ],
)
def test_broken_json_says_where(body: bytes, words: str) -> None:
    """One line, with a place to look at."""
    with pytest.raises(FileBroken, match=words) as caught:
        read_json(body)
    assert "\n" not in str(caught.value)


def test_what_no_database_keeps_is_replaced() -> None:
    """NUL and half a pair of surrogates; whole pairs stay."""
    assert read_json(rb'{"a": "x\u0000y \ud83d z \ud83d\ude00"}') == {"a": "x\ufffdy \ufffd z 😀"}
    assert read_json(rb'["\u0000"]') == ["\ufffd"]
    assert read_json(rb'["\\u0000", NaN]') == [r"\u0000", "NaN"]
    assert read_json(b"\xef\xbb\xbf[1]") == [1]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
TYPES = st.sampled_from(
    ["text", "number", "boolean", "date", "choice", "choices", "email", "payment", "abcdefg", "file-url", "matrix"]
)
GIVEN = st.builds(
    lambda type_, value, field: {"field": field, "type": type_, type_: value},
    TYPES,
    JSON | st.fixed_dictionaries({"label": JSON, "labels": JSON, "other": JSON, "ids": JSON}),
    st.fixed_dictionaries({"id": st.text(max_size=3) | st.integers()}, optional={"ref": JSON, "type": JSON}),
)


@given(st.lists(GIVEN | JSON, max_size=5))
def test_nothing_that_can_come_is_lost_or_raises(given_: list[Any]) -> None:
    """Each answer is one row at least, typed or raw, and every column holds its type."""
    rows = answers(given_)
    assert len(rows) >= len(given_)
    for row in rows:
        assert filled(row)
        for name, type_ in [("text", str), ("number", float), ("boolean", bool), ("day", date), ("choices", list)]:
            assert isinstance(getattr(row, name), type_ | None)
        assert all(isinstance(label, str) for label in row.choices or [])
        assert isinstance(row.field_ref, str | None)
        assert isinstance(row.field_id, str | None)


def test_an_answer_longer_than_any_form_allows_is_named() -> None:
    """Typeform allows 999,999 characters."""
    (fits,), (not_,) = (
        responses(page(answers=[{"field": FIELD, "type": "text", "text": "x" * size}])) for size in (999_999, 5_000_000)
    )
    assert too_long(fits) is None
    assert too_long(not_) == "the answer to ma_question in response t1 has 5,000,000 characters"


# ------------------------------------------------------------------------------------------------------- questions


def test_questions_are_the_leaves_of_a_form() -> None:
    """Groups and matrices are opened, statements ask nothing; choices as the API or a webhook writes them."""
    definition = {
        "fields": [
            {"id": "s", "ref": "s", "type": "statement", "title": "Bonjour"},
            {
                "ref": "m",
                "type": "matrix",
                "title": "Vous…",
                "properties": {
                    "fields": [{"ref": "m1", "type": "multiple_choice", "title": "aidez", "properties": {}}]
                },
            },
            {
                "ref": "v",
                "type": "multiple_choice",
                "title": "Valeurs",
                "properties": {"allow_multiple_selection": True, "choices": [{"label": "lien"}, {"label": "joie"}]},
            },
            {"id": 3, "type": "opinion-scale", "title": "Note", "choices": [], "allow_multiple_selections": False},
        ]
    }
    found = questions(definition)
    assert [(one.ref, one.id, one.type, one.parent) for one in found] == [
        ("m1", None, "multiple_choice", "Vous…"),
        ("v", None, "multiple_choice", None),
        (None, "3", "opinion_scale", None),
    ]
    assert (found[1].choices, found[1].is_multiple) == (("lien", "joie"), True)


# --------------------------------------------------------------------------------------------------- real payloads


def leaves(document: Any) -> list[dict[str, Any]]:
    """Every answer of a payload, found without the workbench: an object with a field and a type."""
    if isinstance(document, list):
        return [leaf for item in document for leaf in leaves(item)]
    if not isinstance(document, dict):
        return []
    own = [document] if {"field", "type"} <= document.keys() else []
    return own + [leaf for value in document.values() for leaf in leaves(value)]


@pytest.mark.shared
@pytest.mark.parametrize("name", ["responses-1", "responses-2", "webhook-1"])
def test_every_answer_of_a_real_payload_is_found_again(shared: Path, name: str) -> None:
    """Typed; the one of an unknown type raw."""
    body = (shared / "contracts" / "typeform" / f"{name}.json").read_bytes()
    rows = [answer for row in responses(read_json(body)) for answer in row.answers]
    given_ = leaves(json.loads(body))
    assert len(rows) == len(given_) > 0
    for row, answer in zip(rows, given_, strict=True):
        assert (row.field_ref, row.field_id) == (answer["field"]["ref"], answer["field"]["id"])
        assert filled(row) == (columns_of(row, answer[answer["type"]]) if is_known(row) else {"raw": answer})
    assert [row.type for row in rows if not is_known(row)] == (["abcdefg"] if name == "responses-1" else [])


def columns_of(row: AnswerRow, value: Any) -> dict[str, Any]:
    """The columns that a value of a real payload has to fill."""
    match value:
        case {"labels": labels}:
            return {"choices": labels}
        case {"label": label}:
            return {"choices": [label]}
        case {"amount": amount}:
            return {"text": amount, "boolean": True}
        case str() if row.type == "date":
            return {"day": date.fromisoformat(value[:10])}
        case str():
            return {"choices": [value]} if row.type == "choice" else {"text": value}
        case _:
            return {"boolean" if isinstance(value, bool) else "number": value}


@pytest.mark.shared
@pytest.mark.parametrize(("name", "count"), [("form-demo", 13), ("form-matrix", 6)])
def test_the_questions_of_a_real_form_are_found(shared: Path, name: str, count: int) -> None:
    """Leaves with a reference each."""
    definition = json.loads((shared / "contracts" / "typeform" / f"{name}.json").read_bytes())
    found = questions(definition)
    assert len({one.ref for one in found}) == len(found) == count
