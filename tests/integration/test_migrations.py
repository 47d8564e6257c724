"""The schema comes from migrations alone, equals the tables, and never surprises an older engine."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from ledger_samples import opened
from sqlalchemy import create_engine, inspect, text
from sqlmodel import SQLModel

import pratique.store.tables  # noqa: F401 - registers the tables
from pratique.errors import ConfigError
from pratique.store.databases import open_database
from pratique.store.ledger import Ledger
from pratique.store.schema import alembic_config, head_revision, known_revisions, upgrade_schema


def test_an_empty_database_gets_the_schema_of_the_tables(empty_ledger_url: str) -> None:
    engine = open_database(empty_ledger_url).engine
    upgrade_schema(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, SQLModel.metadata) == []
        assert context.get_current_revision() == head_revision()
        assert set(inspect(connection).get_table_names()) == {*SQLModel.metadata.tables, "alembic_version"}
    engine.dispose()


def test_columns_and_indexes_are_those_of_the_tables_to_the_letter(empty_ledger_url: str) -> None:
    migrated = open_database(empty_ledger_url).engine
    upgrade_schema(migrated)
    with migrated.connect() as connection:
        found = described(connection)
        for table in SQLModel.metadata.tables.values():
            columns = {c.name: (str(c.type.compile(migrated.dialect)), bool(c.nullable)) for c in table.columns}
            assert found[table.name][0] == columns
            assert found[table.name][1] >= {str(index.name) for index in table.indexes}
    migrated.dispose()


def described(connection: object) -> dict[str, tuple[dict[str, tuple[str, bool]], set[str]]]:
    look = inspect(connection)
    return {
        name: (
            {c["name"]: (str(c["type"].compile(connection.dialect)), c["nullable"]) for c in look.get_columns(name)},  # type: ignore[attr-defined]
            {str(index["name"]) for index in look.get_indexes(name)},
        )
        for name in look.get_table_names()
    }


def test_a_current_database_is_left_alone_and_needs_no_lock(empty_ledger_url: str) -> None:
    with opened(empty_ledger_url):
        pass
    blocker, engine = create_engine(empty_ledger_url), open_database(empty_ledger_url).engine
    with blocker.connect() as connection:
        if "sqlite" in empty_ledger_url:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(text("LOCK TABLE alembic_version, journal_entry IN EXCLUSIVE MODE"))
        started = time.monotonic()
        upgrade_schema(engine)
        assert time.monotonic() - started < 5  # a wait for the lock would last until its time-out
        connection.rollback()
    blocker.dispose()
    engine.dispose()


def test_a_newer_schema_is_refused_in_plain_words_and_left_alone(empty_ledger_url: str) -> None:
    with opened(empty_ledger_url) as ledger, ledger.database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0999'"))
    ledger = Ledger(empty_ledger_url)
    with pytest.raises(ConfigError, match="found revision 0999, expected") as refused:
        ledger.open()
    assert "newer version of Pratique" in str(refused.value.hint)
    with ledger.database.engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "0999"
    ledger.database.engine.dispose()


START = """
import sys
from pratique.store.databases import open_database
from pratique.store.schema import upgrade_schema
print("ready", flush=True)
sys.stdin.readline()
upgrade_schema(open_database(sys.argv[1]).engine)
"""


def test_engines_that_start_at_once_all_come_up(empty_ledger_url: str) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", START, empty_ledger_url],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(3)
    ]  # fmt: skip
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate(timeout=60)[1] for process in started] == [""] * 3
    assert [process.returncode for process in started] == [0] * 3


def test_a_schema_never_goes_back(empty_ledger_url: str) -> None:
    engine = open_database(empty_ledger_url).engine
    upgrade_schema(engine)
    with engine.connect() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        with pytest.raises(NotImplementedError, match="restore a backup"):
            command.downgrade(config, "base")
    engine.dispose()


def test_revisions_form_one_line() -> None:
    assert known_revisions()[-1] == "0001"
    assert list(known_revisions()) == sorted(known_revisions(), reverse=True)
