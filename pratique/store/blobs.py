"""Evidence files on disk: content-addressed, written once, hashed while they stream in."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import time
from collections.abc import AsyncIterable, Callable, Iterable
from io import FileIO
from pathlib import Path
from typing import Any

from pratique.errors import NotFoundError, UnavailableError
from pratique.store.files import Damage, Damaged, check_all
from pratique.store.intake import (
    CHUNK_BYTES,
    DigestMismatchError,
    Intake,
    Received,
    check_digest,
    make_folders,
    pieces,
    pieces_of_stream,
    sync_folder,
    unavailable,
)

__all__ = ["Damage", "Damaged", "DigestMismatchError", "EvidenceFolder", "Received"]

_INCOMING = "incoming"

_GONE = "evidence content {} is not in the store"
_LOOK = "run `pratique evidence verify`"

_log = logging.getLogger(__name__)


class EvidenceFolder:
    """The evidence files below one folder, each at `aa/bb/<sha256>`.

    No path is ever made from anything but 64 hex digits. Files arrive in `incoming/`, on the same file system,
    and are renamed into place only when whole and synced; a crash leaves nothing half-written under a digest.
    """

    def __init__(self, root: Path, max_bytes: int) -> None:
        self.root = root
        self.max_bytes = max_bytes
        self._incoming = root / _INCOMING

    @property
    def place(self) -> str:
        """The folder."""
        return str(self.root)

    def receive(self, chunks: Iterable[bytes], *, expected: str | None = None) -> Received:
        """Write `chunks` to a new file in `incoming/`, hashing them on the way; `keep` or `discard` it next.

        Args:
            chunks: the content, in pieces of any size.
            expected: the SHA-256 the sender announced, if any.

        Raises:
            TooLargeError: more than `max_bytes`; nothing is kept.
            DigestMismatchError: the content has another digest than `expected`; nothing is kept.
            UnavailableError: the disk is full or fails; nothing is kept.
        """
        with Intake(self._incoming, self.max_bytes, expected) as intake:
            for piece in pieces(chunks):
                intake.write(piece)
            received = intake.finish()
            intake.release()
            return received

    async def receive_stream(self, stream: AsyncIterable[bytes], *, expected: str | None = None) -> Received:
        """Do as `receive` from an asynchronous stream, such as a request's.

        Writing and hashing happen in threads, about one MiB at a time, while the next comes in: the event loop
        stays free, and a few MiB are in memory however large the file is.
        """
        intake = Intake(self._incoming, self.max_bytes, expected)
        work: asyncio.Future[Any] = _in_thread(intake.__enter__)
        try:
            async for piece in pieces_of_stream(stream):
                await asyncio.shield(work)
                work = _in_thread(intake.write, piece)
            await asyncio.shield(work)
            work = _in_thread(intake.finish)
            received: Received = await asyncio.shield(work)
            intake.release()
            return received
        finally:
            # A cancelled request leaves a thread at work on the file; it must end before the file is closed.
            if not work.done():
                await asyncio.wait([work])
            if not work.cancelled():
                work.exception()  # seen; what counts is what ended the stream
            intake.close()

    def keep(self, received: Received) -> Path:
        """Move a received file to its place and return that; the same content again stays one file.

        A stored copy that was damaged gives way to the received file, whose content was just hashed.

        Raises:
            UnavailableError: the disk fails.
        """
        place = self.path(received.sha256)
        damage = self.damage(received.sha256)
        if damage is None:
            self.discard(received)
            return place
        if damage is not Damage.MISSING:
            _log.warning("stored evidence %s was damaged (%s); a sound copy replaces it", received.sha256, damage)
        try:
            make_folders(place.parent, self.root)
            received.path.rename(place)
            sync_folder(place.parent)
        except OSError as error:
            raise unavailable(error) from None
        return place

    def discard(self, received: Received) -> None:
        """Remove a received file that was not kept."""
        received.path.unlink(missing_ok=True)

    def store(self, chunks: Iterable[bytes], *, expected: str | None = None) -> Received:
        """Receive and keep in one step; `path` of the result is the final place."""
        received = self.receive(chunks, expected=expected)
        return Received(path=self.keep(received), sha256=received.sha256, size=received.size)

    async def store_stream(self, stream: AsyncIterable[bytes], *, expected: str | None = None) -> Received:
        """Receive from an asynchronous stream and keep in one step; `path` of the result is the final place."""
        received = await self.receive_stream(stream, expected=expected)
        place = await asyncio.to_thread(self.keep, received)
        return Received(path=place, sha256=received.sha256, size=received.size)

    def path(self, sha256: str) -> Path:
        """Return the place of the content with this digest, whether it is there or not.

        Raises:
            InvalidInputError: not 64 lower-case hex digits.
        """
        check_digest(sha256)
        return self.root / sha256[:2] / sha256[2:4] / sha256

    def local(self, sha256: str) -> Path:
        """Return the place of a stored file.

        Raises:
            NotFoundError: no such content here.
        """
        path = self.path(sha256)
        if not path.is_file():
            raise NotFoundError(_GONE.format(sha256), hint=_LOOK)
        return path

    def has(self, sha256: str) -> bool:
        """Tell whether there is a file of that name."""
        return self.path(sha256).is_file()

    def open(self, sha256: str) -> FileIO:
        """Open a stored file for reading.

        Raises:
            NotFoundError: no such content here.
            UnavailableError: the disk does not give it.
        """
        try:
            # A link put in its place would lead elsewhere.
            return os.fdopen(os.open(self.path(sha256), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb", buffering=0)
        except FileNotFoundError:
            raise NotFoundError(_GONE.format(sha256), hint=_LOOK) from None
        except OSError as error:
            raise unavailable(error) from None

    def rehash(self, sha256: str) -> bool:
        """Tell whether the stored file still has the content its name says."""
        return self.damage(sha256) is None

    def damage(self, sha256: str, count: Callable[[int], None] | None = None) -> Damage | None:
        """Hash a stored file again and say what is wrong with it; `count` is told the bytes, part by part."""
        try:
            with self.open(sha256) as file:
                return None if _hash_of(file, count) == sha256 else Damage.CHANGED
        except NotFoundError:
            return Damage.MISSING
        except (UnavailableError, OSError):
            return Damage.UNREADABLE

    def verify_all(
        self, digests: Iterable[str], progress: Callable[[int], None] | None = None, *, threads: int | None = None
    ) -> list[Damaged]:
        """Hash every named file again, several at a time; return the damaged ones, in the order of the digests.

        Args:
            digests: what should be stored.
            progress: called in this thread with the number of files done.
            threads: None means one per core, at most 8.
        """
        names = list(digests)
        tell = None if progress is None else lambda done, _: progress(done)
        found = {one.sha256: one for one in check_all(self, names, tell, threads=threads)}
        return [found[name] for name in names if name in found]

    def remove(self, sha256: str) -> bool:
        """Remove a stored file for good, for the purge alone; False when it was gone already.

        Raises:
            UnavailableError: the disk fails.
        """
        path = self.path(sha256)
        try:
            path.unlink()
            sync_folder(path.parent)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise UnavailableError(f"{path} could not be removed: {error.strerror or error}") from None
        return True

    def remove_abandoned(self, older_than_seconds: float) -> int:
        """Remove what crashes left in `incoming/`; return how many files. Age is by the file's last change."""
        limit = time.time() - older_than_seconds
        removed = 0
        for path in self._incoming.glob("*.part"):
            try:
                if path.lstat().st_mtime < limit:
                    path.unlink()
                    removed += 1
            except FileNotFoundError:
                continue  # another engine was faster
        return removed


def _in_thread(call: Callable[..., Any], *arguments: Any) -> asyncio.Future[Any]:
    return asyncio.get_running_loop().run_in_executor(None, call, *arguments)


def _hash_of(file: FileIO, count: Callable[[int], None] | None) -> str:
    digest = hashlib.sha256()
    buffer = memoryview(bytearray(CHUNK_BYTES))
    while size := file.readinto(buffer):
        digest.update(buffer[:size])
        if count is not None:
            count(size)
    return digest.hexdigest()
