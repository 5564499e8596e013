"""What the machine does to us: no rights, no space, hostile names. One line each, and nothing lost."""

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select
from test_cli import assert_one_line, workbench
from test_publish import dump
from tiny import USAGE, USERS, etl, settings, usage_day, write_csv

import workbench as package
from workbench.ledger import ledger_of
from workbench.ledger.tables import ClassName

FIRST = date(2020, 3, 2)

HOSTILE = [
    "u'; drop table users; --",
    '=HYPERLINK("http://x.example";"y")',
    "../../etc/passwd",
    "élève n° 1 ☂",
    "u\t1",
    "%s{0}$1",
    "null",
]


def test_hostile_names_and_ids_land_as_they_are(tmp_path: Path) -> None:
    """File names with quotes, spaces, accents; ids that look like SQL, formulas or paths."""
    home, source = tmp_path / 'home\'s "own"', tmp_path / "dossier d'été"
    for name in ("l'été.csv", 'a "b" c.csv', "semi;colon $HOME.csv", "[1]*?.csv"):
        rows = [
            (f"{name}-{n}", "2020-03-02T10:00:00Z", user, "sign_in", "parent", "FR", user)
            for n, user in enumerate(HOSTILE)
        ]
        write_csv(source / "usage" / name, USAGE, rows)
    assert etl(home, source).exit_code == 0
    warehouse = package.open(home)
    assert warehouse.sql("select count(distinct user_key), sum(events)::int from user_day").rows() == [(7, 28)]


RAW = ("u-secret-", "k-secret-", "e-secret-", "Maternelle de Mireille", "mireille@", "l'orage")


def test_no_raw_id_is_kept_below_home(tmp_path: Path) -> None:
    """User, class, post and event ids, slugs, and whatever was typed stay in the exports.

    The ledger alone keeps which class a key stands for, and who pays for it: those of classes, and nothing else.
    """
    home, source = tmp_path / "home", tmp_path / "source"
    usage = [
        (
            f"e-secret-{n}",
            f"2020-03-0{1 + n % 5}T10:00:00Z",
            f"u-secret-{n % 7}",
            "post_published",
            "parent",
            "FR",
            f"k-secret-{n % 3}",
        )
        for n in range(80)
    ]
    write_csv(
        source / "usage/a.csv", USAGE, [*usage, ("e-secret-x", "mireille@l'orage", "u-secret-1", "x", "", "", "")]
    )
    write_csv(
        source / "users/a.csv",
        [*USERS, "language"],
        [(f"u-secret-{n}", "teacher", "FR", "2019-09-01T08:00:00Z", "mireille@x") for n in range(7)],
    )
    columns = ["class_id", "created_at", "country", "slug", "level", "region", "department", "commune_code"]
    free = ["Maternelle de Mireille", "CP chez mireille@x", "l'orage; et puis", "mireille@", "mireille@"]
    write_csv(source / "classes/a.csv", columns, [("k-secret-1", "2019-09-01T08:00:00Z", "FR", *free)])
    sub = ["subscription_id", "class_id", "plan", "payer_type", "starts_on", "ends_on", "price_eur", "payer_code"]
    write_csv(
        source / "subscriptions/a.csv",
        sub,
        [("e-secret-s", "k-secret-1", "plus", "classe", "2019-09-01", "2020-09-01", "99", "mireille@x")],
    )
    tr = ["translation_id", "translated_at", "post_id", "source_language", "target_language"]
    write_csv(source / "translations/a.csv", tr, [("e-secret-t", "2020-03-02T10:00:00Z", "k-secret-post", "fr", "ar")])
    done = workbench(home, "etl", "run", "--source", str(source))
    assert done.returncode == 0, done.stderr
    found = package.open(home)
    assert found.sql("select count(*) from rejects").rows() == [(1,)]
    ledger = ledger_of(settings(home))
    with ledger.reading() as session:
        named = [(row.class_id, row.payer_code) for row in session.scalars(select(ClassName))]
    ledger.close()
    assert named == [("k-secret-1", "mireille@x")]
    kept = [path for path in home.rglob("*") if path.is_file()]
    assert len(kept) > 10
    for path in kept:
        content = path.read_bytes()
        if path == home / "ledger.sqlite":
            content = content.replace(b"k-secret-1", b"").replace(b"mireille@x", b"")
        for raw in RAW:
            assert raw.encode() not in content, (path.name, raw)
            assert raw.encode("utf-16-le") not in content, (path.name, raw)
    said = done.stdout + done.stderr
    assert not [raw for raw in RAW if raw in said]
    everything = [repr(found.sql(f"from {table}").rows()) for table in found.tables()]
    assert not [raw for raw in RAW for text in everything if raw in text]


