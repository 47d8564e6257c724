"""What one flow run costs, in the worker and in the Prefect server."""

from __future__ import annotations

import sqlite3
import sys
import time
from pathlib import Path

import psutil

from bench.load import Job, run_load
from bench.measure import cpu_of
from bench.report import Claim, Figure, Result, number
from bench.servers import Server, free_port, running
from bench.sizes import Sizes
from bench.world import GATE, World, event_body, open_world, populate

WAIT_SECONDS = 240.0
#: A word of each process's command line.
_PROCESSES = {"engine": "pratique.web.serve", "worker": "embedded_worker", "Prefect server": "prefect_server"}


def run(sizes: Sizes) -> Result:
    """Measure the flow runs that events cause under `pratique up`."""
    result = Result(
        "flow",
        "one flow run",
        f"`pratique up` with its worker and the Prefect server; {sizes.flows} events open a gate each (50 criteria, "
        "all met), each causes one run of the training flow with its two checkpoint subflows and tasks. From the "
        "first event to the end of the last run, after one run to warm up.",
        columns=("CPU ms/run",),
    )
    with open_world(50) as world:
        versions = populate(world, sizes.flows + 1)
        world.parts.ledger.close()
        port = free_port()
        environment = {
            **world.environment,
            "PRATIQUE_PORT": str(port),
            "PRATIQUE_PREFECT__PORT": str(free_port()),
            "PRATIQUE_SWEEP_SECONDS": "3600",
        }
        with running([str(Path(sys.executable).parent / "pratique"), "up"], port, environment) as up:
            _measure(result, world, up, versions, sizes.flows)
    return result


def _measure(result: Result, world: World, up: Server, versions: list[str], flows: int) -> None:
    _send(world, up, versions[:1], 0)
    _wait(world, 1)
    processes = _find(up)
    before = {name: cpu_of(pid) for name, pid in processes.items()}
    began = time.perf_counter()
    _send(world, up, versions[1:], 1)
    answered = time.perf_counter() - began
    _wait(world, 1 + flows)
    wall = time.perf_counter() - began
    used = {name: (cpu_of(pid) - before[name]) / flows for name, pid in processes.items()}
    result.figures = [Figure(name, (number(seconds * 1e3),)) for name, seconds in used.items()]
    result.notes.append(
        f"{flows} events were answered after {answered * 1e3:.0f} ms; their {flows} runs had ended after {wall:.1f} s: "
        f"{wall / flows:.2f} s a run, one at a time."
    )
    ratio = sum(used.values()) / used["engine"]
    result.claims.append(Claim(what="CPU of an event with its flow run, all processes / engine alone", measured=ratio))


def _send(world: World, up: Server, versions: list[str], first: int) -> None:
    headers = ("Content-Type: application/cloudevents+json", f"Authorization: Bearer {world.token('pipeline')}")
    bodies = [event_body(first + n, version, "default", GATE).decode() for n, version in enumerate(versions)]
    run_load(Job(port=up.port, clients=1, path="/v1/events", bodies=bodies, headers=headers))


def _wait(world: World, count: int) -> None:
    connection = sqlite3.connect(world.root / "data" / "ledger.db")
    ends_at = time.monotonic() + WAIT_SECONDS
    try:
        while True:
            done: int = connection.execute("SELECT count(*) FROM flow_run WHERE ended_at IS NOT NULL").fetchone()[0]
            if done >= count:
                return
            if time.monotonic() > ends_at:
                raise RuntimeError(f"{done} of {count} flow runs ended within {WAIT_SECONDS:.0f} s")
            time.sleep(0.02)
    finally:
        connection.close()


def _find(up: Server) -> dict[str, int]:
    found = {}
    for child in psutil.Process(up.process.pid).children(recursive=True):
        line = " ".join(child.cmdline())
        found.update({name: child.pid for name, word in _PROCESSES.items() if word in line})
    return found
