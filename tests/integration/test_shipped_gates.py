"""The shipped gates in a running engine, on both databases: opened by what happens, judged on register and clocks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from engine_fixtures import VERSION, Clock, Engine, clock_fixture, ok, refused  # noqa: F401 - used by name
from pydantic import SecretStr

from pratique.domain.times import instant_text
from pratique.services.verify import verify_ledger
from pratique.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples" / "evidence"
REGISTER = json.loads((ROOT / "examples" / "registers" / "aurora-2.1.json").read_text("utf-8"))
PROVIDER = {
    "name": "Aurora",
    "country": "FR",
    "size": "small",
    "signed_chapters": ["transparency", "copyright", "safety_security"],
}


@pytest.fixture(name="house")
def house_fixture(ledger_url: str, tmp_path: Path, clock: Clock) -> Iterator[Engine]:
    """An engine with the shipped configuration; aurora 2.1 has systemic risk, its provider sits in the Union."""
    settings = Settings(
        data_dir=tmp_path / "data",
        people_file=ROOT / "config" / "people.example.yaml",
        database_url=SecretStr(ledger_url),
        sweep_seconds=86_400,
        channels={"mail": SecretStr(f"mailfolder://{tmp_path}/mail")},
    )
    engine = Engine(settings, clock)
    try:
        engine.register(general_purpose=True, training_flop=1.2e25)
        ok(engine.send("PUT", "/v1/provider", json=PROVIDER))
        yield engine
        engine.seal()
        assert verify_ledger(settings).ok
    finally:
        engine.client.close()
        engine.parts.ledger.close()


def send(engine: Engine, *names: str, **changed: Any) -> None:
    """Submit example documents, dated an hour ago; `changed` replaces members of their facts."""
    for name in names:
        document = json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))
        document |= {"produced_at": instant_text(engine.clock.now - timedelta(hours=1))}
        document["facts"] |= changed
        ok(engine.upload(json.dumps(document).encode(), f"{name}.json", "mira"))


def happen(engine: Engine, kind: str, *, at: datetime | None = None, who: str = "mira", **more: Any) -> Any:
    body = {"kind": kind, "why": "As the log says.", "at": instant_text(at or engine.clock.now), **more}
    return ok(engine.send("POST", f"{VERSION}/occurrences", who, json=body))


def found(gate: Any, *statuses: str) -> set[str]:
    return {f["requirement"] for f in gate["findings"] if f["status"] in statuses}


def open_ids(gate: Any) -> set[str]:
    """Ids of the findings that hold a gate shut."""
    return {
        f["requirement"] for f in gate["findings"] if f["status"] in ("unmet", "not_tested", "stale") and f["enforced"]
    }


def sign(engine: Engine, gate: str, *people: str) -> Any:
    for person in people:
        ok(engine.decide(person, gate))
    return engine.gate(gate)


def test_scope_and_role_is_settled_from_what_was_recorded(house: Engine) -> None:
    opened = ok(house.event("pratique.moment.pre_training"))["gates"]
    assert [gate["gate"] for gate in opened] == ["scope-and-role", "training-start"]
    assert open_ids(opened[0]) == {"responsibilities", "resources", "copyright-policy"}
    send(house, "responsibilities", "copyright-policy")
    assert house.gate("scope-and-role")["state"] == "in_review"
    assert sign(house, "scope-and-role", "mira", "ines")["state"] == "cleared"
    left = open_ids(house.gate("training-start"))
    assert "scope-gate" not in left
    assert "risk-scenarios.cbrn" in left
    ok(house.send("PUT", f"{VERSION}/risks", "mira", json=REGISTER))
    assert not {name for name in open_ids(house.gate("training-start")) if name.startswith("risk-scenarios")}


def test_a_provider_that_leaves_a_chapter_unsigned_reopens_scope_and_role(house: Engine) -> None:
    house.trigger("scope-and-role")
    send(house, "responsibilities", "copyright-policy")
    assert sign(house, "scope-and-role", "mira", "ines")["state"] == "cleared"
    ok(house.send("PUT", "/v1/provider", json=PROVIDER | {"signed_chapters": ["transparency", "copyright"]}))
    gate = house.gate("scope-and-role")
    assert gate["state"] == "stale"
    assert open_ids(gate) == {"chapters-or-other-means"}


def test_knowing_of_the_threshold_opens_notification_and_framework_and_its_clocks_hold_it(house: Engine) -> None:
    """Known on 23 November: notified within 2 weeks. Notified on 25 November: Framework within 4 weeks, 23 December."""
    known = datetime(2026, 11, 23, 9, tzinfo=UTC)
    happen(house, "threshold_known", at=known)
    gate = house.gate("notification-and-framework")
    assert gate["state"] == "open"
    reasons = {f["requirement"]: f.get("reason", "") for f in gate["findings"]}
    assert reasons["notification-in-time"] == "time limit art-52-notification runs; its last day is 2026-12-07"
    send(house, "systemic-risk-notification", "framework", "responsibilities", "security-goal", "copyright-policy")
    house.trigger("scope-and-role")
    sign(house, "scope-and-role", "mira", "ines")
    house.clock.forward(days=2)
    happen(house, "art52_notified")
    reasons = {f["requirement"]: f.get("reason", "") for f in house.gate("notification-and-framework")["findings"]}
    assert (
        reasons["framework-confirmed-in-time"] == "time limit framework-confirmation runs; its last day is 2026-12-23"
    )
    house.clock.forward(days=1)
    happen(house, "framework_confirmed")
    assert open_ids(house.gate("notification-and-framework")) == {"framework-to-ai-office"}
    house.clock.forward(days=1)
    happen(house, "framework_provided")
    assert open_ids(house.gate("notification-and-framework")) == set()
    assert sign(house, "notification-and-framework", "mira", "ines", "jonas")["state"] == "cleared"


def test_each_doubt_about_the_framework_is_an_occasion_of_its_own_once_the_last_was_settled(house: Engine) -> None:
    happen(house, "framework_doubt")
    assert house.gate("post-market")["occasion"] == "framework_doubt"
    house.clock.forward(days=1)
    happen(house, "framework_doubt")
    assert house.gate("post-market")["occasion"] == "framework_doubt", "it still waits: the second doubt joins it"
    ok(house.decide("mira", "post-market", "withdraw"))
    house.clock.forward(days=1)
    happen(house, "framework_doubt")
    gate = house.gate("post-market")
    assert (gate["occasion"], gate["state"]) == ("framework_doubt-2", "open")


def test_a_late_notification_is_told_with_its_days(house: Engine) -> None:
    happen(house, "threshold_known")
    house.clock.forward(days=20)
    happen(house, "art52_notified")
    gate = house.gate("notification-and-framework")
    (late,) = [f for f in gate["findings"] if f["requirement"] == "notification-in-time"]
    assert (late["status"], late["reason"]) == (
        "met",
        "time limit art-52-notification: done on 2026-12-13, 6 days after it was due on 2026-12-07",
    )


def test_pre_placement_asks_for_each_risk_of_the_register(house: Engine) -> None:
    gate = house.trigger("pre-placement")
    assert len(gate["findings"]) == 97
    assert "risk-owner.loss-of-control" in found(gate, "unmet")
    ok(house.send("PUT", f"{VERSION}/risks", "mira", json=REGISTER))
    gate = house.gate("pre-placement")
    assert "risk-owner.loss-of-control" in found(gate, "met")
    own = REGISTER["risks"][0] | {"id": "grid_outage", "title": "Grid outage", "category": "provider_defined"}
    ok(house.send("PUT", f"{VERSION}/risks", "mira", json={"risks": [*REGISTER["risks"], own]}))
    gate = house.gate("pre-placement")
    assert len(gate["findings"]) == 110
    assert {"risk-tier.grid-outage", "risk-owner.grid-outage"} <= found(gate, "met")
    assert "risk-information.grid-outage" in found(gate, "not_tested")


def test_a_serious_incident_has_a_gate_of_its_own_that_waits_for_its_final_report(house: Engine) -> None:
    """S-9.3(2): aware on 23 November, cyber, so 28 November; resolved on the 30th, final within 60 days."""
    incident = ok(
        house.send(
            "POST",
            f"{VERSION}/incidents",
            "sam",
            json={"why": "Paged.", "at": instant_text(house.clock.now), "limbs": ["cybersecurity"]},
        )
    )
    name = incident["incident"]
    gate = house.gate("serious-incident", occasion=name)
    reasons = {f["requirement"]: f.get("reason", "") for f in gate["findings"]}
    assert reasons["initial-report"] == "time limit incident-initial runs; its last day is 2026-11-28"
    assert reasons["final-report"] == "time limit incident-final has not begun to run"
    send(house, "incident-file", incident=name)
    nine = [item["item"] for item in json.loads((EXAMPLES / "incident-file.json").read_text())["facts"]["items"]]
    report = {"why": "Sent by EU SEND.", "items": nine, "receipt": "signed receipt"}
    house.clock.forward(days=1)
    ok(house.send("POST", f"{VERSION}/incidents/{name}/reports", "sam", json=report | {"stage": "initial"}))
    house.clock.forward(days=6)
    ok(house.send("POST", f"{VERSION}/incidents/{name}/resolution", "sam", json={"why": "Fixed."}))
    assert open_ids(house.gate("serious-incident", occasion=name)) == {"final-report"}
    ok(house.send("POST", f"{VERSION}/incidents/{name}/reports", "sam", json=report | {"stage": "final"}))
    assert open_ids(house.gate("serious-incident", occasion=name)) == set()


def test_a_request_is_answered_in_time_by_the_record_of_what_happened(house: Engine) -> None:
    """T-1.2: received on 23 November, so 14 days later, 7 December, is the last day."""
    body = {"why": "Mail.", "at": instant_text(house.clock.now), "from": "downstream_provider"}
    name = ok(house.send("POST", f"{VERSION}/requests", "ines", json=body))["request"]
    gate = house.gate("requests", occasion=name)
    reasons = {f["requirement"]: f.get("reason", "") for f in gate["findings"]}
    assert reasons["downstream-provider-in-time"] == "time limit downstream-request runs; its last day is 2026-12-07"
    others = {"authority-in-time", "access-in-time", "measures-in-time", "complaint-in-time"}
    assert found(gate, "not_applicable") == others
    dates = {"received_on": "2026-11-23", "due_on": "2026-12-07", "answered_on": "2026-11-24"}
    send(house, "request-record", request=name, **dates)
    assert open_ids(house.gate("requests", occasion=name)) == {"downstream-provider-in-time"}
    house.clock.forward(days=1)
    ok(house.send("POST", f"{VERSION}/requests/{name}/answer", "ines", json={"why": "Sent."}))
    assert open_ids(house.gate("requests", occasion=name)) == set()


def test_an_assessment_of_the_framework_is_owed_within_twelve_months_of_placement(house: Engine) -> None:
    """S-1.3: placed on 23 November 2026, so the Framework is assessed by 23 November 2027."""
    happen(house, "placed")
    gate = house.gate("post-market")
    (assessed,) = [f for f in gate["findings"] if f["requirement"] == "framework-assessment-in-time"]
    assert (assessed["status"], assessed["until"][:10]) == ("met", "2027-11-23")
    house.clock.forward(days=366)
    house.sweep()
    gate = house.gate("post-market")
    assert "framework-assessment-in-time" in found(gate, "unmet")


def test_one_update_of_the_model_report_neither_serves_the_next_change_nor_blocks_it(house: Engine) -> None:
    """S-7.7: confirmed on Monday 23 November 2026, so 30 November is the last day; provided 20 days later."""
    happen(house, "report_update_confirmed", about="chg-a")
    house.clock.forward(days=20)
    happen(house, "model_report_provided", about="chg-a")
    first = update_to_ai_office(house, "chg-a")
    assert first["status"] == "met"
    assert first["reason"].endswith("done on 2026-12-13, 13 days after it was due on 2026-11-30")
    assert update_to_ai_office(house, "chg-b")["status"] == "not_tested"
    happen(house, "report_update_confirmed", about="chg-b")
    running = update_to_ai_office(house, "chg-b")
    assert (running["status"], "runs; its last day is 2026-12-18" in running["reason"]) == ("unmet", True)


def test_an_update_that_names_no_change_counts_for_the_change_in_whose_time_it_came(house: Engine) -> None:
    assert update_to_ai_office(house, "chg-a")["status"] == "not_tested"
    happen(house, "report_update_confirmed")
    happen(house, "model_report_provided")
    assert update_to_ai_office(house, "chg-a")["status"] == "met"
    house.clock.forward(days=1)
    assert update_to_ai_office(house, "chg-b")["status"] == "not_tested"


def update_to_ai_office(engine: Engine, change: str) -> Any:
    gate = engine.trigger("model-change", change)
    return next(f for f in gate["findings"] if f["requirement"] == "update-to-ai-office")


def test_a_planned_change_has_scope_and_role_settled_for_itself(house: Engine) -> None:
    """A clearance from before the change does not stand for it: people settle anew what the changed model owes."""
    house.trigger("scope-and-role")
    send(house, "responsibilities", "copyright-policy")
    assert sign(house, "scope-and-role", "mira", "ines")["state"] == "cleared"
    house.clock.forward(days=1)
    at = house.clock.now + timedelta(days=30)
    happen(house, "change_planned", at=at, about="chg-7")
    again = house.gate("scope-and-role", occasion="chg-7")
    assert again["state"] == "in_review"
    assert "scope-again" in open_ids(house.gate("model-change", occasion="chg-7"))
    for person in ("mira", "ines"):
        ok(house.decide(person, "scope-and-role", occasion="chg-7"))
    assert "scope-again" in found(house.gate("model-change", occasion="chg-7"), "met")


def test_the_data_sheet_of_each_gate_is_served(house: Engine) -> None:
    gates = house.get("/v1/gates")["items"]
    assert len(gates) == 11
    for gate in gates:
        sheet = house.get(f"/v1/gates/{gate['gate']}")
        assert sheet["decides"] == gate["decides"]
        assert sheet["not_checked"]
        assert sheet["sources"]
    refused(house.send("GET", "/v1/gates/nothing"), 404, "not-found")
    assert house.send("GET", "/v1/gates", None).status_code == 401
