"""Gate files: read, and checked each by itself and against the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pratique.domain.regime import Edition
from pratique.domain.spec import GateSpec
from pratique.regimes.edition_expressions import unknown_answers
from pratique.regimes.expressions import CheckedCriteria, Place, compile_troubles, flaws_per_risk, places, troubles
from pratique.regimes.overlay import FORMAT, GateOverlay
from pratique.regimes.problems import Problems
from pratique.regimes.rulebook import prerequisites
from pratique.regimes.yaml_text import YamlProblem, YamlResult, read_yaml

_SHOWN_IDS = 200  #: characters of a list of ids that an error shows


@dataclass(slots=True)
class GateFiles:
    """What the gate files hold, by file."""

    specs: dict[str, GateSpec] = field(default_factory=dict)
    overlays: dict[str, GateOverlay] = field(default_factory=dict)
    unsound: set[str] = field(default_factory=set)  #: ids of gates that are there, but not whole
    given: set[str] = field(default_factory=set)  #: files that were named one by one

    def read(self, folder: Path, origin: str, problems: Problems) -> int:
        """Read every file of a folder; note the errors of those that are not sound. Return how many there are."""
        paths = sorted(path for path in folder.glob("*") if path.suffix in (".yaml", ".yml"))
        for path in paths:
            file = f"{origin}{folder.name}/{path.name}"
            if path.suffix == ".yml":
                problems.add(file, "", found="a name that ends in .yml", expected=".yaml")
            self._read_one(path, file, problems)
        return len(paths)

    def read_given(self, paths: Iterable[Path], problems: Problems) -> None:
        """Read gate files that were named one by one: each takes the place of the gate that it is a version of."""
        before = dict(self.specs)
        for path in paths:
            file = str(path)
            self.given.add(file)
            self._read_one(path, file, problems)
            spec = self.specs.get(file)
            for other, was in before.items():
                if spec is not None and (was.id, was.edition) == (spec.id, spec.edition) and other != file:
                    self.specs.pop(other, None)

    def _read_one(self, path: Path, file: str, problems: Problems) -> None:
        value, troubled = read_file(path, file, problems)
        is_overlay = isinstance(value, dict) and value.get("format") == FORMAT
        if is_overlay:
            overlay = None if troubled else problems.parse(file, GateOverlay, value)
            if overlay is not None:
                self.overlays[file] = overlay
            return
        spec = None if troubled else problems.parse(file, GateSpec, value)
        if spec is not None:
            self.specs[file] = spec
        elif isinstance(value, dict) and isinstance(value.get("id"), str):
            self.unsound.add(value["id"])


def read_file(path: Path, file: str, problems: Problems) -> YamlResult:
    """Return what a YAML file holds; note what is wrong with it."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problems.add(file, "", found=f"{type(error).__name__}: {error}", expected="a readable file in UTF-8")
        return YamlResult(None, [YamlProblem("", "", "")])
    result = read_yaml(text)
    for problem in result.problems:
        problems.add(file, problem.path, found=problem.found, expected=problem.expected)
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class GateChecks:
    """What a gate is checked against."""

    criteria: CheckedCriteria
    members: Mapping[str, frozenset[str]]  #: of facts documents, by evidence kind
    known_kinds: frozenset[str] | None  #: that collectors read, beside `facts.*`; None leaves them unchecked
    editions: Mapping[str, Edition]
    broken: frozenset[str] = frozenset()  #: editions that are there, but not whole; each has its own errors
    _seen: dict[Place, list[str]] = field(default_factory=dict)

    def check(self, file: str, spec: GateSpec, problems: Problems) -> None:
        """Note what is wrong with one gate by itself."""
        self.check_expressions(file, places(spec), problems)
        for path, found, expected in flaws_per_risk(spec):
            problems.add(file, path, found=found, expected=expected)
        self._check_kinds(file, spec, problems)
        self._check_edition(file, spec, problems)

    def check_expressions(self, file: str, found: Iterable[Place], problems: Problems) -> None:
        """Note the expressions that would not hold."""
        for place in found:
            like = place._replace(path="")  # many requirements apply on the same conditions
            if like not in self._seen:
                self._seen[like] = troubles(place, self.criteria, self.members)
            for trouble in self._seen[like]:
                problems.add(file, place.path, found=trouble, expected="a sound boolean expression")

    def stand_alone(self, file: str, overlay: GateOverlay, problems: Problems) -> bool:
        """True when each `also` is one whole expression by itself; else it could end the brackets put around it."""
        before = len(problems.lines)
        for change in overlay.tighten:
            for trouble in compile_troubles(change.also, self.criteria) if change.also is not None else ():
                problems.add(file, f"tighten[{change.id}].also", found=trouble, expected="one whole boolean expression")
        return len(problems.lines) == before

    def _check_kinds(self, file: str, spec: GateSpec, problems: Problems) -> None:
        known = self.known_kinds
        for checkpoint in spec.checkpoints:
            for requirement in checkpoint.requirements:
                kind = requirement.evidence.kind if requirement.evidence else None
                if kind is None or kind in self.members:
                    continue
                path = f"checkpoints[{checkpoint.id}].requirements[{requirement.id}].evidence.kind"
                if kind.startswith("facts."):
                    expected = f"a kind with a sound schema facts/{kind.removeprefix('facts.')}.schema.json"
                    problems.add(file, path, found=repr(kind), expected=expected)
                elif known is not None and kind not in known:
                    expected = f"one of {', '.join(sorted(known))}, or facts.<id>"
                    problems.add(file, path, found=repr(kind), expected=expected)

    def _check_edition(self, file: str, spec: GateSpec, problems: Problems) -> None:
        """Note an edition that is not there; only a configuration without any has gates alone."""
        if self.editions and spec.edition not in self.editions and spec.edition not in self.broken:
            problems.add(file, "edition", found=spec.edition, expected=f"one of {', '.join(sorted(self.editions))}")

    def check_references(self, file: str, spec: GateSpec, edition: Edition, problems: Problems) -> None:
        """Note measures and answers of scope that the edition does not know; articles are not looked up."""
        for path, names in _cited(spec):
            for name in names:
                if not name.startswith("Art. ") and name not in edition.item_by_id:
                    expected = f"a measure, commitment or appendix item of {edition.id}"
                    problems.add(file, path, found=repr(name), expected=expected)
        rules = edition.clocks.rule_by_id if edition.clocks is not None else None
        for requirement in spec.requirements():
            if rules is not None and requirement.clock is not None and requirement.clock not in rules:
                path, expected = f"requirements[{requirement.id}].clock", f"one of {', '.join(rules)}"[:_SHOWN_IDS]
                problems.add(file, path, found=f"unknown clock rule {requirement.clock!r}", expected=expected)
        for place in places(spec):
            for trouble in unknown_answers(edition, place.expression):
                problems.add(file, place.path, found=trouble, expected="a sound boolean expression")


