"""What clocks run from: recorded with its time, reason and author, or refused with everything that is wrong."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from clock_fixtures import (  # noqa: F401 - fixtures are used by name
    bureau_fixture,
    clock_config_fixture,
    clock_settings_fixture,
    record,
    recorded,
)
from engine_fixtures import VERSION, Engine, clock_fixture, ok, refused  # noqa: F401

COMPUTE = {
    "run": "r1",
    "kind": "done",
    "flop": 2e24,
    "begins_at": "2026-10-01T00:00:00Z",
    "ends_at": "2026-11-01T00:00:00Z",
    "purpose": "pre_training",
    "source": "the cluster's own count",
}


def test_an_occurrence_keeps_its_time_reason_and_author_and_opens_its_gate(bureau: Engine) -> None:
    at = bureau.clock.now - timedelta(hours=3)
    made = recorded(bureau, "incident_aware", at=at, about="inc-1", limbs=["death"], aware_by="on-call")
    assert (made["kind"], made["about"], made["person"]) == ("incident_aware", "inc-1", "mira")
    assert made["at"] == "2026-11-23T11:00:00.000000Z"
    assert made["data"] == {"limbs": ["death"], "causal": "suspected", "aware_by": "on-call"}
    assert bureau.gate("serious-incident")["occasion"] == "inc-1"
    found = bureau.get(f"{VERSION}/occurrences")["items"]
    assert found == [made]
    bureau.seal()
    entries = bureau.get("/v1/journal", tag="clock:occurrence:recorded")["entries"]
    assert [(entry["entry"]["actor"], entry["entry"]["subject"]) for entry in entries] == [
        ("person:mira", f"occurrence:{made['id']}")
    ]


@pytest.mark.parametrize(
    ("kind", "given", "words"),
    [
        ("incident_forgotten", {}, "kind: found 'incident_forgotten', expected one of"),
        ("incident_aware", {}, "about: expected the incident"),
        ("incident_aware", {"about": "inc 1"}, "about: found 'inc 1'"),
        ("incident_aware", {"about": "inc-1\n"}, "about: found"),
        ("incident_aware", {"about": "inc-1", "limbs": ["flood"]}, "data.limbs.0"),
        ("incident_aware", {"about": "inc-1", "harm": 1}, "data.harm"),
        ("placed", {"at": "2026-11-23T15:00:00Z"}, "expected a time that has come"),
        ("request_received", {"about": "r-1", "from": "ai_office"}, "the authority sets the time"),
        ("placed", {"note": {"deep": 1}}, "data.note"),
        ("placed", {"at": "0001-01-01T00:00:00Z"}, "at: found year 1, expected 1970 to 2199"),
        ("placement_planned", {"at": "9999-12-31T23:59:59Z"}, "at: found year 9999"),
        (
            "request_received",
            {"about": "r-1", "from": "ai_office", "basis": "art_91", "due_on": "9999-12-31"},
            "data.due_on",
        ),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    bureau: Engine, kind: str, given: dict[str, Any], words: str
) -> None:
    problem = refused(record(bureau, kind, **given), 422, "invalid-input")
    assert words.replace("the authority", "an authority") in problem["detail"]
    assert bureau.rows("SELECT COUNT(*) FROM occurrence") == [(0,)]


def test_a_plan_lies_ahead_and_what_concerns_the_provider_needs_no_version(bureau: Engine) -> None:
    assert recorded(bureau, "placement_planned", at="2027-03-01T09:00:00Z")["at"].startswith("2027-03-01")
    body = {"kind": "framework_confirmed", "why": "Board minutes of today."}
    made = ok(bureau.send("POST", "/v1/occurrences", "mira", json=body))
    assert made["is_wide"]
    assert bureau.get("/v1/occurrences")["items"] == [made]
    refused(bureau.send("POST", "/v1/occurrences", "mira", json={"kind": "placed", "why": "x"}), 422, "invalid-input")


def test_a_step_comes_once_and_after_the_beginning(bureau: Engine) -> None:
    refused(record(bureau, "incident_resolved", about="inc-1"), 404, "not-found")
    recorded(bureau, "incident_aware", about="inc-1")
    refused(record(bureau, "incident_aware", about="inc-1"), 409, "conflict")
    early = bureau.clock.now - timedelta(days=1)
    refused(record(bureau, "incident_limb_found", about="inc-1", at=early, limbs=["death"]), 422, "invalid-input")
    recorded(bureau, "incident_resolved", about="inc-1")
    refused(record(bureau, "incident_resolved", about="inc-1"), 409, "conflict")


def test_a_final_report_needs_all_nine_items_and_an_end_of_the_incident(bureau: Engine) -> None:
    seven = ["incident_dates", "harm", "chain_of_events", "model", "evidence", "response", "recommendations"]
    recorded(bureau, "incident_aware", about="inc-1")
    file = {"about": "inc-1", "items": seven}
    refused(record(bureau, "incident_report_filed", **file, stage="final"), 409, "conflict")
    recorded(bureau, "incident_report_filed", **file, stage="initial")
    refused(record(bureau, "incident_report_filed", **file, stage="initial"), 409, "conflict")
    refused(record(bureau, "incident_report_filed", **file, stage="final"), 409, "conflict")
    recorded(bureau, "incident_resolved", about="inc-1")
    problem = refused(record(bureau, "incident_report_filed", **file, stage="final"), 422, "invalid-input")
    assert "missing root_cause, monitoring_patterns" in problem["detail"]
    file["items"] = [*seven, "root_cause", "monitoring_patterns"]
    assert recorded(bureau, "incident_report_filed", **file, stage="final")["data"]["stage"] == "final"


def test_who_holds_no_role_for_the_model_withdraws_nothing(bureau: Engine) -> None:
    made = recorded(bureau, "incident_aware", about="inc-1")
    wide = ok(bureau.send("POST", "/v1/occurrences", "pipeline", json={"kind": "framework_confirmed", "why": "Board."}))
    entry = ok(bureau.send("POST", f"{VERSION}/compute", "mira", json=COMPUTE))["id"]
    for path in (f"/v1/occurrences/{made['id']}", f"/v1/occurrences/{wide['id']}", f"{VERSION}/compute/{entry}"):
        problem = refused(bureau.send("POST", f"{path}/withdraw", "zed", json={"reason": "No."}), 403, "not-allowed")
        assert "zed holds no role for" in problem["detail"]
    assert bureau.rows("SELECT COUNT(*) FROM occurrence WHERE withdrawn_at IS NOT NULL") == [(0,)]
    assert bureau.inbox("zed") == []


def test_owners_and_who_leads_incidents_are_told_that_an_incident_was_withdrawn(bureau: Engine) -> None:
    made = recorded(bureau, "incident_aware", about="inc-1")
    body = {"reason": "It was another model."}
    ok(bureau.send("POST", f"/v1/occurrences/{made['id']}/withdraw", "sam", json=body))
    for who in ("mira", "lea"):
        assert bureau.inbox(who)[-1] == ("withdrawn", "serious-incident")
    notice = bureau.get("/v1/inbox", "lea")["items"][0]
    assert notice["content"]["reasons"] == ["sam withdrew incident aware of inc-1: It was another model."]
    assert ("withdrawn", "serious-incident") not in bureau.inbox("jonas")


def test_what_was_recorded_wrongly_is_withdrawn_by_a_person_from_the_end(bureau: Engine) -> None:
    first = recorded(bureau, "incident_aware", about="inc-1")
    second = recorded(bureau, "incident_limb_found", about="inc-1", limbs=["death"])
    path = "/v1/occurrences/{}/withdraw"
    body = {"reason": "Another model."}
    refused(bureau.send("POST", path.format(first["id"]), "mira", json=body), 409, "conflict")
    refused(bureau.send("POST", path.format(second["id"]), "pipeline", json=body), 403, "not-allowed")
    for made in (second, first):
        assert ok(bureau.send("POST", path.format(made["id"]), "mira", json=body))["withdrawn_why"] == "Another model."
    refused(bureau.send("POST", path.format(first["id"]), "mira", json=body), 409, "conflict")
    refused(bureau.send("POST", path.format("nothing"), "mira", json=body), 404, "not-found")
    assert recorded(bureau, "incident_aware", about="inc-1")["withdrawn_at"] is None


def test_the_same_request_under_its_key_counts_once(bureau: Engine) -> None:
    body = {"kind": "threshold_known", "why": "The plan was approved."}
    given = {"json": body, "headers": {"Idempotency-Key": "plan-7"}}
    first = bureau.send("POST", f"{VERSION}/occurrences", "mira", **given)
    again = bureau.send("POST", f"{VERSION}/occurrences", "mira", **given)
    assert ok(first) == ok(again)
    assert bureau.rows("SELECT COUNT(*) FROM occurrence") == [(1,)]


def test_lists_are_turned_by_their_cursor_newest_first(bureau: Engine) -> None:
    for hour in range(5):
        recorded(bureau, "evaluation_started", at=bureau.clock.now - timedelta(hours=hour), about=f"e{hour}")
    page = bureau.get(f"{VERSION}/occurrences", limit=3)
    assert [item["about"] for item in page["items"]] == ["e0", "e1", "e2"]
    rest = bureau.get(f"{VERSION}/occurrences", limit=3, cursor=page["next"])
    assert ([item["about"] for item in rest["items"]], rest["next"]) == (["e3", "e4"], None)
    refused(bureau.send("GET", f"{VERSION}/occurrences?cursor=x", "mira"), 422, "invalid-input")


def test_an_event_does_not_stand_for_what_was_recorded_with_its_time_and_reason(bureau: Engine) -> None:
    problem = refused(bureau.event("pratique.occurrence.incident_aware"), 422, "invalid-input")
    assert "recorded with its time and reason" in problem["detail"]
    assert bureau.get(f"{VERSION}/gates")["items"] == []


def test_occurrences_at_once_plan_each_clock_once(bureau: Engine) -> None:
    """Two replicas on PostgreSQL, or two requests: the row of the model version makes them wait for each other."""
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: record(bureau, "evaluation_started", about=f"e{n}"), range(16)))
    assert {answer.status_code for answer in answers} == {201}
    clocks = bureau.get("/v1/clocks", rule="evaluation-time")["items"]
    assert sorted(clock["about"] for clock in clocks) == sorted(f"e{n}" for n in range(16))


@pytest.mark.parametrize("at", ["1970-01-01T00:00:00Z", "2199-12-31T23:59:59Z", "2026-10-25T00:30:00Z"])
def test_any_time_that_is_taken_is_counted_from(bureau: Engine, at: str) -> None:
    plans = ("placement_planned", "change_planned", "pre_training_planned")
    past = (
        "threshold_known",
        "placed",
        "framework_doubt",
        "evaluation_started",
        "incident_aware",
        "complaint_received",
    )
    for kind in plans if at.startswith("2199") else (*plans, *past):
        recorded(bureau, kind, at=at, about="x1")
    longest = {"from": "ai_office", "basis": "art_91", "period": "9999 years"}
    recorded(bureau, "request_received", about="r-1", **longest)
    for clock in bureau.get("/v1/clocks", limit=500)["items"]:
        assert clock["due_on"] or clock["unknown"], clock
    bureau.sweep()
