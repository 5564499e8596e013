"""Readers: one whole published build each, whatever the writer does, and no way to change a byte."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from tiny import bytes_below, days, etl, usage_day

import workbench
from workbench.errors import NothingPublished, QueryInvalid, QueryRefused
from workbench.metrics import MetricInvalid
from workbench.warehouse import Warehouse

FIRST = date(2020, 3, 2)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A HOME with three users on three days."""
    folder = tmp_path_factory.mktemp("warehouse")
    for day in days(FIRST, 3):
        usage_day(folder / "source", day, ["u1", "u2", "u3"])
    etl(folder / "home", folder / "source")
    return folder / "home"


@pytest.fixture
def warehouse(home: Path) -> Warehouse:
    """The published build."""
    return workbench.open(home)


WRITES = [
    "create table t as select 1",
    "insert into build.main.users select * from users",
    "delete from build.main.users",
    "drop view active_users",
    "copy (select 1) to '{home}/lake/x.parquet'",
    "copy (select 1) to '{lake_file}'",
    "export database '{home}/out'",
    "attach '{home}/x.duckdb'",
    "detach build",
    "install httpfs",
    "load httpfs",
    "set memory_limit = '1GB'",
    "set enable_external_access = true",
    "reset lock_configuration",
    "pragma enable_profiling",
    "call pragma_version()",
    "checkpoint build",
    "use build",
    "begin",
    "vacuum",
    "select 1; select 2",
    "select 1; drop view users",
    "explain analyze select 1",
    "prepare p as select 1",
    "",
]


@pytest.mark.parametrize("query", WRITES)
def test_sql_runs_exactly_one_select(warehouse: Warehouse, home: Path, query: str) -> None:
    """DuckDB's own statement type decides; what could write, attach, install or set is refused unrun, and again."""
    before = bytes_below(home)
    lake_file = next((home / "lake").rglob("*.parquet"))
    for _ in range(2):
        with pytest.raises(QueryRefused):
            warehouse.sql(query.format(home=home, lake_file=lake_file))
    assert bytes_below(home) == before


@pytest.mark.parametrize(
    "query",
    [
        "select * from read_text('{home}/pseudonym.key')",
        "select * from read_csv('/etc/passwd')",
        "from '/etc/passwd'",
        "select * from glob('/etc/*')",
        "select * from read_blob('{home}/home.json')",
        "select * from read_parquet('{home}/lake/parts/usage/*.parquet')",
        "from build.internal.nothing",
        "from home",
    ],
)
def test_a_select_sees_no_file_but_the_builds_own(warehouse: Warehouse, home: Path, query: str) -> None:
    """The key, the raw parts and the rest of the machine stay out of reach, and a Python variable is no table."""
    with pytest.raises(QueryInvalid):
        warehouse.sql(query.format(home=home)).rows()


def test_an_answer_comes_in_four_shapes(warehouse: Warehouse) -> None:
    """One query, the shape the analyst works with."""
    answer = warehouse.sql("select sum(mau)::int as mau from active_users where day = $day", {"day": FIRST})
    assert answer.rows() == [(3,)]
    assert answer.pl().to_dicts() == answer.arrow().to_pylist() == answer.df().to_dict("records") == [{"mau": 3}]


def test_views_over_the_lake_are_there(warehouse: Warehouse) -> None:
    """`user_day` and `class_activity` live in the lake and read like tables."""
    assert warehouse.sql("select count(*), sum(events)::int from user_day").rows() == [(9, 9)]
    assert warehouse.sql("select active_members, events from class_activity where day = '2020-03-02'").rows() == [
        (3, 3)
    ]


def test_every_table_says_what_it_means(warehouse: Warehouse) -> None:
    """`tables` and `describe` come from the model headers; what is described is what is there."""
    for table, meaning in warehouse.tables().items():
        assert meaning
        described = [column.name for column in warehouse.describe(table)]
        assert described == warehouse.sql(f"from {table} limit 0").pl().columns
    with pytest.raises(QueryInvalid, match="there is no table"):
        warehouse.describe("nothing")


