"""Stage flows on a real Prefect server, against an engine behind HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from fake_engine import FakeEngine
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey, FlowRunFilter, FlowRunFilterTags
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import ArtifactSort

from deployments.starter import FlowFailedError, PrefectStarter
from pratique.errors import InvalidInputError
from tasks.parking import SETTLED

T = TypeVar("T")
pytestmark = pytest.mark.usefixtures("prefect_api")


def payload(model: str, flow: str = "training") -> dict[str, str]:
    gate = {"flow": flow, "gate_run": "gr1", "gate": "training-trigger", "stage": flow}
    return gate | {"model": model, "version": "2.1"}


def run(body: Coroutine[Any, Any, T]) -> T:
    """Run in a loop of its own, and close the client that the tasks opened in it."""

    async def and_close() -> T:
        from tasks.engine import close_engine

        try:
            return await body
        finally:
            await close_engine()

    return asyncio.run(and_close())


async def runs_of(model: str) -> list[FlowRun]:
    async with get_client() as client:
        runs = await client.read_flow_runs(
            flow_run_filter=FlowRunFilter(tags=FlowRunFilterTags(all_=[f"model:{model}"]))
        )
    return [r for r in runs if r.parent_task_run_id is None]


def started(model: str, key: str, flow: str = "training") -> FlowRun:
    async def body() -> FlowRun:
        await PrefectStarter().start(payload(model, flow), key)
        (found,) = await runs_of(model)
        return found

    return run(body())


@pytest.mark.parametrize(
    ("flow", "outcome", "name"),
    [
        ("training", "cleared", "Cleared"),
        ("deployment", "awaiting_decision", "AwaitingDecision"),
        ("post_deployment", "blocked", "Blocked"),
        ("training", "rejected", "Blocked"),
    ],
)
def test_a_stage_flow_ends_in_a_state_named_by_the_gate(engine: FakeEngine, flow: str, outcome: str, name: str) -> None:
    engine.outcome = outcome
    model = f"m-{flow}-{outcome}"
    found = started(model, key := f"key-{uuid4()}", flow)
    assert found.state is not None
    assert found.state.is_completed()
    assert found.state.name == name
    assert f"{engine.url}/gates/gr1" in (found.state.message or "")
    assert found.name == f"training-trigger {model} 2.1"
    assert {f"model:{model}", "version:2.1", "gate:training-trigger"} <= set(found.tags)
    record = engine.flow_runs[key]
    assert record["prefect_run_id"] == str(found.id)
    assert record["url"].endswith(f"/runs/flow-run/{found.id}")
    assert record["ended"]["state"] == name
    looks = 2 if outcome in SETTLED else 1  # of a settled gate the pipelines that wait for it are woken
    assert engine.calls == {"look": looks, "collect": 4, "evaluate": 3, "announce": 1}


def test_checkpoints_run_as_subflows_and_the_findings_stay_as_an_artifact(engine: FakeEngine) -> None:
    async def body() -> tuple[set[str], str]:
        await PrefectStarter().start(payload("artifacts"), f"key-{uuid4()}")
        async with get_client() as client:
            tagged = FlowRunFilter(tags=FlowRunFilterTags(all_=["model:artifacts"]))
            names = {r.name for r in await client.read_flow_runs(flow_run_filter=tagged)}
            (artifact, *_) = await client.read_artifacts(
                artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["gate-training-trigger-aurora-2-1"])),
                sort=ArtifactSort.CREATED_DESC,
            )
        return names, str(artifact.data)

    names, page = run(body())
    label = "training-trigger artifacts 2.1"
    assert names == {label, f"assessment of {label}", f"mitigation of {label}", f"records of {label}"}
    assert f"{engine.url}/gates/gr1" in page


def test_the_same_key_twice_is_one_run(engine: FakeEngine) -> None:
    async def body() -> list[FlowRun]:
        starter, key = PrefectStarter(), f"key-{uuid4()}"
        await starter.start(payload("twice"), key)
        await starter.start(payload("twice"), key)
        await PrefectStarter().start(payload("twice"), key)
        return await runs_of("twice")

    assert len(run(body())) == 1
    assert engine.calls["announce"] == 1


def test_a_task_is_tried_again_while_the_engine_does_not_answer(engine: FakeEngine) -> None:
    engine.fail("announce", times=6)  # the client itself tries five times; the sixth call is the task's second try
    found = started("patient", f"key-{uuid4()}")
    assert found.state is not None
    assert found.state.name == "Blocked"
    assert engine.calls["announce"] == 7


def test_what_another_try_cannot_mend_fails_the_run_at_once(engine: FakeEngine) -> None:
    engine.fail("collect", times=1, status=404)
    key = f"key-{uuid4()}"
    with pytest.raises(FlowFailedError):
        started("gone", key)
    assert engine.calls["collect"] == 1
    assert engine.flow_runs[key]["ended"]["state"] == "Failed"


def test_a_run_whose_worker_died_is_marked_crashed_and_done_again(engine: FakeEngine) -> None:
    async def body() -> list[FlowRun]:
        from prefect.states import Pending, Running

        starter, key = PrefectStarter(), f"key-{uuid4()}"
        async with get_client() as client:
            deployment = await starter.deployment(client, "training")
            parameters = {n: v for n, v in payload("dead").items() if n != "flow"} | {"key": key}
            left = await client.create_flow_run_from_deployment(
                deployment, idempotency_key=key, state=Pending(), parameters=parameters, tags=["model:dead"]
            )
            await client.set_flow_run_state(left.id, Running(), force=True)
        await starter.start(payload("dead"), key)
        return await runs_of("dead")

    states = sorted(r.state.name for r in run(body()) if r.state is not None and r.state.name)
    assert states == ["Blocked", "Crashed"]


def test_a_payload_that_names_no_flow_is_refused(engine: FakeEngine) -> None:
    with pytest.raises(InvalidInputError, match="no flow is named 'party'"):
        run(PrefectStarter().start(payload("x", "party"), "key"))


def test_with_a_work_pool_the_run_is_created_and_left_to_the_pool(engine: FakeEngine) -> None:
    async def body() -> FlowRun:
        from prefect.client.schemas.actions import WorkPoolCreate

        from flows.training import training

        async with get_client() as client:
            await client.create_work_pool(WorkPoolCreate(name="far-away", type="process"))
        spec = await training.ato_deployment("pool", work_pool_name="far-away")
        await spec.aapply()
        await PrefectStarter(work_pool="far-away").start(payload("pooled"), f"key-{uuid4()}")
        (found,) = await runs_of("pooled")
        return found

    found = run(body())
    assert found.state is not None
    assert found.state.is_scheduled()
    assert found.work_pool_name == "far-away"
    assert not engine.calls
