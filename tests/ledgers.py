"""Ledgers for tests, each one empty and of its own: on SQLite and on PostgreSQL, so that every rule is held on both."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from workbench.ledger import Ledger, open_ledger

KEY = b"a key for tests"
SERVER = "postgresql+psycopg://postgres@127.0.0.1:5432"


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


@pytest.fixture
def postgresql_url(postgresql_template: str, dropped: Callable[[str], None]) -> Iterator[str]:
    """A ledger in a database that goes away after the test."""
    name = f"test_{uuid4().hex}"
    on_server(f"create database {name} template {postgresql_template}")
    yield f"{SERVER}/{name}"
    dropped(name)


@pytest.fixture(scope="session")
def dropped() -> Iterator[Callable[[str], None]]:
    """Drops a database while the tests go on: the server ends each with a checkpoint, and nobody needs to wait."""
    under_way: list[Future[None]] = []
    with ThreadPoolExecutor(1) as pool:
        yield lambda name: under_way.append(pool.submit(on_server, f"drop database {name} with (force)"))
    for drop in under_way:
        drop.result()


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
