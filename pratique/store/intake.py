"""One evidence file on its way in: written, hashed, capped and synced, or gone."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import tempfile
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from pratique.errors import InvalidInputError, TooLargeError, UnavailableError

#: Fastest measured read size for SHA-256; 8 MiB is slower.
CHUNK_BYTES = 1024**2

#: Stored files are never written again, by nobody.
_FILE_MODE = 0o440
_FOLDER_MODE = 0o750
#: How much may wait in the cache before the disk is set to work. Measured: 16 MiB keeps 0.6 to 0.7 of a plain
#: copy's speed, syncing only at the end 0.25 to 0.45.
_SYNC_BYTES = 16 * 1024**2

_DIGEST = re.compile(r"[0-9a-f]{64}")
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class DigestMismatchError(InvalidInputError):
    """The bytes received are not the ones that were announced; nothing was kept."""

    code = "digest-mismatch"
    title = "Digest mismatch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A file that is whole on disk, but not yet in its place."""

    path: Path  #: in `incoming/`, until it is kept or discarded
    sha256: str  #: 64 lower-case hex digits, of the bytes written
    size: int  #: bytes


class Intake:
    """One file on its way in. Closed without `release`, it leaves nothing.

    Hashing runs in a thread beside writing, and the disk is set to work early, so that the time is that of the
    slower of the two and the last sync finds little to do.
    """

    def __init__(self, folder: Path, max_bytes: int, expected: str | None) -> None:
        if expected is not None:
            check_digest(expected)
        self._folder = folder
        self._max_bytes = max_bytes
        self._expected = expected
        self._hash = hashlib.sha256()
        self._size = 0
        self._unsynced = 0
        self._descriptor: int | None = None
        self._path: Path | None = None
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="intake")
        self._hashing: Future[None] | None = None
        self._syncing: Future[None] | None = None

    def __enter__(self) -> Self:
        try:
            make_folders(self._folder, self._folder.parent)
            self._descriptor, name = tempfile.mkstemp(suffix=".part", dir=self._folder)
        except OSError as error:
            raise unavailable(error) from None
        self._path = Path(name)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def write(self, data: bytes) -> None:
        """Append `data`, best about one MiB.

        Raises:
            TooLargeError: more than the cap by now.
            UnavailableError: the disk is full or fails.
        """
        self._size += len(data)
        if self._size > self._max_bytes:
            raise TooLargeError(f"evidence is larger than {self._max_bytes} bytes; nothing was kept")
        if self._hashing is not None:
            self._hashing.result()  # in order, and never more than two pieces in memory
        self._hashing = self._threads.submit(self._hash.update, data)
        try:
            self._write_whole(data)
            self._sync_early(len(data))
        except OSError as error:
            raise unavailable(error) from None

    def finish(self) -> Received:
        """Sync the file and return what it is. It is removed on `close` all the same, until `release`.

        Raises:
            DigestMismatchError: the content has another digest than the announced one.
            UnavailableError: the disk is full or fails.
        """
        descriptor, path = self._open()
        if self._hashing is not None:
            self._hashing.result()
        sha256 = self._hash.hexdigest()
        if self._expected is not None and sha256 != self._expected:
            raise DigestMismatchError(
                f"evidence has SHA-256 {sha256}, but {self._expected} was announced; nothing was kept",
                hint="the file was changed or cut on its way; send it again",
            )
        try:
            if self._syncing is not None:
                self._syncing.result()  # a disk tells its error once: to whoever syncs first
            os.fchmod(descriptor, _FILE_MODE)
            os.fsync(descriptor)
        except OSError as error:
            raise unavailable(error) from None
        return Received(path=path, sha256=sha256, size=self._size)

    def release(self) -> None:
        """Give the finished file up to the caller."""
        self._path = None

    def close(self) -> None:
        """End all work, and remove the file unless it was released."""
        self._threads.shutdown(wait=True)
        if self._descriptor is not None:
            with contextlib.suppress(OSError):  # it was synced already, or goes away now
                os.close(self._descriptor)
        if self._path is not None:
            self._path.unlink(missing_ok=True)
        self._descriptor = self._path = None

    def _open(self) -> tuple[int, Path]:
        if self._descriptor is None or self._path is None:
            raise ValueError("the intake is closed")
        return self._descriptor, self._path

    def _write_whole(self, data: bytes) -> None:
        descriptor, _ = self._open()
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]

    def _sync_early(self, written: int) -> None:
        """Start writing to the disk what is in the cache, where the last such round has ended."""
        descriptor, _ = self._open()
        self._unsynced += written
        if self._unsynced < _SYNC_BYTES or (self._syncing is not None and not self._syncing.done()):
            return
        if self._syncing is not None:
            self._syncing.result()
        self._syncing = self._threads.submit(os.fdatasync, descriptor)
        self._unsynced = 0


def pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Gather small chunks to pieces of about one MiB, and cut larger ones."""
    gathering = _Gathering()
    for chunk in chunks:
        yield from gathering.add(chunk)
    yield from gathering.rest()


async def pieces_of_stream(stream: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Do as `pieces` with an asynchronous stream."""
    gathering = _Gathering()
    async for chunk in stream:
        for piece in gathering.add(chunk):
            yield piece
    for piece in gathering.rest():
        yield piece


class _Gathering:
    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self._size = 0

    def add(self, chunk: bytes) -> Iterator[bytes]:
        if len(chunk) >= CHUNK_BYTES:
            yield from self.rest()
            for start in range(0, len(chunk), CHUNK_BYTES):
                yield chunk[start : start + CHUNK_BYTES]
            return
        self._chunks.append(chunk)
        self._size += len(chunk)
        if self._size >= CHUNK_BYTES:
            yield from self.rest()

    def rest(self) -> Iterator[bytes]:
        chunks, self._chunks, self._size = self._chunks, [], 0
        if chunks:
            yield b"".join(chunks)


def check_digest(sha256: str) -> None:
    """Refuse what is not 64 lower-case hex digits; only such text ever becomes a path.

    Raises:
        InvalidInputError: something else.
    """
    if not _DIGEST.fullmatch(sha256):
        raise InvalidInputError("a SHA-256 is 64 lower-case hex digits; something else was given")


def make_folders(folder: Path, root: Path) -> None:
    """Make `folder` and what is missing above it, and sync the parents: a new name is a change of its parent."""
    missing = []
    at = folder
    while not at.is_dir():
        missing.append(at)
        at = at.parent
    for new in reversed(missing):
        new.mkdir(mode=_FOLDER_MODE, exist_ok=True)
        if new.is_relative_to(root):
            sync_folder(new.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` last through a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def unavailable(error: OSError) -> UnavailableError:
    """Return the disk's error in our words."""
    if error.errno in _NO_ROOM:
        return UnavailableError("no room left for evidence; nothing was kept", hint="free space in the evidence folder")
    return UnavailableError(f"the evidence folder does not answer ({error.strerror or error}); nothing was kept")
