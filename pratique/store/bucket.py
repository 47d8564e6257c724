"""Evidence files in an S3-compatible bucket: created once under their digest, never overwritten."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import uuid
from collections.abc import AsyncIterable, Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from pratique.errors import IntegrityError, NotFoundError, UnavailableError
from pratique.store.cache import FileCache
from pratique.store.files import Damage
from pratique.store.intake import DigestMismatchError, Received, check_digest

if TYPE_CHECKING:
    from obstore.store import RetryConfig  # only its stub has it

#: Content up to this size is created in one request; more goes to a staging key in parts, and is copied once whole.
_AT_ONCE_BYTES = 8 * 1024**2
#: 10,000 parts of it are more than a single copy may be; with the parts under way it is what memory an upload takes.
_PART_BYTES = 8 * 1024**2
_PARTS_AT_ONCE = 3
#: S3 copies no more in one request (CopyObject, UploadPartCopy), and a create-only copy is one request.
MAX_COPIED_BYTES = 5 * 1024**3
_STAGING = "incoming"
#: Somebody waits for an upload: a store that is away is told soon, and whoever sends tries again.
_RETRIES: RetryConfig = {"max_retries": 4, "retry_timeout": timedelta(seconds=20)}

_log = logging.getLogger(__name__)


class EvidenceBucket:
    """The evidence files below one prefix of a bucket, each at `aa/bb/<sha256>`.

    What comes in is written to a folder of this machine first, and hashed on the way: only content whose digest is
    known is sent, what is there already is not sent again, and a broken stream never reaches the bucket. The same
    folder then holds copies for those who read files, up to a bound.

    Args:
        store: from `open_store`.
        cache: of this machine.
        place: the address, for people.
    """

    def __init__(self, store: S3Store, cache: FileCache, place: str) -> None:
        self._store = store
        self._cache = cache
        self._place = place

    @property
    def place(self) -> str:
        """The address of bucket and prefix."""
        return self._place

    def store(self, chunks: Iterable[bytes], *, expected: str | None = None) -> Received:
        """Keep content under its digest; see `EvidenceFiles`."""
        return self._keep(self._cache.folder.receive(chunks, expected=expected))

    async def store_stream(self, stream: AsyncIterable[bytes], *, expected: str | None = None) -> Received:
        """Do as `store` from an asynchronous stream."""
        received = await self._cache.folder.receive_stream(stream, expected=expected)
        return await asyncio.to_thread(self._keep, received)

    def local(self, sha256: str) -> Path:
        """Return a copy on this machine, fetched and hashed where there is none."""
        found = self._cache.find(sha256)
        if found is not None:
            return found
        try:
            received = self._cache.folder.receive(self._content(sha256), expected=sha256)
        except FileNotFoundError:
            raise _missing(sha256) from None
        except DigestMismatchError as error:
            raise IntegrityError(
                f"what is stored as evidence {sha256} has another content: {error.message}",
                hint="run `pratique evidence verify`",
            ) from None
        return self._cache.keep(received)

    def open(self, sha256: str) -> FileIO:
        """Open a copy on this machine."""
        self.local(sha256)
        return self._cache.folder.open(sha256)

    def has(self, sha256: str) -> bool:
        """Tell whether there is an object of that name."""
        return self._size(sha256) is not None

    def damage(self, sha256: str, count: Callable[[int], None] | None = None) -> Damage | None:
        """Hash an object again, from the bucket and past every copy."""
        digest = hashlib.sha256()
        try:
            for chunk in self._content(sha256):
                digest.update(chunk)
                if count is not None:
                    count(len(chunk))
        except FileNotFoundError:
            return Damage.MISSING
        except UnavailableError:
            return Damage.UNREADABLE
        return None if digest.hexdigest() == sha256 else Damage.CHANGED

    def remove(self, sha256: str) -> bool:
        """Remove an object for good, and the copy of this machine."""
        was_there = self.has(sha256)
        with suppress(FileNotFoundError):
            _asked(lambda: obstore.delete(self._store, _key(sha256)))
        self._cache.folder.remove(sha256)
        return was_there

    def remove_abandoned(self, older_than_seconds: float) -> int:
        """Remove what crashes left: files of this machine, and objects under the staging prefix."""
        removed = self._cache.folder.remove_abandoned(older_than_seconds)
        limit = datetime.now(UTC) - timedelta(seconds=older_than_seconds)
        try:
            for listed in obstore.list(self._store, prefix=_STAGING):
                for old in (one["path"] for one in listed if one["last_modified"] < limit):
                    obstore.delete(self._store, old)
                    removed += 1
        except (BaseError, OSError) as error:  # an engine starts without its bucket; uploads say what is wrong
            _log.warning("what was left under way in %s could not be looked through: %s", self._place, _why(error))
        return removed

    def _keep(self, received: Received) -> Received:
        try:
            self._upload(received)
        except BaseException:
            self._cache.folder.discard(received)
            raise
        return Received(path=self._cache.keep(received), sha256=received.sha256, size=received.size)

    def _upload(self, received: Received) -> None:
        """Create the object. One that is there is hashed again, and only one that is damaged gives way."""
        if self._size(received.sha256) is not None:
            damage = self.damage(received.sha256)
            if damage is None:
                return
            if damage is Damage.UNREADABLE:
                raise UnavailableError(f"stored evidence {received.sha256} cannot be read; nothing was kept")
            if damage is Damage.CHANGED:
                _log.warning("stored evidence %s was damaged; a sound copy replaces it", received.sha256)
                _asked(lambda: obstore.delete(self._store, _key(received.sha256)))
        try:
            if received.size <= _AT_ONCE_BYTES:
                content = received.path.read_bytes()
                _asked(lambda: obstore.put(self._store, _key(received.sha256), content, mode="create"))
            else:
                self._upload_in_parts(received)
        except AlreadyExistsError:
            return  # somebody sent the same content meanwhile: it is named by its digest
        except FileNotFoundError:
            raise UnavailableError(f"{self._place} is not there; nothing was kept", hint="make the bucket") from None

    def _upload_in_parts(self, received: Received) -> None:
        staged = f"{_STAGING}/{uuid.uuid4().hex}"
        try:
            with received.path.open("rb") as file:
                _asked(
                    lambda: obstore.put(
                        self._store,
                        staged,
                        file,
                        use_multipart=True,
                        chunk_size=_PART_BYTES,
                        max_concurrency=_PARTS_AT_ONCE,
                    )
                )
            _asked(lambda: obstore.copy(self._store, staged, _key(received.sha256), overwrite=False))
        finally:
            with suppress(BaseError, OSError):  # a later start removes it
                obstore.delete(self._store, staged)

    def _content(self, sha256: str) -> Iterator[bytes]:
        """Yield an object part by part; each is a request of its own, so that a long file outlasts no time limit.

        Raises:
            FileNotFoundError: no such object.
            UnavailableError: the bucket does not answer.
        """
        size = self._size(sha256)
        if size is None:
            raise FileNotFoundError(sha256)
        for start in range(0, size, _PART_BYTES):
            length = min(_PART_BYTES, size - start)
            yield bytes(self._range(sha256, start, length))

    def _range(self, sha256: str, start: int, length: int) -> Any:
        return _asked(lambda: obstore.get_range(self._store, _key(sha256), start=start, length=length))

    def _size(self, sha256: str) -> int | None:
        try:
            return int(_asked(lambda: obstore.head(self._store, _key(sha256)))["size"])
        except FileNotFoundError:
            return None


def open_store(bucket: str, prefix: str) -> S3Store:
    """Return the store of a bucket. Region, endpoint and credentials come from the environment (`AWS_*`).

    `AWS_ENDPOINT_URL`, `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, or the
    identity of the machine; `AWS_ALLOW_HTTP=true` for an endpoint without TLS. Nothing is connected yet.

    Raises:
        UnavailableError: the environment makes no sense.
    """
    try:
        return S3Store(bucket, prefix=prefix or None, copy_if_not_exists="multipart", retry_config=_RETRIES)
    except BaseError as error:
        raise UnavailableError(f"the file store s3://{bucket}/{prefix} cannot be used: {_why(error)}") from None


def _key(sha256: str) -> str:
    check_digest(sha256)
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def _asked(call: Callable[[], Any]) -> Any:
    """Return what the bucket answers.

    Raises:
        FileNotFoundError: no such object.
        AlreadyExistsError: the object is there.
        UnavailableError: everything else; nothing that the answer says of credentials or addresses is in it.
    """
    try:
        return call()
    except (FileNotFoundError, AlreadyExistsError):
        raise
    except (BaseError, OSError) as error:
        raise _unavailable(error) from None


def _unavailable(error: BaseException) -> UnavailableError:
    hint = None
    if isinstance(error, PermissionDeniedError | UnauthenticatedError):
        hint = "check the credentials in the engine's environment (AWS_*) and what they may do in the bucket"
    return UnavailableError(
        f"the file store does not take or give evidence ({_why(error)}); nothing was kept", hint=hint
    )


def _why(error: BaseException) -> str:
    """Return the kind of an error and no more: its text holds addresses and what the store answered."""
    return type(error).__name__.removesuffix("Error") or "error"


def _missing(sha256: str) -> NotFoundError:
    return NotFoundError(f"evidence content {sha256} is not in the store", hint="run `pratique evidence verify`")
