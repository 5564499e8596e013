"""The published builds: which one is current, and how to look into it without being able to hurt it.

A build is one immutable DuckDB file, `HOME/warehouse/<id>.duckdb`; the text file `HOME/warehouse/current` names the
published one. It is attached read-only to an in-memory DuckDB whose file access ends at the build's own lake files,
so readers never wait for a writer, and nothing that goes through `sql()` changes a byte under HOME.

In a notebook a build and an answer show themselves as tables. A handle goes on answering from the build it opened, and
says so once a newer one is published: `newer` names it.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import duckdb

from workbench.access import Role
from workbench.errors import NothingPublished, QueryInvalid, QueryRefused
from workbench.metrics import METRICS, metric
from workbench.notebook import ROWS_SHOWN, Column, answer_html, build_html
from workbench.settings import Settings, load_settings
from workbench.text import Words

# The copy that it warns of is chosen in `Answer.pl`.
warnings.filterwarnings("ignore", "Arrow output on a DB-API result", UserWarning)

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


class Answer:
    """The rows of one query, in the shape asked for. Every call runs the query on a cursor of its own.

    At the end of a notebook's cell it shows its first rows, with meaning and unit in the header of each column that
    the dictionary knows, and says how many rows there are.

    >>> wh.sql("select 6 * $n as product", {"n": 7}).rows()
    [(42,)]
    """

    def __init__(self, warehouse: Warehouse, query: str, params: Mapping[str, Any], metric: str = "") -> None:
        self._warehouse, self._query, self._params, self._metric = warehouse, query, dict(params), metric

    def __repr__(self) -> str:
        asked = self._metric or " ".join(self._query.split())
        return f"<Answer of build {self._warehouse.build.id}: {asked[:60]}{'…' * (len(asked) > 60)}>"

    def _repr_html_(self) -> str:
        """What a notebook shows: meaning, unit, the first rows, and how many there are."""
        names, rows, count = self._run(lambda cursor: _shown(self._relation(cursor)))
        known = self._known()
        return answer_html(
            [known.get(name) or Column(name, "", "", "") for name in names], rows, count, self._warehouse.newer
        )

    def _known(self) -> dict[str, Column]:
        """What is known of columns by their names: from the tables that the query reads, where these agree."""
        found: dict[str, set[Column]] = {}
        for table in self._tables():
            for column in self._warehouse._dictionary.get(table, []):
                found.setdefault(column.name, set()).add(column)
        known = {name: columns.pop() for name, columns in found.items() if len(columns) == 1}
        if self._metric:
            name = Words(load_settings().language)(f"metric.{self._metric}.name")
            known[self._metric] = Column(self._metric, "", METRICS[self._metric].unit, name)
        return known

    def _tables(self) -> set[str]:
        """The tables that the query reads; none where DuckDB cannot say."""
        query = re.sub(r"\$(\w+)", lambda found: "null" if found[1] in self._params else found[0], self._query)
        with closing(self._warehouse._root.cursor()) as cursor, suppress(duckdb.Error):
            return {name.split(".")[-1].strip('"') for name in cursor.get_table_names(query)}
        return set()

    def _run(self, take: Callable[[duckdb.DuckDBPyConnection], Any]) -> Any:
        with closing(self._warehouse._root.cursor()) as cursor:
            try:
                return take(cursor)
            except (duckdb.ProgrammingError, duckdb.DataError, duckdb.PermissionException) as error:
                remedy = "correct the query; `tables()` and `describe(table)` list what there is"
                raise QueryInvalid(str(error).split("\n")[0], remedy) from error

    def _relation(self, cursor: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
        return cursor.sql(self._query, params=self._params)

    def pl(self) -> polars.DataFrame:
        """The rows as a Polars frame.

        The pages ask so, for few rows each time. DuckDB plans a relation more than once, which of such questions is
        most of the cost; a plain result it plans once, for a copy of the rows.
        """
        import polars

        frame: polars.DataFrame = self._run(
            lambda cursor: polars.from_arrow(cursor.execute(self._query, self._params).to_arrow_table())
        )
        return frame

    def df(self) -> pandas.DataFrame:
        """The rows as a pandas frame."""
        frame: pandas.DataFrame = self._run(lambda cursor: self._relation(cursor).df())
        return frame

    def arrow(self) -> pyarrow.Table:
        """The rows as an Arrow table."""
        return self._run(lambda cursor: self._relation(cursor).to_arrow_table())

    def rows(self) -> list[tuple[Any, ...]]:
        """The rows as a list of tuples."""
        rows: list[tuple[Any, ...]] = self._run(lambda cursor: cursor.execute(self._query, self._params).fetchall())
        return rows


class Warehouse:
    """One published build, read-only, safe beside a running ETL and from several threads.

    It goes on answering from the build it opened, whatever is published meanwhile; `newer` says when that happened.

    >>> wh.build.data_until
    datetime.date(2020, 12, 14)
    >>> wh.newer is None
    True
    """

    def __init__(self, path: Path) -> None:
        self.home = path.parent.parent
        self._root = _attach(path)
        # Pages ask the same again and again, and to read a query takes DuckDB 1 to 2 ms. What was refused is not kept.
        self._one_select = lru_cache(maxsize=256)(partial(_one_select, self._root))
        self.build = _build_of(self._root)

    def __repr__(self) -> str:
        newer = f", newer: {self.newer}" if self.newer else ""
        return f"<Warehouse {self.build.id}, data until {self.build.data_until}{newer}>"

    def _repr_html_(self) -> str:
        """What a notebook shows: which build this is, its tables, and whether a newer one is there."""
        return build_html(self.build.id, self.build.data_until, self.tables(), self.newer)

    @property
    def newer(self) -> str | None:
        """The id of the published build, where that is newer than this one; None too where it cannot be read.

        `workbench.open()` opens it.
        """
        try:
            published = current_build(self.home)
        except (NothingPublished, OSError, UnicodeDecodeError):
            return None
        return published if published > self.build.id else None

    @cached_property
    def _dictionary(self) -> dict[str, list[Column]]:
        """Every column of every table; a build never changes."""
        query = """
            select table_name, column_name, type, unit, meaning from dictionary
            where column_name <> '' order by table_name, position
        """
        tables: dict[str, list[Column]] = {}
        for table, *column in self.sql(query).rows():
            tables.setdefault(table, []).append(Column(*column))
        return tables

    def sql(self, query: str, params: Mapping[str, Any] | None = None) -> Answer:
        """The answer to exactly one SELECT; named parameters are written `$name`.

        Raises QueryRefused for anything but one SELECT, QueryInvalid where DuckDB does not understand it.

        >>> query = "select count(*) from classes where created_on >= $since"
        >>> wh.sql(query, {"since": date(2020, 9, 1)}).rows()
        [(4,)]
        """
        self._one_select(query)
        return Answer(self, query, params or {})

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

        >>> last = wh.build.data_until
        >>> wh.metric("mau", by=["role"], since=last, until=last, where={"country": ["BE"]}).pl().columns
        ['day', 'role', 'mau']
        """
        asked = metric(self, name, by=by, since=since, until=until, where=where, role=Role.ANALYST, small_cell=0)
        return Answer(self, asked._query, asked._params, name)

    def tables(self) -> dict[str, str]:
        """Every table an analyst may rely on, with its meaning.

        >>> "active_users" in wh.tables()
        True
        """
        return dict(self.sql("select table_name, meaning from dictionary where column_name = '' order by 1").rows())

    def describe(self, table: str) -> list[Column]:
        """The columns of a table in order. Raises QueryInvalid for a table that is not there.

        >>> [column.name for column in wh.describe("days")]
        ['day', 'loaded']
        """
        if table not in self._dictionary:
            raise QueryInvalid(f"there is no table {table!r}", f"take one of {', '.join(self.tables())}")
        return list(self._dictionary[table])

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


