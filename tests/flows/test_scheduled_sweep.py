"""The schedule: with SQLAlchemy 2.1 Prefect's scheduler dies silently, so a scheduled run must be seen to run."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fake_engine import FakeEngine
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.client.schemas.objects import FlowRun
from prefect.schedules import Interval
from prefect.states import Scheduled

from deployments import registry
from deployments.starter import PrefectStarter

pytestmark = pytest.mark.usefixtures("prefect_api")


async def runs_of(client: PrefectClient, deployment: Any) -> list[FlowRun]:
    return await client.read_flow_runs(deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment])))


def test_a_scheduled_sweep_really_runs(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "SWEEP_SCHEDULE", Interval(timedelta(seconds=5)))

    async def body() -> list[FlowRun]:
        from tasks.engine import close_engine

        starter = PrefectStarter()
        async with get_client() as client:
            deployment = await starter.deployment(client, "sweep")
            end = time.monotonic() + 60
            while not engine.calls["sweep"]:
                assert time.monotonic() < end, "the scheduler made no run"
                await starter.run_due(client)
                await asyncio.sleep(0.5)
            runs = await runs_of(client, deployment)
            await client.delete_deployment(deployment)
            await close_engine()
            return runs

    swept = [r for r in asyncio.run(body()) if r.state is not None and r.state.is_completed()]
    assert swept
    assert all(r.auto_scheduled for r in swept), "made by the scheduler, not by this test"
    assert {r["flow"] for r in engine.flow_runs.values()} == {"sweep"}
    assert [r["ended"]["state"] for r in engine.flow_runs.values()] == ["Completed"] * len(engine.flow_runs)


def test_missed_sweeps_are_covered_by_the_newest_one(engine: FakeEngine) -> None:
    async def body() -> list[str | None]:
        from tasks.engine import close_engine

        starter = PrefectStarter()
        async with get_client() as client:
            deployment = await starter.deployment(client, "sweep")
            for hours in (3, 2, 1):
                missed = Scheduled(scheduled_time=datetime.now(UTC) - timedelta(hours=hours))
                await client.create_flow_run_from_deployment(deployment, state=missed)
            await starter.run_due(client)
            runs = await runs_of(client, deployment)
            await client.delete_deployment(deployment)
            await close_engine()
        return sorted(str(r.state.name) for r in runs if r.state is not None and not r.auto_scheduled)

    assert asyncio.run(body()) == ["Cancelled", "Cancelled", "Completed"]
    assert engine.calls["sweep"] == 1
