"""The examples for other orchestrators, executed against a real engine."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import yaml

import pratique

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "faults")]

from fault_processes import Engine  # noqa: E402 - needs the path above
from fault_requests import register  # noqa: E402 - needs the path above
from open_door import GATE, write_overlay  # noqa: E402 - needs the path above


@pytest.fixture(name="engine")
def engine_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """An engine that knows aurora 2.1 with the digest of `model.safetensors`, and a gate that asks for nobody."""
    with Engine(tmp_path / "data", tmp_path, write_overlay(tmp_path)).start() as engine, engine.client() as http:
        root = register(http)
        profile = http.get(root).json()["profile"] | {"weights_sha256": hashlib.sha256(b"weights").hexdigest()}
        assert http.put(root, json=profile).status_code == 200
        (tmp_path / "model.safetensors").write_bytes(b"weights")
        monkeypatch.setenv("PRATIQUE_URL", engine.url)
        monkeypatch.setenv("PRATIQUE_TOKEN", engine.token("pipeline"))
        yield engine


def loaded(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"example_{name}", ROOT / "examples" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_workflow_gives_the_action_what_it_takes() -> None:
    workflow = yaml.safe_load((ROOT / "examples" / "github_actions.yml").read_text())
    inputs = yaml.safe_load((ROOT / "action.yml").read_text())["inputs"]
    steps = workflow["jobs"]["release"]["steps"]
    (asked,) = [number for number, step in enumerate(steps) if "pratique/pratique@" in step.get("uses", "")]
    given = set(steps[asked]["with"])
    assert given <= set(inputs)
    assert {name for name, one in inputs.items() if one.get("required")} <= given
    assert "publish" in steps[asked + 1]["run"]
    assert not any(step.get("continue-on-error") or step.get("if") for step in steps)


class Registry:
    """The three methods of MLflow's client that the example uses."""

    def __init__(self) -> None:
        self.aliases: dict[str, str] = {}
        self.tags: dict[str, str] = {}

    def get_model_version(self, name: str, number: str) -> SimpleNamespace:
        return SimpleNamespace(name=name, version=number, run_id="abc")

    def set_registered_model_alias(self, name: str, alias: str, number: str) -> None:
        self.aliases[alias] = number

    def set_model_version_tag(self, name: str, number: str, key: str, value: str) -> None:
        self.tags[key] = value


def test_mlflow_moves_the_alias_for_the_cleared_weights_alone(engine: Engine, tmp_path: Path) -> None:
    module, registry, weights = loaded("mlflow_release"), Registry(), tmp_path / "model.safetensors"
    with pytest.raises(pratique.GateWaitTimeoutError):
        module.release(registry, pratique.Client(), "aurora", "7", "2.1", weights, 0.2)  # pre-placement is blocked
    module.GATE = GATE
    other = tmp_path / "other.safetensors"
    other.write_bytes(b"others")
    with pytest.raises(pratique.GateChangedError):
        module.release(registry, pratique.Client(), "aurora", "8", "2.1", other, 20)
    assert (registry.aliases, registry.tags) == ({}, {})
    cleared = module.release(registry, pratique.Client(), "aurora", "8", "2.1", weights, 20)
    assert registry.aliases == {"placed": "8"}
    assert registry.tags == {"pratique.gate_run": cleared.gate_run}


class Task:
    """Stands for Airflow's `@task`: keeps the function and what it was decorated with."""

    def __init__(self, function: Callable[..., Any], **options: Any) -> None:
        self.function, self.options = function, options

    def __call__(self, *args: object) -> Task:
        return self

    def __rshift__(self, other: Task) -> Task:
        return other


def airflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a stand-in for the parts of Airflow that the DAG file imports into its place."""
    decorators, base = ModuleType("airflow.decorators"), ModuleType("airflow.sensors.base")

    def task(**options: Any) -> Callable[[Callable[..., Any]], Task]:
        return lambda function: Task(function, **options)

    task.sensor = task  # type: ignore[attr-defined]
    decorators.task = task  # type: ignore[attr-defined]
    decorators.dag = lambda **_: lambda function: function  # type: ignore[attr-defined]
    base.PokeReturnValue = SimpleNamespace  # type: ignore[attr-defined]
    named = {"airflow": ModuleType("airflow"), "airflow.sensors": ModuleType("airflow.sensors")}
    for name, module in (named | {"airflow.decorators": decorators, "airflow.sensors.base": base}).items():
        monkeypatch.setitem(sys.modules, name, module)


@pytest.mark.usefixtures("engine")
def test_the_dag_publishes_only_what_was_cleared(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    airflow(monkeypatch)
    module = loaded("airflow_dag")
    module.WEIGHTS = str(tmp_path / "model.safetensors")
    assert module.gate_settled.options["mode"] == "reschedule"  # no slot is held
    assert module.gate_settled.options["soft_fail"] is False  # time skips nothing
    occasion = module.open_gate.function(run_id="manual__1")
    assert module.gate_settled.function(occasion).is_done is False
    with pytest.raises(pratique.GateNotCleared):
        module.publish.function(occasion)
    module.GATE = GATE
    first, again = (module.open_gate.function(run_id="manual__2") for _ in range(2))
    assert first == again
    assert module.gate_settled.function(first).is_done is True
    run = module.publish.function(first)
    assert run == pratique.Client().gate("aurora", "2.1", GATE).gate_run
    (tmp_path / "model.safetensors").write_bytes(b"others")
    with pytest.raises(pratique.GateChangedError):
        module.publish.function(first)
