"""Row changes as values: what an entry does to the projected tables, computed without looking at them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, bindparam, insert, update
from sqlmodel import SQLModel

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


Change = Insert | Update

_inserts: dict[tuple[str, tuple[str, ...]], Query] = {}
_updates: dict[tuple[str, tuple[str, ...]], Query] = {}


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
