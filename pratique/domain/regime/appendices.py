"""Appendices as checklists: safe reference models, rigour of evaluations, security objectives."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from pratique.domain.regime.items import RegimeData, RuleId, Sourced, Text


class SimilarlySafe(Sourced):
    """When a model counts as similarly safe or safer than a reference model, and what that unlocks."""

    id: RuleId
    reference_model: tuple[Text, ...]
    similarly_safe_or_safer: tuple[Text, ...]
    extra: tuple[Text, ...]
    unlocks: tuple[Text, ...]


class EvaluationTopic(Sourced):
    """What a full evaluation has to show."""

    id: RuleId
    title: Text
    summary: Text
    proofs: tuple[Text, ...]


class SecurityObjective(Sourced):
    """One security objective; the measure listed for it may be replaced with a reason."""

    id: RuleId
    title: Text
    listed_measure: Text
    proofs: tuple[Text, ...]


class SecurityArea(RegimeData):
    """A group of security objectives."""

    id: RuleId
    title: Text
    objectives: tuple[SecurityObjective, ...] = Field(min_length=1)


class Security(RegimeData):
    """The security goal and its objectives."""

    threat_actors: dict[str, Text]
    areas: tuple[SecurityArea, ...]

    def objectives(self) -> Iterator[SecurityObjective]:
        """Yield the objectives of all areas in order."""
        for area in self.areas:
            yield from area.objectives


class Appendices(RegimeData):
    """Appendices 2 to 4."""

    similarly_safe: SimilarlySafe
    evaluations: tuple[EvaluationTopic, ...]
    security: Security
