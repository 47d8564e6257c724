"""From one edition to another: what became of each risk and measure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Literal, Self, TypeVar

from pydantic import model_validator

from pratique.domain.regime.edition import Edition, EditionId
from pratique.domain.regime.items import RegimeData, RuleId, Text, Word
from pratique.domain.regime.soundness import Flaw

Move = TypeVar("Move", bound="RiskMove | MeasureMove")


class Relation(StrEnum):
    """What the later one is, seen from the earlier one."""

    EQUAL = "equal"
    NARROWER = "narrower"  #: it asks for less, or covers less
    BROADER = "broader"  #: it asks for more, or covers more
    MERGED = "merged"  #: it went into one that stands for others too
    DROPPED = "dropped"  #: nothing of the later edition stands for it
    NEW = "new"  #: nothing of the earlier edition stood for it


class RiskMove(RegimeData):
    """What became of a category of systemic risk."""

    was: Word | None = None
    relation: Relation
    now: tuple[Word, ...] = ()  #: ids of risks of the later taxonomy
    look_at: tuple[Text, ...] = ()  #: types and sources under which the rest of it is looked for now
    reassess: bool  #: an assessment under the earlier edition does not stand by itself
    why: Text

    @model_validator(mode="after")
    def _has_its_ends(self) -> Self:
        return _ends(self, self.was, self.now)


class MeasureMove(RegimeData):
    """What became of a measure."""

    was: RuleId | None = None
    relation: Relation
    now: tuple[RuleId, ...] = ()
    why: Text

    @model_validator(mode="after")
    def _has_its_ends(self) -> Self:
        return _ends(self, self.was, self.now)


class Mapping(RegimeData):
    """How to carry what was done under one edition to another."""

    format: Literal["pratique.mapping/1"]
    earlier: EditionId
    later: EditionId
    rest_equal: bool = False  #: what no move names, and both editions have under the same id, is equal
    risks: tuple[RiskMove, ...] = ()
    measures: tuple[MeasureMove, ...] = ()

    @model_validator(mode="after")
    def _has_two_ends(self) -> Self:
        if self.earlier == self.later or self.earlier.partition("@")[0] != self.later.partition("@")[0]:
            raise ValueError("`earlier` and `later` are two editions of one regime")
        return self

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.rest_equal and not (self.risks and self.measures):
            raise ValueError("`risks` and `measures` are expected, or `rest_equal: true`")
        return self

    def of_risk(self, risk: str) -> RiskMove | None:
        """Return what became of a risk of the earlier edition; None also for one that is equal and not named."""
        return next((move for move in self.risks if move.was == risk), None)

    def of_measure(self, measure: str) -> MeasureMove | None:
        """Return what became of a measure of the earlier edition; None also for one that is equal and not named."""
        return next((move for move in self.measures if move.was == measure), None)


def mapping_flaws(mapping: Mapping, earlier: Edition, later: Edition) -> Iterator[Flaw]:
    """Yield what is wrong: everything before must lead somewhere, everything after must come from somewhere."""
    risks, measures = (_risks(earlier), _risks(later)), (_measures(earlier), _measures(later))
    yield from _gaps("risks", mapping.risks, *_unnamed_taken_out(mapping, mapping.risks, *risks))
    yield from _gaps("measures", mapping.measures, *_unnamed_taken_out(mapping, mapping.measures, *measures))


def _measures(edition: Edition) -> list[str]:
    return [measure.id for measure in edition.measures()]


def _unnamed_taken_out(
    mapping: Mapping, moves: Iterable[RiskMove | MeasureMove], before: list[str], after: list[str]
) -> tuple[list[str], list[str]]:
    """Leave out what both have and no move names, where the mapping says that such are equal."""
    if not mapping.rest_equal:
        return before, after
    named = {end for move in moves for end in (move.was, *move.now) if end is not None}
    same = (set(before) & set(after)) - named
    return [one for one in before if one not in same], [one for one in after if one not in same]


def _risks(edition: Edition) -> list[str]:
    return [risk.id for risk in edition.taxonomy.always_assess]


def _gaps(
    what: str, moves: Iterable[RiskMove | MeasureMove], before: Iterable[str], after: Iterable[str]
) -> Iterator[Flaw]:
    left, reached = [move.was for move in moves if move.was], {now for move in moves for now in move.now}
    known_before, known_after = set(before), set(after)
    for name in sorted({one for one in left if left.count(one) > 1}):
        yield Flaw(what, f"{name!r} mapped twice", "each once")
    for name in sorted(set(left) - known_before):
        yield Flaw(what, f"{name!r}, unknown to the earlier edition", "an id of it")
    for name in sorted(known_before - set(left)):
        yield Flaw(what, f"no word on {name!r}", "what became of it")
    for name in sorted(reached - known_after):
        yield Flaw(what, f"{name!r}, unknown to the later edition", "an id of it")
    for name in sorted(known_after - reached):
        yield Flaw(what, f"no word on {name!r}", "where it comes from, or that it is new")


def _ends(move: Move, was: str | None, now: tuple[str, ...]) -> Move:
    if (was is None) != (move.relation is Relation.NEW):
        raise ValueError("`was` is expected for every relation but `new`, and for that one never")
    if (not now) != (move.relation is Relation.DROPPED):
        raise ValueError("`now` is expected for every relation but `dropped`, and for that one never")
    return move
