"""Tables as files: CSV for a French Excel, plain CSV, XLSX and Parquet.

A file has every row of its frame, save XLSX, whose sheets end (`SHEET_ROWS`): `rows_in` says how many there are, and
whoever offers the file says it. Numbers stay numbers and days stay days. Text that a spreadsheet would run as a
formula is held by an apostrophe in the CSVs, and is a string in XLSX.

`french_csv` and `xlsx` are for people: give them the frame of `as_read`. `plain_csv` and `parquet` are for programs,
and keep the technical names.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl
import polars.selectors as cs
from xlsxwriter import Workbook  # type: ignore[import-untyped]  # the package says nothing of its types
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from workbench.errors import NotReadable

SHEET_ROWS = 1_048_575
"""What a sheet has room for under its header."""

# A spreadsheet takes a cell that begins so for a formula; the wide forms are those of Asian keyboards.
_FORMULA = r"^[=+\-@\t\r\n＝＋－＠]"
_ICON = r":material/\w+:\s*"
_EXACT_IN_A_SHEET = 10**15
"""A sheet keeps fifteen digits of a number; a longer one, as a key is, is written as text."""
_FIRST_YEAR_OF_A_SHEET = 1900
_TEXT_OF_A_CELL = 32_767


@dataclass(frozen=True)
class Format:
    """A kind of file: its name in the catalogues (`export.<name>`), how its file ends, its type, how it is written.

    `write` takes the frame and the table's name; `for_people` is whether it wants the frame of `as_read`.
    """

    name: str
    suffix: str
    mime: str
    for_people: bool
    write: Callable[[pl.DataFrame, str], bytes]

    def rows_in(self, frame: pl.DataFrame) -> int:
        """How many rows of a frame the file has."""
        return min(frame.height, SHEET_ROWS) if self.suffix == ".xlsx" else frame.height


def as_read(frame: pl.DataFrame, headings: Sequence[str], cells: Sequence[Sequence[str]]) -> pl.DataFrame:
    """A frame under the headings of a page, its texts (names for codes) as the page writes them.

    `headings` and `cells` stand in the frame's order of columns. Numbers, days and truths stay what they are; what
    is not known stays empty; a heading that occurs twice is numbered.
    """
    columns = [_read(column, texts) for column, texts in zip(frame.get_columns(), cells, strict=True)]
    return pl.DataFrame([column.alias(name) for column, name in zip(columns, apart(headings), strict=True)])


def apart(headings: Sequence[str]) -> list[str]:
    """Headings that a table can have: one that occurs again is numbered, as `Depuis (2)`."""
    apart: list[str] = []
    for heading in headings:
        same = sum(name == heading or name.startswith(f"{heading} (") for name in apart)
        apart.append(f"{heading} ({same + 1})" if same else heading)
    return apart


def french_csv(frame: pl.DataFrame) -> bytes:
    """CSV that a French Excel opens by a double click: UTF-8 with its mark, `;`, comma, DD/MM/YYYY, VRAI, FAUX."""
    written = _flat(frame).with_columns(
        cs.boolean().replace_strict({True: "VRAI", False: "FAUX"}, default=None, return_dtype=pl.String),
        cs.datetime().dt.to_string("%d/%m/%Y %H:%M:%S"),
        cs.date().dt.to_string("%d/%m/%Y"),
    )
    return _csv(written, separator=";", decimal_comma=True, include_bom=True)


def plain_csv(frame: pl.DataFrame) -> bytes:
    """CSV after RFC 4180, in UTF-8: commas, decimal points, days and instants by ISO 8601 (with their offset)."""
    return _csv(_flat(frame).with_columns(cs.datetime().dt.to_string("iso:strict")), separator=",")


def parquet(frame: pl.DataFrame) -> bytes:
    """The frame as it is."""
    out = BytesIO()
    frame.write_parquet(out)
    return out.getvalue()


def xlsx(frame: pl.DataFrame, name: str) -> bytes:
    """One sheet, named after the table, its header frozen; the rows that fit."""
    out = BytesIO()
    options = {"in_memory": True, "default_date_format": "dd/mm/yyyy"}
    with Workbook(out, options) as book:
        sheet = book.add_worksheet(_sheet_name(name))
        sheet.freeze_panes(1, 0)
        forms = _Forms(
            book.add_format({"bold": True, "bottom": 1}), book.add_format({"num_format": "dd/mm/yyyy hh:mm:ss"})
        )
        for position, column in enumerate(_wall_time(frame.head(SHEET_ROWS)).get_columns()):
            _write_column(sheet, position, column, forms)
    return out.getvalue()


FORMATS = (
    Format("csv_fr", "-excel.csv", "text/csv; charset=utf-8", True, lambda frame, _: french_csv(frame)),
    Format("xlsx", ".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", True, xlsx),
    Format("csv", ".csv", "text/csv; charset=utf-8", False, lambda frame, _: plain_csv(frame)),
    Format("parquet", ".parquet", "application/vnd.apache.parquet", False, lambda frame, _: parquet(frame)),
)
"""Every kind of file, in the order in which it is offered."""


def _read(column: pl.Series, texts: Sequence[str]) -> pl.Series:
    if column.dtype.is_numeric() or column.dtype.is_temporal() or column.dtype == pl.Boolean:
        return column
    read = pl.Series(column.name, texts, dtype=pl.String).str.replace_all(_ICON, "")
    return pl.select(pl.when(column.is_not_null()).then(read).alias(column.name)).to_series()


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    """What a CSV can hold: lists become words, decimals floats, durations seconds; no NaN, no formula, nor in names."""
    listed = frame.with_columns(cs.list().cast(pl.List(pl.String)).list.join(" "))
    plain = listed.with_columns(
        cs.decimal().cast(pl.Float64), cs.duration().dt.total_seconds(), cs.categorical().cast(pl.String)
    ).with_columns(cs.float().replace([float("nan"), float("inf"), -float("inf")], None))
    held = plain.with_columns(cs.string().str.replace(_FORMULA, "'$0"))
    names = pl.Series(plain.columns, dtype=pl.String).str.replace(_FORMULA, "'$0")
    return held.rename(dict(zip(plain.columns, names, strict=True)))


def _csv(frame: pl.DataFrame, **options: Any) -> bytes:
    out = BytesIO()
    frame.write_csv(out, line_terminator="\r\n", float_scientific=False, **options)
    return out.getvalue()


@dataclass(frozen=True)
class _Forms:
    heading: Any
    instant: Any


def _write_column(sheet: Worksheet, position: int, column: pl.Series, forms: _Forms) -> None:
    sheet.write_string(0, position, column.name, forms.heading)
    write = _writer(sheet, column, forms)
    for row, value in enumerate(column, 1):
        if value is not None:
            write(row, position, value)
    longest = max([11, len(column.name), *(column.str.len_chars().drop_nulls() if column.dtype == pl.String else ())])
    sheet.set_column(position, position, min(60, 2 + longest))


def _writer(sheet: Worksheet, column: pl.Series, forms: _Forms) -> Callable[[int, int, Any], object]:
    """How a column's values get into their cells: never `write`, which guesses, and takes `=…` for a formula."""
    if column.dtype == pl.Boolean:
        return partial(_write_truth, sheet)
    if column.dtype == pl.Date:
        return partial(_write_day, sheet)
    if column.dtype == pl.Datetime:
        return lambda row, position, value: sheet.write_datetime(row, position, value, forms.instant)
    return partial(_write_number, sheet) if column.dtype.is_numeric() else partial(_write_text, sheet)


