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
    authors: Json = None  #: profile member -> who set it, where that is somebody
    credential: str | None = None  #: by which it came: `token:<id>` or `session:<id>`


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
    authors: Json = None  #: part of the profile -> who set it last; see `domain.authorship`
    credential: str | None = None  #: by which it came: `token:<id>` or `session:<id>`


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileDated(Fact):
    """Clocks were planned for a profile that becomes another one by itself, or no longer does."""

    tag = "model:profile:dated"
    filed_under = ("model", "id")
    id: str
    changes_at: str | None = None  #: None: time alone changes nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskRegisterRecorded(Fact):
    """The risk register of a model version was recorded, or replaced."""

    tag = "model:register:recorded"
    filed_under = ("model", "id")
    id: str
    register: Json
    digest: str
    was_digest: str | None = None
    authors: Json = None  #: risk -> who recorded it last
    credential: str | None = None  #: by which it came: `token:<id>` or `session:<id>`
