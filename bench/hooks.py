"""What a tool waits for that reports by a hook, on the real engine process, while deliveries are settled behind it."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

import yaml

from bench.g1_ingest import VERSIONS, fsync_probe
from bench.load import Job, run_load
from bench.measure import Sample, Series, quantile
from bench.report import Claim, Figure, Result, load_average, number
from bench.servers import Server, engine_arguments, running
from bench.sizes import Sizes
from bench.world import GATE, MODEL, World, event_body, open_world, populate

#: One sender alone, and as many as the claims are about.
CLIENTS = (1, 32)
SECRET = "bench-hook-secret"
NOOP = "no-op request (GET /healthz on the engine)"
IGNORED = "delivery that a rule ignores"
JOINS = "delivery that joins a gate of 50 criteria"
EVENT = "event that joins the same gate (POST /v1/events, answered with every finding)"
_PADDING = "x" * 6000  #: a delivery of GitHub has 7 to 25 kB, most of it about the repository
_direct = build_opener(ProxyHandler({}))


@dataclass
class Taken:
    """What so many clients met."""

    series: Series = field(default_factory=Series)
    latencies: list[float] = field(default_factory=list)  #: milliseconds
    settled: list[float] = field(default_factory=list)  #: deliveries a second, to the end of the last one


@dataclass
class Contender:
    """One kind of request."""

    path: str
    headers: tuple[str, ...] = ()
    action: str = ""  #: of the delivery; empty: no delivery
    taken: dict[int, Taken] = field(default_factory=lambda: defaultdict(Taken))  #: by clients


def run(sizes: Sizes) -> Result:
    """Measure answers to hooks beside the engine's own no-op and the same event without a hook."""
    result = Result(
        "hooks",
        "answers to hooks",
        "The engine as `pratique up` starts it (uvicorn, SQLite with synchronous=FULL), clients in a process of "
        "their own with keep-alive connections, each sending its next request when the answer has come. Each delivery "
        "is a signed deployment protection rule of GitHub, 6 kB: its HMAC is checked, it is kept as it came, and "
        "answered after the durable commit. What it says is settled by the engine's lane meanwhile, on the same two "
        "cores. CPU is the server's, with what it settles.",
        columns=("clients", "server CPU µs/op", "ops/s", "p50 ms", "p99 ms", "max ms", "settled/s"),
    )
    with open_world(50) as world, ExitStack() as stack:
        versions = populate(world, VERSIONS)
        world.parts.ledger.close()  # one engine at a time writes
        _write_source(world)
        server = stack.enter_context(running(*engine_arguments({**world.environment, "HOOK_BENCH_SECRET": SECRET})))
        contenders = _contenders(world)
        fsync = _rounds(contenders, server, versions, world, sizes)
    _tell(result, contenders, fsync)
    return result


def _write_source(world: World) -> None:
    source = {
        "format": "pratique.hook/1",
        "source": "forge",
        "kind": "github",
        "secrets": [{"env": "HOOK_BENCH_SECRET"}],
        "ignore": [{"id": "idle", "when": 'body.action == "idle"', "reason": "nothing to do"}],
        "map": [
            {
                "id": "deployment-asks",
                "when": 'headers["x-github-event"] == "deployment_protection_rule" && body.action == "requested"',
                "type": '"pratique.gate.triggered"',
                "model": "body.deployment.payload.model",
                "version": "body.deployment.payload.version",
                "occasion": "body.deployment.sha",
                "data": {"gate": f'"{GATE}"'},
            }
        ],
    }
    folder = world.root / "config" / "hooks"
    folder.mkdir()
    (folder / "forge.yaml").write_text(yaml.safe_dump(source, sort_keys=False))


def _contenders(world: World) -> dict[str, Contender]:
    event = ("Content-Type: application/cloudevents+json", f"Authorization: Bearer {world.token('pipeline')}")
    forge = ("Content-Type: application/json", "X-GitHub-Event: deployment_protection_rule")
    return {
        NOOP: Contender("/healthz"),
        IGNORED: Contender("/v1/hooks/forge", forge, "idle"),
        JOINS: Contender("/v1/hooks/forge", forge, "requested"),
        EVENT: Contender("/v1/events", event),
    }


