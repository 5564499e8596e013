"""What Typeform sends, as plain rows: API pages, webhook bodies and their older shapes.

Nothing here touches the network or the ledger. A row says what was answered in typed columns; what has no column
(an answer of a type that Typeform had not yet when this was written) is kept as it came.
"""

import gc
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any, NamedTuple

from pydantic_core import from_json

from workbench.errors import WorkbenchError
from workbench.ledger.states import ResponseKind
from workbench.ledger.surveys import AnswerRow, Json, ResponseRow

UNNAMED = "unnamed"
"""The form of responses that do not say which form they answer."""

LONGEST_ANSWER = 1_000_000
"""Characters of the longest answer that is taken: Typeform itself allows 999,999."""


class FileBroken(WorkbenchError):
    """What should be JSON is not."""


class NotTypeform(WorkbenchError):
    """Readable, but no page of responses, webhook body or export of Typeform's."""


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Rows and JSON hold no circles, and looking for some among 100,000 new objects doubles the time of reading."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            # Makes old objects of the new ones, unseen: the very next allocation would look through them all.
            gc.freeze()
            gc.unfreeze()
            gc.enable()


def read_json(body: bytes) -> Any:
    """What a JSON text says; characters no database keeps (NUL, half a pair) become U+FFFD. Raises FileBroken."""
    with _collector_paused():
        try:
            value = from_json(body, allow_inf_nan=False)
        except ValueError:
            return _read_slowly(body)
        return _storable(value) if b"\\u0000" in body else value


def _read_slowly(body: bytes) -> Any:
    """The standard library's reader: it knows half pairs, and says where a text is broken."""
    try:
        return _storable(json.loads(body.decode("utf-8-sig"), parse_constant=str))
    except UnicodeDecodeError as error:
        raise FileBroken(f"not UTF-8 at byte {error.start}", "save it again as it came from Typeform") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise FileBroken(f"broken JSON at {where}: {error.msg}", "save it again as it came from Typeform") from error
    except RecursionError as error:
        raise FileBroken("JSON nested too deep", "this is nothing that Typeform sends") from error


def _storable(value: Any) -> Any:
    match value:
        case str():
            return value.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case list():
            return [_storable(item) for item in value]
        case dict():
            return {_storable(key): _storable(item) for key, item in value.items()}
        case _:
            return value


def responses(document: Any, form: str | None = None) -> list[ResponseRow]:
    """The responses of an API page, of a webhook body or of a list of either.

    `form` names the form where the document does not: an API page never does, save in its referers.
    Raises NotTypeform.
    """
    with _collector_paused():
        return [_response(raw, body, form) for raw, body in _raw_responses(document)]


_MARKS = {"token", "response_id", "landing_id", "answers"}
"""What tells a response from a form: one of these is always there."""


def _raw_responses(document: Any) -> Iterator[tuple[Json, Json]]:
    """Each response, and the webhook body it came in (empty for an API page)."""
    match document:
        case {"form_response": {"answers": _} | {"token": _} as raw}:
            yield raw, document
        case {"items": list(items)} if all(isinstance(item, dict) and _MARKS & item.keys() for item in items):
            yield from ((item, {}) for item in items)
        case [*parts] if parts:
            for part in parts:
                yield from _raw_responses(part)
        case {"answers": list() | None}:
            yield document, {}
        case _:
            raise NotTypeform(
                "neither a page of responses nor a webhook body", "give a file of Typeform's, as it came from there"
            )


def _response(raw: Json, body: Json, form: str | None) -> ResponseRow:
    submitted_at = instant(raw.get("submitted_at"))
    definition = raw.get("definition")
    if definition is not None:
        raw = {name: value for name, value in raw.items() if name != "definition"}
    return ResponseRow(
        form=form or _form_of(raw) or UNNAMED,
        token=_token_of(raw),
        kind=_kind(raw, body, submitted_at),
        landed_at=instant(raw.get("landed_at")),
        submitted_at=submitted_at,
        hidden=hidden if isinstance(hidden := raw.get("hidden"), dict) else {},
        answers=answers(raw.get("answers") or []),
        raw=raw,
        definition=definition if isinstance(definition, dict) else None,
    )


def _form_of(raw: Json) -> str | None:
    """The form a response names: in a webhook plainly, in an API page by the address it was answered at."""
    match raw:
        case {"form_id": str(form)} | {"definition": {"id": str(form)}} if form:
            return form
        case {"metadata": {"referer": str(referer)}} if found := re.match(r"https?://[^/]+/to/([\w-]+)", referer):
            return found[1]
        case _:
            return None


