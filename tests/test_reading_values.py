"""What a value of each kind means, whichever way its column is read."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from reading import FIRST_LANDED, USAGE, Landed, land, usage, write

from workbench.etl import arrays, values
from workbench.etl.feeds import FEEDS, form_of
from workbench.etl.normalise.instants import instants
from workbench.etl.normalise.texts import coded
from workbench.etl.values import Unreadable

INSTANTS = {
    "2020-03-01T10:11:12Z": "2020-03-01T10:11:12",
    "2020-03-01 10:11:12Z": "2020-03-01T10:11:12",
    "2020-03-01T10:11:12": "2020-03-01T10:11:12",
    "2020-03-01 10:11:12": "2020-03-01T10:11:12",
    "2020-03-01T10:11": "2020-03-01T10:11:00",
    "2020-03-01T10:11:12+02:00": "2020-03-01T08:11:12",
    "2020-03-01T10:11:12+0200": "2020-03-01T08:11:12",
    "2020-03-01T10:11:12+02": "2020-03-01T08:11:12",
    "2020-03-01 10:11:12 +0200": "2020-03-01T08:11:12",
    "2020-03-01T10:11:12-05:30": "2020-03-01T15:41:12",
    "20200301T101112Z": "2020-03-01T10:11:12",
    "2020-03-01T10:11:12.5Z": "2020-03-01T10:11:12.5",
    "2020-03-01T10:11:12,5Z": "2020-03-01T10:11:12.5",
    "2020-03-01T10:11:12.123456999Z": "2020-03-01T10:11:12.123456",
    "01/03/2020 10:11:12": "2020-03-01T10:11:12",
    "01/03/2020 10:11": "2020-03-01T10:11:00",
    "02/01/2020 00:00": "2020-01-02T00:00:00",
    "1583057472": "2020-03-01T10:11:12",
    "1583057472000": "2020-03-01T10:11:12",
    "1583057472.25": "2020-03-01T10:11:12.25",
    "1583057472123.9999": "2020-03-01T10:11:12.123999",
    "  2020-03-01T10:11:12Z\u00a0": "2020-03-01T10:11:12",
    "2000-01-01T00:00:00Z": "2000-01-01T00:00:00",
    "2020-02-29T23:59:59Z": "2020-02-29T23:59:59",
    "2020-10-25T02:30:00+02:00": "2020-10-25T00:30:00",
    "2020-10-25T02:30:00+01:00": "2020-10-25T01:30:00",
}

NO_INSTANTS = {
    "hier": "unreadable_instant",
    "2020-02-30T08:00:00Z": "unreadable_instant",
    "2020-03-01": "unreadable_instant",
    "01/03/2020": "unreadable_instant",
    "31/02/2020 10:00": "unreadable_instant",
    "1/3/2020 10:00": "unreadable_instant",
    "2020-03-01T24:00:00Z": "unreadable_instant",
    "2020-03-01T10:60:00Z": "unreadable_instant",
    "2020-03-01T10:00:60Z": "unreadable_instant",
    "2020-03-01T10:00:00+24:00": "unreadable_instant",
    "2020-03-01T10:00:00+02:60": "unreadable_instant",
    "2020-03-01T10:00:00+2": "unreadable_instant",
    "0x5e5b8480": "unreadable_instant",
    "1e9": "unreadable_instant",
    "": "empty_required",
    " \u00a0": "empty_required",
    "1999-12-31T23:59:59.999999Z": "too_early",
    "2000-01-01T00:30:00+01:00": "too_early",
    "-1": "too_early",
    "0": "too_early",
    "31/12/1999 23:59": "too_early",
    "2020-12-16T12:00:00.000001Z": "in_future",
    "99999999999": "in_future",
    "100000000000": "too_early",
    "99999999999999999999999": "in_future",
    "9999-12-31T23:59:59Z": "in_future",
}


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize("written", INSTANTS)
def test_an_instant_is_read_in_each_form_of_the_contract(written: str, tmp_path: Path) -> None:
    """ISO with T or space and any offset, DD/MM/YYYY, epochs; none means UTC; fractions are cut to microseconds."""
    quoted = f'"{written}"'
    landed = land(write(tmp_path / "a.csv", USAGE, f"e1,{quoted},u1,sign_in"))
    assert [row["occurred_at"] for row in landed.rows] == [instant(INSTANTS[written])]


def test_instants_of_all_forms_may_stand_in_one_file(tmp_path: Path) -> None:
    """The form is a matter of each value, not of the file."""
    rows = [f'e{n},"{written}",u1,sign_in' for n, written in enumerate(INSTANTS)]
    landed = land(write(tmp_path / "a.csv", USAGE, *rows))
    assert [row["occurred_at"] for row in landed.rows] == [instant(expected) for expected in INSTANTS.values()]


@pytest.mark.parametrize("written", NO_INSTANTS)
def test_what_is_no_instant_or_lies_outside_the_range_is_rejected(written: str, tmp_path: Path) -> None:
    """Before 2000 and more than a day after the first landing are rejected, as is what nobody can read."""
    landed = land(write(tmp_path / "a.csv", USAGE, *usage(2), f'e9,"{written}",u1,sign_in'))
    assert landed.faults == [(4, "occurred_at", NO_INSTANTS[written])]
    assert len(landed.rows) == 2


def test_rejected_instants_keep_their_reasons_in_one_file(tmp_path: Path) -> None:
    """A bad value changes nothing about its neighbours."""
    rows = [f'e{n},"{written}",u1,sign_in' for n, written in enumerate([*NO_INSTANTS, *INSTANTS])]
    landed = land(write(tmp_path / "a.csv", USAGE, *rows))
    assert [reject.reason for reject in landed.rejects] == list(NO_INSTANTS.values())
    assert len(landed.rows) == len(INSTANTS)


def test_an_instant_a_day_after_the_first_landing_still_lands(tmp_path: Path) -> None:
    """The clock of an app may be ahead: exactly one day is borne, a microsecond more is not."""
    last = FIRST_LANDED + timedelta(days=1)
    beyond = last + timedelta(microseconds=1)
    rows = [f"e{n},{at.isoformat()},u1,sign_in" for n, at in enumerate((last, beyond))]
    landed = land(write(tmp_path / "a.csv", USAGE, *rows))
    assert [row["occurred_at"] for row in landed.rows] == [last]
    assert landed.faults == [(3, "occurred_at", "in_future")]


def test_the_range_holds_for_every_instant(tmp_path: Path) -> None:
    """Optional instants are checked as the required ones are."""
    header = "user_id,role,country,created_at,deleted_at"
    early, late = "u1,parent,FR,2020-01-01T00:00Z,1999-01-01T00:00Z", "u2,parent,FR,2020-01-01T00:00Z,2031-01-01T00:00Z"
    landed = land(write(tmp_path / "a.csv", header, early, late), "users")
    assert landed.faults == [(2, "deleted_at", "too_early"), (3, "deleted_at", "in_future")]


DIGITS = st.integers(0, 99).map(lambda n: f"{n:02d}")
DATES = st.tuples(st.sampled_from(["1999", "2000", "2020", "2021"]), DIGITS, DIGITS)
CLOCKS = st.lists(DIGITS, min_size=1, max_size=3).map(":".join)
FRACTIONS = st.sampled_from(["", ".", ".5", ".123456", ".1234567", ",5"])
OFFSETS = st.sampled_from(["", "Z", "z", "+02", "+02:00", "-0230", "+24:00", "+23:60", " Z", "+2"])
ISO = st.builds(
    lambda day, between, clock, fraction, offset: "-".join(day) + between + clock + fraction + offset,
    DATES, st.sampled_from(["T", " ", "t", ""]), CLOCKS, FRACTIONS, OFFSETS,
)  # fmt: skip
FRENCH = st.builds(lambda day, clock: "/".join(reversed(day)) + " " + clock, DATES, CLOCKS)
EPOCHS = st.integers(-(10**12), 10**20).map(str) | st.decimals(0, 10**13, places=3).map(str) | st.just("0x1f")


@given(st.lists(ISO | FRENCH | EPOCHS, min_size=1, max_size=3))
@example(["2020-03-01T10:00:00Z", "2020-03-02T10:00:00Z"])
@example(["2020-03-01 10:00", "2020-03-01"])
@example(["01/03/2020 10:00:00", "31/02/2020 10:00:00"])
def test_a_column_of_instants_is_read_as_each_of_its_texts(texts: list[str]) -> None:
    """What Arrow reads at once must be what the scalar rule says, for readable and unreadable texts."""
    latest_us = values.instant_us("2020-12-31T00:00:00Z")
    column, faults = instants(arrays.strings(texts), required=True, latest_us=latest_us)
    bad = dict(zip(faults.rows.tolist(), faults.reasons, strict=True))
    for row, text in enumerate(texts):
        assert (column.cast(pa.int64())[row].as_py() if row not in bad else bad[row]) == alone(text, latest_us)


def alone(text: str, latest_us: int) -> int | str:
    try:
        us = values.instant_us(text)
    except Unreadable as fault:
        return fault.reason
    return "too_early" if us < values.instant_us("2000-01-01T00:00:00Z") else "in_future" if us > latest_us else us


NULLABLE = st.lists(st.none() | st.integers(0, 5), max_size=8)


@given(NULLABLE, st.integers(0, 3), st.lists(st.none() | st.sampled_from("ab"), max_size=5))
def test_distinct_texts_and_their_places_give_the_column_back(
    places: list[int | None], skipped: int, texts: list[str | None]
) -> None:
    """Of a dictionary larger than the batch, of one with nulls, of a slice, of plain strings."""
    encoded = pa.DictionaryArray.from_arrays(pa.array(places, pa.int32()), pa.array(list("abcdef")))
    for column in (encoded, encoded[skipped:], pa.array(texts, pa.string())):
        codes, distinct = coded(column)
        found = [*distinct.to_pylist(), None]
        assert [found[code] for code in codes] == column.to_pylist()
        assert len(distinct) <= len(codes)


SUBSCRIPTION = {
    "subscription_id": "s1", "class_id": "c1", "plan": "plus", "payer_type": "ecole", "starts_on": "2019-09-01",
    "ends_on": "2020-09-01", "price_eur": "99",
}  # fmt: skip
CLASS = {"class_id": "c1", "created_at": "2019-09-01T00:00:00Z", "country": "FR"}
USER = {"user_id": "u1", "created_at": "2019-09-01T00:00:00Z", "country": "FR", "role": "parent"}
EVENT = {"event_id": "e1", "occurred_at": "2020-03-01T10:00:00Z", "user_id": "u1", "event": "sign_in"}
TRANSLATION = {
    "translation_id": "t1", "translated_at": "2020-03-01T10:00:00Z", "post_id": "p1", "source_language": "fr",
    "target_language": "ar",
}  # fmt: skip
SOUND = {
    "subscriptions": SUBSCRIPTION, "classes": CLASS, "users": USER, "usage": EVENT, "translations": TRANSLATION,
}  # fmt: skip


def one(tmp_path: Path, feed: str, **changed: str) -> Landed:
    """A file of one sound row with these values instead."""
    row = SOUND[feed] | changed
    quoted = ['"' + value.replace('"', '""') + '"' for value in row.values()]
    return land(write(tmp_path / "one.csv", ",".join(row), ",".join(quoted)), feed)


READ: list[tuple[str, str, str, Any]] = [
    ("subscriptions", "starts_on", "2019-09-27", date(2019, 9, 27)),
    ("subscriptions", "starts_on", "02/01/2020", date(2020, 1, 2)),
    ("subscriptions", "starts_on", "0001-01-01", date(1, 1, 1)),
    ("subscriptions", "ends_on", "31/12/9999", date(9999, 12, 31)),
    ("subscriptions", "cancelled_on", "", None),
    ("subscriptions", "price_eur", "29", Decimal("29.00")),
    ("subscriptions", "price_eur", "29.00", Decimal("29.00")),
    ("subscriptions", "price_eur", "29,00", Decimal("29.00")),
    ("subscriptions", "price_eur", " 29,5 ", Decimal("29.50")),
    ("subscriptions", "price_eur", "0", Decimal("0.00")),
    ("subscriptions", "price_eur", "9999999999,99", Decimal("9999999999.99")),
    ("subscriptions", "confort_price_eur", "", None),
    ("subscriptions", "confort_famille", "true", True),
    ("subscriptions", "confort_famille", "FALSE", False),
    ("subscriptions", "confort_famille", "1", True),
    ("subscriptions", "confort_famille", "0", False),
    ("subscriptions", "confort_famille", "Oui", True),
    ("subscriptions", "confort_famille", "non", False),
    ("subscriptions", "confort_famille", "", None),
    ("subscriptions", "plan", " PLUS ", "plus"),
    ("subscriptions", "payer_type", "École", "ecole"),
    ("subscriptions", "payer_type", "E\u0301COLE", "ecole"),
    ("subscriptions", "payer_type", "Classe", "classe"),
    ("users", "country", "fr", "FR"),
    ("users", "country", "FRA", "FR"),
    ("users", "country", " bel ", "BE"),
    ("users", "country", "RE", "FR"),
    ("users", "country", "MTQ", "FR"),
    ("users", "country", "XX", "ZZ"),
    ("users", "country", "France", "ZZ"),
    ("users", "territory", "", None),
    ("users", "role", " Teacher", "teacher"),
    ("users", "role", "chef", "other"),
    ("users", "language", "FR", "fr"),
    ("users", "language", "pt-BR", "pt-br"),
    ("users", "language", "le français", None),
    ("users", "deleted_at", "", None),
    ("classes", "department", "1", "01"),
    ("classes", "department", "2a", "2A"),
    ("classes", "department", "974", "974"),
    ("classes", "department", "Ain", None),
    ("classes", "commune_code", "2a004", "2A004"),
    ("classes", "commune_code", "75 056", None),
    ("classes", "region", " Île-de-France ", "Île-de-France"),
    ("classes", "region", "Provence-Alpes-Côte d’Azur", "Provence-Alpes-Côte d’Azur"),
    ("classes", "region", "elle a dit <b>", None),
    ("classes", "region", "a" * 41, None),
    ("classes", "level", "CM1", "CM1"),
    ("classes", "members", "28", 28),
    ("classes", "members", "28.0", 28),
    ("classes", "admins", "", None),
    ("classes", "storage_mb", "4318,5", 4318.5),
    ("classes", "storage_mb", "0.25", 0.25),
    ("usage", "event", " MESSAGE_SENT ", "message_sent"),
    ("usage", "event", "Élan nouveau", "élan nouveau"),
    ("usage", "event", "x" * 70, "x" * 60),
    ("usage", "role", "", None),
    ("usage", "country", "", None),
    ("usage", "country", "YT", "FR"),
    ("usage", "platform", " iOS", "ios"),
    ("usage", "platform", "c'est Jeanne !", "other"),
    ("usage", "platform", "", None),
    ("translations", "source_language", "FR", "fr"),
    ("translations", "country", "", None),
    ("translations", "characters", "512", 512),
    ("translations", "status", "", "ok"),
    ("translations", "status", "FAILED", "failed"),
]


@pytest.mark.parametrize(("feed", "column", "written", "expected"), READ)
def test_a_value_is_read_as_the_contract_says(
    feed: str, column: str, written: str, expected: Any, tmp_path: Path
) -> None:
    """Dates, money, booleans, countries, roles, enumerations, numbers and words, each in the forms of the contract."""
    source = {"territory": "country"}.get(column, column)
    landed = one(tmp_path, feed, **{source: written or SOUND[feed].get(source, "")})
    assert landed.faults == []
    assert [row[column] for row in landed.rows] == [expected]


@pytest.mark.parametrize(
    ("code", "expected"),
    [("GP", "GP"), ("glp", "GP"), ("MQ", "MQ"), ("GF", "GF"), ("RE", "RE"), ("YT", "YT"), ("PM", "PM"), ("BL", "BL"),
     ("MF", "MF"), ("WF", "WF"), ("PF", "PF"), ("NC", "NC"), ("ATF", "TF"), ("FR", None), ("BE", None), ("??", None)],
)  # fmt: skip
def test_overseas_france_counts_as_france_and_stays_known_as_territory(
    code: str, expected: str | None, tmp_path: Path
) -> None:
    """Twelve codes are France in every figure, and kept as `territory`."""
    [row] = one(tmp_path, "users", country=code).rows
    assert row["territory"] == expected
    assert (row["country"] == "FR") is (expected is not None or code == "FR")


REJECTED = [
    ("subscriptions", "starts_on", "2019-13-01", "unreadable_date"),
    ("subscriptions", "starts_on", "2019-09-27T00:00:00Z", "unreadable_date"),
    ("subscriptions", "cancelled_on", "demain", "unreadable_date"),
    ("subscriptions", "starts_on", "", "empty_required"),
    ("subscriptions", "price_eur", "cher", "unreadable_money"),
    ("subscriptions", "price_eur", "1 234", "unreadable_money"),
    ("subscriptions", "price_eur", "29.999", "unreadable_money"),
    ("subscriptions", "price_eur", "-29", "unreadable_money"),
    ("subscriptions", "price_eur", "12345678901", "unreadable_money"),
    ("subscriptions", "confort_famille", "peut-être", "unreadable_bool"),
    ("subscriptions", "plan", "or massif", "unknown_plan"),
    ("subscriptions", "payer_type", "parents", "unknown_payer_type"),
    ("subscriptions", "plan", " ", "empty_required"),
    ("subscriptions", "subscription_id", "\u202f", "empty_required"),
    ("subscriptions", "updated_at", "hier", "unreadable_instant"),
    ("users", "country", "", "empty_required"),
    ("users", "role", "", "empty_required"),
    ("users", "user_id", "  ", "empty_required"),
    ("classes", "members", "beaucoup", "unreadable_count"),
    ("classes", "members", "-3", "unreadable_count"),
    ("classes", "members", "28.5", "unreadable_count"),
    ("classes", "admins", "1 234", "unreadable_count"),
    ("classes", "storage_mb", "NaN", "unreadable_amount"),
    ("classes", "storage_mb", "-0.5", "unreadable_amount"),
    ("usage", "event_id", "", "empty_required"),
    ("usage", "event", "  ", "empty_required"),
    ("translations", "target_language", "arabe littéral", "unreadable_language"),
    ("translations", "status", "peut-être", "unknown_status"),
    ("translations", "post_id", "", "empty_required"),
]


@pytest.mark.parametrize(("feed", "column", "written", "reason"), REJECTED)
def test_an_unreadable_or_missing_value_rejects_its_row(
    feed: str, column: str, written: str, reason: str, tmp_path: Path
) -> None:
    """Unknown plans, payers and statuses, unreadable optional values and empty required ones reject the row."""
    landed = one(tmp_path, feed, **{column: written})
    assert landed.faults == [(2, column, reason)]
    assert landed.rows == []


def test_a_row_with_several_faults_is_rejected_once(tmp_path: Path) -> None:
    """Rejects are rows: the first column of the contract names the reason."""
    landed = one(tmp_path, "usage", user_id="", occurred_at="hier", event_id="")
    assert landed.faults == [(2, "event_id", "empty_required")]


def test_identifiers_are_trimmed_and_keep_their_case(tmp_path: Path) -> None:
    """The same person in two files is one person; U1 and u1 are two."""
    rows = ["e1,2020-03-01T10:00Z, u1 ,a", "e2,2020-03-01T10:00Z,u1,a", "e3,2020-03-01T10:00Z,U1,a"]
    first, second, third = (row["user_key"] for row in land(write(tmp_path / "a.csv", USAGE, *rows)).rows)
    assert first == second != third


def test_an_event_identifier_is_hashed_after_trimming(tmp_path: Path) -> None:
    """Two exports may differ in white space: the duplicate must still be found."""
    rows = ["e1\u00a0,2020-03-01T10:00Z,u1,a", "e1,2020-03-01T10:00Z,u1,a", "E1,2020-03-01T10:00Z,u1,a"]
    first, second, third = (row["event_hash"] for row in land(write(tmp_path / "a.csv", USAGE, *rows)).rows)
    assert first == second != third


def test_typed_text_never_reaches_the_rows() -> None:
    """`slug` and `payer_code` are known, and read by nobody."""
    names = {name for feed in FEEDS.values() for name in feed.schema.names}
    assert not {"slug", "payer_code", "user_id", "class_id", "event_id", "post_id"} & names
    assert {"slug", "payer_code"} <= FEEDS["classes"].names | FEEDS["subscriptions"].names


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.csv", ("delimited", "")),
        ("A.CSV.GZ", ("delimited", "gz")),
        ("a.tsv.zst", ("delimited", "zst")),
        ("a.jsonl", ("json", "")),
        ("a.b.ndjson.gz", ("json", "gz")),
        ("a.parquet", ("parquet", "")),
        ("a.xlsx", None),
        ("csv", None),
        ("a.csv.zip", None),
    ],
)
def test_a_file_name_promises_its_form(name: str, expected: object) -> None:
    """Only .csv, .tsv, .jsonl, .ndjson and .parquet, plain, .gz or .zst, any case, are exports."""
    assert form_of(name) == expected
