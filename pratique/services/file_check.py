"""Hashing every evidence file of a ledger again: what should be stored, what is, and what is wrong with it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import select

from pratique.errors import UnavailableError
from pratique.services.lookups import evidence
from pratique.settings import Settings
from pratique.store.files import EvidenceFiles, check_all
from pratique.store.places import files_of
from pratique.store.problems import shown
from pratique.store.snapshot import open_snapshot

#: Told the files done, the files in all, the bytes hashed, and the bytes in all.
FileProgress = Callable[[int, int, int, int], None]

_DIGEST = re.compile(r"[0-9a-f]{64}")
_COLUMNS = (
    evidence.c.id,
    evidence.c.sha256,
    evidence.c.size,
    evidence.c.filename,
    evidence.c.purged_at,
)


class Use(NamedTuple):
    """A piece of evidence that a file is."""

    id: str
    filename: str


@dataclass(slots=True)
class Expected:
    """A file that should be stored, or that was given up."""

    sha256: str
    size: int
    uses: list[Use] = field(default_factory=list)
    is_purged: bool = True  #: until a piece that was not purged names it


@dataclass(frozen=True, slots=True)
class FileProblem:
    """A file that is not what it should be."""

    sha256: str
    found: str  #: what is wrong: `missing`, `changed`, `unreadable`, `still stored, though it was purged`
    uses: tuple[Use, ...]  #: which evidence it is

    def lines(self) -> list[str]:
        """Return a line for each piece of evidence."""
        return [f"evidence file {self.sha256} (evidence {i}, {name!r}) is {self.found}" for i, name in self.uses]


@dataclass(frozen=True, slots=True)
class FileReport:
    """What a check of all files saw."""

    files: int
    bytes: int  #: hashed
    purged: int  #: files that were given up
    seconds: float
    problems: tuple[FileProblem, ...]
    unusable: tuple[str, ...] = ()  #: rows that name no file at all

    @property
    def ok(self) -> bool:
        """True when every file is what its name says."""
        return not self.problems and not self.unusable

    def as_json(self) -> dict[str, Any]:
        """Return the report as the command shows it."""
        return {
            "ok": self.ok,
            "files": self.files,
            "bytes": self.bytes,
            "purged": self.purged,
            "seconds": round(self.seconds, 3),
            "problems": [
                {
                    "sha256": problem.sha256,
                    "found": problem.found,
                    "evidence": [use._asdict() for use in problem.uses],
                }
                for problem in self.problems
            ],
            "unusable": list(self.unusable),
        }


def verify_files(settings: Settings, progress: FileProgress | None = None, *, threads: int | None = None) -> FileReport:
    """Hash every evidence file that the ledger names; the engine may be running, and nothing is changed.

    Args:
        settings: where ledger and files are.
        progress: told how far it is, a few times a second.
        threads: files hashed at once; None: one per core, at most 8.

    Raises:
        UnavailableError: the ledger cannot be opened.
    """
    rows: list[tuple[Any, ...]] = []
    with open_snapshot(settings.ledger_url) as snapshot:
        for batch in snapshot.stream(select(*_COLUMNS)):
            rows.extend(batch)
    named, unusable = expected_files(
        {"id": i, "sha256": sha256, "size": size, "filename": name, "purged_at": purged_at}
        for i, sha256, size, name, purged_at in rows
    )
    return check_files(files_of(settings), named, progress, unusable=unusable, threads=threads)


def expected_files(rows: Iterable[Mapping[str, Any]]) -> tuple[dict[str, Expected], list[str]]:
    """Return what should be stored, by digest, and a line for each row that names no file."""
    named: dict[str, Expected] = {}
    unusable = []
    for row in rows:
        digest = row["sha256"]
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            unusable.append(f"evidence {row['id']}: {shown(digest)} is not a SHA-256 digest")
            continue
        file = named.setdefault(digest, Expected(digest, _size(row["size"])))
        file.uses.append(Use(str(row["id"]), str(row["filename"])))
        if row["purged_at"] is None:
            file.is_purged = False
    return named, unusable


def check_files(
    files: EvidenceFiles,
    named: Mapping[str, Expected],
    progress: FileProgress | None = None,
    *,
    unusable: Iterable[str] = (),
    threads: int | None = None,
) -> FileReport:
    """Hash the files that should be stored, several at a time, and look whether those given up are gone."""
    kept = {digest: file for digest, file in named.items() if not file.is_purged}
    size, begun, hashed = sum(file.size for file in kept.values()), time.monotonic(), 0

    def tell(done: int, done_bytes: int) -> None:
        nonlocal hashed
        hashed = done_bytes
        if progress is not None:
            progress(done, len(kept), done_bytes, size)

    problems = [
        FileProblem(one.sha256, one.damage.value, tuple(kept[one.sha256].uses))
        for one in check_all(files, kept, tell, threads=threads)
    ]
    problems.extend(_still_there(files, [file for file in named.values() if file.is_purged]))
    order = {digest: place for place, digest in enumerate(named)}
    return FileReport(
        files=len(kept),
        bytes=hashed,
        purged=len(named) - len(kept),
        seconds=time.monotonic() - begun,
        problems=tuple(sorted(problems, key=lambda problem: order[problem.sha256])),
        unusable=tuple(unusable),
    )


def _still_there(files: EvidenceFiles, purged: Iterable[Expected]) -> Iterator[FileProblem]:
    for file in purged:
        try:
            if files.has(file.sha256):
                yield FileProblem(file.sha256, "still stored, though it was purged", tuple(file.uses))
        except UnavailableError as error:
            yield FileProblem(file.sha256, f"unreadable: {error.message}", tuple(file.uses))


def _size(found: Any) -> int:
    return found if isinstance(found, int) and found > 0 else 0
