"""Parquet files: columns of any type, and files that are cut or damaged."""

import subprocess
import sys
import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from reading import IDS, USAGE, Landed, key, land, usage, write

from workbench.etl.feeds import FEEDS
from workbench.etl.normalise import Refused
from workbench.etl.readers.parquet import read_parquet

AT = datetime(2020, 3, 1, 10, 11, 12, tzinfo=UTC)
TEXT = {"event_id": pa.array(["e1", "e2"]), "user_id": pa.array(["u1", "u2"]), "event": pa.array(["a", "b"])}


def land_columns(tmp_path: Path, feed: str = "usage", **columns: pa.Array) -> Landed:
    """A Parquet file of these columns."""
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table(columns), path)
    return land(path, feed)


PARIS = timezone(timedelta(hours=1))
INSTANTS: list[pa.Array] = [
    pa.array([AT, AT], pa.timestamp("us", "UTC")),
    pa.array([AT, AT], pa.timestamp("ms", "UTC")),
    pa.array([AT, AT], pa.timestamp("ns", "UTC")),
    pa.array([AT.replace(tzinfo=None)] * 2, pa.timestamp("us")),
    pa.array([AT.replace(tzinfo=None)] * 2, pa.timestamp("s")),
    pa.array([AT.astimezone(PARIS)] * 2, pa.timestamp("us", "Europe/Paris")),
    pa.array([1583057472, 1583057472000], pa.int64()),
    pa.array([1583057472, 1583057472], pa.uint32()),
    pa.array([1583057472.0, 1583057472000.0], pa.float64()),
    pa.array([Decimal(1583057472), Decimal(1583057472000)], pa.decimal128(20, 0)),
    pa.array(["2020-03-01T10:11:12Z", "01/03/2020 10:11:12"]),
    pa.array(["2020-03-01T10:11:12Z", "2020-03-01T10:11:12Z"]).dictionary_encode(),
    pa.array(["2020-03-01T10:11:12Z", "1583057472"], pa.large_string()),
]


@pytest.mark.parametrize("column", INSTANTS, ids=lambda column: str(column.type))
def test_an_instant_is_read_from_any_type_that_can_hold_one(column: pa.Array, tmp_path: Path) -> None:
    """Timestamps of each unit (without a zone: UTC), epochs as numbers, and texts."""
    landed = land_columns(tmp_path, **TEXT, occurred_at=column)
    assert [row["occurred_at"] for row in landed.rows] == [AT, AT]


def test_nanoseconds_are_cut(tmp_path: Path) -> None:
    """Never rounded: an event does not move into the next microsecond, and not into the next day."""
    ticks = np.array([1583107199_999999999, 1583107199_999999001])
    column = pa.array(ticks, pa.timestamp("ns", "UTC"))
    landed = land_columns(tmp_path, **TEXT, occurred_at=column)
    assert [row["occurred_at"] for row in landed.rows] == [datetime(2020, 3, 1, 23, 59, 59, 999999, UTC)] * 2


@pytest.mark.parametrize(
    ("column", "reasons"),
    [
        (pa.array([915_148_800, 1_924_992_000], pa.timestamp("s")), ["too_early", "in_future"]),
        (pa.array([-(2**62), 2**62], pa.timestamp("ms")), ["too_early", "in_future"]),
        (pa.array([-(2**62), 2**62], pa.int64()), ["too_early", "in_future"]),
        (pa.array([None, AT], pa.timestamp("us", "UTC")), ["empty_required"]),
        (pa.array([None, 0], pa.int64()), ["empty_required", "too_early"]),
        (pa.array([date(2020, 1, 1), None], pa.date32()), ["unreadable_instant", "empty_required"]),
        (pa.array([True, None], pa.bool_()), ["unreadable_instant", "empty_required"]),
        (pa.array([float("nan"), 1e300]), ["empty_required", "unreadable_instant"]),
        (pa.nulls(2), ["empty_required", "empty_required"]),
        (pa.array([[1], None], pa.list_(pa.int64())), ["nested_value", "empty_required"]),
    ],
    ids=lambda given: str(given.type) if isinstance(given, pa.Array) else "",
)
def test_a_typed_column_rejects_what_is_no_instant(column: pa.Array, reasons: list[str], tmp_path: Path) -> None:
    """The same range and the same reasons as for text; the line is the row of the file, from 1."""
    landed = land_columns(tmp_path, **TEXT, occurred_at=column)
    assert [reject.reason for reject in landed.rejects] == reasons
    assert [reject.line for reject in landed.rejects] == [1, 2][: len(reasons)]


