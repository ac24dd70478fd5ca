"""Alembic's entry point: runs inside the connection and transaction that `upgrade` opened."""

from alembic import context

from semantic_memory.store.catalogue.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
