"""`require`: state and weights, asked again right before acting; by the SDK and on the command line."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from contract_engine import ContractEngine, Server, serving
from test_cli import Run, run  # noqa: F401 - the fixture

import pratique
from pratique.errors import InvalidInputError, NotFoundError, UnavailableError

CONTENT = b"weights" * 1000
GATE = ("aurora", "2.1", "training-trigger")


@pytest.fixture
def engine() -> ContractEngine:
    return ContractEngine()


@pytest.fixture
def server(engine: ContractEngine) -> Iterator[Server]:
    with serving(engine) as server:
        yield server


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def client(server: Server) -> pratique.Client:
    client = pratique.Client(server.url, "prq_pipeline_x")
    digest = hashlib.sha256(CONTENT).hexdigest()
    client.register("aurora", "2.1", {"systemic_risk": True, "weights_sha256": digest})
    client.trigger("training-trigger", model="aurora", version="2.1")
    return client


@pytest.fixture
def cleared(client: pratique.Client, engine: ContractEngine) -> pratique.Client:
    engine.meet_all()
    engine.sign("mira")
    engine.sign("jonas")
    return client


def test_a_cleared_gate_is_returned_for_its_weights_as_file_path_and_digest(
    cleared: pratique.Client, weights: Path
) -> None:
    digest = hashlib.sha256(CONTENT).hexdigest()
    for given in (weights, str(weights), digest, digest.upper(), None):
        assert cleared.require(*GATE, weights=given).is_cleared


def test_weights_that_were_changed_by_one_byte_are_refused(cleared: pratique.Client, weights: Path) -> None:
    weights.write_bytes(CONTENT[:-1] + b"!")
    with pytest.raises(pratique.GateChangedError, match="not for"):
        cleared.require(*GATE, weights=weights)


def test_weights_are_refused_where_the_profile_names_none(cleared: pratique.Client, weights: Path) -> None:
    cleared.register("aurora", "2.1", {"systemic_risk": True})
    with pytest.raises(pratique.GateChangedError, match="never named"):
        cleared.require(*GATE, weights=weights)


def test_the_right_weights_do_not_open_a_gate(client: pratique.Client, engine: ContractEngine, weights: Path) -> None:
    with pytest.raises(pratique.GateNotCleared, match="blocked"):
        client.require(*GATE, weights=weights)
    engine.end("stale")
    with pytest.raises(pratique.GateNotCleared, match="stale"):
        client.require(*GATE, weights=weights)


def test_a_gate_that_was_never_opened_and_an_engine_that_is_away_are_no_leave(
    cleared: pratique.Client, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotFoundError):
        cleared.require("aurora", "2.1", "placement")
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    server.stop()
    with pytest.raises(UnavailableError):
        cleared.require(*GATE)
    server.start()


def test_a_file_that_cannot_be_read_is_refused_before_anything_is_asked(
    cleared: pratique.Client, engine: ContractEngine, tmp_path: Path
) -> None:
    asked = len(engine.requests)
    for given in (tmp_path, tmp_path / "none", "ab" * 31):
        with pytest.raises(InvalidInputError, match="cannot be read"):
            cleared.require(*GATE, weights=given)
    assert len(engine.requests) == asked


def test_the_asynchronous_client_requires_the_same(cleared: pratique.Client, weights: Path) -> None:
    async def story() -> None:
        async with pratique.AsyncClient(cleared.connection.url, "prq_pipeline_x") as client:
            assert (await client.require(*GATE, weights=weights)).is_cleared
            with pytest.raises(pratique.GateChangedError):
                await client.require(*GATE, weights="cd" * 32)

    asyncio.run(story())


@pytest.mark.usefixtures("cleared")
def test_the_command_ends_with_0_for_these_weights_and_with_7_for_others(run: Run, weights: Path) -> None:  # noqa: F811
    words = ("gate", "require", "aurora/2.1", "training-trigger", "--weights", str(weights))
    assert run(*words).code == 0
    weights.write_bytes(b"other")
    ended = run(*words)
    assert (ended.code, ended.out) == (7, "")
    assert "not for" in ended.err
    assert run("gate", "require", "aurora/2.1", "training-trigger", "--weights", "nowhere").code == 1


@pytest.mark.usefixtures("client")
def test_the_command_ends_with_the_codes_of_a_gate_that_is_not_cleared(run: Run, engine: ContractEngine) -> None:  # noqa: F811
    words = ("gate", "require", "aurora/2.1", "training-trigger")
    assert run(*words).code == 3
    engine.meet_all()
    assert run(*words, "--json").json["outcome"] == "awaiting_decision"
    assert run(*words).code == 4
    engine.end("rejected")
    assert run(*words).code == 5
