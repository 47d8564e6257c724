"""Systemic risks as an edition of a code sorts them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pratique.domain.regime.items import Described, RegimeData, Sourced, Text, Titled

#: Ids of risks, of taxonomies and of registers. They stand in ids of requirements, with `-` for `_`.
RiskId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$", max_length=30)]


class AssessedRisk(Described):
    """A risk that is always identified."""

    id: RiskId


class Nature(RegimeData):
    """What makes a risk systemic, and what adds to it."""

    essential: tuple[Text, ...]
    contributing: tuple[Text, ...]


class RiskSources(RegimeData):
    """What a risk can come from."""

    capabilities: tuple[Text, ...]
    propensities: tuple[Text, ...]
    affordances_and_other: tuple[Text, ...]


class Taxonomy(Sourced):
    """Which risks are always identified, and where to look for others."""

    always_assess: tuple[AssessedRisk, ...] = Field(min_length=1)
    types: tuple[Titled, ...] = ()
    examples: tuple[Text, ...] = ()
    nature: Nature | None = None
    sources: RiskSources | None = None
    notes: str = ""
