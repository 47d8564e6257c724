"""G3: what a decision costs in process."""

from __future__ import annotations

from functools import partial
from itertools import count

from bench.g3_evaluation import CRITERIA, RISKS, evaluations
from bench.measure import each, quantile
from bench.report import Claim, Result
from bench.sizes import Sizes
from bench.world import FILES, World, event_body, open_world, populate
from pratique.domain.events import parse_structured
from pratique.services.events import record_event


def run(sizes: Sizes) -> Result:
    """Measure the evaluation alone, then whole decisions."""
    result = Result(
        "G3",
        "decision",
        f"A gate of {CRITERIA} CEL criteria over {FILES} evidence files, beside the bare loop over compiled programs "
        "and one shared Activation. *Engine*: as a command evaluates, with the memory of verdicts; findings and "
        "digests are those of `evaluate()`. *One file is new*: each evaluation has one file that was never judged. "
        "*Every file new*: none was ever judged, as once after a restart, beside the loop with a new Activation each "
        f"time. Then the same criteria asked for each of {RISKS} systemic risks, {CRITERIA * RISKS} requirements that "
        f"select among {FILES * RISKS} files. Then whole decisions through the ledger, each alone in its durable "
        "commit: an event that opens a gate (50 criteria, notices, work for the flow), one that joins it.",
    )
    evaluations(result, sizes)
    with open_world(CRITERIA) as world:
        versions = populate(world, 8, CRITERIA)
        _decisions(result, world, versions, sizes)
    return result


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
