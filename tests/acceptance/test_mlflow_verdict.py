"""A real MLflow server bears what became of a gate: tags of the version, and the alias while it is cleared."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import REQUIRE_ALL
from mlflow_server import MLFLOW, ROOT, MlflowServer
from pydantic import SecretStr

sys.path.insert(0, str(ROOT / "tests" / "integration"))
from engine_fixtures import Clock
from mlflow_verdicts import Writing, created, writing

from pratique.settings import Settings

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        not MLFLOW.exists() and not REQUIRE_ALL, reason="no MLflow in .venv-mlflow; `make mlflow` installs it"
    ),
]


@pytest.fixture(name="mlflow")
def mlflow_fixture(tmp_path: Path) -> Iterator[MlflowServer]:
    server = MlflowServer(tmp_path)
    try:
        server.await_start()
        yield server
    finally:
        server.stop()


@pytest.fixture(name="told")
def told_fixture(tmp_path: Path, mlflow: MlflowServer) -> Iterator[Writing]:
    settings = Settings(
        data_dir=tmp_path / "data", database_url=SecretStr(f"sqlite:///{tmp_path / 'ledger.db'}"), sweep_seconds=86_400
    )
    told = writing(settings, Clock(), tmp_path, {"url": mlflow.url}, version='"2." + body.data.version')
    told.register()
    try:
        yield told
    finally:
        told.client.close()
        told.parts.ledger.close()


def version_of(mlflow: MlflowServer) -> Any:
    params = {"name": "aurora", "version": "1"}
    return mlflow.http.get("/api/2.0/mlflow/model-versions/get", params=params).json()["model_version"]


def tags_of(mlflow: MlflowServer) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in version_of(mlflow).get("tags", [])}


def test_tags_and_alias_of_a_real_server_follow_the_gate(mlflow: MlflowServer, told: Writing) -> None:
    mlflow.post("registered-models/create", name="aurora")
    assert mlflow.add_version("aurora") == "1"
    told.report(created("aurora", "1"), "d-1")
    told.until(lambda: tags_of(mlflow).get("pratique.gate.quorum") == "blocked", seconds=60)
    assert version_of(mlflow).get("aliases", []) == []
    told.clear()
    told.until(lambda: version_of(mlflow).get("aliases") == ["cleared"], seconds=60)
    tags = tags_of(mlflow)
    assert tags["pratique.gate.quorum"] == "cleared"
    assert tags["pratique.gate.quorum.link"].endswith("/models/aurora/2.1/gates/quorum?occasion=default")
    assert tags["pratique.gate.quorum.at"].startswith("2026-11-23T14:00:00")
    told.clock.forward(days=31)
    told.sweep()
    told.until(lambda: tags_of(mlflow)["pratique.gate.quorum"] == "blocked", seconds=60)
    assert version_of(mlflow).get("aliases", []) == []
    assert told.answers(state="dead") == []
