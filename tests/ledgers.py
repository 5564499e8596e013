"""Ledgers for tests, each one empty and of its own: on SQLite and on PostgreSQL, so that every rule is held on both."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError

from workbench.ledger import Ledger, open_ledger

KEY = b"a key for tests"
SERVER = "postgresql+psycopg://postgres@127.0.0.1:5432"

LEFT_ALONE = """
select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
"""
# The audit lets nobody take anything away, hence the role of a replica, for which no trigger fires.
AS_MIGRATED = """
do $$
declare
    name text;
    filled boolean;
begin
    set local session_replication_role = replica;
    for name in select tablename from pg_tables where schemaname = 'public' loop
        execute format('select exists (select from public.%I)', name) into filled;
        if filled then
            execute format('truncate public.%I cascade', name);
        end if;
    end loop;
    perform setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false)
    from pg_sequences where schemaname = 'public' and last_value is not null;
    insert into academies table migrated.academies;
    insert into alembic_version table migrated.alembic_version;
end $$
"""
"""Every table as the migrations leave it: empty but for the académies and the number of the last migration."""


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest) -> str:
    """The address of a ledger that is up to date and holds nothing but the académies."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """That ledger, opened."""
    opened = open_ledger(ledger_url, KEY)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A ledger in a file."""
    shutil.copyfile(sqlite_template, tmp_path / "ledger.sqlite")
    return f"sqlite:///{tmp_path / 'ledger.sqlite'}"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger's file, migrated once for the whole session."""
    file = tmp_path_factory.mktemp("ledger") / "template.sqlite"
    open_ledger(f"sqlite:///{file}", KEY).close()
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def own_ledger_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The same for a test that changes the tables themselves: in a database that nobody has after it."""
    if request.param == "sqlite":
        yield str(request.getfixturevalue("sqlite_url"))
        return
    with own_database(request.getfixturevalue("postgresql_template")) as url:
        yield url


@pytest.fixture
def postgresql_url(postgresql_database: Engine) -> str:
    """A ledger in the database of this worker, whatever the test before left in it."""
    with postgresql_database.connect() as connection:
        connection.execute(text(LEFT_ALONE))
        connection.execute(text(AS_MIGRATED))
    return postgresql_database.url.render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def postgresql_database(postgresql_template: str) -> Iterator[Engine]:
    """A database for all tests of a worker: to make and drop one for each took the server a minute of a run."""
    with own_database(postgresql_template) as url:
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("create schema migrated"))
            for table in ("academies", "alembic_version"):
                connection.execute(text(f"create table migrated.{table} as table {table}"))
        yield engine
        engine.dispose()


@contextmanager
def own_database(template: str) -> Iterator[str]:
    """The address of a copy of a database, dropped in the end."""
    name = f"test_{uuid4().hex}"
    on_server(f"create database {name} template {template}")
    try:
        yield f"{SERVER}/{name}"
    finally:
        on_server(f"drop database {name} with (force)")


@pytest.fixture(scope="session")
def postgresql_template() -> Iterator[str]:
    """A ledger's database, migrated once for the whole session."""
    start_server()
    name = f"test_template_{uuid4().hex}"
    on_server(f"create database {name}")
    open_ledger(f"{SERVER}/{name}", KEY).close()
    yield name
    on_server(f"drop database {name} with (force)")


def on_server(statement: str) -> None:
    """One statement outside any transaction."""
    engine = create_engine(f"{SERVER}/postgres", isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 5})
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()


def start_server() -> None:
    """Make sure a PostgreSQL answers: start Debian's where none does. Without one the tests fail, they never skip."""
    try:
        on_server("select 1")
    except OperationalError:
        if shutil.which("pg_ctlcluster") is None:
            pytest.fail(f"no PostgreSQL answers at {SERVER}, and none is installed: the ledger's tests need one")
        cluster = max(path.name for path in Path("/etc/postgresql").iterdir())
        subprocess.run(["pg_ctlcluster", "--skip-systemctl-redirect", cluster, "main", "start"], check=False)
        on_server("select 1")
