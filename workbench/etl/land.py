"""Landing: each file of the source, read once by the feed's contract, becomes immutable Parquet in the lake.

The set of files decides what the tables are: for each path ever landed, its last bytes. The order or number of runs
does not matter (design.md, "Reading rules").
"""

import hashlib
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from workbench.errors import NotReadable, SourceMissing
from workbench.etl.catalog import Catalog, LandedPath, Part
from workbench.etl.codes import arrow, group_starts, ints
from workbench.etl.days import as_date, local_days
from workbench.etl.feeds import FEEDS, Feed, form_of
from workbench.etl.names import named, with_names
from workbench.etl.normalise import Refused, Reject
from workbench.etl.progress import Progress
from workbench.etl.publish import Home
from workbench.etl.readers import read
from workbench.privacy import Pseudonyms

RACY = timedelta(seconds=2)
"""A file touched this shortly before it was hashed may have changed again within one tick of the clock: hash anew."""


@dataclass(frozen=True)
class Export:
    """One file of the source, as the file system shows it."""

    feed: str
    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class Terms:
    """What the reading of every file depends on."""

    home: Home
    ids: Pseudonyms
    now: datetime
    reject_limit: float
    full: bool


@dataclass
class Landing:
    """What a landing leaves besides the lake and the catalog: seconds by feed, and the classes of what was read."""

    seconds: dict[str, float] = field(default_factory=dict)
    classes: list[pa.Table] = field(default_factory=list)


def land(catalog: Catalog, terms: Terms, progress: Progress) -> Landing:
    """Bring the catalog up to date with the source, writing new contents to the lake.

    Raises SourceMissing, NotReadable; a file that breaks its contract is recorded as refused, never raised.
    """
    catalog.drift = {entry for entry in catalog.drift if entry[2] not in ("folder", "file")}
    exports = list(_discover(terms.home.source, catalog))
    landing = Landing()
    with tempfile.TemporaryDirectory(prefix="workbench-") as spool:
        for export in progress.each(exports, "landing", lambda export: f"{export.feed}/{export.path}"):
            started = time.perf_counter()
            if terms.full or not _unchanged(export, catalog.paths.get((export.feed, export.path))):
                _land_one(export, catalog, terms, Path(spool), landing)
            landing.seconds[export.feed] = landing.seconds.get(export.feed, 0.0) + time.perf_counter() - started
    _drop_unused(catalog)
    return landing


def _discover(source: Path, catalog: Catalog) -> Iterator[Export]:
    """Every file of every feed, in order of feed and path; what belongs to no feed is noted as drift."""
    if not source.is_dir():
        raise SourceMissing(f"{source} is not a folder", "give the folder that holds usage/, users/, … with --source")
    for folder in sorted(_listed(source)):
        if folder.is_dir() and folder.name not in FEEDS and not folder.name.startswith("."):
            catalog.drift.add(("", folder.name[:60], "folder", "not a feed"))
    for feed in FEEDS:
        for file in sorted(_walk(source / feed)):
            relative = file.relative_to(source / feed).as_posix()
            if form_of(file.name):
                status = file.stat()
                yield Export(feed, f"{feed}/{relative}", status.st_size, status.st_mtime_ns)
            else:
                catalog.drift.add((feed, f"{feed}/{relative}", "file", "not a kind of file that feeds have"))


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except PermissionError as error:
        raise NotReadable(f"no right to read {folder}", "give the workbench's user the right to read it") from error


def _walk(folder: Path) -> Iterator[Path]:
    """Files below a folder; hidden ones are left alone (half-copied files usually are)."""
    if folder.is_dir():
        for path in _listed(folder):
            if path.name.startswith("."):
                continue
            if path.is_dir():
                yield from _walk(path)
            else:
                yield path


def _unchanged(export: Export, known: LandedPath | None) -> bool:
    """The file system says it is the file we hashed: size and time, and the time is old enough to be trusted."""
    if known is None or (known.size, known.mtime_ns) != (export.size, export.mtime_ns):
        return False
    return datetime.fromtimestamp(export.mtime_ns / 1e9, UTC) < known.landed_at - RACY


def _land_one(export: Export, catalog: Catalog, terms: Terms, spool: Path, landing: Landing) -> None:
    file = terms.home.source / export.path
    sha256 = _sha256(file)
    known = catalog.paths.get((export.feed, export.path))
    landed_at = known.landed_at if known and known.sha256 == sha256 else terms.now
    part = catalog.parts.get((export.feed, sha256))
    if part is None or terms.full:
        first_landed = part.first_landed if part else terms.now
        read_in = _read_into_lake(file, export, sha256, first_landed, catalog, terms, spool)
        catalog.parts[export.feed, sha256], classes = read_in
        landing.classes += classes
    catalog.paths[export.feed, export.path] = LandedPath(
        export.feed, export.path, sha256, export.size, export.mtime_ns, landed_at
    )


