"""The ledger: one schema on two databases, changes that are never lost, an audit that cannot be changed."""

import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from threading import Barrier
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from ledgers import KEY, SERVER, on_server, start_server
from sqlalchemy import Connection, Enum, create_engine, func, inspect, select, text
from sqlalchemy.exc import DBAPIError
from tiny import NOW, settings

from workbench.errors import SettingsInvalid
from workbench.ledger import ChangedMeanwhile, Ledger, LedgerTooNew, LedgerUnreachable, ledger_of, open_ledger
from workbench.ledger.academies import (
    AcademieState,
    Contact,
    ContactInvalid,
    academies,
    remove_contact,
    set_contact,
    set_status,
)
from workbench.ledger.annotations import AnnotationInvalid, annotate, annotations, remove_annotation
from workbench.ledger.classes import NamedClass, UnknownClass, class_named, remember_classes
from workbench.ledger.columns import Base
from workbench.ledger.engine import alone, engine_for
from workbench.ledger.migrations import HEAD, step_of
from workbench.ledger.states import AcademieStatus, ContactFunction
from workbench.ledger.tables import Academie, Annotation, Audit, ClassName
from workbench.privacy import pseudonym_key
from workbench.settings import load_settings

CHECKOUT = Path(__file__).resolve().parent.parent
DPD = Contact("Lyon", ContactFunction.DPD, "Anne Exemple", "anne@ac.example", "04 00 00 00 00", "le matin")


def lyon(ledger: Ledger) -> AcademieState:
    """One académie as it stands."""
    return next(found for found in academies(ledger) if found.academie == "Lyon")


def said(ledger: Ledger) -> list[tuple[str, str, str, str]]:
    """The audit: who, what, entity and its number, in order."""
    with ledger.reading() as session:
        lines = session.scalars(select(Audit).order_by(Audit.id))
        return [(line.who, line.what, line.entity, line.entity_id) for line in lines]


# ------------------------------------------------------------------------------------------------------- schema


def shape(connection: Connection) -> dict[str, list[str]]:
    """Tables with columns, keys, checks and indexes as the database knows them."""
    found = inspect(connection)
    asked = (
        found.get_columns,
        lambda table: [found.get_pk_constraint(table)],
        found.get_unique_constraints,
        found.get_check_constraints,
        found.get_foreign_keys,
        found.get_indexes,
    )
    tables = [table for table in found.get_table_names() if table != "alembic_version"]
    return {
        table: sorted(json.dumps(part, default=str, sort_keys=True) for ask in asked for part in ask(table))
        for table in tables
    }


def test_the_steps_make_the_tables_that_the_code_knows(own_ledger_url: str) -> None:
    """A column in the code that no step makes would fail at the first user, and on one database only."""
    migrated = create_engine(own_ledger_url)
    with migrated.connect() as connection:
        stepped = shape(connection)
    with migrated.begin() as connection:
        if migrated.dialect.name == "sqlite":
            connection.exec_driver_sql("drop trigger audit_delete")
        else:
            connection.exec_driver_sql("drop trigger audit_change on audit")
        Base.metadata.drop_all(connection)
        Base.metadata.create_all(connection)
        assert shape(connection) == stepped
    migrated.dispose()


def test_the_last_step_is_the_one_that_lets_a_ledger_open_at_once(ledger_url: str) -> None:
    """HEAD is kept twice, so that opening needs no Alembic; were they to differ, every opening would migrate."""
    engine = create_engine(ledger_url)
    with engine.connect() as connection:
        assert step_of(connection) == HEAD
    engine.dispose()


def states() -> list[tuple[str, str, Enum]]:
    """Every column that holds a state."""
    return [
        (table.name, column.name, column.type)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, Enum)
    ]


def test_every_state_is_a_named_check_in_the_schema(ledger_url: str) -> None:
    """Whoever writes past the code, with SQL, is held to the same states."""
    engine = create_engine(ledger_url)
    with engine.connect() as connection:
        found = inspect(connection)
        for table, column, kind in states():
            named = {check["name"]: check["sqltext"] for check in found.get_check_constraints(table)}
            check = named[f"ck_{table}_{kind.name}"]
            assert column in check
            assert all(f"'{value}'" in check for value in kind.enums)
    engine.dispose()
    assert len(states()) > 15


