"""Somebody with the database password: changes what should not change, and puts it back."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from pratique.store.changes import key_column, table_named
from pratique.store.databases import open_database
from pratique.store.journal import GENESIS, next_link
from pratique.store.replay import projected_tables

Rows = list[dict[str, Any]]
Done = tuple[str, list[str]]  #: what was done, and names of which a problem line must hold one

_ENTRY, _LINK = "journal_entry", "journal_link"


class Tampering:
    """Random and chosen changes behind the ledger's back; each is undone when its `with` ends."""

    def __init__(self, url: str, chance: random.Random) -> None:
        self._engine = open_database(url).engine
        self._chance = chance
        self._tables = {t.name: t for t in projected_tables()} | {n: table_named(n) for n in (_ENTRY, _LINK)}
        with self._engine.connect() as connection:
            self._kept: dict[str, Rows] = {
                name: [dict(row._mapping) for row in connection.execute(select(table))]
                for name, table in self._tables.items()
            }
        self._triggers = self._trigger_texts()

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def one(self) -> Iterator[Done]:
        """Do one random thing."""
        acts = [self._change_row] * 6 + [self._delete_row, self._insert_row] * 2
        acts += [self._change_entry, self._change_link, self._delete_entry, self._delete_link, self._insert_entry]
        with self._unguarded() as connection:
            done = self._chance.choice(acts)(connection)
        try:
            yield done
        finally:
            self._restore()

    @contextmanager
    def changed_entry(self, position: int, **values: Any) -> Iterator[str]:
        """Change columns of one entry; gives its id."""
        entry = self._tables[_ENTRY]
        with self._unguarded() as connection:
            connection.execute(update(entry).where(entry.c.position == position).values(**values))
        try:
            yield next(row["id"] for row in self._kept[_ENTRY] if row["position"] == position)
        finally:
            self._restore()

    @contextmanager
    def rewritten_entry(self, tag: str, without: bytes, was: bytes, now: bytes) -> Iterator[str]:
        """Replace part of the first entry of a tag and chain everything after it anew; gives the id of its row."""
        entry, link = self._tables[_ENTRY], self._tables[_LINK]
        bodies = {row["position"]: bytes(row["body"]) for row in self._kept[_ENTRY]}
        row = next(row for row in self._kept[_ENTRY] if row["tag"] == tag)
        assert was in bodies[row["position"]]
        assert not without or without not in bodies[row["position"]]
        bodies[row["position"]] = bodies[row["position"]].replace(was, now, 1)
        previous = GENESIS
        with self._unguarded() as connection:
            body = bodies[row["position"]]
            connection.execute(update(entry).where(entry.c.position == row["position"]).values(body=body))
            for kept in sorted(self._kept[_LINK], key=lambda row: row["seq"]):
                previous = next_link(previous, bodies[kept["position"]])
                connection.execute(update(link).where(link.c.seq == kept["seq"]).values(link=previous))
        try:
            yield str(row["subject"].split(":", 1)[1])
        finally:
            self._restore()

    @contextmanager
    def cut_end(self, count: int) -> Iterator[None]:
        """Drop the last entries and their links."""
        entry, link = self._tables[_ENTRY], self._tables[_LINK]
        cut = sorted(self._kept[_LINK], key=lambda row: row["seq"])[-count:]
        with self._unguarded() as connection:
            for row in cut:
                connection.execute(delete(link).where(link.c.seq == row["seq"]))
                connection.execute(delete(entry).where(entry.c.position == row["position"]))
        try:
            yield
        finally:
            self._restore()

    @contextmanager
    def without_links(self) -> Iterator[None]:
        """Drop the whole chain."""
        with self._unguarded() as connection:
            connection.execute(delete(self._tables[_LINK]))
        try:
            yield
        finally:
            self._restore()

    def _change_row(self, connection: Connection) -> Done:
        table, row = self._some_row()
        key = key_column(table)
        column = self._chance.choice(list(table.columns))
        value = self._other(column, row[column.name])
        where = table.c[key] == row[key]
        try:
            with connection.begin_nested():
                connection.execute(update(table).where(where).values({column.name: value}))
        except IntegrityError:  # the database itself refused: somebody else has that value
            return self._delete_row(connection)
        return f"{table.name}.{column.name} of {row[key]} became {value!r}", [f"table {table.name}, row {row[key]}"]

    def _delete_row(self, connection: Connection) -> Done:
        table, row = self._some_row()
        key = key_column(table)
        connection.execute(delete(table).where(table.c[key] == row[key]))
        return f"row {row[key]} of {table.name} was deleted", [
            f"table {table.name}, row {row[key]}: the row is missing"
        ]

    def _insert_row(self, connection: Connection) -> Done:
        table, row = self._some_row()
        key = key_column(table)
        copy = {**row, key: self._other(table.c[key], row[key])}
        for column in ("version", "event_id", "occasion", "key", "channel"):
            if column in copy and isinstance(copy[column], str):
                copy[column] += "x"
        if copy.get("is_latest"):
            copy["is_latest"] = False
        connection.execute(insert(table).values(copy))
        return f"row {copy[key]} of {table.name} was inserted", [
            f"table {table.name}, row {copy[key]}: the journal knows"
        ]

    def _change_entry(self, connection: Connection) -> Done:
        entry, row = self._tables[_ENTRY], self._chance.choice(self._kept[_ENTRY])
        column = self._chance.choice(["body"] * 5 + ["id", "at", "tag", "subject"])
        value = self._other(entry.c[column], row[column])
        connection.execute(update(entry).where(entry.c.position == row["position"]).values({column: value}))
        return f"{column} of entry {row['position']}", [f"journal entry {self._seq(row['position'])} (id "]

    def _change_link(self, connection: Connection) -> Done:
        link, row = self._tables[_LINK], self._chance.choice(self._kept[_LINK])
        value = self._other(link.c.link, row["link"])
        connection.execute(update(link).where(link.c.seq == row["seq"]).values(link=value))
        return f"link {row['seq']}", [f"journal entry {row['seq']} (id "]

    def _delete_entry(self, connection: Connection) -> Done:
        entry, row = self._tables[_ENTRY], self._chance.choice(self._kept[_ENTRY])
        connection.execute(delete(entry).where(entry.c.position == row["position"]))
        return f"entry {row['position']} was deleted", [f"link {self._seq(row['position'])} names entry"]

    def _delete_link(self, connection: Connection) -> Done:
        link, row = self._tables[_LINK], self._chance.choice(self._kept[_LINK])
        connection.execute(delete(link).where(link.c.seq == row["seq"]))
        return f"link {row['seq']} was deleted", [f"journal entry at position {row['position']} (id "]

    def _insert_entry(self, connection: Connection) -> Done:
        entry, row = self._tables[_ENTRY], self._chance.choice(self._kept[_ENTRY])
        position = 10**6 + self._chance.randrange(10**6)
        connection.execute(insert(entry).values({**row, "position": position}))
        return f"entry {position} was inserted", [f"journal entry at position {position} (id "]

    def _some_row(self) -> tuple[Table, dict[str, Any]]:
        names = [n for n, rows in self._kept.items() if rows and n not in (_ENTRY, _LINK)]
        table = self._tables[self._chance.choice(names)]
        return table, self._chance.choice(self._kept[table.name])

    def _other(self, column: Any, value: Any) -> Any:
        """Another value that the column can hold."""
        if value is not None and column.nullable and self._chance.random() < 0.2:
            return None
        if isinstance(value, bool):
            return not value
        if isinstance(value, bytes):
            at = self._chance.randrange(len(value))
            return value[:at] + bytes([value[at] ^ (1 << self._chance.randrange(8))]) + value[at + 1 :]
        if isinstance(value, int):
            return value + self._chance.choice([-1, 1])
        if value is None:
            return 1 if "INT" in str(column.type) else "x"
        return self._other_text(value)

    def _other_text(self, value: str) -> str:
        if not value:
            return " "
        at = self._chance.randrange(len(value))
        return value[:at] + ("y" if value[at] == "x" else "x") + value[at + 1 :]

    def _seq(self, position: int) -> int:
        return next(int(row["seq"]) for row in self._kept[_LINK] if row["position"] == position)

    @contextmanager
    def _unguarded(self) -> Iterator[Connection]:
        """A transaction in which the append-only triggers sleep."""
        with self._engine.begin() as connection:
            if self._engine.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN")
                for name, _ in self._triggers:
                    connection.execute(text(f"DROP TRIGGER {name}"))
                yield connection
                for _, sql in self._triggers:
                    connection.exec_driver_sql(sql)
            else:
                connection.execute(text("SET LOCAL session_replication_role = replica"))
                yield connection

    def _restore(self) -> None:
        with self._unguarded() as connection:
            for name, table in self._tables.items():
                connection.execute(delete(table))
                if self._kept[name]:
                    connection.execute(insert(table), self._kept[name])

    def _trigger_texts(self) -> list[tuple[str, str]]:
        if self._engine.dialect.name != "sqlite":
            return []
        with self._engine.connect() as connection:
            found = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
            return [(name, sql) for name, sql in found]
