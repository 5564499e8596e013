"""The oracle's own reader: a folder of exports, read by the rules of design.md ("Feeds"), one obvious step at a time.

It shares no code with the workbench: the csv and json modules, pyarrow to open Parquet files, zstandard to unpack,
pycountry for the ISO 3166 codes. Slow, and only for folders that fit in memory. `read_files` is the way in.
"""

import contextlib
import csv
import gzip
import hashlib
import io
import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pycountry
import zstandard

Row = dict[str, Any]

# ---------------------------------------------------------------- values: text -> value, ValueError if it is none


def folded(text: str) -> str:
    """The text without accents and case."""
    letters = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold()


def one_of(*choices: str, otherwise: str | None = None) -> Callable[[str], str]:
    def read(text: str) -> str:
        if folded(text) in choices:
            return folded(text)
        if otherwise is None:
            raise ValueError(text)
        return otherwise

    return read


OVERSEAS = {"GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF", "WF", "PF", "NC", "TF"}


def alpha2(text: str) -> str:
    """The country's two-letter code, from that or the three-letter one; ZZ if there is no such country."""
    code = text.upper()
    found = pycountry.countries.get(alpha_2=code) or pycountry.countries.get(alpha_3=code)
    return found.alpha_2 if found else "ZZ"


def country(text: str) -> str:
    return "FR" if alpha2(text) in OVERSEAS else alpha2(text)


def territory(text: str) -> str | None:
    return alpha2(text) if alpha2(text) in OVERSEAS else None


INSTANT = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)[T ](?P<hour>\d\d):(?P<minute>\d\d)(:(?P<second>\d\d)"
    r"(\.(?P<fraction>\d{1,6}))?)?\s*(?P<offset>Z|[+-]\d\d(:?\d\d)?)?"
)
FRENCH_INSTANT = re.compile(
    r"(?P<day>\d\d)/(?P<month>\d\d)/(?P<year>\d{4}) (?P<hour>\d\d):(?P<minute>\d\d)(:(?P<second>\d\d))?"
)
INSTANT_FIELDS = ("year", "month", "day", "hour", "minute", "second")
EPOCH = re.compile(r"-?\d+(\.\d+)?")
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


def instant(text: str) -> datetime:
    """The instant, in UTC; without an offset the text is in UTC."""
    if EPOCH.fullmatch(text):
        seconds = Decimal(text) / 1000 if Decimal(text) >= 10**11 else Decimal(text)
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(seconds * 1_000_000))
    found = INSTANT.fullmatch(text) or FRENCH_INSTANT.fullmatch(text)
    if not found:
        raise ValueError(text)
    parts = found.groupdict()
    year, month, day, hour, minute, second = (int(parts[name] or 0) for name in INSTANT_FIELDS)
    microsecond = int((parts.get("fraction") or "0").ljust(6, "0"))
    local = datetime(year, month, day, hour, minute, second, microsecond, tzinfo=offset(parts.get("offset") or "Z"))
    return local.astimezone(UTC)


def offset(text: str) -> timezone:
    if text == "Z":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:])))


def day_of_text(text: str) -> date:
    if found := re.fullmatch(r"(\d\d)/(\d\d)/(\d{4})", text):
        return date(int(found[3]), int(found[2]), int(found[1]))
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return date.fromisoformat(text)
    raise ValueError(text)


def money(text: str) -> Decimal:
    if not re.fullmatch(r"\d+([.,]\d{1,2})?", text):
        raise ValueError(text)
    return Decimal(text.replace(",", ".")).quantize(Decimal("0.01"))


def whole(text: str) -> int:
    if not re.fullmatch(r"\d+", text):
        raise ValueError(text)
    return int(text)


def measure(text: str) -> float:
    if not re.fullmatch(r"\d+([.,]\d+)?", text):
        raise ValueError(text)
    return float(text.replace(",", "."))


def yes_or_no(text: str) -> bool:
    return {"true": True, "1": True, "oui": True, "false": False, "0": False, "non": False}[folded(text)]


ROLE = one_of("teacher", "parent", "student", "staff", otherwise="other")
FEEDS: dict[str, dict[str, Callable[[str], Any]]] = {
    "usage": {
        "event_id*": str,
        "occurred_at*": instant,
        "user_id*": str,
        "event*": str.lower,
        "role": ROLE,
        "country": country,
        "class_id": str,
        "platform": str,
        "language": str,
    },
    "users": {
        "user_id*": str,
        "role*": ROLE,
        "country*": country,
        "created_at*": instant,
        "language": str,
        "deleted_at": instant,
    },
    "classes": {
        "class_id*": str,
        "created_at*": instant,
        "country*": country,
        "slug": str,
        "region": str,
        "department": str,
        "commune_code": str,
        "level": str,
        "members": whole,
        "admins": whole,
        "storage_mb": measure,
        "measured_at": instant,
        "archived_at": instant,
    },
    "subscriptions": {
        "subscription_id*": str,
        "class_id*": str,
        "plan*": one_of("initiale", "standard", "plus"),
        "payer_type*": one_of("commune", "ecole", "classe"),
        "starts_on*": day_of_text,
        "ends_on*": day_of_text,
        "price_eur*": money,
        "payer_code": str,
        "confort_famille": yes_or_no,
        "confort_price_eur": money,
        "cancelled_on": day_of_text,
        "updated_at": instant,
    },
    "translations": {
        "translation_id*": str,
        "translated_at*": instant,
        "post_id*": str,
        "source_language*": str,
        "target_language*": str,
        "class_id": str,
        "user_id": str,
        "country": country,
        "characters": whole,
        "status": one_of("ok", "failed"),
    },
}


# ---------------------------------------------------------------- files: bytes -> rows


class RefusedFileError(Exception):
    """The whole file is set aside; the message is the reason."""


