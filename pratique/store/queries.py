"""SQLAlchemy Core statements, compiled once per database and run on the driver's cursor.

Executing through SQLAlchemy costs several times the driver's own call on the hot path (bench/RESULTS.md);
the statements are still Core, so both databases get their own dialect and no SQL is glued from text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ClauseElement, ColumnElement, false, or_
from sqlalchemy.engine import Dialect


def one_of(column: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """Return `column IN values` in a form that compiles once (an expanding IN compiles with every call)."""
    return or_(false(), *(column == value for value in values))


class Query:
    """One statement with named parameters (`bindparam`); `columns` are those an insert or update sets."""

    __slots__ = ("_columns", "_compiled", "_names", "_statement")

    def __init__(self, statement: ClauseElement, *, columns: Sequence[str] | None = None) -> None:
        self._statement = statement
        self._columns = columns
        self._compiled: dict[str, _Compiled] = {}
        self._names: tuple[str, ...] | None = None

    def prepare(self, dialect: Dialect, given: Mapping[str, Any]) -> tuple[str, Any]:
        """Return the SQL text and the driver's parameters."""
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _Compiled(self._statement, dialect, self._columns)
        return compiled.sql, compiled.arguments(given)

    def names(self, cursor: Any) -> tuple[str, ...]:
        """Return the names of the columns that this statement, just run on `cursor`, gives."""
        if self._names is None:
            self._names = tuple(column[0] for column in cursor.description)
        return self._names


class _Compiled:
    __slots__ = ("_defaults", "_order", "sql")

    def __init__(self, statement: ClauseElement, dialect: Dialect, columns: Sequence[str] | None) -> None:
        wanted: Any = {"column_keys": columns} if columns else {}
        compiled: Any = statement.compile(dialect=dialect, **wanted)
        self.sql = str(compiled)
        self._defaults: dict[str, Any] = {
            name: bind.effective_value for name, bind in compiled.binds.items() if not bind.required
        }
        self._order: Sequence[str] | None = getattr(compiled, "positiontup", None)

    def arguments(self, given: Mapping[str, Any]) -> Any:
        if self._order is None:
            return {**self._defaults, **given}
        if not self._defaults:
            return [given[name] for name in self._order]
        defaults = self._defaults
        return [given[name] if name in given else defaults[name] for name in self._order]
