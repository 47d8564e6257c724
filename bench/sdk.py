"""What the SDK costs: `trigger` beside a bare HTTP POST of the same bytes, on the real engine process."""

from __future__ import annotations

import asyncio
import http.client
import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from itertools import count

from bench.g1_ingest import VERSIONS
from bench.measure import Sample, Series, interleave, timed
from bench.report import Claim, Figure, Result, load_average, number
from bench.servers import engine_arguments, running
from bench.sizes import Sizes
from bench.world import GATE, MODEL, World, open_world, populate
from pratique.client import AsyncClient, Client
from pratique.client.events import Trigger

SYNC, ASYNC = "Client().trigger(...)", "AsyncClient().trigger(...), one after the other"
BARE, KEPT = "bare POST of the same event, a connection each (http.client)", "the same, one connection kept"


def run(sizes: Sizes) -> Result:
    """Measure calls one after the other, side by side."""
    result = Result(
        "sdk",
        "trigger in the SDK",
        "One caller, one call after the other, on the engine as `pratique up` starts it; each event joins a gate of 50 "
        "criteria and is answered with every finding. The bare POST sends the bytes that the SDK sends, made "
        "beforehand, and reads the bytes of the answer; the SDK makes the event, parses the answer and gives typed "
        "findings. CPU is the caller's.",
        columns=("caller's CPU µs/op", "wall µs/op", "ops/s"),
    )
    with open_world(50) as world, ExitStack() as stack:
        versions = populate(world, VERSIONS)
        world.parts.ledger.close()  # one engine at a time writes
        server = stack.enter_context(running(*engine_arguments(world.environment)))
        found = _measured(world, server.port, versions, sizes)
    for name, series in found.items():
        cells = (series.cpu_us, series.wall_us, 1e6 / series.wall_us)
        result.figures.append(Figure(name, tuple(map(number, cells))))
    for name in (SYNC, ASYNC):
        for other in (BARE, KEPT):
            what = f"{name} / {other}"
            result.claims.append(Claim(what=f"{what}: wall", measured=found[name].wall_ratio(found[other])))
    result.claims.append(Claim(what=f"{SYNC} / {BARE}: caller's CPU", measured=found[SYNC].cpu_ratio(found[BARE])))
    result.notes.append(f"Load average in the end {load_average()}, of which the bench itself is some 1.")
    return result


def _measured(world: World, port: int, versions: list[str], sizes: Sizes) -> dict[str, Series]:
    url, token, numbers, calls = f"http://127.0.0.1:{port}", world.token("pipeline"), count(), sizes.requests // 4
    client = Client(url, token)
    ready: list[bytes] = []

    def version() -> str:
        return versions[next(numbers) % len(versions)]

    def sdk() -> None:
        client.trigger(GATE, model=MODEL, version=version(), occasion="joined")

    def bare(connection: http.client.HTTPConnection | None = None) -> None:
        body = ready.pop()
        used = connection or http.client.HTTPConnection("127.0.0.1", port)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/cloudevents+json"}
        used.request("POST", "/v1/events", body, headers)
        answer = used.getresponse()
        told = answer.read()
        if answer.status != http.client.OK:
            raise RuntimeError(f"{answer.status} {told[:300]!r}")
        if connection is None:
            used.close()

    def bare_calls(*, is_kept: bool) -> Sample:
        ready[:] = [_as_sdk_sends(version()) for _ in range(calls)]  # made beforehand
        kept = http.client.HTTPConnection("127.0.0.1", port) if is_kept else None
        try:
            return timed(lambda: bare(kept), calls)
        finally:
            if kept is not None:
                kept.close()

    async def several() -> None:
        async with AsyncClient(url, token) as twin:
            for _ in range(calls):
                await twin.trigger(GATE, model=MODEL, version=version(), occasion="joined")

    def twins() -> Sample:
        cpu, wall = time.process_time(), time.perf_counter()
        asyncio.run(several())
        return Sample(time.process_time() - cpu, time.perf_counter() - wall, calls)

    contenders: dict[str, Callable[[], Sample]] = {
        SYNC: lambda: timed(sdk, calls),
        BARE: lambda: bare_calls(is_kept=False),
        KEPT: lambda: bare_calls(is_kept=True),
        ASYNC: twins,
    }
    for one in contenders.values():
        one()
    return interleave(contenders, sizes.rounds)


def _as_sdk_sends(version: str) -> bytes:
    trigger = Trigger(gate=GATE, model=MODEL, version=version, occasion="joined")
    return json.dumps(trigger.as_event().as_cloudevent()).encode()
