"""What a build says of its own making: runs and their seconds, checks, lineage, and the builds that are kept."""

from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from tiny import NOW, etl, settings, usage_day

import workbench
from workbench.etl import run
from workbench.etl.build import read_models
from workbench.etl.described import FEEDS_BEHIND
from workbench.etl.feeds import FEEDS
from workbench.etl.runs import KEPT_RUNS, load_runs, save_runs
from workbench.warehouse import Run, kept_builds

FIRST = date(2020, 3, 2)


@pytest.fixture
def place(tmp_path: Path) -> tuple[Path, Path]:
    """A HOME with a build of one day, and its source."""
    usage_day(tmp_path / "source", FIRST, ["u1", "u2"])
    etl(tmp_path / "home", tmp_path / "source")
    return tmp_path / "home", tmp_path / "source"


def publish_another(home: Path, source: Path, number: int, full: bool = False) -> str:
    """Publishes one more day, a minute after the one before."""
    usage_day(source, FIRST + timedelta(days=number), ["u1"])
    return run(settings(home), source, now=NOW + timedelta(minutes=number), full=full).build


def test_each_published_run_is_noted_with_its_seconds(place: tuple[Path, Path]) -> None:
    """The newest first; a run that brings nothing new publishes nothing and is not noted."""
    home, source = place
    second = publish_another(home, source, 1)
    assert etl(home, source).outcome == "nothing new"
    runs = workbench.open(home).runs()
    assert [(r.build, r.began_at, r.whole, r.days) for r in runs] == [
        (second, NOW + timedelta(minutes=1), False, 1),
        (runs[1].build, NOW, True, 1),
    ]
    assert all(min(r.landing_seconds, r.counting_seconds, r.tables_seconds) > 0 for r in runs)


def test_a_full_run_keeps_the_log(place: tuple[Path, Path]) -> None:
    """Counting everything anew does not forget how long it took before."""
    home, source = place
    publish_another(home, source, 1, full=True)
    assert [r.whole for r in workbench.open(home).runs()] == [True, True]


def test_a_build_from_before_there_was_a_log_has_none() -> None:
    """The run that follows it begins one."""
    with duckdb.connect() as con:
        assert load_runs(con) == []


def test_the_log_stays_short() -> None:
    """Of a workbench that runs each night for years, a build keeps the last runs."""
    runs = [Run(f"{n:06}", NOW + timedelta(days=n), False, 1, 0.5, 0.25, 0.125) for n in range(KEPT_RUNS + 2)]
    with duckdb.connect() as con:
        con.execute("create schema internal")
        save_runs(con, runs)
        assert load_runs(con) == runs[2:]


def test_the_log_is_no_table(place: tuple[Path, Path]) -> None:
    """Tables are a function of the files; how long a machine took is none."""
    assert "runs" not in workbench.open(place[0]).tables()


def test_kept_builds_are_the_published_one_and_those_before_it(place: tuple[Path, Path]) -> None:
    """Three at most, the newest first, also while one of them is open."""
    home, source = place
    opened = workbench.open(home)
    assert kept_builds(home) == [opened.build]
    published = [publish_another(home, source, number) for number in range(1, 5)]
    assert [build.id for build in kept_builds(home)] == published[:0:-1]
    assert kept_builds(home)[0] == workbench.open(home).build


def test_a_build_lists_every_check_it_has_passed(place: tuple[Path, Path]) -> None:
    """As the headers of the models state them, keys too."""
    found = set(workbench.open(place[0]).sql("from checks").rows())
    models = read_models().values()
    checks = {(model.name, name, expression) for model in models for name, expression in model.checks.items()}
    keys = {(model.name, "key", ", ".join(model.key)) for model in models if model.key}
    assert found == checks | keys


def test_every_table_leads_down_to_feeds_or_to_the_workbench_itself(place: tuple[Path, Path]) -> None:
    """A relation that a run gives to the models, and that nobody said the feeds of, would be a dead end."""
    assert {need for model in read_models().values() for need in model.needs} - set(read_models()) == set(FEEDS_BEHIND)
    steps = workbench.open(place[0]).sql("from lineage").rows()
    assert ("growth", "active_users") in steps
    assert ("translations", "settled_translations") in steps
    assert ("settled_translations", "translations/") in steps
    assert {need for name, need in steps if name in FEEDS_BEHIND} == {f"{feed}/" for feed in FEEDS}
