"""`make bench`: the whole `etl run` beside DuckDB's own copy of the same files, as whole processes, in one run.

    python tests/bench.py [--days 120] [--events 20000000] [--runs 3] [--only full,day,csv]

Machines are shared and swing, so figures are medians, and the ratio is taken pair by pair. CPU counts user and system
time of the process; memory is its peak resident set. The files are made here, from a fixed seed.
"""

import argparse
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

import workbench

USERS, CLASSES, ACTIVE_A_DAY = 1_100_000, 60_000, 75_000
FIRST = date(2020, 3, 1)
EVENTS = (
    "sign_in class_created class_joined post_published post_viewed poll_created poll_voted photo_retouched "
    "photo_blurred video_call_started video_call_joined mute_enabled homework_published presence_reported "
    "message_sent klassboard_opened tutorial_watched"
).split()
COUNTRIES = "FR FR FR FR FR FR FR FR BE CH CA US SN MA DZ TN LU GP RE".split()
ROLES = "parent parent parent parent parent parent parent teacher student".split()

PLAIN = """
import duckdb, sys
con = duckdb.connect(sys.argv[1] + "/plain.duckdb")
for feed in ("usage", "users", "classes", "subscriptions", "translations"):
    con.execute(f"create table {feed} as select * from '{sys.argv[2]}/{feed}/*.parquet'")
"""
PLAIN_CSV = """
import duckdb, sys
con = duckdb.connect(sys.argv[1] + "/plain.duckdb")
text = {name: "varchar" for name in "event_id user_id event role country class_id platform language".split()}
columns = {"event_id": "varchar", "occurred_at": "timestamptz"} | text
con.execute(
    f"create table usage as select * from read_csv('{sys.argv[2]}/usage/*.csv', columns = $columns, header = true)",
    {"columns": columns},
)
"""


# ------------------------------------------------------------------ the files


class World:
    """People and classes that days are drawn from."""

    def __init__(self) -> None:
        self.chance = np.random.default_rng(2020)
        self.country = self.chance.integers(0, len(COUNTRIES), USERS)
        self.role = self.chance.integers(0, len(ROLES), USERS)
        self.class_of = self.chance.integers(0, CLASSES, USERS)
        self.user_ids = pa.array([f"u{number:07d}" for number in range(USERS)])
        self.class_ids = pa.array([f"k{number:06d}" for number in range(CLASSES)])

    def day(self, day: date, events: int, active: int = ACTIVE_A_DAY) -> pa.Table:
        """One day of usage, in order of time."""
        people = self.chance.choice(USERS, active, replace=False)
        who = people[self.chance.integers(0, active, events)]
        start_us = int(datetime.combine(day, datetime.min.time(), UTC).timestamp()) * 1_000_000
        moments = start_us + np.sort(self.chance.integers(0, 86_400_000_000, events))
        return pa.table(
            {
                "event_id": hexadecimal(self.chance, events),
                "occurred_at": pa.array(moments, pa.timestamp("us", "UTC")),
                "user_id": self.user_ids.take(pa.array(who)),
                "event": pick(EVENTS, self.chance.integers(0, len(EVENTS), events)),
                "role": pick(ROLES, self.role[who]),
                "country": pick(COUNTRIES, self.country[who]),
                "class_id": self.class_ids.take(pa.array(self.class_of[who])),
                "platform": pick(["android", "ios", "web"], self.chance.integers(0, 3, events)),
                "language": pick(["fr", "en", "ar", "pt"], self.chance.integers(0, 4, events)),
            }
        )

    def users(self, language: str) -> pa.Table:
        """A full dump of the users."""
        created = np.sort(self.chance.integers(1_500_000_000, 1_583_000_000, USERS)) * 1_000_000
        return pa.table(
            {
                "user_id": self.user_ids,
                "role": pick(ROLES, self.role),
                "country": pick(COUNTRIES, self.country),
                "created_at": pa.array(created, pa.timestamp("us", "UTC")),
                "language": pick([language], np.zeros(USERS, np.int64)),
                "deleted_at": pa.nulls(USERS, pa.timestamp("us", "UTC")),
            }
        )


