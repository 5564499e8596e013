"""The lake's facts by day: which days are re-opened, and their facts written anew. Files are named by their content."""

import hashlib
from collections import OrderedDict
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from workbench.etl.arrays import empty
from workbench.etl.catalog import Catalog
from workbench.etl.codes import Vocabulary
from workbench.etl.days import FACTS, Words, as_number, day_facts, joined, rows_of, settle
from workbench.etl.feeds import FEEDS
from workbench.etl.progress import Progress
from workbench.etl.publish import Home

OPEN_FILES = 32
GROUP_ROWS = 122_880
"""Rows to a row group: DuckDB's own unit, and what it and PyArrow share out among threads."""


def write(lake: Path, relation: str, table: pa.Table) -> str:
    """Write a table once, under a name made of its content; gives the name, relative to the lake."""
    sink = pa.BufferOutputStream()
    coded = [field.name for field in table.schema if pa.types.is_dictionary(field.type) or field.type == pa.int32()]
    pq.write_table(
        table, sink, compression="none", use_dictionary=coded, write_statistics=False, row_group_size=GROUP_ROWS
    )
    content = sink.getvalue()
    name = f"{relation}/{hashlib.blake2b(content, digest_size=16).hexdigest()}.parquet"
    path = lake / name
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        draft = path.with_suffix(".new")
        draft.write_bytes(content)
        draft.chmod(0o444)
        draft.replace(path)
    return name


def read(lake: Path, name: str, columns: list[str] | None = None) -> pa.Table:
    """The table of a lake file, text columns dictionary-encoded."""
    with pq.ParquetFile(lake / name, memory_map=True) as file:
        return file.read(columns, use_threads=file.num_row_groups > 1)


def reopened_days(before: Catalog, after: Catalog) -> set[date]:
    """The days whose usage rows may differ: those of every content that came, went, or changed its place in order."""
    old, new = (
        {sha: (path, c.parts["usage", sha].file) for sha, path in c.live("usage").items()} for c in (before, after)
    )
    moved = [(before, sha) for sha in old if old[sha] != new.get(sha)]
    moved += [(after, sha) for sha in new if new[sha] != old.get(sha)]
    return {day for catalog, sha in moved for _, day, _ in catalog.part_days.get(sha, [])}


def loaded_days(catalog: Catalog) -> list[date]:
    """Days with at least one landed usage event, ascending."""
    return sorted(day for relation, day in catalog.facts if relation == "lake_user_day" and day is not None)


class DayWriter:
    """Writes the facts of re-opened days, from the rows of every content that has some."""

    def __init__(self, home: Home, catalog: Catalog) -> None:
        self._home, self._catalog = home, catalog
        self._words = Words(Vocabulary(), Vocabulary(), Vocabulary())
        self._contents = sorted(catalog.live("usage").items(), key=lambda item: item[1])
        self._groups: dict[date, dict[int, list[int]]] = {}
        for place, (sha256, _) in enumerate(self._contents):
            for row_group, day, _ in catalog.part_days.get(sha256, []):
                self._groups.setdefault(day, {}).setdefault(place, []).append(row_group)
        self._open: OrderedDict[int, pq.ParquetFile] = OrderedDict()

    def write(self, days: set[date], progress: Progress) -> None:
        """Bring the facts of these days up to date; a day that nobody has rows for is no longer loaded."""
        for relation, schema in FACTS.items():
            self._catalog.facts[relation, None] = write(self._home.lake, relation, empty(schema))
        for day in progress.each(sorted(days), "counting days", str):
            if day in self._groups:
                self._write_day(day)
            else:
                for relation in FACTS:
                    self._catalog.facts.pop((relation, day), None)
                self._catalog.duplicates.pop(("usage", day), None)
        while self._open:
            self._open.popitem()[1].close()

    def _write_day(self, day: date) -> None:
        pieces = [rows_of(self._rows(place, groups), place, self._words) for place, groups in self._groups[day].items()]
        rows, losers = settle(joined(pieces), self._words)
        lost: dict[str, int] = {}
        for place in losers.tolist():
            lost[self._contents[place][0]] = lost.get(self._contents[place][0], 0) + 1
        self._catalog.duplicates["usage", day] = lost
        for relation, table in day_facts(as_number(day), rows, self._words).items():
            self._catalog.facts[relation, day] = write(self._home.lake, relation, table)

    def _rows(self, place: int, groups: list[int]) -> pa.Table:
        if place not in self._open:
            part = self._catalog.parts["usage", self._contents[place][0]]
            self._open[place] = pq.ParquetFile(self._home.lake / part.file, memory_map=True)
            if len(self._open) > OPEN_FILES:
                self._open.popitem(last=False)[1].close()
        self._open.move_to_end(place)
        return self._open[place].read_row_groups(groups, use_threads=False).select(FEEDS["usage"].schema.names)
