"""Incidents, near misses, requests and complaints over HTTP: awareness first, dates from it, items that lack."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from clock_fixtures import (  # noqa: F401 - fixtures are used by name
    bureau_fixture,
    clock_config_fixture,
    clock_settings_fixture,
)
from engine_fixtures import VERSION, Engine, clock_fixture, ok, refused  # noqa: F401

from pratique.services.verify import verify_ledger

SEVEN = ["incident_dates", "harm", "chain_of_events", "model", "evidence", "response", "recommendations"]
NINE = [*SEVEN, "root_cause", "monitoring_patterns"]
AWARE_AT = "2026-11-23T12:00:00Z"


@pytest.fixture(name="desk")
def desk_fixture(bureau: Engine) -> Any:
    bureau.register()
    yield bureau
    bureau.seal()
    assert verify_ledger(bureau.settings).ok


def post(engine: Engine, path: str, who: str = "lea", **body: Any) -> Any:
    """Post to a path of aurora 2.1 and return the answer, whatever it is."""
    return engine.send("POST", f"{VERSION}/{path}", who, json={"why": "Paged by the on-call.", **body})


def opened(engine: Engine, **body: Any) -> dict[str, Any]:
    found: dict[str, Any] = ok(post(engine, "incidents", at=AWARE_AT, **body))
    return found


def due(view: dict[str, Any], rule: str) -> list[tuple[str, str]]:
    """Return (state, last day) of the clocks of a rule, in order of their start."""
    return [(clock["state"], clock["due_on"]) for clock in view["clocks"] if clock["rule"] == rule]


def test_before_triage_the_strictest_limit_is_assumed_and_said(desk: Engine) -> None:
    """S-9.3(1): 2 days from awareness; aware on Monday 23 November, so Wednesday 25 November is the last day."""
    incident = opened(desk, aware_by="Night shift")
    assert due(incident, "incident-initial") == [("running", "2026-11-25")]
    assert (incident["limbs"], incident["assumed_limb"]) == ([], "critical_infrastructure")
    assert (incident["aware_at"], incident["aware_by"], incident["recorded_by"]) == (
        "2026-11-23T12:00:00.000000Z",
        "Night shift",
        "lea",
    )
    assert incident["state"] == "open"
    assert incident["missing_items"] == SEVEN
    assert desk.gate("serious-incident")["occasion"] == incident["incident"]
    clock = next(c for c in incident["clocks"] if c["rule"] == "incident-initial")
    told = desk.get(f"/v1/clocks/{clock['id']}")["explanation"]
    assert any("the strictest limit is assumed" in line for line in told)


def test_limbs_choose_the_date_and_a_stricter_one_found_later_shortens_it(desk: Engine) -> None:
    """S-9.3(3) death: 23 November + 10 days = 3 December; S-9.3(2) cyber, found a day later: from the same awareness
    + 5 days = 28 November."""
    incident = opened(desk, limbs=["death"])
    name = incident["incident"]
    assert due(incident, "incident-initial") == [("running", "2026-12-03")]
    desk.clock.forward(days=1)
    later = ok(post(desk, f"incidents/{name}/limbs", limbs=["cybersecurity"]))
    assert later["limbs"] == ["cybersecurity", "death"]
    assert due(later, "incident-initial") == [("running", "2026-11-28")]
    weaker = ok(post(desk, f"incidents/{name}/limbs", limbs=["other_serious"]))
    assert due(weaker, "incident-initial") == [("running", "2026-11-28")], "a milder harm lengthens nothing"


def test_an_incident_runs_from_awareness_to_its_final_report(desk: Engine) -> None:
    """S-9.3: initial by 25 November; filed on the 24th, so intermediate by 22 December (4 weeks); resolved on
    14 December, so final by 12 February 2027 (60 days)."""
    name = opened(desk)["incident"]
    desk.clock.forward(days=1)
    reported = ok(post(desk, f"incidents/{name}/reports", stage="initial", items=SEVEN, receipt="SEND-1"))
    assert due(reported, "incident-initial") == [("met", "2026-11-25")]
    assert due(reported, "incident-intermediate") == [("running", "2026-12-22")]
    assert (reported["state"], reported["missing_items"]) == ("reported", [])
    assert reported["reports"][0]["receipt"] == "SEND-1"
    desk.clock.forward(days=20)
    resolved = ok(post(desk, f"incidents/{name}/resolution"))
    assert due(resolved, "incident-final") == [("running", "2027-02-12")]
    assert resolved["missing_items"] == ["root_cause", "monitoring_patterns"]
    lacking = refused(post(desk, f"incidents/{name}/reports", stage="final", items=SEVEN), 422, "invalid-input")
    assert "root_cause, monitoring_patterns" in lacking["detail"]
    closed = ok(post(desk, f"incidents/{name}/reports", stage="final", items=NINE))
    assert (closed["state"], due(closed, "incident-final")) == ("closed", [("met", "2027-02-12")])
    assert desk.get(f"{VERSION}/incidents")["items"] == [desk.get(f"{VERSION}/incidents/{name}")]


def test_an_initial_report_that_lacks_items_is_refused_with_what_is_missing(desk: Engine) -> None:
    """S-9.3: the initial report has items 1 to 7; one that lacks some meets no clock."""
    name = opened(desk)["incident"]
    problem = refused(post(desk, f"incidents/{name}/reports", stage="initial", items=SEVEN[:5]), 422, "invalid-input")
    assert "missing response, recommendations" in problem["detail"]
    generic = {"kind": "incident_report_filed", "about": name, "data": {"stage": "initial", "items": SEVEN[1:]}}
    problem = refused(post(desk, "occurrences", **generic), 422, "invalid-input")
    assert "missing incident_dates" in problem["detail"]
    found = desk.get(f"{VERSION}/incidents/{name}")
    assert (due(found, "incident-initial"), found["reports"]) == ([("running", "2026-11-25")], [])
    assert found["missing_items"] == SEVEN


def test_what_a_report_says_is_not_yet_known_counts_as_given_and_is_shown(desk: Engine) -> None:
    """S-9.2: reports state what is not yet known."""
    name = opened(desk)["incident"]
    given = {"stage": "initial", "items": SEVEN[:5], "not_yet_known": SEVEN[5:]}
    reported = ok(post(desk, f"incidents/{name}/reports", **given))
    assert due(reported, "incident-initial") == [("met", "2026-11-25")]
    assert (reported["missing_items"], reported["not_yet_known"]) == ([], ["response", "recommendations"])
    assert reported["reports"][0]["not_yet_known"] == ["response", "recommendations"]
    both = refused(
        post(desk, f"incidents/{name}/reports", stage="intermediate", items=["harm"], not_yet_known=["harm"]),
        422,
        "invalid-input",
    )
    assert "found harm in `items` and in `not_yet_known`" in both["detail"]
    later = ok(post(desk, f"incidents/{name}/reports", stage="intermediate", items=["response"]))
    assert later["not_yet_known"] == ["recommendations"]


def two_incidents(engine: Engine) -> tuple[str, str]:
    """Open one that was known at noon on 23 November (death: 10 days), and one known two days later."""
    first = opened(engine, limbs=["death"])["incident"]
    engine.clock.forward(days=2)
    later = ok(post(engine, "incidents", at="2026-11-25T11:00:00Z", limbs=["cybersecurity"]))["incident"]
    return first, later


def test_similar_incidents_go_in_one_report_and_each_clock_is_met_by_it(desk: Engine) -> None:
    """S-9.3: similar incidents in the window may be bundled; the first by 3 December, the other by 30 November."""
    first, later = two_incidents(desk)
    ok(post(desk, f"incidents/{first}/reports", stage="initial", items=SEVEN, also=[later], receipt="SEND-1"))
    found = {name: desk.get(f"{VERSION}/incidents/{name}") for name in (first, later)}
    assert due(found[first], "incident-initial") == [("met", "2026-12-03")]
    assert due(found[later], "incident-initial") == [("met", "2026-11-30")]
    (report,) = found[later]["reports"]
    assert (report["bundled_with"], report["receipt"]) == (first, "SEND-1")
    assert found[first]["reports"][0]["bundled_with"] is None
    for name in (first, later):
        ok(post(desk, f"incidents/{name}/resolution"))
    ok(post(desk, f"incidents/{first}/reports", stage="final", items=NINE, also=[later]))
    assert [desk.get(f"{VERSION}/incidents/{name}")["state"] for name in (first, later)] == ["closed", "closed"]


def test_a_bundled_report_that_is_late_for_one_is_late_for_that_one(desk: Engine) -> None:
    first, later = two_incidents(desk)
    desk.clock.forward(days=6)
    ok(post(desk, f"incidents/{first}/reports", stage="initial", items=SEVEN, also=[later]))
    assert due(desk.get(f"{VERSION}/incidents/{first}"), "incident-initial") == [("met", "2026-12-03")]
    assert due(desk.get(f"{VERSION}/incidents/{later}"), "incident-initial") == [("missed", "2026-11-30")]


def test_what_cannot_go_in_one_report_is_refused_and_changes_nothing(desk: Engine) -> None:
    first, later = two_incidents(desk)
    desk.clock.forward(days=11)
    outside = ok(post(desk, "incidents", at="2026-12-05T12:00:00Z", limbs=["death"]))["incident"]
    report = {"stage": "initial", "items": SEVEN}
    early = refused(post(desk, f"incidents/{later}/reports", **report, also=[first]), 422, "invalid-input")
    assert "expected from 2026-11-25T11:00:00.000000Z" in early["detail"]
    past = refused(post(desk, f"incidents/{first}/reports", **report, also=[outside]), 422, "invalid-input")
    assert "before 2026-12-03T23:00:00.000000Z" in past["detail"]
    refused(post(desk, f"incidents/{first}/reports", **report, also=[later, later]), 422, "invalid-input")
    refused(post(desk, f"incidents/{first}/reports", **report, also=[first]), 422, "invalid-input")
    refused(post(desk, f"incidents/{first}/reports", **report, also=["inc-none"]), 404, "not-found")
    assert desk.rows("SELECT COUNT(*) FROM occurrence WHERE kind = 'incident_report_filed'") == [(0,)]
    for name in (first, later):
        ok(post(desk, f"incidents/{name}/reports", **report))
    apart = {"stage": "intermediate", "also": [later]}
    problem = refused(post(desk, f"incidents/{first}/reports", **apart), 409, "conflict")
    assert "was not in the initial report" in problem["detail"]


def test_what_an_incident_cannot_be_is_refused(desk: Engine) -> None:
    refused(post(desk, "incidents", at="2026-11-24T12:00:00Z"), 422, "invalid-input")
    refused(post(desk, "incidents", limbs=["flood"]), 422, "invalid-input")
    refused(post(desk, "incidents", why=""), 422, "invalid-input")
    refused(post(desk, "incidents/inc-none/limbs", limbs=["death"]), 404, "not-found")
    refused(desk.send("GET", f"{VERSION}/incidents/inc-none", "lea"), 404, "not-found")
    refused(desk.send("GET", "/v1/models/none/versions/1/incidents", "lea"), 404, "not-found")
    assert desk.rows("SELECT COUNT(*) FROM occurrence WHERE kind LIKE 'incident%'") == [(0,)]


def test_a_near_miss_is_kept_and_is_no_incident(desk: Engine) -> None:
    made = ok(post(desk, "near-misses", reference="NM-4"))
    assert made["near_miss"].startswith("near-20261123-")
    assert desk.get(f"{VERSION}/incidents")["items"] == []
    assert "near_miss" in {item["kind"] for item in desk.get(f"{VERSION}/occurrences")["items"]}


def test_incidents_are_listed_page_by_page(desk: Engine) -> None:
    names = [ok(post(desk, "incidents", at=f"2026-11-{day}T12:00:00Z"))["incident"] for day in (20, 21, 22)]
    first = desk.get(f"{VERSION}/incidents", limit=2)
    rest = desk.get(f"{VERSION}/incidents", limit=2, cursor=first["next"])
    found = [item["incident"] for item in (*first["items"], *rest["items"])]
    assert (found, rest["next"]) == (names[::-1], None)


def test_the_time_of_an_authority_is_the_one_in_its_request(desk: Engine) -> None:
    """Art. 91(4): the period is set in the request. 23 November + 10 business days = 7 December 2026."""
    refused(post(desk, "requests", **{"from": "ai_office", "basis": "art_91"}), 422, "invalid-input")
    asked = {"from": "ai_office", "basis": "art_91", "period": "10 business_days", "reference": "Ares(2026)1"}
    by_period = ok(post(desk, "requests", **asked))
    assert due(by_period, "ai-office-request") == [("running", "2026-12-07")]
    named = {"from": "ai_office", "basis": "art_92", "due_on": "2026-12-18"}
    assert due(ok(post(desk, "requests", **named)), "model-access-request") == [("running", "2026-12-18")]
    answered = ok(post(desk, f"requests/{by_period['request']}/answer", receipt="SEND-2"))
    assert (answered["state"], due(answered, "ai-office-request")) == ("answered", [("met", "2026-12-07")])
    refused(post(desk, f"requests/{by_period['request']}/answer"), 409, "conflict")


def test_a_downstream_provider_is_answered_within_14_days_and_a_complaint_within_the_own_time(desk: Engine) -> None:
    """T-1.2: 23 November + 14 days = 7 December. C-1.5 has no figure: the self-set default of 30 days, 23 December."""
    asked = ok(post(desk, "requests", **{"from": "downstream_provider"}))
    assert due(asked, "downstream-request") == [("running", "2026-12-07")]
    complaint = ok(post(desk, "requests", kind="complaint", **{"from": "Collecting society"}))
    assert due(complaint, "copyright-complaint") == [("running", "2026-12-23")]
    assert complaint["clocks"][0]["force"] == "self_set"
    decided = ok(post(desk, f"requests/{complaint['request']}/answer", outcome="Upheld; the page is excluded."))
    assert (decided["kind"], decided["state"]) == ("complaint", "answered")
    assert due(decided, "copyright-complaint") == [("met", "2026-12-23")]
    assert [item["request"] for item in desk.get(f"{VERSION}/requests")["items"]]
    refused(desk.send("GET", f"{VERSION}/requests/req-none", "lea"), 404, "not-found")
    assert desk.gate("requests")["occasion"] == complaint["request"]


def test_countdown_goes_down_and_says_since_when_it_is_late(desk: Engine) -> None:
    name = opened(desk)["incident"]
    left = [desk.get(f"{VERSION}/incidents/{name}")["clocks"][0]["seconds_left"]]
    desk.clock.forward(days=3)
    desk.sweep()
    found = desk.get(f"{VERSION}/incidents/{name}")
    assert due(found, "incident-initial") == [("missed", "2026-11-25")]
    left.append(found["clocks"][0]["seconds_left"])
    assert left[0] == timedelta(days=2, hours=9).total_seconds()
    assert left[1] == -timedelta(hours=15).total_seconds()


def test_a_gate_waits_for_the_report_and_counts_who_recorded_it(desk: Engine) -> None:
    name = opened(desk)["incident"]

    def finding() -> dict[str, Any]:
        gate = desk.gate("serious-incident")
        return next(f for f in gate["findings"] if f["requirement"] == "in-time") | {"gate": gate}

    assert finding()["status"] == "unmet"
    assert "its last day is 2026-11-25" in finding()["reason"]
    filed = ok(post(desk, f"incidents/{name}/reports", stage="initial", items=SEVEN))
    met = finding()
    assert met["status"] == "met"
    assert {"by": "lea", "values": ["clock[incident-initial]"]} in met["gate"]["sign_off"]["profile_set_by"]
    body = {"reason": "It bounced."}
    report = filed["occurrences"][-1]["id"]
    ok(desk.send("POST", f"/v1/occurrences/{report}/withdraw", "lea", json=body))
    assert finding()["status"] == "unmet"
    desk.clock.forward(days=3)
    desk.sweep()
    assert "was missed; its last day was 2026-11-25" in finding()["reason"]
    assert ("limit_missed", "serious-incident") in desk.inbox("mira")
