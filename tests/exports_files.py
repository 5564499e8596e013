"""Rows as files: each format in the dresses it comes in, by the name of the file."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard
from exports_rows import Cells, World

FORMATS = ("csv", "csv.gz", "csv.zst", "tsv", "jsonl", "jsonl.gz", "ndjson", "parquet", "csv", "tsv.gz", "ndjson.zst")
NAMES = ("{feed}/{n}", "{feed}/2020/été n°{n}", '{feed}/l\'export "{n}"', "{feed}/zz {n}", "{feed}/A{n}")


def path_of(world: World, feed: str, number: int) -> str:
    return f"{world.rng.choice(NAMES).format(feed=feed, n=number)}.{world.rng.choice(FORMATS)}"


def instant_writers(zone: ZoneInfo) -> tuple[Callable[[datetime], str], ...]:
    return (
        lambda at: at.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if at.microsecond else at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        lambda at: at.astimezone(zone).isoformat(),
        lambda at: at.strftime("%Y-%m-%d %H:%M:%S"),
        lambda at: at.strftime("%d/%m/%Y %H:%M:%S"),
        lambda at: str(int(at.timestamp())),
        lambda at: str(round(at.timestamp() * 1000)),
    )


def file_bytes(world: World, path: str, rows: list[Cells]) -> bytes:
    """The rows as a file of the format its name says, in one of the dresses of that format."""
    data = dressed(world, path, rows)
    world.rows_in[data] = rows
    return data


def dressed(world: World, path: str, rows: list[Cells]) -> bytes:
    rng = world.rng
    suffixes = Path(path).name.split(".")[1:]
    columns = rng.sample(list(rows[0]), len(rows[0]))
    if suffixes[0] == "parquet":
        return parquet_bytes(columns, rows)
    write_instant = rng.choice(instant_writers(world.zone))
    texts = [
        {name: write_instant(row[name]) if isinstance(row[name], datetime) else row[name] for name in columns}
        for row in rows
    ]
    data = csv_bytes(world, suffixes[0], columns, texts) if suffixes[0] in ("csv", "tsv") else json_bytes(world, texts)
    return packed(suffixes[-1], data)


def packed(suffix: str, data: bytes) -> bytes:
    if suffix == "gz":
        return gzip.compress(data, mtime=0)
    return zstandard.compress(data) if suffix == "zst" else data


def csv_bytes(world: World, suffix: str, columns: list[str], rows: list[Cells]) -> bytes:
    rng = world.rng
    with_unknown_column = [*columns, "établissement"] if world.sometimes(0.5) else columns
    text = io.StringIO(newline="")
    delimiter = "\t" if suffix == "tsv" else rng.choice(",;")
    out = csv.writer(text, delimiter=delimiter, lineterminator=rng.choice(("\n", "\r\n")))
    out.writerow(with_unknown_column)
    for row in rows:
        out.writerow([row.get(name, "École Louvre") for name in with_unknown_column])
    if world.sometimes(0.2):
        out.writerow(["too", "short"])
    choices = ("utf-8", "utf-8-sig", "utf-16")
    return text.getvalue().encode(rng.choice((*choices, "cp1252") if with_unknown_column is not columns else choices))


def json_bytes(world: World, rows: list[Cells]) -> bytes:
    """One object a line; empty values are null or left out, whole numbers sometimes numbers."""
    as_number = world.sometimes(0.5)
    lines = []
    for row in rows:
        cells = {name: text or None for name, text in row.items() if text or world.sometimes(0.5)}
        numbers = {name: int(text) for name, text in cells.items() if text and text.isdigit() and text[0] != "0"}
        lines.append(json.dumps(cells | numbers if as_number else cells, ensure_ascii=world.sometimes(0.5)))
    return ("\n".join(lines) + world.rng.choice(("", "\n"))).encode()


def parquet_bytes(columns: list[str], rows: list[Cells]) -> bytes:
    """Instants typed where all of a column are; the rest is text."""
    arrays = {}
    for name in columns:
        values = [row[name] or None for row in rows]
        typed = all(isinstance(value, datetime) for value in values if value)
        texts = [value if not isinstance(value, datetime) else value.isoformat() for value in values]
        arrays[name] = pa.array(values, pa.timestamp("us", "UTC")) if typed else pa.array(texts, pa.string())
    out = io.BytesIO()
    pq.write_table(pa.table(arrays), out)
    return out.getvalue()
