"""Linting gates: every error of their files at once, and what is odd about expressions that are sound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from pratique.criteria.syntax import Node
from pratique.domain.instances import filled
from pratique.domain.spec import GateSpec
from pratique.regimes.expressions import CheckedCriteria, Place, places
from pratique.regimes.gate_files import GateFiles
from pratique.regimes.loading import load_library
from pratique.regimes.problems import Problem, Problems
from pratique.regimes.shapes import Shape, shapes_of
from pratique.regimes.smells import Smeller

#: Stands for what is known only when a gate is judged.
_SAMPLE = "sample"


class ReadableCriteria(CheckedCriteria, Protocol):
    """A criteria language whose expressions can be looked through."""

    def tree(self, expression: str) -> Node | None:
        """Return what `expression` is made of; None where it does not compile."""
        ...


class Collectors(Protocol):
    """What there is to read evidence with."""

    @property
    def kinds(self) -> frozenset[str]:
        """Every evidence kind that some collector reads."""
        ...

    def __iter__(self) -> Iterator[Any]: ...


class Smell(NamedTuple):
    """Something odd: no error, but hardly what was meant."""

    file: str
    path: str
    what: str

    @property
    def line(self) -> str:
        """It on one line."""
        return f"{self.file}: {self.path}: {self.what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LintReport:
    """What linting found."""

    problems: tuple[Problem, ...]
    smells: tuple[Smell, ...]
    gates: tuple[str, ...]  #: ids of the gates that were looked at
    expressions: int

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain JSON."""
        return {
            "ok": not self.problems,
            "errors": [
                {"file": one.file, "key": one.path, "found": one.found, "expected": one.expected}
                for one in self.problems
            ],
            "warnings": [{"file": one.file, "key": one.path, "what": one.what} for one in self.smells],
            "gates": list(self.gates),
            "expressions": self.expressions,
        }


def lint_gates(
    config_dir: Path,
    *,
    criteria: ReadableCriteria,
    collectors: Collectors,
    overlay_dir: Path | None = None,
    given: Sequence[Path] = (),
) -> LintReport:
    """Check the gates of a configuration; with `given`, of these files alone, as if they stood in it.

    Errors are those of the whole configuration: a file can break a gate that stands in another.
    """
    problems, files = Problems(), GateFiles()
    library = load_library(
        config_dir,
        files,
        problems,
        criteria=criteria,
        known_kinds=collectors.kinds,
        overlay_dir=overlay_dir,
        given=given,
    )
    shapes = shapes_of(library.schemas, collectors)
    looked_at = {file: spec for file, spec in _looked_at(files, library.gates) if not given or file in files.given}
    found: dict[Smell, None] = {}
    count = 0
    for file, spec in looked_at.items():
        for place in places(spec):
            count += 1
            for what in _smells(place, criteria, shapes):
                found[Smell(file, place.path, what)] = None
    gates = tuple(dict.fromkeys(spec.id for spec in looked_at.values()))
    return LintReport(problems=tuple(problems.items), smells=tuple(found), gates=gates, expressions=count)


def _looked_at(files: GateFiles, gates: Mapping[str, Mapping[str, GateSpec]]) -> Iterable[tuple[str, GateSpec]]:
    """Yield each gate with its file: as it is written, and those that overlays changed as they become."""
    yield from files.specs.items()
    for file, overlay in files.overlays.items():
        for edition, specs in gates.items():
            if overlay.gate in specs and overlay.edition in (None, edition):
                yield file, specs[overlay.gate]
                break


def _smells(place: Place, criteria: ReadableCriteria, shapes: Mapping[str, Shape]) -> list[str]:
    tree = criteria.tree(filled(place.expression, risk=_SAMPLE, occasion=_SAMPLE))
    return Smeller(shapes.get(place.kind or "")).smells(tree) if tree is not None else []
