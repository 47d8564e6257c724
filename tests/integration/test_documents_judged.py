"""Approvals and bills of materials before a gate: bound to the model and its weights, until they run out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from engine_fixtures import (  # noqa: F401 - fixtures are used by name
    GATES,
    Engine,
    clock_fixture,
    engine_fixture,
    engine_settings_fixture,
    ok,
    write_config,
)

_DATA = Path(__file__).resolve().parents[1] / "data"
_APPROVAL = json.loads((_DATA / "approvals/approval.json").read_text())
_BILL = json.loads((_DATA / "cyclonedx/mlbom-1.7.cdx.json").read_text())
_WEIGHTS = "ab" * 32
_ASKED = {
    "approval": 'facts.decision == "approved" && !facts.self_approved && size(facts.suspicious_ids) == 0',
    "bill-of-materials": "facts.references.duplicate == 0 && facts.model.metrics_done == facts.model.metrics_planned",
}


@pytest.fixture(name="engine_config", scope="session")
def engine_config_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The gates of other tests; `solo` asks for an approval, `auto` for a bill of materials."""
    folder = tmp_path_factory.mktemp("documents") / "config"
    write_config(folder)
    by_id: dict[str, Any] = {gate["id"]: gate for gate in GATES}
    report = by_id["auto"]["checkpoints"][0]["requirements"][0]
    for gate, kind in (("solo", "approval"), ("auto", "bill-of-materials")):
        asked = report | {"id": "asked", "evidence": {"kind": kind}, "criterion": _ASKED[kind]}
        spec = by_id[gate] | {"checkpoints": [by_id[gate]["checkpoints"][0] | {"requirements": [asked]}]}
        (folder / "gates" / f"{gate}.yaml").write_text(yaml.safe_dump(json.loads(json.dumps(spec)), sort_keys=False))
    return folder


def _judged(engine: Engine, gate: str, document: Any, filename: str = "document.json") -> Any:
    ok(engine.upload(json.dumps(document).encode(), filename))
    return engine.gate(gate)["findings"][0]


@pytest.fixture(name="acme")
def acme_fixture(engine: Engine) -> Engine:
    engine.register(known_as=["acme-7b-instruct", "acme-7b-instruct-2026.11"], weights_sha256=_WEIGHTS)
    engine.trigger("solo")
    engine.trigger("auto")
    return engine


def test_an_approval_of_these_weights_counts_until_it_runs_out(acme: Engine) -> None:
    assert _judged(acme, "solo", _APPROVAL)["status"] == "met"
    acme.clock.forward(days=30)  # it expires on 22 December
    acme.sweep()
    assert acme.gate("solo")["findings"][0]["status"] == "stale"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"subject": {"name": "acme-7b-instruct", "digest": {"sha256": "cd" * 32}}},
            "was made on weights cdcdcdcdcdcd",
        ),
        ({"subject": {"name": "other", "digest": {"sha256": _WEIGHTS}}}, "speaks of model 'other'"),
        ({"subject": {"name": "acme-7b-instruct"}}, "names no SHA-256"),
        ({"requested_by": "lеad@acme.example"}, ""),
        ({"decision": "rejected"}, ""),
    ],
)
def test_an_approval_of_something_else_or_by_the_wrong_person_does_not(
    acme: Engine, change: dict[str, Any], words: str
) -> None:
    finding = _judged(acme, "solo", {**_APPROVAL, **change})
    assert finding["status"] != "met"
    assert words in json.dumps(finding, ensure_ascii=False)


def test_a_bill_is_of_the_version_and_the_weights_that_it_names(acme: Engine) -> None:
    assert "was made on weights" in str(_judged(acme, "auto", _BILL))
    bill = json.loads(json.dumps(_BILL))
    bill["components"][0]["hashes"][0]["content"] = _WEIGHTS
    assert _judged(acme, "auto", bill)["status"] == "met"


def test_the_plain_answer_of_github_meets_no_criterion_about_self_approval(acme: Engine) -> None:
    reviews = json.loads((_DATA / "approvals/github_run_approvals.json").read_text())
    assert _judged(acme, "solo", reviews)["status"] != "met"
