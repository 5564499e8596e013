"""Files that were saved from Typeform: an API page, a webhook body, or the CSV export, in today's or an older shape."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from workbench.errors import NotReadable, WorkbenchError
from workbench.ledger import Ledger
from workbench.ledger.surveys import ResponseRow, forms, store_responses, unmatched
from workbench.surveys.answers import UNNAMED, FileBroken, is_known, read_json, responses, too_long
from workbench.surveys.arrivals import take_up
from workbench.surveys.exported import WrongForm, exported


class FileEmpty(WorkbenchError):
    """There is nothing in a file."""


class AnswerTooLong(WorkbenchError):
    """Somebody's answer is longer than any form of Typeform's allows."""


@dataclass(frozen=True)
class Imported:
    """What was in a file: `answers` are answered leaf fields (a row of a matrix is one), `unknown` those of a type
    not in the contract, `new` responses not met before, `unmatched` responses that belong to nobody.
    """

    responses: int
    answers: int
    new: int
    unmatched: int
    unknown: int


def import_file(
    ledger: Ledger, path: Path, *, form: str | None = None, zone: ZoneInfo, who: str, now: datetime
) -> Imported:
    """Keep all responses of a file, or none, then match them to people; days are those of the `zone`.

    `form` names the form where the file does not.

    Raises NotReadable, FileEmpty, FileBroken, NotTypeform, WrongForm, AnswerTooLong.
    """
    source, rows = _rows(ledger, path, form)
    for row in rows:
        if reason := too_long(row):
            raise AnswerTooLong(f"{path.name}: {reason}", "shorten or take out this answer, then import it again")
    stored = store_responses(ledger, rows, source, who=who, now=now)
    take_up(ledger, zone=zone, who=who, now=now)
    given = {(row.form, row.token): row for row in rows}
    return Imported(
        responses=len(given),
        answers=sum(len(row.answers) for row in given.values()),
        new=stored.new,
        unmatched=unmatched(ledger, given),
        unknown=sum(not is_known(answer) for row in given.values() for answer in row.answers),
    )


def _rows(ledger: Ledger, path: Path, form: str | None) -> tuple[str, Sequence[ResponseRow]]:
    """Where the responses come from (page, webhook, csv), and they."""
    body = _read(path)
    named = form or _form_in_name(path)
    if path.suffix.lower() == ".json" or body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        rows = [_placed(row, form, named) for row in responses(read_json(body))]
        return "webhook" if any("form_id" in row.raw for row in rows) else "page", rows
    return "csv", exported(_text(body), forms(ledger), named, path.stem)


def _read(path: Path) -> bytes:
    try:
        body = path.read_bytes()
    except OSError as error:
        raise NotReadable(f"{path}: {error.strerror}", "name a file that was saved from Typeform") from error
    if not body.strip():
        raise FileEmpty(f"{path.name} is empty", "save it again from Typeform")
    return body


def _form_in_name(path: Path) -> str | None:
    """Typeform calls its exports `responses-<form>-…`."""
    found = re.match(r"responses-([A-Za-z0-9]{6,10})-", path.name)
    return found[1] if found else None


def _placed(row: ResponseRow, form: str | None, named: str | None) -> ResponseRow:
    """A response with its form. Raises WrongForm where it names another than the one that was asked for."""
    if form and row.raw.get("form_id", form) != form:
        raise WrongForm(f"these are responses to {row.raw['form_id']}, not to {form}", "leave --form out")
    return row._replace(form=form or (named if named and row.form == UNNAMED else row.form))


def _text(body: bytes) -> str:
    """A text in UTF-8 or UTF-16, or in Windows' own where a spreadsheet saved it again. Raises FileBroken."""
    encoding = "utf-16" if body[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError:
        text = _windows(body)
    return text.replace("\0", "\ufffd")


def _windows(body: bytes) -> str:
    try:
        return body.decode("cp1252")
    except UnicodeDecodeError as error:
        raise FileBroken("neither JSON nor CSV", "give a file as it came from Typeform") from error