def test_a_home_without_a_build_says_what_to_run(tmp_path: Path) -> None:
    """An empty HOME is a failure a person can act on."""
    with pytest.raises(NothingPublished, match="workbench etl run"):
        workbench.open(tmp_path)


def test_a_reader_keeps_its_build_across_publishes(tmp_path: Path) -> None:
    """A handle opened before a publish goes on answering from the build it opened."""
    home, source = tmp_path / "home", tmp_path / "source"
    usage_day(source, FIRST, ["u1"])
    etl(home, source)
    old = workbench.open(home)
    usage_day(source, FIRST, ["u1", "u2"])
    etl(home, source)
    assert old.sql("select sum(dau)::int from active_users").rows() == [(1,)]
    assert workbench.open(home).sql("select sum(dau)::int from active_users").rows() == [(2,)]


CONSISTENT = """
    select (select sum(users)::int from features where day = (select data_until from build)),
        (select sum(dau)::int from active_users where day = (select data_until from build)),
        (select sum(events)::int from user_day where day = (select data_until from build)),
        (select sum(rows)::int from files where status = 'landed')
"""
READER = f"""
import select, sys, workbench
seen = set()
while not select.select([sys.stdin], [], [], float(sys.argv[2]))[0]:
    warehouse = workbench.open(sys.argv[1])
    seen.add(tuple(warehouse.sql({CONSISTENT!r}).rows()[0]))
    warehouse.close()
print(sorted(seen))
"""


def read_until(home: Path, done: threading.Event, every_s: float) -> set[tuple[int, ...]]:
    """Open and ask, again and again."""
    seen: set[tuple[int, ...]] = set()
    while not done.wait(every_s):
        warehouse = workbench.open(home)
        seen.add(tuple(warehouse.sql(CONSISTENT).rows()[0]))
        warehouse.close()
    return seen


@pytest.mark.parametrize(("builds", "every_s"), [(4, 0.1), pytest.param(13, 0, marks=pytest.mark.soak)])
def test_readers_never_wait_and_never_fail_while_builds_are_published(
    tmp_path: Path, builds: int, every_s: float
) -> None:
    """Eight threads and two processes open and ask while build follows build; each answer is from one whole build.

    In the soak they ask without a pause, and leave the runs a tenth of the machine.
    """
    home, source = tmp_path / "home", tmp_path / "source"
    usage_day(source, FIRST, ["u0"])
    etl(home, source)
    done = threading.Event()
    command = [sys.executable, "-c", READER, str(home), str(every_s)]
    pipe = subprocess.PIPE
    processes = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(2)]
    with ThreadPoolExecutor(8) as pool:
        readers = [pool.submit(read_until, home, done, every_s) for _ in range(8)]
        for count in range(2, builds + 1):
            usage_day(source, FIRST, [f"u{number}" for number in range(count)])
            etl(home, source)
        done.set()
        seen = set().union(*(reader.result() for reader in readers))
    for process in processes:
        output, _ = process.communicate(timeout=60)  # which closes what they wait for
        assert process.returncode == 0
        seen |= set(eval(output))  # a list of tuples printed by the reader above
    assert seen <= {(count, count, count, count) for count in range(1, builds + 1)}
    assert len(seen) > 2, "the readers saw too few of the builds to prove anything"


def test_a_metric_is_asked_by_name_grouped_and_cut(warehouse: Warehouse) -> None:
    """Analysts count as the pages do: the same catalogue, by name."""
    rows = warehouse.metric("mau", by=["country"], since=FIRST, until=FIRST).rows()
    assert rows == [(FIRST, "FR", 3)]
    assert warehouse.metric("mau", where={"role": ["teacher"]}).rows() == []
    with pytest.raises(MetricInvalid):
        warehouse.metric("mau", by=["plan"])
