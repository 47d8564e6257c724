"""G3: what evaluating a gate costs, beside the bare loop and for a gate of several hundred requirements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from cel_expr_python import cel

from bench.measure import Sample, each, interleave, quantile, timed
from bench.report import Claim, Result
from bench.sizes import Sizes
from bench.world import FILES, GATE, criterion, facts_of, gate_document, requirement
from pratique.criteria import CelCriteria
from pratique.domain.evaluation import Evaluation, Situation, evaluate
from pratique.domain.evidence import Evidence, Extraction, Reading
from pratique.domain.models import ModelProfile
from pratique.domain.spec import GateSpec
from pratique.services.evaluation_memory import EvaluationMemory

CRITERIA = 50
#: Each requirement is asked once for each systemic risk that was identified, each with its own evidence.
RISKS = 8
#: Half way between two instants at which anything could run out.
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
_BARE, _BARE_NEW = "bare loop, shared Activation", "bare loop, new Activation"
_SAME = "engine, nothing changed but the time"
_ONE = "engine, one file is new"
_PLAIN = "evaluate(), nothing remembered but bound evidence"
_NEW = "evaluate(), every file new"
#: What a gate of several hundred requirements may take, in milliseconds; after a restart every file is new once.
_LIMIT_MS = {_SAME: 5.0, _ONE: 5.0, _PLAIN: 5.0}


def evaluations(result: Result, sizes: Sizes) -> None:
    """Measure a gate of 50 criteria beside bare loops, then one of 400."""
    case = _Case(_spec(1), _evidence(1))
    environment, programs = _compiled()
    facts = {k: v for file in range(FILES) for k, v in facts_of(file, CRITERIA).items()}
    values = {"facts": facts, "profile": ModelProfile(systemic_risk=True).as_json()}
    shared = environment.Activation(values)

    def loop(activation: Any) -> None:
        for program in programs:
            if program.eval(activation).value() is not True:
                raise AssertionError("the bench criteria hold")

    n = sizes.evaluations
    found = interleave(
        {
            _BARE: lambda: timed(lambda: loop(shared), n),
            _BARE_NEW: lambda: timed(lambda: loop(environment.Activation(values)), n),
            _SAME: lambda: timed(case.same, n),
            _ONE: lambda: timed(case.one_new, n // 10),
            _PLAIN: lambda: timed(case.plain, n),
            _NEW: lambda: timed(case.all_new, n // 10),
        },
        sizes.rounds,
    )
    for name, series in found.items():
        result.add(name, series)
    ratio = {name: series.cpu_ratio(found[_BARE]) for name, series in found.items()}
    result.claims += [
        Claim(what="evaluation in the engine / bare shared-Activation loop, CPU", measured=ratio[_SAME], at_most=1.5),
        Claim(what="evaluation in the engine with one new file / bare loop", measured=ratio[_ONE]),
        Claim(what="evaluation, nothing remembered but bound evidence / bare loop", measured=ratio[_PLAIN]),
        Claim(
            what="evaluation, every file new / bare loop with a new Activation",
            measured=found[_NEW].cpu_ratio(found[_BARE_NEW]),
        ),
    ]
    _several_hundred(result, sizes)


def _several_hundred(result: Result, sizes: Sizes) -> None:
    case = _Case(_spec(RISKS), _evidence(RISKS))
    ways = {_SAME: case.same, _ONE: case.one_new, _PLAIN: case.plain, _NEW: case.all_new}
    taken: dict[str, list[float]] = {name: [] for name in ways}
    series = interleave(
        {name: _measured(way, taken[name], max(sizes.evaluations // 20, 1)) for name, way in ways.items()}, sizes.rounds
    )
    for name, found in series.items():
        result.add(f"{CRITERIA * RISKS} requirements: {name}", found)
        p50 = quantile(taken[name], 0.5)
        result.claims.append(
            Claim(
                what=f"{CRITERIA * RISKS} requirements: {name}, p50",
                measured=p50,
                at_most=_LIMIT_MS.get(name),
                unit="ms",
            )
        )


def _measured(way: Callable[[], None], taken: list[float], n: int) -> Callable[[], Sample]:
    def work() -> None:
        taken.extend(each(way, n))

    return lambda: timed(work, 1)._replace(count=n)


@dataclass
class _Case:
    """A gate with its evidence, and the ways in which it is judged."""

    spec: GateSpec
    evidence: list[Evidence]

    def __post_init__(self) -> None:
        self.criteria = CelCriteria()
        self.others = CelCriteria()  # its own, so that new files push no bound ones out
        self.memory = EvaluationMemory()
        self.numbers = count()
        self.situation = Situation(
            gate_run="bench",
            spec_digest="0" * 64,
            model="aurora",
            version="1.0",
            profile=ModelProfile(systemic_risk=True).as_json(),
            profile_digest="1" * 64,
            evidence=tuple(self.evidence),
        )
        for way in (self.plain, self.same, self.all_new):
            way()  # programs are compiled once a process

    def same(self) -> None:
        """Judge again a moment later, as an event that joins the gate does."""
        later = NOW + timedelta(milliseconds=next(self.numbers))
        _ready(self.memory.evaluate(self.spec, self.situation, self.criteria, later))

    def one_new(self) -> None:
        """Judge with one file replaced by a newer one."""
        number = next(self.numbers)
        place = number % len(self.evidence)
        evidence = list(self.situation.evidence)
        evidence[place] = _renamed(evidence[place], number)
        self.situation = replace(self.situation, evidence=tuple(evidence))
        _ready(self.memory.evaluate(self.spec, self.situation, self.criteria, NOW))

    def plain(self) -> None:
        """Judge without a memory of verdicts; evidence was bound before."""
        _ready(evaluate(self.spec, self.situation, self.criteria, NOW))

    def all_new(self) -> None:
        """Judge files that were never judged before."""
        number = next(self.numbers)
        evidence = tuple(_renamed(one, number) for one in self.evidence)
        _ready(evaluate(self.spec, replace(self.situation, evidence=evidence), self.others, NOW))


def _ready(evaluation: Evaluation) -> None:
    if not evaluation.is_ready:
        raise AssertionError("the bench gate is ready")


def _renamed(evidence: Evidence, number: int) -> Evidence:
    return replace(evidence, id=f"{evidence.filename}-{number}", sha256=f"{number:064}")


def _spec(risks: int) -> GateSpec:
    document = gate_document(GATE, CRITERIA)
    for checkpoint in document["checkpoints"]:
        numbers = [int(one["id"].rpartition("-")[2]) for one in checkpoint["requirements"]]
        checkpoint["requirements"] = [_of_risk(number, risk, risks) for number in numbers for risk in range(risks)]
    return GateSpec.model_validate(document)


def _of_risk(number: int, risk: int, risks: int) -> dict[str, Any]:
    asked = requirement(number)
    if risks > 1:
        asked["id"] += f"-risk-{risk}"
        asked["evidence"]["select"] = f"facts.risk == 'risk-{risk}'"
    return asked


def _evidence(risks: int) -> list[Evidence]:
    return [_file(file, risk) for file in range(FILES) for risk in range(risks)]


def _file(file: int, risk: int) -> Evidence:
    facts = {**facts_of(file, CRITERIA), "risk": f"risk-{risk}"}
    name = f"bench-{file}-{risk}"
    kind = f"facts.bench-{file}"
    return Evidence(
        id=name,
        sha256=f"{file:032}{risk:032}",
        filename=name,
        received_at=NOW - timedelta(days=1),
        submitter="token:bench",
        reading=Reading.READ,
        extraction=Extraction(kind=kind, collector="facts", collector_version="1", complete=True, facts=facts),
    )


def _compiled() -> tuple[Any, list[Any]]:
    value = cel.Type.Map(cel.Type.STRING, cel.Type.DYN)
    environment = cel.NewEnv(variables={"facts": value, "profile": value})
    return environment, [environment.compile(criterion(number)) for number in range(CRITERIA)]
