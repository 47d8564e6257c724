"""Bringing a database's schema up to date, with alembic."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Engine

_MIGRATIONS = Path(__file__).parent / "migrations"


def alembic_config() -> Config:
    """Return alembic's configuration without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


def head_revision() -> str:
    """Return the revision this version of Pratique expects."""
    return str(ScriptDirectory.from_config(alembic_config()).get_current_head())


def upgrade_schema(engine: Engine, revision: str = "head") -> None:
    """Run the migrations that the database still lacks."""
    config = alembic_config()
    with engine.connect() as connection:
        if MigrationContext.configure(connection).get_current_revision() == head_revision() and revision == "head":
            return  # nothing to do, and no write lock to wait for
        connection.rollback()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()
