"""Files on this machine: their digest, and the bodies and folders that evidence travels through."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from types import TracebackType
from typing import Self

from pratique.client.call import FileBody, Progress
from pratique.errors import IntegrityError, InvalidInputError

_DIGEST = re.compile(r"[0-9a-fA-F]{64}")


def file_sha256(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits, read in pieces.

    Raises:
        InvalidInputError: no such file, or it cannot be read.
    """
    try:
        with Path(path).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}") from None


def weights_sha256(weights: str | os.PathLike[str]) -> str:
    """Return the digest that `weights` is, or that the file at this path has now.

    Raises:
        InvalidInputError: neither 64 hexadecimal digits nor a file that can be read.
    """
    if isinstance(weights, str) and _DIGEST.fullmatch(weights):
        return weights.lower()
    return file_sha256(weights)


def file_body(path: str | os.PathLike[str], progress: Progress | None) -> FileBody:
    """Return the file as a body that is streamed from disk.

    Raises:
        InvalidInputError: no such file, or not a regular one.
    """
    file = Path(path)
    if not file.is_file():
        raise InvalidInputError(f"{file} is not a file")
    return FileBody(path=file, size=file.stat().st_size, progress=progress)


class Download:
    """A file that appears whole and with the right digest, or not at all."""

    def __init__(self, path: str | os.PathLike[str], sha256: str) -> None:
        self._path = Path(path)
        self._part = self._path.with_name(f"{self._path.name}.part")
        self._sha256 = sha256
        self._digest = hashlib.sha256()

    def __enter__(self) -> Self:
        self._stream = self._part.open("wb")
        return self

    def write(self, chunk: bytes) -> None:
        """Take the next piece."""
        self._digest.update(chunk)
        self._stream.write(chunk)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()
        found = self._digest.hexdigest()
        if error is None and found == self._sha256:
            self._part.replace(self._path)
            return
        self._part.unlink()
        if error is None:
            raise IntegrityError(f"{self._path.name} came with digest {found}, expected {self._sha256}")
