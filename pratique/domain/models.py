"""A model version and its profile: what is known about it before any evidence is read."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

#: Names that stand in URLs, tags and file names.
Name = Annotated[str, Field(pattern=r"^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$", max_length=64)]


class Stage(StrEnum):
    """Where a model version stands in its life."""

    PLANNED = "planned"  #: no training run has started
    TRAINING = "training"  #: the large pre-training run, or what follows it, goes on
    TRAINED = "trained"  #: ready; not yet placed on the Union market
    PLACED = "placed"  #: placed on the Union market (deployment)
    IN_SERVICE = "in_service"  #: available or in use (post-deployment)
    WITHDRAWN = "withdrawn"  #: no longer made available


class ProviderSize(StrEnum):
    """Size classes; SME and SMC have it easier in a few measures (S-C7, S-8.1, S-3.5)."""

    MICRO = "micro"
    SMALL = "small"
    MEDIUM = "medium"
    SMALL_MID_CAP = "small_mid_cap"
    LARGE = "large"


class ModelProfile(BaseModel):
    """What rules may ask about a model version; the `profile` of CEL expressions.

    Source: scope of the chapters, GPAI Code of Practice (2025-07-10), gpai facts sections 0 and 7.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    systemic_risk: bool  #: classified under Art. 51, or known that it will be; decides if the S&S chapter applies
    stage: Stage = Stage.TRAINING
    provider_size: ProviderSize = ProviderSize.LARGE
    open_source: bool = False  #: free and open-source licence, weights public, not monetised (Art. 53(2))
    training_flop: float | None = Field(default=None, ge=0, allow_inf_nan=False)  #: cumulative training compute, FLOP
    modalities: tuple[str, ...] = ("text",)
    known_as: tuple[str, ...] = ()  #: names that evaluation tools use for exactly this version
    weights_sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    placement_planned_at: AwareDatetime | None = None
    attributes: dict[str, str | bool | int] = Field(default_factory=dict)  #: provider's own facts, for own rules

    def as_json(self) -> dict[str, Any]:
        """Return the profile as plain JSON values, every field present."""
        return self.model_dump(mode="json")


def names_of(model: str, version: str, profile_known_as: tuple[str, ...] | list[str]) -> frozenset[str]:
    """Return every name under which evidence may speak of this model version."""
    return frozenset({*profile_known_as, f"{model}-{version}", f"{model}:{version}", f"{model}/{version}"})