def pick(names: list[str], codes: np.ndarray) -> pa.Array:
    """Names by their number, as plain text."""
    return pa.array(names).take(pa.array(codes))


def hexadecimal(chance: np.random.Generator, count: int) -> pa.Array:
    """Random 16-digit identifiers."""
    digits = chance.bytes(8 * count).hex().encode()
    offsets = np.arange(0, 16 * count + 1, 16, dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), count, [None, pa.py_buffer(offsets), pa.py_buffer(digits)])


def make_small_feeds(source: Path, world: World) -> None:
    """Classes, subscriptions and translations, so that every table of the contract has rows."""
    at = pa.array(np.full(CLASSES, 1_583_020_800_000_000) + np.arange(CLASSES) * 60_000_000, pa.timestamp("us", "UTC"))
    columns = {"class_id": world.class_ids, "created_at": at, "country": pick(["FR"], np.zeros(CLASSES, np.int64))}
    columns |= {"members": pa.array(np.arange(CLASSES) % 120), "department": pick(["75"], np.zeros(CLASSES, np.int64))}
    columns |= {"slug": pa.array(["teamclassroomfr", *(f"classe{number}" for number in range(1, CLASSES))])}
    write(source / "classes/classes.parquet", pa.table(columns))
    paid = 8_000
    subscriptions = {
        "subscription_id": pa.array([f"s{number}" for number in range(paid)]),
        "class_id": world.class_ids.slice(0, paid),
        "plan": pick(["initiale", "standard", "plus"], np.arange(paid) % 3),
        "payer_type": pick(["commune", "ecole", "classe"], np.arange(paid) % 3),
        "starts_on": pa.array([FIRST - timedelta(days=number % 200) for number in range(paid)]),
        "ends_on": pa.array([FIRST + timedelta(days=365 - number % 200) for number in range(paid)]),
        "price_eur": pick(["29", "59", "99"], np.arange(paid) % 3),
    }
    write(source / "subscriptions/subscriptions.parquet", pa.table(subscriptions))
    made = 200_000
    moments = 1_583_100_000_000_000 + world.chance.integers(0, 86_400_000_000 * 100, made)
    translations = {
        "translation_id": hexadecimal(world.chance, made),
        "translated_at": pa.array(moments, pa.timestamp("us", "UTC")),
        "post_id": pa.array([f"p{number % 150_000}" for number in range(made)]),
        "source_language": pick(["fr"], np.zeros(made, np.int64)),
        "target_language": pick(["ar", "pt", "en", "tr"], np.arange(made) % 4),
        "characters": pa.array(np.arange(made) % 900),
        "status": pick(["ok"] * 30 + ["failed"], np.arange(made) % 31),
    }
    write(source / "translations/translations.parquet", pa.table(translations))


def write(file: Path, table: pa.Table) -> None:
    """A Parquet file, its folder with it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, file)


def make_source(source: Path, world: World, days: Iterable[date], events_a_day: int) -> None:
    """Daily usage files and a full users dump, with the small feeds."""
    for day in days:
        write(source / f"usage/{day}.parquet", world.day(day, events_a_day))
    write(source / "users/2020-03.parquet", world.users("fr"))
    make_small_feeds(source, world)


# ------------------------------------------------------------------ the processes


@dataclass(frozen=True)
class Cost:
    """What a whole process took."""

    cpu_s: float
    wall_s: float
    peak_mb: float


def cost_of(command: list[str], **env: str) -> Cost:
    """Run a process to its end; it must succeed."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("WORKBENCH_")}
    started = time.perf_counter()
    process = subprocess.Popen(command, env=clean | env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command[:6])} ended with {process.returncode}")
    return Cost(used.ru_utime + used.ru_stime, wall_s, used.ru_maxrss / 1024)


