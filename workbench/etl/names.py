"""The names behind the pseudonyms of classes: read while landing, kept in the ledger, and nowhere else in HOME."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime

import pyarrow as pa

from workbench.etl.feeds import Column, Feed, Stated
from workbench.settings import Settings

STATED = {"classes": ("class_id",), "subscriptions": ("class_id", "payer_code")}


def with_names(feed: Feed) -> Feed:
    """The feed with what stands behind its class keys, as columns `stated_…` beside those that the lake takes."""
    stated = (Column(name, Stated(), output=f"stated_{name}") for name in STATED.get(feed.name, ()))
    return replace(feed, columns=(*feed.columns, *stated))


def named(rows: pa.Table) -> Iterator[pa.Table]:
    """The columns of normalised rows that name classes; nothing for a feed without."""
    if "stated_class_id" in rows.column_names:
        kept = ("class_key", "stated_class_id", "stated_payer_code", "starts_on")
        yield rows.select([name for name in kept if name in rows.column_names])


def remember(settings: Settings, classes: list[pa.Table], now: datetime) -> None:
    """Keep the names in the ledger. Raises LedgerUnreachable."""
    if not any(map(len, classes)):
        return
    from workbench.ledger import ledger_of  # SQLAlchemy is of no use to a landing without classes
    from workbench.ledger.classes import NamedClass, remember_classes

    ledger = ledger_of(settings)
    try:
        seen = (
            NamedClass(key, name, payer or None, since if payer else None) for key, name, payer, since in _rows(classes)
        )
        remember_classes(ledger, seen, who="etl", now=now)
    finally:
        ledger.close()


def _rows(classes: list[pa.Table]) -> Iterator[tuple[int, str, str | None, date | None]]:
    for table in classes:
        columns = table.to_pydict()
        nothing = [None] * len(table)
        yield from zip(
            columns["class_key"],
            columns["stated_class_id"],
            columns.get("stated_payer_code", nothing),
            columns.get("starts_on", nothing),
            strict=True,
        )
