"""A real MLflow server registers a model version, and a gate opens; what its webhook lost is found by asking."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import REQUIRE_ALL
from mlflow_server import MLFLOW, ROOT, MlflowServer, free_port

SECRET = "a-secret-of-mlflow-and-us"
PATIENCE_SECONDS = 100.0

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        not MLFLOW.exists() and not REQUIRE_ALL, reason="no MLflow in .venv-mlflow; `make mlflow` installs it"
    ),
]


class Engine:
    """A real engine of the shipped gates, with the shipped example of a source for MLflow."""

    def __init__(self, folder: Path, registry: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder, self._process = folder, None
        overlay = folder / "overlay"
        (overlay / "hooks").mkdir(parents=True)
        shipped = (ROOT / "config" / "hooks" / "examples" / "mlflow.yaml").read_text()
        assert shipped.count("http://127.0.0.1:5000") == 1
        (overlay / "hooks" / "mlflow.yaml").write_text(shipped.replace("http://127.0.0.1:5000", registry))
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")} | {
            "PYTHONPATH": str(ROOT),
            "PRATIQUE_DATA_DIR": str(folder / "data"),
            "PRATIQUE_OVERLAY_DIR": str(overlay),
            "PRATIQUE_PORT": str(self.port),
            "HOOK_MLFLOW_SECRET": SECRET,
        }

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self._folder / "engine.log").open("ab") as log:
            command = [sys.executable, "-m", "pratique.web.serve"]
            self._process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        until(self._answers, "the engine starts")

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(30)
            self._process = None

    def cli(self, *words: str) -> str:
        """Run a command of ours and return what it prints."""
        command = [sys.executable, "-m", "pratique.cli.main", *words]
        environment = self.environment | {"PRATIQUE_URL": self.url}
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def send(self, method: str, path: str, **given: Any) -> Any:
        """Call it with the pipeline's token."""
        token = (self._folder / "data" / "tokens" / "pipeline.token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.request(method, self.url + path, headers=headers, timeout=30, trust_env=False, **given)

    def register(self, version: str) -> None:
        """Register a version of aurora."""
        body = {"systemic_risk": True}
        assert self.send("PUT", f"/v1/models/aurora/versions/{version}", json=body).status_code < 300

    def has_gate(self, version: str) -> bool:
        """Say whether the gate is open for a version."""
        return bool(self.send("GET", f"/v1/models/aurora/versions/{version}/gates/pre-placement").status_code == 200)

    def deliveries(self) -> list[Any]:
        """Return the deliveries, newest first."""
        return list(self.send("GET", "/v1/hooks").json()["items"])

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "engine.log").read_text()[-2000:]
        try:
            return httpx.get(f"{self.url}/readyz", trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False


def until(is_so: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < end, f"waited {PATIENCE_SECONDS:g} s in vain: {what}"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mlflow")


@pytest.fixture(scope="module")
def mlflow(folder: Path) -> Iterator[MlflowServer]:
    server = MlflowServer(folder)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def engine(folder: Path, mlflow: MlflowServer) -> Iterator[Engine]:
    engine = Engine(folder, mlflow.url)
    try:
        engine.start()
        yield engine
    finally:
        engine.kill()


def test_a_version_registered_in_mlflow_opens_a_gate_and_a_lost_webhook_is_found(
    mlflow: MlflowServer, engine: Engine
) -> None:
    mlflow.await_start()
    webhook = mlflow.add_webhook(f"{engine.url}/v1/hooks/mlflow", SECRET)
    mlflow.post("registered-models/create", name="aurora")

    # The trial that MLflow offers is authentic, and says nothing.
    mlflow.try_webhook(webhook)
    until(lambda: bool(engine.deliveries()), "the trial arrives")
    until(lambda: engine.deliveries()[0]["state"] == "ignored", "the trial is ignored")

    # Registered with us first: its gate opens as MLflow tells of it.
    engine.register("1")
    assert mlflow.add_version("aurora") == "1"
    until(lambda: engine.has_gate("1"), "the webhook opens the gate")
    told = next(one for one in engine.deliveries() if one["state"] == "mapped")
    assert told["found_by"] == "hook"

    # Nothing was lost so far: asking finds nothing, also of what the trial was about.
    assert "nothing was missing" in engine.cli("hook", "reconcile", "mlflow")

    # The engine is away while the next version is registered: MLflow gives up, and asking finds it.
    engine.register("2")
    engine.kill()
    assert mlflow.add_version("aurora") == "2"
    until(lambda: "Max retries exceeded" in mlflow.log.read_text(), "MLflow gives up")
    engine.start()
    assert not engine.has_gate("2")
    assert "1 missing" in engine.cli("hook", "reconcile", "mlflow")
    assert engine.has_gate("2")
    assert engine.deliveries()[0]["found_by"] == "reconciling"
    assert "nothing was missing" in engine.cli("hook", "reconcile", "mlflow")
