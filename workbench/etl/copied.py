"""What a build takes over from the ledger: ambassadors, commitments, answers; names and free text stay there.

Whoever starts a run hands the rows over, since `etl` and `surveys` do not know each other.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from workbench.etl.arrays import table

Copies = Mapping[str, Sequence[Mapping[str, object]]]
"""The rows of `ambassadors`, `ambassador_classes`, `commitments` and `answers`, with the columns of the models."""


@dataclass(frozen=True)
class Copied:
    """The relations that the models read, and a hash that tells whether they are those of another build.

    The hash is empty where nothing is lent, as it is of a build that took nothing.
    """

    relations: dict[str, pa.Table]
    digest: str


def copied(rows: Copies | None) -> Copied | None:
    """Rows as relations, sorted; None for none."""
    if rows is None:
        return None
    tables = {f"ledger_{name}": _sorted(table(rows.get(name, []), schema)) for name, schema in SCHEMAS.items()}
    hashed = hashlib.sha256()
    for relation in tables.values():
        hashed.update(repr(relation.to_pylist()).encode())
    return Copied(tables, hashed.hexdigest() if any(map(len, tables.values())) else "")


def none_copied() -> dict[str, pa.Table]:
    """The relations of a build that nobody handed anything to."""
    return {f"ledger_{name}": table([], schema) for name, schema in SCHEMAS.items()}


def _sorted(rows: pa.Table) -> pa.Table:
    return rows.sort_by([(name, "ascending") for name in rows.column_names])


def load_digest(con: duckdb.DuckDBPyConnection) -> str:
    """The hash of what the build that `con` has open took over; empty where it took nothing."""
    try:
        return str(con.execute("select digest from internal.copied").fetchall()[0][0])
    except duckdb.CatalogException:
        return ""


def save_digest(con: duckdb.DuckDBPyConnection, digest: str) -> None:
    """Write the hash into the build that `con` has open."""
    con.execute("create or replace table internal.copied as select ? as digest", [digest])


SCHEMAS = {
    "ambassadors": pa.schema(
        {"ambassador_key": pa.int64(), "status": pa.string(), "since": pa.date32(), "academie": pa.string()}
    ),
    "ambassador_classes": pa.schema({"ambassador_key": pa.int64(), "class_key": pa.int64()}),
    "commitments": pa.schema(
        {"ambassador_key": pa.int64()}
        | {name: pa.string() for name in ("quarter", "commitment", "status", "evidence_kind")}
        | {"decided_on": pa.date32()}
    ),
    "answers": pa.schema(
        {"response_key": pa.int64(), "ambassador_key": pa.int64()}
        | {name: pa.string() for name in ("form", "quarter", "question_ref", "kind")}
        | {"number": pa.float64(), "choice": pa.string(), "theme": pa.string()}
    ),
}
