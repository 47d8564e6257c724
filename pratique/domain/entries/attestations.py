"""Facts about what people attest of evidence."""

from __future__ import annotations

from dataclasses import dataclass

from pratique.domain.entries.fact import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceAttested(Fact):
    """A person read a piece of evidence and says what it is."""

    tag = "evidence:attestation:made"
    filed_under = ("model", "model_version_id")
    id: str
    evidence: str
    model_version_id: str
    sha256: str  #: of the file that was read
    statement: str
    person: str
    role: str  #: in which the person acted
    credential: str | None = None  #: by which it came: `token:<id>` or `session:<id>`


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestationWithdrawn(Fact):
    """An attestation counts no more."""

    tag = "evidence:attestation:withdrawn"
    filed_under = ("model", "model_version_id")
    id: str
    model_version_id: str
    reason: str
    person: str
    credential: str | None = None  #: by which it came: `token:<id>` or `session:<id>`
