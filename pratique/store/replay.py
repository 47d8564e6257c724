"""Rebuilding the projected tables from the journal in memory, and comparing them with what is stored."""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter
from typing import Any

from sqlalchemy import Table, select

from pratique.errors import PratiqueError
from pratique.store.changes import Change, Insert, Revise, key_column, table_named
from pratique.store.problems import Problems, difference
from pratique.store.projection import Values, project
from pratique.store.snapshot import Batch
from pratique.store.tables import PROJECTED

#: What a projector raises on members it does not expect; the entry is named and replay goes on.
_UNEXPECTED = (KeyError, TypeError, ValueError, AttributeError, PratiqueError)

RowValues = dict[str, Any]


class Replay:
    """The projected rows as the journal determines them: table -> primary key -> column -> value."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self.tables = projected_tables()
        self.rows: dict[str, dict[Any, RowValues]] = {table.name: {} for table in self.tables}
        self._keys = {table.name: key_column(table) for table in self.tables}

    def apply(self, name: str, tag: str, values: Values, at: str) -> None:
        """Do to the rows what an entry does; `name` is how a problem line calls the entry."""
        try:
            for change in project(tag, values, at):
                refusal = self._change(change)
                if refusal is not None:
                    self._problems.add("entries that do not replay", f"{name}: {refusal}")
        except _UNEXPECTED as error:
            told = str(error) if isinstance(error, PratiqueError) else f"{type(error).__name__} {error}"
            self._problems.add("entries that do not replay", f"{name} ({tag}) cannot be replayed: {told}")

    def _change(self, change: Change) -> str | None:
        rows = self.rows[change.table]
        if isinstance(change, Insert):
            key = change.values[self._keys[change.table]]
            if key in rows:
                return f"it makes row {key} of table {change.table} a second time"
            rows[key] = dict(change.values)
            return None
        row = rows.get(change.key)
        if row is None:
            return f"it changes row {change.key} of table {change.table}, which no earlier entry made"
        row.update(change.update(row[change.column]).values if isinstance(change, Revise) else change.values)
        return None

    def compare(self, table: Table, stored: Iterator[Batch]) -> int:
        """Compare the stored rows of one table with the replayed ones; return how many are stored.

        Args:
            table: one of `tables`.
            stored: its rows as `select_all` reads them.
        """
        columns = tuple(column.name for column in table.columns)
        in_order = itemgetter(*columns)
        key_at = columns.index(self._keys[table.name])
        missing = self.rows[table.name].copy()
        count = 0
        for batch in stored:
            count += len(batch)
            for row in batch:
                expected = missing.pop(row[key_at], None)
                if expected is None:
                    self._report(table, row[key_at], "the journal knows no such row")
                elif in_order(expected) != row:
                    self._report_columns(table, row[key_at], zip(columns, row, strict=True), expected)
        for key in missing:
            self._report(table, key, "the row is missing; the journal says it exists")
        return count

    def _report_columns(self, table: Table, key: Any, found: Iterator[tuple[str, Any]], expected: RowValues) -> None:
        for column, value in found:
            if value != expected[column]:
                self._report(table, key, f"column {column} {difference(value, expected[column])}")

    def _report(self, table: Table, key: Any, told: str) -> None:
        self._problems.add(f"rows of table {table.name}", f"table {table.name}, row {key}: {told}")


def projected_tables() -> tuple[Table, ...]:
    """Return the tables that the journal alone determines."""
    return tuple(table_named(str(row.__tablename__)) for row in PROJECTED)


def select_all(table: Table) -> Any:
    """Return the select of every column of every row."""
    return select(*table.columns)
