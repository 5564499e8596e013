"""One run of the ETL: land what is new, write a draft of what follows from it, publish it."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import duckdb

from workbench.errors import DiskFull, NotReadable, SourceMissing, UnknownPath
from workbench.etl import catalog as catalogs
from workbench.etl.catalog import Catalog, FileLine
from workbench.etl.copied import Copied, Copies, copied, load_digest
from workbench.etl.draft import Change, write_draft
from workbench.etl.feeds import FEEDS
from workbench.etl.land import Terms, land
from workbench.etl.names import remember
from workbench.etl.progress import Progress
from workbench.etl.publish import Home, current_id, drafting, hold, known_source, new_build_id, publish, reading, swept
from workbench.etl.runs import load_runs
from workbench.privacy import Pseudonyms
from workbench.settings import Settings
from workbench.warehouse import Run

PACKAGE = Path(__file__).parent.parent


@dataclass(frozen=True)
class FeedLine:
    """One line of the closing table: what stands landed in a feed, and how long its landing took this time."""

    feed: str
    files: int
    rows: int
    duplicates: int
    rejected: int
    refused: int
    seconds: float


@dataclass(frozen=True)
class RunReport:
    """How a run ended: `outcome` is "published" or "nothing new"; `days` counts the days that were re-opened."""

    outcome: str
    build: str
    files: list[FileLine]
    feeds: list[FeedLine]
    days: int

    @property
    def exit_code(self) -> int:
        """0, or 3 where a file of the source is refused."""
        return 3 if any(line.refused for line in self.feeds) else 0


@dataclass(frozen=True)
class Last:
    """The published build a run starts from; an empty id where there is none."""

    build_id: str
    code: str
    catalog: Catalog
    runs: tuple[Run, ...] = ()
    copied: str = ""


def run(
    settings: Settings,
    source: Path | None = None,
    *,
    now: datetime,
    full: bool = False,
    copies: Copies | None = None,
    progress: Progress | None = None,
) -> RunReport:
    """Land what is new in a source and publish a build of it.

    `full` reads every file and counts every day anew; `copies` are rows of the ledger for the build, without them its
    copies stay as they were. Raises a WorkbenchError where a person has to act; the published
    build then stays as it was.
    """
    folder = _source(settings, source)
    with _actionable(settings.home), hold(settings, folder) as home, swept(home):
        last = _last(home)
        terms = Terms(home, Pseudonyms(home.key), now, settings.reject_limit, full)
        return _advance(settings, home, last, last.catalog.copy(), terms, copied(copies), progress or Progress())


def forget(settings: Settings, source: Path | None, path: str, *, now: datetime) -> RunReport:
    """Take a path that is gone from the source out of every table, and publish.

    Raises UnknownPath for a path that never landed, or that is still in the source and would only land again.
    """
    folder = _source(settings, source)
    with _actionable(settings.home), hold(settings, folder) as home, swept(home):
        last = _last(home)
        kept = last.catalog.copy()
        _take_out(kept, path, folder)
        terms = Terms(home, Pseudonyms(home.key), now, settings.reject_limit, full=False)
        return _advance(settings, home, last, kept, terms, None, Progress())


def _source(settings: Settings, source: Path | None) -> Path:
    folder = source or settings.source or known_source(settings.home)
    if folder is None:
        raise SourceMissing("no export folder was given", "use --source DIR, or set WORKBENCH_SOURCE")
    if not folder.is_dir():
        raise SourceMissing(f"{folder} is not a folder", "give the folder that holds usage/, users/, … with --source")
    return folder


def _take_out(catalog: Catalog, path: str, source: Path) -> None:
    keys = [key for key in catalog.paths if key[1] == path]
    if not keys:
        raise UnknownPath(f"{path} never landed", "take a path that `workbench etl status` lists")
    if (source / path).exists():
        raise UnknownPath(f"{path} is still in the source", "take the file away first, then forget it")
    for key in keys:
        del catalog.paths[key]


def _advance(
    settings: Settings,
    home: Home,
    last: Last,
    catalog: Catalog,
    terms: Terms,
    lent: Copied | None,
    progress: Progress,
) -> RunReport:
    """Land, and publish where there is news. The ledger learns the classes before: a killed run does it again."""
    landing = land(catalog, terms, progress)
    remember(settings, landing.classes, terms.now)
    code = code_version()
    fresh = terms.full or last.code != code
    days = 0
    if fresh or _decides(last.catalog) != _decides(catalog) or (lent and lent.digest != last.copied):
        read_seconds = sum(landing.seconds.values())
        change = Change(
            last.catalog, catalog, fresh, code, terms.now, terms.reject_limit, read_seconds, last.runs, lent
        )
        days = _publish(home, last, change, progress)
    build_id = current_id(home)
    outcome = "published" if build_id != last.build_id else "nothing new"
    lines = catalogs.file_lines(catalog)
    return RunReport(outcome, build_id, lines, _feed_lines(lines, landing.seconds), days)


def _publish(home: Home, last: Last, change: Change, progress: Progress) -> int:
    build_id = new_build_id(home, change.now)
    with drafting(home, build_id, "" if change.fresh else last.build_id) as path:
        days = write_draft(home, build_id, path, change, progress)
        publish(home, build_id)
    return days


def _decides(catalog: Catalog) -> object:
    """What of a catalog decides the tables."""
    return {key: landed.sha256 for key, landed in catalog.paths.items()}, catalog.drift


def _last(home: Home) -> Last:
    build_id = current_id(home)
    if not build_id:
        return Last("", "", Catalog())
    with reading(home.warehouse / f"{build_id}.duckdb") as con:
        code = con.execute("select code_version from build").fetchall()[0][0]
        return Last(build_id, code, catalogs.load(con), tuple(load_runs(con)), load_digest(con))


def _feed_lines(lines: list[FileLine], seconds: dict[str, float]) -> list[FeedLine]:
    return [
        _feed_line(feed, [line for line in lines if line.feed == feed], seconds.get(feed, 0.0))
        for feed in FEEDS
        if any(line.feed == feed for line in lines)
    ]


def _feed_line(feed: str, lines: list[FileLine], seconds: float) -> FeedLine:
    return FeedLine(
        feed=feed,
        files=len(lines),
        rows=sum(line.rows for line in lines),
        duplicates=sum(line.duplicates for line in lines),
        rejected=sum(line.rejected for line in lines),
        refused=sum(line.status == "refused" for line in lines),
        seconds=seconds,
    )


@contextmanager
def _actionable(home: Path) -> Iterator[None]:
    """Failures of the machine under the workbench, said as something to do."""
    full = DiskFull(f"no space left for {home}", "free some space and run again: nothing that was there is lost")
    try:
        yield
    except duckdb.Error as error:
        if "No space left" in str(error):
            raise full from error
        raise
    except PermissionError as error:
        remedy = "give the workbench's user the right to read and write it"
        raise NotReadable(f"no right to {error.filename or error}", remedy) from error
    except OSError as error:
        if error.errno == errno.ENOSPC or "No space left" in str(error):
            raise full from error
        raise


def code_version() -> str:
    """The package's version and a digest of everything that decides what a build holds."""
    digest = hashlib.blake2b(digest_size=6)
    files = [*(PACKAGE / "etl").rglob("*.py"), *(PACKAGE / "etl").rglob("*.sql"), PACKAGE / "privacy.py"]
    for file in sorted(files):
        digest.update(file.read_bytes())
    return f"{version('klassroom-workbench')}+{digest.hexdigest()}"