def test_a_state_that_is_none_is_refused_by_the_database(ledger: Ledger) -> None:
    """The check is there and is checked."""
    with pytest.raises(DBAPIError, match="ck_academies_academie_status"), ledger.writing("alice", NOW) as work:
        work.execute(text("update academies set status = 'perhaps' where academie = 'Lyon'"))
    assert lyon(ledger).status == "unknown"


def test_a_later_ledger_is_not_touched(ledger_url: str) -> None:
    """An old workbench would write rows that the later one cannot read."""
    engine = create_engine(ledger_url)
    with engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    engine.dispose()
    with pytest.raises(LedgerTooNew, match="update the workbench"):
        open_ledger(ledger_url, KEY)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where no ledger is yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/new/ledger.sqlite"
        return
    start_server()
    name = f"test_{uuid4().hex}"
    on_server(f"create database {name}")
    yield f"{SERVER}/{name}"
    on_server(f"drop database {name} with (force)")


def test_those_who_open_a_new_ledger_at_once_make_it_once(empty_url: str) -> None:
    """The app and a job may both be the first: one makes the tables, the others wait for it."""
    together = Barrier(4)

    def opened(_: int) -> int:
        together.wait()
        ledger = open_ledger(empty_url, KEY)
        found = len(academies(ledger))
        ledger.close()
        return found

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(opened, range(4))) == [30] * 4


# ------------------------------------------------------------------------------------- where it is, whose it is


def test_a_ledger_of_the_home_is_for_its_owner_alone(tmp_path: Path) -> None:
    """Names and addresses: mode 600, the files beside it included, also where somebody had loosened it."""
    home = tmp_path / "a home with % and ?"
    for _ in range(2):
        ledger = ledger_of(settings(home))
        annotate(ledger, date(2020, 9, 1), "la rentrée", who="alice", now=NOW)
        modes = {path.name: path.stat().st_mode & 0o777 for path in home.glob("ledger.sqlite*")}
        ledger.close()
        assert set(modes.values()) == {0o600}
        assert {"ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"} <= set(modes)
        (home / "ledger.sqlite").chmod(0o644)


def test_those_who_need_a_key_at_once_get_the_same(tmp_path: Path) -> None:
    """A key that another overwrites would leave pseudonyms and hashes that nobody can compute again."""
    together = Barrier(8)

    def found(_: int) -> bytes:
        together.wait()
        return pseudonym_key(settings(tmp_path / "home"))

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(found, range(8)))) == 1
    (file,) = (tmp_path / "home").iterdir()
    assert (file.name, file.stat().st_mode & 0o777) == ("pseudonym.key", 0o600)


def test_sqlite_is_set_up_for_many_readers_and_for_erasing(sqlite_url: str) -> None:
    """WAL: a reader never waits for a writer. `secure_delete`: what is erased is overwritten in the file."""
    ledger = open_ledger(sqlite_url, KEY)
    with ledger.reading() as session:
        asked = {name: session.execute(text(f"pragma {name}")).scalar() for name in PRAGMAS}
    ledger.close()
    assert asked == PRAGMAS


PRAGMAS = {"journal_mode": "wal", "foreign_keys": 1, "secure_delete": 1, "synchronous": 2, "busy_timeout": 30_000}


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql+psycopg://somebody:secret@127.0.0.1:1/ledger", "start the database server"),
        ("sqlite:////proc/nowhere/ledger.sqlite", "right to write"),
    ],
)
def test_a_ledger_that_does_not_answer_is_said_in_one_line(url: str, said: str) -> None:
    """What, where and what to do; never the password."""
    with pytest.raises(LedgerUnreachable, match=said) as refused:
        open_ledger(url, KEY)
    assert "\n" not in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_file_that_is_no_ledger_is_said_in_one_line(tmp_path: Path) -> None:
    """A wrong path must not end in a traceback, and the file stays as it was."""
    (tmp_path / "letter.txt").write_text("not a database, but a letter of some length\n" * 100)
    with pytest.raises(LedgerUnreachable, match=r"letter\.txt"):
        open_ledger(f"sqlite:///{tmp_path}/letter.txt", KEY)
    assert (tmp_path / "letter.txt").read_text().startswith("not a database")


