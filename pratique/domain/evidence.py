"""Evidence: an immutable file, and what our own parser read in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Reading(StrEnum):
    """How far the file's facts are known."""

    PENDING = "pending"  #: stored and hashed, not read yet
    READ = "read"  #: facts were read
    UNREADABLE = "unreadable"  #: refused by every parser, truncated, or of an unknown format or schema version


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """What a collector read in one file. JSON values only: finite numbers, no NUL, depth at most 32.

    Status words lie, so completeness is judged apart from what the tool says of itself.
    """

    kind: str  #: evidence kind, such as `evaluation` or `facts.security-goal`
    collector: str  #: registry name of the collector
    collector_version: str
    tool: str | None = None  #: name and version of the tool that wrote the file, `inspect_ai 0.3.285`
    complete: bool = False  #: everything planned was done, with no error; a criterion is judged only then
    incomplete_reason: str | None = None  #: why not, when `complete` is false
    planned: int | None = None  #: units planned (samples x epochs, documents, probes)
    done: int | None = None  #: units done and scored
    errors: int | None = None  #: units that failed
    subject: str | None = None  #: the model as the tool names it; None where the format has no model
    subject_version: str | None = None  #: its version, where the format names one apart from the model
    subject_digest: str | None = None  #: SHA-256 of the weights it speaks of, 64 lower-case hex digits
    produced_at: datetime | None = None  #: aware; the producer's time, None where the file has none
    observed_from: datetime | None = None
    observed_until: datetime | None = None
    valid_until: datetime | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, weakref_slot=True, kw_only=True)
class Evidence:
    """One piece of evidence as the evaluation sees it. Whoever needs to know it again, not its facts, refers weakly."""

    id: str
    sha256: str
    filename: str
    received_at: datetime
    submitter: str  #: the person behind the upload, or the actor where no person is
    reading: Reading
    reading_reason: str | None = None
    requirement: str | None = None  #: the requirement the uploader meant it for; a hint, never a fact
    revises: str | None = None  #: the evidence that it replaces
    attested_by: tuple[str, ...] = ()  #: people who read it and say what it is; sorted
    extraction: Extraction | None = None

    @property
    def dated_at(self) -> datetime:
        """The moment that orders evidence and starts freshness: the producer's time, never later than receipt."""
        produced = self.extraction.produced_at if self.extraction else None
        return min(produced, self.received_at) if produced else self.received_at
