"""G8: starting again after kill -9 with many open gates."""

from __future__ import annotations

import sqlite3
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from bench.load import Job, run_load
from bench.report import Claim, Figure, Result, number
from bench.servers import engine_arguments, launch, running, wait_ready
from bench.sizes import Sizes
from bench.world import SMALL_GATE, World, event_body, open_world, populate

WHEN_EMPTY, WHEN_FULL = "empty ledger", "open gates, after kill -9"


def run(sizes: Sizes) -> Result:
    """Measure the time from start to the first acknowledged event, and count what was acknowledged before the kill."""
    result = Result(
        "G8",
        "recovery",
        f"{sizes.recovered:,} gates are opened over HTTP, the engine is killed with SIGKILL after the last answer, "
        "then started again: wall and CPU time from the start of the process to the answer to a first event, beside "
        "the same on a ledger without any gate, in turns.",
        columns=("CPU ms", "wall ms"),
    )
    with ExitStack() as stack:
        empty, full = stack.enter_context(open_world(3)), stack.enter_context(open_world(3))
        for world in (empty, full):
            populate(world, 1, 3)
            world.parts.ledger.close()
        acknowledged = _fill(full, sizes.recovered)
        before = _count(full)
        taken: dict[str, list[tuple[float, float]]] = {WHEN_EMPTY: [], WHEN_FULL: []}
        for turn in range(max(3, sizes.rounds) if sizes.rounds > 1 else 1):
            for name, world in ((WHEN_EMPTY, empty), (WHEN_FULL, full)):
                taken[name].append(_first_answer(world, turn))
        lost = max(0, acknowledged - before)
    for name, pairs in taken.items():
        result.figures.append(Figure(name, tuple(number(median(p[i] for p in pairs) * 1e3) for i in (0, 1))))
    wall = median(f[1] / e[1] for e, f in zip(taken[WHEN_EMPTY], taken[WHEN_FULL], strict=True))
    cpu = median(f[0] / e[0] for e, f in zip(taken[WHEN_EMPTY], taken[WHEN_FULL], strict=True))
    result.claims += [
        Claim(what="first answer after kill -9 / empty cold start, wall", measured=wall, at_most=1.2),
        Claim(what="first answer after kill -9 / empty cold start, CPU", measured=cpu, at_most=1.2),
        Claim(what="acknowledged gates lost", measured=float(lost), at_most=0, unit="gates"),
    ]
    result.notes.append(
        f"{acknowledged:,} events were acknowledged before the kill; the ledger held {before:,} gate runs."
    )
    return result


def _job(world: World, port: int, first: int, requests: int) -> Job:
    return Job(
        port=port,
        clients=16,
        path="/v1/events",
        bodies=[event_body(n, "1.0", f"o{n}", SMALL_GATE).decode() for n in range(first, first + requests)],
        headers=("Content-Type: application/cloudevents+json", f"Authorization: Bearer {world.token('pipeline')}"),
    )


def _fill(world: World, gates: int) -> int:
    """Open gates over HTTP and kill the engine at once after the last answer; return how many were acknowledged."""
    with running(*engine_arguments(world.environment)) as engine:
        seen = run_load(_job(world, engine.port, 0, gates))
        engine.kill()
    return len(seen.latencies)


def _first_answer(world: World, turn: int) -> tuple[float, float]:
    arguments, port, environment = engine_arguments(world.environment)
    began = time.perf_counter()
    engine = launch(arguments, port, environment)
    try:
        wait_ready(engine)
        run_load(_job(world, port, 10**6 + turn, 1))
        return engine.cpu, time.perf_counter() - began
    finally:
        engine.kill()


def _count(world: World) -> int:
    path: Path = world.root / "data" / "ledger.db"
    connection = sqlite3.connect(path)
    found: int = connection.execute("SELECT count(*) FROM gate_run").fetchone()[0]
    connection.close()
    return found
