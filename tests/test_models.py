"""Models: the header of a SQL file is a contract, and a check that does not hold stops the build."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest
from exports_maker import make_exports
from tiny import NOW, bytes_below, etl, usage_day

import workbench
from workbench.errors import ChecksFailed, ModelInvalid
from workbench.etl.build import MODELS, Model, News, parse, read_models, run_models, verify

PACKAGE = Path(workbench.__file__).parent

PLANTED: dict[tuple[str, str], str] = {
    ("active_users", "windows_nest"): "wau - 1000 as wau",
    ("active_users", "country_is_a_code"): "'France' as country",
    ("active_users", "role_is_known"): "'boss' as role",
    ("growth", "parts_add_up_to_mau"): "new + 1 as new",
    ("growth", "none_is_negative"): "-1 as churned",
    ("retention", "monday"): "cohort_week + 1 as cohort_week",
    ("retention", "the_first_week_is_full"): "0 as week, 0 as users",
    ("features", "users_use"): "users_28d + 1 as users",
    ("features", "feature_is_named"): "'' as feature",
    ("first_uses", "first_28_days"): "4 as week",
    ("first_uses", "somebody_used_it"): "0 as users",
    ("class_milestones", "after_creation"): "4 as months",
    ("users", "role_is_known"): "null as role",
    ("users", "country_is_a_code"): "'fr' as country",
    ("accounts", "somebody_is_there"): "0 as users",
    ("days", "loaded_or_not"): "null as loaded",
    ("class_days", "a_monday_and_28_bits"): "starts_on + 7 as starts_on",
    ("segments", "somebody_or_nobody"): "'planet' as segment",
    ("activations", "within_14_days"): "created_on + 14 as activated_on, 10 as users_14d, 3 as posts_14d",
    ("activations", "activated_means_10_users_and_3_posts"): "created_on as activated_on, 9 as users_14d",
    ("classes", "country_is_a_code"): "null as country",
    ("classes", "measures_are_not_negative"): "-1 as members, 0 as admins, 0 as storage_mb",
    ("countries", "somebody_is_there"): "0 as users, 0 as users_28d, 0 as classes, null as first_day",
    ("translations", "posts_are_translated"): "translations + 1 as posts",
    ("translated_posts", "translated"): "0 as languages",
    ("subscriptions", "plan_is_known"): "'gold' as plan",
    ("subscriptions", "price_is_not_negative"): "-1 as price_eur",
    ("revenue", "none_is_negative"): "-1 as churned_eur",
    ("files", "status_is_known"): "'lost' as status",
    ("files", "only_landed_files_count"): "'copy' as status, '' as reason, 1 as rows",
    ("files", "rows_are_not_negative"): "-1 as rows",
    ("rejects", "shape_hides_the_value"): "'u0001' as shape",
    ("drift", "kind_is_known"): "'weather' as kind",
    ("build", "one_build"): "'' as id",
    ("dictionary", "everything_has_a_meaning"): "'' as meaning",
    ("checks", "it_says_what_holds"): "'' as expression",
    ("lineage", "nothing_needs_itself"): "table_name as needs",
    ("ambassadors", "status_is_known"): "'boss' as status",
    ("commitments", "status_is_known"): "null as status",
    ("answers", "no_free_text"): "'email' as kind, 'diane@ecole.example' as choice",
}
"""For each check of each model, the change that makes a good row a bad one."""

COPIES = {
    "ambassadors": [{"ambassador_key": 1, "status": "active"}],
    "ambassador_classes": [{"ambassador_key": 1, "class_key": 2}],
    "commitments": [{"ambassador_key": 1, "quarter": "2020-2021-Q1", "commitment": "1", "status": "met"}],
    "answers": [{"response_key": 3, "form": "n5h3f6CS", "kind": "number", "number": 9.0}],
}
"""What a ledger would lend: a row each."""

KEYED = [name for name, model in read_models().items() if model.key]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """A build in which every table has a row, open for planting."""
    folder = tmp_path_factory.mktemp("models")
    made = make_exports(folder / "source", 3, size=400)
    report = etl(
        folder / "home", folder / "source", now=NOW.replace(month=12, day=31), copies=COPIES, timezone=made.timezone
    )
    copy = folder / "planted.duckdb"
    shutil.copyfile(folder / "home" / "warehouse" / f"{report.build}.duckdb", copy)
    copy.chmod(0o644)
    return duckdb.connect(str(copy))


def test_every_check_of_every_model_has_a_planted_row() -> None:
    """A check nobody has seen fail may be one that cannot."""
    checks = {(model.name, check) for model in read_models().values() for check in model.checks}
    assert checks == set(PLANTED)


@pytest.mark.parametrize(("table", "check"), PLANTED)
def test_a_planted_row_fails_its_check(filled: duckdb.DuckDBPyConnection, table: str, check: str) -> None:
    """Each check holds for the real rows and fails for one bad row, NULL counting as bad."""
    model = read_models()[table]
    verify(filled, model, "true")
    with_one_bad_row(filled, table, f"select * replace ({PLANTED[table, check]}) from {table} limit 1")
    with pytest.raises(ChecksFailed, match=f"'{check}' of table {table}"):
        verify(filled, only(model, check), "true")
    filled.rollback()


@pytest.mark.parametrize("table", KEYED)
def test_a_second_row_of_one_key_fails(filled: duckdb.DuckDBPyConnection, table: str) -> None:
    """The key of a table names one row."""
    with_one_bad_row(filled, table, f"from {table} limit 1")
    with pytest.raises(ChecksFailed, match="'key'"):
        verify(filled, read_models()[table], "true")
    filled.rollback()


def with_one_bad_row(con: duckdb.DuckDBPyConnection, table: str, row: str) -> None:
    con.begin()
    assert con.execute(f"select count(*) from ({row})").fetchall() == [(1,)], f"{table} has no row to spoil"
    con.execute(f"insert into {table} {row}")


def only(model: Model, check: str) -> Model:
    """The model with one check left, so that no other one speaks first."""
    return replace(model, checks={check: model.checks[check]}, key=())


X_IS_NEW = News(frozenset({"x"}), frozenset())
GOOD = "-- meaning: a thing\n-- column n INTEGER [things]: how many\n-- check some: n > 0\nselect 1 as n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD.replace("select 1 as n", "select 1 as n, 2 as m"), "m INTEGER"),
        (GOOD.replace("-- check", "-- column m INTEGER: missing\n-- check"), "m INTEGER"),
        (GOOD.replace("select 1 as n", "select 1::bigint as n"), "n BIGINT"),
    ],
    ids=["a column without a header line", "a header line without a column", "another type"],
)
def test_a_header_that_differs_from_its_query_is_refused(text: str, said: str) -> None:
    """A published column without a meaning, or a described column that is not there, fails the build."""
    with duckdb.connect() as con, pytest.raises(ModelInvalid, match=said):
        run_models(con, {"t": parse("t", "-- needs: x\n" + text)}, X_IS_NEW, date(2020, 1, 1))


@pytest.mark.parametrize(
    ("written", "news"),
    [("stored: view", X_IS_NEW), ("renew: true", News(frozenset(), frozenset({"x"})))],
    ids=["a view", "a table renewed in part"],
)
def test_a_header_is_held_to_its_query_where_no_table_is_made(written: str, news: News) -> None:
    """A view, and rows put into the table of the last build, whose types would else be bent to fit."""
    text = f"-- needs: x\n-- {written}\n" + GOOD.replace("select 1 as n", "select 1::bigint as n")
    with duckdb.connect() as con:
        con.execute("create table t as select 1 as n")
        with pytest.raises(ModelInvalid, match="n BIGINT"):
            run_models(con, {"t": parse("t", text)}, news, date(2020, 1, 1))


def test_a_null_counts_as_a_check_that_fails() -> None:
    """`where not (check)` would pass on NULL."""
    text = "-- needs: x\n" + GOOD.replace("select 1 as n", "select null::integer as n")
    with duckdb.connect() as con, pytest.raises(ChecksFailed, match="'some' of table t does not hold for 1 rows"):
        run_models(con, {"t": parse("t", text)}, X_IS_NEW, date(2020, 1, 1))


@pytest.mark.parametrize("line", ["-- colour: red", "-- column n", "-- check n > 0"])
def test_a_header_line_that_cannot_be_read_is_refused(line: str) -> None:
    """A typing error in a header must not become a silent comment."""
    with pytest.raises(ModelInvalid, match="cannot read"):
        parse("t", f"{GOOD.splitlines()[0]}\n{line}\nselect 1 as n")


def test_models_come_after_what_they_need() -> None:
    """The order is worked out from the headers."""
    order = list(read_models())
    for model in read_models().values():
        assert all(order.index(need) < order.index(model.name) for need in model.needs if need in order)


def test_a_failed_check_publishes_nothing_and_leaves_the_last_build_byte_for_byte(tmp_path: Path) -> None:
    """Exit code 4, one line that says what and what to do, and the HOME's builds as they were."""
    home, source, package = tmp_path / "home", tmp_path / "source", tmp_path / "code"
    usage_day(source, date(2020, 3, 2), ["u1", "u2"])
    etl(home, source)
    before = bytes_below(home / "warehouse")
    shutil.copytree(PACKAGE, package / "workbench")
    broken = package / "workbench" / MODELS.relative_to(PACKAGE) / "growth.sql"
    broken.write_text(broken.read_text().replace("-- check none", "-- check never: false\n-- check none"))
    usage_day(source, date(2020, 3, 3), ["u1"])
    done = run_copy(package, home, source)
    assert done.returncode == 4
    assert "check 'never' of table growth does not hold for 2 rows" in done.stderr
    assert "Traceback" not in done.stderr
    assert bytes_below(home / "warehouse") == before


def run_copy(package: Path, home: Path, source: Path) -> subprocess.CompletedProcess[str]:
    """The command line of a copy of the code."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("WORKBENCH_")}
    env |= {"PYTHONPATH": str(package), "WORKBENCH_HOME": str(home)}
    command = [sys.executable, "-m", "workbench.cli", "etl", "run", "--source", str(source)]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, cwd=package)
