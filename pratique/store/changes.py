"""Row changes as values: what an entry does to the projected tables, computed without looking at them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, bindparam, insert, select, update
from sqlmodel import SQLModel

from pratique.canonical import canonical_json, sha256_hex, stored_json
from pratique.domain.revisions import Revision, revised
from pratique.errors import IntegrityError
from pratique.store.queries import Query

#: Prefix of the key's parameter, so that it never meets a column of the same name.
KEY_PARAMETER = "key_"


@dataclass(frozen=True, slots=True)
class Insert:
    """A new row, every column named."""

    table: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Update:
    """Some columns of the row with that primary key."""

    table: str
    key: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Revise:
    """Some columns of the row with that primary key, and some findings in the column that lists them all."""

    table: str
    key: str
    values: Mapping[str, Any]
    column: str
    revision: Revision
    digest: str  #: SHA-256 (hex) of the column's text afterwards

    def update(self, was: str) -> Update:
        """Return the update that this is of a row whose list `was` this text.

        Raises:
            IntegrityError: the list was not what the entry was written on.
        """
        text = canonical_json(revised(stored_json(was), self.revision))
        found = sha256_hex(text)
        if found != self.digest:
            raise IntegrityError(f"{self.column} of row {self.key}: found digest {found}, expected {self.digest}")
        return Update(self.table, self.key, {**self.values, self.column: text.decode()})


Change = Insert | Update | Revise

_inserts: dict[tuple[str, tuple[str, ...]], Query] = {}
_updates: dict[tuple[str, tuple[str, ...]], Query] = {}
_selects: dict[tuple[str, str], Query] = {}


def table_named(name: str) -> Table:
    """Return the ledger table of that name."""
    return SQLModel.metadata.tables[name]


def key_column(table: Table) -> str:
    """Return the name of the table's single primary-key column."""
    return next(iter(table.primary_key.columns)).name


def insert_query(name: str, columns: tuple[str, ...]) -> Query:
    """Return the compiled-once insert of these columns."""
    query = _inserts.get((name, columns))
    if query is None:
        table = table_named(name)
        query = Query(insert(table).inline(), columns=columns)
        _inserts[name, columns] = query
    return query


def update_query(name: str, columns: tuple[str, ...]) -> Query:
    """Return the compiled-once update by primary key of these columns."""
    query = _updates.get((name, columns))
    if query is None:
        table = table_named(name)
        key = table.c[key_column(table)]
        query = Query(update(table).where(key == bindparam(KEY_PARAMETER)), columns=columns)
        _updates[name, columns] = query
    return query


def select_query(name: str, column: str) -> Query:
    """Return the compiled-once select by primary key of one column."""
    query = _selects.get((name, column))
    if query is None:
        table = table_named(name)
        key = table.c[key_column(table)]
        query = Query(select(table.c[column]).where(key == bindparam(KEY_PARAMETER)))
        _selects[name, column] = query
    return query
