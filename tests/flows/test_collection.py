"""Collecting on a real Prefect server: a schedule runs it, a source that fails stops no other, an engine may falter."""

from __future__ import annotations

import asyncio
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_engine import FakeEngine
from prefect.client.orchestration import get_client
from prefect.schedules import Interval

from deployments import registry
from deployments.starter import PrefectStarter

pytestmark = pytest.mark.usefixtures("prefect_api")


def order(source: str, where: Path) -> dict[str, Any]:
    return {
        "source": source, "kind": "folder", "where": str(where), "files": "*", "token": None, "model": "aurora",
        "version": "2.1", "because": ["never collected"], "as_of": "2026-11-23T14:00:00.000000Z",
    }  # fmt: skip


def test_a_scheduled_collection_hands_over_and_tells_of_what_failed(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(registry, "COLLECTION_SCHEDULE", Interval(timedelta(seconds=5)))
    (tmp_path / "evals").mkdir()
    (tmp_path / "evals" / "score.json").write_bytes(b"{}")
    os.utime(tmp_path / "evals" / "score.json", (1, 1))
    engine.orders = [order("gone", tmp_path / "gone"), order("evals", tmp_path / "evals")]
    engine.fail("hand_over", 1)

    async def body() -> None:
        from tasks.engine import close_engine

        starter = PrefectStarter()
        async with get_client() as client:
            deployment = await starter.deployment(client, "collection")
            end = time.monotonic() + 90
            while engine.calls["due"] < 2 or engine.orders:
                assert time.monotonic() < end, "the scheduler made no run"
                await starter.run_due(client)
                await asyncio.sleep(0.5)
            await client.delete_deployment(deployment)
            await client.delete_deployment(await starter.deployment(client, "sweep"))
            await close_engine()

    asyncio.run(body())
    assert engine.handed_over == [("score.json", b"{}")]
    gone, evals = engine.collections
    assert (gone["source"], gone["failure"]) == (
        "gone",
        f"folder {tmp_path}/gone cannot be read: No such file or directory",
    )
    assert (evals["source"], evals["evidence"], evals.get("failure")) == ("evals", ["score.json"], None)
    ended = [one["ended"] for one in engine.flow_runs.values() if one["flow"] == "collection"]
    assert ended == [{"state": "Completed", "message": "1 collected, 1 failed"}], (
        "a run with nothing to do left nothing"
    )
