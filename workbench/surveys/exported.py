"""Typeform's CSV export as responses: a row a response, a column a question, told by titles instead of references."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from workbench.errors import WorkbenchError
from workbench.ledger.states import ResponseKind
from workbench.ledger.surveys import FormKept, Json, ResponseRow
from workbench.surveys.answers import FileBroken, NotTypeform, Question, answers, instant, questions

TOKEN, TYPE, START, SUBMIT = "#", "Response Type", "Start Date (UTC)", "Submit Date (UTC)"

_ABOUT = {TOKEN, TYPE, START, "Stage Date (UTC)", SUBMIT, "Network ID", "Tags", "Ending"}
"""Columns that are about the response, not answers."""

_OTHER = {"other", "autre"}

_ANSWER_TYPES = {
    "email": "email",
    "website": "url",
    "calendly": "url",
    "file_upload": "file_url",
    "phone_number": "phone_number",
    "number": "number",
    "rating": "number",
    "opinion_scale": "number",
    "nps": "number",
    "yes_no": "boolean",
    "legal": "boolean",
    "date": "date",
    "dropdown": "choice",
    "multiple_choice": "choice",
    "picture_choice": "choice",
    "ranking": "choices",
    "payment": "payment",
}
"""The type of an answer by the type of its question; the others are text."""

_YES_NO = {"1": True, "0": False, "true": True, "false": False, "yes": True, "no": False, "oui": True, "non": False}


class WrongForm(WorkbenchError):
    """A file that holds the responses of another form."""


@dataclass
class Column:
    """Where a question's answer is: in one cell, or in a cell for each choice, and perhaps one for "other"."""

    question: Question
    cells: list[int]
    other: int | None = None
    by_choice: bool = False


@dataclass
class Plan:
    """How the columns of an export are read; `strange` are columns that the form does not have."""

    columns: list[Column] = field(default_factory=list)
    hidden: dict[str, int] = field(default_factory=dict)
    strange: int = 0

    @property
    def fits(self) -> bool:
        """Whether most columns are the form's."""
        return self.strange * 2 <= len(self.columns)


def exported(text: str, known: Sequence[FormKept], form: str | None, title: str) -> list[ResponseRow]:
    """The responses of an export. `form` names the form where one knows it; else it is the one with these questions.

    A form that is not known yet gets its questions from the header, and `title`.
    Raises NotTypeform, FileBroken, WrongForm.
    """
    header, rows = _table(text)
    names = _unique(header)
    found = _named(header, known, form) if form else _told_by_titles(header, known)
    kept = found or _told_by_header(form, title, header, names, rows)
    plan = _plan(header, kept.definition)
    definition = None if found else kept.definition
    return [_response(row, names, plan, kept.form_id, definition) for row in rows]


# ----------------------------------------------------------------------------------------------------------- table


