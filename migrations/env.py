"""Runs the migrations on the connection that `modelgate.store.migrate` hands over, inside its transaction."""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes.get("metadata"),
    version_table="modelgate_version",  # not alembic_version: the application may keep its own tables beside ours
)
context.run_migrations()
