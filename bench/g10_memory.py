"""G10: memory of the engine process."""

from __future__ import annotations

import subprocess
import sys
from itertools import count

import psutil

from bench.load import Job, run_load
from bench.report import Claim, Result
from bench.servers import Server, engine_arguments, running
from bench.sizes import Sizes
from bench.world import GATE, event_body, open_world, populate

_MODULES = (
    "import sys, pratique.web.serve; "
    "print(sorted({name.partition('.')[0] for name in sys.modules} & {'prefect', 'flows', 'tasks', 'apprise'}))"
)
_PARTS = 6  #: stretches of the soak; the last half is what must be flat


def run(sizes: Sizes) -> Result:
    """Measure the resident memory at rest, with many open gates, and over a soak."""
    result = Result(
        "G10",
        "memory",
        "Resident memory of the real engine process: after its start, after events opened many gates, and over a "
        "soak of events that open and join gates. Bytes an open gate: growth of the resident memory while gates "
        "open, the database's page cache (16 MiB at most) and SQLite's own included.",
    )
    with open_world(50) as world:
        versions = populate(world, 16)
        world.parts.ledger.close()
        with running(*engine_arguments(world.environment)) as engine:
            headers = ("Content-Type: application/cloudevents+json", f"Authorization: Bearer {world.token('pipeline')}")
            _measure(result, engine, headers, versions, sizes)
    imported = subprocess.run([sys.executable, "-c", _MODULES], capture_output=True, text=True, check=True).stdout
    result.notes.append(f"Of prefect, flows, tasks and apprise the engine's modules import: {imported.strip()}.")
    result.claims.append(
        Claim(what="modules of Prefect and of flows imported", measured=float(imported.count("'")), at_most=0, unit="")
    )
    return result


def _measure(result: Result, engine: Server, headers: tuple[str, ...], versions: list[str], sizes: Sizes) -> None:
    process = psutil.Process(engine.process.pid)
    numbers = count()

    def send(requests: int, opens: int) -> None:
        bodies = []
        for _ in range(requests):
            number = next(numbers)
            occasion = f"o{number}" if number % opens == 0 else "joined"
            bodies.append(event_body(number, versions[number % len(versions)], occasion, GATE).decode())
        run_load(Job(port=engine.port, clients=8, path="/v1/events", bodies=bodies, headers=headers))

    at_start = process.memory_info().rss
    stretch = max(sizes.soak_requests // _PARTS, 8)
    send(stretch, 1)
    warm = process.memory_info().rss
    send(stretch, 1)
    opened = process.memory_info().rss
    seen = []
    for _ in range(_PARTS):
        send(stretch, 4)
        seen.append(process.memory_info().rss)
    growth = max(seen[_PARTS // 2 :]) / seen[_PARTS // 2 - 1]
    mib = ", ".join(f"{rss / 2**20:.1f}" for rss in (at_start, warm, opened, *seen))
    result.notes.append(
        f"Resident MiB at the start, after {stretch} and {2 * stretch} opened gates, then after each {stretch} events "
        f"of the soak: {mib}."
    )
    result.claims += [
        Claim(what="resident memory at the start", measured=at_start / 1e6, at_most=150, unit="MB"),
        Claim(what="resident memory after the soak", measured=seen[-1] / 1e6, at_most=150, unit="MB"),
        Claim(what="resident bytes an open gate", measured=max(0, opened - warm) / stretch, at_most=1000, unit="bytes"),
        Claim(what="soak: most in the second half / end of the first", measured=growth, at_most=1.03),
    ]
