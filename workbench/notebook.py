"""How a build and its answers show themselves in a notebook: a table, with meaning and unit in its header.

Everything is escaped; numbers and dates are written in the language of the settings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from html import escape
from math import isfinite
from typing import TYPE_CHECKING, Any

from workbench.settings import load_settings
from workbench.text import Words

if TYPE_CHECKING:
    import polars as pl

ROWS_SHOWN = 10
"""How many rows of an answer a notebook shows."""


@dataclass(frozen=True)
class Column:
    """One column of a table: its type and what it means, unit included."""

    name: str
    type: str
    unit: str
    meaning: str


def answer_html(columns: Sequence[Column], rows: Sequence[Sequence[Any]], count: int, newer: str | None) -> str:
    """The first rows of an answer that has `count`; a column of which nothing is known has no meaning and no unit."""
    words = Words(load_settings().language)
    body = _body(columns, rows, words)
    told = words("bench.rows", n=count) if count == len(rows) else words("bench.first", n=count, shown=len(rows))
    return _table([_header(column) for column in columns], body, [escape(told), *_news(newer, words)])


def build_html(build_id: str, data_until: date | None, tables: Mapping[str, str], newer: str | None) -> str:
    """Which build this is, and its tables with their meaning."""
    words = Words(load_settings().language)
    head = [escape(words("bench.table")), escape(words("bench.meaning"))]
    body = [[f"<code>{escape(name)}</code>", escape(meaning)] for name, meaning in tables.items()]
    told = words("bench.build", build=build_id, until=words.day(data_until) if data_until else "–")
    return _table(head, body, [escape(told), *_news(newer, words)])


def _news(newer: str | None, words: Words) -> list[str]:
    return [f"<strong>{escape(words('bench.newer', build=newer))}</strong>"] if newer else []


def _header(column: Column) -> str:
    """The head of a column: its name, and its unit and meaning where they are known."""
    named = "%" if column.unit == "share" else column.unit
    unit = f" [{escape(named)}]" if named else ""
    meaning = f"<br><small>{escape(column.meaning)}</small>" if column.meaning else ""
    return f"{escape(column.name)}{unit}{meaning}"


def _body(columns: Sequence[Column], rows: Sequence[Sequence[Any]], words: Words) -> list[list[str]]:
    return [[_written(value, column, words) for value, column in zip(row, columns, strict=True)] for row in rows]


def _written(value: Any, column: Column, words: Words) -> str:
    """A value as the language writes it; a pseudonym is a name, not a number."""
    if value is None:
        return "–"
    if column.name.endswith("_key") or isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return escape(str(value))
    if not isfinite(value):
        return str(value)
    if column.unit == "share":
        return words.percent(float(value))
    return words.number(float(value), 0 if value == int(value) else 2)


def _table(head: Sequence[str], body: Sequence[Sequence[str]], foot: Sequence[str]) -> str:
    """A table in HTML, of cells that are escaped, with lines under it."""
    columns = "".join(f'<th style="text-align:left;vertical-align:top">{cell}</th>' for cell in head)
    rows = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in body)
    lines = "".join(f"<p>{line}</p>" for line in foot)
    return f"<table><thead><tr>{columns}</tr></thead><tbody>{rows}</tbody></table>{lines}"


class Table:
    """A frame as a table in the language of the settings; `units` names the unit of a column: `share` is written in %.

    At the end of a notebook's cell it shows every row.
    """

    def __init__(self, frame: pl.DataFrame, units: Mapping[str, str] | None = None) -> None:
        self._frame, self._units = frame, dict(units or {})

    def _repr_html_(self) -> str:
        words = Words(load_settings().language)
        columns = [Column(name, "", self._units.get(name, ""), "") for name in self._frame.columns]
        return _table([_header(column) for column in columns], _body(columns, self._frame.rows(), words), [])
