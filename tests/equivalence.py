"""The workbench beside the oracle: a HOME to run in, its tables as the oracle writes them, and what differs.

To look at one history by hand, after each of its runs:  .venv/bin/python tests/equivalence.py SEED [SIZE]
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from exports_maker import Made, apply, make_exports
from exports_rows import NOW
from oracle import COLUMNS, rank, work_out

import workbench
from workbench import etl
from workbench.privacy import Pseudonyms
from workbench.settings import Settings

PSEUDONYM_KEY = bytes(range(32))
Tables = dict[str, list[tuple[Any, ...]]]


@dataclass
class Site:
    """A HOME and the folder it takes its exports from. Every HOME has the same key, so that tables can be compared."""

    folder: Path
    timezone: str
    runs: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        for place in (self.home, self.source):
            place.mkdir(parents=True)
        (self.home / "pseudonym.key").write_text(PSEUDONYM_KEY.hex())

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def source(self) -> Path:
        return self.folder / "source"

    def run(self, *, full: bool = False) -> str:
        """One ETL run, a minute after the one before; its outcome."""
        settings = Settings(home=self.home, timezone=self.timezone, pseudonym_key=None)
        now = NOW + timedelta(minutes=self.runs)
        self.runs += 1
        return str(etl.run(settings, self.source, now=now, full=full).outcome)

    def tables(self) -> Tables:
        """The tables of the published build, with the columns and in the order of the oracle's."""
        with closing(workbench.open(self.home)) as warehouse:
            found = {name: warehouse.sql(f"select {columns} from {name}").rows() for name, columns in COLUMNS.items()}
        return {name: sorted((tuple(map(in_utc, row)) for row in rows), key=rank) for name, rows in found.items()}


def in_utc(value: Any) -> Any:
    return value.astimezone(UTC) if isinstance(value, datetime) else value


# ---------------------------------------------------------------- what the oracle expects of a Site


def expected(landed: Mapping[str, bytes], timezone: str) -> Tables:
    """What the oracle makes of the exports, bytes by path, with the keys every Site uses."""
    return work_out(landed, timezone=timezone, key=site_key(), landed_at=NOW).tables


@cache
def site_key() -> Callable[[str, str], int]:
    pseudonyms = Pseudonyms(PSEUDONYM_KEY)

    @cache
    def key(kind: str, raw_id: str) -> int:
        return row_hash(raw_id) if kind == "translation" else int(pseudonyms.keys(kind, [raw_id])[0])

    return key


def row_hash(raw_id: str) -> int:
    """The hash of a translation's id: decides which of two translations of one instant is a post's first."""
    query = (files("workbench.etl") / "event_hash.sql").read_text(encoding="utf-8")
    with duckdb.connect() as con:
        con.register("ids", pa.table({"id": [raw_id]}))
        return int(con.execute(query).fetchall()[0][0])


# ---------------------------------------------------------------- what differs


def differences(found: Tables, wanted: Tables, limit: int = 6) -> str:
    """The first differing rows of each table that differs, one line a row; empty if none does."""
    told = (differing_rows(name, found[name], wanted[name], limit) for name in COLUMNS)
    return "\n".join(line for lines in told for line in lines)


def differing_rows(
    name: str, found: Iterable[tuple[Any, ...]], wanted: Iterable[tuple[Any, ...]], limit: int
) -> list[str]:
    counted, expected_counts = Counter(found), Counter(wanted)
    marked = [(row, "build ") for row in (counted - expected_counts).elements()]
    marked += [(row, "oracle") for row in (expected_counts - counted).elements()]
    if not marked:
        return []
    sizes = f"{counted.total()} in the build, {expected_counts.total()} expected"
    title = f"\n{name} ({COLUMNS[name]}): {len(marked)} rows differ, {sizes}"
    shown = sorted(marked, key=lambda each: rank(each[0]))[:limit]
    return [title, *(f"  {whose}  {'  '.join(map(str, row))}" for row, whose in shown)]


def follow(made: Made, site: Site) -> Iterable[tuple[int, str]]:
    """Runs the ETL after each step of the history; the step's number and what differs from the oracle then."""
    for number, step in enumerate(made.steps, start=1):
        apply(step, site.source)
        site.run()
        yield number, differences(site.tables(), expected(made.landed(number), made.timezone))


def main(seed: str, size: str = "400") -> None:
    with tempfile.TemporaryDirectory() as scratch:
        made = make_exports(Path(scratch) / "final", int(seed), size=int(size))
        for number, told in follow(made, Site(Path(scratch) / "site", made.timezone)):
            print(f"seed {seed}, step {number} of {len(made.steps)}:", told or "equal")


if __name__ == "__main__":
    main(*sys.argv[1:])
