"""Sending files side by side: what to try again and how long, how far each one is, and what came of them. Pure."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from pratique.client.call import Progress
from pratique.client.views import Evidence
from pratique.errors import ConflictError, InvalidInputError, NotFoundError, PratiqueError, UnavailableError
from pratique.jitter import spread

#: Up to this size a file is sent in one request, and again from its start if the connection breaks.
AT_ONCE_BYTES = 8 * 1024**2
#: Files under way at one moment.
FILES_AT_ONCE = 4
#: An upload whose engine takes no byte for so long is given up; announced again, it goes on where it stopped.
PATIENCE_SECONDS = 300.0

_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 10.0
#: The engine's words for an upload that is not where the client takes it to be.
_LOOK_AGAIN = frozenset({"upload-gone", "upload-offset"})

#: Called with the file, bytes sent of it so far and bytes in all; from several threads, one at a time.
FilesProgress = Callable[[Path, int, int], None]


class Pace:
    """When to go on with one upload, and when to give it up: by what the engine has, not by tries."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._heard_at = now()
        self._offset = -1
        self._failures = 0

    def reached(self, offset: int) -> None:
        """Take where the upload is: further than before is a sign of life."""
        if offset > self._offset:
            self._offset, self._heard_at, self._failures = offset, self._now(), 0

    def failed(self, error: PratiqueError) -> float:
        """Take a failure; return how many seconds to pause before the next try.

        Raises:
            PratiqueError: `error` itself, where trying again changes nothing, or nothing moved for too long.
        """
        is_passing = isinstance(error, UnavailableError) or (
            isinstance(error, ConflictError | NotFoundError) and error.extra.get("code") in _LOOK_AGAIN
        )
        if not is_passing or self._now() - self._heard_at > PATIENCE_SECONDS:
            raise error
        self._failures += 1
        longest = min(_FIRST_PAUSE_SECONDS * 2.0 ** min(self._failures - 1, 10), _LONGEST_PAUSE_SECONDS)
        return spread(longest, 0.5, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What came of one file."""

    path: Path
    evidence: Evidence | None = None
    error: PratiqueError | None = None  #: why it was not kept


class EvidenceNotAddedError(PratiqueError):
    """Some files were not added; the others are. `sent` tells of each."""

    code = "evidence-not-added"
    status = 422
    title = "Evidence not added"

    def __init__(self, sent: Sequence[Sent]) -> None:
        failed = [f"{one.path}: {one.error.message}" for one in sent if one.error is not None]
        super().__init__(
            f"{len(failed)} of {len(sent)} files were not added: " + "; ".join(failed),
            hint="the others were; add the same files again, and nothing is added twice",
            errors=failed,
        )
        self.sent = tuple(sent)


def is_resumed(path: Path) -> bool:
    """True when a file is so large that it is worth going on with after a broken connection."""
    return path.is_file() and path.stat().st_size > AT_ONCE_BYTES


class Batch:
    """Files that are sent side by side, and what they are evidence of."""

    def __init__(
        self,
        files: Sequence[str | os.PathLike[str]],
        progress: FilesProgress | None,
        model: str,
        version: str,
        requirement: str | None,
        revises: str | None,
    ) -> None:
        if isinstance(files, str | os.PathLike):
            raise InvalidInputError("files: expected a list of files; `add_evidence` sends one")
        self.paths = [Path(file) for file in files]
        if revises is not None and len(self.paths) != 1:
            raise InvalidInputError(f"revises: {len(self.paths)} files were given, and one replaces one")
        self.model, self.version, self.requirement, self.revises = model, version, requirement, revises
        self._progress = progress
        self._lock = Lock()

    def progress_of(self, path: Path) -> Progress | None:
        """Return what to tell the bytes of one file."""
        if self._progress is None:
            return None
        tell = self._progress

        def told(sent: int, total: int) -> None:
            with self._lock:
                tell(path, sent, total)

        return told


#: Evidence, in the order of the files.
Added = list[Evidence]


def added(sent: Sequence[Sent]) -> list[Evidence]:
    """Return the evidence, in the order of the files.

    Raises:
        EvidenceNotAddedError: at least one file was not added.
    """
    found = [one.evidence for one in sent if one.evidence is not None]
    if len(found) != len(sent):
        raise EvidenceNotAddedError(sent)
    return found
