"""The ledger as it was: rows that judging reads, rebuilt in memory entry by entry, and read as the ledger is."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable

from pratique.canonical import stored_json
from pratique.errors import IntegrityError
from pratique.store.changes import KEY_PARAMETER, Change, Insert, insert_query, table_named, update_query
from pratique.store.projection import Values, project
from pratique.store.queries import Query, one_of
from pratique.store.reader import Reader
from pratique.store.tables import (
    PROJECTED,
    CalendarFeedRow,
    DeliveryRow,
    EventRow,
    FlowRunRow,
    NoticeRow,
    TokenRow,
)

#: Rows that no judging reads: what people are told, what came in, who may call.
_LEFT_OUT = frozenset({CalendarFeedRow, DeliveryRow, EventRow, FlowRunRow, NoticeRow, TokenRow})
_TABLES = tuple(row for row in PROJECTED if row not in _LEFT_OUT)
_NAMES = frozenset(str(row.__tablename__) for row in _TABLES)
#: Entries that move no verdict, among those about model versions and gate runs. All others are gone through.
_SILENT = (
    "event:inbound:received",
    "gate:decision:dismissed",
    "gate:decision:made",
    "gate:run:dated",
    "gate:run:reminded",
    "notice:delivery:settled",
    "notice:people:written",
    "notice:person:acknowledged",
    "notice:person:written",
)
#: Names pieces of evidence of any model version.
_PURGED = "evidence:file:purged"
_entry = table_named("journal_entry")
#: What was written about one subject, in order. Commands about one model version wait for each other, so that the order
#: of positions is the order in which they happened, on both databases.
_OF_SUBJECT = Query(
    select(_entry.c.position, _entry.c.at, _entry.c.tag, _entry.c.body)
    .where(_entry.c.subject == bindparam("subject"), ~one_of(_entry.c.tag, _SILENT))
    .order_by(_entry.c.position)
)


class PastEntry(NamedTuple):
    """One entry of the journal."""

    position: int
    at: str
    tag: str
    subject: str
    values: Values


def entries_about(reader: Reader, subjects: Iterable[str]) -> list[PastEntry]:
    """Return the entries about any of `subjects` from which rows of the past follow, in order."""
    found = [
        PastEntry(row["position"], row["at"], row["tag"], subject, stored_json(bytes(row["body"]))["values"])
        for subject in dict.fromkeys(subjects)
        for row in reader.all(_OF_SUBJECT, subject=subject)
    ]
    return sorted(found)


class Past:
    """Rows as they were after the entries applied so far. Close it when done."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:", isolation_level=None, cached_statements=256)
        self._connection.deserialize(_empty())
        self._cursor = self._connection.cursor()
        self._dialect = sqlite.dialect(paramstyle="named")
        self.reader = Reader(self._connection.cursor(), self._dialect)

    def apply(self, entry: PastEntry) -> None:
        """Do to the rows what an entry does.

        Raises:
            IntegrityError: the rows are not what the entry was written on.
        """
        for change in project(entry.tag, entry.values, entry.at):
            if change.table in _NAMES:
                self._apply(change, is_of_others=entry.tag == _PURGED)

    def close(self) -> None:
        """Let the rows go."""
        self._connection.close()

    def __enter__(self) -> Past:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _apply(self, change: Change, *, is_of_others: bool) -> None:
        # Of a revised list of findings nothing is kept: who judges again has no use for what was found.
        values: dict[str, Any] = dict(change.values)
        if isinstance(change, Insert):
            self._cursor.execute(*insert_query(change.table, tuple(values)).prepare(self._dialect, values))
            return
        given = {KEY_PARAMETER: change.key, **values}
        self._cursor.execute(*update_query(change.table, tuple(values)).prepare(self._dialect, given))
        if self._cursor.rowcount != 1 and not is_of_others:
            raise IntegrityError(f"row {change.key} of table {change.table} was expected, found none")


@cache
def _empty() -> bytes:
    """Return a database with the tables and no row: a copy of it is there at once."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(";".join(_statements()))
        return connection.serialize()


def _statements() -> Iterator[str]:
    dialect = sqlite.dialect()
    for row in _TABLES:
        yield str(CreateTable(table_named(str(row.__tablename__))).compile(dialect=dialect))
