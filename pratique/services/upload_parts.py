"""Partial files on disk: bytes behind those that came, and all of them in order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from pratique.store.intake import CHUNK_BYTES


def append_bytes(path: Path, data: bytes) -> None:
    """Write `data` behind what a file holds.

    Raises:
        OSError: the disk fails, or there is no such file.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    finally:
        os.close(descriptor)


def chunks_of(path: Path) -> Iterator[bytes]:
    """Yield what a file holds."""
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            yield chunk


def changed_at(path: Path) -> float:
    """Return when a file changed, in seconds since the epoch; 0 where there is none."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
