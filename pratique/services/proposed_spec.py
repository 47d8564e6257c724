"""A gate spec that somebody proposes, checked as the gate files of the configuration are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from pratique.domain.spec import GateSpec
from pratique.errors import ConfigError
from pratique.regimes import CheckedCriteria
from pratique.regimes.facts import members_by_kind
from pratique.regimes.gate_files import GateChecks, check_prerequisites
from pratique.regimes.problems import Problems
from pratique.services.parts import Parts

#: Most gate runs of one page.
MAX_RUNS = 100
_FILE = "spec"  #: what errors name in the place of a file


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be replayed."""

    gate: str
    spec: Mapping[str, Any]  #: as it stands in a gate file
    model: str | None = None
    version: str | None = None
    after: str = ""  #: id of the last gate run of the page before
    limit: int = MAX_RUNS


def proposed_spec(parts: Parts, asked: Asked) -> GateSpec:
    """Return the proposed spec, checked as a gate file of this engine's configuration is.

    Raises:
        ConfigError: with every error at once.
    """
    problems = Problems()
    spec = problems.parse(_FILE, GateSpec, dict(asked.spec))
    if spec is not None:
        if spec.id != asked.gate:
            problems.add(_FILE, "id", found=repr(spec.id), expected=repr(asked.gate))
        rules = parts.rules
        checks = GateChecks(
            criteria=cast(CheckedCriteria, parts.criteria),
            members=members_by_kind(rules.facts_schemas),
            known_kinds=parts.collectors.kinds,
            editions=rules.editions,
        )
        checks.check(_FILE, spec, problems)
        if spec.edition in rules.editions:
            checks.check_references(_FILE, spec, rules.editions[spec.edition], problems)
        others = {gate: other for gate, other in rules.specs.items() if gate != spec.id}
        check_prerequisites({_FILE: spec, **others}, {spec.id, *others}, problems)
    if spec is None or problems.lines:
        raise ConfigError(problems.lines, hint="`pratique gate lint` checks a file before it is sent")
    return spec
