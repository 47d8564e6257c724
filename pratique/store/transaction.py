"""One command's reads and writes inside a ledger transaction."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, bindparam, func, select
from sqlalchemy.engine import Dialect

from pratique.canonical import canonical_json
from pratique.domain.entries import Fact
from pratique.domain.times import instant_text
from pratique.errors import IntegrityError
from pratique.store.changes import KEY_PARAMETER, Change, Insert, Revise, insert_query, select_query, update_query
from pratique.store.journal import Entry, make_entry
from pratique.store.ports import NewId
from pratique.store.projection import project
from pratique.store.queries import Query
from pratique.store.reader import Reader

_TURN = Query(select(func.pg_try_advisory_xact_lock(bindparam("turn", type_=BigInteger))))


class Transaction(Reader):
    """What a command gets: reads, facts to record, work to enqueue. Committed or undone as a whole."""

    def __init__(self, cursor: Any, dialect: Dialect, *, now: datetime, actor: str, new_id: NewId) -> None:
        super().__init__(cursor, dialect)
        self.now = now
        self.at = instant_text(now)
        self.actor = actor  #: `person:<id>`, `token:<id>`, `engine`, as the journal names it
        self.new_id = new_id
        self.entries: list[Entry] = []
        self.has_written = False

    def record(self, fact: Fact) -> None:
        """Write `fact` to the journal and its projection to the rows."""
        self.has_written = True
        values = fact.values()
        self.entries.append(make_entry(fact, entry_id=self.new_id(), at=self.at, actor=self.actor, values=values))
        for change in project(fact.tag, values, self.at):
            self._apply(change)

    def run(self, query: Query, /, **given: Any) -> int:
        """Run an operational write (outbox, sessions) and return the number of rows it touched."""
        self.has_written = True
        self._cursor.execute(*query.prepare(self._dialect, given))
        return int(self._cursor.rowcount)

    def insert(self, table: str, /, **values: Any) -> None:
        """Insert an operational row (outbox, sessions)."""
        self.has_written = True
        self._apply(Insert(table, values))

    def enqueue(self, topic: str, key: str, payload: dict[str, Any], *, not_before: str | None = None) -> None:
        """Put work for a worker into the outbox, in this transaction."""
        self.insert(
            "outbox",
            id=self.new_id(),
            topic=topic,
            key=key,
            payload=canonical_json(payload).decode(),
            status="ready",
            not_before=not_before or self.at,
            leased_until=None,
            leased_by=None,
            failures=0,
            claims=0,
            last_error=None,
            created_at=self.at,
        )

    def takes_turn(self, name: str) -> bool:
        """True where no other transaction has this turn now; it is then this one's until its end, and nobody waits.

        Whoever takes a turn after it was given back sees what the one before wrote. SQLite has one writer: always True.
        """
        if self._dialect.name == "sqlite":
            return True
        digest = hashlib.sha256(f"pratique turn {name}".encode()).digest()
        return bool(self.value(_TURN, turn=int.from_bytes(digest[:8], signed=True)))

    def _apply(self, change: Change) -> None:
        columns = tuple(change.values)
        if isinstance(change, Insert):
            self._cursor.execute(*insert_query(change.table, columns).prepare(self._dialect, change.values))
            return
        if isinstance(change, Revise):
            was = self.value(select_query(change.table, change.column), **{KEY_PARAMETER: change.key})
            if was is None:
                raise IntegrityError(f"row {change.key} of table {change.table} was expected, found none")
            self._apply(change.update(was))
            return
        given = {KEY_PARAMETER: change.key, **change.values}
        self._cursor.execute(*update_query(change.table, columns).prepare(self._dialect, given))
        if self._cursor.rowcount != 1:
            raise IntegrityError(f"row {change.key} of table {change.table} was expected, found none")
