"""A risk register under a later edition: what was found stays, under the risks as they are sorted now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from pratique.domain.regime.mapping import Mapping as EditionMapping
from pratique.domain.regime.mapping import Relation
from pratique.domain.regime.taxonomy import Taxonomy
from pratique.domain.risks import Mitigation, Residual, Risk, RiskCategory, RiskRegister, RiskSources, Scenario, Tier

_Part = TypeVar("_Part", Scenario, Tier, Mitigation)


class RiskMoved(NamedTuple):
    """What became of one recorded risk."""

    was: str
    now: tuple[str, ...]
    reassess: bool

    def as_json(self) -> dict[str, Any]:
        """Return it as the API and the journal show it."""
        return {"was": self.was, "now": list(self.now), "reassess": self.reassess}


class CarriedRegister(NamedTuple):
    """A register under another edition, and what moved on the way."""

    register: RiskRegister
    moved: tuple[RiskMoved, ...]  #: empty: nothing had to move


def carried_register(register: RiskRegister, mapping: EditionMapping, taxonomy: Taxonomy) -> CarriedRegister:
    """Return a register under the later edition of `mapping`.

    A risk that is split stands with all that was found in each part; risks that are merged are put together; one that
    is dropped stays, as the provider's own. Where an assessment does not stand by itself, its acceptance is taken back.

    Args:
        register: recorded under the earlier edition.
        mapping: what became of each risk.
        taxonomy: of the later edition.
    """
    titles = {one.id: one.title for one in taxonomy.always_assess}
    moved: list[RiskMoved] = []
    found: dict[str, Risk] = {}
    for risk in register.risks:
        move = mapping.of_risk(risk.id)
        if move is None or (move.now == (risk.id,) and not move.reassess):
            _put(found, risk)
        elif move.relation is Relation.DROPPED:
            _put(found, risk.model_copy(update={"category": RiskCategory.PROVIDER_DEFINED}))
            moved.append(RiskMoved(risk.id, (risk.id,), move.reassess))
        else:
            for name in move.now:
                _put(found, _as_named(risk, name, titles, reassess=move.reassess))
            moved.append(RiskMoved(risk.id, move.now, move.reassess))
    carried = RiskRegister(edition=mapping.later, risks=tuple(found.values()))
    return CarriedRegister(carried if moved else register, tuple(moved))


def carried_authors(authors: Mapping[str, str], moved: Sequence[RiskMoved]) -> dict[str, str]:
    """Return who recorded each risk, by the ids of now: whoever recorded it stays its author.

    Where several people's risks were put together, each keeps the part of before, which is theirs whoever writes next.

    Args:
        authors: part (`risks.<id>`) -> author, as `domain.authorship` tells them.
        moved: what became of each risk.
    """
    found = dict(authors)
    for move in moved:
        for name in move.now:
            if f"risks.{move.was}" in authors:
                found.setdefault(f"risks.{name}", authors[f"risks.{move.was}"])
    return found


def _as_named(risk: Risk, name: str, titles: Mapping[str, str], *, reassess: bool) -> Risk:
    changed: dict[str, Any] = {"id": name, "title": titles.get(name, risk.title)}
    if name in titles:
        changed["category"] = RiskCategory.SPECIFIED
    if reassess:
        changed["residual"] = Residual()
    return risk.model_copy(update=changed)


def _put(found: dict[str, Risk], risk: Risk) -> None:
    there = found.get(risk.id)
    found[risk.id] = risk if there is None else _together(there, risk)


def _together(one: Risk, other: Risk) -> Risk:
    sources = RiskSources(
        **{name: _union(getattr(one.sources, name), getattr(other.sources, name)) for name in RiskSources.model_fields}
    )
    texts = ("types", "indicators", "acceptance_criteria", "evidence")
    changed: dict[str, Any] = {name: _union(getattr(one, name), getattr(other, name)) for name in texts}
    changed |= {
        "sources": sources,
        "scenarios": _parts(one.scenarios, other.scenarios),
        "tiers": _parts(one.tiers, other.tiers),
        "mitigations": _parts(one.mitigations, other.mitigations),
        "residual": Residual(),  # nobody accepted the two together
    }
    return one.model_copy(update=changed)


def _union(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*one, *other]))


def _parts(one: tuple[_Part, ...], other: tuple[_Part, ...]) -> tuple[_Part, ...]:
    """Return both lists; a part whose id is taken gets the next that is free."""
    taken = {part.id for part in one}
    found = list(one)
    for part in other:
        if part in one:
            continue
        name, number = part.id, 2
        while name in taken:
            name, number = f"{part.id[:60]}-{number}", number + 1
        taken.add(name)
        found.append(part.model_copy(update={"id": name}))
    return tuple(found)
