"""One writing process per SQLite ledger: a second one would starve, so it is refused at the door."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from pratique.errors import ConflictError, UnavailableError


class LedgerBusyError(ConflictError):
    """Another process has this ledger open for writing."""

    code = "ledger-busy"
    title = "Ledger in use"


class WriterLock:
    """A lock file beside the ledger. The kernel frees it with the process, however that ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def take(self) -> None:
        """Take the lock.

        Raises:
            LedgerBusyError: another engine holds it; says which process.
            UnavailableError: the lock file cannot be written.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise UnavailableError(f"the lock file {self._path} cannot be opened: {error.strerror}") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
            os.close(descriptor)
            raise LedgerBusyError(
                f"another engine{f' (process {holder})' if holder.isdigit() else ''} has {self._path.parent} open; "
                "a SQLite ledger has one writing process",
                hint="stop that engine first, or use PostgreSQL to run several",
            ) from None
        self._descriptor = descriptor
        self._sign(descriptor)

    def release(self) -> None:
        """Give the lock back; the file stays, since removing it would race with the next holder."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    @staticmethod
    def _sign(descriptor: int) -> None:
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        except OSError:  # a full disk: the lock holds all the same, it only does not say whose it is
            return
