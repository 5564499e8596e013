"""The HOME as a place: whose it is, who may write to it, and how a finished build becomes the published one.

A build is written as `.building-<id>.duckdb`, checked, closed and synced, renamed to `<id>.duckdb`, and only then
named by the text file `current`. Nothing that was published is ever changed in place: a reader goes on seeing the
file it opened, and a kill at any moment leaves the last published build whole.
"""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import count
from pathlib import Path

import duckdb

from workbench.errors import EtlBusy, HomeMismatch
from workbench.privacy import pseudonym_key
from workbench.settings import Settings

KEPT_BUILDS = 3
_NUMBERS = count()
"""Builds of two HOMEs may have the same id, and threads may read them at once: each reading has a name of its own."""


@dataclass(frozen=True)
class Home:
    """A HOME that this process holds the lock of."""

    root: Path
    source: Path
    timezone: str
    key: bytes
    sample: bool

    @property
    def lake(self) -> Path:
        """Immutable Parquet files, named by their content."""
        return self.root / "lake"

    @property
    def warehouse(self) -> Path:
        """Builds, and `current`."""
        return self.root / "warehouse"


@contextmanager
def hold(settings: Settings, source: Path) -> Iterator[Home]:
    """This process alone writes to the HOME while it lasts; the HOME is checked to be this source's.

    Raises EtlBusy when another process holds it, HomeMismatch when it belongs to another source, zone or key.
    """
    for folder in ("lake", "warehouse"):
        (settings.home / folder).mkdir(parents=True, exist_ok=True)
    with (settings.home / "etl.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise EtlBusy(f"another ETL run holds {settings.home}", "wait for it to end, then run again") from error
        yield _identified(settings, source)


def _identified(settings: Settings, source: Path) -> Home:
    """The HOME with its identity, written at the first landing and compared ever after."""
    key = pseudonym_key(settings)
    mark = source / "SAMPLE.json"
    given = {
        "source": _relative(source, settings.home),
        "timezone": settings.timezone,
        "key": hashlib.blake2b(key, digest_size=8).hexdigest(),
    }
    extra = {"sample": json.loads(mark.read_text())} if mark.exists() else {}
    file = settings.home / "home.json"
    if not file.exists():
        write_atomically(file, json.dumps(given | extra, indent=1))
    _refuse_another(settings.home, json.loads(file.read_text()), given)
    return Home(settings.home, source, settings.timezone, key, mark.exists())


def known_source(home: Path) -> Path | None:
    """The folder of exports that a HOME has landed before."""
    file = home / "home.json"
    return home / json.loads(file.read_text())["source"] if file.exists() else None


def _relative(source: Path, home: Path) -> str:
    """A source inside the HOME moves with it; another is named by its full path."""
    full, root = source.resolve(), home.resolve()
    return str(full.relative_to(root)) if full.is_relative_to(root) else str(full)


def _refuse_another(home: Path, known: dict[str, object], given: dict[str, str]) -> None:
    for what, setting in (("source", "--source"), ("timezone", "WORKBENCH_TIMEZONE"), ("key", "the pseudonym key")):
        if known[what] != given[what]:
            shown = f": {known[what]}, not {given[what]}" if what != "key" else ""
            remedy = f"give back {setting}, or set WORKBENCH_HOME to a new folder"
            raise HomeMismatch(f"{home} belongs to another {what}{shown}", remedy)


def write_atomically(file: Path, text: str) -> None:
    """The whole text or nothing, also after a power cut."""
    draft = file.with_name(f".{file.name}.new")
    with draft.open("w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)
    _sync(file.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def current_id(home: Home) -> str:
    """The id of the published build, empty where there is none."""
    file = home.warehouse / "current"
    return file.read_text().strip() if file.exists() else ""


def new_build_id(home: Home, now: datetime) -> str:
    """A number that only goes up, whatever the clock does, and the time."""
    last = max((int(build.stem.split("-")[0]) for build in _builds(home)), default=0)
    return f"{last + 1:06d}-{now:%Y%m%dT%H%M%SZ}"


def _builds(home: Home) -> list[Path]:
    return sorted(home.warehouse.glob("[!.]*.duckdb"))


@contextmanager
def drafting(home: Home, build_id: str, copy_of: str) -> Iterator[Path]:
    """Where the build is written, begun as a copy of the last one where only the news is to be added.

    Left without `publish`, the draft goes away.
    """
    path = home.warehouse / f".building-{build_id}.duckdb"
    if copy_of:
        shutil.copyfile(home.warehouse / f"{copy_of}.duckdb", path)
    try:
        yield path
    finally:
        for rest in home.warehouse.glob(f".building-{build_id}*"):
            rest.unlink() if rest.is_file() else shutil.rmtree(rest)


def publish(home: Home, build_id: str) -> None:
    """Make a finished draft the current build. A reader sees the old one or the new one, whole.

    One sync for everything the run wrote: thousands of lake files synced one by one cost 4 ms each.
    """
    path = home.warehouse / f".building-{build_id}.duckdb"
    os.sync()
    path.chmod(0o444)
    path.rename(home.warehouse / f"{build_id}.duckdb")
    write_atomically(home.warehouse / "current", build_id + "\n")


@contextmanager
def swept(home: Home) -> Iterator[None]:
    """Nothing that no kept build needs lies about: neither what a killed run left, nor what this one leaves failing.

    Swept first as well, so that a full disk can be put right by the next run itself.
    """
    lists: dict[Path, set[str]] = {}
    _sweep(home, lists)
    try:
        yield
    finally:
        _sweep(home, lists)


def _sweep(home: Home, lists: dict[Path, set[str]]) -> None:
    """Take away what no kept build needs: drafts of killed runs, old builds, unlisted lake files.

    `lists` remembers which lake files a build needs: no build ever changes.
    """
    current = current_id(home)
    kept = [build for build in _builds(home) if build.stem <= current][-KEPT_BUILDS:]
    for path in [*home.warehouse.glob(".building-*"), *(build for build in _builds(home) if build not in kept)]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    lists |= {build: _listed(build) for build in kept if build not in lists}
    for file in set(_files_below(home.lake)).difference(*(lists[build] for build in kept)):
        (home.lake / file).unlink()


def _files_below(lake: Path) -> Iterator[str]:
    """Names relative to the lake, as plain text: as paths, ten thousand of them cost a tenth of a second."""
    root = str(lake)
    for folder, _, names in os.walk(root):
        prefix = folder[len(root) + 1 :]
        yield from (f"{prefix}/{name}" if prefix else name for name in names)


def _listed(build: Path) -> set[str]:
    with reading(build) as con:
        return {path for (path,) in con.execute("select path from internal.lake").fetchall()}


@contextmanager
def reading(build: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A kept build, to be read by the run itself."""
    name, path = f"kept_{next(_NUMBERS)}", str(build).replace("'", "''")
    with _reader().cursor() as con:
        con.execute(f"attach '{path}' as {name} (read_only)")
        con.execute(f"use {name}")
        try:
            yield con
        finally:
            con.execute("use memory")
            con.execute(f"detach {name}")


@cache
def _reader() -> duckdb.DuckDBPyConnection:
    """One DuckDB that looks into builds, up to five in a run: to start one takes 25 ms, to attach a build 2."""
    return duckdb.connect(config={"python_enable_replacements": False})
