"""What a page is written on: the few forms in which it says something, whatever shows them.

`screen.Screen` shows them in Streamlit, where one can click; `report.Report` writes them into one HTML file. A page
asks for `page.sheet` only where nothing of `Page` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, overload

import polars as pl

from workbench.charts import Drawn


@dataclass(frozen=True)
class Figure:
    """A number in a frame: its name, how it is written, what it changed by (and whether up), a note under it.

    `trend` is a short line of past values behind it, oldest first.
    """

    label: str
    value: str
    change: str = ""
    rising: bool | None = None
    note: str = ""
    trend: tuple[float, ...] = ()


@dataclass(frozen=True)
class Column:
    """A column of a table: its heading, its cells as written, and whether they are numbers (set to the right)."""

    heading: str
    cells: Sequence[str]
    numeric: bool


class Cells(Sequence[str]):
    """The values of a column, each written when it is read: of a table of 20,000 rows a page shows the first 200."""

    def __init__(self, values: pl.Series, written: Callable[[Any], str]) -> None:
        self._values, self._written = values, written

    def __len__(self) -> int:
        """Rows of the column."""
        return len(self._values)

    @overload
    def __getitem__(self, place: int) -> str: ...

    @overload
    def __getitem__(self, place: slice) -> list[str]: ...

    def __getitem__(self, place: int | slice) -> str | list[str]:
        """A cell, or those of some rows; a dash where there is no value."""
        if isinstance(place, slice):
            return list(Cells(self._values[place], self._written))
        return self._said(self._values[place])

    def __iter__(self) -> Iterator[str]:
        """Every cell, from the first row on."""
        return map(self._said, self._values)

    def _said(self, value: Any) -> str:
        return "–" if value is None else self._written(value)


@dataclass(frozen=True)
class Table:
    """A table as it is read, and the frame behind it as it is exported; `name` is that of the exported file."""

    name: str
    description: str
    columns: tuple[Column, ...]
    frame: pl.DataFrame


class Sheet(Protocol):
    """The forms. All text is ready in the visitor's language; `text`, `note` and `heading` are Markdown."""

    @property
    def interactive(self) -> bool:
        """Whether somebody can click: forms and look-up boxes are shown only then."""

    def title(self, text: str) -> None:
        """The name of the page."""

    def heading(self, text: str) -> None:
        """The name of a section."""

    def text(self, markdown: str) -> None:
        """A paragraph."""

    def note(self, markdown: str) -> None:
        """A paragraph in small print."""

    def badge(self, text: str, icon: str, colour: str) -> None:
        """A state in a word or two: green is well, orange wants a look, red wants an act."""

    def part(self) -> AbstractContextManager[object]:
        """A part of the page that stays in its place, whatever the parts before it have to show."""

    def grid(self, columns: int, narrowest_px: int) -> AbstractContextManager[object]:
        """Side by side in so many columns, fewer where a column would be narrower."""

    def row(self) -> AbstractContextManager[object]:
        """Side by side, as wide as each is."""

    def frame(self) -> AbstractContextManager[object]:
        """In a frame of its own."""

    def figure(self, figure: Figure, key: str, define: Callable[[], None]) -> None:
        """A number; `define` writes its definition, a click away."""

    def details(self, label: str, key: str, write: Callable[[], None]) -> None:
        """Something a click away, written only when it is asked for."""

    def code(self, sql: str) -> None:
        """SQL."""

    def chart(self, chart: Drawn, key: str, drill: bool) -> None:
        """A chart under its title. With `drill`, a click on a mark filters by the chart's parameter "drill"."""

    def table(self, table: Table) -> None:
        """A table, with its export."""