def _token_of(raw: Json) -> str:
    """What tells a response from all others; the same content gives the same token where Typeform gave none."""
    for name in ("token", "response_id", "landing_id"):
        if raw.get(name):
            return str(raw[name])
    return sha256(json.dumps(raw, sort_keys=True).encode()).hexdigest()[:32]


def _kind(raw: Json, body: Json, submitted_at: datetime | None) -> ResponseKind:
    """Completed: somebody pressed "submit". A webhook is sent then, unless it says that it is about a partial one."""
    if isinstance(said := raw.get("response_type"), str):
        completed = said == "completed"
    else:
        completed = submitted_at is not None or (bool(body) and "partial" not in str(body.get("event_type")))
    return ResponseKind.COMPLETED if completed else ResponseKind.PARTIAL


def instant(value: object) -> datetime | None:
    """A moment as Typeform writes it, in UTC; None for an empty, unreadable or zero one (year 1: not submitted)."""
    if not isinstance(value, str) or value.startswith("0001"):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    if moment.tzinfo is UTC:
        return moment
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class Question(NamedTuple):
    """A leaf question of a form: a row of a matrix is one, `parent` is then the matrix's title."""

    ref: str | None
    id: str | None
    type: str
    title: str
    parent: str | None
    choices: tuple[str, ...]
    is_multiple: bool


def questions(definition: Json, parent: str | None = None) -> list[Question]:
    """The leaf questions of a form in order, from an API's definition or a webhook's short one."""
    leaves = []
    for field in definition.get("fields") or []:
        properties = field.get("properties") or {}
        if inner := properties.get("fields") or field.get("fields"):
            leaves += questions({"fields": inner}, str(field.get("title") or ""))
        elif field.get("type") != "statement":
            leaves.append(_question(field, properties, parent))
    return leaves


def _question(field: Json, properties: Json, parent: str | None) -> Question:
    choices = properties.get("choices") or field.get("choices") or []
    return Question(
        ref=_name(field, "ref"),
        id=_name(field, "id"),
        type=str(field.get("type") or "").replace("-", "_"),
        title=str(field.get("title") or ""),
        parent=parent,
        choices=tuple(str(choice["label"]) for choice in choices if choice.get("label") is not None),
        is_multiple=bool(properties.get("allow_multiple_selection") or field.get("allow_multiple_selections")),
    )


# ---------------------------------------------------------------------------------------------------------- values

Reader = Callable[[str | None, str | None, str, Any], AnswerRow | None]
"""Reference and id of a field, type and value of its answer → the row; None for a value that does not fit the type."""

_new = tuple.__new__
"""A row from all its columns at once: AnswerRow's own constructor, which knows names, takes twice as long."""


def _text(ref: str | None, id_: str | None, type_: str, value: Any) -> AnswerRow | None:
    return _new(AnswerRow, (ref, id_, type_, value, None, None, None, None, None)) if type(value) is str else None


def _number(ref: str | None, id_: str | None, type_: str, value: Any) -> AnswerRow | None:
    if type(value) is not int and type(value) is not float:
        return None
    try:
        return _new(AnswerRow, (ref, id_, type_, None, float(value), None, None, None, None))
    except OverflowError:
        return None


def _boolean(ref: str | None, id_: str | None, type_: str, value: Any) -> AnswerRow | None:
    return _new(AnswerRow, (ref, id_, type_, None, None, value, None, None, None)) if type(value) is bool else None


def _day(ref: str | None, id_: str | None, type_: str, value: Any) -> AnswerRow | None:
    try:
        return _new(AnswerRow, (ref, id_, type_, None, None, None, date.fromisoformat(value[:10]), None, None))
    except (TypeError, ValueError):
        return None


def _choice(ref: str | None, id_: str | None, type_: str, value: Any) -> AnswerRow | None:
    if type(value) is dict and type(label := value.get("label")) is str and "other" not in value:
        return _new(AnswerRow, (ref, id_, type_, None, None, None, None, [label], None))
    if isinstance(value, str):
        return _chosen(ref, id_, type_, [value], None)
    if not isinstance(value, dict):
        return None
    label, other = _label(value), value.get("other")
    return _chosen(ref, id_, type_, [] if label is None and other else [label], other)


