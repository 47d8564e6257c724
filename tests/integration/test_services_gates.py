"""Gates from opening to clearance: who may sign, what a signature rests on, what takes it away."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from engine_fixtures import (  # noqa: F401 - fixtures are used by name
    VERSION,
    Engine,
    clock_fixture,
    engine_config_fixture,
    engine_fixture,
    engine_settings_fixture,
    ok,
    refused,
)


@pytest.fixture(name="story")
def story_fixture(engine: Engine) -> Engine:
    engine.register()
    return engine


def in_review(engine: Engine, gate: str, *, submitter: str = "pipeline") -> None:
    engine.trigger(gate)
    engine.submit("score", value=10, who=submitter)
    assert engine.gate(gate)["state"] == "in_review"


def test_a_gate_goes_from_open_through_review_to_cleared(story: Engine) -> None:
    opened = story.trigger("trial")
    assert (opened["state"], opened["outcome"], opened["open_findings"]) == ("open", "blocked", 1)
    assert opened["waiting_on"] == [
        {"role": "eval_lead", "people": ["mira"], "for": "evidence", "requirements": ["score"]}
    ]
    assert story.submit("score", value=90)["gates"][0]["findings"][0]["reason"] == "The score is too high."
    story.clock.forward(hours=1)
    review = story.submit("score", value=10)["gates"][0]
    assert (review["state"], review["outcome"]) == ("in_review", "awaiting_decision")
    assert [w["role"] for w in review["waiting_on"]] == ["owner", "approver"]
    first = ok(story.decide("mira", "trial"))
    assert first["state"] == "in_review"
    assert [w["role"] for w in first["waiting_on"]] == ["approver"]
    cleared = ok(story.decide("jonas", "trial"))
    assert (cleared["state"], cleared["outcome"], cleared["waiting_on"]) == ("cleared", "cleared", [])
    assert [s["person"] for s in cleared["sign_off"]["signed"]] == ["mira", "jonas"]
    assert cleared["row_version"] > first["row_version"] > review["row_version"] > opened["row_version"]


def test_who_submitted_the_evidence_cannot_clear_alone(story: Engine) -> None:
    in_review(story, "solo", submitter="mira")
    alone = ok(story.decide("mira", "solo"))
    assert alone["state"] == "in_review"
    assert "four eyes" in alone["sign_off"]["missing"][0]
    refused(story.decide("mira", "solo"), 409, "conflict")
    assert ok(story.decide("kim", "solo"))["state"] == "cleared"


def test_who_is_responsible_for_the_pipeline_cannot_clear_alone(story: Engine) -> None:
    story.tokens["ci"] = story.issue(kind="pipeline", person="mira")
    in_review(story, "solo", submitter="ci")
    assert ok(story.decide("mira", "solo"))["state"] == "in_review"
    assert ok(story.decide("kim", "solo"))["state"] == "cleared"


def test_one_signature_is_not_four_eyes_when_nobody_knows_who_submitted(story: Engine) -> None:
    in_review(story, "solo")  # the first pipeline token names no person
    assert ok(story.decide("mira", "solo"))["state"] == "in_review"
    assert ok(story.decide("kim", "solo"))["state"] == "cleared"


def test_who_granted_the_waiver_cannot_clear_alone(story: Engine) -> None:
    story.trigger("solo")
    assert ok(story.waive("mira", "solo", "score"))["state"] == "in_review"
    assert ok(story.decide("mira", "solo"))["state"] == "in_review"
    assert ok(story.decide("kim", "solo"))["state"] == "cleared"


def test_one_person_in_two_roles_counts_once(story: Engine) -> None:
    in_review(story, "trial")
    assert ok(story.decide("kim", "trial", role="owner"))["state"] == "in_review"
    refused(story.decide("kim", "trial", role="approver"), 409, "conflict")
    assert ok(story.decide("jonas", "trial"))["state"] == "cleared"


def test_a_quorum_asks_for_distinct_people_of_the_role(story: Engine) -> None:
    in_review(story, "quorum")
    refused(story.decide("mira", "quorum"), 403, "not-allowed")
    refused(story.decide("sam", "quorum"), 403, "not-allowed")
    one = ok(story.decide("jonas", "quorum"))
    assert one["sign_off"]["missing"] == ["1 more signature in the role approver"]
    refused(story.decide("jonas", "quorum"), 409, "conflict")
    assert ok(story.decide("ines", "quorum"))["state"] == "cleared"


def test_a_pipeline_a_worker_and_an_admin_can_never_decide(story: Engine) -> None:
    in_review(story, "trial")
    for who in ("pipeline", "worker", "admin"):
        refused(story.decide(who, "trial"), 403, "not-allowed")
        refused(story.waive(who, "trial", "report"), 403, "not-allowed")
    assert story.gate("trial")["decisions"] == []


def test_a_decision_on_what_no_longer_stands_is_refused(story: Engine) -> None:
    in_review(story, "trial")
    seen = story.gate("trial")
    story.clock.forward(hours=1)
    story.submit("score", value=20)
    refused(story.decide("jonas", "trial", basis=seen["basis"]), 409, "conflict")
    refused(story.decide("jonas", "trial", row_version=seen["row_version"]), 409, "conflict")
    ok(story.decide("jonas", "trial", row_version=story.gate("trial")["row_version"]))


def test_a_decision_on_evidence_that_ran_out_this_moment_is_refused(story: Engine) -> None:
    in_review(story, "trial")
    ok(story.decide("mira", "trial"))
    story.clock.forward(days=31)  # no sweep has run
    refused(story.decide("jonas", "trial"), 409, "conflict")
    assert story.sweep()["rechecked"] == 1
    assert story.gate("trial")["state"] == "open"
    refused(story.decide("jonas", "trial"), 409, "move-refused")


def test_two_people_who_decide_at_once_both_count(story: Engine) -> None:
    in_review(story, "quorum")
    people = ["jonas", "ines", "kim"]
    for person in people:
        story.headers(person)
    basis = story.gate("quorum")["basis"]
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda p: story.decide(p, "quorum", basis=basis), people))
    assert sorted(a.status_code for a in answers) == [200, 200, 409]
    view = story.gate("quorum")
    assert view["state"] == "cleared"
    assert len(view["decisions"]) == len(view["sign_off"]["signed"]) == 2


def test_a_page_decided_twice_at_once_by_row_version_loses_no_update(story: Engine) -> None:
    in_review(story, "quorum")
    view = story.gate("quorum")
    for person in ("jonas", "ines"):
        story.headers(person)
    with ThreadPoolExecutor(2) as pool:
        answers = list(
            pool.map(
                lambda p: story.decide(p, "quorum", basis=view["basis"], row_version=view["row_version"]),
                ["jonas", "ines"],
            )
        )
    assert sorted(a.status_code for a in answers) == [200, 409]
    assert len(story.gate("quorum")["decisions"]) == 1


def test_a_returned_gate_opens_again_with_new_evidence(story: Engine) -> None:
    in_review(story, "trial")
    ok(story.decide("mira", "trial"))
    returned = ok(story.decide("jonas", "trial", act="return"))
    assert (returned["state"], returned["outcome"]) == ("returned", "blocked")
    assert [bool(d["dismissed"]) for d in returned["decisions"]] == [True, False]
    refused(story.decide("jonas", "trial"), 409, "move-refused")
    assert ("returned", "trial") in story.inbox("mira")
    story.clock.forward(hours=1)
    story.submit("score", value=5)
    assert story.gate("trial")["state"] == "in_review"
    ok(story.decide("mira", "trial"))
    assert ok(story.decide("jonas", "trial"))["state"] == "cleared"


def test_a_rejected_gate_stays_rejected_until_another_occasion(story: Engine) -> None:
    in_review(story, "trial")
    assert ok(story.decide("jonas", "trial", act="reject"))["outcome"] == "rejected"
    before = story.gate("trial")["row_version"]
    for act in ("clear", "return", "reject", "withdraw"):
        refused(story.decide("jonas", "trial", act=act), 409, "move-refused")
    refused(story.waive("jonas", "trial", "report"), 409, "conflict")
    due = {"due_at": "2027-01-01T00:00:00Z", "reason": "More time."}
    refused(story.send("POST", f"{VERSION}/gates/trial/dates", "mira", json=due), 409, "conflict")
    story.clock.forward(days=40)
    story.submit("score", value=1)
    assert story.trigger("trial")["state"] == "rejected"
    assert story.sweep()["rechecked"] == 0, "a final gate is no work for the sweep, ever again"
    assert story.gate("trial")["row_version"] == before
    assert story.trigger("trial", "second")["state"] == "in_review"


def test_a_revocation_changes_nothing_on_a_final_gate(story: Engine) -> None:
    story.trigger("trial")
    waiver = ok(story.waive("jonas", "trial", "score"))["waivers"][0]["id"]
    ok(story.decide("jonas", "trial", act="withdraw"))
    path = f"{VERSION}/gates/trial/waivers/{waiver}/revoke"
    late = {"reason": "Late.", "basis": story.gate("trial")["basis"]}
    refused(story.send("POST", path, "jonas", json=late), 409, "conflict")


def test_a_request_can_be_withdrawn_even_after_clearance(story: Engine) -> None:
    in_review(story, "trial")
    ok(story.decide("mira", "trial"))
    ok(story.decide("jonas", "trial"))
    assert ok(story.decide("mira", "trial", act="withdraw"))["state"] == "withdrawn"
    refused(story.decide("mira", "trial", act="withdraw"), 409, "move-refused")


def test_a_waiver_passes_a_finding_visibly_until_it_ends(story: Engine) -> None:
    story.trigger("trial")
    refused(story.waive("jonas", "trial", "score", days=-1), 422, "invalid-input")
    refused(story.waive("jonas", "trial", "score", days=400), 422, "invalid-input")
    refused(story.waive("jonas", "trial", "nothing"), 422, "invalid-input")
    refused(story.waive("jonas", "trial", "score", reason="  "), 422, "invalid-input")
    refused(story.waive("sam", "trial", "score"), 403, "not-allowed")
    waived = ok(story.waive("jonas", "trial", "score"))
    finding = waived["findings"][0]
    assert (waived["state"], finding["status"], finding["without_waiver"]) == ("in_review", "waived", "not_tested")
    assert "waived by jonas: Booked." in finding["reason"]
    refused(story.waive("jonas", "trial", "score"), 409, "conflict")
    ok(story.decide("mira", "trial"))
    assert ok(story.decide("jonas", "trial"))["state"] == "cleared"
    story.clock.forward(days=8)
    report = story.sweep()
    assert (report["rechecked"], report["expired"]) == (1, 1)
    stale = story.gate("trial")
    assert (stale["state"], stale["outcome"], stale["findings"][0]["status"]) == ("stale", "blocked", "not_tested")
    assert all(d["dismissed"] for d in stale["decisions"])
    assert story.sweep()["rechecked"] == 0


def test_a_revoked_waiver_holds_the_gate_again(story: Engine) -> None:
    story.trigger("trial")
    waiver = ok(story.waive("jonas", "trial", "score"))["waivers"][0]["id"]
    path = f"{VERSION}/gates/trial/waivers/{waiver}/revoke"
    seen = {"basis": story.gate("trial")["basis"]}
    refused(story.send("POST", path, "sam", json={"reason": "No.", **seen}), 403, "not-allowed")
    refused(story.send("POST", path, "mira", json={"reason": "Unseen."}), 422, "invalid-input")
    view = ok(story.send("POST", path, "mira", json={"reason": "Not any more.", **seen}))
    assert (view["state"], view["open_findings"]) == ("open", 1)
    assert view["waivers"][0]["revoked_why"] == "Not any more."
    refused(story.send("POST", path, "mira", json={"reason": "Again.", **seen}), 409, "conflict")
    refused(story.send("POST", path.replace(waiver, "x"), "mira", json={"reason": "No.", **seen}), 404, "not-found")


def test_a_waiver_is_revoked_on_what_the_person_saw(story: Engine) -> None:
    story.trigger("trial")
    waiver = ok(story.waive("jonas", "trial", "score"))["waivers"][0]["id"]
    seen = story.gate("trial")["basis"]
    story.submit("score", value=10, after=1)
    path = f"{VERSION}/gates/trial/waivers/{waiver}/revoke"
    problem = refused(story.send("POST", path, "mira", json={"reason": "As seen.", "basis": seen}), 409, "conflict")
    now = story.gate("trial")["basis"]
    assert problem["differs"] == [{"member": "basis", "found": seen, "expected": now}]
    assert story.gate("trial")["waivers"][0]["revoked_at"] is None
    ok(story.send("POST", path, "mira", json={"reason": "As it is.", "basis": now}))


def test_new_evidence_dismisses_signatures_and_says_what_changed(story: Engine) -> None:
    in_review(story, "trial")
    ok(story.decide("jonas", "trial"))
    story.clock.forward(hours=1)
    story.submit("score", value=20)
    view = story.gate("trial")
    assert view["state"] == "in_review"
    assert view["sign_off"]["signed"] == []
    assert "score rests on other evidence now" in view["decisions"][0]["dismissed"]["why"]
    assert story.inbox("jonas")[-1] == ("sign_offs_dismissed", "trial")
    assert story.inbox("mira")[-1] != ("sign_offs_dismissed", "trial")
    ok(story.decide("jonas", "trial"))
    story.clock.forward(hours=1)
    story.submit("score", value=99)
    view = story.gate("trial")
    assert view["state"] == "open"
    assert "score was met, is unmet" in view["decisions"][1]["dismissed"]["why"]


def test_a_signature_stands_while_nothing_it_rests_on_changes(story: Engine) -> None:
    in_review(story, "trial")
    ok(story.decide("jonas", "trial"))
    story.upload(b"no evidence at all", "notes.txt")
    assert [s["person"] for s in story.gate("trial")["sign_off"]["signed"]] == ["jonas"]


def test_a_signature_of_somebody_who_lost_the_role_no_longer_counts(story: Engine) -> None:
    from pratique.domain.people import People

    in_review(story, "trial")
    ok(story.decide("jonas", "trial"))
    people = [p.model_copy(update={"roles": ()}) if p.id == "jonas" else p for p in story.parts.people.people]
    # As after a change of people.yaml and a restart.
    object.__setattr__(story.parts, "people", People(format="pratique.people/1", people=tuple(people)))
    assert story.gate("trial")["sign_off"]["signed"] == []
    assert ok(story.decide("mira", "trial"))["state"] == "in_review"
    assert ok(story.decide("ines", "trial"))["state"] == "cleared"


def test_a_prerequisite_advances_the_gate_that_waits_for_it_and_takes_it_along_when_stale(story: Engine) -> None:
    final = story.trigger("final")
    assert "never opened" in final["findings"][0]["reason"]
    story.submit("report", ok=True)
    in_review(story, "trial")
    assert story.gate("final")["findings"][0]["reason"] == "gate trial is in_review, expected cleared"
    ok(story.decide("mira", "trial"))
    ok(story.decide("jonas", "trial"))
    assert story.gate("final")["state"] == "in_review"
    ok(story.decide("jonas", "final"))
    assert ok(story.decide("ines", "final", role="executive"))["state"] == "cleared"
    story.clock.forward(days=31)
    assert story.sweep()["expired"] == 1
    final = story.gate("final")
    assert (final["state"], final["findings"][0]["status"]) == ("stale", "stale")


def test_a_new_occasion_of_a_prerequisite_reaches_the_gate_that_waits_for_it(story: Engine) -> None:
    story.trigger("final")
    story.submit("report", ok=True)
    in_review(story, "trial")
    ok(story.decide("mira", "trial"))
    ok(story.decide("jonas", "trial"))
    ok(story.decide("jonas", "final"))
    assert ok(story.decide("ines", "final", role="executive"))["state"] == "cleared"
    story.trigger("trial", "second")
    assert story.gate("final")["state"] == "stale", "its last trigger point is not cleared"


def test_a_new_open_occasion_of_a_prerequisite_takes_clearance_away(story: Engine) -> None:
    story.trigger("final")
    story.submit("report", ok=True)
    in_review(story, "trial")
    ok(story.decide("mira", "trial"))
    ok(story.decide("jonas", "trial"))
    ok(story.decide("jonas", "final"))
    ok(story.decide("ines", "final", role="executive"))
    story.submit("score", value=99, after=1)
    story.clock.forward(hours=2)
    assert story.gate("trial")["state"] == "stale"
    assert story.gate("final")["state"] == "stale"
    story.submit("score", value=1)
    ok(story.decide("mira", "trial"))
    ok(story.decide("jonas", "trial"))
    ok(story.decide("jonas", "final"))
    assert ok(story.decide("ines", "final", role="executive"))["state"] == "cleared"
    story.clock.forward(days=31)
    assert story.trigger("trial", "later")["state"] == "open"
    assert story.gate("final")["state"] == "stale"


def test_a_cleared_gate_survives_passing_evidence_and_not_failing_evidence(story: Engine) -> None:
    in_review(story, "trial")
    ok(story.decide("mira", "trial"))
    ok(story.decide("jonas", "trial"))
    story.clock.forward(hours=1)
    story.submit("score", value=20)
    view = story.gate("trial")
    assert view["state"] == "cleared"
    signed = [(s["person"], s["on_this_basis"]) for s in view["sign_off"]["signed"]]
    assert signed == [("mira", False), ("jonas", False)]
    assert view["sign_off"]["missing"] == []
    assert story.inbox("mira")[-1] == story.inbox("jonas")[-1] == ("changed_since", "trial")
    story.clock.forward(hours=1)
    story.submit("score", value=99)
    view = story.gate("trial")
    assert (view["state"], view["findings"][0]["status"]) == ("stale", "unmet")
    assert ("stale", "trial") in story.inbox("jonas")
    story.clock.forward(hours=1)
    story.submit("score", value=1)
    view = story.gate("trial")
    assert (view["state"], view["sign_off"]["signed"]) == ("in_review", [])


def test_evidence_that_runs_out_makes_a_cleared_gate_stale_by_the_sweep(story: Engine) -> None:
    story.trigger("trial")
    story.submit("score", value=10, valid_days=3)
    ok(story.decide("mira", "trial"))
    ok(story.decide("jonas", "trial"))
    story.clock.forward(days=2)
    assert story.sweep()["rechecked"] == 0
    story.clock.forward(days=1)
    assert story.sweep()["expired"] == 1
    view = story.gate("trial")
    assert (view["state"], view["findings"][0]["status"]) == ("stale", "stale")
    assert view["due_at"] > view["changed_at"]
    assert ("stale", "trial") in story.inbox("mira"), "who owes the evidence is told"
    story.submit("score", value=10)
    assert story.gate("trial")["state"] == "in_review"


def both_cleared_but_final(story: Engine) -> None:
    """Clear `trial` on evidence that holds for three days; bring `final`, which needs it, to review."""
    story.trigger("trial")
    story.submit("score", value=10, valid_days=3)
    story.submit("report", ok=True)
    ok(story.decide("mira", "trial"))
    ok(story.decide("jonas", "trial"))
    assert story.trigger("final")["state"] == "in_review"


def test_a_clearance_whose_ground_ran_out_counts_for_nothing_even_before_the_sweep(story: Engine) -> None:
    both_cleared_but_final(story)
    story.clock.forward(days=4)
    view = story.gate("trial")
    assert (view["state"], view["outcome"]) == ("stale", "blocked")
    refused(story.decide("jonas", "final"), 409, "conflict")
    assert story.sweep()["expired"] == 1
    assert story.gate("final")["state"] == "open"


def test_a_gate_that_another_gates_flow_moved_starts_a_flow_of_its_own(story: Engine) -> None:
    both_cleared_but_final(story)
    story.claim("flow")
    story.clock.forward(days=4)
    run = story.gate("trial")["gate_run"]
    story.post(f"/v1/gate-runs/{run}/evaluate", "worker", {})
    waiting = story.rows("SELECT payload FROM outbox WHERE topic = 'flow' AND status = 'ready'")
    assert [json.loads(payload)["gate"] for (payload,) in waiting] == ["final"]


def test_a_waiver_for_a_missing_file_covers_no_file_that_fails(story: Engine) -> None:
    story.trigger("trial")
    ok(story.waive("jonas", "trial", "score"))
    ok(story.decide("mira", "trial"))
    ok(story.decide("jonas", "trial"))
    assert story.gate("trial")["state"] == "cleared"
    story.submit("score", value=99)
    view = story.gate("trial")
    assert (view["state"], view["findings"][0]["status"]) == ("stale", "unmet")


def test_a_changed_profile_is_judged_again(story: Engine) -> None:
    in_review(story, "trial")
    ok(story.decide("mira", "trial"))
    story.register(known_as=[], attributes={"team": "a"})
    view = story.gate("trial")
    assert view["decisions"][0]["dismissed"]
    ok(story.decide("mira", "trial"))
    ok(story.decide("jonas", "trial"))
    assert story.register(known_as=[], attributes={"team": "a"})["created"] is False
    assert story.gate("trial")["state"] == "cleared"


def test_other_weights_than_those_signed_for_are_not_cleared(story: Engine) -> None:
    story.register(weights_sha256="a" * 64)
    in_review(story, "trial")
    ok(story.decide("mira", "trial"))
    ok(story.decide("jonas", "trial"))
    story.register(weights_sha256="b" * 64)
    view = story.gate("trial")
    assert (view["state"], view["outcome"], view["weights_sha256"]) == ("stale", "blocked", "b" * 64)
    assert all("weights" in d["dismissed"]["why"] for d in view["decisions"])
    story.clock.forward(hours=1)
    story.submit("score", value=11)
    assert story.gate("trial")["state"] == "in_review"


def test_weights_named_for_the_first_time_leave_earlier_clearances_alone(story: Engine) -> None:
    in_review(story, "trial")
    ok(story.decide("mira", "trial"))
    ok(story.decide("jonas", "trial"))
    story.register(weights_sha256="a" * 64)
    assert story.gate("trial")["state"] == "cleared"
    story.register()
    assert story.gate("trial")["state"] == "stale"


def test_a_gate_without_sign_off_roles_clears_itself_and_goes_stale_by_itself(story: Engine) -> None:
    assert story.trigger("auto")["state"] == "open"
    assert story.submit("report", ok=True)["gates"][0]["state"] == "cleared"
    story.clock.forward(hours=1)
    assert story.submit("report", ok=False)["gates"][0]["state"] == "stale"
    story.clock.forward(hours=1)
    assert story.submit("report", ok=True)["gates"][0]["state"] == "cleared"


def test_the_due_date_moves_with_a_reason(story: Engine) -> None:
    story.trigger("trial")
    path = f"{VERSION}/gates/trial/dates"
    moved = ok(story.send("POST", path, "mira", json={"due_at": "2026-12-24T12:00:00+01:00", "reason": "Holidays."}))
    assert (moved["due_at"], moved["follow_up_at"]) == ("2026-12-24T11:00:00.000000Z", "2026-11-28T14:00:00.000000Z")
    bad = [
        {"due_at": "2026-12-24T12:00:00Z", "follow_up_at": "2026-12-25T12:00:00Z"},
        {"due_at": "2026-12-24T12:00:00"},
        {"due_at": "0001-01-01T00:00:00+23:59"},
        {"due_at": "9999-12-31T23:59:59-23:59"},
        {"due_at": "2020-01-01T00:00:00Z"},
        {"due_at": "2026-12-24T12:00:00Z", "follow_up_at": "0001-01-01T00:00:00+23:59"},
    ]
    for body in bad:
        refused(story.send("POST", path, "mira", json={"reason": "No.", **body}), 422, "invalid-input")
    refused(
        story.send("POST", path, "sam", json={"reason": "No.", "due_at": "2026-12-24T12:00:00Z"}), 403, "not-allowed"
    )
