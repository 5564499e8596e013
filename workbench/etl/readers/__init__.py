"""Reads one file of one feed: fast where the file is clean, exactly where it is not.

Which bytes make a row, which a reject and which refuse the file: design.md, "Reading rules".
"""

import errno
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from workbench.errors import DiskFull, NotReadable
from workbench.etl.feeds import Compression, Feed, Form, form_of
from workbench.etl.normalise import Batch, Normaliser, Raw, Refused, Reject
from workbench.etl.readers.archive import unpack
from workbench.etl.readers.delimited import read_delimited
from workbench.etl.readers.json_lines import read_json_lines
from workbench.etl.readers.parquet import read_parquet
from workbench.etl.readers.text import decoded
from workbench.privacy import Pseudonyms

__all__ = ["Batch", "Refused", "Reject", "read"]

REJECTS_ALWAYS_BORNE = 10
REJECTS_SHOWN = 100


def read(
    path: Path, feed: Feed, *, first_landed: datetime, ids: Pseudonyms, reject_limit: float, spool: Path
) -> Generator[Batch, None, None]:
    """The normalised rows of one file in file order, in batches of at most 250,000 rows, at least one batch.

    `first_landed`: with a time zone; instants more than a day after it are rejected. `reject_limit`: share of the data
    rows. `spool`: an existing private folder for unpacked and decoded copies, which are gone when the reading ends.
    Raises Refused, at the latest after the last batch, for a file that must not land; NotReadable when the file
    cannot be opened, DiskFull when the spool is full.
    """
    form, compression = _form(path)
    rejects: list[Reject] = []
    rejected = data_rows = 0
    normaliser = Normaliser(feed, first_landed=first_landed, ids=ids)
    with _failures(path, spool), _spooled(path, compression, spool) as plain:
        try:
            for batch in _batches(plain, form, feed, normaliser.batch, spool):
                data_rows += batch.data_rows
                rejected += len(batch.rejects)
                rejects += batch.rejects[: REJECTS_SHOWN - len(rejects)]
                yield batch
        except Refused as refusal:
            raise Refused(refusal.reason, refusal.detail, rejects) from refusal
    if rejected > REJECTS_ALWAYS_BORNE and rejected > reject_limit * data_rows:
        raise Refused("too_many_rejects", f"{rejected}/{data_rows}", rejects)


def _form(path: Path) -> tuple[Form, Compression]:
    found = form_of(path.name)
    if found is None:
        raise Refused("unreadable", "not .csv, .tsv, .jsonl, .ndjson or .parquet")
    return found


def _batches(path: Path, form: Form, feed: Feed, normalise: Callable[[Raw], Batch], spool: Path) -> Iterator[Batch]:
    with path.open("rb") as file:
        if not file.read(1):
            raise Refused("empty")
    if form == "parquet":
        yield from map(normalise, read_parquet(path, feed))
        return
    with _spool_file(spool) as copy:
        text = decoded(path, copy)
        if text.blank:
            raise Refused("empty")
        yield from (read_delimited if form == "delimited" else read_json_lines)(text, feed, normalise)


@contextmanager
def _spooled(path: Path, compression: Compression, spool: Path) -> Iterator[Path]:
    """The file itself, or an unpacked copy of it."""
    if not compression:
        yield path
        return
    with path.open("rb") as source, _spool_file(spool) as copy:
        if not source.peek(1):
            raise Refused("empty")
        with copy.open("wb") as target:
            unpack(source, compression, target)
        yield copy


@contextmanager
def _spool_file(spool: Path) -> Iterator[Path]:
    """An empty file of our own (mode 600), gone afterwards."""
    with tempfile.NamedTemporaryFile(dir=spool) as file:
        yield Path(file.name)


@contextmanager
def _failures(path: Path, spool: Path) -> Iterator[None]:
    """Failures of the machine, with what to do about them."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            full = f"no space left in {spool} for a copy of {path.name}"
            raise DiskFull(full, "free some space there, then run again") from error
        what = f"{error.filename or path} cannot be read ({error.strerror or 'broken'})"
        raise NotReadable(what, "check that it is there and give the right to read it, then run again") from error
