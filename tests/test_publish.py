"""One writer, builds that are never changed, and a run that may die at any moment."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from datetime import date
from pathlib import Path

import duckdb
import pytest
from exports_maker import make_exports
from tiny import NOW, bytes_below, etl, settings, usage_day

import workbench
from workbench.errors import EtlBusy, HomeMismatch, SourceMissing, UnknownPath
from workbench.etl import forget, run
from workbench.etl.publish import hold, reading

FIRST = date(2020, 3, 2)


@pytest.fixture
def site(tmp_path: Path) -> tuple[Path, Path]:
    """A HOME and a source with one day."""
    usage_day(tmp_path / "source", FIRST, ["u1"])
    return tmp_path / "home", tmp_path / "source"


def test_three_builds_are_kept_and_their_lake_files(site: tuple[Path, Path]) -> None:
    """Older builds go, and with them the lake files that no kept build lists."""
    home, source = site
    for count in range(1, 6):
        usage_day(source, FIRST, [f"u{number}" for number in range(count)])
        etl(home, source)
    builds = sorted((home / "warehouse").glob("*.duckdb"))
    assert [build.stem[:6] for build in builds] == ["000003", "000004", "000005"]
    listed: set[str] = set()
    for build in builds:
        with duckdb.connect(str(build), read_only=True) as con:
            listed |= {path for (path,) in con.execute("select path from internal.lake").fetchall()}
    assert listed == set(bytes_below(home / "lake"))


def test_builds_of_two_homes_are_read_at_once(tmp_path: Path) -> None:
    """In one process and under one id, from a folder with a quote in its name too: each gives its own."""
    builds = []
    for name, users in (("one", ["u1"]), ("l'autre", ["u1", "u2"])):
        usage_day(tmp_path / name / "source", FIRST, users)
        made = etl(tmp_path / name / "home", tmp_path / name / "source")
        builds.append(tmp_path / name / "home" / "warehouse" / f"{made.build}.duckdb")
    assert len({build.name for build in builds}) == 1
    with reading(builds[0]) as one, reading(builds[1]) as other:
        found = [con.execute("select sum(dau)::int from active_users").fetchall() for con in (one, other)]
    assert found == [[(1,)], [(2,)]]


def test_what_is_published_is_never_changed(site: tuple[Path, Path]) -> None:
    """Builds and lake files that outlive a run keep every byte and cannot be written to."""
    home, source = site
    etl(home, source)
    before = bytes_below(home, (".duckdb", ".parquet"))
    usage_day(source, date(2020, 3, 3), ["u1", "u2"])
    etl(home, source)
    after = bytes_below(home, (".duckdb", ".parquet"))
    assert before.items() <= after.items()
    assert {oct((home / name).stat().st_mode & 0o777) for name in after} == {"0o444"}


def test_a_run_without_news_publishes_nothing(site: tuple[Path, Path]) -> None:
    """The same set of files is the same build."""
    home, source = site
    assert etl(home, source).outcome == "published"
    before = bytes_below(home)
    assert etl(home, source).outcome == "nothing new"
    assert bytes_below(home) == before


def test_build_numbers_go_up_whatever_the_clock_does(site: tuple[Path, Path]) -> None:
    """A clock set back must not make an old build the newest."""
    home, source = site
    etl(home, source)
    usage_day(source, date(2020, 3, 3), ["u2"])
    report = etl(home, source, now=NOW.replace(hour=1))
    assert report.build.startswith("000002-")
    assert workbench.open(home).build.id == report.build


def test_a_second_run_at_once_is_told_to_wait(site: tuple[Path, Path]) -> None:
    """One writer per HOME."""
    home, source = site
    with hold(settings(home), source), pytest.raises(EtlBusy, match="run again"):
        etl(home, source)


@pytest.mark.parametrize(
    ("given", "said"),
    [({"timezone": "UTC"}, "timezone"), ({"pseudonym_key": "ab" * 32}, "key")],
)
def test_a_home_keeps_its_zone_and_key(site: tuple[Path, Path], given: dict[str, str], said: str) -> None:
    """Days and pseudonyms of two kinds in one HOME would add up to nothing."""
    home, source = site
    etl(home, source)
    with pytest.raises(HomeMismatch, match=said):
        etl(home, source, **given)


def test_a_home_keeps_its_source(site: tuple[Path, Path], tmp_path: Path) -> None:
    """The refusal names both and what to do; the key never shows."""
    home, source = site
    etl(home, source)
    usage_day(tmp_path / "other", FIRST, ["u9"])
    with pytest.raises(HomeMismatch, match="WORKBENCH_HOME") as refused:
        etl(home, tmp_path / "other")
    assert (home / "pseudonym.key").read_text() not in str(refused.value)


def test_a_home_remembers_its_source(site: tuple[Path, Path]) -> None:
    """After the first landing `etl run` needs no `--source`, also when the HOME was moved with it."""
    home, _ = site
    usage_day(home / "exports", FIRST, ["u1"])
    etl(home, home / "exports")
    home = home.rename(home.with_name("moved"))
    usage_day(home / "exports", date(2020, 3, 3), ["u1"])
    assert run(settings(home), now=NOW).outcome == "published"


def test_the_key_is_for_its_owner_alone(site: tuple[Path, Path]) -> None:
    """Made on the first run, mode 600."""
    home, source = site
    etl(home, source)
    assert (home / "pseudonym.key").stat().st_mode & 0o777 == 0o600


def test_a_vanished_file_stays_landed_until_it_is_forgotten(site: tuple[Path, Path]) -> None:
    """Exports are cleared away after a while; `etl forget` is how one takes a file out."""
    home, source = site
    gone = usage_day(source, date(2020, 3, 3), ["u1", "u2"])
    etl(home, source)
    with pytest.raises(UnknownPath, match="still in the source"):
        forget(settings(home), source, "usage/2020-03-03.csv", now=NOW)
    gone.unlink()
    assert etl(home, source).outcome == "nothing new"
    assert forget(settings(home), source, "usage/2020-03-03.csv", now=NOW).outcome == "published"
    assert workbench.open(home).build.data_until == FIRST
    with pytest.raises(UnknownPath, match="never landed"):
        forget(settings(home), source, "usage/2020-03-03.csv", now=NOW)


def test_a_file_that_changed_within_the_clocks_tick_is_seen(site: tuple[Path, Path]) -> None:
    """Same size and same time, other bytes: young files are hashed anew."""
    home, source = site
    file = source / "usage" / f"{FIRST}.csv"
    etl(home, source, now=NOW.fromtimestamp(file.stat().st_mtime, NOW.tzinfo))
    stamp = file.stat()
    file.write_text(file.read_text().replace("u1", "u2"))
    os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert etl(home, source).outcome == "published"


@pytest.mark.parametrize("name", ["missing", "a-file"])
def test_a_source_that_is_no_folder_is_said_so(tmp_path: Path, name: str) -> None:
    """One line: what, and what to do."""
    (tmp_path / "a-file").touch()
    with pytest.raises(SourceMissing, match="--source"):
        etl(tmp_path / "home", tmp_path / name)


# ------------------------------------------------------------------ killed at any moment

KEY = "5a" * 32
RUN = [sys.executable, "-m", "workbench.cli", "etl", "run", "--source"]


def start(home: Path, source: Path) -> subprocess.Popen[bytes]:
    env = {key: value for key, value in os.environ.items() if not key.startswith("WORKBENCH_")}
    env |= {"WORKBENCH_HOME": str(home), "WORKBENCH_PSEUDONYM_KEY": KEY}
    quiet = subprocess.DEVNULL
    return subprocess.Popen([*RUN, str(source)], env=env, stdout=quiet, stderr=quiet)


def written(home: Path) -> set[tuple[str, int]]:
    """What stands in the lake and the warehouse, each file with the time it was written."""
    found = set()
    for path in [*(home / "lake").rglob("*"), *(home / "warehouse").iterdir()]:
        with suppress(FileNotFoundError):  # the run that is watched may just have taken it away
            found.add((str(path), path.stat().st_mtime_ns))
    return found


def ended(process: subprocess.Popen[bytes], within_s: float) -> bool:
    """Whether a process is at its end, or comes to it in so many seconds."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(within_s)
    return process.poll() is not None


