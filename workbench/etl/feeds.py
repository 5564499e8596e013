"""The contract with the app's exports as data: each feed, its columns, and of what kind they are.

From design.md, "Feeds". What a kind means is in `values`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

from workbench.etl import values

Form = Literal["delimited", "json", "parquet"]
Compression = Literal["", "gz", "zst"]

FORMS: Mapping[str, Form] = {
    ".csv": "delimited",
    ".tsv": "delimited",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
}
COMPRESSIONS: Mapping[str, Compression] = {".gz": "gz", ".zst": "zst", "": ""}


def form_of(name: str) -> tuple[Form, Compression] | None:
    """Format and compression that a file name promises; None: no export."""
    name = name.lower()
    promised = [
        (form, compression)
        for ending, form in FORMS.items()
        for suffix, compression in COMPRESSIONS.items()
        if name.endswith(ending + suffix)
    ]
    return promised[0] if promised else None


# ---------------------------------------------------------------------------------------------- kinds and columns


@dataclass(frozen=True)
class Value:
    """A column of few distinct values, each read by `parse`."""

    name: str
    type: pa.DataType
    parse: Callable[[str], Any]


@dataclass(frozen=True)
class Key:
    """An identifier that leaves only as a pseudonym: keyed hash, int64, apart for each domain.

    One that names its row does not return in the file.
    """

    domain: str
    names_row: bool = False
    type: pa.DataType = pa.int64()


@dataclass(frozen=True)
class Hash:
    """An identifier of a row: a plain 63-bit hash, int64, only to find duplicates."""

    type: pa.DataType = pa.int64()


@dataclass(frozen=True)
class Instant:
    """A moment between 2000 and the day after the file first landed."""

    type: pa.DataType = pa.timestamp("us", "UTC")


@dataclass(frozen=True)
class Stated:
    """A text as it stands, for the ledger alone; no row is rejected for it."""

    type: pa.DataType = pa.string()


@dataclass(frozen=True)
class Dropped:
    """A known column that is read by nobody: typed text, or a name."""


Kind = Value | Key | Hash | Instant | Stated | Dropped

_INSTANT = Instant()
_DATE = Value("date", pa.date32(), values.day)
_MONEY_EUR = Value("money", pa.decimal128(12, 2), values.money_eur)
_TRUTH_VALUE = Value("bool", pa.bool_(), values.truth)
_COUNT_VALUE = Value("count", pa.int64(), values.count)
_AMOUNT_VALUE = Value("amount", pa.float64(), values.amount)
_CHARTER_CLASS = Value("charter_class", pa.bool_(), values.charter_class)


def _word(name: str, parse: Callable[[str], str | None]) -> Value:
    return Value(name, pa.string(), parse)


_ROLE = _word("role", values.role)
_COUNTRY = _word("country", values.country)
_TERRITORY = _word("territory", values.territory)
_LANGUAGE_TAG = _word("language", values.language)
_LABEL_TEXT = _word("label", values.label)


@dataclass(frozen=True)
class Column:
    """One column: its name in the export, its kind, its name in the normalised rows, the value of an empty one."""

    name: str
    kind: Kind
    required: bool = False
    output: str = ""
    default: str = ""


@dataclass(frozen=True)
class Feed:
    """One feed: its columns in contract order, and whether its rows keep their line (the newest row of a key wins)."""

    name: str
    columns: tuple[Column, ...]
    keeps_line: bool = True
    encoded: bool = False
    """Words leave as dictionaries (the big feed)."""

    @property
    def names(self) -> frozenset[str]:
        """Every column of the contract."""
        return frozenset(column.name for column in self.columns)

    @property
    def required(self) -> tuple[str, ...]:
        """The columns a file must have, in contract order."""
        return tuple(dict.fromkeys(column.name for column in self.columns if column.required))

    @property
    def kept(self) -> tuple[Column, ...]:
        """The columns that reach the normalised rows."""
        return tuple(column for column in self.columns if not isinstance(column.kind, Dropped))

    @property
    def schema(self) -> pa.Schema:
        """Names and types of the normalised rows."""
        fields = [(column.output or column.name, self.type_of(column)) for column in self.kept]
        return pa.schema(fields + [("line", pa.int64())] * self.keeps_line)

    def type_of(self, column: Column) -> pa.DataType:
        """The Arrow type in which a kept column leaves."""
        assert not isinstance(column.kind, Dropped)
        word = self.encoded and column.kind.type == pa.string()
        return pa.dictionary(pa.int32(), pa.string()) if word else column.kind.type


FEEDS: Mapping[str, Feed] = {
    feed.name: feed
    for feed in (
        Feed(
            "usage",
            (
                Column("event_id", Hash(), required=True, output="event_hash"),
                Column("occurred_at", _INSTANT, required=True),
                Column("user_id", Key("user"), required=True, output="user_key"),
                Column("event", _word("event", values.event), required=True),
                Column("role", _ROLE),
                Column("country", _COUNTRY),
                Column("class_id", Key("class"), output="class_key"),
                Column("platform", _word("platform", values.platform)),
                Column("language", _LANGUAGE_TAG),
            ),
            keeps_line=False,
            encoded=True,
        ),
        Feed(
            "users",
            (
                Column("user_id", Key("user", names_row=True), required=True, output="user_key"),
                Column("role", _ROLE, required=True),
                Column("country", _COUNTRY, required=True),
                Column("country", _TERRITORY, output="territory"),
                Column("created_at", _INSTANT, required=True),
                Column("language", _LANGUAGE_TAG),
                Column("deleted_at", _INSTANT),
            ),
        ),
        Feed(
            "classes",
            (
                Column("class_id", Key("class", names_row=True), required=True, output="class_key"),
                Column("created_at", _INSTANT, required=True),
                Column("country", _COUNTRY, required=True),
                Column("country", _TERRITORY, output="territory"),
                Column("slug", _CHARTER_CLASS, output="is_charter_class"),
                Column("region", _LABEL_TEXT),
                Column("department", _word("department", values.department)),
                Column("commune_code", _word("commune_code", values.commune_code)),
                Column("level", _LABEL_TEXT),
                Column("members", _COUNT_VALUE),
                Column("admins", _COUNT_VALUE),
                Column("storage_mb", _AMOUNT_VALUE),
                Column("measured_at", _INSTANT),
                Column("archived_at", _INSTANT),
            ),
        ),
        Feed(
            "subscriptions",
            (
                Column(
                    "subscription_id",
                    Key("subscription", names_row=True),
                    required=True,
                    output="subscription_key",
                ),
                Column("class_id", Key("class"), required=True, output="class_key"),
                Column("plan", _word("plan", values.plan), required=True),
                Column("payer_type", _word("payer_type", values.payer_type), required=True),
                Column("starts_on", _DATE, required=True),
                Column("ends_on", _DATE, required=True),
                Column("price_eur", _MONEY_EUR, required=True),
                Column("payer_code", Dropped()),
                Column("confort_famille", _TRUTH_VALUE),
                Column("confort_price_eur", _MONEY_EUR),
                Column("cancelled_on", _DATE),
                Column("updated_at", _INSTANT),
            ),
        ),
        Feed(
            "translations",
            (
                Column("translation_id", Hash(), required=True, output="translation_hash"),
                Column("translated_at", _INSTANT, required=True),
                Column("post_id", Key("post"), required=True, output="post_key"),
                Column("source_language", _word("language", values.required_language), required=True),
                Column("target_language", _word("language", values.required_language), required=True),
                Column("class_id", Key("class"), output="class_key"),
                Column("user_id", Key("user"), output="user_key"),
                Column("country", _COUNTRY),
                Column("characters", _COUNT_VALUE),
                Column("status", _word("status", values.status), default="ok"),
            ),
            keeps_line=False,
        ),
    )
}
