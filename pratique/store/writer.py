"""The one thread that writes: commands that arrive together share one durable commit."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from typing import Any, NamedTuple, TypeVar

from sqlalchemy.exc import DBAPIError

from pratique.errors import PratiqueError, UnavailableError
from pratique.store.databases import Database
from pratique.store.journal import Entry
from pratique.store.ports import Clock, NewId
from pratique.store.reader import Reader
from pratique.store.transaction import Transaction

T = TypeVar("T")
_log = logging.getLogger(__name__)
Command = Callable[[Transaction], T]

#: Most commands that share a commit. Beyond this the gain per commit is below 1 % (bench/RESULTS.md).
GROUP_LIMIT = 64
#: How often a command is tried alone when another replica got in its way.
ATTEMPTS = 3


class _Job(NamedTuple):
    actor: str
    command: Command[Any]
    future: Future[Any] | asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop | None


class _Outcome(NamedTuple):
    job: _Job
    result: Any
    error: BaseException | None


class Writer:
    """Runs commands in arrival order, groups of them in one transaction.

    A command loads, refuses, computes, records and returns; it may be run again after a rollback, so it must
    have no effect outside its transaction.
    """

    def __init__(
        self, database: Database, *, clock: Clock, new_id: NewId, on_commit: Callable[[Sequence[Entry]], None]
    ) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id
        self._on_commit = on_commit
        self.before: Callable[[Reader], object] | None = None  #: called before each command, in its transaction
        self.after: Callable[[Transaction], object] | None = None  #: called after each command that recorded something
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="ledger-writer", daemon=True)
        self._connection: Any = None
        self._closing = False
        self._gate = threading.Lock()  # no job may slip in behind the one that ends the thread

    def start(self) -> None:
        """Connect and begin to take commands."""
        self._connect()
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """True while commands are taken."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Finish what was submitted, then stop."""
        with self._gate:
            self._closing = True
            self._jobs.put(None)
        if self._thread.is_alive():
            self._thread.join()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def submit(self, actor: str, command: Command[T]) -> Future[T]:
        """Queue a command; the future resolves after the durable commit."""
        future: Future[T] = Future()
        self._put(_Job(actor, command, future, None))
        return future

    def submit_async(self, actor: str, command: Command[T]) -> asyncio.Future[T]:
        """Queue a command from an event loop; all futures of a group wake it with one call."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._put(_Job(actor, command, future, loop))
        return future

    def _put(self, job: _Job) -> None:
        with self._gate:
            if self._closing:
                raise UnavailableError("the ledger is closing", hint="try again when the engine is back")
            self._jobs.put(job)

    def _connect(self) -> None:
        self._connection = self._database.engine.raw_connection()
        self._cursor = self._connection.cursor()

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                return
            group = [job]
            while len(group) < GROUP_LIMIT:
                try:
                    job = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if job is None:
                    self._settle(self._run_group(group))
                    return
                group.append(job)
            self._settle(self._run_group(group))

    def _run_group(self, group: list[_Job]) -> list[_Outcome]:
        try:
            return self._run_together(group)
        except BaseException as first:  # whatever it was, each command deserves its own answer
            _log.info("a group of %d is run one by one: %s", len(group), type(first).__name__)
        outcomes: list[_Outcome] = []
        for job in group:
            try:
                outcomes.append(self._run_alone(job))
            except BaseException as failure:  # the thread must outlive anything, or every later caller would hang
                outcomes.append(_Outcome(job, None, failure))
        return outcomes

    def _run_alone(self, job: _Job) -> _Outcome:
        error: BaseException = UnavailableError("the ledger could not write")
        for _ in range(ATTEMPTS):
            try:
                return self._run_together([job])[0]
            except PratiqueError as refused:  # refused after it had written; its transaction was undone
                return _Outcome(job, None, refused)
            except Exception as failure:
                error = failure
        _log.error("a command failed %d times", ATTEMPTS, exc_info=error)
        return _Outcome(job, None, _explained(error))

    def _run_together(self, group: list[_Job]) -> list[_Outcome]:
        entries: list[Entry] = []
        try:
            self._database.begin(self._cursor)
            outcomes = [self._run_command(job, entries) for job in group]
            if entries:
                # Read within the transaction: another process may have written to the same file meanwhile.
                self._database.append(self._cursor, entries, self._database.load_head(self._cursor))
            self._connection.driver_connection.commit()
        except BaseException:
            self._roll_back()
            raise
        if entries:
            self._tell(entries)
        return outcomes

    def _tell(self, entries: list[Entry]) -> None:
        try:
            self._on_commit(entries)
        except Exception:  # what is committed stays committed; running the group again would do it twice
            _log.exception("a listener failed after a commit of %d entries", len(entries))

    def _run_command(self, job: _Job, entries: list[Entry]) -> _Outcome:
        transaction = Transaction(
            self._cursor, self._database.engine.dialect, now=self._clock(), actor=job.actor, new_id=self._new_id
        )
        try:
            if self.before is not None:
                self.before(transaction)
            result = job.command(transaction)
            if self.after is not None and transaction.entries:
                self.after(transaction)
        except PratiqueError as refused:
            if transaction.has_written:
                raise
            return _Outcome(job, None, refused)
        entries.extend(transaction.entries)
        return _Outcome(job, result, None)

    def _roll_back(self) -> None:
        try:
            self._connection.driver_connection.rollback()
        except Exception:  # the connection itself is gone; a fresh one is the cure
            self._reconnect()

    def _reconnect(self) -> None:
        if self._connection.is_valid:
            self._connection.invalidate()
        self._connect()

    @staticmethod
    def _settle(outcomes: list[_Outcome]) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[_Outcome]] = {}
        for outcome in outcomes:
            if outcome.job.loop is None:
                _resolve(outcome)
            else:
                by_loop.setdefault(outcome.job.loop, []).append(outcome)
        for loop, settled in by_loop.items():
            try:
                loop.call_soon_threadsafe(_resolve_all, settled)
            except RuntimeError:  # the loop closed while its command was being written; nobody waits any more
                continue


def _resolve_all(outcomes: list[_Outcome]) -> None:
    for outcome in outcomes:
        _resolve(outcome)


def _resolve(outcome: _Outcome) -> None:
    future = outcome.job.future
    if future.done():  # its waiter went away
        return
    try:
        if outcome.error is None:
            future.set_result(outcome.result)
        else:
            future.set_exception(outcome.error)
    except (InvalidStateError, asyncio.InvalidStateError):  # it went away this very moment
        return


def _explained(error: BaseException) -> BaseException:
    if isinstance(error, PratiqueError) or not isinstance(error, _driver_errors()):
        return error
    return UnavailableError(
        f"the ledger could not write: {type(error).__name__}", hint="try again; see the engine's log"
    )


def _driver_errors() -> tuple[type[BaseException], ...]:
    import sqlite3

    import psycopg

    return (sqlite3.Error, psycopg.Error, DBAPIError, OSError)
