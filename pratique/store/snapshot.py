"""One consistent, read-only view of a whole ledger, streamed: what verification reads by."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import psycopg
from sqlalchemy import ClauseElement
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.exc import DBAPIError

from pratique.errors import NotFoundError
from pratique.store.databases import PostgresDatabase, open_database

#: What reading a ledger can raise when the database is away, damaged or not what it should be.
DATABASE_ERRORS = (sqlite3.Error, psycopg.Error, DBAPIError, OSError)
#: Rows that are fetched at once.
ROWS_AT_ONCE = 2000

Batch = list[tuple[Any, ...]]


class Snapshot(Protocol):
    """A view that stays what it was when it was opened, whatever the engine writes meanwhile."""

    dialect: Dialect

    def stream(self, statement: ClauseElement) -> Iterator[Batch]:
        """Yield the rows of a select in batches; several streams can be open at once."""
        ...

    def guard(self) -> AbstractContextManager[Any]:
        """Keep the snapshot usable when a statement inside fails."""
        ...


@contextmanager
def open_snapshot(url: str, *, is_lenient: bool = False) -> Iterator[Snapshot]:
    """Open a snapshot of the ledger behind a SQLAlchemy URL.

    Args:
        url: the ledger.
        is_lenient: read text that is not UTF-8 too (SQLite only, and slower).

    Raises:
        NotFoundError: there is no such SQLite file.
        ConfigError: neither SQLite nor PostgreSQL with psycopg.
    """
    database = open_database(url)
    if isinstance(database, PostgresDatabase):
        with _postgres(database) as snapshot:
            yield snapshot
        return
    with _sqlite(Path(str(make_url(url).database)), is_lenient=is_lenient) as snapshot:
        yield snapshot


class _SqliteSnapshot:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self.dialect: Dialect = sqlite.dialect()
        self._connection = connection

    def stream(self, statement: ClauseElement) -> Iterator[Batch]:
        cursor = self._connection.execute(str(statement.compile(dialect=self.dialect)))
        while batch := cursor.fetchmany(ROWS_AT_ONCE):
            yield batch

    def guard(self) -> AbstractContextManager[Any]:
        return nullcontext()  # a failed read leaves the transaction as it was


class _PostgresSnapshot:
    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.dialect: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
        self._connection = connection
        self._streams = 0

    def stream(self, statement: ClauseElement) -> Iterator[Batch]:
        self._streams += 1
        # A named cursor stays on the server; binary spares the hex form of every body.
        with self._connection.cursor(f"verify_{self._streams}", binary=True) as cursor:
            cursor.execute(str(statement.compile(dialect=self.dialect)).encode())
            while batch := cursor.fetchmany(ROWS_AT_ONCE):
                yield batch

    def guard(self) -> AbstractContextManager[Any]:
        return self._connection.transaction()  # a savepoint: PostgreSQL refuses all else after an error


@contextmanager
def _sqlite(path: Path, *, is_lenient: bool) -> Iterator[Snapshot]:
    if not path.is_file():
        raise NotFoundError(f"the ledger {path} does not exist")
    connection = _open_file(path)
    try:
        if is_lenient:
            connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the view begins with the first read
        yield _SqliteSnapshot(connection)
    finally:
        connection.close()


def _open_file(path: Path) -> sqlite3.Connection:
    name = f"file:{quote(str(path.absolute()))}?mode=ro"
    wal = path.with_name(f"{path.name}-wal")
    connection = sqlite3.connect(name, uri=True, isolation_level=None, timeout=10)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        if wal.exists():
            raise
        # A copy in a folder that nobody may write to: no log to recover, and nobody can be writing.
        connection = sqlite3.connect(f"{name}&immutable=1", uri=True, isolation_level=None)
    return connection


@contextmanager
def _postgres(database: PostgresDatabase) -> Iterator[Snapshot]:
    pooled = database.engine.raw_connection()
    try:
        connection: Any = pooled.driver_connection
        connection.rollback()
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        connection.execute("SET LOCAL statement_timeout = 0")
        connection.execute("SELECT count(*) FROM pg_class").fetchone()
        yield _PostgresSnapshot(connection)
    finally:
        with suppress(DBAPIError, psycopg.Error):
            pooled.close()
        database.engine.dispose()  # nobody else gets this connection with its read-only setting
