"""The real log and the messy exports that stand beside the checkout, through the command line, figure by figure."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tiny import etl

import workbench
from workbench.warehouse import Warehouse

pytestmark = pytest.mark.shared


def etl_run(
    home: Path, source: Path, timezone: str = "Europe/Paris", *options: str
) -> subprocess.CompletedProcess[str]:
    """`workbench etl run` as a person types it."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("WORKBENCH_")}
    env |= {"WORKBENCH_HOME": str(home), "WORKBENCH_TIMEZONE": timezone}
    command = [sys.executable, "-m", "workbench.cli", "etl", "run", "--source", str(source), *options]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def one(warehouse: Warehouse, query: str, **params: object) -> Any:
    """The only value of a query, whole numbers as int."""
    return warehouse.sql(query, params).rows()[0][0]


def row(warehouse: Warehouse, query: str, **params: object) -> list[Any]:
    """The only row of a query."""
    return list(warehouse.sql(query, params).rows()[0])


@pytest.fixture(scope="module")
def college(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """The student network's log, landed."""
    home = tmp_path_factory.mktemp("college")
    done = etl_run(home, shared / "exports" / "collegemsg", "UTC")
    assert done.returncode == 0, done.stderr
    return workbench.open(home)


def test_the_log_has_its_events_and_users(college: Warehouse) -> None:
    """59,835 events of 1,350 users."""
    assert one(college, "select sum(events)::int from user_day") == 59_835
    assert one(college, "select count(*)::int from users") == 1_350


@pytest.mark.parametrize(("day", "figures"), [("2004-05-12", [270, 554, 700]), ("2004-05-31", [148, 651, 1024])])
def test_the_log_has_its_active_users(college: Warehouse, day: str, figures: list[int]) -> None:
    """Segments add up to dau, wau and mau."""
    query = "select sum(dau)::int, sum(wau)::int, sum(mau)::int from active_users where day = $day"
    assert row(college, query, day=day) == figures


def test_the_log_has_its_growth_and_retention(college: Warehouse) -> None:
    """Growth accounting on 30 June and the first weeks of the cohort of 3 May 2004."""
    growth = "select sum(new)::int, sum(retained)::int, sum(resurrected)::int, sum(churned)::int from growth"
    assert row(college, f"{growth} where day = '2004-06-30'") == [124, 534, 6, 500]
    cohort = "select list(users order by week)[:6] from (select week, sum(users)::int as users from retention "
    assert one(college, f"{cohort} where cohort_week = '2004-05-03' group by week)") == [281, 177, 160, 153, 112, 84]


@pytest.fixture(scope="module")
def truth(shared: Path) -> dict[str, Any]:
    """What a right landing of the messy exports gives, computed apart."""
    found: dict[str, Any] = json.loads((shared / "exports" / "messy.truth.json").read_text())
    return found


def at_once(home: Path, source: Path, folder: Path) -> None:
    """The whole folder in one run."""
    del folder
    assert etl_run(home, source).returncode == 3


def one_by_one(home: Path, source: Path, folder: Path, *, reverse: bool = False) -> None:
    """A run after each file; one more through the command line finds nothing new."""
    for path in sorted((path for path in source.rglob("*") if path.is_file()), reverse=reverse):
        target = folder / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
        etl(home, folder)
    again = etl_run(home, folder)
    assert (again.returncode, "nothing new" in again.stdout) == (3, True)


def in_reverse(home: Path, source: Path, folder: Path) -> None:
    """A run after each file, the last one first."""
    one_by_one(home, source, folder, reverse=True)


def twice(home: Path, source: Path, folder: Path) -> None:
    """The whole folder, then again without news, then in full."""
    at_once(home, source, folder)
    assert "nothing new" in etl_run(home, source).stdout
    assert etl_run(home, source, "Europe/Paris", "--full").returncode == 3


WAYS = [at_once, *(pytest.param(way, marks=pytest.mark.soak) for way in (one_by_one, in_reverse, twice))]


@pytest.fixture(scope="module", params=WAYS, ids=lambda way: way.__name__)
def messy(
    request: pytest.FixtureRequest, shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    """The messy exports, landed in one of four ways."""
    folder = tmp_path_factory.mktemp("messy")
    request.param(folder / "home", shared / "exports" / "messy", folder / "source")
    warehouse = workbench.open(folder / "home")
    yield warehouse
    warehouse.close()


def test_messy_active_users(messy: Warehouse, truth: dict[str, Any]) -> None:
    """Totals, the country France, the role teacher, and single segments."""
    sums = "select coalesce(sum({})::int, 0) from active_users where day = $day"
    for day, wanted in truth["active"].items():
        for name, figure in wanted.items():
            column, _, segment = name.partition("_")
            where = {"": "", "FR": " and country = 'FR'", "teacher": " and role = 'teacher'"}[segment]
            assert one(messy, sums.format(column) + where, day=day) == figure, (day, name)
    three = (
        "select coalesce(sum(dau)::int, 0), coalesce(sum(wau)::int, 0), coalesce(sum(mau)::int, 0) from active_users"
    )
    for day, segments in truth["segments"].items():
        for segment, figures in segments.items():
            country, role = segment.split("|")
            found = row(messy, f"{three} where day = $d and country = $c and role = $r", d=day, c=country, r=role)
            assert found == figures, (day, segment)


@pytest.mark.parametrize(("name", "where"), [("growth", "true"), ("growth_FR", "country = 'FR'")])
def test_messy_growth(messy: Warehouse, truth: dict[str, Any], name: str, where: str) -> None:
    """All users, and those counted in France."""
    for day, wanted in truth[name].items():
        for column, figure in wanted.items():
            query = f"select coalesce(sum({column})::int, 0) from growth where {where} and day = $day"
            assert one(messy, query, day=day) == figure, (day, column)


@pytest.mark.parametrize(("name", "where"), [("retention", "true"), ("retention_FR", "country = 'FR'")])
def test_messy_retention(messy: Warehouse, truth: dict[str, Any], name: str, where: str) -> None:
    """Cohorts week by week."""
    query = f"select sum(users)::int from retention where {where} and cohort_week = $week group by week order by week"
    for week, wanted in truth[name].items():
        found = [users for (users,) in messy.sql(query, {"week": week}).rows()]
        assert found[: len(wanted)] == wanted, week


def test_messy_files(messy: Warehouse, truth: dict[str, Any]) -> None:
    """What was refused, what lost as a duplicate, what was set aside; and one copy that counts nothing."""
    refused = messy.sql("select path from files where status = 'refused'").rows()
    assert sorted(Path(path).name for (path,) in refused) == truth["refused_files"]
    assert len(refused) == truth["refused"]
    assert one(messy, "select path from files where status = 'copy'") == "usage/zz/overlap copy.csv"
    counts = "select sum(rows)::int, sum(duplicates)::int, sum(rejected)::int from files where feed = $feed"
    usage, translated = truth["usage"], truth["translations"]
    assert row(messy, counts, feed="usage") == [usage["landed"], usage["duplicates"], usage["rejected"]]
    wanted = [translated["rows"], translated["duplicates"], translated["rejected"]]
    assert row(messy, counts, feed="translations") == wanted
    for feed in ("classes", "subscriptions"):
        assert row(messy, counts, feed=feed)[2] == truth[feed]["rejected"]


def test_messy_state(messy: Warehouse, truth: dict[str, Any]) -> None:
    """Users, classes by school year, members, subscriptions and ARR, translated posts, events by feature."""
    assert str(messy.build.data_until) == truth["data_until"]
    assert one(messy, "select count(*)::int from users") == truth["users"]["rows"]
    assert row(messy, "select count(*)::int, sum(members)::int from classes") == [
        truth["classes"]["rows"],
        truth["classes"]["members"],
    ]
    year = "year(created_at) - (month(created_at) < 9)::int"
    by_year = messy.sql(f"select {year}, count(*)::int from classes group by 1").rows()
    assert {f"{first}-{first + 1}": count for first, count in by_year} == truth["classes"]["by_school_year"]
    assert one(messy, "select count(*)::int from subscriptions") == truth["subscriptions"]["rows"]
    arr = """
        select coalesce(sum(price_eur + if(confort_famille, coalesce(confort_price_eur, 0), 0))::int, 0)
        from subscriptions where starts_on <= $d and $d < ends_on and (cancelled_on is null or cancelled_on > $d)
    """
    assert {day: one(messy, arr, d=day) for day in truth["subscriptions"]["arr_eur"]} == truth["subscriptions"][
        "arr_eur"
    ]
    assert one(messy, "select sum(translations)::int from translations") == truth["translations"]["ok"]
    assert one(messy, "select sum(characters)::int from translations") == truth["translations"]["characters"]
    assert one(messy, "select count(*)::int from translated_posts") == truth["translations"]["posts"]
    events = messy.sql("select feature, sum(events)::int from features group by feature").rows()
    assert dict(events) == truth["feature_events"]