IDENTIFIERS: list[tuple[pa.Array, list[str]]] = [
    (pa.array(["7", " 8 "]), ["7", "8"]),
    (pa.array(["7", "8"], pa.large_string()), ["7", "8"]),
    (pa.array(["7", "7"]).dictionary_encode(), ["7", "7"]),
    (pa.array([7, 8], pa.int32()), ["7", "8"]),
    (pa.array([7, 7]).dictionary_encode(), ["7", "7"]),
    (pa.array([7.0, 12_345_678_901.0]), ["7", "12345678901"]),
    (pa.array([b"7", b"\xc3\xa9"], pa.binary()), ["7", "é"]),
    (pa.array([Decimal(7), Decimal(10**19)], pa.decimal128(20, 0)), ["7", "1" + "0" * 19]),
    (pa.array([uuid.UUID(int=7).bytes, uuid.UUID(int=8).bytes], pa.uuid()), [str(uuid.UUID(int=n)) for n in (7, 8)]),
]


@pytest.mark.parametrize(("column", "texts"), IDENTIFIERS, ids=lambda given: str(getattr(given, "type", "")))
def test_an_identifier_is_the_same_whatever_its_type(column: pa.Array, texts: list[str], tmp_path: Path) -> None:
    """User 7 of a CSV is user 7 of a Parquet file with numbers."""
    landed = land_columns(tmp_path, **TEXT | {"user_id": column, "event_id": column}, occurred_at=pa.array([AT, AT]))
    assert [row["user_key"] for row in landed.rows] == [key("user", text) for text in texts]
    lines = [f'"{text}",2020-03-01T10:11:12Z,u,a' for text in texts]
    as_text = land(write(tmp_path / "a.csv", USAGE, *lines))
    assert [row["event_hash"] for row in landed.rows] == [row["event_hash"] for row in as_text.rows]


SUBSCRIPTION = {
    "subscription_id": pa.array(["s1"]), "class_id": pa.array(["c1"]), "plan": pa.array(["plus"]),
    "payer_type": pa.array(["ecole"]), "starts_on": pa.array(["2019-09-27"]), "ends_on": pa.array(["2020-09-27"]),
    "price_eur": pa.array(["29.5"]),
}  # fmt: skip
MIDNIGHT = datetime(2019, 9, 26, 22, tzinfo=UTC)
"""Of the 27th, in Paris."""
TYPED: list[tuple[str, pa.Array, Any]] = [
    ("starts_on", pa.array([date(2019, 9, 27)]), date(2019, 9, 27)),
    ("starts_on", pa.array([date(2019, 9, 27)], pa.date64()), date(2019, 9, 27)),
    ("starts_on", pa.array([date(2019, 9, 27)]).cast(pa.timestamp("ns")), date(2019, 9, 27)),
    ("starts_on", pa.array([MIDNIGHT], pa.timestamp("us", "Europe/Paris")), date(2019, 9, 27)),
    ("price_eur", pa.array([29.5]), Decimal("29.50")),
    ("price_eur", pa.array([29.99], pa.float32()), Decimal("29.99")),
    ("price_eur", pa.array([29]), Decimal("29.00")),
    ("price_eur", pa.array([Decimal("29.5")], pa.decimal128(10, 3)), Decimal("29.50")),
    ("confort_famille", pa.array([True]), True),
    ("confort_famille", pa.array([0]), False),
    ("confort_famille", pa.array([1.0]), True),
    ("confort_famille", pa.nulls(1), None),
    ("confort_price_eur", pa.array([float("nan")]), None),
    ("plan", pa.array(["PLUS"]).dictionary_encode(), "plus"),
]


@pytest.mark.parametrize(("column", "values", "expected"), TYPED)
def test_a_typed_value_is_read_as_the_text_it_stands_for(
    column: str, values: pa.Array, expected: Any, tmp_path: Path
) -> None:
    """Dates, money and booleans as Parquet writers store them; NaN is how some write an empty number."""
    [row] = land_columns(tmp_path, "subscriptions", **SUBSCRIPTION | {column: values}).rows
    assert row[column] == expected


def test_bytes_that_are_no_text_reject_their_row(tmp_path: Path) -> None:
    """Parquet promises UTF-8 for its strings and does not check it."""
    broken = pa.array([b"u\xff1", b"u2"]).view(pa.string())
    landed = land_columns(tmp_path, **TEXT | {"user_id": broken}, occurred_at=pa.array([AT, AT]))
    assert landed.faults == [(1, "user_id", "bad_encoding")]
    assert [row["user_key"] for row in landed.rows] == [key("user", "u2")]


@pytest.mark.parametrize("column", ["event", "event_id", "occurred_at", "role"])
def test_bytes_that_are_no_text_are_found_in_columns_of_every_kind(column: str, tmp_path: Path) -> None:
    """And only the row is lost."""
    broken = pa.array([b"\xff", b"1583057472"]).view(pa.string())
    columns = TEXT | {"occurred_at": pa.array(["1583057472"] * 2)} | {column: broken}
    landed = land_columns(tmp_path, **columns)
    assert (landed.faults, len(landed.rows)) == ([(1, column, "bad_encoding")], 1)


