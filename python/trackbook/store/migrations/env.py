"""Alembic's entry: runs the steps on the connection that `store.database` hands over."""

from alembic import context

from trackbook.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
