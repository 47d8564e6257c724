"""The words that the rules of an edition use."""

from __future__ import annotations

from pydantic import Field

from pratique.domain.regime.items import RegimeData, Text, Titled, Word


class Moment(Titled):
    """A moment in the life of a model at which duties fall due."""

    phase: str = Field(pattern=r"^(all|training|deployment|post_deployment)$")


class DayCounting(RegimeData):
    """What the text says of days, and what it leaves open."""

    rule: Text
    business_day_definition: Text
    engine_default: Text


class Vocabulary(RegimeData):
    """Moments, roles, units and kinds."""

    moments: tuple[Moment, ...] = Field(min_length=1)
    roles: tuple[Titled, ...] = ()
    units: tuple[Word, ...] = ()
    proof_kinds: tuple[Word, ...] = ()
    applies_to: tuple[Word, ...] = Field(min_length=1)
    day_counting: DayCounting | None = None