def _label(choice: Json) -> Any:
    """How a choice is known: by its label, else by what Typeform calls it; None where only "other" is given."""
    named = choice.get("label")
    return named if named is not None or choice.get("other") else choice.get("ref") or choice.get("id")


def _choices(ref: str | None, id_: str | None, type_: str, value: Any) -> AnswerRow | None:
    if isinstance(value, dict):
        labels, other = value.get("labels"), value.get("other")
        if labels is None and other is None:
            labels = value.get("refs") or value.get("ids")
        return _chosen(ref, id_, type_, labels or [], other)
    if isinstance(value, list):
        labels = [_label(choice) if isinstance(choice, dict) else choice for choice in value]
        return _chosen(ref, id_, type_, labels, None)
    return None


def _chosen(ref: str | None, id_: str | None, type_: str, labels: Any, other: Any) -> AnswerRow | None:
    if type(labels) is list and (other is None or type(other) is str):
        for label in labels:
            if type(label) is not str:
                return None
        return _new(AnswerRow, (ref, id_, type_, other, None, None, None, labels, None))
    return None


def _payment(ref: str | None, id_: str | None, type_: str, value: Any) -> AnswerRow | None:
    if not isinstance(value, dict):
        return None
    amount, success = value.get("amount"), value.get("success", value.get("completed"))
    if amount is None or not isinstance(success, bool | None):
        return None
    return AnswerRow(ref, id_, type_, text=str(amount), boolean=success)


_READERS: Mapping[str, Reader] = {
    "text": _text,
    "email": _text,
    "url": _text,
    "file_url": _text,
    "phone_number": _text,
    "number": _number,
    "boolean": _boolean,
    "date": _day,
    "choice": _choice,
    "choices": _choices,
    "payment": _payment,
}
"""The contract: every type of answer that Typeform's pages and webhooks are known to hold, and how it is read."""


def answers(given: list[Any]) -> list[AnswerRow]:
    """The answers of one response, leaf by leaf, in order."""
    rows: list[AnswerRow] = []
    reader = _READERS.get
    for answer in given:
        # The way of nearly every answer, spelt out: a call more costs a tenth of the speed.
        try:
            field, type_ = answer["field"], answer["type"]
            ref, id_, read = field["ref"], field["id"], reader(type_)
            if read and type(ref) is str and type(id_) is str and field["type"] != "dropdown":
                row = read(ref, id_, type_, answer[type_])
                if row is not None:
                    rows.append(row)
                    continue
        except (KeyError, TypeError):
            pass
        rows.extend(_leaves(answer))
    return rows


def _leaves(answer: Any) -> Iterator[AnswerRow]:
    """An answer of an unusual shape: older, without a ref, of an unknown type, or with answers inside."""
    if not isinstance(answer, dict):
        yield AnswerRow(None, None, "", raw={"answer": answer})
        return
    written = str(answer.get("type") or "")
    value = answer.get(written)
    if inner := _inner(value):
        yield from (leaf for part in inner for leaf in _leaves(part))
    else:
        yield _leaf(answer, written.replace("-", "_"), value)


def _inner(value: Any) -> list[Json]:
    """The answers that an answer holds: a matrix may come as one, with a row each."""
    for held in [value, *(value.values() if isinstance(value, dict) else ())]:
        if isinstance(held, list) and held and all(isinstance(part, dict) and "field" in part for part in held):
            return held
    return []


def _leaf(answer: Json, type_: str, value: Any) -> AnswerRow:
    field = answer["field"] if isinstance(answer.get("field"), dict) else {}
    if type_ == "text" and field.get("type") == "dropdown":
        type_ = "choice"  # a webhook says choice, the API says text: the same answer is the same row
    ref, id_ = _name(field, "ref"), _name(field, "id")
    row = _READERS[type_](ref, id_, type_, value) if type_ in _READERS else None
    return row or AnswerRow(ref, id_, type_, raw=answer)


def _name(field: Json, key: str) -> str | None:
    """What a field is called: older payloads number their fields."""
    return str(field[key]) if field.get(key) else None


def is_known(answer: AnswerRow) -> bool:
    """Whether an answer's type is one of the contract's."""
    return answer.type in _READERS


def too_long(row: ResponseRow) -> str | None:
    """What is too long in a response, where an answer is longer than any form of Typeform's allows."""
    for answer in row.answers:
        if answer.text is not None and len(answer.text) > LONGEST_ANSWER:
            question = answer.field_ref or answer.field_id
            return f"the answer to {question} in response {row.token} has {len(answer.text):,} characters"
    return None
