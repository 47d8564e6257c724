"""What of an edition the gates ask for: measure by gate by requirement, and what nothing asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import Field

from pratique.domain.regime import Edition
from pratique.domain.regime.items import RegimeData, Text, Word
from pratique.domain.spec import GateSpec, Gating, Requirement
from pratique.errors import ConfigError
from pratique.regimes.problems import Problems
from pratique.regimes.rulebook import Rulebook
from pratique.regimes.yaml_text import read_yaml

SEED_FILE = "seed.yaml"
_ARTICLE = re.compile(r"Art\. (\d+[a-z]?)(?:\((\d+)\))?")


class SeedItem(RegimeData):
    """Something that the first draft's summary named, and the requirements that ask for it today."""

    id: Word
    title: Text
    status: Text  #: what became of it in the final text
    requirements: tuple[Text, ...] = Field(min_length=1)  #: `gate/requirement`


class Seed(RegimeData):
    """`seed.yaml`."""

    format: Literal["pratique.seed/1"]
    edition: Text
    items: tuple[SeedItem, ...] = Field(min_length=1)


class Reach(NamedTuple):
    """A requirement that asks for something."""

    gate: str
    requirement: str
    is_enforced: bool

    def __str__(self) -> str:
        return f"{self.requirement}{'' if self.is_enforced else ' (advice)'}"


class CoveredItem(NamedTuple):
    """A measure or security objective, and what asks for it."""

    id: str
    title: str
    reached_by: tuple[Reach, ...]

    @property
    def is_covered(self) -> bool:
        """True when an enforced requirement asks for it."""
        return any(reach.is_enforced for reach in self.reached_by)

    def by_gate(self) -> dict[str, tuple[Reach, ...]]:
        """Return the requirements by gate, gates in the order of the rule book."""
        gates = dict.fromkeys(reach.gate for reach in self.reached_by)
        return {gate: tuple(reach for reach in self.reached_by if reach.gate == gate) for gate in gates}


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What the gates of one edition ask for."""

    edition: str
    measures: tuple[CoveredItem, ...]
    objectives: tuple[CoveredItem, ...]
    seed: tuple[SeedItem, ...]
    unknown: tuple[str, ...]  #: what requirements or the seed name and nobody knows, a line each

    @property
    def uncovered(self) -> tuple[str, ...]:
        """Ids of measures and objectives that no enforced requirement asks for."""
        return tuple(item.id for item in (*self.measures, *self.objectives) if not item.is_covered)

    @property
    def is_whole(self) -> bool:
        """True when nothing is uncovered and nothing unknown is named."""
        return not self.uncovered and not self.unknown

    def as_json(self) -> dict[str, Any]:
        """Return the matrix as plain JSON."""
        return {
            "edition": self.edition,
            "measures": [_item_json(item) for item in self.measures],
            "objectives": [_item_json(item) for item in self.objectives],
            "seed": [item.model_dump(mode="json") for item in self.seed],
            "uncovered": list(self.uncovered),
            "unknown": list(self.unknown),
        }


def coverage_of(rulebook: Rulebook, seed: Seed | None = None) -> Coverage:
    """Return what the gates of the running edition ask for.

    Raises:
        ConfigError: the rule book has no edition, so that nothing says what there is to cover.
    """
    edition = rulebook.edition
    if edition is None:
        raise ConfigError(["regimes/: found no edition of the gates, expected the one that they name"])
    reached = _reached(rulebook)
    objectives = edition.appendices.security.objectives() if edition.appendices is not None else ()
    return Coverage(
        edition=edition.id,
        measures=tuple(CoveredItem(m.id, m.title, tuple(reached.get(m.id, ()))) for m in edition.measures()),
        objectives=tuple(CoveredItem(o.id, o.title, tuple(reached.get(o.id, ()))) for o in objectives),
        seed=seed.items if seed is not None else (),
        unknown=(*_unknown_sources(rulebook, edition), *_unknown_seed(rulebook, seed)),
    )


def load_seed(config_dir: Path) -> Seed | None:
    """Return the seed coverage of a configuration; None where it has none.

    Raises:
        ConfigError: the file is there, but not sound; with every error.
    """
    path = config_dir / SEED_FILE
    if not path.is_file():
        return None
    problems = Problems()
    found = read_yaml(path.read_text(encoding="utf-8"))
    for trouble in found.problems:
        problems.add(SEED_FILE, trouble.path, found=trouble.found, expected=trouble.expected)
    seed = problems.parse(SEED_FILE, Seed, found.value) if not found.problems else None
    if seed is None:
        raise ConfigError(problems.lines)
    return seed


def _requirements(rulebook: Rulebook) -> Iterator[tuple[GateSpec, Requirement]]:
    for spec in rulebook.specs.values():
        for requirement in spec.requirements():
            yield spec, requirement


def _reached(rulebook: Rulebook) -> Mapping[str, list[Reach]]:
    found: dict[str, list[Reach]] = {}
    for spec, requirement in _requirements(rulebook):
        reach = Reach(spec.id, requirement.id, requirement.gating is Gating.ENFORCE)
        for source in requirement.measures:
            found.setdefault(source, []).append(reach)
    return found


def _unknown_sources(rulebook: Rulebook, edition: Edition) -> Iterator[str]:
    known = edition.item_by_id
    for spec, requirement in _requirements(rulebook):
        for source in requirement.measures:
            if spec.edition == edition.id and not _is_known(source, known):
                yield f"{spec.id}/{requirement.id} cites {source}, which {edition.id} does not have"


def _is_known(source: str, known: Mapping[str, Any]) -> bool:
    """True for an id of the edition, and for an article whose number, with or without its paragraph, it has."""
    article = _ARTICLE.match(source)
    if article is None:
        return source in known
    number, paragraph = article.groups()
    return f"art-{number}" in known or f"art-{number}-{paragraph}" in known


def _unknown_seed(rulebook: Rulebook, seed: Seed | None) -> Iterator[str]:
    if seed is None:
        return
    there = {f"{spec.id}/{requirement.id}" for spec, requirement in _requirements(rulebook)}
    for item in seed.items:
        for name in item.requirements:
            if name not in there:
                yield f"seed item {item.id} names {name}, which is no requirement"


def _item_json(item: CoveredItem) -> dict[str, Any]:
    gates = {gate: [r._asdict() for r in reaches] for gate, reaches in item.by_gate().items()}
    return {"id": item.id, "title": item.title, "is_covered": item.is_covered, "gates": gates}
