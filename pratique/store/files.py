"""The port of the evidence files: what every store of them does, and how all of them are hashed again."""

from __future__ import annotations

import os
import threading
from collections.abc import AsyncIterable, Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from enum import StrEnum
from io import FileIO
from itertools import islice
from pathlib import Path
from typing import Protocol

from pratique.store.intake import Received

#: Told the files done and the bytes hashed so far.
HashProgress = Callable[[int, int], None]

_MOST_THREADS = 8
_TICK_SECONDS = 0.2


class Damage(StrEnum):
    """What is wrong with a stored file."""

    MISSING = "missing"
    CHANGED = "changed"  #: its content has another digest than its name
    UNREADABLE = "unreadable"  #: the store does not give it


@dataclass(frozen=True, slots=True)
class Damaged:
    """A stored file that is not what it was."""

    sha256: str
    damage: Damage


class EvidenceFiles(Protocol):
    """Evidence files by the SHA-256 of their content (64 lower-case hex digits): written once, never overwritten."""

    @property
    def place(self) -> str:
        """Where the files are, for people; holds no credential."""
        ...

    def store(self, chunks: Iterable[bytes], *, expected: str | None = None) -> Received:
        """Keep content and return what it is; the same content again stays one file.

        Raises:
            TooLargeError: more than the cap; nothing is kept.
            DigestMismatchError: the content has another digest than `expected`; nothing is kept.
            UnavailableError: the store is full or fails; nothing is kept.
        """
        ...

    async def store_stream(self, stream: AsyncIterable[bytes], *, expected: str | None = None) -> Received:
        """Do as `store` from an asynchronous stream; memory stays flat however large the file is."""
        ...

    def local(self, sha256: str) -> Path:
        """Return a file on this machine with that content; open it soon, as it may be a copy that makes room later.

        Raises:
            NotFoundError: no such content here.
            UnavailableError: the store does not answer.
            IntegrityError: what is stored under the digest has another.
        """
        ...

    def open(self, sha256: str) -> FileIO:
        """Open a stored file for reading; as `local`."""
        ...

    def has(self, sha256: str) -> bool:
        """Tell whether there is something under this digest.

        Raises:
            UnavailableError: the store does not answer.
        """
        ...

    def damage(self, sha256: str, count: Callable[[int], None] | None = None) -> Damage | None:
        """Hash a stored file again and say what is wrong with it; None when it is what its name says.

        Args:
            sha256: its name.
            count: told the bytes that were hashed, part by part.
        """
        ...

    def remove(self, sha256: str) -> bool:
        """Remove content for good, for the purge alone; False when it was gone already.

        Raises:
            UnavailableError: the store does not answer; the content may still be there.
        """
        ...

    def remove_abandoned(self, older_than_seconds: float) -> int:
        """Remove what crashes left on its way in; return how many files."""
        ...


def check_all(
    files: EvidenceFiles, digests: Iterable[str], progress: HashProgress | None = None, *, threads: int | None = None
) -> Iterator[Damaged]:
    """Hash every named file again, several at a time; yield the damaged ones in no order.

    Args:
        files: the store.
        digests: what should be stored.
        progress: called in this thread, a few times a second and after each file.
        threads: None means one per core, at most 8; hashing frees the interpreter lock.
    """
    meter = _Meter()
    workers = threads or min(_MOST_THREADS, os.cpu_count() or 1)
    todo = iter(digests)
    running: dict[Future[Damage | None], str] = {}
    done = 0
    with ThreadPoolExecutor(workers, thread_name_prefix="rehash") as pool:
        while True:
            # A few ahead, so that a million digests do not become a million futures.
            for sha256 in islice(todo, workers * 4 - len(running)):
                running[pool.submit(files.damage, sha256, meter.add)] = sha256
            if not running:
                return
            ended, _ = wait(running, timeout=_TICK_SECONDS, return_when=FIRST_COMPLETED)
            for future in ended:
                sha256, damage = running.pop(future), future.result()
                done += 1
                if damage is not None:
                    yield Damaged(sha256, damage)
            if progress is not None:
                progress(done, meter.total)


class _Meter:
    """Bytes hashed, counted by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.total = 0

    def add(self, count: int) -> None:
        with self._lock:
            self.total += count