@pytest.mark.parametrize("given", ["postgresql://diane@db/ledger", "postgres://diane@db/ledger"])
def test_an_address_of_postgresql_is_read_with_its_driver(given: str, tmp_path: Path) -> None:
    """As one finds it with any provider; the driver is ours to know."""
    assert settings(tmp_path, ledger_url=given).ledger_url == "postgresql+psycopg://diane@db/ledger"


@pytest.mark.parametrize("given", ["mysql://db/ledger", "ledger.sqlite", "postgresql://"])
def test_another_kind_of_database_is_refused(given: str) -> None:
    """Two are tested; a third would fail later and worse."""
    with pytest.raises(SettingsInvalid, match="WORKBENCH_LEDGER_URL"):
        load_settings(ledger_url=given)


# -------------------------------------------------------------------------------------------- time, audit, keys


def test_an_instant_comes_back_as_the_same_moment_in_utc(ledger: Ledger) -> None:
    """SQLite knows no zones: what was 11 in Paris must not come back as 11 somewhere."""
    paris = datetime(2020, 12, 15, 11, 30, 0, 123456, tzinfo=timezone(timedelta(hours=1)))
    annotate(ledger, date(2020, 12, 15), "le courrier part", who="alice", now=paris)
    (found,) = annotations(ledger)
    assert (found.created_at, found.created_at.utcoffset()) == (paris, timedelta(0))


def test_an_instant_without_a_zone_is_refused(ledger: Ledger) -> None:
    """It would be another moment on each machine."""
    naive = NOW.replace(tzinfo=None)
    with pytest.raises(Exception, match="an instant needs a zone"):
        annotate(ledger, date(2020, 12, 15), "quand ?", who="alice", now=naive)
    assert annotations(ledger) == []


@pytest.mark.parametrize("statement", ["update audit set who = 'nobody'", "delete from audit"])
def test_the_audit_refuses_every_change(ledger: Ledger, statement: str) -> None:
    """Not even the workbench itself, or somebody with SQL, can rewrite who did what."""
    annotate(ledger, date(2020, 9, 1), "la rentrée", who="alice", now=NOW)
    before = said(ledger)
    with pytest.raises(DBAPIError, match="append-only"), ledger.writing("bob", NOW) as work:
        work.execute(text(statement))
    assert said(ledger) == before == [("alice", "annotated", "annotation", "1")]


def test_the_audit_holds_personal_values_as_keyed_hashes_only(ledger: Ledger) -> None:
    """It outlives the person: equal values can be seen to be equal, and with another key nothing can be seen."""
    for contact in (DPD, Contact("Lyon", ContactFunction.IEN, DPD.name)):
        set_contact(ledger, contact, who="alice", now=NOW)
    with ledger.reading() as session:
        first, second = (line.details for line in session.scalars(select(Audit).order_by(Audit.id)))
    assert not [value for value in (DPD.name, DPD.email, DPD.phone, DPD.note) if value in str(first)]
    assert first["name"] == second["name"] != first["email"]
    with Ledger(ledger._engine, b"another key").writing("alice", NOW) as work:
        assert work.hashed(DPD.name) != first["name"]


def test_the_ledger_computes_the_keys_that_the_builds_have(ledger: Ledger) -> None:
    """Only so can a person be linked to usage: same key, same pseudonym, apart for users and classes."""
    user, again = ledger.keys("user", ["u1", " u1"])[0], ledger.keys("user", ["u1"])[0]
    assert user == again != ledger.keys("class", ["u1"])[0]


def test_what_fails_half_way_leaves_nothing(ledger: Ledger) -> None:
    """A verb is one transaction, its line in the audit included."""

    def fail() -> None:
        with ledger.writing("alice", NOW) as work:
            work.taken(Academie, "Lyon", 1).note = "half"
            work.audit("status_set", "academie", "Lyon")
            work.flush()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert (lyon(ledger).note, lyon(ledger).version, said(ledger)) == ("", 1, [])


# ---------------------------------------------------------------------------------------------------- académies


