"""Loads and checks the whole configuration at once: gates, facts schemas, people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from pratique.domain.people import People
from pratique.domain.regime import Edition
from pratique.domain.spec import GateSpec
from pratique.errors import ConfigError
from pratique.regimes.editions import load_edition, load_mapping
from pratique.regimes.expressions import CheckedCriteria, flaws_per_risk, places, troubles
from pratique.regimes.facts import load_facts_schemas, members_by_kind
from pratique.regimes.holidays import load_holidays
from pratique.regimes.problems import Problems
from pratique.regimes.rulebook import Configuration, Regimes, Rulebook, prerequisites
from pratique.regimes.yaml_text import YamlProblem, YamlResult, read_yaml

_NO_PEOPLE = People(format="pratique.people/1")


def load_configuration(
    config_dir: Path,
    *,
    people_file: Path | None,
    criteria: CheckedCriteria,
    known_kinds: frozenset[str] | None = None,
) -> Configuration:
    """Return everything under `config_dir`, checked as a whole.

    Args:
        config_dir: holds `gates/*.yaml`, `facts/*.schema.json`, `regimes/<regime>/<edition>/*.yaml` and
            `holidays/<year>.yaml`.
        people_file: the people of this provider; None where there is no file yet.
        criteria: the language that expressions are compiled with.
        known_kinds: evidence kinds that collectors read, beside `facts.*`; None leaves them unchecked.

    Raises:
        ConfigError: with every error at once, a line each (file, key path, found, expected).
    """
    problems = Problems()
    schemas = load_facts_schemas(config_dir / "facts", problems)
    named: set[str] = set()
    specs = _load_gates(config_dir / "gates", named, problems)
    people = _load_people(people_file, problems)
    regimes = _load_regimes(config_dir, problems)
    members = members_by_kind(schemas)
    for file, spec in specs.items():
        for place in places(spec):
            for trouble in troubles(place, criteria, members):
                problems.add(file, place.path, found=trouble, expected="a sound boolean expression")
        for path, found, expected in flaws_per_risk(spec):
            problems.add(file, path, found=found, expected=expected)
        _check_kinds(file, spec, set(members), known_kinds, problems)
    _check_references(specs, named, problems)
    if problems.lines:
        raise ConfigError(problems.lines, hint="config/README.md describes every key")
    warnings = tuple(_warnings(specs, people, people_file))
    rulebook = Rulebook.of(specs.values(), schemas, regimes)
    return Configuration(rulebook=rulebook, people=people or _NO_PEOPLE, warnings=warnings)


def _read(path: Path, file: str, problems: Problems) -> YamlResult:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problems.add(file, "", found=f"{type(error).__name__}: {error}", expected="a readable file in UTF-8")
        return YamlResult(None, [YamlProblem("", "", "")])
    result = read_yaml(text)
    for problem in result.problems:
        problems.add(file, problem.path, found=problem.found, expected=problem.expected)
    return result


def _load_gates(folder: Path, named: set[str], problems: Problems) -> dict[str, GateSpec]:
    """Return the sound specs by file name; note the errors of the others, and in `named` every id."""
    specs: dict[str, GateSpec] = {}
    paths = sorted(path for path in folder.glob("*") if path.suffix in (".yaml", ".yml"))
    if not paths:
        problems.add(f"{folder.name}/", "", found="no *.yaml file", expected="at least one gate")
    for path in paths:
        file = f"{folder.name}/{path.name}"
        if path.suffix == ".yml":
            problems.add(file, "", found="a name that ends in .yml", expected=".yaml")
        value, troubled = _read(path, file, problems)
        if isinstance(value, dict) and isinstance(value.get("id"), str):
            named.add(value["id"])
        spec = None if troubled else problems.parse(file, GateSpec, value)
        if spec is not None:
            specs[file] = spec
    return specs


def _load_regimes(config_dir: Path, problems: Problems) -> Regimes:
    found: dict[str, Edition] = {}
    for folder in sorted((config_dir / "regimes").glob("*/*/")):
        edition = load_edition(folder, problems) if (folder / "edition.yaml").is_file() else None
        if edition is not None:
            found[edition.id] = edition
    paths = sorted((config_dir / "regimes").glob("*/mappings/*.yaml"))
    mappings = [load_mapping(path, found, problems) for path in paths]
    holidays = load_holidays(config_dir / "holidays", problems)
    return Regimes(editions=found, mappings=tuple(m for m in mappings if m is not None), holidays=holidays)


def _load_people(path: Path | None, problems: Problems) -> People | None:
    if path is None:
        return None
    value, troubled = _read(path, path.name, problems)
    people = None if troubled else problems.parse(path.name, People, value)
    if people is not None:
        for person, times in Counter(p.id for p in people.people).items():
            if times > 1:
                problems.add(path.name, f"people[{person}]", found=f"the id {times} times", expected="each id once")
    return people


def _check_kinds(
    file: str, spec: GateSpec, facts_kinds: set[str], known: frozenset[str] | None, problems: Problems
) -> None:
    for checkpoint in spec.checkpoints:
        for requirement in checkpoint.requirements:
            kind = requirement.evidence.kind if requirement.evidence else None
            if kind is None or kind in facts_kinds:
                continue
            path = f"checkpoints[{checkpoint.id}].requirements[{requirement.id}].evidence.kind"
            if kind.startswith("facts."):
                expected = f"a kind with a sound schema facts/{kind.removeprefix('facts.')}.schema.json"
                problems.add(file, path, found=repr(kind), expected=expected)
            elif known is not None and kind not in known:
                problems.add(file, path, found=repr(kind), expected=f"one of {', '.join(sorted(known))}, or facts.<id>")


def _check_references(specs: Mapping[str, GateSpec], named: set[str], problems: Problems) -> None:
    by_id: dict[str, GateSpec] = {}
    for file, spec in specs.items():
        if spec.id in by_id:
            problems.add(file, "id", found=f"{spec.id!r}, which another file has too", expected="each gate id once")
        by_id.setdefault(spec.id, spec)
    for file, spec in specs.items():
        for requirement in spec.requirements():
            if requirement.gate is not None and requirement.gate not in named:
                expected = f"one of {', '.join(sorted(named))}"
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


def _warnings(specs: Mapping[str, GateSpec], people: People | None, people_file: Path | None) -> Iterator[str]:
    if people is None:
        yield f"{people_file or 'people.yaml'}: no people are named, so that nobody can be told and no gate be signed"
        return
    for file, spec in specs.items():
        if not spec.sign_off.roles:
            yield f"{file}: sign_off: no role signs gate {spec.id}; it clears itself when its requirements are met"
        wanted = dict.fromkeys(sorted({r.owner for r in spec.requirements()}), 1) | spec.sign_off.roles
        for role, count in wanted.items():
            held = sum(
                1 for p in people.people if p.holds(role, None) or any(role in held for held in p.models.values())
            )
            if held < count:
                yield f"{file}: gate {spec.id} needs {count} in the role {role}, which {held} of the people named hold"
