"""Writing exports in several dresses, with the same bytes each time: nothing in a file depends on when it was made."""

import gzip
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from workbench.sample.chance import Array


@dataclass(frozen=True)
class Dress:
    """How a file looks: its suffix and, for text, how it writes things."""

    suffix: str
    delimiter: str = ","
    instant: str = "%Y-%m-%dT%H:%M:%SZ"
    day: str = "%Y-%m-%d"
    encoding: str = "utf-8"


FRENCH_OFFICE = Dress(".csv.gz", ";", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y")
"""What a French spreadsheet writes. Instants have no offset: they are UTC."""
PLAIN_CSV = Dress(".csv.gz")
PARQUET = Dress(".parquet")
JSON_LINES = Dress(".jsonl.gz")


def write(stem: Path, table: pa.Table, dress: Dress, torn: tuple[str, ...] = ()) -> None:
    """Write a table (instants: timestamp[s] without zone, in UTC); `torn` are lines a text file gets as they are."""
    path = stem.parent / (stem.name + dress.suffix)
    path.parent.mkdir(parents=True, exist_ok=True)
    if dress.suffix == ".parquet":
        pyarrow.parquet.write_table(_typed(table), path, compression="zstd")
        return
    text = _json_lines(table, dress) if ".jsonl" in dress.suffix else _csv(table, dress)
    text += "".join(line + "\n" for line in torn).encode(dress.encoding)
    path.write_bytes(gzip.compress(text, compresslevel=1, mtime=0) if dress.suffix.endswith(".gz") else text)


def numbered(prefix: str, numbers: Array, width: int) -> pa.Array:
    """Identifiers such as u0000042."""
    digits = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width, padding="0")
    return pc.binary_join_element_wise(prefix, digits, "")


def named(numbers: Array, names: list[str], missing: Array | None = None) -> pa.Array:
    """A name for each number of the list `names`; null where `missing`."""
    return pa.DictionaryArray.from_arrays(
        pa.array(numbers.astype(np.int16), mask=missing), pa.array(names, pa.string())
    )


def moments(seconds: Array, missing: Array | None = None) -> pa.Array:
    """Instants from seconds since 1970; null where `missing`."""
    return pa.array(seconds.astype("datetime64[s]"), mask=missing)


def days(dates: Array, missing: Array | None = None) -> pa.Array:
    """Dates from datetime64[D]; null where `missing`."""
    return pa.array(dates, pa.date32(), mask=missing)


def _typed(table: pa.Table) -> pa.Table:
    """Instants in UTC to the microsecond, names as text: what any reader of Parquet takes for granted."""
    return table.cast(pa.schema([pa.field(column.name, _type(column.type)) for column in table.schema]))


def _type(type_: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(type_):
        return pa.timestamp("us", "UTC")
    return pa.string() if pa.types.is_dictionary(type_) else type_


def _csv(table: pa.Table, dress: Dress) -> bytes:
    out = io.BytesIO()
    options = pyarrow.csv.WriteOptions(delimiter=dress.delimiter, quoting_style="none", quoting_header="none")
    pyarrow.csv.write_csv(_written(table, dress), out, options)
    text = out.getvalue()
    return text if dress.encoding == "utf-8" else text.decode().encode(dress.encoding)


def _json_lines(table: pa.Table, dress: Dress) -> bytes:
    out = io.BytesIO()
    frame = pl.from_arrow(_written(table, dress))
    assert isinstance(frame, pl.DataFrame)
    frame.write_ndjson(out)
    return out.getvalue()


def _written(table: pa.Table, dress: Dress) -> pa.Table:
    return pa.table({name: _as_text(table[name], dress) for name in table.column_names})


def _as_text(column: pa.ChunkedArray, dress: Dress) -> pa.ChunkedArray:
    if pa.types.is_timestamp(column.type):
        return pc.strftime(column.cast(pa.timestamp("s")), dress.instant)
    if pa.types.is_date(column.type):
        return pc.strftime(column, dress.day)
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