WITHOUT_OVERRIDE = [
    "setpriv",
    "--bounding-set=-dac_override,-dac_read_search",
    "--inh-caps=-dac_override,-dac_read_search",
]
"""Root reads everything; without these capabilities it is held to the rights of files, as anybody is."""


def held_to_rights(home: Path, source: Path) -> subprocess.CompletedProcess[str]:
    """`etl run` by somebody whom file modes can stop."""
    drop = WITHOUT_OVERRIDE if os.getuid() == 0 else []
    env = {key: value for key, value in os.environ.items() if not key.startswith("WORKBENCH_")}
    command = [*drop, sys.executable, "-m", "workbench.cli", "etl", "run", "--source", str(source)]
    return subprocess.run(command, env=env | {"WORKBENCH_HOME": str(home)}, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "closed", ["source/usage/2020-03-03.csv", "source/usage", "home/lake/parts/usage", "home/warehouse"]
)
def test_a_missing_right_is_said_with_its_path(tmp_path: Path, closed: str) -> None:
    """No right to a file, a folder, the lake or the builds: which one, and the last build stays."""
    home, source = tmp_path / "home", tmp_path / "source"
    usage_day(source, FIRST, ["u1"])
    etl(home, source)
    before = dump(home)
    usage_day(source, date(2020, 3, 3), ["u1", "u2"])
    path = tmp_path / closed
    mode = path.stat().st_mode
    path.chmod(0o000 if closed.startswith("source") else 0o555)
    try:
        assert_one_line(held_to_rights(home, source), 1, "no right", path.name, "give")
    finally:
        path.chmod(mode)
    assert dump(home) == before
    assert etl(home, source).outcome == "published"


ON_A_SMALL_DISK = """
import json, os, subprocess, sys, workbench
from datetime import date, timedelta
from pathlib import Path
from tiny import usage_day
folder, size = Path(sys.argv[1]), sys.argv[2]
home, source = folder / "disk" / "home", folder / "source"
subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder / "disk")], check=True)
def run():
    command = [sys.executable, "-m", "workbench.cli", "etl", "run", "--source", str(source)]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | {"WORKBENCH_HOME": str(home)})
def ask():
    return workbench.open(home).sql("select sum(dau)::int, sum(mau)::int from active_users").rows()
usage_day(source, date(2020, 3, 2), ["u1"])
first, before = run(), ask()
big = [usage_day(source, date(2020, 4, 1) + timedelta(n), [f"u{n}" for n in range(4000)]) for n in range(30)]
full, kept = run(), ask()
for file in big[1:]:
    file.unlink()
again, after = run(), ask()
print(json.dumps([first.returncode, full.returncode, full.stderr, before == kept, again.returncode, after != before]))
"""


@pytest.mark.parametrize("size", ["3m", pytest.param("6m", marks=pytest.mark.soak), "8m"])
def test_a_full_disk_is_said_and_nothing_is_lost(tmp_path: Path, size: str) -> None:
    """Whether landing, counting or building fills it: one line, the last build stays, and space put right is enough."""
    (tmp_path / "disk").mkdir()
    env = {key: value for key, value in os.environ.items() if not key.startswith("WORKBENCH_")}
    env |= {"PYTHONPATH": str(Path(__file__).parent)}
    command = ["unshare", "-rm", sys.executable, "-c", ON_A_SMALL_DISK, str(tmp_path), size]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    first, full, said, kept, again, moved = json.loads(done.stdout)
    assert (first, full, kept, again, moved) == (0, 1, True, 0, True), said
    line = said.strip().splitlines()[-1]
    assert "no space left" in line
    assert "nothing that was there is lost" in line
    assert "Traceback" not in said
