"""What became of a gate stands in MLflow: tags of the version, and an alias while it is cleared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from engine_fixtures import (  # noqa: F401 - fixtures are used by name
    Clock,
    clock_fixture,
    engine_config_fixture,
    engine_settings_fixture,
)
from forge_fakes import FakeRegistry
from local_site import Site
from mlflow_verdicts import Writing, created, writing
from webhook_fixtures import site_fixture  # noqa: F401

from pratique.settings import Settings


@pytest.fixture(name="registry")
def registry_fixture(site: Site) -> FakeRegistry:
    return FakeRegistry(site)


@pytest.fixture(name="told")
def told_fixture(engine_settings: Settings, clock: Clock, tmp_path: Path, registry: FakeRegistry) -> Iterator[Writing]:
    (tmp_path / "registry-token").write_text("registry-secret")
    told = writing(
        engine_settings, clock, tmp_path, {"url": registry.url, "token": {"file": str(tmp_path / "registry-token")}}
    )
    told.register()
    # `details` is asked for before a delivery is mapped.
    registry.site.page(
        "/api/2.0/mlflow/model-versions/get?name=aurora&version=2.1",
        json.dumps({"model_version": {"name": "aurora", "version": "2.1", "tags": []}}).encode(),
    )
    try:
        yield told
    finally:
        told.client.close()
        told.parts.ledger.close()


def alias_set(version: str) -> bytes:
    data = {"name": "aurora", "alias": "cleared", "version": version}
    return json.dumps({"entity": "model_version_alias", "action": "created", "data": data}).encode()


def quiet(told: Writing) -> None:
    told.until(lambda: told.answers() and all(one["state"] != "waiting" for one in told.answers()))


def test_a_version_is_blocked_at_once_cleared_with_its_gate_and_blocked_when_stale(
    told: Writing, registry: FakeRegistry
) -> None:
    told.report(created(), "d-1")
    told.until(lambda: registry.tags.get(("2.1", "pratique.gate.quorum")) == "blocked")
    assert registry.alias is None
    told.clear()
    told.until(lambda: registry.alias == "2.1")
    link = "http://127.0.0.1:8470/models/aurora/2.1/gates/quorum?occasion=default"
    assert registry.tags == {
        ("2.1", "pratique.gate.quorum"): "cleared",
        ("2.1", "pratique.gate.quorum.at"): "2026-11-23T14:00:00.000000Z",
        ("2.1", "pratique.gate.quorum.link"): link,
    }
    told.clock.forward(days=31)
    told.sweep()
    told.until(lambda: registry.tags["2.1", "pratique.gate.quorum"] == "blocked")
    assert registry.alias is None
    assert registry.calls[-5:] == ["GET alias", "DELETE alias", "POST set-tag", "POST set-tag", "POST set-tag"]


def test_what_the_engine_writes_and_hears_of_again_ends(told: Writing, registry: FakeRegistry) -> None:
    told.report(created(), "d-1")
    told.clear()
    told.until(lambda: registry.alias == "2.1")
    quiet(told)
    sets = registry.calls.count("POST alias")
    tag = {"name": "aurora", "version": "2.1", "key": "pratique.gate.quorum", "value": "cleared"}
    answer = told.report(json.dumps({"entity": "model_version_tag", "action": "set", "data": tag}).encode(), "d-2")
    told.until(lambda: told.get(f"/v1/hooks/{answer['delivery']}", "admin")["state"] == "ignored")
    answer = told.report(alias_set("2.1"), "d-3")  # its rule opens the gate: it joins it, and is told what it knows
    told.until(lambda: told.get(f"/v1/hooks/{answer['delivery']}", "admin")["state"] == "mapped")
    quiet(told)
    assert registry.calls.count("POST alias") == sets == 1


def test_an_alias_of_another_version_is_left_where_it_is(told: Writing, registry: FakeRegistry) -> None:
    registry.alias = "3"
    told.report(created(), "d-1")
    told.until(lambda: registry.tags)
    quiet(told)
    assert registry.alias == "3"
    assert "DELETE alias" not in registry.calls


def test_a_registry_that_is_away_is_written_to_later_and_one_that_refuses_is_a_dead_letter(
    told: Writing, registry: FakeRegistry, tmp_path: Path
) -> None:
    registry.status = 503
    told.report(created(), "d-1")
    told.until(lambda: [one for one in told.answers(state="waiting") if one["attempts"]])
    registry.status = None
    told.clock.forward(minutes=1)
    told.app.state.answer_lane.wake()
    told.until(lambda: registry.tags)
    quiet(told)
    registry.status = 403
    told.clear()
    dead = told.until(lambda: told.answers(state="dead"))
    assert dead[0]["reason"].startswith("MLflow answered 403 to model-versions/set-tag")


def test_a_verdict_that_was_half_written_when_the_gate_went_back_is_taken_away_again(
    told: Writing, registry: FakeRegistry
) -> None:
    told.report(created(), "d-1")
    told.until(lambda: registry.tags)
    quiet(told)
    registry.swallows = "POST alias"
    told.clear()
    told.until(lambda: [one for one in told.answers(state="waiting") if one["attempts"]])
    assert registry.alias == "2.1"
    told.clock.forward(days=31)
    told.sweep()
    quiet(told)
    assert registry.alias is None
    assert registry.tags["2.1", "pratique.gate.quorum"] == "blocked"
