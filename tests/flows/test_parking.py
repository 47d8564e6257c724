"""A pipeline that is itself a Prefect flow parks at a gate and is woken when the gate is settled."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from fake_engine import FakeEngine
from prefect import Flow, flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import Pause
from prefect.flow_engine import run_flow_async
from prefect.states import Pending
from test_stage_flows import payload, run

from deployments.starter import PrefectStarter
from pratique.client import AsyncClient
from tasks.engine import engine_url, worker_token
from tasks.parking import await_gate

pytestmark = pytest.mark.usefixtures("prefect_api")


@flow(persist_result=True)
async def pipeline() -> str:
    """Ask for leave, wait for it, go on."""
    async with AsyncClient(engine_url(), token=worker_token()) as client:
        gate = await await_gate(await client.gate("aurora", "2.1", "training-trigger"))
    return f"went on: {gate.outcome}"


async def work_on(pipeline: Flow[..., object], run_id: UUID) -> FlowRun:
    """Do what a runner does with a run that is due."""
    async with get_client() as client:
        try:
            found = await client.read_flow_run(run_id)
            await run_flow_async(pipeline, flow_run=found, parameters={}, return_type="state")
        except Pause:
            pass
        return await client.read_flow_run(run_id)


async def deployed_run() -> FlowRun:
    spec = await pipeline.ato_deployment(f"parking-{uuid4()}")
    async with get_client() as client:
        return await client.create_flow_run_from_deployment(await spec.aapply(), state=Pending())


async def park_press_resume_and_clear(engine: FakeEngine) -> list[str]:
    created = await deployed_run()
    engine.outcome = "awaiting_decision"
    seen = [(await work_on(pipeline, created.id)).state_name]
    async with get_client() as client:
        await client.resume_flow_run(created.id)  # anybody can press Resume on Prefect's page
    seen.append((await work_on(pipeline, created.id)).state_name)
    engine.outcome = "cleared"
    await PrefectStarter().start(payload("aurora"), f"key-{uuid4()}")
    async with get_client() as client:
        seen.append((await client.read_flow_run(created.id)).state_name)
    seen.append((await work_on(pipeline, created.id)).state_name)
    return [str(name) for name in seen]


def test_a_parked_pipeline_stays_parked_until_the_gate_clears_and_then_goes_on(engine: FakeEngine) -> None:
    seen = run(park_press_resume_and_clear(engine))
    assert seen == ["Suspended", "Suspended", "Resuming", "Completed"]


async def park_and_reject(engine: FakeEngine) -> list[str]:
    created = await deployed_run()
    engine.outcome = "blocked"
    seen = [(await work_on(pipeline, created.id)).state_name]
    async with get_client() as client:
        parked = await client.read_flow_run(created.id)
        # Nothing of Prefect's lets time decide: no pause runs out, and no schedule is left that would start it.
        details = parked.state.state_details if parked.state else None
        seen.append(str(details.pause_timeout if details else "no state"))
    engine.outcome = "rejected"
    await PrefectStarter().start(payload("aurora"), f"key-{uuid4()}")
    ended = await work_on(pipeline, created.id)
    return [*map(str, seen), str(ended.state_name), str(ended.state.message if ended.state else "")]


def test_a_rejected_gate_wakes_the_pipeline_and_fails_it_and_no_time_runs_out(engine: FakeEngine) -> None:
    first, until, last, message = run(park_and_reject(engine))
    assert (first, until, last) == ("Suspended", "None", "Failed")
    assert "GateNotCleared" in message
