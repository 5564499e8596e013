"""The ledger: people, what they answered, promised and were given, and who changed what.

`open_ledger(url, key)` opens it and brings its schema up to date; `ledger_of(settings)` opens this HOME's. What can be
done is in the modules beside, one a subject, as functions that take the ledger first: each is one transaction and
leaves a line in the audit. Rows never leave: what comes out is plain data.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from hashlib import blake2b, sha256
from typing import Any, TypeVar

from itsdangerous import URLSafeSerializer
from sqlalchemy import URL, Engine
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from workbench.ledger.columns import Base, Versioned
from workbench.ledger.engine import alone, engine_for, reachable, snapshots
from workbench.ledger.faults import ChangedMeanwhile, LedgerTooNew, LedgerUnreachable
from workbench.ledger.migrations import upgrade
from workbench.ledger.tables import Audit
from workbench.privacy import Pseudonyms, pseudonym_key
from workbench.settings import Settings

__all__ = ["ChangedMeanwhile", "Ledger", "LedgerTooNew", "LedgerUnreachable", "Writing", "ledger_of", "open_ledger"]

Row = TypeVar("Row", bound=Versioned)


class Writing(Session):
    """A transaction that changes the ledger, by somebody, at a moment. Every verb says in the audit what it did."""

    def __init__(self, engine: Engine, who: str, now: datetime, key: bytes) -> None:
        """`key`: the HOME's secret, for the personal values of the audit."""
        super().__init__(engine.execution_options(writing=True), expire_on_commit=False)
        self.who, self.now, self._key = who, now, key

    def audit(
        self,
        what: str,
        entity: str,
        entity_id: object,
        details: Mapping[str, Any] | None = None,
        personal: Mapping[str, str | None] | None = None,
    ) -> None:
        """Say what is done: `details` as they are, `personal` values (names, addresses, free text) as keyed hashes."""
        hashed = {name: self.hashed(value) for name, value in (personal or {}).items()}
        said = {**(details or {}), **hashed}
        self.add(Audit(at=self.now, who=self.who, what=what, entity=entity, entity_id=str(entity_id), details=said))

    def hashed(self, value: str | None) -> str | None:
        """A keyed hash: shows whether two values are the same, and nothing else."""
        return (
            None
            if value is None
            else blake2b(value.encode(), key=self._key, digest_size=8, person=b"audit").hexdigest()
        )

    def taken(self, table: type[Row], key: object, version: int) -> Row:
        """A row to change, held until the end, its version counted up.

        Raises ChangedMeanwhile unless it is still the version that its editor saw.
        """
        row = self.get(table, key, with_for_update=True, populate_existing=True)
        if row is None or row.version != version:
            gone = "is gone" if row is None else "was changed"
            raise ChangedMeanwhile(f"{key} {gone} meanwhile", "look at it as it is now, then decide again")
        row.version += 1
        return row

    def insert(self, table: type[Base]) -> postgresql.Insert | sqlite.Insert:
        """An insert that may say what to do about rows that are there already, in this database's dialect."""
        return (sqlite.insert if self.get_bind().dialect.name == "sqlite" else postgresql.insert)(table)

    def upsert(self, table: type[Base], rows: Sequence[Mapping[str, Any]], *key: str) -> None:
        """Write rows by their key (columns of a unique constraint): new ones are added, known ones are replaced.

        Give the rows in the order of their key: two writers that cross each other's path would block for good.
        """
        if rows:
            adding = self.insert(table)
            replaced = {name: adding.excluded[name] for name in rows[0] if name not in key}
            self.execute(adding.on_conflict_do_update(index_elements=key, set_=replaced), list(rows))


class Ledger:
    """An opened ledger, for any number of threads."""

    def __init__(self, engine: Engine, key: bytes) -> None:
        """`key`: the HOME's secret."""
        self._engine, self._looking, self._key = engine, snapshots(engine), key

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One consistent look. Raises LedgerUnreachable."""
        with reachable(self._engine), Session(self._looking) as session:
            yield session

    @contextmanager
    def writing(self, who: str, now: datetime) -> Iterator[Writing]:
        """One transaction: all of it is kept at the end, or nothing where it raises. Raises LedgerUnreachable."""
        with reachable(self._engine), Writing(self._engine, who, now, self._key) as session, session.begin():
            yield session

    @contextmanager
    def alone(self, name: str) -> Iterator[bool]:
        """Whether nobody else holds this name (letters, digits, hyphens); held until the end or until we die."""
        with alone(self._engine, name) as is_mine:
            yield is_mine

    def keys(self, domain: str, identifiers: Sequence[str]) -> list[int]:
        """The pseudonyms of identifiers of the app, as the builds have them: domain "user" or "class"."""
        return [int(key) for key in Pseudonyms(self._key).keys(domain, identifiers)]

    def signer(self, purpose: str) -> URLSafeSerializer:
        """Signs what goes into links; what was signed for one purpose, or by another HOME, is not believed."""
        how = {"key_derivation": "hmac", "digest_method": sha256}
        return URLSafeSerializer(self._key, salt=f"workbench {purpose}", signer_kwargs=how)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()


def open_ledger(url: str, key: bytes) -> Ledger:
    """The ledger at an address, its schema up to date; `key` is the HOME's secret.

    Raises LedgerUnreachable, LedgerTooNew.
    """
    with ExitStack() as unless_opened:
        engine = engine_for(url)
        unless_opened.callback(engine.dispose)
        with reachable(engine):
            upgrade(engine)
        unless_opened.pop_all()
    return Ledger(engine, key)


def ledger_of(settings: Settings) -> Ledger:
    """The ledger that the settings name, else the HOME's own. Raises LedgerUnreachable, LedgerTooNew."""
    own = URL.create("sqlite", database=str(settings.home / "ledger.sqlite"))
    return open_ledger(settings.ledger_url or own.render_as_string(), pseudonym_key(settings))
