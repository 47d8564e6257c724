"""Every tool over HTTP, by the shipped example of its source: proved, kept as it came, mapped, a gate opened once.

MLflow's example asks a registry: tests/integration/test_hook_reconciling.py, and a real server in tests/acceptance.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from engine_fixtures import (  # noqa: F401 - fixtures are used by name
    Clock,
    clock_fixture,
    engine_config_fixture,
    engine_settings_fixture,
    ok,
    refused,
    write_config,
)
from hook_fixtures import DATA, Hooked, capture

from pratique.domain.hooks import HookKind
from pratique.settings import Settings

EXAMPLES = Path(__file__).resolve().parents[2] / "config" / "hooks" / "examples"
GATE = "auto"
BEARER = "a-bearer-token"
FORGE = "forge-secret-A"
#: When the signed examples were made.
MADE = datetime.fromtimestamp(1795443600, UTC)
SECRETS = {
    "HOOK_STANDARD_SECRET": "whsec_VZrq0IJk1XldOQlxjN0Fq9SVcuhP5VWQ7vMaiKCP3/0=",
    "HOOK_WANDB_SECRET": "wandb-secret-A",
    "HOOK_WANDB_TOKEN": "wb-access-token",
    "HOOK_HUGGINGFACE_SECRET": "hf-hook-secret-A",
    "HOOK_GITHUB_SECRET": FORGE,
    "HOOK_GITLAB_SECRET": FORGE,
    **{f"HOOK_{tool}_TOKEN": BEARER for tool in ("AIRFLOW", "ARGO", "CDEVENTS", "CLOUDEVENTS", "DAGSTER", "PREFECT")},
}
Sent = tuple[dict[str, str], bytes]


@pytest.fixture(name="tools")
def tools_fixture(
    engine_settings: Settings, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Hooked]:
    """An engine with the example of every source but MLflow's; all gates that they name are one of the test's."""
    config = tmp_path / "tools"
    write_config(config)
    (config / "hooks").mkdir()
    for example in EXAMPLES.glob("*.yaml"):
        if example.stem != HookKind.MLFLOW:
            text = re.sub(r"gate: '\"[a-z-]+\"'", f"gate: '\"{GATE}\"'", example.read_text())
            (config / "hooks" / example.name).write_text(text)
    said = json.loads((DATA / "sagemaker" / "model_package.PendingManualApproval.headers.json").read_text())
    for name, secret in (SECRETS | {"HOOK_SAGEMAKER_KEY": said["secret_for_test"]}).items():
        monkeypatch.setenv(name, secret)
    clock.now = MADE
    engine = Hooked(engine_settings.model_copy(update={"config_dir": config}), clock)
    yield engine
    engine.client.close()
    engine.parts.ledger.close()


def bearing(headers: dict[str, str], body: bytes) -> Sent:
    return {**headers, "content-type": "application/json", "authorization": f"Bearer {BEARER}"}, body


def forged(headers: dict[str, str], name: str, prefix: str, body: Any) -> Sent:
    raw = json.dumps(body).encode()
    made = hmac.new(FORGE.encode(), raw, hashlib.sha256).hexdigest()
    return {**headers, "content-type": "application/json", name: f"{prefix}{made}"}, raw


def orchestrated(tool: str, number: int = 0, **members: Any) -> Sent:
    event = json.loads((DATA / "orchestrators" / f"{tool}_events.json").read_text())[number]
    return bearing({}, json.dumps(event | members).encode())


def github() -> Sent:
    body = json.loads(capture("github/deployment_protection_rule.requested")[1])
    body["deployment"]["payload"] = {"model": "aurora", "version": "2.1"}
    body["repository"] = {"full_name": "acme/release-pipeline"}
    return forged({"x-github-event": "deployment_protection_rule"}, "x-hub-signature-256", "sha256=", body)


def gitlab() -> Sent:
    body = {
        "object_kind": "merge_request",
        "object_attributes": {"iid": 5, "last_commit": {"id": "f95f852b"}},
        "labels": [{"title": "release::2.1"}],
        "external_approval_rule": {"id": 3},
    }
    return forged({}, "x-gitlab-signature", "", body)


def airflow() -> Sent:
    event = json.loads(capture("airflow/asset_events")[1])["asset_events"][0]
    event["extra"]["version"] = "7b"
    return bearing({}, json.dumps(event).encode())


#: Source -> what it sends, and the model version that it speaks of.
DELIVERIES: dict[str, tuple[Sent, str, str]] = {
    "github": (github(), "aurora", "2.1"),
    "gitlab": (gitlab(), "aurora", "2.1"),
    "huggingface": (capture("huggingface/repo.content.update"), "acme-7b-instruct", "1.0"),
    "wandb": (capture("wandb/add_artifact_alias"), "acme-7b-instruct", "v3"),
    "sagemaker": (capture("sagemaker/model_package.PendingManualApproval"), "versionedmp-p-idy6c3e1fiqj", "2"),
    "standard-webhooks": (capture("standardwebhooks/ok"), "acme-7b-instruct", "3"),
    "cloudevents": (bearing(*capture("cloudevents/structured")), "acme-7b-instruct", "3"),
    "cdevents": (bearing(*capture("cdevents/artifact_published")), "myapp", "234fd47e07d1004f0aed9c"),
    "argo": (bearing(*capture("argo/webhook_eventsource")), "acme-7b-instruct", "3"),
    "prefect": (orchestrated("prefect", 1), "acme-7b-instruct", "1"),
    "dagster": (orchestrated("dagster", model="acme-7b", version="1"), "acme-7b", "1"),
    "airflow": (airflow(), "acme-7b", "7b"),
}


def test_every_tool_opens_a_gate_once_and_nobody_else_in_its_name(tools: Hooked) -> None:
    assert {*DELIVERIES, HookKind.MLFLOW} == set(HookKind)
    for source, ((headers, body), model, version) in DELIVERIES.items():
        ok(tools.send("PUT", f"/v1/models/{model}/versions/{version}", json={"systemic_risk": True}))
        refused(tools.deliver(source, {"content-type": "application/json"}, body), 401, "unauthenticated")
        answer = tools.deliver(source, headers, body)
        assert answer.status_code == 202, (source, answer.text)
        found = tools.delivery(answer)
        assert (found["state"], found["kind"]) == ("mapped", source), found["reason"]
        assert found["sha256"] == hashlib.sha256(body).hexdigest()
        assert tools.get(f"/v1/models/{model}/versions/{version}/gates/{GATE}")["state"] == "open", source
        again = tools.deliver(source, headers, body)
        assert (again.status_code, again.json()["delivery"]) == (200, found["id"]), source
    assert len(tools.get("/v1/hooks")["items"]) == len(DELIVERIES)
