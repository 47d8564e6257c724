"""Files of evidence that a gate is tried on: read by the collectors, kept nowhere."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pratique.collectors import CollectorRegistry, read_evidence
from pratique.collectors.unreadable import UnreadableError
from pratique.domain.evidence import Evidence, Reading
from pratique.domain.times import instant_text
from pratique.errors import UnavailableError


@dataclass(frozen=True, slots=True)
class TriedFile:
    """One file, and what was read in it."""

    evidence: Evidence

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON, its facts too."""
        read = self.evidence.extraction
        out: dict[str, Any] = {
            "file": self.evidence.filename,
            "sha256": self.evidence.sha256,
            "reading": self.evidence.reading.value,
            "reason": self.evidence.reading_reason,
        }
        if read is not None:
            out |= {
                "kind": read.kind,
                "collector": read.collector,
                "tool": read.tool,
                "complete": read.complete,
                "incomplete_reason": read.incomplete_reason,
                "subject": read.subject,
                "produced_at": instant_text(read.produced_at) if read.produced_at is not None else None,
                "facts": dict(read.facts),
            }
        return out


def try_file(path: Path, collectors: CollectorRegistry, now: datetime) -> TriedFile:
    """Return what was read in a file; one that cannot be read says why, and raises nothing."""
    name = str(path)
    evidence = Evidence(
        id=name,
        sha256="0" * 64,
        filename=path.name or name,
        received_at=now,
        submitter="nobody",
        reading=Reading.UNREADABLE,
    )
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        evidence = replace(evidence, sha256=digest)
        return TriedFile(replace(evidence, reading=Reading.READ, extraction=read_evidence(path, path.name, collectors)))
    except (UnreadableError, UnavailableError) as error:
        return TriedFile(replace(evidence, reading_reason=error.message))
    except OSError as error:
        return TriedFile(replace(evidence, reading_reason=f"{path}: {error.strerror or error}"))