def _sha256(file: Path) -> str:
    try:
        with file.open("rb") as bytes_in:
            return hashlib.file_digest(bytes_in, "sha256").hexdigest()
    except PermissionError as error:
        raise NotReadable(f"no right to read {file}", "give the workbench's user the right to read it") from error


def _read_into_lake(
    file: Path, export: Export, sha256: str, first_landed: datetime, catalog: Catalog, terms: Terms, spool: Path
) -> tuple[Part, list[pa.Table]]:
    """Read one content into a lake file, and what was set aside into the catalog; gives the classes it names too."""
    feed = FEEDS[export.feed]
    writer = PartWriter(terms.home, feed, sha256)
    rejects: list[Reject] = []
    classes: list[pa.Table] = []
    reason = ""
    try:
        batches = read(
            file,
            with_names(feed),
            first_landed=first_landed,
            ids=terms.ids,
            reject_limit=terms.reject_limit,
            spool=spool,
        )
        with closing(batches):
            for batch in batches:
                writer.write(batch.rows.select(feed.schema.names))
                classes += named(batch.rows)
                rejects.extend(batch.rejects)
                catalog.drift |= {(feed.name, export.path, "column", column) for column in batch.unknown_columns}
    except Refused as refused:
        reason, rejects = refused.reason, list(refused.rejects)
    name, days = writer.close(keep=not reason)
    if feed.name == "usage":
        catalog.part_days[sha256] = days
    catalog.rejects[feed.name, sha256] = [(r.line, r.column, r.reason, r.shape) for r in rejects]
    part = Part(feed.name, sha256, name, reason, writer.rows, 0 if reason else len(rejects), first_landed)
    return part, [] if reason else classes


class PartWriter:
    """Writes one content to the lake; usage in row groups of one local day each."""

    def __init__(self, home: Home, feed: Feed, sha256: str) -> None:
        self._lake, self._zone = home.lake, ZoneInfo(home.timezone)
        self._by_day = feed.name == "usage"
        self._stem = f"parts/{feed.name}/{sha256[:16]}"
        self._draft = home.lake / f"{self._stem}.new"
        self._draft.parent.mkdir(parents=True, exist_ok=True)
        words = [f.name for f in feed.schema if pa.types.is_dictionary(f.type) or pa.types.is_string(f.type)]
        self._out = pq.ParquetWriter(
            self._draft, feed.schema, compression="none", use_dictionary=words, write_statistics=False
        )
        self._days: list[tuple[int, date, int]] = []
        self.rows = 0

    def write(self, rows: pa.Table) -> None:
        """Add a batch."""
        self.rows += len(rows)
        if not self._by_day:
            self._out.write_table(rows)
        elif len(rows):
            for day, of_day in _by_day(rows, self._zone):
                self._days.append((len(self._days), as_date(day), len(of_day)))
                self._out.write_table(of_day, row_group_size=len(of_day))

    def close(self, keep: bool) -> tuple[str, list[tuple[int, date, int]]]:
        """The lake file's name and its (row group, day, rows); nothing when the content is refused."""
        self._out.close()
        if not keep:
            self._draft.unlink()
            self.rows = 0
            return "", []
        with self._draft.open("rb") as written:
            name = f"{self._stem}-{hashlib.file_digest(written, _content_digest).hexdigest()}.parquet"
        self._draft.chmod(0o444)
        self._draft.replace(self._lake / name)
        return name, self._days


def _content_digest() -> hashlib.blake2b:
    return hashlib.blake2b(digest_size=8)


def _by_day(rows: pa.Table, zone: ZoneInfo) -> Iterator[tuple[int, pa.Table]]:
    """The rows of each local day, in the order they came."""
    days = local_days(ints(rows["occurred_at"]), zone)
    if (np.diff(days) < 0).any():
        order = np.argsort(days, kind="stable")
        rows, days = rows.take(arrow(order)), days[order]
    starts = group_starts(days)
    for start, end in zip(starts, [*starts[1:], len(days)], strict=True):
        yield int(days[start]), rows.slice(start, end - start)


def _drop_unused(catalog: Catalog) -> None:
    """Contents that no path holds any more leave the catalog."""
    used = {(path.feed, path.sha256) for path in catalog.paths.values()}
    for feed, sha256 in [key for key in catalog.parts if key not in used]:
        del catalog.parts[feed, sha256]
        catalog.rejects.pop((feed, sha256), None)
        if feed == "usage":
            catalog.part_days.pop(sha256, None)
