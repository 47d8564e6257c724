"""The lane of deliveries: one source whose tool is slow holds up no other, and nothing is lost or done twice."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from typing import Any

import pytest

from pratique.web import hook_lane
from pratique.web.hook_lane import WORKERS, HookLane


def run_lane(settled: Any, puts: list[tuple[str, str]], until: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hook_lane, "settle", settled)

    async def scene() -> None:
        lane = HookLane(None)  # type: ignore[arg-type]  # only what settles looks at it
        for source, delivery in puts:
            lane.put(source, delivery)
        running = asyncio.create_task(lane.run())
        try:
            await asyncio.wait_for(until(lane), 10)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    asyncio.run(scene())


def test_a_slow_source_leaves_workers_to_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, settled = threading.Event(), Counter[str]()

    def settle(_parts: Any, delivery: str) -> None:
        if delivery.startswith("slow"):
            go_on.wait(10)
        settled[delivery] += 1

    puts = [("mlflow", f"slow-{n}") for n in range(3 * WORKERS)] + [("github", f"quick-{n}") for n in range(5)]

    async def until(lane: HookLane) -> None:
        try:
            while sum(settled.values()) < 5:  # noqa: ASYNC110 - threads count
                await asyncio.sleep(0.01)
            assert {name[:5] for name in settled} == {"quick"}
        finally:
            go_on.set()
        await lane.join()

    run_lane(settle, puts, until, monkeypatch)
    assert settled == {delivery: 1 for _, delivery in puts}


def test_a_delivery_that_breaks_ends_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    settled = Counter[str]()

    def settle(_parts: Any, delivery: str) -> None:
        settled[delivery] += 1
        raise RuntimeError("broken")

    puts = [(f"source-{n % 2}", f"d-{n}") for n in range(20)]
    run_lane(settle, puts, lambda lane: lane.join(), monkeypatch)
    assert settled == {delivery: 1 for _, delivery in puts}
