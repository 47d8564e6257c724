"""Systemic risks as an edition of a code sorts them."""

from __future__ import annotations

from pydantic import Field

from pratique.domain.regime.items import Described, RegimeData, Sourced, Text, Titled


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

    always_assess: tuple[Described, ...] = Field(min_length=1)
    types: tuple[Titled, ...] = ()
    examples: tuple[Text, ...] = ()
    nature: Nature | None = None
    sources: RiskSources | None = None
    notes: str = ""
