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
