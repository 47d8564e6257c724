"""An engine with hooks, the deliveries of tests/data/hooks, and what signs new ones."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from engine_fixtures import Clock, Engine, write_config

from pratique.settings import Settings

DATA = Path(__file__).resolve().parents[1] / "data" / "hooks"
SECRET = "whsec-demo-9f8e7d6c5b4a"
#: When the captures were taken.
CAPTURED = datetime.fromtimestamp(1795441694, UTC)

MLFLOW: dict[str, Any] = {
    "format": "pratique.hook/1",
    "source": "mlflow",
    "kind": "mlflow",
    "secrets": [{"file": "SECRETS/mlflow"}],
    "ignore": [
        {
            "id": "own-tags",
            "when": 'body.entity == "model_version_tag" && body.data.key.startsWith("compliance.")',
            "reason": "our own verdict, written back",
        }
    ],
    "map": [
        {
            "id": "model-version-created",
            "when": 'body.entity == "model_version" && body.action == "created"',
            "type": '"test.moment.auto"',
            "model": "body.data.name",
            "version": "body.data.version",
            "event_id": '"model-version/" + body.data.name + "/" + body.data.version',
            "data": {"run": 'has(body.data.run_id) && body.data.run_id != null ? body.data.run_id : "unknown"'},
        }
    ],
}
GITHUB: dict[str, Any] = {
    "format": "pratique.hook/1",
    "source": "github",
    "kind": "github",
    "secrets": [{"file": "SECRETS/github"}, {"file": "SECRETS/github-before"}],
    "map": [
        {
            "id": "deployment",
            "when": 'headers["x-github-event"] == "deployment_protection_rule"',
            "type": '"pratique.gate.triggered"',
            "model": '"aurora"',
            "version": '"2.1"',
            "occasion": "body.deployment.sha",
            "data": {"gate": '"auto"'},
        }
    ],
}
SECRETS = {"mlflow": SECRET, "github": "gh-app-secret-A", "github-before": "gh-app-secret-before"}


def write_hooks(folder: Path, *sources: dict[str, Any]) -> None:
    """Write sources and their secrets below a configuration folder."""
    (folder / "hooks").mkdir(exist_ok=True)
    (folder / "secrets").mkdir(exist_ok=True)
    for name, secret in SECRETS.items():
        (folder / "secrets" / name).write_text(f"{secret}\n")
    for source in sources:
        text = yaml.safe_dump(source, sort_keys=False).replace("SECRETS/", f"{folder}/secrets/")
        (folder / "hooks" / f"{source['source']}.yaml").write_text(text)


def capture(name: str) -> tuple[dict[str, str], bytes]:
    """Return headers and body of a file of tests/data/hooks, such as `mlflow/004`."""
    said = json.loads((DATA / f"{name}.headers.json").read_text())
    return {key.lower(): value for key, value in said["headers"]}, (DATA / f"{name}.body").read_bytes()


def signed(body: bytes, *, at: datetime, delivery: str = "d-1", secret: str = SECRET) -> dict[str, str]:
    """Return the headers with which MLflow sends a body."""
    seconds = str(int(at.timestamp()))
    made = hmac.new(secret.encode(), f"{delivery}.{seconds}.".encode() + body, hashlib.sha256).digest()
    return {
        "content-type": "application/json",
        "x-mlflow-delivery-id": delivery,
        "x-mlflow-timestamp": seconds,
        "x-mlflow-signature": f"v1,{base64.b64encode(made).decode()}",
    }


def created(name: str = "aurora", version: str = "2.1", **data: Any) -> bytes:
    """Return the body with which MLflow tells of a model version."""
    members = {"name": name, "version": version, "source": "models:/m-1", "run_id": None, "tags": {}, **data}
    return json.dumps({"entity": "model_version", "action": "created", "data": members}).encode()


class Hooked(Engine):
    """An engine, and the tools that report to it."""

    def deliver(self, source: str, headers: dict[str, str], body: bytes) -> Any:
        """Send a delivery, wait until the lane is empty, and return the answer."""
        answer = self.client.request("POST", f"/v1/hooks/{source}", headers=headers, content=body)
        self.drain()
        return answer

    def mlflow(self, body: bytes, delivery: str = "d-1") -> Any:
        """Send a body as MLflow signs it now."""
        return self.deliver("mlflow", signed(body, at=self.clock.now, delivery=delivery), body)

    def drain(self) -> None:
        """Wait until every delivery that is on its way is settled."""
        lane = self.app.state.hook_lane
        asyncio.run_coroutine_threadsafe(lane.join(), self.client._loop).result(timeout=30)

    def delivery(self, answer: Any) -> Any:
        """Return the delivery that an answer names."""
        return self.get(f"/v1/hooks/{answer.json()['delivery']}")


@pytest.fixture(name="hook_config", scope="session")
def hook_config_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hooks") / "config"
    write_config(folder)
    write_hooks(folder, MLFLOW, GITHUB)
    return folder


@pytest.fixture(name="hooked")
def hooked_fixture(engine_settings: Settings, hook_config: Path, clock: Clock) -> Iterator[Hooked]:
    engine = Hooked(engine_settings.model_copy(update={"config_dir": hook_config}), clock)
    try:
        yield engine
    finally:
        engine.client.close()
        engine.parts.ledger.close()


def other_hooks(engine: Hooked, **sources: Any) -> None:
    """Have the engine go by other sources from now on, as after a restart."""
    object.__setattr__(engine.parts, "hooks", replace(engine.parts.hooks, sources=sources))