def test_a_new_ledger_knows_the_thirty_academies(ledger: Ledger) -> None:
    """As the reference table names them; the two that the kit calls validated are."""
    listed = (CHECKOUT / "workbench/reference/academies.csv").read_text(encoding="utf-8").splitlines()
    found = academies(ledger)
    assert [state.academie for state in found] == sorted({row["academie"] for row in csv.DictReader(listed)})
    assert len(found) == 30
    assert {state.academie for state in found if state.status == "validated"} == {"Versailles", "Créteil"}
    assert {state.status for state in found} == {"validated", "unknown"}


def test_a_status_is_kept_with_who_changed_it_and_when(ledger: Ledger) -> None:
    """The page shows the history, the newest first."""
    later = NOW + timedelta(hours=1)
    set_status(ledger, "Lyon", AcademieStatus.CONTACTED, "appel du 15", 1, who="alice", now=NOW)
    set_status(ledger, "Lyon", AcademieStatus.VALIDATED, "", 2, who="bob", now=later)
    state = lyon(ledger)
    assert (state.status, state.note, state.version) == ("validated", "", 3)
    seen = [(step.who, step.at, step.details["from"], step.details["to"]) for step in state.history]
    assert seen == [("bob", later, "contacted", "validated"), ("alice", NOW, "unknown", "contacted")]


def test_the_second_of_two_who_change_one_thing_is_told(ledger: Ledger) -> None:
    """Both saw version 1: the later must not wipe out the earlier without knowing."""
    set_status(ledger, "Lyon", AcademieStatus.REFUSED, "", 1, who="alice", now=NOW)
    with pytest.raises(ChangedMeanwhile, match="Lyon was changed meanwhile"):
        set_status(ledger, "Lyon", AcademieStatus.VALIDATED, "", 1, who="bob", now=NOW)
    assert (lyon(ledger).status, len(lyon(ledger).history)) == ("refused", 1)


def test_contacts_are_added_changed_and_taken_out(ledger: Ledger) -> None:
    """By function, then name; each change is in the history of its académie."""
    ien = Contact("Lyon", ContactFunction.IEN, "Zoé Exemple")
    number = set_contact(ledger, ien, who="alice", now=NOW)
    set_contact(ledger, DPD, who="alice", now=NOW)
    assert [found.name for found in lyon(ledger).contacts] == [DPD.name, ien.name]
    set_contact(ledger, Contact("Lyon", ien.function, "Zoé  Autre\n", id=number, version=1), who="bob", now=NOW)
    assert lyon(ledger).contacts[1] == Contact("Lyon", ien.function, "Zoé Autre", id=number, version=2)
    with pytest.raises(ChangedMeanwhile, match="changed meanwhile"):
        remove_contact(ledger, number, 1, who="alice", now=NOW)
    remove_contact(ledger, number, 2, who="bob", now=NOW)
    with pytest.raises(ChangedMeanwhile, match="gone meanwhile"):
        set_contact(ledger, Contact("Lyon", ien.function, "Zoé", id=number, version=2), who="alice", now=NOW)
    assert [found.name for found in lyon(ledger).contacts] == [DPD.name]
    steps = [(step.what, step.details["function"]) for step in lyon(ledger).history]
    assert steps[::-1] == [
        ("contact_added", "IEN"),
        ("contact_added", "DPD"),
        ("contact_changed", "IEN"),
        ("contact_removed", "IEN"),
    ]


@pytest.mark.parametrize(("name", "email"), [("", ""), (" \n", ""), ("Anne", "anne"), ("Anne", "anne@ac example")])
def test_a_contact_that_nobody_could_reach_is_refused(ledger: Ledger, name: str, email: str) -> None:
    """Said before anything is written."""
    with pytest.raises(ContactInvalid):
        set_contact(ledger, Contact("Lyon", ContactFunction.DPD, name, email), who="alice", now=NOW)
    assert (lyon(ledger).contacts, said(ledger)) == ((), [])


