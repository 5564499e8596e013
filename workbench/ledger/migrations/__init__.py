"""The schema's history: one file a step in `versions/`, run when a ledger is opened."""

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from workbench.ledger.faults import LedgerTooNew

HEAD = "0006"
"""The last step. Kept here as well so that a ledger that has it opens without loading Alembic (0.2 s)."""

_FOLDER = Path(__file__).parent
_ONE_AT_A_TIME = 20201215


def upgrade(engine: Engine) -> None:
    """Bring the schema up to date; of several processes one does it, the others wait. Raises LedgerTooNew."""
    with engine.connect() as connection:
        if step_of(connection) == HEAD:
            return
    with engine.execution_options(writing=True).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("select pg_advisory_xact_lock(:number)"), {"number": _ONE_AT_A_TIME})
        _advance(connection)


def step_of(connection: Connection) -> str | None:
    """The step that a ledger is at; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("select version_num from alembic_version")).scalar()


def _advance(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    step = step_of(connection)
    if step is not None and step not in known:
        raise LedgerTooNew(f"the ledger is at step {step}, this workbench knows {HEAD}", "update the workbench")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
