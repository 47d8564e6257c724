"""The ledger: one door for everything that is read from or written to the database."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from pratique.store.databases import PostgresDatabase, open_database
from pratique.store.journal import Entry
from pratique.store.outages import outages_named
from pratique.store.ports import Clock, NewId, new_uuid7, system_clock
from pratique.store.reader import Reader
from pratique.store.schema import upgrade_schema
from pratique.store.sealer import Sealer
from pratique.store.transaction import Transaction
from pratique.store.writer import Command, Writer

_log = logging.getLogger(__name__)

T = TypeVar("T")
Listener = Callable[[Sequence[Entry]], None]


class Ledger:
    """Journal, state rows and outbox in one database.

    Writes go through one thread; reads take their own connection and see committed state only.
    """

    def __init__(self, url: str, *, clock: Clock = system_clock, new_id: NewId = new_uuid7) -> None:
        self.url = url
        self.clock = clock
        self.database = open_database(url)
        self._listeners: list[Listener] = []
        self._writer = Writer(self.database, clock=clock, new_id=new_id, on_commit=self._committed)
        self._sealer = Sealer(self.database) if isinstance(self.database, PostgresDatabase) else None
        self._is_closed = False

    def open(self) -> None:
        """Bring the schema up to date and begin to take commands."""
        upgrade_schema(self.database.engine)
        self._writer.start()
        if self._sealer is not None:
            self._sealer.start()

    def close(self) -> None:
        """Finish what was submitted, seal it, and disconnect."""
        self._writer.close()
        if self._sealer is not None:
            self._sealer.close()
        self._is_closed = True
        self.database.engine.dispose()

    @property
    def path(self) -> Path | None:
        """The file of a SQLite ledger; None: it is no file."""
        url = self.database.engine.url
        return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None

    @property
    def is_writing(self) -> bool:
        """True while the writer takes commands."""
        return self._writer.is_alive

    def listen(self, listener: Listener) -> None:
        """Call `listener` from the writer's thread with the entries of every commit."""
        self._listeners.append(listener)

    def look_before(self, look: Callable[[Reader], object]) -> None:
        """Call `look` in the writer's thread before each command, in its transaction; what it raises refuses that."""
        self._writer.before = look

    def look_after(self, look: Callable[[Transaction], object]) -> None:
        """Call `look` in the writer's thread after each command that recorded something, in its transaction."""
        self._writer.after = look

    def submit(self, actor: str, command: Command[T]) -> Future[T]:
        """Queue a command; the future resolves after the durable commit."""
        return self._writer.submit(actor, command)

    def write(self, actor: str, command: Command[T]) -> T:
        """Run a command and wait for its durable commit."""
        return self._writer.submit(actor, command).result()

    def awrite(self, actor: str, command: Command[T]) -> asyncio.Future[T]:
        """Run a command from an event loop."""
        return self._writer.submit_async(actor, command)

    @contextmanager
    def read(self) -> Iterator[Reader]:
        """Give a reader on one consistent snapshot.

        Raises:
            UnavailableError: the database does not answer.
        """
        with outages_named("the ledger could not be read"):
            connection = self.database.engine.raw_connection()
            try:
                cursor = connection.cursor()
                if self._sealer is None:
                    cursor.execute("BEGIN")
                else:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                yield Reader(cursor, self.database.engine.dialect)
            finally:
                if self._is_closed:  # a request that was given up reads on in its thread; no pool closes this for it
                    connection.invalidate()
                connection.close()  # rolls back, and drops a connection that is gone

    async def aread(self, look: Callable[[Reader], T]) -> T:
        """Run a read in a thread, so that the event loop stays free."""
        return await asyncio.to_thread(self._look, look)

    def _look(self, look: Callable[[Reader], T]) -> T:
        with self.read() as reader:
            return look(reader)

    def _committed(self, entries: Sequence[Entry]) -> None:
        if self._sealer is not None:
            self._sealer.wake()
        for listener in self._listeners:
            try:
                listener(entries)
            except Exception:  # the commit stands; an error here would have the writer run its commands again
                _log.exception("a listener failed on committed entries")