def test_a_contact_that_is_taken_out_is_gone_from_the_file(sqlite_url: str) -> None:
    """Erased means that the bytes are gone, not only the row."""
    ledger = open_ledger(sqlite_url, KEY)
    number = set_contact(ledger, DPD, who="alice", now=NOW)
    remove_contact(ledger, number, 1, who="alice", now=NOW)
    with ledger.writing("alice", NOW) as work:
        work.audit("checked", "ledger", "")
    ledger.close()
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    assert [path.name for path in file.parent.glob("ledger.sqlite*")] == ["ledger.sqlite"]
    assert DPD.email.encode() not in file.read_bytes()


# -------------------------------------------------------------------------------------------------- annotations


def test_annotations_stand_until_they_are_removed(ledger: Ledger) -> None:
    """By day; a removed one leaves the time lines, and stays in the ledger."""
    second = annotate(
        ledger, date(2020, 10, 17), "Toussaint", ends_on=date(2020, 11, 2), country="FR", who="a", now=NOW
    )
    first = annotate(ledger, date(2020, 9, 1), " la\nrentrée ", who="alice", now=NOW)
    found = annotations(ledger)
    assert [(mark.id, mark.label, mark.ends_on, mark.country) for mark in found] == [
        (first, "la rentrée", None, None),
        (second, "Toussaint", date(2020, 11, 2), "FR"),
    ]
    remove_annotation(ledger, first, who="bob", now=NOW)
    assert [mark.id for mark in annotations(ledger)] == [second]
    with ledger.reading() as session:
        assert session.scalar(select(func.count()).select_from(Annotation)) == 2
    assert said(ledger)[-1] == ("bob", "annotation_removed", "annotation", str(first))


@pytest.mark.parametrize("number", [1, 7])
def test_an_annotation_is_removed_once(ledger: Ledger, number: int) -> None:
    """The second of two is told."""
    annotate(ledger, date(2020, 9, 1), "la rentrée", who="alice", now=NOW)
    remove_annotation(ledger, 1, who="alice", now=NOW)
    with pytest.raises(ChangedMeanwhile, match="gone already"):
        remove_annotation(ledger, number, who="bob", now=NOW)


@pytest.mark.parametrize(("label", "ends_on"), [(" \n", None), ("à rebours", date(2020, 8, 31))])
def test_an_annotation_that_marks_nothing_is_refused(ledger: Ledger, label: str, ends_on: date | None) -> None:
    """No text, or an end before its beginning."""
    with pytest.raises(AnnotationInvalid):
        annotate(ledger, date(2020, 9, 1), label, ends_on=ends_on, who="alice", now=NOW)
    assert annotations(ledger) == []


# ------------------------------------------------------------------------------------------------------ classes


def test_looking_up_a_class_leaves_a_trace(ledger: Ledger) -> None:
    """Whoever lifts a pseudonym is known, also one who tries keys at random."""
    remember_classes(ledger, [NamedClass(-5, "k1", "ECO-1", date(2020, 9, 1))], who="etl", now=NOW)
    assert class_named(ledger, -5, who="diane", now=NOW) == NamedClass(-5, "k1", "ECO-1", date(2020, 9, 1))
    with pytest.raises(UnknownClass, match="12"):
        class_named(ledger, 12, who="diane", now=NOW)
    assert said(ledger)[1:] == [
        ("diane", "class_looked_up", "class", "-5"),
        ("diane", "class_looked_up", "class", "12"),
    ]


def remembered(ledger: Ledger) -> dict[int, tuple[str, str | None, date | None]]:
    """The whole map."""
    with ledger.reading() as session:
        rows = session.scalars(select(ClassName))
        return {row.class_key: (row.class_id, row.payer_code, row.payer_since) for row in rows}


SEEN = st.builds(
    lambda key, code, day: NamedClass(key, f"k{key}", code if day else None, day),
    st.integers(-3, 3),
    st.sampled_from(["A", "B"]),
    st.none() | st.sampled_from([date(2019, 9, 1), date(2020, 9, 1)]),
)


