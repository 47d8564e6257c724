"""Uploads that go on after a broken connection: what came so far, by the file that was announced.

The partial file is its own record: its length is the offset, whatever process wrote it. An upload is named by who
announced what, so that a client that lost everything goes on where it stopped by announcing the same file again.
Nothing of it is evidence before the whole has the digest that was announced.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from threading import Lock

from pratique.canonical import canonical_json
from pratique.errors import ConflictError, InvalidInputError, NotFoundError, TooLargeError, UnavailableError
from pratique.services.upload_parts import append_bytes, changed_at, chunks_of
from pratique.store.files import EvidenceFiles
from pratique.store.intake import DigestMismatchError, Received, check_digest, unavailable

#: Without a byte for so long, an upload is given up.
KEPT_SECONDS = 24 * 3600.0
#: So long, where no byte ever came: an announcement takes its file's room, and must not do so for nothing.
EMPTY_SECONDS = 600.0
#: Uploads under way at one moment, and how many of the largest files they may be together.
MOST_OPEN = 1000
MOST_LARGEST = 8
#: The same of one credential: there is room left for the others.
MOST_OPEN_OWN = 250
MOST_LARGEST_OWN = 4

_ID = re.compile(r"[0-9a-f]{32}")


class UploadGoneError(NotFoundError):
    """There is no such upload (any more); announce the file again."""

    code = "upload-gone"
    title = "Upload gone"


class UploadOffsetError(ConflictError):
    """The next byte that is wanted is another one; `offset` says which."""

    code = "upload-offset"
    title = "Other offset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """A file that somebody wants to send, and what it is to be evidence of."""

    owner: str  #: by which credential; nobody else goes on with it
    model: str
    version: str
    filename: str
    sha256: str
    size: int
    requirement: str | None = None
    revises: str | None = None
    is_stored: bool = False  #: the whole came and is in the store

    @property
    def id(self) -> str:
        """Name of the upload: the same announcement is the same upload."""
        members = {name: value for name, value in asdict(self).items() if name != "is_stored"}
        return hashlib.sha256(canonical_json(members)).hexdigest()[:32]


class Uploads:
    """The partial files of one engine, below one folder.

    Args:
        folder: of this machine; made when it is needed.
        max_bytes: cap of one file.
        now: seconds since the epoch; tests give their own.
    """

    def __init__(self, folder: Path, max_bytes: int, now: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._now = now
        self._opening = Lock()
        self._locks: defaultdict[str, Lock] = defaultdict(Lock)
        self._turns: dict[str, int] = {}
        self._numbers = count(1)

    def open(self, announced: Announced, files: EvidenceFiles) -> int:
        """Begin an upload, or find the one that was begun; return the offset of the next byte that is wanted.

        Raises:
            TooLargeError: larger than the cap.
            UnavailableError: too many uploads are under way, of this credential or of all, or the disk does not answer.
        """
        check_digest(announced.sha256)
        if announced.size > self._max_bytes:
            raise TooLargeError(f"evidence of {announced.size} bytes is larger than {self._max_bytes}; send none of it")
        with self._opening:
            self.remove_expired()
            with suppress(UploadGoneError):
                found = self.find(announced.id, announced.owner)
                if not found.is_stored or files.has(found.sha256):
                    return self._found(found)
            self._refuse_beyond_bounds(announced)
            try:
                self._folder.mkdir(mode=0o750, parents=True, exist_ok=True)
                self._part(announced.id).write_bytes(b"")
                self._write(announced)
            except OSError as error:
                raise unavailable(error) from None
        return 0

    def find(self, upload: str, owner: str) -> Announced:
        """Return what was announced.

        Raises:
            UploadGoneError: no such upload of this owner, or it was given up.
        """
        gone = UploadGoneError("there is no such upload", hint="announce the file again; it goes on where it stopped")
        if _ID.fullmatch(upload) is None:
            raise gone
        try:
            announced = Announced(**json.loads(self._about(upload).read_bytes()))
            expires_at = self._expires_at(announced)
        except (OSError, ValueError, TypeError):
            raise gone from None
        if announced.owner != owner or expires_at <= self._now():
            raise gone
        return announced

    def offset(self, announced: Announced) -> int:
        """Return how many bytes are here.

        Raises:
            UploadGoneError: given up meanwhile.
        """
        if announced.is_stored:
            return announced.size
        try:
            return self._part(announced.id).stat().st_size
        except FileNotFoundError:
            raise UploadGoneError("the upload was given up", hint="announce the file again") from None

    def expires_at(self, announced: Announced) -> float:
        """Return when the upload is given up unless a byte comes, in seconds since the epoch."""
        try:
            return self._expires_at(announced)
        except OSError:
            return self._now()

    def take_turn(self, announced: Announced) -> int:
        """Be the one connection that goes on with an upload: an older one, perhaps dead, writes no more."""
        with self._locks[announced.id]:
            self._turns[announced.id] = next(self._numbers)
            return self._turns[announced.id]

    def append(self, announced: Announced, turn: int, offset: int, data: bytes) -> int:
        """Write `data` at `offset`, which must be where the file ends; return where it ends now.

        Raises:
            UploadOffsetError: the file ends elsewhere, or another connection took over.
            TooLargeError: more than was announced; nothing of `data` is kept.
            UnavailableError: the disk is full or fails.
        """
        with self._locks[announced.id]:
            if self._turns.get(announced.id) != turn:
                raise UploadOffsetError("another connection goes on with this upload")
            end = self.offset(announced)
            if end != offset:
                raise UploadOffsetError(f"the next byte wanted is {end}, not {offset}", offset=end)
            if offset + len(data) > announced.size:
                raise TooLargeError(f"{announced.size} bytes were announced, and more came")
            try:
                append_bytes(self._part(announced.id), data)
            except OSError as error:
                raise unavailable(error) from None
            return offset + len(data)

    def store(self, announced: Announced, files: EvidenceFiles) -> Received:
        """Put the whole file in the store, where its digest is what was announced; again, it is there already.

        Raises:
            UploadOffsetError: bytes are missing.
            DigestMismatchError: other content than announced; the upload is given up.
            UnavailableError: the store does not answer; nothing is lost.
        """
        with self._locks[announced.id]:
            announced = self.find(announced.id, announced.owner)
            if announced.is_stored and not files.has(announced.sha256):
                self._remove(announced.id)  # purged meanwhile
                raise UploadGoneError("the file was purged", hint="announce it again")
            if announced.is_stored:
                return Received(path=files.local(announced.sha256), sha256=announced.sha256, size=announced.size)
            end = self.offset(announced)
            if end != announced.size:
                raise UploadOffsetError(f"{announced.size} bytes were announced, {end} came", offset=end)
            try:
                received = files.store(chunks_of(self._part(announced.id)), expected=announced.sha256)
            except DigestMismatchError:
                self._remove(announced.id)
                raise
            self._write(Announced(**{**asdict(announced), "is_stored": True}))
            self._part(announced.id).unlink(missing_ok=True)
            self._forget(announced.id)
            return received

    def drop(self, announced: Announced) -> None:
        """Give an upload up."""
        with self._locks[announced.id]:
            self._remove(announced.id)

    def remove_expired(self) -> int:
        """Give up every upload whose time is over; return how many."""
        removed = 0
        for upload in {path.name.partition(".")[0] for path in self._folder.glob("*.*")}:
            both = (self._about(upload), self._part(upload))
            if max(changed_at(one) for one in both) + _kept_seconds(self._part(upload)) <= self._now():
                self._remove(upload)
                removed += 1
        return removed

    def _refuse_beyond_bounds(self, announced: Announced) -> None:
        under_way: list[tuple[str, int]] = []
        for path in self._folder.glob("*.part"):
            with suppress(OSError, ValueError, TypeError, KeyError):
                about = json.loads(self._about(path.stem).read_bytes())
                under_way.append((about["owner"], int(about["size"])))
        own = [size for owner, size in under_way if owner == announced.owner]
        every = [size for _, size in under_way]
        bounds = ((own, MOST_OPEN_OWN, MOST_LARGEST_OWN, " of this token"), (every, MOST_OPEN, MOST_LARGEST, ""))
        for sizes, most, largest, whose in bounds:
            if len(sizes) >= most or sum(sizes) + announced.size > largest * self._max_bytes:
                raise UnavailableError(
                    f"{len(sizes)} uploads of {sum(sizes)} bytes{whose} are under way; no more are taken now",
                    hint="end or delete one of them; those without a byte for a day, or without any, are given up",
                    retry_after=60,
                )

    def _found(self, announced: Announced) -> int:
        offset = self.offset(announced)
        if not offset:
            with suppress(OSError):
                os.utime(self._part(announced.id))  # somebody is about to send
        return offset

    def _expires_at(self, announced: Announced) -> float:
        if announced.is_stored:
            return self._about(announced.id).stat().st_mtime + KEPT_SECONDS
        part = self._part(announced.id)
        return part.stat().st_mtime + _kept_seconds(part)

    def _write(self, announced: Announced) -> None:
        """Write what is known of an upload, whole or not at all."""
        path = self._about(announced.id)
        new = path.with_suffix(".new")
        new.write_text(json.dumps(asdict(announced)), encoding="utf-8")
        new.replace(path)

    def _remove(self, upload: str) -> None:
        self._about(upload).unlink(missing_ok=True)
        self._part(upload).unlink(missing_ok=True)
        self._forget(upload)

    def _forget(self, upload: str) -> None:
        """End every turn. Who waits for the lock that is let go finds its turn over, or the whole in the store."""
        self._turns.pop(upload, None)
        self._locks.pop(upload, None)

    def _about(self, upload: str) -> Path:
        return self._folder / f"{upload}.json"

    def _part(self, upload: str) -> Path:
        return self._folder / f"{upload}.part"


def checked_size(size: int) -> int:
    """Return a size that a file can have.

    Raises:
        InvalidInputError: an empty file is evidence of nothing that needs resuming.
    """
    if size < 1:
        raise InvalidInputError("Upload-Length: expected at least 1 byte")
    return size


def _kept_seconds(part: Path) -> float:
    """Return how long an upload is kept without a byte: the part of one that is whole, or broken, is not there."""
    try:
        return KEPT_SECONDS if part.stat().st_size else EMPTY_SECONDS
    except OSError:
        return KEPT_SECONDS
