"""Facts about waivers."""

from __future__ import annotations

from dataclasses import dataclass

from pratique.domain.entries.fact import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverGranted(Fact):
    """A person took an open finding on themselves until a date."""

    tag = "gate:waiver:granted"
    filed_under = ("gate", "gate_run_id")
    id: str
    gate_run_id: str
    requirement: str
    covers: str
    person: str
    reason: str
    expires_at: str
    row_version: int
    evidence: str | None = None
    credential: str | None = None  #: by which it came: `token:<id>` or `session:<id>`


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverRevoked(Fact):
    """A waiver was taken back."""

    tag = "gate:waiver:revoked"
    filed_under = ("gate", "gate_run_id")
    id: str
    gate_run_id: str
    person: str
    why: str
    row_version: int
    credential: str | None = None  #: by which it came: `token:<id>` or `session:<id>`