def kill_somewhere(home: Path, source: Path, chance: random.Random, length_s: float) -> bool:
    """Start a run and kill it at a random moment, four times in five after its first write; gives whether it wrote."""
    before = written(home)
    process = start(home, source)
    rest_s = chance.uniform(0, length_s)
    if chance.random() < 0.8:
        while not ended(process, 0.002) and written(home) <= before:
            pass
        rest_s = chance.uniform(0, length_s / 2)
    ended(process, rest_s)
    wrote = not written(home) <= before
    process.send_signal(signal.SIGKILL)
    process.wait()
    return wrote


def check_kills(tmp_path: Path, kills: int, seed: int) -> None:
    """After each kill the last build answers as before; the run after it ends as an undisturbed one does."""
    made = make_exports(tmp_path / "all", seed, size=1500)
    home, source, chance = tmp_path / "home", tmp_path / "source", random.Random(seed)
    usage_day(source, FIRST, ["u1"])
    etl(home, source, pseudonym_key=KEY)
    published = dump(home)
    shutil.copytree(home, tmp_path / "before")
    for file, content in made.landed().items():
        (source / file).parent.mkdir(parents=True, exist_ok=True)
        (source / file).write_bytes(content)
    started = time.monotonic()
    assert start(tmp_path / "timed", source).wait() in (0, 3)
    length_s = time.monotonic() - started
    wrote = 0
    for _ in range(kills):
        wrote += kill_somewhere(home, source, chance, length_s)
        if (home / "warehouse" / "current").read_text().startswith("000001-"):
            assert dump(home) == published
        else:  # the run had published before it was killed: the next one would find nothing to do
            assert dump(home) == dump(tmp_path / "timed")
            shutil.rmtree(home)
            shutil.copytree(tmp_path / "before", home)
    assert wrote * 2 >= kills, "most kills must come after the first write"
    assert start(home, source).wait() in (0, 3)
    assert dump(home) == dump(tmp_path / "timed")
    assert not [path for path in (home / "warehouse").iterdir() if path.name.startswith(".building")]


def dump(home: Path) -> dict[str, list[str]]:
    """Every table as sorted text, without what differs between two runs over the same files."""
    warehouse = workbench.open(home)
    chosen = {table: "*" for table in warehouse.tables() if table != "build"} | {"files": "* exclude (landed_at)"}
    return {
        table: sorted(map(repr, warehouse.sql(f"select {columns} from {table}").rows()))
        for table, columns in chosen.items()
    }


def test_a_killed_run_leaves_the_last_build_and_the_next_run_is_whole(tmp_path: Path) -> None:
    """Landing, counting, writing or publishing: wherever the kill falls."""
    check_kills(tmp_path, kills=4, seed=11)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5))
def test_five_times_five_kills_leave_the_last_build(tmp_path: Path, seed: int) -> None:
    """The long version: 25 kills."""
    check_kills(tmp_path, kills=5, seed=seed)
