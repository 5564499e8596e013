"""A list of people as somebody keeps it, CSV or a spreadsheet's first sheet, read as lines of named cells."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from python_calamine import CalamineError, CalamineWorkbook

from workbench.errors import WorkbenchError
from workbench.ledger.typed import one_line

HEADINGS = {
    "name": "nom name nomdefamille lastname",
    "first_name": "prenom firstname",
    "email": "courriel email adresse mail",
    "user_ids": "identifiant userid",
    "class_ids": "classes classids",
    "school": "ecole school",
    "commune": "commune",
    "academie": "academie",
    "since": "depuis since",
}
"""What a column may be called, without accents, capitals and spaces. A first name is put before the name."""

_DELIMITERS = ";,"
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")

Rows = list[tuple[int, list[str]]]
"""Numbers of lines, and their cells."""


class NotAList(WorkbenchError):
    """A file that is no list of people."""


@dataclass(frozen=True)
class LineError:
    """What is wrong in a line, and what to do."""

    line: int
    message: str


class Line(NamedTuple):
    """Cells by field, and where they stand."""

    number: int
    cells: Mapping[str, str]


def lines(name: str, body: bytes) -> tuple[list[Line], list[LineError]]:
    """The lines that have as many cells as the heading, and errors for the others. Raises NotAList."""
    columns, rows = _headed(name, body)
    whole, errors = [], []
    for number, cells in rows:
        if len(cells) != len(columns):
            what = f"{len(cells)} cells, the heading has {len(columns)}"
            errors.append(LineError(number, f"{what} — quote a cell that holds the separator, fill up a short line"))
        else:
            whole.append(Line(number, _fields(columns, cells)))
    if not whole and not errors:
        raise NotAList(f"{name} has no line below the heading", "write one line a person")
    return whole, errors


def plain(text: str) -> str:
    """Letters and digits alone, without accents and capitals."""
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]", "", letters)


def _fields(columns: Sequence[str | None], cells: Sequence[str]) -> Mapping[str, str]:
    said = {field: cell for field, cell in zip(columns, cells, strict=True) if field}
    first = said.pop("first_name", "")
    return said | {"name": one_line(f"{first} {said['name']}")} if first else said


def _headed(name: str, body: bytes) -> tuple[list[str | None], Rows]:
    """The field of each column, and the rows below the heading. Raises NotAList."""
    for rows in _readings(name, body):
        heading = rows[0][1] if rows else []
        columns = [_field(cell) for cell in heading]
        if {"name", "email"} <= set(columns):
            _refuse_two(columns, heading, name)
            return columns, rows[1:]
    said = f"{name} is no list of ambassadors: its first line names no column for the name or none for the address"
    raise NotAList(said, "call them nom and courriel, separated by ; or ,")


def _field(heading: str) -> str | None:
    return next((field for field, names in HEADINGS.items() if plain(heading) in names.split()), None)


def _refuse_two(columns: Sequence[str | None], heading: Sequence[str], name: str) -> None:
    for field in HEADINGS:
        same = [cell.strip() for cell, column in zip(heading, columns, strict=True) if column == field]
        if len(same) > 1:
            raise NotAList(f"{name}: {' and '.join(same)} are columns for the same", "leave one of them out")


# ------------------------------------------------------------------------------------------------------------- ways


def _readings(name: str, body: bytes) -> Iterator[Rows]:
    """The ways a file may be read, the first that has a fitting heading is right. Raises NotAList."""
    if body[:4] in _SPREADSHEETS:
        yield _sheet(name, body)
        return
    text = _text(name, body)
    for delimiter in _DELIMITERS:
        _, heading = next(_rows(text, delimiter, name, strict=False), (0, []))
        if any(_field(cell) for cell in heading):
            yield list(_rows(text, delimiter, name, strict=True))


def _text(name: str, body: bytes) -> str:
    """A text in UTF-8 or as Windows writes it. Raises NotAList."""
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise NotAList(f"{name} is no text", "save the list as CSV or XLSX and import that")


def _rows(text: str, delimiter: str, name: str, *, strict: bool) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not empty, with the number of the line where each begins. Raises NotAList."""
    csv.field_size_limit(max(len(text), csv.field_size_limit()))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict)
    begins = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        what = f"{name}: broken CSV from line {begins} on ({error})"
        raise NotAList(what, "look there for a quote that is not closed") from error


def _sheet(name: str, body: bytes) -> Rows:
    """The rows of a spreadsheet's first sheet that are not empty. Raises NotAList."""
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(body))
        sheet = book.get_sheet_by_index(0)
        read = sheet.to_python(skip_empty_area=False)
    except (CalamineError, IndexError) as error:
        raise NotAList(f"{name}: a spreadsheet that cannot be read ({error})", "save it anew, or as CSV") from error
    rows = [(number, [_cell(value) for value in row]) for number, row in enumerate(read, start=1)]
    return [(number, cells) for number, cells in rows if any(cell.strip() for cell in cells)]


def _cell(value: object) -> str:
    """A cell as it would be typed: whole numbers without a comma, days as 2020-09-01."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)