def etl(home: Path, source: Path) -> Cost:
    """`workbench etl run`."""
    command = [sys.executable, "-m", "workbench.cli", "etl", "run", "--source", str(source), "--json"]
    return cost_of(command, WORKBENCH_HOME=str(home))


def make_programme(home: Path) -> Path:
    """The ledger of the sample's ambassadors, reviewed once: a build takes over four tables of it."""
    for command in (["sample", "--scale", "0.002"], ["charter", "review"]):
        cost_of([sys.executable, "-m", "workbench.cli", *command], WORKBENCH_HOME=str(home))
    whole = home / "whole" / "ledger.sqlite"
    whole.parent.mkdir()
    with closing(sqlite3.connect(home / whole.name)) as ledger:
        ledger.execute("vacuum into ?", [str(whole)])
    return whole


def etl_with(ledger: Path, home: Path, source: Path) -> Cost:
    """The first `etl run` of a HOME whose ledger has a programme already."""
    shutil.copy(ledger, home / ledger.name)
    return etl(home, source)


def afresh(folder: Path, work: Callable[[Path], Cost]) -> Cost:
    """The work in an empty folder, which is gone afterwards, save the last one's."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return work(folder)


def show(name: str, costs: list[Cost]) -> None:
    """A line of medians."""
    cpu, wall, peak = (statistics.median(getattr(c, n) for c in costs) for n in ("cpu_s", "wall_s", "peak_mb"))
    print(f"  {name:34} CPU {cpu:7.2f} s   wall {wall:7.2f} s   peak {peak:6.0f} MB   ({len(costs)} runs)", flush=True)


def compare(base: Path, runs: int, ours: Callable[[Path], Cost], plain: Callable[[Path], Cost], limit: float) -> None:
    """Both in turn, and the ratio pair by pair."""
    pairs = [(afresh(base / "home", ours), afresh(base / "plain", plain)) for _ in range(runs)]
    show("etl run", [pair[0] for pair in pairs])
    show("DuckDB's plain copy", [pair[1] for pair in pairs])
    cpu = statistics.median(a.cpu_s / b.cpu_s for a, b in pairs)
    wall = statistics.median(a.wall_s / b.wall_s for a, b in pairs)
    print(f"  ratio: CPU {cpu:.2f} (limit {limit}), wall {wall:.2f}", flush=True)


# ------------------------------------------------------------------ what is measured


def bench_full(base: Path, source: Path, runs: int, events: int) -> None:
    """The full run, every table filled, against the plain copy."""
    print(
        f"full run, {events:,} events in {len(list((source / 'usage').iterdir()))} files, {USERS:,} users", flush=True
    )
    copy = [sys.executable, "-c", PLAIN]
    ledger = make_programme(base / "programme")
    compare(
        base,
        runs,
        lambda home: etl_with(ledger, home, source),
        lambda folder: cost_of([*copy, str(folder), str(source)]),
        limit=1.5,
    )
    warehouse = workbench.open(base / "home")
    found = warehouse.sql("select sum(events)::bigint from user_day").rows()[0][0]
    filled = {
        table: warehouse.sql(f"select count(*) from {table}").rows()[0][0]
        for table in warehouse.tables()
        if table not in ("rejects", "drift")
    }
    print(f"  events in the build: {found:,} of {events:,}")
    print("  rows: " + ", ".join(f"{table} {rows:,}" for table, rows in filled.items()))
    if found != events or not all(filled.values()):
        sys.exit("the build lacks events, or a table is empty")


def bench_day(base: Path, source: Path, world: World, next_day: date, events_a_day: int, runs: int) -> list[float]:
    """One more day, then one more with a new full users dump; each from the same HOME. CPU medians."""
    shutil.rmtree(base / "one", ignore_errors=True)
    etl(base / "one", source)
    news = {"one more day": False, "one more day and a users dump": True}
    medians = []
    for name, with_users in news.items():
        day_file, users_file = source / f"usage/{next_day}.parquet", source / "users/2020-04.parquet"
        write(day_file, world.day(next_day, events_a_day))
        if with_users:
            write(users_file, world.users("en"))
        costs = [one_more(base, source) for _ in range(runs)]
        show(name, costs)
        medians.append(statistics.median(cost.wall_s for cost in costs))
        day_file.unlink()
        users_file.unlink(missing_ok=True)
    return medians


def one_more(base: Path, source: Path) -> Cost:
    """A run over the news, in a copy of the HOME that does not have them."""
    shutil.rmtree(base / "two", ignore_errors=True)
    shutil.copytree(base / "one", base / "two", copy_function=os.link)
    for name in ("current", "etl.lock"):
        place = base / "two" / ("warehouse" if name == "current" else "") / name
        text = place.read_text()
        place.unlink()
        place.write_text(text)
    os.sync()  # else what was written before, gigabytes of it, is still on its way to the disk while the run writes
    return etl(base / "two", source)


def bench_days(base: Path, source: Path, world: World, days: list[date], events_a_day: int, runs: int) -> None:
    """One more day after 120 days and after ten times as many."""
    print("one more day (limits: 4 s; 7 s with a users dump; 1.2 times that after ten times the days)", flush=True)
    next_day = days[-1] + timedelta(days=1)
    short = bench_day(base, source, world, next_day, events_a_day, runs)
    before = len(days) * 9
    for number in range(1, before + 1):
        day = days[0] - timedelta(days=number)
        write(source / f"usage/{day}.parquet", world.day(day, events_a_day // 20, ACTIVE_A_DAY // 20))
    print(f"  … after {before} earlier days more, of a twentieth of the events each", flush=True)
    long = bench_day(base, source, world, next_day, events_a_day, runs)
    print(
        f"  ratio of wall: {long[0] / short[0]:.2f}, with a users dump {long[1] / short[1]:.2f} (limit 1.2)", flush=True
    )


def bench_csv(base: Path, world: World, runs: int, events: int) -> None:
    """The same as CSV, against `read_csv` with declared columns into a table."""
    source, files = base / "csv", 20
    for day in (FIRST + timedelta(days=number) for number in range(files)):
        file = source / f"usage/{day}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        rows = world.day(day, events // files)
        instants = pc.strftime(rows["occurred_at"].cast(pa.timestamp("s", "UTC"), safe=False), "%Y-%m-%dT%H:%M:%SZ")
        csv.write_csv(rows.set_column(1, "occurred_at", instants), file)
    print(f"CSV, {events:,} events in {files} files", flush=True)
    copy = [sys.executable, "-c", PLAIN_CSV]
    compare(
        base, runs, lambda home: etl(home, source), lambda folder: cost_of([*copy, str(folder), str(source)]), limit=2
    )


def main() -> None:
    """Make the files, measure, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--days", type=int, default=120)
    parser.add_argument("--events", type=int, default=20_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="full,csv,day")
    asked = parser.parse_args()
    days = [FIRST + timedelta(days=number) for number in range(asked.days)]
    a_day = asked.events // asked.days
    world = World()
    with tempfile.TemporaryDirectory(prefix="workbench-bench-") as folder:
        base = Path(folder)
        make_source(base / "source", world, days[:-1], a_day)
        write(base / f"source/usage/{days[-1]}.parquet", world.day(days[-1], asked.events - a_day * (asked.days - 1)))
        if "full" in asked.only:
            bench_full(base, base / "source", asked.runs, asked.events)
        if "csv" in asked.only:
            bench_csv(base, world, asked.runs, asked.events // 2)
        if "day" in asked.only:
            bench_days(base, base / "source", world, days, a_day, asked.runs)


if __name__ == "__main__":
    main()
