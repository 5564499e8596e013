"""How long the last published runs took: a log in a build's schema `internal` that each build takes on from the last.

It is no table: tables are a function of the set of files, and how long a machine took is none.
"""

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from workbench.etl.arrays import table
from workbench.warehouse import Run

KEPT_RUNS = 20


def load_runs(con: duckdb.DuckDBPyConnection) -> list[Run]:
    """The log of the build that `con` has open, the oldest run first; empty in a build from before there was one."""
    try:
        return [Run(*row) for row in con.execute("from internal.runs order by build").fetchall()]
    except duckdb.CatalogException:
        return []


def save_runs(con: duckdb.DuckDBPyConnection, runs: Sequence[Run]) -> None:
    """Write the log, the newest runs of it, into the build that `con` has open."""
    con.register("noted_runs", table([vars(run) for run in runs[-KEPT_RUNS:]], RUNS))
    con.execute("create or replace table internal.runs as from noted_runs")
    con.unregister("noted_runs")


RUNS = pa.schema(
    {"build": pa.string(), "began_at": pa.timestamp("us", "UTC"), "whole": pa.bool_(), "days": pa.int64()}
    | {name: pa.float64() for name in ("landing_seconds", "counting_seconds", "tables_seconds")}
)
