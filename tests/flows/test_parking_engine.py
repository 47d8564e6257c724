"""A pipeline parks at a gate and goes on when a person clears it: a real Prefect server, and a real engine."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
import yaml
from prefect import Flow, flow
from prefect.client.orchestration import get_client
from prefect.runtime import flow_run
from prefect.states import Pending
from test_parking import work_on
from test_stage_flows import run

from deployments.starter import PrefectStarter
from examples import pipeline_prefect as example
from pratique.client import AsyncClient
from tasks.parking import await_gate

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "faults")]

from fault_processes import Engine  # noqa: E402 - needs the path above
from fault_requests import register  # noqa: E402 - needs the path above
from open_door import GATE, write_overlay  # noqa: E402 - needs the path above

pytestmark = pytest.mark.usefixtures("prefect_api")
#: More than one trigger leaves to do.
_MOST_ORDERS = 20


@pytest.fixture(name="engine")
def engine_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """An engine whose gate waits for an approver and for nothing else."""
    settings = write_overlay(tmp_path)
    spec_file = tmp_path / "overlay" / "gates" / f"{GATE}.yaml"
    spec = yaml.safe_load(spec_file.read_text()) | {"sign_off": {"roles": {"approver": 1}}}
    spec_file.write_text(yaml.safe_dump(spec, sort_keys=False))
    with Engine(tmp_path / "data", tmp_path, settings).start() as engine, engine.client() as http:
        register(http)
        monkeypatch.setenv("PRATIQUE_URL", engine.url)
        monkeypatch.setenv("PRATIQUE_TOKEN", engine.token("pipeline"))
        monkeypatch.setenv("PRATIQUE_WORKER_TOKEN", engine.token("worker"))
        yield engine


@flow(persist_result=True)
async def releasing() -> str:
    """Ask for leave in the name of this run, wait for it parked, and act only where it holds."""
    async with AsyncClient(os.environ["PRATIQUE_URL"], token=os.environ["PRATIQUE_TOKEN"]) as client:
        opened = await client.trigger(GATE, model="aurora", version="2.1", event_id=str(flow_run.id))
        gate = await await_gate(opened)
        await gate.assert_unchanged()
    return gate.outcome


async def work_off(engine: Engine) -> int:
    """Do what the worker does with the flows that the engine asks for; return how many there were."""
    starter, done = PrefectStarter(), 0
    with engine.client("worker") as http:
        while items := _claimed(http):
            for item in items:
                await starter.start(item["payload"], f"{item['key']}~{item['id']}")
                settled = http.post(f"/v1/work/{item['id']}/settle", json={"worker": "w", "ok": True})
                assert settled.status_code == 200, settled.text
                done += 1
                assert done < _MOST_ORDERS
    return done


def _claimed(http: httpx.Client) -> list[dict[str, str]]:
    wanted = {"worker": "w", "topics": ["flow"], "limit": 1, "lease_seconds": 600}
    return list(http.post("/v1/work/claim", json=wanted).json()["items"])


def decide(engine: Engine, act: str) -> None:
    with engine.client(engine.person_token("jonas")) as jonas:
        where = f"/v1/models/aurora/versions/2.1/gates/{GATE}"
        body = {"act": act, "reason": "As seen.", "basis": jonas.get(where).json()["basis"]}
        answer = jonas.post(f"{where}/decisions", json=body)
        assert answer.status_code in (200, 201), answer.text


async def deployed(pipeline: Flow[..., object]) -> UUID:
    spec = await pipeline.ato_deployment(f"parked-{uuid4()}")
    async with get_client() as client:
        return (await client.create_flow_run_from_deployment(await spec.aapply(), state=Pending())).id


async def state_of(run_id: UUID) -> str:
    async with get_client() as client:
        return str((await client.read_flow_run(run_id)).state_name)


async def park_and_decide(engine: Engine, act: str) -> list[str]:
    run_id = await deployed(releasing)
    seen = [str((await work_on(releasing, run_id)).state_name)]
    assert await work_off(engine) >= 1  # the gate opened, and is not settled
    seen.append(await state_of(run_id))
    decide(engine, act)
    assert await work_off(engine) >= 1
    seen.append(await state_of(run_id))
    ended = await work_on(releasing, run_id)
    return [*seen, str(ended.state_name), str(ended.state.message if ended.state else "")]


def test_a_run_parked_on_a_real_engine_goes_on_when_a_person_clears_the_gate(engine: Engine) -> None:
    *seen, _ = run(park_and_decide(engine, "clear"))
    assert seen == ["Suspended", "Suspended", "Resuming", "Completed"]
    with engine.client() as http:
        gate = http.get("/v1/models/aurora/versions/2.1/gates/" + GATE).json()
    assert gate["state"] == "cleared"


def test_a_run_parked_on_a_real_engine_fails_when_a_person_rejects_the_gate(engine: Engine) -> None:
    *seen, message = run(park_and_decide(engine, "reject"))
    assert seen == ["Suspended", "Suspended", "Resuming", "Failed"]
    assert "GateNotCleared" in message


async def park_the_example_twice() -> list[str]:
    run_id = await deployed(example.pipeline)
    seen = [str((await work_on(example.pipeline, run_id)).state_name)]
    async with get_client() as client:
        await client.resume_flow_run(run_id)  # anybody can press Resume on Prefect's page
    seen.append(str((await work_on(example.pipeline, run_id)).state_name))
    async with get_client() as client:
        return [*seen, *(await client.read_flow_run(run_id)).tags]


def test_the_example_parks_at_its_first_gate_and_does_nothing_twice(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = tmp_path / "evidence" / "training-trigger"
    files.mkdir(parents=True)
    (files / "security-goal.json").write_bytes((ROOT / "examples" / "evidence" / "security-goal.json").read_bytes())
    monkeypatch.chdir(tmp_path)
    first, again, tag = run(park_the_example_twice())
    assert (first, again) == ("Suspended", "Suspended")
    assert tag.startswith("waits-for:aurora/2.1/training-trigger/")
    with engine.client() as http:
        root = "/v1/models/aurora/versions/2.1"
        assert [one["filename"] for one in http.get(f"{root}/evidence").json()["items"]] == ["security-goal.json"]
        assert http.get(f"{root}/gates/training-trigger").json()["outcome"] == "blocked"
