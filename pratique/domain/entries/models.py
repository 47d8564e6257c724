"""Facts about model versions."""

from __future__ import annotations

from dataclasses import dataclass

from pratique.domain.entries.fact import Fact, Json


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersionRegistered(Fact):
    """A provider named a model version and its profile."""

    tag = "model:version:registered"
    filed_under = ("model", "id")
    id: str
    model: str
    model_version: str
    profile: Json
    profile_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersionChanged(Fact):
    """A profile was replaced."""

    tag = "model:version:changed"
    filed_under = ("model", "id")
    id: str
    profile: Json
    profile_digest: str
    was_digest: str
    weights_at: str | None = None  #: set when other weights were named
