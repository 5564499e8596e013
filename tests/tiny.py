"""Small exports written row by row, for tests that need to know every row."""

import csv
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from workbench.etl import Copies, RunReport, run
from workbench.settings import Settings

NOW = datetime(2020, 12, 15, 9, tzinfo=UTC)

USAGE = "event_id,occurred_at,user_id,event,role,country,class_id".split(",")
USERS = "user_id,role,country,created_at".split(",")


def write_csv(file: Path, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> Path:
    """A CSV with a header."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([list(columns), *rows])
    return file


def usage_day(source: Path, day: date, users: Iterable[str], name: str = "", event: str = "sign_in") -> Path:
    """A file in which each of the users does one thing on a day."""
    rows = [(f"{day}-{event}-{user}", f"{day}T10:00:00Z", user, event, "parent", "FR", "k1") for user in users]
    return write_csv(source / "usage" / (name or f"{day}.csv"), USAGE, rows)


def days(first: date, count: int) -> list[date]:
    """Consecutive days."""
    return [first + timedelta(days=number) for number in range(count)]


def settings(home: Path, **given: object) -> Settings:
    """Settings that no environment has a say in."""
    return Settings(_env_file=None, **{"home": home, "timezone": "Europe/Paris", "source": None} | given)  # type: ignore[arg-type]


def etl(home: Path, source: Path, now: datetime = NOW, copies: Copies | None = None, **given: object) -> RunReport:
    """One run into a HOME."""
    return run(settings(home, **given), source, now=now, copies=copies)


def bytes_below(folder: Path, suffixes: tuple[str, ...] = ("",)) -> Mapping[str, bytes]:
    """Every file below a folder with its bytes."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name.endswith(suffixes))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