def _table(text: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows. Raises NotTypeform, FileBroken."""
    for delimiter in ",;\t":
        lines = _lines(text, delimiter)
        header = [name.strip() for name in next(lines, [])]
        if TOKEN in header and SUBMIT in header:
            return header, list(_rows(lines, len(header)))
    raise NotTypeform(f"no export of Typeform's: the first row has no {TOKEN} and {SUBMIT}", "export it again as CSV")


def _lines(text: str, delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(max(len(text), csv.field_size_limit()))
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise FileBroken(f"broken CSV: {error}", "export it again from Typeform") from error


def _rows(lines: Iterator[list[str]], width: int) -> Iterator[list[str]]:
    for number, cells in enumerate(lines, 1):
        if cells and len(cells) != width:
            what = f"response {number} has {len(cells)} cells, the header {width}"
            raise FileBroken(f"broken CSV: {what}", "export it again from Typeform")
        if cells:
            yield cells


def _unique(header: list[str]) -> list[str]:
    """Names to tell columns by: the second "Other" is "Other (2)"."""
    seen: Counter[str] = Counter()
    names = []
    for name in header:
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return names


# ------------------------------------------------------------------------------------------------------------ form


def _named(header: list[str], known: Sequence[FormKept], form: str) -> FormKept | None:
    """The form of that name, where it is known. Raises WrongForm where the columns are another's."""
    kept = next((one for one in known if one.form_id == form), None)
    if kept and not (plan := _plan(header, kept.definition)).fits:
        what = f"{plan.strange} of {len(plan.columns)} questions are not in form {form} ({kept.title})"
        raise WrongForm(f"an export of another form: {what}", "name the right form with --form")
    return kept


def _told_by_titles(header: list[str], known: Sequence[FormKept]) -> FormKept | None:
    """The form that has every question of the header. Raises WrongForm where that is said of several."""
    able = [one for one in known if not _plan(header, one.definition).strange]
    if len(able) > 1:
        names = ", ".join(one.form_id for one in able)
        raise WrongForm(f"{names} all have these questions", "name the form of this file with --form")
    return able[0] if able else None


def _told_by_header(
    form: str | None, title: str, header: list[str], names: list[str], rows: list[list[str]]
) -> FormKept:
    """A form as far as an export shows it: titles, and types where all cells of a column look alike."""
    asked = [index for index, name in enumerate(header) if name not in _ABOUT]
    fields = [
        {"ref": names[index], "title": header[index], "type": _guessed([row[index] for row in rows])} for index in asked
    ]
    name = form or "csv-" + sha256("\n".join(names[index] for index in asked).encode()).hexdigest()[:8]
    return FormKept(name, title, {"id": name, "title": title, "fields": fields})


_LOOKS = {
    "number": re.compile(r"0|[1-9]\d{0,5}"),
    "email": re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+"),
    "date": re.compile(r"\d{4}-\d{2}-\d{2}"),
}


def _guessed(cells: list[str]) -> str:
    filled = [cell for cell in cells if cell]
    fitting = (type_ for type_, look in _LOOKS.items() if filled and all(map(look.fullmatch, filled)))
    return next(fitting, "short_text")


# ------------------------------------------------------------------------------------------------------------ plan


def _plan(header: list[str], definition: Json) -> Plan:
    plan, left = Plan(), questions(definition)
    for index, name in enumerate(header):
        if name in _ABOUT:
            continue
        if asked := _titled(name, left):
            left.remove(asked)
            plan.columns.append(Column(asked, [index]))
        elif chosen := _with_choice(name, left):
            _add_choice(plan, chosen, index)
        elif name.lower() in _OTHER and plan.columns and plan.columns[-1].question.choices:
            plan.columns[-1].other = index
        elif name in (definition.get("hidden") or []):
            plan.hidden[name] = index
        else:
            plan.columns.append(Column(Question(name, None, "", name, None, (), False), [index]))
            plan.strange += 1
    return plan


def _titled(name: str, left: list[Question]) -> Question | None:
    """The first question with this title; a row of a matrix may have the matrix's title before its own."""
    plain = _plain(name)
    titles = ((one, {_plain(one.title), _plain(f"{one.parent or ''} {one.title}")}) for one in left)
    return next((one for one, titled in titles if plain in titled), None)


def _plain(title: str) -> str:
    """A title as it can be compared: without marks of emphasis, dashes between, spaces doubled, capitals."""
    return " ".join(re.sub(r"[*_]|\s[-–—:|]\s", " ", title).split()).casefold()


def _with_choice(name: str, left: list[Question]) -> Question | None:
    """The question of several answers that has a choice of this name: exports once had a column for each."""
    return next((one for one in left if one.is_multiple and name in one.choices), None)


def _add_choice(plan: Plan, chosen: Question, index: int) -> None:
    if plan.columns and plan.columns[-1].question is chosen:
        plan.columns[-1].cells.append(index)
    else:
        plan.columns.append(Column(chosen, [index], by_choice=True))


# ------------------------------------------------------------------------------------------------------- responses


def _response(row: list[str], names: list[str], plan: Plan, form: str, definition: Json | None) -> ResponseRow:
    raw = dict(zip(names, row, strict=True))
    completed = raw[TYPE] == "completed" if raw.get(TYPE) else bool(raw[SUBMIT])
    return ResponseRow(
        form=form,
        token=raw[TOKEN] or sha256("\n".join(row).encode()).hexdigest()[:32],
        kind=ResponseKind.COMPLETED if completed else ResponseKind.PARTIAL,
        landed_at=instant(raw.get(START)),
        submitted_at=instant(raw[SUBMIT]),
        hidden={name: row[index] for name, index in plan.hidden.items() if row[index]},
        answers=answers([given for column in plan.columns if (given := _given(column, row))]),
        raw=raw,
        definition=definition,
    )


def _given(column: Column, row: list[str]) -> Json | None:
    """An answer in the API's shape, so that values are typed in one place; None where nothing was answered."""
    cells = [_unguarded(row[index]) for index in column.cells if row[index]]
    other = _unguarded(row[column.other]) if column.other is not None else ""
    if not cells and not other:
        return None
    asked = column.question
    type_ = _ANSWER_TYPES.get(asked.type, "text")
    if asked.is_multiple and type_ == "choice":
        type_ = "choices"
    about = {"id": asked.id, "ref": asked.ref, "type": asked.type}
    return {"field": about, "type": type_, type_: _value(type_, column, cells, other)}


def _unguarded(cell: str) -> str:
    """A cell without the apostrophe that keeps a spreadsheet from reading it as a formula."""
    return cell[1:] if re.match(r"'[-+=@]", cell) else cell


def _value(type_: str, column: Column, cells: list[str], other: str) -> Any:
    match type_:
        case "choices":
            labels, rest = (cells, "") if column.by_choice else _split(cells[0] if cells else "", column.question)
            return {"labels": labels, "other": other or rest or None}
        case "choice":
            return (
                {"other": other} if other and not cells else {"label": cells[0]} | ({"other": other} if other else {})
            )
        case "number":
            return _number(cells[0])
        case "boolean":
            return _YES_NO.get(cells[0].lower(), cells[0])
        case "payment":
            return {"amount": cells[0]}
        case _:
            return cells[0]


def _number(cell: str) -> float | str:
    try:
        return float(cell.replace(",", "."))
    except ValueError:
        return cell


def _split(cell: str, asked: Question) -> tuple[list[str], str]:
    """The choices in a cell that holds several, and what is left: a choice may have commas itself."""
    labels: list[str] = []
    rest = cell
    longest_first = sorted(asked.choices, key=len, reverse=True)
    while rest:
        label = next((one for one in longest_first if re.match(rf"{re.escape(one)}\s*([,/;]|$)", rest)), None)
        if label is None:
            break
        labels.append(label)
        rest = rest[len(label) :].lstrip(" ,/;")
    return labels, rest
