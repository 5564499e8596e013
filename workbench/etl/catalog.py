"""What has landed: the part of a build that the next run starts from. It lives in the build's schema `internal`.

The build is the only state: what a killed or refused run wrote to the lake is not listed, so it does not exist.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import duckdb
import pyarrow as pa

from workbench.etl.arrays import table

TABLES: dict[str, pa.Schema] = {
    "paths": pa.schema(
        {
            "feed": pa.string(),
            "path": pa.string(),
            "sha256": pa.string(),
            "size": pa.int64(),
            "mtime_ns": pa.int64(),
            "landed_at": pa.timestamp("us", "UTC"),
        }
    ),
    "parts": pa.schema(
        {
            "feed": pa.string(),
            "sha256": pa.string(),
            "file": pa.string(),
            "reason": pa.string(),
            "rows": pa.int64(),
            "rejected": pa.int64(),
            "first_landed": pa.timestamp("us", "UTC"),
        }
    ),
    "part_days": pa.schema(
        {"sha256": pa.string(), "row_group": pa.int32(), "day": pa.date32(), "rows": pa.int64()},
    ),
    "rejects": pa.schema(
        {
            "feed": pa.string(),
            "sha256": pa.string(),
            "line": pa.int64(),
            "column_name": pa.string(),
            "reason": pa.string(),
            "shape": pa.string(),
        }
    ),
    "drift": pa.schema({"feed": pa.string(), "path": pa.string(), "kind": pa.string(), "detail": pa.string()}),
    "facts": pa.schema({"relation": pa.string(), "day": pa.date32(), "path": pa.string()}),
    "duplicates": pa.schema({"feed": pa.string(), "day": pa.date32(), "sha256": pa.string(), "losers": pa.int64()}),
}


@dataclass(frozen=True)
class LandedPath:
    """A path that ever landed, with its last bytes."""

    feed: str
    path: str
    sha256: str
    size: int
    mtime_ns: int
    landed_at: datetime


@dataclass(frozen=True)
class Part:
    """The rows of one content in the lake; `file` is empty when the content was refused (`reason`)."""

    feed: str
    sha256: str
    file: str
    reason: str
    rows: int
    rejected: int
    first_landed: datetime


@dataclass
class Catalog:
    """Everything landed so far. Keys: (feed, path) → path; (feed, sha256) → part."""

    paths: dict[tuple[str, str], LandedPath] = field(default_factory=dict)
    parts: dict[tuple[str, str], Part] = field(default_factory=dict)
    part_days: dict[str, list[tuple[int, date, int]]] = field(default_factory=dict)
    rejects: dict[tuple[str, str], list[tuple[int, str, str, str]]] = field(default_factory=dict)
    drift: set[tuple[str, str, str, str]] = field(default_factory=set)
    facts: dict[tuple[str, date | None], str] = field(default_factory=dict)
    duplicates: dict[tuple[str, date | None], dict[str, int]] = field(default_factory=dict)

    def copy(self) -> "Catalog":
        """Another catalog of the same content. Entries are replaced, never changed, so they may be shared."""
        return Catalog(**{name: entries.copy() for name, entries in vars(self).items()})

    def live(self, feed: str) -> dict[str, str]:
        """The contents of a feed that count: sha256 → least path, refused ones left out."""
        found: dict[str, str] = {}
        for (_, path), landed in sorted(item for item in self.paths.items() if item[0][0] == feed):
            if self.parts[feed, landed.sha256].file:
                found.setdefault(landed.sha256, path)
        return found

    def lake_files(self) -> list[str]:
        """Every lake file this catalog needs, relative to the lake."""
        return sorted({part.file for part in self.parts.values() if part.file} | set(self.facts.values()))


def load(con: duckdb.DuckDBPyConnection) -> Catalog:
    """The catalog of the build that `con` has open."""
    catalog = Catalog()
    for row in _all(con, "paths"):
        catalog.paths[row[0], row[1]] = LandedPath(*row)
    for row in _all(con, "parts"):
        catalog.parts[row[0], row[1]] = Part(*row)
    for sha256, row_group, day, rows in _all(con, "part_days"):
        catalog.part_days.setdefault(sha256, []).append((row_group, day, rows))
    for feed, sha256, *reject in _all(con, "rejects"):
        catalog.rejects.setdefault((feed, sha256), []).append(tuple(reject))
    for relation, day, path in _all(con, "facts"):
        catalog.facts[relation, day] = path
    for feed, day, sha256, losers in _all(con, "duplicates"):
        catalog.duplicates.setdefault((feed, day), {})[sha256] = losers
    catalog.drift = set(_all(con, "drift"))
    return catalog


def _all(con: duckdb.DuckDBPyConnection, table: str) -> list[tuple[Any, ...]]:
    return con.sql(f"from internal.{table}").fetchall()


def save(con: duckdb.DuckDBPyConnection, catalog: Catalog) -> None:
    """Write the catalog into the build that `con` has open."""
    con.execute("create schema if not exists internal")
    for name, rows in _as_rows(catalog).items():
        schema = TABLES[name]
        con.register("catalog_rows", table([dict(zip(schema.names, row, strict=True)) for row in rows], schema))
        con.execute(f"create or replace table internal.{name} as from catalog_rows")
        con.unregister("catalog_rows")


def _as_rows(catalog: Catalog) -> dict[str, list[tuple[Any, ...]]]:
    return {
        "paths": [tuple(vars(path).values()) for _, path in sorted(catalog.paths.items())],
        "parts": [tuple(vars(part).values()) for _, part in sorted(catalog.parts.items())],
        "part_days": [(sha, *day) for sha, days in sorted(catalog.part_days.items()) for day in days],
        "rejects": [(*key, *reject) for key, rejects in sorted(catalog.rejects.items()) for reject in rejects],
        "drift": sorted(catalog.drift),
        "facts": [(*key, path) for key, path in catalog.facts.items()],
        "duplicates": [(*key, *loser) for key, losers in catalog.duplicates.items() for loser in losers.items()],
    }


@dataclass(frozen=True)
class FileLine:
    """A row of the table `files`."""

    feed: str
    path: str
    sha256: str
    status: str
    reason: str
    rows: int
    duplicates: int
    rejected: int
    landed_at: datetime


def file_lines(catalog: Catalog) -> list[FileLine]:
    """The table `files`: what became of every path, in order of path."""
    lost: dict[tuple[str, str], int] = {}
    for (feed, _), losers in catalog.duplicates.items():
        for sha256, count in losers.items():
            lost[feed, sha256] = lost.get((feed, sha256), 0) + count
    live = {feed: catalog.live(feed) for feed in {feed for feed, _ in catalog.paths}}
    return [
        _file_line(landed, catalog.parts[landed.feed, landed.sha256], live[landed.feed].get(landed.sha256), lost)
        for _, landed in sorted(catalog.paths.items())
    ]


def _file_line(landed: LandedPath, part: Part, first: str | None, lost: dict[tuple[str, str], int]) -> FileLine:
    status = "landed" if first == landed.path else "copy" if first else "refused"
    counts = status == "landed"
    duplicates = lost.get((part.feed, part.sha256), 0) if counts else 0
    return FileLine(
        feed=landed.feed,
        path=landed.path,
        sha256=landed.sha256,
        status=status,
        reason=part.reason,
        rows=part.rows - duplicates if counts else 0,
        duplicates=duplicates,
        rejected=part.rejected if counts else 0,
        landed_at=landed.landed_at,
    )
