"""The database under the ledger: SQLite or PostgreSQL, each set up so that a transaction means the same."""

import fcntl
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError

from workbench.errors import DiskFull
from workbench.ledger.faults import LedgerUnreachable

WAIT_S = 30
"""How long a writer waits for the one before it."""

_TRY = text("select pg_try_advisory_lock(hashtext(:name))")
_GIVE_BACK = text("select pg_advisory_unlock(hashtext(:name))")
_NOT_OURS = ("unable to open", "readonly", "locked", "disk i/o", "not a database", "malformed", "full")


def engine_for(url: str) -> Engine:
    """An engine, not yet connected; a SQLite file is made, for its owner alone. Raises LedgerUnreachable."""
    address = make_url(url)
    return _sqlite(address) if address.get_backend_name() == "sqlite" else _postgresql(address)


def snapshots(engine: Engine) -> Engine:
    """The same database for looking: one moment for all of a look, as SQLite has it by itself.

    PostgreSQL would show each statement its own moment: who read classes first and persons then, between which somebody
    wrote, held old classes under a new version, and wrote the other's change away.
    """
    if engine.dialect.name == "sqlite":
        return engine
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


@contextmanager
def reachable(engine: Engine) -> Iterator[None]:
    """The database's own failures, said as something to do. Raises LedgerUnreachable, DiskFull."""
    try:
        yield
    except DatabaseError as error:
        said = str(error.orig).strip().lower()
        of_place = engine.dialect.name != "sqlite" or any(words in said for words in _NOT_OURS)
        if type(error) not in (DatabaseError, OperationalError) or not of_place:
            raise
        if "full" in said or "no space" in said:
            raise DiskFull(f"no space left for {shown(engine.url)}", "free some space and do it again") from error
        raise unreachable(engine.url, said.splitlines()[0]) from error


def unreachable(address: URL, why: str) -> LedgerUnreachable:
    """The fault, with the remedy of its kind of database."""
    if address.get_backend_name() == "sqlite":
        remedy = "give the workbench's user the right to write there, or name another place in WORKBENCH_LEDGER_URL"
    else:
        remedy = "start the database server, or correct WORKBENCH_LEDGER_URL"
    return LedgerUnreachable(f"the ledger {shown(address)} does not answer ({why})", remedy)


@contextmanager
def alone(engine: Engine, name: str) -> Iterator[bool]:
    """Whether nobody else holds this name; if so it is held until the end, or until this process dies.

    On PostgreSQL for all machines, beside a SQLite file for this one: the file is nobody else's either.
    """
    with (_lock_in_database if engine.dialect.name == "postgresql" else _lock_beside)(engine, name) as is_mine:
        yield is_mine


@contextmanager
def _lock_in_database(engine: Engine, name: str) -> Iterator[bool]:
    """An advisory lock lives as long as its connection: closed for good, not given back to the pool.

    Given back by name before that: the server takes a while to notice that a connection is closed, and who came in
    that while, the same person going on with the same courrier, was told that somebody was at it.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        is_mine = False
        try:
            is_mine = bool(connection.execute(_TRY, {"name": name}).scalar())
            yield is_mine
        finally:
            with suppress(DBAPIError):  # the connection is gone, and the lock with it
                if is_mine:
                    connection.execute(_GIVE_BACK, {"name": name})
            connection.invalidate()


@contextmanager
def _lock_beside(engine: Engine, name: str) -> Iterator[bool]:
    with Path(f"{engine.url.database}.{name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def shown(address: URL) -> str:
    """Where a ledger is, without a password."""
    return address.render_as_string(hide_password=True)


def _postgresql(address: URL) -> Engine:
    options = {"connect_timeout": 10, "options": f"-c timezone=UTC -c lock_timeout={WAIT_S}s"}
    return create_engine(address, connect_args=options, pool_pre_ping=True)


def _sqlite(address: URL) -> Engine:
    file = Path(address.database or "")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            _make_file(file)
        file.chmod(0o600)
    except OSError as error:
        raise unreachable(address, error.strerror or "cannot be opened") from error
    engine = create_engine(address, connect_args={"timeout": WAIT_S})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _make_file(file: Path) -> None:
    """An empty database in WAL mode, made apart and then named: two that switch one file at once fail, not wait."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # mode 600
    os.close(handle)
    with closing(sqlite3.connect(name, isolation_level=None)) as connection:
        connection.execute("pragma journal_mode=wal").close()
    with suppress(FileExistsError):
        file.hardlink_to(name)
    Path(name).unlink()


def _prepare(connection: sqlite3.Connection, record: Any) -> None:  # noqa: ARG001
    """`secure_delete`: what is erased is overwritten. Transactions are begun by `_begin`, not by the driver."""
    connection.isolation_level = None
    for pragma in ("journal_mode=wal", "synchronous=full", "foreign_keys=on", "secure_delete=on"):
        connection.execute(f"pragma {pragma}").close()


def _begin(connection: Connection) -> None:
    """A writer takes its place in the queue at once: one that read first and wrote later could only fail."""
    writing = connection.get_execution_options().get("writing")
    connection.exec_driver_sql("begin immediate" if writing else "begin")
