"""Run by Alembic: the steps go through the connection, and in the transaction, that `upgrade` gives."""

from alembic import context
from sqlalchemy import MetaData

from workbench.ledger.columns import NAMING

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=MetaData(naming_convention=NAMING))
with context.begin_transaction():
    context.run_migrations()
