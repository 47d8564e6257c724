"""The two databases a ledger can live in: how each connects, appends to the journal and is told apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import create_engine, event
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.pool import QueuePool

from pratique.errors import ConfigError
from pratique.store.journal import GENESIS, Entry, Head, next_link

_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # an acknowledged entry survives power loss; NORMAL loses the last commits
    "PRAGMA busy_timeout=10000",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-16384",
    "PRAGMA wal_autocheckpoint=2000",
)


class Database(Protocol):
    """What the writer needs to know of a database."""

    engine: Engine

    def begin(self, cursor: Any) -> None:
        """Open a write transaction."""
        ...

    def load_head(self, cursor: Any) -> Head:
        """Return the end of the chain, within the open transaction."""
        ...

    def append(self, cursor: Any, entries: Sequence[Entry], head: Head) -> None:
        """Append entries in the open transaction, after `head`."""
        ...


def open_database(url: str) -> Database:
    """Return the database behind a SQLAlchemy URL.

    Raises:
        ConfigError: neither SQLite nor PostgreSQL with psycopg.
    """
    parsed = make_url(url)
    if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        return SqliteDatabase(url)
    if parsed.drivername == "postgresql+psycopg":
        return PostgresDatabase(url)
    raise ConfigError([f"database_url: found driver {parsed.drivername!r}, expected sqlite or postgresql+psycopg"])


class SqliteDatabase:
    """One file, one writing process; the writer chains entries in its own transaction."""

    def __init__(self, url: str) -> None:
        self.engine = create_engine(
            url,
            poolclass=QueuePool,
            pool_size=8,
            connect_args={"check_same_thread": False, "timeout": 10, "cached_statements": 512},
        )
        event.listen(self.engine, "connect", self._on_connect)

    @staticmethod
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions are begun by hand, as IMMEDIATE
        for pragma in _SQLITE_PRAGMAS:
            connection.execute(pragma)

    def begin(self, cursor: Any) -> None:
        """Take the write lock at once, so that no later statement meets a busy database."""
        cursor.execute("BEGIN IMMEDIATE")

    def load_head(self, cursor: Any) -> Head:
        """Return the last link, or the genesis of an empty journal."""
        row = cursor.execute("SELECT seq, link FROM journal_link ORDER BY seq DESC LIMIT 1").fetchone()
        return Head(row[0], bytes(row[1])) if row else Head(0, GENESIS)

    def append(self, cursor: Any, entries: Sequence[Entry], head: Head) -> None:
        """Write entries and links; with one writer, position and sequence number are the same."""
        seq, link = head
        rows: list[tuple[Any, ...]] = []
        links: list[tuple[int, int, bytes]] = []
        for entry in entries:
            seq += 1
            link = next_link(link, entry.body)
            rows.append((seq, *entry))
            links.append((seq, seq, link))
        cursor.executemany(
            "INSERT INTO journal_entry (position, id, at, tag, subject, body) VALUES (?, ?, ?, ?, ?, ?)", rows
        )
        cursor.executemany("INSERT INTO journal_link (seq, position, link) VALUES (?, ?, ?)", links)


class PostgresDatabase:
    """Many writers; entries are appended unlinked and the sealer chains them in batches."""

    def __init__(self, url: str) -> None:
        self.engine = create_engine(url, pool_size=8, pool_pre_ping=True)

    def begin(self, cursor: Any) -> None:
        """psycopg opens the transaction with the first statement."""

    def load_head(self, cursor: Any) -> Head:
        """The writer does not chain here."""
        return Head(0, GENESIS)

    def append(self, cursor: Any, entries: Sequence[Entry], head: Head) -> None:
        """Write entries and mark them as waiting for the sealer, in one pipelined statement each."""
        cursor.executemany(
            "WITH entry AS (INSERT INTO journal_entry (id, at, tag, subject, body) VALUES (%s, %s, %s, %s, %s)"
            " RETURNING position) INSERT INTO journal_pending (position) SELECT position FROM entry",
            entries,
        )
