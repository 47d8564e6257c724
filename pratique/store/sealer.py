"""Chains the journal on PostgreSQL in batches, so that writers never queue on the end of the chain.

Why the order is right: a transaction changes rows (taking their locks) before it inserts its entries, so of two
transactions that touch the same row the later one draws the higher position, and it cannot be visible without
the earlier one.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from pratique.store.databases import PostgresDatabase
from pratique.store.journal import GENESIS, next_link

_log = logging.getLogger(__name__)

#: Elects one sealer among replicas; an arbitrary constant of this application.
SEALER_LOCK = 0x7072_6174_6971_7565
BATCH = 512
#: How long an entry can wait when no wake-up arrives (another replica's entry).
POLL_SECONDS = 0.2


class Sealer:
    """A thread that links pending entries in order of position."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="journal-sealer", daemon=True)

    def start(self) -> None:
        """Begin to seal."""
        self._thread.start()

    def wake(self) -> None:
        """Tell the sealer that entries wait."""
        self._wake.set()

    def close(self) -> None:
        """Seal what waits, then stop."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        while not self._stop.is_set():
            self._wake.wait(POLL_SECONDS)
            self._wake.clear()
            self._seal_waiting()
        self._seal_waiting()

    def _seal_waiting(self) -> None:
        try:
            while seal_batch(self._database) == BATCH:
                pass
        except Exception as error:  # the database is away; the entries are safe and wait
            _log.warning("sealing is held up: %s", type(error).__name__)
            self._stop.wait(POLL_SECONDS)


def seal_batch(database: PostgresDatabase) -> int:
    """Link up to `BATCH` pending entries; return how many. Zero when another replica holds the lock."""
    connection = database.engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", (SEALER_LOCK,))
        sealed = _seal(cursor) if _first(cursor) else 0
        connection.commit()
        return sealed
    finally:
        connection.close()


def _seal(cursor: Any) -> int:
    cursor.execute("SELECT seq, link FROM journal_link ORDER BY seq DESC LIMIT 1")
    row = cursor.fetchone()
    seq, link = (row[0], bytes(row[1])) if row else (0, GENESIS)
    cursor.execute(
        "SELECT e.position, e.body FROM journal_pending p JOIN journal_entry e ON e.position = p.position"
        " ORDER BY e.position LIMIT %s",
        (BATCH,),
    )
    links: list[tuple[int, int, bytes]] = []
    for position, body in cursor.fetchall():
        seq += 1
        link = next_link(link, bytes(body))
        links.append((seq, position, link))
    if links:
        cursor.executemany("INSERT INTO journal_link (seq, position, link) VALUES (%s, %s, %s)", links)
        cursor.execute("DELETE FROM journal_pending WHERE position = ANY(%s)", ([p for _, p, _ in links],))
    return len(links)


def _first(cursor: Any) -> Any:
    row = cursor.fetchone()
    return row[0] if row else None