def as_of(settings: Settings) -> tuple[Warehouse | None, date]:
    """The published build if there is one, and today (`today_of`)."""
    try:
        warehouse = open_warehouse(settings.home)
    except NothingPublished:
        return None, settings.today or datetime.now(ZoneInfo(settings.timezone)).date()
    return warehouse, today_of(settings, warehouse.build)


def today_of(settings: Settings, build: Build) -> date:
    """The sample's today is the day after its last; elsewhere it is what the settings say, or the clock."""
    if settings.today is None and build.sample and build.data_until is not None:
        return build.data_until + timedelta(days=1)
    return settings.today or datetime.now(ZoneInfo(build.timezone)).date()


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


def _shown(relation: duckdb.DuckDBPyRelation) -> tuple[list[str], list[tuple[Any, ...]], int]:
    """The columns of a relation, its first rows, and how many there are."""
    count: int = relation.aggregate("count(*)").fetchall()[0][0]
    return relation.columns, relation.limit(ROWS_SHOWN).fetchall(), count


def _attach(path: Path) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB that sees one build and the lake files it lists, and nothing else on this machine."""
    root = duckdb.connect(config={"python_enable_replacements": False})
    root.execute(f"attach {_quoted(path)} as build (read_only)")
    lake = _lake_files(root, path.parent.parent / "lake")
    for relation, files in lake.items():
        root.execute(f"create view {relation} as from read_parquet([{', '.join(map(_quoted, files))}])")
    views = root.execute("select name, query from build.internal.views").fetchall()
    # Of its dictionary and not of duckdb_tables(), which takes 10 ms.
    tables = {name for (name,) in root.execute("select distinct table_name from build.dictionary").fetchall()}
    for name in tables.difference(name for name, _ in views):
        root.execute(f"create view {name} as from build.main.{name}")
    for name, query in views:
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
