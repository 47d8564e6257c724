"""G11: the shipped pre-placement gate, every requirement made for each of eight systemic risks."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, NamedTuple

from bench.measure import Sample, interleave, quantile, timed
from bench.report import Claim, Result
from bench.sizes import Sizes
from pratique.collectors import build_registry, read_evidence
from pratique.criteria import CelCriteria
from pratique.domain.evaluation import Evaluation, Situation, evaluate
from pratique.domain.evidence import Evidence, Reading
from pratique.domain.gates import GateState
from pratique.domain.instances import instantiate
from pratique.domain.limits import TimeLimit
from pratique.domain.models import ModelProfile
from pratique.domain.provider import ProviderProfile, provider_values
from pratique.domain.regime import Edition
from pratique.domain.risks import RiskRegister, named_risks, risk_values
from pratique.domain.scope import decide_scope
from pratique.domain.spec import GateSpec
from pratique.project import config_root
from pratique.regimes import Rulebook, load_configuration
from pratique.services.evaluation_memory import EvaluationMemory

GATE = "pre-placement"
#: Beside the four that are always assessed.
OWN_RISKS = ("critical_infrastructure", "democratic_processes", "mental_health", "economic_security")
#: Whose facts and register stand for those of the provider's own risks.
_LIKE = "cbrn"
#: Half way between two instants at which anything could run out.
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
_EXAMPLES = config_root().parent / "examples"
_INSPECT = config_root().parent / "tests" / "data" / "inspect"
_LOGS = ("cbrn_mc_epochs3.eval", "cyber_agent_tools.eval")
_SAME = "engine, nothing changed but the time"
_ONE = "engine, one file is new"
_WARM = "evaluate(), warm: evidence and profile bound"
_FILES = "evaluate(), cold: no file was ever bound"
_COLD = "evaluate(), cold: neither files nor profile were ever bound"
_FIRST = "evaluate(), first in a process: every expression compiled"
_LIMIT_MS = {_SAME: 5.0, _ONE: 5.0, _WARM: 5.0, _FILES: 5.0, _COLD: 5.0}


def run(sizes: Sizes) -> Result:
    """Measure the gate warm, cold, and as the engine judges it."""
    case = _Case()
    result = Result(
        "G11",
        "a gate for eight risks",
        f"The shipped gate {GATE} on the example facts and the example register, with four risks of the provider's own "
        f"beside the four specified ones: {case.per_risk} requirements made for risks, {case.total} in all, over "
        f"{len(case.situation.evidence)} files. *Engine*: as a command evaluates, with the memory of verdicts. *Warm*: "
        "judged anew, with evidence and profile bound. *Cold*: files were never bound, as once after a restart, nor "
        "was the profile, as after a change of it. *First*: expressions are compiled too, once a process.",
    )
    ways = {_SAME: case.same, _ONE: case.one_new, _WARM: case.warm, _FILES: case.new_files, _COLD: case.cold}
    _measure(result, case, ways, max(sizes.evaluations // 20, 1), sizes.rounds)
    # On its own: what it leaves behind to be collected would be counted against the others.
    _measure(result, case, {_FIRST: case.first}, max(sizes.evaluations // 200, 1), 1)
    result.notes.append(f"{case.met} of {case.total} requirements are met; the rest is not asked for, or open.")
    return result


def _measure(result: Result, case: _Case, ways: dict[str, Callable[[], None]], n: int, rounds: int) -> None:
    taken: dict[str, list[_Taken]] = {name: [] for name in ways}
    found = interleave({name: _measured(way, taken[name], n) for name, way in ways.items()}, rounds)
    for name, series in found.items():
        result.add(name, series)
        cpu, wall = (quantile(values, 0.5) for values in zip(*taken[name], strict=True))
        what = f"{case.total} requirements: {name}, p50 of CPU"
        result.claims.append(Claim(what=what, measured=cpu, at_most=_LIMIT_MS.get(name), unit="ms"))
        result.notes.append(f"{name}: p50 {cpu:.2f} ms of CPU, {wall:.2f} ms by the clock ({len(taken[name])} calls).")


class _Taken(NamedTuple):
    """What one call took, in milliseconds; on a busy machine the clock tells of others too."""

    cpu: float
    wall: float


def _measured(way: Callable[[], None], taken: list[_Taken], n: int) -> Callable[[], Sample]:
    def work() -> None:
        for _ in range(n):
            cpu, wall = time.thread_time(), time.perf_counter()
            way()
            taken.append(_Taken((time.thread_time() - cpu) * 1e3, (time.perf_counter() - wall) * 1e3))

    return lambda: timed(work, 1)._replace(count=n)


class _Case:
    """The gate with its evidence, and the ways in which it is judged."""

    def __init__(self) -> None:
        criteria = CelCriteria()
        people = config_root() / "people.example.yaml"
        rules = load_configuration(config_root(), people_file=people, criteria=criteria).rulebook
        if rules.edition is None:
            raise AssertionError("the shipped configuration has an edition")
        register = _register(rules.edition)
        risks = named_risks(register, rules.edition.taxonomy)
        self.pinned = rules.spec(GATE)
        self.spec: GateSpec = instantiate(self.pinned, risks, "default")
        self.criteria, self.others = criteria, CelCriteria()  # its own, so that new files push no bound ones out
        self.memory = EvaluationMemory()
        self.numbers = count()
        self.situation = _situation(rules, rules.edition, register, criteria)
        for way in (self.warm, self.same, self.cold):
            way()  # programs are compiled once a process
        findings = self._judged(self.situation, criteria).findings
        self.total, self.met = len(findings), sum(f.status == "met" for f in findings)
        self.per_risk = sum(r.for_each is not None for r in self.pinned.requirements()) * len(risks)

    def same(self) -> None:
        """Judge again a moment later, as an event that joins the gate does."""
        later = NOW + timedelta(milliseconds=next(self.numbers))
        self.memory.evaluate(self.spec, self.situation, self.criteria, later)

    def one_new(self) -> None:
        """Judge with one file replaced by a newer one."""
        number = next(self.numbers)
        evidence = list(self.situation.evidence)
        place = number % len(evidence)
        evidence[place] = _renamed(evidence[place], number)
        self.situation = replace(self.situation, evidence=tuple(evidence))
        self.memory.evaluate(self.spec, self.situation, self.criteria, NOW)

    def warm(self) -> None:
        """Judge without a memory of verdicts; what is judged on was bound before."""
        self._judged(self.situation, self.criteria)

    def new_files(self) -> None:
        """Judge files that were never bound."""
        self._judged(replace(self.situation, evidence=self._renewed()), self.others)

    def cold(self) -> None:
        """Judge files and a profile that were never bound."""
        number = next(self.numbers)
        evidence = self._renewed()
        profile = {**self.situation.profile, "attributes": {"number": number}}
        self._judged(
            replace(self.situation, evidence=evidence, profile=profile, profile_digest=f"{number:064}"), self.others
        )

    def first(self) -> None:
        """Judge in a language that has compiled nothing yet."""
        self._judged(self.situation, CelCriteria())

    def _renewed(self) -> tuple[Evidence, ...]:
        number = next(self.numbers)
        return tuple(_renamed(one, number) for one in self.situation.evidence)

    def _judged(self, situation: Situation, criteria: CelCriteria) -> Evaluation:
        return evaluate(self.spec, situation, criteria, NOW)


def _renamed(evidence: Evidence, number: int) -> Evidence:
    return replace(evidence, id=f"{evidence.filename}-{number}", sha256=f"{number:064}")


def _register(edition: Edition) -> RiskRegister:
    """Return the example register, and what it says of one risk for each of the provider's own."""
    path = next((_EXAMPLES / "registers").glob("*.json"))
    risks = json.loads(path.read_text(encoding="utf-8"))["risks"]
    like = next(one for one in risks if one["id"] == _LIKE)
    own = [like | {"id": name, "title": name, "category": "provider_defined"} for name in OWN_RISKS]
    return RiskRegister.model_validate({"edition": edition.id, "risks": [*risks, *own]})


