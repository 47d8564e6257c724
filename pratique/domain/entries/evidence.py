"""Facts about evidence."""

from __future__ import annotations

from dataclasses import dataclass

from pratique.domain.entries.fact import Fact, Json


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceSubmitted(Fact):
    """A file was stored as evidence, with what our parser read in it (unless reading is pending)."""

    tag = "evidence:file:submitted"
    filed_under = ("model", "model_version_id")
    id: str
    model_version_id: str
    sha256: str
    size: int
    filename: str
    media_type: str
    submitter: str
    reading: str
    requirement: str | None = None
    reading_reason: str | None = None
    extraction: Json = None
    credential: str | None = None  #: by which it came: `token:<id>` or `session:<id>`
    revises: str | None = None  #: the evidence that it replaces


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRead(Fact):
    """A file stored earlier was read."""

    tag = "evidence:file:read"
    filed_under = ("model", "model_version_id")
    id: str
    model_version_id: str
    reading: str
    reading_reason: str | None = None
    extraction: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldPlaced(Fact):
    """A person ordered that something is kept whatever the rules say: one file, or all files of a model version."""

    tag = "evidence:hold:placed"
    filed_under = ("hold", "id")
    id: str
    reason: str
    person: str
    sha256: str | None = None  #: the file
    model_version_id: str | None = None  #: all files of this one, those still to come too
    credential: str | None = None  #: by which it came: `token:<id>` or `session:<id>`


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldLifted(Fact):
    """A hold was lifted."""

    tag = "evidence:hold:lifted"
    filed_under = ("hold", "id")
    id: str
    reason: str
    person: str
    credential: str | None = None  #: by which it came: `token:<id>` or `session:<id>`


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidencePurged(Fact):
    """A file was given up for good. What was read in it, and that it was there, stays."""

    tag = "evidence:file:purged"
    filed_under = ("file", "sha256")
    id: str
    sha256: str
    size: int
    evidence: list[Json]  #: each piece that the file was: id, model version, filename, when it was received
    reason: str
    allowed: list[str]  #: why it was allowed, a line each
    kept_until: str | None = None  #: when it no longer had to be kept; None: no rule asked for it
    credential: str | None = None  #: by which it came: `token:<id>`
