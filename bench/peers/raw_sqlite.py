"""The floor: the same statements on the bare driver, each bound once, nothing in between."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

import orjson

_TABLES = """
CREATE TABLE event (id TEXT PRIMARY KEY, source TEXT, event_id TEXT, type TEXT, model_version_id TEXT, gate_runs TEXT,
  not_opened TEXT, received_at TEXT, UNIQUE (source, event_id));
CREATE TABLE gate (id TEXT PRIMARY KEY, state TEXT, row_version INTEGER, remind_at TEXT, changed_at TEXT);
CREATE TABLE journal (seq INTEGER PRIMARY KEY, id TEXT, at TEXT, tag TEXT, subject TEXT, body BLOB, link BLOB);
"""


class RawSqlite:
    """One connection in WAL with synchronous=FULL."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.run = self.connection.execute
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=2000", "cache_size=-16384"):
            self.run(f"PRAGMA {pragma}")
        self.connection.executescript(_TABLES)
        self.run("INSERT INTO gate VALUES ('g', 'open', 1, NULL, '')")
        self._link = b"\x00" * 32
        self._number = 0

    def transaction(self) -> None:
        """Write one event, its gate and three chained entries."""
        self.run("BEGIN IMMEDIATE")
        self.statements()
        self.run("COMMIT")

    def group(self, size: int) -> None:
        """Write `size` such units in one transaction."""
        self.run("BEGIN IMMEDIATE")
        for _ in range(size):
            self.statements()
        self.run("COMMIT")

    def statements(self) -> None:
        """Run the statements of one unit."""
        self._number += 1
        key, at = f"{self._number:036d}", "2026-11-20T09:00:00.000000Z"
        self.run("INSERT INTO event VALUES (?,?,?,?,?,?,?,?)", (key, "/bench", key, "type", "m", "[]", "[]", at))
        self.run("UPDATE gate SET state=?, row_version=?, changed_at=? WHERE id=?", ("open", self._number, at, "g"))
        for tag in ("event:inbound:received", "gate:run:moved", "access:person:signed_in"):
            body = orjson.dumps({"id": key, "at": at, "tag": tag, "subject": "gate:g", "values": {"id": key}})
            self._link = hashlib.sha256(self._link + hashlib.sha256(body).digest()).digest()
            self.run(
                "INSERT INTO journal (id, at, tag, subject, body, link) VALUES (?,?,?,?,?,?)",
                (key, at, tag, "gate:g", body, self._link),
            )

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()