def _situation(rules: Rulebook, edition: Edition, register: RiskRegister, criteria: CelCriteria) -> Situation:
    spec = rules.spec(GATE)
    return Situation(
        gate_run="bench",
        spec_digest=rules.digests[GATE],
        model="aurora",
        version="2.1",
        profile=_profile(edition, register, criteria),
        profile_digest="1" * 64,
        evidence=tuple(_evidence(rules)),
        gates={r.gate: GateState.CLEARED for r in spec.requirements() if r.gate is not None},
        limits=[_kept(r.clock) for r in spec.requirements() if r.clock is not None],
    )


def _profile(edition: Edition, register: RiskRegister, criteria: CelCriteria) -> dict[str, Any]:
    own = ModelProfile(systemic_risk=True, general_purpose=True, known_as=("mockllm/model",))
    provider = ProviderProfile(
        name="Aurora", country="FR", signed_chapters=("transparency", "copyright", "safety_security")
    )
    values = {
        **own.as_json(),
        "provider": provider_values(provider, size=own.provider_size.value),
        "compute": {"done": 1.2e25, "planned": 0.0, "projected": 1.2e25},
        "lineage": {"versions": ["aurora/2.1"], "first_placed_on": None, "is_designated": False, "is_expected": False},
        "references": {"risks": [], "covers_all": False},
    }
    scope = decide_scope(edition.scope, values, criteria, key="bench").values if edition.scope is not None else {}
    return {**values, "scope": dict(scope), "risks": risk_values(register, edition.taxonomy)}


def _evidence(rules: Rulebook) -> Iterator[Evidence]:
    """Yield the examples that the gate asks for, with what they say of one risk said of the provider's own too."""
    registry = build_registry(rules.facts_schemas)
    wanted = {r.evidence.kind for r in rules.spec(GATE).requirements() if r.evidence is not None}
    paths = [*sorted((_EXAMPLES / "evidence").glob("*.json")), *(_INSPECT / name for name in _LOGS)]
    for path in paths:
        read = read_evidence(path, path.name, registry)
        if read.kind not in wanted or ".weak" in path.name:
            continue
        produced = min(read.produced_at or NOW, NOW - timedelta(hours=2))
        yield Evidence(
            id=path.name,
            sha256=path.name.ljust(64),
            filename=path.name,
            received_at=produced + timedelta(hours=1),
            submitter="mira",
            reading=Reading.READ,
            extraction=replace(read, produced_at=produced, facts=_for_own_risks(dict(read.facts))),
        )


def _for_own_risks(value: Any) -> Any:
    """Return facts in which every list of entries by `risk` has those of `_LIKE` once more for each own risk."""
    if isinstance(value, dict):
        return {name: _for_own_risks(one) for name, one in value.items()}
    if not isinstance(value, list):
        return value
    like = [one for one in value if isinstance(one, dict) and one.get("risk") == _LIKE]
    return [*map(_for_own_risks, value), *(one | {"risk": name} for name in OWN_RISKS for one in like)]


def _kept(rule: str) -> TimeLimit:
    """Return a time limit that was kept."""
    due_at = NOW - timedelta(days=3)
    return TimeLimit(rule, None, "met", due_at - timedelta(days=9), None, due_at, due_at - timedelta(days=2))
