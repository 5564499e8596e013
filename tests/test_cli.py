"""The command line: exit codes, one line for a failure, JSON for scripts."""

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from tiny import usage_day, write_csv

FIRST = date(2020, 3, 2)


def workbench(home: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("WORKBENCH_")}
    clean |= {"WORKBENCH_HOME": str(home)} | env
    command = [sys.executable, "-m", "workbench.cli", *arguments]
    return subprocess.run(command, env=clean, capture_output=True, text=True, check=False)


def assert_one_line(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """A failure a person can act on: one line on stderr, with the words, and the exit code."""
    lines = [line for line in done.stderr.splitlines() if line and not line.startswith(("landing:", "counting"))]
    assert (done.returncode, len(lines)) == (code, 1), done.stderr
    assert all(word in lines[0] for word in words), lines[0]


def test_a_run_ends_with_a_table_and_0(tmp_path: Path) -> None:
    """Published: feed, files, rows, duplicates, rejected, seconds."""
    usage_day(tmp_path / "exports", FIRST, ["u1", "u2"])
    done = workbench(tmp_path / "home", "etl", "run", "--source", str(tmp_path / "exports"))
    assert done.returncode == 0, done.stderr
    header, line, *rest = done.stdout.splitlines()
    assert header.split() == "feed files rows duplicates rejected refused seconds".split()
    assert line.split()[:6] == ["usage", "1", "2", "0", "0", "0"]
    assert "published" in rest[-1]
    again = workbench(tmp_path / "home", "etl", "run", "--source", str(tmp_path / "exports"))
    assert again.returncode == 0
    assert "nothing new" in again.stdout


def test_a_refused_file_is_named_and_gives_3(tmp_path: Path) -> None:
    """Published all the same, and the run says which file and why."""
    usage_day(tmp_path / "exports", FIRST, ["u1"])
    (tmp_path / "exports/usage/nothing.csv").touch()
    done = workbench(tmp_path / "home", "etl", "run", WORKBENCH_SOURCE=str(tmp_path / "exports"))
    assert done.returncode == 3, done.stderr
    assert "refused: usage/nothing.csv (empty)" in done.stdout
    again = workbench(tmp_path / "home", "etl", "run", WORKBENCH_SOURCE=str(tmp_path / "exports"))
    assert again.returncode == 3
    assert "nothing new" in again.stdout


def test_json_is_one_object(tmp_path: Path) -> None:
    """Scripts read stdout and nothing else is on it."""
    usage_day(tmp_path / "exports", FIRST, ["u1"])
    done = workbench(tmp_path / "home", "etl", "run", "--source", str(tmp_path / "exports"), "--json")
    report = json.loads(done.stdout)
    assert (report["outcome"], report["exit_code"], report["feeds"][0]["rows"]) == ("published", 0, 1)
    status = json.loads(workbench(tmp_path / "home", "etl", "status", "--json").stdout)
    assert status["files"][0]["path"] == "usage/2020-03-02.csv"


def test_status_tells_what_became_of_each_file(tmp_path: Path) -> None:
    """Landed, copy or refused, with numbers or the reason."""
    usage_day(tmp_path / "exports", FIRST, ["u1"])
    usage_day(tmp_path / "exports", FIRST, ["u1"], name="second.csv")
    write_csv(tmp_path / "exports/usage/no key.csv", ["user_id"], [["u1"]])
    workbench(tmp_path / "home", "etl", "run", "--source", str(tmp_path / "exports"))
    shown = workbench(tmp_path / "home", "etl", "status").stdout
    assert "landed   usage/2020-03-02.csv: 1 rows" in shown
    assert "copy     usage/second.csv" in shown
    assert "refused  usage/no key.csv: missing_column:event_id" in shown


def test_usage_errors_give_2(tmp_path: Path) -> None:
    """A wrong option is not a failure of the data."""
    assert workbench(tmp_path, "etl", "run", "--colour", "red").returncode == 2
    assert workbench(tmp_path, "dance").returncode == 2


@pytest.mark.parametrize(
    ("arguments", "env", "words"),
    [
        (["etl", "run"], {}, ["no export folder", "--source"]),
        (["etl", "run", "--source", "nowhere"], {}, ["nowhere is not a folder", "--source"]),
        (["etl", "status"], {}, ["no build is published", "workbench etl run"]),
        (["dictionary"], {}, ["no build is published", "make run"]),
        (["etl", "run", "--source", "."], {"WORKBENCH_TIMEZONE": "Mars/Olympus"}, ["WORKBENCH_TIMEZONE", ".env"]),
        (["etl", "run", "--source", "."], {"WORKBENCH_REJECT_LIMIT": "7"}, ["WORKBENCH_REJECT_LIMIT"]),
    ],
)
def test_a_failure_is_one_line_with_what_to_do(
    tmp_path: Path, arguments: list[str], env: dict[str, str], words: list[str]
) -> None:
    """No traceback for what a person can put right."""
    assert_one_line(workbench(tmp_path / "home", *arguments, **env), 1, *words)


def test_the_dictionary_prints_every_column(tmp_path: Path) -> None:
    """Meaning and unit, from the published build."""
    usage_day(tmp_path / "exports", FIRST, ["u1"])
    workbench(tmp_path / "home", "etl", "run", "--source", str(tmp_path / "exports"))
    shown = workbench(tmp_path / "home", "dictionary").stdout
    assert "active_users: " in shown
    assert "    mau BIGINT [users]: " in shown


def test_a_run_loads_neither_pandas_nor_the_ledger(tmp_path: Path) -> None:
    """They cost every landing process 0.3 s each and are not needed there: a call that drags one in shows here."""
    usage_day(tmp_path / "source", date(2020, 3, 2), ["u1", "u2"])
    usage_day(tmp_path / "source", date(2020, 3, 4), ["u2"])
    script = "import sys, workbench.cli as cli; cli.cli(sys.argv[1:], standalone_mode=False); print(*sys.modules)"
    command = [sys.executable, "-c", script, "etl", "run", "--source", str(tmp_path / "source")]
    env = os.environ | {"WORKBENCH_HOME": str(tmp_path / "home")}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert {"polars", "pandas", "sqlalchemy", "alembic"} & set(done.stdout.splitlines()[-1].split()) == {"polars"}
