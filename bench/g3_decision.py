"""G3: what a decision costs in process."""

from __future__ import annotations

from functools import partial
from itertools import count
from typing import Any

from cel_expr_python import cel

from bench.measure import Sample, each, interleave, quantile, timed
from bench.report import Claim, Result
from bench.sizes import Sizes
from bench.world import FILES, GATE, World, criterion, event_body, facts_of, open_world, populate
from pratique.criteria import CelCriteria
from pratique.domain.evaluation import Situation, evaluate
from pratique.domain.events import parse_structured
from pratique.services.events import record_event
from pratique.services.loaded_run import load_run

CRITERIA = 50


def run(sizes: Sizes) -> Result:
    """Measure the evaluation alone, then whole decisions."""
    result = Result(
        "G3",
        "decision",
        f"`evaluate()` on a gate of {CRITERIA} CEL criteria over {FILES} evidence files, beside the bare loop over "
        "compiled programs and one shared Activation. *New evidence*: no file was ever judged before, beside the "
        "loop with a new Activation each time. Then whole decisions through the ledger, each alone in its durable "
        "commit: an event that opens a gate (50 criteria, notices, work for the flow), one that joins it.",
    )
    with open_world(CRITERIA) as world:
        versions = populate(world, 8, CRITERIA)
        _evaluations(result, world, versions[0], sizes)
        _decisions(result, world, versions, sizes)
    return result


def _evaluations(result: Result, world: World, version: str, sizes: Sizes) -> None:
    situation = _situation(world, version)
    spec = world.parts.rules.specs[GATE]
    now = world.parts.ledger.clock()
    n = sizes.evaluations
    environment, programs = _compiled()
    facts = {k: v for file in range(FILES) for k, v in facts_of(file, CRITERIA).items()}
    values = {"facts": facts, "profile": dict(situation.profile)}
    shared = environment.Activation(values)

    def loop(activation: Any) -> None:
        for program in programs:
            if program.eval(activation).value() is not True:
                raise AssertionError("the bench criteria hold")

    def known() -> None:
        if not evaluate(spec, situation, world.parts.criteria, now).is_ready:
            raise AssertionError("the bench gate is ready")

    def unknown() -> None:
        evaluate(spec, situation, fresh, now)

    fresh = CelCriteria()
    evaluate(spec, situation, fresh, now)  # programs are compiled once a process

    def forget() -> Sample:
        total = Sample(0, 0, 0)
        for _ in range(n // 10):
            fresh._bindings.clear()
            taken = timed(unknown, 1)
            total = Sample(total.cpu + taken.cpu, total.wall + taken.wall, total.count + 1)
        return total

    found = interleave(
        {
            "bare loop, shared Activation": lambda: timed(lambda: loop(shared), n),
            "bare loop, new Activation": lambda: timed(lambda: loop(environment.Activation(values)), n),
            "evaluate(), evidence seen before": lambda: timed(known, n),
            "evaluate(), new evidence": forget,
        },
        sizes.rounds,
    )
    for name, series in found.items():
        result.add(name, series)
    known_series, bare = found["evaluate(), evidence seen before"], found["bare loop, shared Activation"]
    new_series, bare_new = found["evaluate(), new evidence"], found["bare loop, new Activation"]
    result.claims += [
        Claim(what="evaluation / bare shared-Activation loop, CPU", measured=known_series.cpu_ratio(bare), at_most=1.5),
        Claim(
            what="evaluation of new evidence / bare loop with a new Activation", measured=new_series.cpu_ratio(bare_new)
        ),
    ]


def _decisions(result: Result, world: World, versions: list[str], sizes: Sizes) -> None:
    numbers = count()

    def decide(occasion: str) -> None:
        number = next(numbers)
        body = event_body(number, versions[number % len(versions)], occasion.format(number))
        event = parse_structured(body)
        world.parts.ledger.write("bench", partial(record_event, parts=world.parts, event=event))

    for _ in versions:
        decide("joined")
    kinds = {"opens a gate": "o{}", "joins a gate": "joined"}
    taken: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(sizes.rounds):
        for kind, occasion in kinds.items():
            taken[kind] += each(partial(decide, occasion), sizes.decisions)
    for kind, values in taken.items():
        p50, p99 = quantile(values, 0.5), quantile(values, 0.99)
        result.notes.append(f"Whole decision, event {kind}: p50 {p50:.2f} ms, p99 {p99:.2f} ms ({len(values)} events).")
        result.claims += [
            Claim(what=f"whole decision that {kind}, p50", measured=p50, at_most=2, unit="ms"),
            Claim(what=f"whole decision that {kind}, p99", measured=p99, at_most=10, unit="ms"),
        ]


def _situation(world: World, version: str) -> Situation:
    parts = world.parts
    event = parse_structured(event_body(-1, version, "situation"))
    answer = parts.ledger.write("bench", partial(record_event, parts=parts, event=event))
    with parts.ledger.read() as reader:
        return load_run(reader, parts, answer.body["gates"][0]["gate_run"], parts.ledger.clock()).situation


def _compiled() -> tuple[Any, list[Any]]:
    value = cel.Type.Map(cel.Type.STRING, cel.Type.DYN)
    environment = cel.NewEnv(variables={"facts": value, "profile": value})
    return environment, [environment.compile(criterion(number)) for number in range(CRITERIA)]