def _rounds(
    contenders: dict[str, Contender], server: Server, versions: list[str], world: World, sizes: Sizes
) -> list[float]:
    numbers = count()
    fsync: list[float] = []
    for contender in contenders.values():  # warms up
        _round(contender, server, versions, world.token("pipeline"), max(CLIENTS), sizes.requests, numbers)
        contender.taken.clear()
    for _ in range(sizes.rounds):
        for clients in CLIENTS:
            for contender in contenders.values():
                requests = sizes.requests if clients > 1 else max(sizes.requests // 5, 10)
                _round(contender, server, versions, world.token("pipeline"), clients, requests, numbers)
        fsync += fsync_probe(world.root, max(sizes.requests // 10, 10))
    return fsync


def _round(
    contender: Contender,
    server: Server,
    versions: list[str],
    token: str,
    clients: int,
    requests: int,
    numbers: Iterator[int],
) -> None:
    taken = [(next(numbers), versions[index % len(versions)]) for index in range(requests)]
    bodies = [] if contender.path == "/healthz" else [_body(contender, *one) for one in taken]
    signed = [_signature(body) for body in bodies] if contender.action else []
    before, began = server.cpu, time.perf_counter()
    seen = run_load(
        Job(
            port=server.port,
            clients=clients,
            path=contender.path,
            bodies=bodies,
            gets=requests,
            headers=contender.headers,
            own_headers=signed,
        )
    )
    if contender.action:
        _await_settled(server, token)
        contender.taken[clients].settled.append(requests / (time.perf_counter() - began))
    contender.taken[clients].series.samples.append(Sample(server.cpu - before, seen.wall, requests))
    contender.taken[clients].latencies += seen.latencies


def _body(contender: Contender, index: int, version: str) -> str:
    if not contender.action:
        return event_body(index, version, "joined").decode()
    body: dict[str, Any] = {
        "action": contender.action,
        "environment": "production",
        "event": "push",
        "deployment_callback_url": "https://api.github.com/repos/acme/models/actions/runs/7/deployment_protection_rule",
        "deployment": {"id": index, "sha": "joined", "ref": "main", "payload": {"model": MODEL, "version": version}},
        "repository": {"full_name": "acme/models", "description": _PADDING},
        "installation": {"id": 99},
    }
    return json.dumps(body)


def _signature(body: str) -> str:
    made = hmac.new(SECRET.encode(), body.encode(), hashlib.sha256).hexdigest()
    return f"X-Hub-Signature-256: sha256={made}"


def _await_settled(server: Server, token: str) -> None:
    """Return when no delivery waits: what is settled late must not slow the next contender down."""
    asked = Request(f"{server.url}/v1/hooks?state=received&limit=1", headers={"Authorization": f"Bearer {token}"})
    while True:
        with _direct.open(asked, timeout=30) as reply:
            if not json.load(reply)["items"]:
                return
        time.sleep(0.02)


def _tell(result: Result, contenders: dict[str, Contender], fsync: list[float]) -> None:
    for name, contender in contenders.items():
        for clients, one in contender.taken.items():
            settled = number(quantile(one.settled, 0.5)) if one.settled else "-"
            spread = (quantile(one.latencies, share) for share in (0.5, 0.99, 1.0))
            cells = (str(clients), *map(number, (one.series.cpu_us, 1e6 / one.series.wall_us, *spread)), settled)
            result.figures.append(Figure(name, cells))
    result.notes.append(
        f"4 KiB write + fdatasync in the same run: p50 {quantile(fsync, 0.5):.2f} ms, p99 {quantile(fsync, 0.99):.2f} "
        f"ms; load average in the end {load_average()}, of which the bench itself is some 1.5."
    )
    for name in (IGNORED, JOINS):
        for clients in CLIENTS:
            result.claims += _claims(contenders, name, clients)


def _claims(contenders: dict[str, Contender], name: str, clients: int) -> Iterator[Claim]:
    for label, share in (("p50", 0.5), ("p99", 0.99)):
        ours, noop = (quantile(contenders[one].taken[clients].latencies, share) for one in (name, NOOP))
        what = f"{name}: {label}, {clients} client{'s' if clients > 1 else ''}"
        yield Claim(what=what, measured=ours, unit="ms")
        yield Claim(what=f"{what} / no-op", measured=ours / noop)