def test_names_are_cleaned_and_unknown_ones_reported(tmp_path: Path) -> None:
    """As in a header of text; lists and structures nobody asked for are ignored."""
    columns = {" Event_ID": TEXT["event_id"], "USER_ID": TEXT["user_id"], "event": TEXT["event"]}
    landed = land_columns(tmp_path, **columns, occurred_at=pa.array([AT, AT]), More=pa.array([[1], [2]]))
    assert (len(landed.rows), landed.unknown) == (2, ("more",))


def test_a_file_that_lacks_a_column_or_has_it_twice_is_refused(tmp_path: Path) -> None:
    """Each with its reason."""
    for columns, reason in (
        ({"event_id": TEXT["event_id"]}, "missing_column:occurred_at"),
        ({"x": TEXT["event_id"]}, "no_header"),
        (TEXT | {"occurred_at": pa.array([AT, AT]), "Event": TEXT["event"]}, "repeated_column:event"),
    ):
        with pytest.raises(Refused) as caught:
            land_columns(tmp_path, **columns)
        assert caught.value.reason == reason


def test_a_file_without_rows_lands(tmp_path: Path) -> None:
    """A quiet day is no error."""
    empty = {name: column[:0] for name, column in TEXT.items()}
    assert land_columns(tmp_path, **empty, occurred_at=pa.array([], pa.timestamp("us"))).rows == []


def test_a_cut_or_damaged_file_is_refused(tmp_path: Path) -> None:
    """Cut anywhere, full of something else, or with damaged pages inside."""
    path = tmp_path / "a.parquet"
    table = pa.table(TEXT | {"occurred_at": pa.array([AT, AT])})
    pq.write_table(pa.concat_tables([table] * 1000), path, compression="zstd")
    whole = path.read_bytes()
    damaged = bytearray(whole)
    for place in range(100, 900):
        damaged[place] ^= 0x55
    for content, reason in (
        (whole[: len(whole) // 2], "truncated"),
        (whole[:-1], "truncated"),
        (b"event_id,user_id\n" * 50, "unreadable"),
        (b"", "empty"),
        (bytes(damaged), "truncated"),
    ):
        path.write_bytes(content)
        with pytest.raises(Refused) as caught:
            land(path)
        assert caught.value.reason == reason


def test_a_failure_of_the_machine_is_not_taken_for_a_damaged_file(tmp_path: Path) -> None:
    """A file that cannot be read today may be whole: it is not recorded as refused."""
    with pytest.raises(FileNotFoundError):
        list(read_parquet(tmp_path / "gone.parquet", FEEDS["usage"]))


def test_a_large_row_group_comes_in_batches_with_their_rows_numbered_on(tmp_path: Path) -> None:
    """A row group may hold everything: at most 250,000 rows at a time leave it, each with its dictionary in use."""
    count = 600_000
    numbers = pa.array(np.arange(count))
    path = tmp_path / "a.parquet"
    at = pa.array(np.full(count, 1583057472)).take(numbers)
    users = pa.array([f"u{n // 2}" for n in range(count)])
    events = pa.repeat("a", count)
    table = pa.table({"event_id": numbers, "occurred_at": at, "user_id": users, "event": events})
    pq.write_table(table, path, row_group_size=count)
    landed = land(path)
    assert max(len(batch.rows) for batch in landed.batches) <= 250_000
    assert len(landed.table) == count
    last = landed.batches[-1].rows["user_key"].to_pylist()
    assert last == IDS.keys("user", [f"u{n // 2}" for n in range(count - len(last), count)]).tolist()


def test_landing_a_file_does_not_load_pandas(tmp_path: Path) -> None:
    """It costs every process that lands a file a fifth of a second, and nothing of it is used."""
    pq.write_table(pa.table(TEXT | {"occurred_at": pa.array([AT, None])}), tmp_path / "a.parquet")
    write(tmp_path / "a.csv", USAGE, *usage(3), "e,hier,u,a")
    write(tmp_path / "a.jsonl", '{"event_id": 1, "occurred_at": "01/03/2020 10:00", "user_id": "", "event": "a"}')
    script = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from reading import read, FEEDS, FIRST_LANDED, IDS
for name in ("a.parquet", "a.csv", "a.jsonl"):
    folder = Path({str(tmp_path)!r})
    for batch in read(folder / name, FEEDS["usage"], first_landed=FIRST_LANDED, ids=IDS, reject_limit=1, spool=folder):
        assert batch.data_rows
print("pandas" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
