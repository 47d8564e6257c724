"""The pytest plugin, in a pytest of its own: a test passes only where its gate is cleared at that moment."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from contract_engine import ContractEngine, Server, serving

import pratique

ROOT = Path(__file__).resolve().parents[2]
CONTENT = b"weights"

TESTS = """
import pytest

def test_by_fixture(gate_cleared):
    gate_cleared("training-trigger", weights="model.bin")

@pytest.mark.gate_cleared("training-trigger", model="aurora", version="2.1")
def test_by_marker():
    open("it-ran", "w").close()
"""


@pytest.fixture
def engine() -> ContractEngine:
    return ContractEngine()


@pytest.fixture
def server(engine: ContractEngine) -> Iterator[Server]:
    with serving(engine) as server:
        client = pratique.Client(server.url, "prq_pipeline_x")
        digest = hashlib.sha256(CONTENT).hexdigest()
        client.register("aurora", "2.1", {"systemic_risk": True, "weights_sha256": digest})
        client.trigger("training-trigger", model="aurora", version="2.1")
        yield server


def run(folder: Path, url: str, *words: str, source: str = TESTS) -> tuple[int, str]:
    (folder / "test_release.py").write_text(source)
    (folder / "model.bin").write_bytes(CONTENT)
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "pratique.pytest_gates", "--strict-markers", *words],
        cwd=folder,
        env=os.environ
        | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PRATIQUE_URL": url, "PRATIQUE_TOKEN": "prq_pipeline_x"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return ended.returncode, ended.stdout + ended.stderr


NAMED = ("--pratique-model", "aurora", "--pratique-version", "2.1")


def clear(engine: ContractEngine) -> None:
    engine.meet_all()
    engine.sign("mira")
    engine.sign("jonas")


def test_both_pass_where_the_gate_is_cleared_for_these_weights(
    server: Server, engine: ContractEngine, tmp_path: Path
) -> None:
    clear(engine)
    code, out = run(tmp_path, server.url, *NAMED)
    assert code == 0, out
    assert "2 passed" in out


def test_both_fail_with_the_findings_where_it_is_not_and_a_marked_test_does_not_begin(
    server: Server, tmp_path: Path
) -> None:
    code, out = run(tmp_path, server.url, *NAMED)
    assert code == 1
    assert "1 failed, 1 error" in out
    assert out.count("not tested  security-goal") >= 2
    assert not (tmp_path / "it-ran").exists()


def test_other_weights_fail(server: Server, engine: ContractEngine, tmp_path: Path) -> None:
    clear(engine)
    source = "def test_it(gate_cleared):\n    gate_cleared('training-trigger', weights='cd' * 32)\n"
    code, out = run(tmp_path, server.url, *NAMED, source=source)
    assert code == 1
    assert "not for cdcd" in out


def test_an_engine_that_does_not_answer_and_a_version_that_nobody_named_fail(
    server: Server, engine: ContractEngine, tmp_path: Path
) -> None:
    clear(engine)
    source = "def test_it(gate_cleared):\n    gate_cleared('training-trigger')\n"
    code, out = run(tmp_path, server.url, source=source)
    assert (code, "no model and version named" in out) == (1, True)
    code, out = run(tmp_path, "http://127.0.0.1:9", *NAMED, source=source)
    assert (code, "Unavailable" in out) == (1, True)


def test_the_configuration_names_the_version_too(server: Server, engine: ContractEngine, tmp_path: Path) -> None:
    clear(engine)
    (tmp_path / "pytest.ini").write_text("[pytest]\npratique_model = aurora\npratique_version = 2.1\n")
    assert run(tmp_path, server.url)[0] == 0


def test_a_run_that_asks_for_no_gate_loads_no_client_and_the_entry_point_names_the_plugin(tmp_path: Path) -> None:
    source = (
        "import sys\n\ndef test_it():\n    assert not {'pratique.client', 'httpx', 'pydantic'} & set(sys.modules)\n"
    )
    code, out = run(tmp_path, "http://127.0.0.1:9", source=source)
    assert code == 0, out
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"pratique": "pratique.pytest_gates"}
