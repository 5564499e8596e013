"""A page on a screen: Streamlit.

What is a click away (definitions, exports) is made when it is opened: a page has two dozen of them. A file is written
when its button is clicked.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import date
from functools import partial
from typing import Any, cast

import pandas as pd
import polars as pl
import streamlit as st

from workbench.charts import Drawn, pictures
from workbench.charts.world import by_address
from workbench.export import FORMATS, Format, apart, as_read
from workbench.pages.sheet import Column, Figure, Table
from workbench.text import Words

ROWS_SHOWN = 200
"""A longer table shows its first rows; its export has them all."""


class Screen:
    """The forms of `Sheet` in Streamlit."""

    interactive = True

    def __init__(self, words: Words) -> None:
        self._words = words

    def title(self, text: str) -> None:
        """See `Sheet`."""
        st.title(text)

    def heading(self, text: str) -> None:
        """See `Sheet`."""
        st.subheader(text)

    def text(self, markdown: str) -> None:
        """See `Sheet`."""
        st.markdown(markdown)

    def note(self, markdown: str) -> None:
        """See `Sheet`."""
        st.caption(markdown)

    def badge(self, text: str, icon: str, colour: str) -> None:
        """See `Sheet`."""
        st.badge(text, icon=f":material/{icon}:", color=colour)  # type: ignore[arg-type]  # a colour by its name

    def part(self) -> AbstractContextManager[object]:
        """See `Sheet`.

        Streamlit knows an element by its number in its container: a line more at the top, and each chart and button
        under it is taken down and built anew in the browser (a seventh of the time that a filter takes).
        """
        return st.container()

    def grid(self, columns: int, narrowest_px: int) -> AbstractContextManager[object]:
        """See `Sheet`."""
        return st.grid(columns, min_column_width=narrowest_px)

    def row(self) -> AbstractContextManager[object]:
        """See `Sheet`."""
        return st.container(horizontal=True, gap="small")

    def frame(self) -> AbstractContextManager[object]:
        """See `Sheet`."""
        return st.container(border=True, height="stretch", gap="xsmall", vertical_alignment="distribute")

    def figure(self, figure: Figure, key: str, define: Callable[[], None]) -> None:
        """See `Sheet`."""
        with self.frame():
            st.metric(
                figure.label,
                figure.value,
                figure.change or None,
                delta_color="off" if figure.rising is None else "normal" if figure.rising else "inverse",
                delta_arrow="off" if figure.rising is None else "up" if figure.rising else "down",
                chart_data=list(figure.trend) or None,
            )
            if figure.note:
                st.caption(figure.note)
            self.details(self._words("definition.open"), key, define)

    def details(self, label: str, key: str, write: Callable[[], None]) -> None:
        """See `Sheet`."""
        _popover(label, "info", key, write)

    def code(self, sql: str) -> None:
        """See `Sheet`."""
        st.code(sql, language="sql")

    def chart(self, chart: Drawn, key: str, drill: bool) -> None:
        """See `Sheet`. Title and source stand over it as text, which a phone can wrap; what it shows is read aloud."""
        title, drawn = chart.title, cast("Drawn", _Bare(chart))
        with st.container(border=True, gap="xsmall"):
            st.markdown(f"**{title.text}**")
            st.caption(title.subtitle)
            if drill:
                st.altair_chart(
                    drawn, width="stretch", alt=chart.description, key=key,
                    on_select=lambda: _drill(st.session_state[key]), selection_mode="drill",
                )  # fmt: skip
                st.caption(f":material/touch_app: {self._words('chart.drill')}")
            else:
                st.altair_chart(drawn, width="stretch", alt=chart.description)
            _popover(self._words("export.open"), "download", f"export.{key}", partial(self._offer_chart, chart, key))

    def table(self, table: Table) -> None:
        """See `Sheet`."""
        headings = apart([column.heading for column in table.columns])
        columns = dict(zip(headings, table.columns, strict=True))
        values = dict(zip(headings, map(_values, table.columns, table.frame.head(ROWS_SHOWN)), strict=True))
        written: dict[Any, Any] = {
            heading: dict(zip(values[heading], map(_plain, column.cells), strict=False)).__getitem__
            for heading, column in columns.items()
            if column.numeric
        }
        styled = pd.DataFrame(values).style.format(written, na_rep="–")
        st.table(styled, border="horizontal", hide_index=True, alt=table.description)
        if table.frame.height > ROWS_SHOWN:
            st.caption(self._words("table.cut", shown=ROWS_SHOWN, n=table.frame.height))
        key = f"export.{table.name}.{table.description}"
        _popover(self._words("export.open"), "download", key, partial(self._offer_table, table, key))

    def _offer_table(self, table: Table, key: str) -> None:
        for form in FORMATS:
            file = slug(table.name) + form.suffix
            _button(self._words(f"export.{form.name}"), partial(_written, table, form), file, form.mime, key)
        total = table.frame.height
        st.caption(self._words("export.rows", n=total, total=total))
        for form in FORMATS:
            if form.rows_in(table.frame) < total:
                st.caption(self._words("export.cut", n=form.rows_in(table.frame), total=total))

    def _offer_chart(self, chart: Drawn, key: str) -> None:
        file = slug(chart.title.text)
        svg, png = partial(pictures.as_svg, chart), partial(pictures.as_png, chart)
        _button(self._words("export.svg"), svg, f"{file}.svg", "image/svg+xml", key)
        _button(self._words("export.png"), png, f"{file}.png", "image/png", key)


class _Bare:
    """A chart without the words that stand around it.

    It is not held against Vega-Lite's schema each time it is shown (8 ms): the tests do it with each.
    """

    def __init__(self, chart: Drawn) -> None:
        self._chart = chart

    def to_dict(self) -> dict[str, Any]:
        """What Streamlit asks of a chart."""
        said = self._chart.to_dict(validate=False)
        return by_address({name: part for name, part in said.items() if name not in ("title", "description")})


def slug(text: str) -> str:
    """A text as the name of a file: « Créées par école » is `creees-par-ecole`."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def _values(column: Column, series: pl.Series) -> list[Any]:
    """What Streamlit sets by: numbers to the right, the rest to the left, whatever a style says."""
    if not column.numeric:
        return list(map(_plain, column.cells[:ROWS_SHOWN]))
    return (series if series.dtype.is_integer() and not series.null_count() else series.cast(pl.Float64)).to_list()