@hypothesis_settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(seen=st.lists(SEEN), cut=st.integers(0, 10))
def test_the_class_map_depends_on_what_was_seen_only(ledger: Ledger, seen: list[NamedClass], cut: int) -> None:
    """Not on the order or the number of landings: a killed one is simply done again."""
    with ledger.writing("test", NOW) as work:
        work.execute(text("delete from class_names"))
    for part in (seen[:cut], seen[cut:], seen[:cut]):
        remember_classes(ledger, part, who="etl", now=NOW)
    best: dict[int, tuple[str, str | None, date | None]] = {}
    for one in sorted(seen, key=lambda named: (named.payer_since or date.min, named.payer_code or "")):
        best[one.class_key] = (one.class_id, one.payer_code, one.payer_since)
    assert remembered(ledger) == best


# -------------------------------------------------------------------------------------- many at once, none lost

EDITOR = """
import sys
from datetime import UTC, datetime
from workbench.ledger import ChangedMeanwhile, open_ledger
from workbench.ledger.academies import academies, set_status
from workbench.ledger.states import AcademieStatus
ledger, who = open_ledger(sys.argv[1], b"a key for tests"), sys.argv[2]
print("ready", flush=True)
sys.stdin.readline()
done = told = 0
while done < 25:
    lyon = next(state for state in academies(ledger) if state.academie == "Lyon")
    try:
        note = f"{lyon.note} {who}{done}"
        set_status(ledger, "Lyon", AcademieStatus.CONTACTED, note, lyon.version, who=who, now=datetime.now(UTC))
        done += 1
    except ChangedMeanwhile:
        told += 1
print(done, told)
"""


def test_fifty_edits_of_one_thing_by_two_processes_lose_none(ledger: Ledger, ledger_url: str) -> None:
    """Each edit builds on the one before or is told that it cannot; both were told sometimes, so they did meet."""
    command = [sys.executable, "-c", EDITOR, ledger_url]
    pipe = subprocess.PIPE
    editors = [subprocess.Popen([*command, who], stdin=pipe, stdout=pipe, text=True) for who in "ab"]
    assert [editor.stdout and editor.stdout.readline() for editor in editors] == ["ready\n"] * 2
    for editor in editors:
        assert editor.stdin
        editor.stdin.write("go\n")
        editor.stdin.flush()
    printed = [editor.communicate()[0].split() for editor in editors]
    assert [int(done) for done, _ in printed] == [25, 25]
    state = lyon(ledger)
    notes = {f"{who}{number}" for who in "ab" for number in range(25)}
    assert (set(state.note.split()), state.version, len(state.history)) == (notes, 51, 50)
    assert sum(int(told) for _, told in printed) > 0


def test_who_comes_right_after_the_one_before_finds_the_name_free(postgresql_url: str) -> None:
    """Also where the server takes long to notice that a connection is closed: here for the tables it has to drop."""
    engine = engine_for(postgresql_url)
    with engine.begin() as connection:
        for number in range(200):
            connection.execute(text(f"create temporary table t{number} (n integer)"))
    for _ in range(2):
        with alone(engine, "courrier-1") as is_mine:
            assert is_mine
    engine.dispose()


def test_threads_that_write_different_things_at_once_all_get_through(ledger: Ledger) -> None:
    """The pages of several people are threads of one process; nobody is told to try again."""

    def mark(number: int) -> int:
        return annotate(ledger, date(2020, 9, 1), f"note {number}", who=f"t{number}", now=NOW)

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(mark, range(50)))
    assert sorted(numbers) == sorted({mark.id for mark in annotations(ledger)})
    assert len(said(ledger)) == len(set(numbers)) == 50


def test_a_reader_sees_the_state_before_a_change_that_is_under_way(ledger: Ledger) -> None:
    """Looking never waits for writing, and never sees half of it."""
    with ledger.writing("alice", NOW) as work:
        work.taken(Academie, "Lyon", 1).note = "under way"
        work.flush()
        assert lyon(ledger).note == ""
        work.audit("status_set", "academie", "Lyon", {"from": "unknown", "to": "unknown"})
    assert lyon(ledger).note == "under way"


def test_now_is_whatever_the_caller_says(ledger: Ledger) -> None:
    """The ledger asks no clock: a test, a sample or a repair may be at any time."""
    then = datetime(2017, 9, 4, 8, tzinfo=UTC)
    annotate(ledger, date(2017, 9, 4), "rentrée 2017", who="alice", now=then)
    with ledger.reading() as session:
        assert session.scalar(select(Audit.at)) == then
