"""Alembic's entry: runs migrations on the connection that `upgrade_schema` gives."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

import pratique.store.tables  # noqa: F401 - registers the tables

#: Lets one of several engines that start at once run the migrations; an arbitrary constant of this application.
MIGRATION_LOCK = 0x7072_6174_6971_7566


def run_migrations() -> None:
    """Run all pending migrations in one transaction."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=SQLModel.metadata, transactional_ddl=True)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # the driver is in autocommit mode
    else:
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
    with context.begin_transaction():
        context.run_migrations()


run_migrations()
