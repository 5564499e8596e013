"""What the models read: the landed feeds and the lake as DuckDB relations, each behind one name.

Rows of a feed come with their `path` and `line`, so that "the newest row wins" is a matter of SQL.
"""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from workbench.etl.arrays import empty, strings
from workbench.etl.feeds import FEEDS

EXPOSED = ("lake_user_day", "lake_class_user", "lake_user_origin")
"""Relations of the lake that readers of a build see through its views."""


def query(name: str) -> str:
    """The text of one of this folder's SQL files."""
    return files("workbench.etl.inputs").joinpath(f"{name}.sql").read_text(encoding="utf-8")


def connect(path: Path, timezone: str, spill: Path) -> duckdb.DuckDBPyConnection:
    """A build to write, in the HOME's time zone, with little memory.

    Small blocks: most tables are small, and every run copies the build (4.2 MB of nothing with blocks of 256 kB).
    """
    con = duckdb.connect()
    con.execute(f"set timezone = {_text(timezone)}")
    con.execute("set memory_limit = '400MB'")
    con.execute(f"set temp_directory = {_text(str(spill))}")
    con.execute("set preserve_insertion_order = false")
    con.execute(f"attach {_text(str(path))} as made (storage_version 'v1.5.0', block_size 16384)")
    con.execute("use made")
    return con


def give(con: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    """An Arrow table as a relation."""
    con.register(name, table)


def give_files(con: duckdb.DuckDBPyConnection, name: str, lake: Path, paths: list[str]) -> None:
    """Lake files of one schema as a relation."""
    listed = ", ".join(_text(str(lake / path)) for path in paths)
    con.execute(f"create or replace temp view {name} as from read_parquet([{listed}])")


def give_feed(con: duckdb.DuckDBPyConnection, feed: str, lake: Path, parts: Mapping[str, str]) -> None:
    """A feed's rows as `<feed>_rows`, with `path` (of the export) and `line`; `parts` maps path → lake file.

    A column that the contract had not yet when a file landed is empty for it, until `etl run --full` reads it again.
    """
    fields = [*FEEDS[feed].schema, pa.field("path", pa.string())]
    if not FEEDS[feed].keeps_line:
        fields.append(pa.field("line", pa.int64()))
    give(con, f"{feed}_none", empty(pa.schema(fields)))
    if not parts:
        view(con, f"{feed}_rows", f"from {feed}_none")
        return
    pairs = {"filename": [str(lake / part) for part in parts.values()], "path": list(parts)}
    give(con, f"{feed}_paths", pa.Table.from_arrays([strings(column) for column in pairs.values()], list(pairs)))
    line = "" if FEEDS[feed].keeps_line else ", file_row_number as line"
    listed = ", ".join(map(_text, pairs["filename"]))
    read = f"read_parquet([{listed}], filename = true, file_row_number = true, union_by_name = true)"
    landed = f"select * exclude (filename, file_row_number){line} from {read} join {feed}_paths using (filename)"
    view(con, f"{feed}_rows", f"from {feed}_none union all by name {landed}")


def derive(con: duckdb.DuckDBPyConnection, name: str, text: str) -> None:
    """The answer of a query, kept for this run."""
    con.execute(f"create or replace temp table {name} as {text}")


def view(con: duckdb.DuckDBPyConnection, name: str, text: str) -> None:
    """A query under a name, for this run."""
    con.execute(f"create or replace temp view {name} as {text}")


def answer(con: duckdb.DuckDBPyConnection, text: str) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    return con.execute(text).fetchall()


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
