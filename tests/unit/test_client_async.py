from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from contract_engine import ContractEngine, Server, serving

import pratique
from pratique.client.async_worker import AsyncWorkerNamespace
from pratique.client.gate_view import GateWaitTimeoutError
from pratique.client.sync_worker import WorkerNamespace
from pratique.errors import InvalidInputError, UnavailableError

Story = Callable[[pratique.AsyncClient], Coroutine[Any, Any, None]]


@pytest.fixture
def engine() -> ContractEngine:
    return ContractEngine()


@pytest.fixture
def server(engine: ContractEngine) -> Iterator[Server]:
    with serving(engine) as server:
        yield server


def run(server: Server, story: Story) -> None:
    async def told() -> None:
        async with pratique.AsyncClient(server.url, "prq_pipeline_x") as client:
            await client.register("aurora", "2.1", {"systemic_risk": True})
            await story(client)

    asyncio.run(told())


@pytest.mark.parametrize(
    ("plain", "asynchronous"),
    [
        (pratique.Client, pratique.AsyncClient),
        (pratique.Gate, pratique.AsyncGate),
        (WorkerNamespace, AsyncWorkerNamespace),
    ],
)
def test_both_clients_offer_the_same(plain: type, asynchronous: type) -> None:
    def offers(kind: type) -> dict[str, list[str]]:
        methods = inspect.getmembers(kind, inspect.isfunction)
        return {name: list(inspect.signature(method).parameters) for name, method in methods if name[0] != "_"}

    extra = {"close": ["self"]} if plain is pratique.Client else {}
    assert offers(asynchronous) == offers(plain) | extra


def test_trigger_then_wait_returns_when_the_gate_clears(server: Server, engine: ContractEngine) -> None:
    async def story(client: pratique.AsyncClient) -> None:
        gate = await client.trigger("training-trigger", model="aurora", version="2.1")
        with pytest.raises(pratique.GateNotCleared):
            gate.require()
        engine.meet_all()
        engine.sign("mira")
        threading.Timer(0.1, engine.sign, ["jonas"]).start()
        (await gate.wait(timeout=20)).require()

    run(server, story)


def test_waiting_keeps_the_loop_free_and_survives_a_restart(server: Server, engine: ContractEngine) -> None:
    async def story(client: pratique.AsyncClient) -> None:
        gate = await client.trigger("training-trigger", model="aurora", version="2.1")
        waiting = asyncio.create_task(gate.wait(timeout=20))
        await asyncio.sleep(0.1)
        await asyncio.to_thread(server.stop)
        engine.end("rejected")
        await asyncio.sleep(0.3)
        server.start()
        assert (await waiting).outcome == "rejected"

    run(server, story)


def test_wait_times_out(server: Server) -> None:
    async def story(client: pratique.AsyncClient) -> None:
        gate = await client.trigger("training-trigger", model="aurora", version="2.1")
        with pytest.raises(GateWaitTimeoutError):
            await gate.wait(timeout=0.2)

    run(server, story)


def test_evidence_is_streamed_and_saved(server: Server, engine: ContractEngine, tmp_path: Path) -> None:
    file = tmp_path / "log.eval"
    file.write_bytes(b"the bytes")

    async def story(client: pratique.AsyncClient) -> None:
        evidence = await client.add_evidence(file, "aurora", "2.1")
        assert engine.bodies[-1] == b"the bytes"
        await client.save_evidence(evidence, tmp_path / "copy.eval")
        assert (tmp_path / "copy.eval").read_bytes() == b"the bytes"
        with pytest.raises(InvalidInputError):
            await client.add_evidence(file, "aurora", "2.1", sha256="00" * 32)

    run(server, story)


def test_model_versions_are_paged_through(server: Server) -> None:
    async def story(client: pratique.AsyncClient) -> None:
        await client.register("aurora", "2.2", {"systemic_risk": True})
        assert [item.version async for item in client.models()] == ["2.1", "2.2"]

    run(server, story)


def test_unavailable_is_retried_and_the_worker_claims(server: Server, engine: ContractEngine) -> None:
    async def story(client: pratique.AsyncClient) -> None:
        engine.failures_to_come = 2
        assert (await client.worker.claim("w1"))[0].topic == "flow"

    run(server, story)


def test_no_engine_is_unavailable(free_port: Callable[[], int]) -> None:
    async def story() -> None:
        async with pratique.AsyncClient(f"http://127.0.0.1:{free_port()}", "t") as client:
            with pytest.raises(UnavailableError, match="does not answer"):
                await client.whoami()

    asyncio.run(story())
