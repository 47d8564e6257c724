"""Checking the journal: every link, every entry against its columns, in the order of the chain."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import Table, select

from pratique.canonical import canonical_json, stored_json
from pratique.errors import PratiqueError
from pratique.store.changes import table_named
from pratique.store.journal import GENESIS
from pratique.store.problems import Problems, difference, shown
from pratique.store.snapshot import Batch, Snapshot
from pratique.store.tables import JournalEntryRow, JournalLinkRow, JournalPendingRow

_MEMBERS = frozenset({"id", "at", "tag", "actor", "subject", "v", "values"})

Row = tuple[Any, ...]
Read = Callable[[int], None]  #: told how many entries were read


class CheckedEntry(NamedTuple):
    """An entry whose body can be read, for replay."""

    name: str  #: how a problem line names it
    tag: str
    at: str
    values: dict[str, Any]


class Chain:
    """Walks the journal of a snapshot once; what does not hold goes to `problems`, and the walk goes on."""

    def __init__(self, snapshot: Snapshot, problems: Problems) -> None:
        self._snapshot = snapshot
        self._problems = problems
        self.linked = 0  #: entries that the chain holds
        self.unsealed = 0  #: entries that wait for the sealer (PostgreSQL)

    def walk(self, read: Read = lambda _: None) -> Iterator[CheckedEntry]:
        """Yield the entries in the order of the chain, then those that wait to be linked."""
        entries = _Entries(self._snapshot)
        expected_seq, previous = 0, GENESIS
        for batch in self._snapshot.stream(_links()):
            for seq, position, link in batch:
                expected_seq += 1
                if seq != expected_seq:
                    self._report_gap(expected_seq, seq)
                    expected_seq = seq
                row = entries.take(position)
                if row is None:
                    self._problems.add("links without entry", f"link {seq} names entry at {position}, found no entry")
                else:
                    self.linked += 1
                    self._check_link(seq, row, previous, link)
                    entry = self._read(seq, row)
                    if entry is not None:
                        yield entry
                previous = link if type(link) is bytes else GENESIS
            read(self.linked)
        yield from self._unlinked(entries)
        read(self.linked + self.unsealed)

    def _report_gap(self, expected: int, found: int) -> None:
        self._problems.add("gaps", f"journal link: found number {found} after {expected - 1}, expected {expected}")

    def _check_link(self, seq: int, row: Row, previous: bytes, link: Any) -> None:
        body = row[5]
        if type(body) is not bytes:
            return  # said when the body is read
        if hashlib.sha256(previous + hashlib.sha256(body).digest()).digest() != link:
            self._problems.add(
                "links that do not follow",
                f"{_name(seq, row)}: its link does not follow from the link before and its body "
                f"(found {shown(link)}); the entry, or one of the two links, was changed",
            )

    def _unlinked(self, entries: _Entries) -> Iterator[CheckedEntry]:
        rows = entries.left()
        waiting = self._pending() if rows else set()
        for row in rows:
            if row[0] in waiting:
                self.unsealed += 1
            else:
                self._problems.add("entries without link", f"{_name(None, row)} stands outside the chain: no link")
            entry = self._read(None, row)
            if entry is not None:
                yield entry

    def _pending(self) -> set[int]:
        table = _table(JournalPendingRow)
        return {row[0] for batch in self._snapshot.stream(select(table.c.position)) for row in batch}

    def _read(self, seq: int | None, row: Row) -> CheckedEntry | None:
        _position, entry_id, at, tag, subject, body = row
        try:
            value = stored_json(body)
            if canonical_json(value) != body:
                self._problems.add("not canonical", f"{_name(seq, row)}: its body is not canonical JSON")
        except (ValueError, TypeError, RecursionError, PratiqueError) as error:
            self._problems.add("unreadable", f"{_name(seq, row)}: its body is unreadable ({type(error).__name__})")
            return None
        if type(value) is not dict or value.keys() != _MEMBERS or type(value["values"]) is not dict:
            self._problems.add("unreadable", f"{_name(seq, row)}: its body has not the members of an entry")
            return None
        if (value["id"], value["at"], value["tag"], value["subject"]) != (entry_id, at, tag, subject):
            self._report_columns(seq, row, value)
        return CheckedEntry(_name(seq, row), value["tag"], value["at"], value["values"])

    def _report_columns(self, seq: int | None, row: Row, value: dict[str, Any]) -> None:
        for column, found in zip(("id", "at", "tag", "subject"), row[1:5], strict=True):
            if found != value[column]:
                told = difference(found, value[column])
                self._problems.add("columns", f"{_name(seq, row)}: column {column} differs from the body: {told}")


class _Entries:
    """The entries in order of position, taken by position.

    On PostgreSQL the chain's order departs from that of positions by the few entries that were committed late, so
    two scans and a small buffer do what a join would have to sort a whole journal for.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._rows = _each(snapshot.stream(_entries()))
        self._passed: dict[Any, Row] = {}
        self._last = 0
        self._is_done = False

    def take(self, position: Any) -> Row | None:
        if type(position) is not int:
            return None
        while self._last < position and not self._is_done:
            row = next(self._rows, None)
            if row is None:
                self._is_done = True
                break
            self._last = row[0]
            if self._last == position:
                return row
            self._passed[row[0]] = row
        return self._passed.pop(position, None)

    def left(self) -> list[Row]:
        return [*self._passed.values(), *self._rows]


def _each(batches: Iterator[Batch]) -> Iterator[Row]:
    for batch in batches:
        yield from batch


def _name(seq: int | None, row: Row) -> str:
    return f"journal entry {seq if seq is not None else f'at position {row[0]}'} (id {row[1]})"


def _table(row: type[Any]) -> Table:
    return table_named(row.__tablename__)


def _links() -> Any:
    link = _table(JournalLinkRow)
    return select(link.c.seq, link.c.position, link.c.link).order_by(link.c.seq)


def _entries() -> Any:
    entry = _table(JournalEntryRow)
    columns = (entry.c.position, entry.c.id, entry.c.at, entry.c.tag, entry.c.subject, entry.c.body)
    return select(*columns).order_by(entry.c.position)