def _plain(cell: str) -> str:
    """A cell as it stands: Streamlit reads cells as Markdown, and people's words come with stars and brackets."""
    return re.sub(r"([\\`*_\[\]<>~$#]|:(?=[a-z/]))", r"\\\1", cell)


@st.fragment
def _popover(label: str, icon: str, key: str, write: Callable[[], None]) -> None:
    opened = st.popover(label, type="tertiary", icon=f":material/{icon}:", key=key, on_change="rerun")
    if opened.open:
        with opened:
            write()


def _button(label: str, make: Callable[[], bytes | str], file: str, mime: str, key: str) -> None:
    st.download_button(
        label, make, file, mime, key=f"{key}.{label}", on_click="ignore", type="tertiary", icon=":material/download:"
    )


def _written(table: Table, form: Format) -> bytes:
    if not form.for_people:
        return form.write(table.frame, table.name)
    columns = table.columns
    read = as_read(table.frame, [column.heading for column in columns], [column.cells for column in columns])
    return form.write(read, table.name)


def _drill(state: Mapping[str, Any]) -> None:
    """Filter by the mark that was clicked: its country, or its days."""
    points = state["selection"]["drill"]
    if not points:
        return
    point = points[0]
    if "country" in point:
        st.query_params["country"] = [point["country"]]
    if "since" in point:
        since, until = (date.fromisoformat(point[name]) for name in ("since", "until"))
        st.query_params.update({"period": "dates", "from": since.isoformat(), "to": until.isoformat()})
