"""A model version and its profile: what is known about it before any evidence is read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

#: Names that stand in URLs, tags and file names.
Name = Annotated[str, Field(pattern=r"^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$", max_length=64)]
_VERSION_NAME = r"^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?/[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$"


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


class Designation(StrEnum):
    """Whether the Commission designated the model as one with systemic risk (Art. 52(4))."""

    NONE = "none"
    DESIGNATED = "designated"
    WITHDRAWN = "withdrawn"  #: it was, and is no more


class Contestation(StrEnum):
    """Where the provider's arguments against the status stand (Art. 52(2)); duties hold until they are accepted."""

    NONE = "none"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class ParametersState(StrEnum):
    """What became of the parameters; Commitment 6 ends where they are public or securely deleted."""

    HELD = "held"
    PUBLIC = "public"
    DELETED = "deleted"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


#: FLOP: finite, not negative.
Flop = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Origin(_Part):
    """Whether the model is the provider's own, or another provider's that was modified.

    Source: Commission guidelines of 18 July 2025 as told by the Commission's FAQ; recital 109 AI Act.
    """

    kind: Literal["own", "modified"] = "own"
    upstream: str | None = Field(default=None, min_length=1, max_length=200)  #: name of the model that was modified
    upstream_flop: Flop | None = None  #: its training compute; None: not known
    upstream_systemic_risk: bool | None = None  #: None: not known
    modification_flop: Flop | None = None  #: None: as the compute ledger says

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        given = [name for name in Origin.model_fields if name != "kind" and getattr(self, name) is not None]
        if self.kind == "own" and given:
            raise ValueError(f"found {', '.join(given)} beside kind `own`, expected them with kind `modified` only")
        if self.kind == "modified" and self.upstream is None:
            raise ValueError("found no `upstream`, expected the name of the model that was modified")
        return self


class Licence(_Part):
    """Under what the model is given away; what is not said counts against the exemption of Art. 53(2)."""

    name: str | None = Field(default=None, min_length=1, max_length=200)
    allows_access: bool = False
    allows_use: bool = False
    allows_modification: bool = False
    allows_distribution: bool = False
    weights_public: bool = False
    architecture_public: bool = False
    usage_info_public: bool = False
    monetised: bool = True


class SafeReference(_Part):
    """For one risk, the model beside which this one was shown to be similarly safe or safer (App. 2.2)."""

    risk: str = Field(pattern=r"^[a-z0-9]+(?:[_-][a-z0-9]+)*$", max_length=64)
    reference: str = Field(min_length=1, max_length=200)
    shown_on: date
    lost_on: date | None = None  #: when the reference ceased to be a safe one

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.lost_on is not None and self.lost_on < self.shown_on:
            raise ValueError(f"lost_on: found {self.lost_on}, expected {self.shown_on} (shown_on) or later")
        return self


class ModelProfile(_Part):
    """What rules may ask about a model version; the `profile` of CEL expressions.

    Source: scope of the chapters, GPAI Code of Practice (2025-07-10), gpai facts sections 0 and 7.
    """

    systemic_risk: bool  #: the provider says: classified under Art. 51, or known that it will be
    stage: Stage = Stage.TRAINING
    provider_size: ProviderSize = ProviderSize.LARGE  #: where the provider's own profile was not recorded
    open_source: bool = False  #: the provider claims it (Art. 53(2)); scope goes by `licence` alone
    training_flop: Flop | None = None  #: cumulative training compute, FLOP
    modalities: tuple[str, ...] = ("text",)
    known_as: tuple[str, ...] = ()  #: names that evaluation tools use for exactly this version
    weights_sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    placement_planned_at: AwareDatetime | None = None
    attributes: dict[str, str | bool | int] = Field(default_factory=dict)  #: provider's own facts, for own rules
    general_purpose: bool | None = None  #: None: not said; the indication decides. False yields to what is recorded
    expects_systemic_risk: bool = False  #: it is known that the condition of Art. 51 will be met
    designation: Designation = Designation.NONE
    contestation: Contestation = Contestation.NONE
    origin: Origin = Origin()
    continues: str | None = Field(default=None, pattern=_VERSION_NAME)  #: MODEL/VERSION of the same pre-training run
    licence: Licence | None = None  #: in particulars; without it the model is not open source
    first_placed_on: date | None = None  #: on the Union market
    similarly_safe: tuple[SafeReference, ...] = ()
    most_capable: bool = True  #: among the provider's most capable models on the market (S-7.6)
    crawls: bool = True  #: the provider crawls, or has others crawl for it
    weaker_than_open_model: bool = False  #: than at least one whose parameters anybody can download (S-C6)
    parameters_state: ParametersState = ParametersState.HELD

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.general_purpose is False and (
            self.systemic_risk or self.expects_systemic_risk or self.designation is Designation.DESIGNATED
        ):
            raise ValueError(
                "general_purpose: found false beside systemic risk, expected one or the other: "
                "only general-purpose models are classified under Art. 51"
            )
        risks = [reference.risk for reference in self.similarly_safe if reference.lost_on is None]
        twice = sorted({risk for risk in risks if risks.count(risk) > 1})
        if twice:
            raise ValueError(f"similarly_safe: found {', '.join(twice)} twice, expected one reference in force a risk")
        return self

    def as_json(self) -> dict[str, Any]:
        """Return the profile as plain JSON values, every field present."""
        return self.model_dump(mode="json")

    def stored(self) -> dict[str, Any]:
        """Return what the ledger keeps: members that profiles of before did not have only where they say something.

        So a profile that did not change keeps its digest, and what people signed on it stands.
        """
        return {name: value for name, value in self.as_json().items() if not _says_nothing(name, value)}


_EARLIER_NAMES = (
    "systemic_risk stage provider_size open_source training_flop modalities known_as weights_sha256 "
    "placement_planned_at attributes"
)
_EARLIER = frozenset(_EARLIER_NAMES.split())
#: Members that profiles of before did not have, with what they are when nobody says anything.
_LATER: Mapping[str, Any] = {
    name: value for name, value in ModelProfile(systemic_risk=False).as_json().items() if name not in _EARLIER
}


def _says_nothing(name: str, value: Any) -> bool:
    return name in _LATER and bool(value == _LATER[name])


def profile_of(stored: Mapping[str, Any]) -> ModelProfile:
    """Return a stored profile, of today or of before, as it is read today."""
    return ModelProfile.model_validate(stored)


def names_of(model: str, version: str, profile_known_as: tuple[str, ...] | list[str]) -> frozenset[str]:
    """Return every name under which evidence may speak of this model version."""
    return frozenset({*profile_known_as, f"{model}-{version}", f"{model}:{version}", f"{model}/{version}"})
