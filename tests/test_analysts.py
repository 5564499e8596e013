"""What an analyst meets: tables that explain themselves, handles that outlive a publish, the pages' own numbers."""

import doctest
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import combinations
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tiny import etl, settings, usage_day

import workbench
from workbench import notebook
from workbench import warehouse as warehouse_module
from workbench.access import Role
from workbench.app.report import viewed
from workbench.metrics import METRICS, Asking
from workbench.notebook import Table
from workbench.pages import Page
from workbench.pages.sheet.report import Report
from workbench.text import Words
from workbench.warehouse import Warehouse

SINCE, UNTIL = date(2020, 10, 1), date(2020, 12, 6)


@pytest.fixture(scope="module")
def home(small_world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A HOME with the build of the pages' small world."""
    return shutil.copytree(small_world / "home", tmp_path_factory.mktemp("small") / "home")


@pytest.fixture(scope="module")
def wh(home: Path) -> Iterator[Warehouse]:
    """Its build, opened as an analyst does."""
    opened = workbench.open(home)
    yield opened
    opened.close()


# ------------------------------------------------------------------------------------------------- what is shown of it


def shown(thing: Warehouse | notebook.Table | warehouse_module.Answer) -> str:
    """What a notebook shows."""
    return thing._repr_html_()


def heads(html: str) -> list[str]:
    """The header cells of a table, without tags."""
    cells = re.findall(r"<th [^>]*>(.*?)</th>", html)
    return [" ".join(re.sub("<[^>]+>", " ", cell).split()) for cell in cells]


@pytest.mark.parametrize("module", [warehouse_module, notebook])
def test_examples_in_docstrings_hold(module: object, wh: Warehouse) -> None:
    """Each is run on the small world; `wh` is its open build."""
    finder, runner = doctest.DocTestFinder(), doctest.DocTestRunner()
    for example in finder.find(module, extraglobs={"wh": wh, "date": date}):
        runner.run(example)
    assert runner.failures == 0
    assert runner.tries > 0 or module is notebook


def test_an_answer_shows_meaning_unit_and_how_many_rows(wh: Warehouse) -> None:
    """Ten rows at most; a column that only the query knows has a name and nothing else."""
    html = shown(wh.sql("select day, mau, mau / 2 as half from active_users order by day"))
    day, mau, half = heads(html)
    assert "local date" in day
    assert "[users]" in mau
    assert "28 days" in mau
    assert half == "half"
    assert html.count("<tr>") == 1 + 10
    count = wh.sql("select count(*) from active_users").rows()[0][0]
    assert f"{Words('fr').number(count)} lignes, dont voici les 10 premières." in html


def test_a_column_that_tables_explain_differently_is_not_explained(wh: Warehouse) -> None:
    """A wrong meaning is worse than none: `users` is another thing in each of these two."""
    (users,) = heads(shown(wh.sql("select a.users from accounts as a, countries as c limit 1")))
    assert users == "users"


def test_a_metric_is_shown_under_its_name_and_unit(wh: Warehouse) -> None:
    """As the pages name it; a share as a percentage."""
    html = shown(wh.metric("activation_rate"))
    assert heads(html) == [f"activation_rate [%] {Words('fr')('metric.activation_rate.name')}"]
    assert re.search(r"<td>\d+,\d\u202f%</td>", html)


def test_what_is_shown_is_escaped_and_pseudonyms_are_no_numbers(wh: Warehouse) -> None:
    """Values and names may come from files: none of them is markup, and a key is written as it is."""
    html = shown(wh.sql("""select '<b>&' as "<i>", -1234567 as class_key, 1234567 as n, null as nothing"""))
    assert "&lt;b&gt;&amp;" in html
    assert "&lt;i&gt;" in html
    assert "<td>-1234567</td>" in html
    assert "<td>1\u202f234\u202f567</td>" in html
    assert "<td>–</td>" in html
    assert not {"<b>", "<i>"} & set(re.findall("<[^>]+>", html))


def test_parameters_and_dollars_do_not_hide_the_meaning(wh: Warehouse) -> None:
    """The tables are read from the query whatever is filled in later."""
    html = shown(wh.sql("select day from days where day = $day and '$day' <> ''", {"day": UNTIL}))
    assert "local date" in heads(html)[0]


def test_an_open_build_shows_what_it_is_and_what_it_holds(wh: Warehouse) -> None:
    """Its id, how far its data goes, every table with its meaning."""
    html = shown(wh)
    assert wh.build.id in html
    assert "14 déc. 2020" in html
    assert all(f"<code>{table}</code>" in html for table in wh.tables())
    assert wh.build.id in repr(wh)


def test_a_frame_is_written_in_french() -> None:
    """Every row, numbers and shares as French writes them."""
    frame = pl.DataFrame({"pays": ["FR"] * 12, "part": [0.125] * 12, "n": [1234.5] * 12})
    html = shown(Table(frame, {"part": "share"}))
    assert heads(html) == ["pays", "part [%]", "n"]
    assert html.count("<td>12,5\u202f%</td>") == 12
    assert html.count("<td>1\u202f234,50</td>") == 12


# ----------------------------------------------------------------------------------------------------- across publishes


def test_an_old_handle_goes_on_and_says_that_a_newer_build_exists(tmp_path: Path) -> None:
    """In `newer`, in what a notebook shows of the build and of its answers; never by an exception."""
    home, source = tmp_path / "home", tmp_path / "source"
    usage_day(source, UNTIL, ["u1"])
    etl(home, source)
    old = workbench.open(home)
    assert old.newer is None
    usage_day(source, UNTIL, ["u1", "u2"])
    etl(home, source)
    new = workbench.open(home)
    assert (old.newer, new.newer) == (new.build.id, None)
    answer = old.sql("select dau from active_users")
    assert answer.rows() == [(1,)]
    for said in (shown(old), shown(answer), repr(old)):
        assert new.build.id in said
    assert "newer" not in repr(new)
    (home / "warehouse" / "current").write_bytes(b"\xff\xfe")
    assert old.newer is None
    (home / "warehouse" / "current").unlink()
    assert old.newer is None
    assert answer.rows() == [(1,)]


def test_a_build_is_found_from_any_folder(home: Path, tmp_path: Path) -> None:
    """WORKBENCH_HOME says where; the folder one works in does not matter."""
    code = "import workbench; print(workbench.open().build.data_until)"
    env = os.environ | {"WORKBENCH_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "2020-12-14"


# ---------------------------------------------------------------------------------------------------------- neighbours


READS_ALL = """
import duckdb, json, sys
with duckdb.connect(sys.argv[1], read_only=True) as build:
    names = [name for (name,) in build.execute(
        "select table_name from duckdb_tables() where schema_name = 'main' order by 1").fetchall()]
    counts = {name: build.execute(f'select count(*) from "{name}"').fetchone()[0] for name in names}
print(json.dumps([duckdb.__version__, counts]))
"""


def test_a_build_opens_with_duckdb_1_5(home: Path, wh: Warehouse) -> None:
    """Analysts and other tools are not always at the newest: that release's own wheel reads every table of a build."""
    neighbours = Path(sys.prefix) / "neighbours"
    command = [sys.executable, "-c", READS_ALL, str(home / "warehouse" / f"{wh.build.id}.duckdb")]
    env = os.environ | {"PYTHONPATH": str(neighbours)}
    version, counts = json.loads(subprocess.run(command, env=env, capture_output=True, check=True).stdout)
    assert version.startswith("1.5.")
    stored = {name for name in counts if wh.sql(f'select count(*) from "{name}"').rows() == [(counts[name],)]}
    assert stored == set(counts) >= {"active_users", "growth", "retention", "users", "classes", "revenue"}


def lake_files(home: Path, wh: Warehouse) -> list[Path]:
    """The lake files behind `user_day`, by the build's own list."""
    query = "select path from build.internal.lake where relation = 'lake_user_day' order by path"
    return [home / "lake" / path for (path,) in wh.sql(query).rows()]


def test_polars_and_pandas_read_the_lake(home: Path, wh: Warehouse) -> None:
    """Plain Parquet: the same rows as the view over it, in either, without the workbench."""
    files = lake_files(home, wh)
    polars = pl.concat([pl.read_parquet(file) for file in files])
    pandas = pd.concat([pd.read_parquet(file) for file in files])
    days, key = wh.sql("select day, user_key, events from user_day").pl(), ["day", "user_key"]
    assert_frame_equal(polars.select(*key, "events").sort(key), days.sort(key), check_dtypes=False)
    assert len(pandas) == len(days)
    assert int(pandas["events"].sum()) == days["events"].sum()


# --------------------------------------------------------------------------------------------------- the pages' numbers


@pytest.fixture(scope="module")
def page(home: Path) -> Page:
    """A page of the small world, nobody folded: what an analyst sees."""
    words = Words("fr")
    return viewed(settings(home, small_cell=1), "overview", Report(words), words)


def groupings(name: str, sizes: Sequence[int]) -> list[tuple[str, ...]]:
    """Every set of so many columns, and all columns."""
    by = METRICS[name].by
    return list(dict.fromkeys([*(columns for size in sizes for columns in combinations(by, size)), by]))


def cuts(name: str) -> list[dict[str, list[str]]]:
    """No filter, each that the metric knows, several values, and two filters at once."""
    values = {"country": ["FR", "BE"], "role": ["teacher"], "plan": ["plus", "standard"]}
    known = [{column: chosen} for column, chosen in values.items() if column in METRICS[name].by]
    return [{}, *known, *(one | other for one, other in combinations(known, 2))]


@pytest.mark.parametrize("sizes", [(0,), pytest.param(range(1, 7), marks=pytest.mark.soak)], ids=["few", "many"])
@pytest.mark.parametrize("name", METRICS)
def test_a_metric_by_name_is_the_number_of_the_page(wh: Warehouse, page: Page, name: str, sizes: Sequence[int]) -> None:
    """Every metric, whole and by all its columns (in every grouping in the soak), under every filter, over a period."""
    for by in groupings(name, sizes):
        for where in cuts(name):
            chosen = (tuple(where.get(column, ())) for column in ("country", "role", "plan"))
            asking = Asking(Role.VIEWER, 1, SINCE, UNTIL, *chosen)
            asked = wh.metric(name, by=by, since=SINCE, until=UNTIL, where=where).pl()
            assert_frame_equal(asked, page.metric(name, asking, by), check_row_order=False)
