"""Facts about the provider, and about the compute that training took."""

from __future__ import annotations

from dataclasses import dataclass

from pratique.domain.entries.fact import Fact, Json


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderRecorded(Fact):
    """The provider said who it is, for the first time."""

    tag = "provider:profile:recorded"
    filed_under = ("provider", "id")
    id: str
    profile: Json
    digest: str
    authors: Json = None  #: part of the profile -> who set it
    credential: str | None = None  #: by which it came: `token:<id>` or `session:<id>`


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderChanged(Fact):
    """The provider's profile was replaced."""

    tag = "provider:profile:changed"
    filed_under = ("provider", "id")
    id: str
    profile: Json
    digest: str
    was_digest: str
    authors: Json = None  #: part of the profile -> who set it last
    credential: str | None = None  #: by which it came: `token:<id>` or `session:<id>`


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputeRecorded(Fact):
    """Training compute was planned, or was used."""

    tag = "model:compute:recorded"
    filed_under = ("model", "model_version_id")
    id: str
    model_version_id: str
    run: str
    kind: str
    flop: float
    begins_at: str
    ends_at: str
    purpose: str
    source: str
    person: str | None = None
    credential: str | None = None  #: by which it came: `token:<id>` or `session:<id>`


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputeWithdrawn(Fact):
    """An entry of the compute ledger was wrong, and counts no more."""

    tag = "model:compute:withdrawn"
    filed_under = ("model", "model_version_id")
    id: str
    model_version_id: str
    reason: str
    person: str | None = None
    credential: str | None = None  #: by which it came: `token:<id>` or `session:<id>`
