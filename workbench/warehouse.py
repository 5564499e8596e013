"""The published builds: which one is current, and how to look into it without being able to hurt it.

A build is one immutable DuckDB file, `HOME/warehouse/<id>.duckdb`; the text file `HOME/warehouse/current` names the
published one. It is attached read-only to an in-memory DuckDB whose file access ends at the build's own lake files,
so readers never wait for a writer, and nothing that goes through `sql()` changes a byte under HOME.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from workbench.access import Role
from workbench.errors import NothingPublished, QueryInvalid, QueryRefused
from workbench.metrics import metric
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
class Run:
    """A run that published `build`: its seconds of reading, counting and writing tables, and days it counted anew.

    `whole`: everything was counted anew, as after a change of the code.
    """

    build: str
    began_at: datetime
    whole: bool
    days: int
    landing_seconds: float
    counting_seconds: float
    tables_seconds: float


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
        self.home = path.parent.parent
        self._root = _attach(path)
        self.build = _build_of(self._root)

    def sql(self, query: str, params: Mapping[str, Any] | None = None) -> Answer:
        """The answer to exactly one SELECT; named parameters are written `$name`.

        Raises QueryRefused for anything but one SELECT, QueryInvalid where DuckDB does not understand it.
        """
        _one_select(self._root, query)
        return Answer(self._root, query, params or {})

    def metric(
        self,
        name: str,
        by: Sequence[str] = (),
        since: date | None = None,
        until: date | None = None,
        where: Mapping[str, Sequence[str]] | None = None,
    ) -> Answer:
        """A metric of the catalogue, as the pages count it: columns `day` (of a daily one), those of `by`, its name.

        `where` cuts by country, role or plan. Raises MetricInvalid. Who can open a build is an analyst at least, so
        small cells are not folded.
        """
        return metric(self, name, by=by, since=since, until=until, where=where, role=Role.ANALYST, small_cell=0)

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

    def runs(self) -> list[Run]:
        """The last runs up to this build, the newest first; none where the build is from before they were noted."""
        known = """
            select 1 from duckdb_tables()
            where (database_name, schema_name, table_name) = ('build', 'internal', 'runs')
        """
        if not self.sql(known).rows():
            return []
        return [Run(*row) for row in self.sql("from build.internal.runs order by build desc").rows()]

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


def previous_build(home: Path) -> Warehouse | None:
    """The newest of the kept builds before the published one; None where none is kept any more."""
    published = current_build(home)
    kept = sorted(path for path in (home / "warehouse").glob("[!.]*.duckdb") if path.stem < published)
    try:
        return Warehouse(kept[-1]) if kept else None
    except duckdb.IOException:  # a run that has just ended swept it away
        return None


def kept_builds(home: Path) -> list[Build]:
    """The published build and those before it that are still kept, the newest first. Raises NothingPublished."""
    published = current_build(home)
    paths = sorted((home / "warehouse").glob("[!.]*.duckdb"), reverse=True)
    return [build for path in paths if path.stem <= published for build in _kept(path)]


def _kept(path: Path) -> list[Build]:
    """The build of a file; nothing where a run that has just ended swept it away."""
    try:
        with closing(duckdb.connect(str(path), read_only=True)) as con:
            return [_build_of(con)]
    except duckdb.IOException:
        return []


def _attach(path: Path) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB that sees one build and the lake files it lists, and nothing else on this machine."""
    root = duckdb.connect(config={"python_enable_replacements": False})
    root.execute(f"attach {_quoted(path)} as build (read_only)")
    lake = _lake_files(root, path.parent.parent / "lake")
    for relation, files in lake.items():
        root.execute(f"create view {relation} as from read_parquet([{', '.join(map(_quoted, files))}])")
    for (name,) in root.execute("select table_name from duckdb_tables() where schema_name = 'main'").fetchall():
        root.execute(f"create view {name} as from build.main.{name}")
    for name, query in root.execute("select name, query from build.internal.views").fetchall():
        root.execute(f"create view {name} as {query}")
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