def _cited(spec: GateSpec) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "measures", spec.measures
    for checkpoint in spec.checkpoints:
        for requirement in checkpoint.requirements:
            yield f"checkpoints[{checkpoint.id}].requirements[{requirement.id}].measures", requirement.measures


def check_prerequisites(specs: Mapping[str, GateSpec], named: set[str], problems: Problems) -> None:
    """Note gates that need a gate which is not there, or in the end themselves.

    Args:
        specs: the gates of one edition, by file.
        named: the ids of these gates, and of all others that there are beside them.
        problems: where errors go.
    """
    by_id = {spec.id: spec for spec in specs.values()}
    for file, spec in specs.items():
        for requirement in spec.requirements():
            if requirement.gate is not None and requirement.gate not in named:
                expected = f"one of {', '.join(sorted(named))}"[:_SHOWN_IDS]
                path = f"requirements[{requirement.id}].gate"
                problems.add(file, path, found=f"unknown gate {requirement.gate!r}", expected=expected)
        cycle = _cycle(spec.id, by_id) if by_id[spec.id] is spec else None
        if cycle and min(cycle) == spec.id:
            shown = " -> ".join([*cycle, spec.id])
            problems.add(
                file, "requirements.gate", found=f"a cycle: {shown}", expected="gates that can be cleared in turn"
            )


def _cycle(start: str, by_id: Mapping[str, GateSpec]) -> list[str] | None:
    """Return the gates on a way from `start` back to itself, `start` first."""
    ways = [[start]]
    seen = {start}
    while ways:
        way = ways.pop()
        for gate in prerequisites(by_id[way[-1]]):
            if gate == start:
                return way
            if gate in by_id and gate not in seen:
                seen.add(gate)
                ways.append([*way, gate])
    return None