@dataclass(frozen=True)
class ReadFile:
    """One file of the folder; `rows` are the readable ones, in order, each with its `path` and `line`."""

    feed: str
    path: str
    sha256: str
    status: str
    rows: list[Row]
    rejected: int


def unpacked(path: str, data: bytes) -> bytes:
    """The bytes inside a .gz or .zst; a cut archive is refused."""
    if path.endswith(".gz"):
        try:
            return gzip.decompress(data)
        except (EOFError, gzip.BadGzipFile) as error:
            raise RefusedFileError("truncated archive") from error
    if path.endswith(".zst"):
        frame = zstandard.ZstdDecompressor().decompressobj()
        content = frame.decompress(data)
        if not frame.eof or frame.unused_data:
            raise RefusedFileError("truncated archive")
        return content
    return data


MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


def decoded(data: bytes) -> str:
    """The text; a byte that means nothing becomes a lone surrogate, which rejects its row."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("utf-8-sig" if MULTIBYTE.search(data) else "cp1252", "surrogateescape")


def is_broken(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)


Record = tuple[int, dict[str, str] | None]
"""The line where the record starts, and its cells by column; None if it cannot be read."""
Content = tuple[set[str], list[Record]]
"""The columns of a file, and its records."""


def csv_content(text: str) -> Content:
    header_line = text.lstrip().split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=header_line.count))
    header = [name.strip() for name in next(reader)]
    records: list[Record] = []
    start = reader.line_num + 1
    for record in reader:
        readable = len(record) == len(header) and not any(map(is_broken, record))
        if record:
            records.append((start, dict(zip(header, record, strict=True)) if readable else None))
        start = reader.line_num + 1
    return set(header), records


def json_content(text: str) -> Content:
    lines = [(line, record) for line, record in enumerate(text.split("\n"), start=1) if record.strip()]
    records = [(line, json_cells(record)) for line, record in lines]
    return {name for _, cells in records if cells for name in cells}, records


def json_cells(record: str) -> dict[str, str] | None:
    try:
        found = json.loads(record)
    except json.JSONDecodeError:
        return None
    readable = isinstance(found, dict) and not is_broken(record)
    return {name: text_of(value) for name, value in found.items()} if readable else None


def parquet_content(data: bytes) -> Content:
    try:
        table = pq.read_table(pa.BufferReader(data))
    except pa.ArrowInvalid as error:
        raise RefusedFileError("not a whole Parquet file") from error
    rows = [{name: text_of(value) for name, value in row.items()} for row in table.to_pylist()]
    return set(table.column_names), list(enumerate(rows, start=1))


def text_of(value: object) -> str:
    """A typed value as a text file would write it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)


def content_of(path: str, data: bytes) -> Content:
    content = unpacked(path, data)
    if not content.strip():
        raise RefusedFileError("empty")
    if ".parquet" in path:
        return parquet_content(content)
    if ".csv" in path or ".tsv" in path:
        return csv_content(decoded(content))
    return json_content(decoded(content))


def row_of(feed: str, cells: dict[str, str], landed_at: datetime) -> Row:
    """The row's values by column, empty ones None; ValueError or KeyError if one cannot be read."""
    row: Row = {}
    for column, read in FEEDS[feed].items():
        name, text = column.rstrip("*"), cells.get(column.rstrip("*"), "").strip()
        if not text and column.endswith("*"):
            raise ValueError(f"{name} is required")
        row[name] = read(text) if text else None
        if isinstance(row[name], datetime) and not EARLIEST <= row[name] <= landed_at + timedelta(days=1):
            raise ValueError(f"{name} is no instant of this century's past")
    row["territory"] = territory(cells.get("country", "").strip())
    return row


def read_rows(feed: str, path: str, data: bytes, landed_at: datetime) -> tuple[list[Row], int]:
    """The readable rows and the number of rejected ones; RefusedFileError if the file is to be set aside."""
    columns, records = content_of(path, data)
    if missing := {name.rstrip("*") for name in FEEDS[feed] if name.endswith("*")} - columns:
        raise RefusedFileError(f"without {sorted(missing)}")
    rows = []
    for line, cells in records:
        with contextlib.suppress(ValueError, KeyError, OverflowError):
            if cells is not None:
                rows.append(row_of(feed, cells, landed_at) | {"path": path, "line": line})
    rejected = len(records) - len(rows)
    if rejected > 10 and rejected * 20 > len(records):
        raise RefusedFileError("more than 5 % of the rows are rejected")
    return rows, rejected


def read_file(feed: str, path: str, data: bytes, landed_at: datetime) -> ReadFile:
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        rows, rejected = read_rows(feed, path, data, landed_at)
    except RefusedFileError:
        return ReadFile(feed, path, sha256, "refused", [], 0)
    return ReadFile(feed, path, sha256, "landed", rows, rejected)


SUFFIX = re.compile(r".*\.(csv|tsv|jsonl|ndjson|parquet)(\.gz|\.zst)?")


def files_in(folder: Path) -> dict[str, bytes]:
    """The bytes of every file, by path relative to the folder."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def read_files(files: Mapping[str, bytes], landed_at: datetime) -> list[ReadFile]:
    """Every file of the five feeds, by path; those of other folders and other kinds are left out."""
    found: list[ReadFile] = []
    seen: set[tuple[str, str]] = set()
    for path, data in sorted(files.items()):
        feed = path.split("/")[0]
        if feed not in FEEDS or not SUFFIX.fullmatch(path):
            continue
        file = read_file(feed, path, data, landed_at)
        is_copy = file.status == "landed" and (feed, file.sha256) in seen
        seen.add((feed, file.sha256))
        found.append(ReadFile(feed, path, file.sha256, "copy", [], 0) if is_copy else file)
    return found
