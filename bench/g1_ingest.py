"""G1: events over HTTP, on the real engine process."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import median

from bench.load import Job, run_load
from bench.measure import Sample, Series, quantile
from bench.report import Claim, Figure, Result, number
from bench.servers import Server, engine_arguments, free_port, running
from bench.sizes import Sizes
from bench.world import GATE, SMALL_GATE, World, event_body, open_world, populate

#: Model versions that events speak of; their evidence is judged again and again, as in a training run.
VERSIONS = 32
NOOP = "no-op request (GET /healthz on the engine)"
JOIN = "event joins a gate of 50 criteria"
OPEN = "event opens a gate of 50 criteria"
SMALL = "event joins a gate of 3 criteria"
PLAIN = "plain FastAPI + SQLModel, no criteria"


@dataclass
class Contender:
    """One kind of request to one server."""

    server: Server
    path: str
    headers: tuple[str, ...] = ()
    gate: str = ""
    opens: bool = False
    series: dict[int, Series] = field(default_factory=lambda: defaultdict(Series))
    latencies: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))


def run(sizes: Sizes) -> Result:
    """Measure the engine beside its own no-op and a plain handler, with 1, 16 and 64 clients."""
    result = Result(
        "G1",
        "ingest over HTTP",
        "The engine as `pratique up` starts it (uvicorn, SQLite with synchronous=FULL), clients in a process of "
        "their own with keep-alive connections. Each event is authenticated, deduplicated, opens or joins a gate, is "
        "evaluated against the evidence of its model version and answered with every finding after the durable "
        "commit. The plain handler writes an event, a gate and three chained entries by SQLModel and judges nothing. "
        "CPU is the server's.",
        columns=("clients", "server CPU µs/op", "ops/s", "p50 ms", "p99 ms"),
    )
    with open_world(50) as world, ExitStack() as stack:
        versions = populate(world, VERSIONS)
        world.parts.ledger.close()  # one engine at a time writes
        contenders = _contenders(world, stack)
        fsync = _rounds(contenders, versions, world.root, sizes)
    _tell(result, contenders, fsync, sizes)
    return result


def _contenders(world: World, stack: ExitStack) -> dict[str, Contender]:
    engine = stack.enter_context(running(*engine_arguments(world.environment)))
    port = free_port()
    plain = stack.enter_context(running(["-m", "bench.peers.plain_app", str(port), str(world.root / "plain.db")], port))
    event = ("Content-Type: application/cloudevents+json", f"Authorization: Bearer {world.token('pipeline')}")
    return {
        NOOP: Contender(engine, "/healthz"),
        JOIN: Contender(engine, "/v1/events", event, GATE),
        OPEN: Contender(engine, "/v1/events", event, GATE, opens=True),
        SMALL: Contender(engine, "/v1/events", event, SMALL_GATE),
        PLAIN: Contender(plain, "/v1/events", ("Content-Type: application/json",), GATE),
    }


def _rounds(contenders: dict[str, Contender], versions: list[str], root: Path, sizes: Sizes) -> list[float]:
    numbers = count()
    for contender in contenders.values():
        _round(contender, 4, max(len(versions) * 2, 8), versions, numbers)
        contender.series.clear()
        contender.latencies.clear()
    fsync: list[float] = []
    for _ in range(sizes.rounds):
        fsync += fsync_probe(root, max(sizes.requests // 10, 10))
        for clients in sizes.clients:
            for contender in contenders.values():
                _round(contender, clients, sizes.requests, versions, numbers)
    return fsync


def _round(contender: Contender, clients: int, requests: int, versions: list[str], numbers: Iterator[int]) -> None:
    bodies = [_body(contender, next(numbers), versions) for _ in range(requests)] if contender.gate else []
    job = Job(
        port=contender.server.port,
        clients=clients,
        path=contender.path,
        bodies=bodies,
        gets=requests,
        headers=contender.headers,
    )
    before = contender.server.cpu
    seen = run_load(job)
    sample = Sample(contender.server.cpu - before, seen.wall, requests)
    contender.series[clients].samples.append(sample)
    contender.latencies[clients] += seen.latencies


def _body(contender: Contender, number: int, versions: list[str]) -> str:
    occasion = f"o{number}" if contender.opens else "joined"
    return event_body(number, versions[number % len(versions)], occasion, contender.gate).decode()


def fsync_probe(root: Path, times: int) -> list[float]:
    """Return the milliseconds that writing 4 KiB and fdatasync take, each."""
    taken: list[float] = []
    descriptor = os.open(root / "probe", os.O_CREAT | os.O_WRONLY)
    try:
        for _ in range(times):
            began = time.perf_counter()
            os.write(descriptor, b"x" * 4096)
            os.fdatasync(descriptor)
            taken.append((time.perf_counter() - began) * 1e3)
    finally:
        os.close(descriptor)
    return taken


def _tell(result: Result, contenders: dict[str, Contender], fsync: list[float], sizes: Sizes) -> None:
    for name, contender in contenders.items():
        for clients, series in contender.series.items():
            latencies = contender.latencies[clients]
            cells = (series.cpu_us, 1e6 / series.wall_us, quantile(latencies, 0.5), quantile(latencies, 0.99))
            result.figures.append(Figure(name, (str(clients), *map(number, cells))))
    probe = quantile(fsync, 0.5)
    result.notes.append(
        f"4 KiB write + fdatasync in the same run: p50 {probe:.2f} ms, p99 {quantile(fsync, 0.99):.2f} ms."
    )
    middle = sizes.clients[min(1, len(sizes.clients) - 1)]
    result.claims += _claims(contenders, probe, sizes.clients[0], middle)


def _claims(contenders: dict[str, Contender], probe: float, one: int, many: int) -> Iterator[Claim]:
    noop, plain = contenders[NOOP].series[many], contenders[PLAIN].series[many]
    for name, limit in ((SMALL, 3), (JOIN, 7), (OPEN, 7)):
        ratio = contenders[name].series[many].cpu_ratio(noop)
        yield Claim(what=f"{name}: server CPU / no-op, {many} clients", measured=ratio, at_most=limit)
    for name in (JOIN, OPEN):
        ratio = plain.wall_ratio(contenders[name].series[many])
        yield Claim(what=f"{name}: throughput / plain FastAPI + SQLModel, {many} clients", measured=ratio, at_least=4)
        cpu = plain.cpu_ratio(contenders[name].series[many])
        yield Claim(what=f"{name}: plain's CPU / ours, {many} clients", measured=cpu)
    for name in (JOIN, OPEN):
        p50 = median(contenders[name].latencies[one])
        yield Claim(what=f"{name}: p50 / fdatasync p50, {one} client", measured=p50 / probe, at_most=5)
        taken = contenders[name].latencies[many]
        tail = quantile(taken, 0.99) / quantile(taken, 0.5)
        yield Claim(what=f"{name}: p99 / p50, {many} clients", measured=tail, at_most=5)
