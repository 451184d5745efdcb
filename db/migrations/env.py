"""Run by Alembic, on the connection and in the transaction that `db.upgrade` gives."""

from alembic import context

from db.migrations.compare import OPTIONS
from db.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    **OPTIONS,
)
with context.begin_transaction():
    context.run_migrations()
