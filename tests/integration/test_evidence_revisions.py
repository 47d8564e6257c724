"""Evidence that replaces earlier evidence, and gates that turn stale when something changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from engine_fixtures import (  # noqa: F401 - fixtures are used by name
    GATES,
    VERSION,
    Engine,
    clock_fixture,
    engine_fixture,
    engine_settings_fixture,
    ok,
    refused,
    write_config,
)

from pratique.domain.times import instant_text
from pratique.services.verify import verify_ledger
from pratique.web.dashboard.reads import LedgerReads


@pytest.fixture(name="engine_config", scope="session")
def engine_config_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The gates of other tests; `solo` renews its report with evaluations and system card, `auto` asks for it too."""
    folder = tmp_path_factory.mktemp("revisions") / "config"
    write_config(folder)
    by_id: dict[str, Any] = {gate["id"]: gate for gate in GATES}
    report = by_id["auto"]["checkpoints"][0]["requirements"][0]
    renewed = report | {"renew_on": ["evaluation-version", "system-card"]}
    twice = [renewed, report | {"id": "report-again"}]
    solo = by_id["solo"]
    solo = solo | {"sign_off": {"roles": {"owner": 1}, "four_eyes": False}}
    solo = solo | {"checkpoints": [solo["checkpoints"][0] | {"requirements": twice}]}
    (folder / "gates" / "solo.yaml").write_text(yaml.safe_dump(json.loads(json.dumps(solo)), sort_keys=False))
    return folder


def document(engine: Engine, kind: str, **facts: Any) -> bytes:
    return json.dumps(
        {
            "schema": f"pratique.facts/{kind}@1",
            "model": "aurora-2.1",
            "produced_at": instant_text(engine.clock.now),
            "observed_from": "2026-10-01T00:00:00Z",
            "observed_until": "2026-10-31T00:00:00Z",
            "facts": facts,
        }
    ).encode()


def test_a_revision_is_judged_and_what_it_replaced_stays_to_be_seen(engine: Engine) -> None:
    engine.register()
    engine.trigger("quorum")
    first = ok(engine.upload(document(engine, "score", value=90), "score.json"))["evidence"]
    assert engine.gate("quorum")["findings"][0]["status"] == "unmet"
    second = ok(engine.upload(document(engine, "score", value=20), "score.json", revises=first["id"]))["evidence"]
    again = ok(engine.upload(document(engine, "score", value=20), "score.json", revises=first["id"]))["evidence"]
    assert again["id"] == second["id"]  # the same upload again is the same evidence
    finding = engine.gate("quorum")["findings"][0]
    assert (finding["status"], finding["evidence"]) == ("met", second["id"])
    shown = engine.get(f"/v1/evidence/{first['id']}")
    assert (shown["revises"], shown["revised_by"]) == (None, second["id"])
    shown = engine.get(f"/v1/evidence/{second['id']}")
    assert (shown["revises"], shown["revised_by"]) == (first["id"], None)
    assert shown["observed_from"] == "2026-10-01T00:00:00.000000Z"
    assert shown["received_at"] > shown["observed_until"]
    listed = engine.get(f"{VERSION}/evidence")["items"]
    assert [(one["id"], one["revised_by"]) for one in listed] == [(first["id"], second["id"]), (second["id"], None)]
    pages = LedgerReads(engine.parts)
    assert pages.evidence(first["id"]).get("revised_by") == second["id"]
    assert pages.evidence(second["id"]).get("revises") == first["id"]
    assert pages.evidence(second["id"]).get("observed_until") == "2026-10-31T00:00:00.000000Z"
    old = engine.send("GET", f"/v1/evidence/{first['id']}/content")
    assert json.loads(old.content)["facts"] == {"value": 90}

    problem = refused(engine.upload(b"x", "third.bin", revises=first["id"]), 409, "conflict")
    assert second["id"] in problem["detail"]
    refused(engine.upload(b"x", "third.bin", revises="nothing"), 404, "not-found")
    engine.register("9.9")
    path = "/v1/models/aurora/versions/9.9/evidence"
    other = engine.send("POST", path, content=b"x", params={"filename": "x.bin", "revises": first["id"]})
    refused(other, 404, "not-found")
    engine.seal()
    assert verify_ledger(engine.settings).problems == []


def test_one_file_serves_every_requirement_that_it_speaks_to(engine: Engine) -> None:
    engine.register()
    for gate in ("solo", "auto"):
        engine.trigger(gate)
    sent = ok(engine.upload(document(engine, "report", ok=True), "report.json"))["evidence"]
    findings = [*engine.gate("solo")["findings"], *engine.gate("auto")["findings"]]
    assert [(f["requirement"], f["status"], f["evidence"]) for f in findings] == [
        ("report", "met", sent["id"]),
        ("report-again", "met", sent["id"]),
        ("report", "met", sent["id"]),
    ]
    assert len([path for path in engine.settings.evidence_dir.rglob("*") if path.is_file()]) == 1


def inspect_log(engine: Engine, task_version: int) -> bytes:
    """Return an Inspect log, as far as its version counts."""
    source = Path(__file__).resolve().parents[1] / "data" / "inspect"
    log = next(path for path in sorted(source.rglob("*.json")) if _is_log(path) and path.stat().st_size < 500_000)
    value = json.loads(log.read_text())
    value["eval"]["task_version"] = task_version
    created = instant_text(engine.clock.now).replace("Z", "+00:00")
    value["eval"]["created"] = created
    value["stats"] = {**value.get("stats", {}), "started_at": created, "completed_at": created}
    return json.dumps(value).encode()


def _is_log(path: Path) -> bool:
    try:
        value = json.loads(path.read_text())
    except ValueError:
        return False
    return isinstance(value, dict) and value.get("status") == "success" and "eval" in value


def test_a_cleared_gate_turns_stale_when_an_evaluation_changed_its_version(engine: Engine) -> None:
    engine.register()
    engine.trigger("solo")
    first = ok(engine.upload(inspect_log(engine, 1), "v1.json"))["evidence"]
    assert (first["reading"], first["reading_reason"], first["kind"]) == ("read", None, "evaluation")
    assert first["facts"]["task_version"] == 1
    engine.clock.forward(hours=1)
    ok(engine.upload(document(engine, "report", ok=True), "report.json", "pipeline"))
    assert ok(engine.decide("kim", "solo"))["state"] == "cleared", engine.gate("solo")["sign_off"]
    engine.clock.forward(hours=1)
    ok(engine.upload(inspect_log(engine, 1), "again.json"))
    engine.sweep()
    assert engine.gate("solo")["state"] == "cleared"
    told = len(engine.inbox("kim"))
    engine.clock.forward(hours=1)
    ok(engine.upload(inspect_log(engine, 2), "v2.json"))
    gate = engine.gate("solo")
    assert gate["state"] == "stale"
    finding = gate["findings"][0]
    assert finding["status"] == "stale"
    assert "is of version 2" in finding["reason"]
    assert gate["findings"][1]["status"] == "met"  # that requirement does not ask for it
    assert len(engine.inbox("kim")) > told
    assert engine.inbox("mira")[-1][1] == "solo"
    engine.sweep()
    assert engine.gate("solo")["state"] == "stale"
    engine.clock.forward(hours=1)
    ok(engine.upload(document(engine, "report", ok=True), "report.json"))
    assert engine.gate("solo")["findings"][0]["status"] == "met"
