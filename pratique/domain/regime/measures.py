"""Chapters, commitments and measures of a code of practice."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from pratique.domain.regime.items import RegimeData, RuleId, Sourced, Text, Word


class Proof(RegimeData):
    """What can show that a measure was done."""

    id: RuleId
    title: Text
    kind: Word


class Exemption(RegimeData):
    """Who need not do it, or may do it in another way."""

    who: Text
    effect: Text
    source: Text


class Measure(Sourced):
    """One measure of a commitment."""

    id: RuleId
    title: Text
    summary: Text
    applies_to: Word
    articles: tuple[Text, ...]  #: articles that it serves, as mapped here
    moments: tuple[Word, ...] = Field(min_length=1)
    recurrence: Text
    deadlines: tuple[RuleId, ...] = ()
    roles: tuple[Word, ...] = ()
    proofs: tuple[Proof, ...] = ()
    checks: tuple[Text, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    retention: Text | None = None


class Commitment(Sourced):
    """A promise of the code, made of measures."""

    id: RuleId
    number: int
    title: Text
    summary: Text
    articles: tuple[Text, ...]  #: as the code itself cites them
    measures: tuple[Measure, ...] = Field(min_length=1)


class Chapter(Sourced):
    """A part of the code that a provider signs as a whole."""

    id: Word
    prefix: str = Field(pattern=r"^[A-Z]$")
    title: Text
    applies_to: Word
    commitments: tuple[Commitment, ...] = Field(min_length=1)

    def measures(self) -> Iterator[Measure]:
        """Yield the measures of all commitments in order."""
        for commitment in self.commitments:
            yield from commitment.measures
