"""Reading rows as plain dictionaries, with precompiled statements."""

from __future__ import annotations

from typing import Any

from sqlalchemy.engine import Dialect

from pratique.store.queries import Query

Row = dict[str, Any]


class Reader:
    """One consistent view of the ledger on one connection."""

    def __init__(self, cursor: Any, dialect: Dialect) -> None:
        self._cursor = cursor
        self._dialect = dialect

    def one(self, query: Query, /, **given: Any) -> Row | None:
        """Return the first row, or None."""
        cursor = self._cursor
        cursor.execute(*query.prepare(self._dialect, given))
        row = cursor.fetchone()
        return None if row is None else dict(zip(query.names(cursor), row, strict=True))

    def all(self, query: Query, /, **given: Any) -> list[Row]:
        """Return every row."""
        cursor = self._cursor
        cursor.execute(*query.prepare(self._dialect, given))
        names = query.names(cursor)
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def tuples(self, query: Query, /, **given: Any) -> list[tuple[Any, ...]]:
        """Return every row as a bare tuple, in the order of the statement's columns: for thousands of rows."""
        cursor = self._cursor
        cursor.execute(*query.prepare(self._dialect, given))
        return list(cursor.fetchall())

    def value(self, query: Query, /, **given: Any) -> Any:
        """Return the first column of the first row, or None."""
        cursor = self._cursor
        cursor.execute(*query.prepare(self._dialect, given))
        row = cursor.fetchone()
        return None if row is None else row[0]