def _write_truth(sheet: Worksheet, row: int, position: int, truth: bool) -> None:
    sheet.write_boolean(row, position, truth)


def _write_day(sheet: Worksheet, row: int, position: int, day: date) -> None:
    if day.year < _FIRST_YEAR_OF_A_SHEET:
        sheet.write_string(row, position, day.isoformat())
    else:
        sheet.write_datetime(row, position, day)


def _write_number(sheet: Worksheet, row: int, position: int, number: Any) -> None:
    if isinstance(number, int) and abs(number) >= _EXACT_IN_A_SHEET:
        sheet.write_string(row, position, str(number))
    elif number - number == 0:  # neither NaN nor infinite
        sheet.write_number(row, position, number)


def _write_text(sheet: Worksheet, row: int, position: int, value: object) -> None:
    text = str(value)
    sheet.write_string(row, position, text if len(text) <= _TEXT_OF_A_CELL else text[: _TEXT_OF_A_CELL - 1] + "…")


def _wall_time(frame: pl.DataFrame) -> pl.DataFrame:
    """Instants as the clock of their zone shows them, since a sheet knows no zones; lists and durations as in a CSV."""
    return frame.with_columns(
        cs.datetime().dt.replace_time_zone(None),
        cs.duration().dt.total_seconds(),
        cs.list().cast(pl.List(pl.String)).list.join(" "),
    )


def _sheet_name(name: str) -> str:
    """Thirty-one characters, none that Excel forbids."""
    allowed = "".join("-" if letter in r"[]:*?/\'" else letter for letter in name)
    return allowed[:31] or "table"


def write_whole(out: Path, text: str) -> None:
    """Write a file that others read: whole, or not at all. Raises NotReadable where it cannot be written."""
    draft = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(out)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise NotReadable(f"{out}: {error.strerror}", "name a file that can be written: --out FILE.html") from error
