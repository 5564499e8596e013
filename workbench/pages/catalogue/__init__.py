"""The metric catalogue, and the way from a figure back to the files it is counted from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl
import streamlit as st

from workbench.metrics import METRICS, tables_behind
from workbench.pages import Page


@dataclass(frozen=True)
class Lineage:
    """What each table and relation of the build is made from; feeds are folders, as `usage/`."""

    needs: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, page: Page) -> "Lineage":
        """That of the page's build."""
        steps = page.question("data_lineage").group_by("table_name", maintain_order=True).agg("needs")
        return cls(dict(steps.rows()))

    def feeds(self, tables: Sequence[str]) -> list[str]:
        """The feeds that tables are made from, at the end of all steps."""
        found, unread = set(tables), list(tables)
        while unread:
            needs = set(self.needs.get(unread.pop(), ())) - found
            found |= needs
            unread += needs
        return sorted(name.rstrip("/") for name in found if name.endswith("/"))


def catalogue(page: Page) -> None:
    """Every metric with its unit and origin; under it, one of them in full, as far as its files."""
    words, lineage = page.words, Lineage.of(page)
    page.section("data_catalogue")
    rows = pl.DataFrame([_line(page, lineage, name) for name in METRICS])
    shown = [column for column in rows.columns if column != "definition" or not page.sheet.interactive]
    page.table(rows, dict.fromkeys(shown, str), words("section.data_catalogue.title"), "catalogue")
    if page.sheet.interactive:
        _look_into(page, lineage)


def _line(page: Page, lineage: Lineage, name: str) -> dict[str, str]:
    words, tables = page.words, tables_behind(name)
    return {
        "metric": words(f"metric.{name}.name"),
        "definition": words(f"metric.{name}.definition"),
        "unit": words(f"unit.{METRICS[name].unit}"),
        "tables": ", ".join(tables),
        "feeds": ", ".join(lineage.feeds(tables)),
    }


def _look_into(page: Page, lineage: Lineage) -> None:
    """One metric: what it means, its SQL a click away, and what it is counted from, a list in a list."""
    words = page.words
    page.section("data_lineage")
    name = st.selectbox(
        words("data.lineage.choose"), METRICS, key="data.metric", format_func=lambda name: words(f"metric.{name}.name")
    )
    metric = METRICS[name]
    facts = {"unit": words(f"unit.{metric.unit}"), "sums": words(f"sums.{metric.sums.replace(' ', '_')}")}
    page.sheet.text(words(f"metric.{name}.definition"))
    page.sheet.note(words("data.lineage.facts", by=", ".join(metric.by), **facts))
    page.sheet.details(words("data.lineage.sql"), f"data.sql.{name}", lambda: page.sheet.code(metric.sql().strip()))
    landed = dict(page.question("feeds").select("feed", "landed").rows())
    lines = _tree(page, lineage, tables_behind(name), landed, depth=1)
    page.sheet.text("\n".join([f"- **{words(f'metric.{name}.name')}**", *lines]))


def _tree(page: Page, lineage: Lineage, names: Sequence[str], landed: Mapping[str, int], depth: int) -> Iterator[str]:
    """A line for each name and, indented under it, for what it is made from."""
    for name in names:
        feed = name.rstrip("/")
        key = "files" if feed != name else "inner" if name.startswith(_INNER) else "table"
        yield f"{'  ' * depth}- `{name}` · {page.words(f'data.lineage.{key}', n=landed.get(feed, 0))}"
        yield from _tree(page, lineage, lineage.needs.get(name, ()), landed, depth + 1)


_INNER = ("lake_", "roll_", "current_", "settled_", "landed_", "reference_", "this_", "horizon")
"""How the relations begin that a run makes before the tables; nobody else sees them."""
