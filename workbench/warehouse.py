"""The published builds: which one is current, and how to look into it without being able to hurt it.

A build is one immutable DuckDB file, `HOME/warehouse/<id>.duckdb`; the text file `HOME/warehouse/current` names the
published one. It is attached read-only to an in-memory DuckDB whose file access ends at the build's own lake files,
so readers never wait for a writer, and nothing that goes through `sql()` changes a byte under HOME.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from workbench.errors import NothingPublished, QueryInvalid, QueryRefused
from workbench.settings import load_settings

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow


@dataclass(frozen=True)
class Build:
    """What a build is: its id, when and by which code it was made, and how far its data goes."""

    id: str
    built_at: datetime
    code_version: str
    data_until: date | None
    timezone: str
    sample: bool


@dataclass(frozen=True)
class Column:
    """One column of a table: its type and what it means, unit included."""

    name: str
    type: str
    unit: str
    meaning: str


class Answer:
    """The rows of one query, in the shape asked for. Every call runs the query on a cursor of its own."""

    def __init__(self, root: duckdb.DuckDBPyConnection, query: str, params: Mapping[str, Any]) -> None:
        self._root, self._query, self._params = root, query, dict(params)

    def _run(self, shape: str) -> Any:
        with closing(self._root.cursor()) as cursor:
            try:
                return getattr(cursor.sql(self._query, params=self._params), shape)()
            except (duckdb.ProgrammingError, duckdb.DataError, duckdb.PermissionException) as error:
                remedy = "correct the query; `tables()` and `describe(table)` list what there is"
                raise QueryInvalid(str(error).split("\n")[0], remedy) from error

    def pl(self) -> polars.DataFrame:
        """The rows as a Polars frame."""
        frame: polars.DataFrame = self._run("pl")
        return frame

    def df(self) -> pandas.DataFrame:
        """The rows as a pandas frame."""
        frame: pandas.DataFrame = self._run("df")
        return frame

    def arrow(self) -> pyarrow.Table:
        """The rows as an Arrow table."""
        return self._run("to_arrow_table")

    def rows(self) -> list[tuple[Any, ...]]:
        """The rows as a list of tuples."""
        rows: list[tuple[Any, ...]] = self._run("fetchall")
        return rows


class Warehouse:
    """One published build, read-only, safe beside a running ETL and from several threads."""

    def __init__(self, path: Path) -> None:
        self._root = _attach(path)
        self.build = _build_of(self._root)

    def sql(self, query: str, params: Mapping[str, Any] | None = None) -> Answer:
        """The answer to exactly one SELECT; named parameters are written `$name`.

        Raises QueryRefused for anything but one SELECT, QueryInvalid where DuckDB does not understand it.
        """
        _one_select(self._root, query)
        return Answer(self._root, query, params or {})

    def tables(self) -> dict[str, str]:
        """Every table an analyst may rely on, with its meaning."""
        return dict(self.sql("select table_name, meaning from dictionary where column_name = '' order by 1").rows())

    def describe(self, table: str) -> list[Column]:
        """The columns of a table in order. Raises QueryInvalid for a table that is not there."""
        query = """
            select column_name, type, unit, meaning from dictionary
            where table_name = $table and column_name <> '' order by position
        """
        columns = [Column(*row) for row in self.sql(query, {"table": table}).rows()]
        if not columns:
            raise QueryInvalid(f"there is no table {table!r}", f"take one of {', '.join(self.tables())}")
        return columns

    def close(self) -> None:
        """Let go of the build. Queries under way must have ended."""
        self._root.close()


def open_warehouse(home: Path | str | None = None) -> Warehouse:
    """The published build of a HOME (default: WORKBENCH_HOME). Raises NothingPublished.

    Never waits for a writer: a build that is replaced and removed between the look at `current` and the opening
    is simply looked up again.
    """
    folder = Path(home or load_settings().home).resolve() / "warehouse"
    while True:
        build_id = current_build(folder.parent)
        try:
            return Warehouse(folder / f"{build_id}.duckdb")
        except duckdb.IOException:
            if current_build(folder.parent) == build_id:
                raise


def current_build(home: Path) -> str:
    """The id of the published build. Raises NothingPublished."""
    try:
        return (home / "warehouse" / "current").read_text().strip()
    except FileNotFoundError as error:
        remedy = "run `workbench etl run --source DIR`, or `make run` for the sample"
        raise NothingPublished(f"no build is published in {home}", remedy) from error


def _attach(path: Path) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB that sees one build and the lake files it lists, and nothing else on this machine."""
    root = duckdb.connect(config={"python_enable_replacements": False})
    root.execute(f"attach {_quoted(path)} as build (read_only)")
    lake = _lake_files(root, path.parent.parent / "lake")
    for relation, files in lake.items():
        root.execute(f"create view {relation} as from read_parquet([{', '.join(map(_quoted, files))}])")
    for name, query in root.execute("select name, query from build.internal.views").fetchall():
        root.execute(f"create view {name} as {query}")
    for (name,) in root.execute("select table_name from duckdb_tables() where schema_name = 'main'").fetchall():
        root.execute(f"create view {name} as from build.main.{name}")
    _lock(root, [str(file) for files in lake.values() for file in files])
    return root


def _lock(root: duckdb.DuckDBPyConnection, files: list[str]) -> None:
    """No file but the build's, no extension, no setting, from here on. Cursors inherit only what is set globally."""
    zone = root.execute("select timezone from build").fetchone()
    root.execute("set global timezone = ?", [zone[0] if zone else "UTC"])
    root.execute("set allowed_paths = ?", [files])
    root.execute("set enable_external_access = false")
    root.execute("set lock_configuration = true")


def _lake_files(root: duckdb.DuckDBPyConnection, lake: Path) -> dict[str, list[Path]]:
    """The lake files behind each exposed relation, by the build's own list."""
    listed: dict[str, list[Path]] = {}
    query = "select relation, path from build.internal.lake where exposed order by relation, path"
    for relation, path in root.execute(query).fetchall():
        listed.setdefault(relation, []).append(lake / path)
    return listed


def _quoted(path: Path) -> str:
    """A path as an SQL literal."""
    return "'" + str(path).replace("'", "''") + "'"


def _build_of(root: duckdb.DuckDBPyConnection) -> Build:
    query = "select id, built_at, code_version, data_until, timezone, sample from build"
    return Build(*root.execute(query).fetchall()[0])


def _one_select(root: duckdb.DuckDBPyConnection, query: str) -> None:
    """DuckDB's own reading of the query decides: one statement, and a SELECT."""
    try:
        statements = root.extract_statements(query)
    except duckdb.ParserException as error:
        raise QueryInvalid(str(error).split("\n")[0], "correct the query") from error
    if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
        raise QueryRefused("sql() runs exactly one SELECT", "explore on a copy: `wh.sql(…).pl()`, then what you like")
