"""Copies of evidence files on this machine, up to a bound: collectors read a path, and downloads a file."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from pratique.store.blobs import EvidenceFolder
from pratique.store.intake import Received

#: A copy that was asked for so lately is not removed: whoever asked may not have opened it yet.
_GRACE_SECONDS = 600.0


class FileCache:
    """A folder of copies. Each was hashed on its way in; what was not asked for longest makes room.

    Args:
        folder: laid out as a store of its own; holds copies only.
        max_bytes: bound of all copies together. Those asked for in the last ten minutes stay beyond it.
    """

    def __init__(self, folder: EvidenceFolder, max_bytes: int) -> None:
        self.folder = folder
        self.max_bytes = max_bytes
        self._lock = threading.Lock()

    def find(self, sha256: str) -> Path | None:
        """Return the copy, or None where there is none."""
        path = self.folder.path(sha256)
        try:
            os.utime(path)
        except FileNotFoundError:
            return None
        return path

    def keep(self, received: Received) -> Path:
        """Take a received file in and make room for it.

        Raises:
            UnavailableError: the disk fails.
        """
        place = self.folder.keep(received)
        os.utime(place)
        self.make_room()
        return place

    def make_room(self) -> int:
        """Remove the copies that were not asked for longest until the rest is within the bound; return how many."""
        if not self._lock.acquire(blocking=False):
            return 0  # somebody is at it
        try:
            return self._make_room()
        finally:
            self._lock.release()

    def _make_room(self) -> int:
        copies = []
        for path in self.folder.root.glob("??/??/*"):
            try:
                found = path.stat()
            except FileNotFoundError:
                continue
            copies.append((found.st_mtime, found.st_size, path))
        total, removed, youngest = sum(size for _, size, _ in copies), 0, time.time() - _GRACE_SECONDS
        for asked_at, size, path in sorted(copies):
            if total <= self.max_bytes or asked_at > youngest:
                break
            path.unlink(missing_ok=True)
            total -= size
            removed += 1
        return removed
