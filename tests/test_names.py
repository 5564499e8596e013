"""The names behind the keys of classes: which class to call, kept by the landing in the ledger, whatever happens."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import select
from tiny import NOW, etl, settings, usage_day, write_csv

import workbench
from workbench.etl import run
from workbench.ledger import LedgerUnreachable, ledger_of, open_ledger
from workbench.ledger.classes import class_named
from workbench.ledger.tables import Audit, ClassName
from workbench.privacy import Pseudonyms

KEY = "5a" * 32
CLASSES = ["class_id", "created_at", "country"]
SUBSCRIPTIONS = "subscription_id,class_id,plan,payer_type,starts_on,ends_on,price_eur,payer_code".split(",")


def classes(source: Path, *names: str, file: str = "a.csv") -> None:
    """An export of classes."""
    write_csv(source / "classes" / file, CLASSES, [(name, "2020-09-01T08:00:00Z", "FR") for name in names])


def paid(source: Path, *rows: tuple[str, str, str], file: str = "a.csv") -> None:
    """An export of subscriptions: class, payer, year in which it begins."""
    lines = [
        (f"s-{name}-{year}", name, "plus", "ecole", f"{year}-09-10", f"{int(year) + 1}-09-10", "99", payer)
        for name, payer, year in rows
    ]
    write_csv(source / "subscriptions" / file, SUBSCRIPTIONS, lines)


def remembered(home: Path, **given: str) -> dict[str, tuple[str | None, date | None]]:
    """Payers by class, as the ledger has them; each under the key that the builds have."""
    ledger = ledger_of(settings(home, **given))
    with ledger.reading() as session:
        rows = list(session.scalars(select(ClassName)))
    keys = ledger.keys("class", [row.class_id for row in rows])
    ledger.close()
    assert keys == [row.class_key for row in rows]
    return {row.class_id: (row.payer_code, row.payer_since) for row in rows}


def test_a_class_can_be_found_again_from_the_key_that_a_build_shows(tmp_path: Path) -> None:
    """From either feed; the payer is the one of the subscription that begins last."""
    classes(tmp_path / "source", " k1 ", "k2")
    paid(tmp_path / "source", ("k1", "ECO-OLD", "2018"), ("k1", "ECO-NEW", "2020"), ("k1", "ECO-MID", "2019"))
    paid(tmp_path / "source", ("k3", "COM-3", "2020"), ("k2", "", "2020"), file="b.csv")
    etl(tmp_path / "home", tmp_path / "source")
    ours, third = ("ECO-NEW", date(2020, 9, 10)), ("COM-3", date(2020, 9, 10))
    assert remembered(tmp_path / "home") == {"k1": ours, "k2": (None, None), "k3": third}
    key = workbench.open(tmp_path / "home").sql("select min(class_key) from classes").rows()[0][0]
    ledger = ledger_of(settings(tmp_path / "home"))
    assert class_named(ledger, key, who="diane", now=NOW).class_id in ("k1", "k2")
    ledger.close()


def test_what_does_not_land_is_not_remembered(tmp_path: Path) -> None:
    """Neither a rejected row nor a refused file."""
    rows = [("k1", "2020-09-01T08:00:00Z", "FR"), ("k2", "yesterday", "FR")]
    write_csv(tmp_path / "source/classes/a.csv", CLASSES, rows)
    bad = [(f"bad-{number}", "yesterday", "FR") for number in range(20)]
    write_csv(tmp_path / "source/classes/b.csv", CLASSES, [("k9", "2020-09-01T08:00:00Z", "FR"), *bad])
    assert etl(tmp_path / "home", tmp_path / "source").exit_code == 3
    assert set(remembered(tmp_path / "home")) == {"k1"}


def test_a_payer_that_is_no_text_costs_no_row(tmp_path: Path) -> None:
    """The column was never read before; what stands in it must not decide what lands."""
    row = ["s1", "k1", "plus", "ecole", "2020-09-10", "2021-09-10", "99"]
    columns = {name: pa.array([value, value]) for name, value in zip(SUBSCRIPTIONS[:-1], row, strict=True)}
    broken = pa.array([b"\xff\xfe", b"ECO-1"], pa.binary())
    for name, payers in {"lists": pa.array([["x"], None]), "bytes": broken, "ticks": pa.array([1.5, None])}.items():
        source = tmp_path / name / "source"
        (source / "subscriptions").mkdir(parents=True)
        table = pa.table(columns | {"subscription_id": pa.array(["s1", "s2"]), "payer_code": payers})
        pq.write_table(table, source / "subscriptions" / "a.parquet")
        (line,) = etl(tmp_path / name / "home", source).files
        assert (line.status, line.rows, line.rejected) == ("landed", 2, 0)
    found = {name: remembered(tmp_path / name / "home")["k1"][0] for name in ("lists", "bytes", "ticks")}
    assert found == {"lists": None, "bytes": "ECO-1", "ticks": "1.5"}


def test_nothing_is_published_before_the_ledger_knows(tmp_path: Path) -> None:
    """A run that ends between, for whatever reason, is done again by the next one, and no class is missed."""
    home, source = tmp_path / "home", tmp_path / "source"
    classes(source, "k1")
    with pytest.raises(LedgerUnreachable, match="start the database server"):
        etl(home, source, ledger_url="postgresql+psycopg://nobody@127.0.0.1:1/ledger")
    assert not (home / "warehouse" / "current").exists()
    assert etl(home, source).outcome == "published"
    assert set(remembered(home)) == {"k1"}


def test_a_landing_that_is_done_again_says_nothing_new(tmp_path: Path) -> None:
    """The same files read anew, as after a kill: the same map, and no line in the audit."""
    home, source = tmp_path / "home", tmp_path / "source"
    classes(source, "k1", "k2")
    paid(source, ("k1", "ECO-1", "2020"))
    etl(home, source, pseudonym_key=KEY)
    before = remembered(home, pseudonym_key=KEY)
    run(settings(home, pseudonym_key=KEY), source, now=NOW, full=True)
    classes(source, "k3", file="more.csv")
    etl(home, source, pseudonym_key=KEY)
    assert remembered(home, pseudonym_key=KEY) == before | {"k3": (None, None)}
    ledger = ledger_of(settings(home))
    with ledger.reading() as session:
        told = [line.details["count"] for line in session.scalars(select(Audit).order_by(Audit.id))]
    ledger.close()
    assert told == [2, 1]


def test_a_landing_without_classes_opens_no_ledger(tmp_path: Path) -> None:
    """Usage every day, classes now and then."""
    usage_day(tmp_path / "source", date(2020, 3, 2), ["u1"])
    etl(tmp_path / "home", tmp_path / "source")
    assert not list((tmp_path / "home").glob("ledger*"))


def test_the_ledger_of_the_settings_is_the_one_that_learns(tmp_path: Path, ledger_url: str) -> None:
    """Also where it is a PostgreSQL somewhere else: then nothing of it lies in HOME."""
    classes(tmp_path / "source", "k1")
    etl(tmp_path / "home", tmp_path / "source", ledger_url=ledger_url)
    ledger = open_ledger(ledger_url, b"any")
    with ledger.reading() as session:
        assert [row.class_id for row in session.scalars(select(ClassName))] == ["k1"]
    ledger.close()
    assert not (tmp_path / "home" / "ledger.sqlite").exists()


def test_a_landing_of_classes_does_not_load_pandas(tmp_path: Path) -> None:
    """The names go from Arrow to the ledger as plain values."""
    classes(tmp_path / "source", "k1")
    paid(tmp_path / "source", ("k1", "ECO-1", "2020"))
    script = (
        "import sys; from pathlib import Path; from tiny import etl; "
        "etl(Path(sys.argv[1]), Path(sys.argv[2])); print('pandas' in sys.modules)"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "home"), str(tmp_path / "source")]
    done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]


def test_keys_are_those_of_the_builds(tmp_path: Path) -> None:
    """The map would be of no use with keys of its own."""
    classes(tmp_path / "source", "k1")
    etl(tmp_path / "home", tmp_path / "source")
    key = bytes.fromhex((tmp_path / "home" / "pseudonym.key").read_text())
    (expected,) = Pseudonyms(key).keys("class", ["k1"])
    shown = workbench.open(tmp_path / "home").sql("select class_key from classes").rows()
    assert shown == [(int(expected),)]
    assert set(remembered(tmp_path / "home")) == {"k1"}
