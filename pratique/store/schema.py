"""Bringing a database's schema up to date, with alembic, and telling what it is."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Select, column, select, table, text
from sqlalchemy.engine import Connection, Engine

from pratique.errors import ConfigError

if TYPE_CHECKING:
    from pratique.store.snapshot import Snapshot

_MIGRATIONS = Path(__file__).parent / "migrations"

#: Triggers that keep the journal append-only, by kind of database.
GUARDS = {
    "sqlite": tuple(
        f"{t}_no_{verb}" for t in ("journal_entry", "journal_link") for verb in ("update", "delete", "replace")
    ),
    "postgresql": ("journal_entry_append_only", "journal_link_append_only"),
}


def alembic_config() -> Config:
    """Return alembic's configuration without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


@cache
def known_revisions() -> tuple[str, ...]:
    """Return the revisions that this version of Pratique knows, the newest first."""
    return tuple(script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions())


def head_revision() -> str:
    """Return the revision this version of Pratique expects."""
    return known_revisions()[0]


def upgrade_schema(engine: Engine, revision: str = "head") -> None:
    """Run the migrations that the database still lacks; of several engines that start at once, one runs them.

    Raises:
        ConfigError: a newer version of Pratique wrote this database.
    """
    config = alembic_config()
    with engine.connect() as connection:
        current = _current_revisions(connection)
        if current == (head_revision(),) and revision == "head":
            return  # nothing to do, and no write lock to wait for
        connection.rollback()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()


def stored_revisions(snapshot: Snapshot) -> list[str]:
    """Return the revisions that a ledger says it has: one, unless somebody meddled."""
    statement: Select[Any] = select(column("version_num")).select_from(table("alembic_version"))
    return [str(row[0]) for batch in snapshot.stream(statement) for row in batch]


def missing_guards(snapshot: Snapshot) -> list[str]:
    """Return the names of the journal's triggers that are not there or switched off."""
    dialect = snapshot.dialect.name
    if dialect == "sqlite":
        statement = text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    else:
        statement = text(
            "SELECT tgname FROM pg_trigger WHERE tgenabled IN ('O', 'A') AND tgrelid IN"
            " (to_regclass('journal_entry'), to_regclass('journal_link'))"
        )
    found = {str(row[0]) for batch in snapshot.stream(statement) for row in batch}
    return [name for name in GUARDS[dialect] if name not in found]


def _current_revisions(connection: Connection) -> tuple[str, ...]:
    current = tuple(MigrationContext.configure(connection).get_current_heads())
    unknown = sorted(set(current) - set(known_revisions()))
    if unknown:
        raise ConfigError(
            [f"database schema: found revision {', '.join(unknown)}, expected {head_revision()} or older"],
            hint="a newer version of Pratique wrote this ledger; run that version, or a newer one",
        )
    return current
