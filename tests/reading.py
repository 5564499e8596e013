"""Reads one file the way `etl` does, for the tests of reading."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

from workbench.etl.feeds import FEEDS
from workbench.etl.readers import Batch, Reject, read
from workbench.privacy import Pseudonyms

FIRST_LANDED = datetime(2020, 12, 15, 12, tzinfo=UTC)
IDS = Pseudonyms(b"a key for the tests of reading..")


@dataclass(frozen=True)
class Landed:
    """What one file gave."""

    table: pa.Table
    rejects: list[Reject]
    data_rows: int
    unknown: tuple[str, ...]
    batches: list[Batch]

    @property
    def rows(self) -> list[dict[str, Any]]:
        return self.table.to_pylist()

    @property
    def faults(self) -> list[tuple[int, str, str]]:
        return [(reject.line, reject.column, reject.reason) for reject in self.rejects]


def land(path: Path, feed: str = "usage", reject_limit: float = 1.0) -> Landed:
    """Reads the file to its end and sees that nothing of it stays in the spool."""
    with TemporaryDirectory() as spool:
        try:
            batches = list(
                read(
                    path,
                    FEEDS[feed],
                    first_landed=FIRST_LANDED,
                    ids=IDS,
                    reject_limit=reject_limit,
                    spool=Path(spool),
                )
            )
        finally:
            assert not list(Path(spool).iterdir())
    return Landed(
        pa.concat_tables([batch.rows for batch in batches], promote_options="permissive"),
        [reject for batch in batches for reject in batch.rejects],
        sum(batch.data_rows for batch in batches),
        batches[-1].unknown_columns,
        batches,
    )


USAGE = "event_id,occurred_at,user_id,event"


def usage(count: int, start: int = 0) -> list[str]:
    """Lines of sound usage rows under the header USAGE."""
    return [f"e{n},2020-03-01T10:00:00Z,u{n},sign_in" for n in range(start, start + count)]


def write(path: Path, *lines: str, encoding: str = "utf-8", newline: str = "\n") -> Path:
    """A text file of these lines, each ended."""
    path.write_bytes("".join(line + newline for line in lines).encode(encoding))
    return path


def key(domain: str, identifier: str) -> int:
    """The pseudonym the tests expect."""
    return int(IDS.keys(domain, [identifier])[0])
