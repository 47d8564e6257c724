"""Who is told what and when, and what the sweep does however late or often it comes."""

from __future__ import annotations

from collections import Counter

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
from sqlalchemy import text

from pratique.services.reminding import remind_all


@pytest.fixture(name="story")
def story_fixture(engine: Engine) -> Engine:
    engine.register()
    return engine


def deliveries(engine: Engine) -> Counter[tuple[str, str]]:
    sql = "SELECT n.kind, d.status FROM delivery d JOIN notice n ON n.id = d.notice_id"
    return Counter((str(kind), str(status)) for kind, status in engine.rows(sql))


def test_each_step_tells_those_whom_it_concerns(story: Engine) -> None:
    story.trigger("trial")
    assert story.inbox("mira") == [("review_opened", "trial")]
    assert story.inbox("jonas") == story.inbox("sam") == []
    story.submit("score", value=10)
    for who in ("mira", "jonas", "kim"):
        assert story.inbox(who)[-1] == ("decision_needed", "trial")
    ok(story.decide("mira", "trial"))
    ok(story.decide("jonas", "trial"))
    for who in ("mira", "jonas", "kim", "ines"):
        assert story.inbox(who)[-1] == ("cleared", "trial")
    assert story.inbox("sam") == []
    keys = [row[0] for row in story.rows("SELECT key FROM notice")]
    assert len(keys) == len(set(keys))


def test_joining_or_asking_again_tells_nobody_twice(story: Engine) -> None:
    run = story.trigger("trial")["gate_run"]
    story.trigger("trial")
    for _ in range(2):
        assert story.post(f"/v1/gate-runs/{run}/announce", "worker") == {"notices": 0}
        story.post(f"/v1/gate-runs/{run}/evaluate", "worker", {})
    assert story.inbox("mira") == [("review_opened", "trial")]


def test_a_reminder_and_the_overdue_notice_come_once_each(story: Engine) -> None:
    story.trigger("trial")
    assert set((story.sweep() | {"at": 0}).values()) == {0}, "nothing to do"
    story.clock.forward(days=5)
    assert story.sweep()["followed_up"] == 1
    assert story.sweep()["followed_up"] == 0
    assert not story.gate("trial")["is_overdue"]
    story.clock.forward(days=5)
    assert story.sweep()["overdue"] == 1
    assert story.sweep()["overdue"] == 0
    assert story.gate("trial")["is_overdue"]
    assert [kind for kind, _ in story.inbox("mira")] == ["review_opened", "follow_up", "overdue"]
    assert ("overdue", "trial") in story.inbox("kim"), "the owner hears of it too"
    notice = story.get("/v1/inbox", "mira")["items"][0]
    assert notice["severity"] == "high"
    assert any("score" in reason for reason in notice["content"]["reasons"])


def test_a_late_sweep_fires_the_highest_rung_alone_and_says_so(story: Engine) -> None:
    story.trigger("trial")
    story.clock.forward(days=100)
    report = story.sweep()
    assert (report["followed_up"], report["overdue"]) == (0, 1)
    assert [kind for kind, _ in story.inbox("mira")] == ["review_opened", "overdue"]
    reasons = story.get("/v1/inbox", "mira")["items"][0]["content"]["reasons"]
    assert any("the sweep came late" in reason for reason in reasons)
    story.clock.forward(days=100)
    assert story.sweep()["overdue"] == 0


def test_a_moved_date_reminds_again_at_the_new_date(story: Engine) -> None:
    story.trigger("trial")
    story.clock.forward(days=11)
    assert story.sweep()["overdue"] == 1
    body = {"due_at": "2027-01-10T00:00:00Z", "follow_up_at": "2027-01-05T00:00:00Z", "reason": "Agreed."}
    assert not ok(story.send("POST", f"{VERSION}/gates/trial/dates", "mira", json=body))["is_overdue"]
    assert story.sweep()["overdue"] == 0
    story.clock.forward(days=40)
    assert story.sweep()["overdue"] == 1
    assert [kind for kind, _ in story.inbox("mira")].count("overdue") == 2


def test_nobody_is_reminded_of_what_is_decided(story: Engine) -> None:
    story.trigger("trial")
    story.submit("score", value=10)
    ok(story.decide("mira", "trial"))
    ok(story.decide("jonas", "trial"))
    story.clock.forward(days=20)
    report = story.sweep()
    assert (report["followed_up"], report["overdue"]) == (0, 0)
    story.trigger("solo")
    ok(story.decide("mira", "solo", act="withdraw"))
    story.clock.forward(days=5)
    assert story.sweep()["followed_up"] == 0


def test_who_owes_what_ran_out_is_told_with_the_reason(story: Engine) -> None:
    story.register()
    story.trigger("logs")
    until = "2026-11-30T14:00:00Z"
    body = {"requirement": "log", "reason": "Booked.", "expires_at": until}
    ok(story.send("POST", f"{VERSION}/gates/logs/waivers", "jonas", json=body))
    assert ok(story.decide("ines", "logs"))["state"] == "cleared"
    story.clock.forward(days=8)
    assert story.sweep()["expired"] == 1
    assert story.inbox("sam")[-1] == ("stale", "logs"), "sam owes the evaluation, and signs nothing here"
    reasons = story.get("/v1/inbox", "sam")["items"][0]["content"]["reasons"]
    assert any(reason.startswith("log: ") for reason in reasons)


def test_a_move_takes_back_what_asks_for_it_in_the_same_transaction(story: Engine) -> None:
    story.trigger("trial")
    assert deliveries(story) == {("review_opened", "pending"): 1}
    story.submit("score", value=10)
    told = deliveries(story)
    assert told["review_opened", "cancelled"] == 1
    assert told["decision_needed", "pending"] == 4
    ok(story.decide("mira", "trial"))
    ok(story.decide("jonas", "trial"))
    told = deliveries(story)
    assert told["decision_needed", "pending"] == 0
    assert told["decision_needed", "cancelled"] == told["cleared", "pending"] == 4
    open_work = story.rows("SELECT count(*) FROM outbox WHERE topic = 'delivery' AND status <> 'done'")
    assert open_work == [(4,)]
    same_at = story.rows("SELECT DISTINCT settled_at FROM delivery WHERE status = 'cancelled'")
    assert same_at == [("2026-11-23T14:00:00.000000Z",)]


def test_channels_that_settings_do_not_know_are_skipped_and_the_inbox_never(story: Engine) -> None:
    story.trigger("trial")
    assert story.rows("SELECT DISTINCT channel FROM delivery") == [("mail",)]  # people name mail and fax
    story.settings.channels.clear()
    story.trigger("solo")
    assert story.inbox("mira")[-1] == ("review_opened", "solo")
    assert story.rows("SELECT count(*) FROM delivery") == [(1,)]


def test_a_delivery_is_tried_again_with_growing_pauses_until_it_is_given_up(story: Engine) -> None:
    story.trigger("trial")
    delivery = story.claim("delivery")[0]["payload"]["delivery"]
    path = f"/v1/deliveries/{delivery}"
    view = story.get(path, "worker")
    assert (view["is_still_wanted"], view["channel"]) == (True, "mail")
    assert view["recipient"] == {"person": "mira", "name": "Mira", "email": "mira@aurora.example"}
    assert view["notice"]["link"].endswith("/models/aurora/2.1/gates/trial?occasion=default")
    pauses = []
    for _ in range(9):
        answer = story.post(f"{path}/result", "worker", {"ok": False, "reason": "no route"})
        assert answer["status"] == "pending"
        pauses.append(answer["next_at"])
    assert pauses[0] < pauses[1] < pauses[2] < pauses[3]
    assert max(pauses) < "2026-11-23T15:20"
    assert story.post(f"{path}/result", "worker", {"ok": False}) == {"status": "dead", "next_at": None}
    assert story.post(f"{path}/result", "worker", {"ok": True}) == {"status": "dead", "next_at": None}
    assert not story.get(path, "worker")["is_still_wanted"]
    assert "pratique_deliveries_dead 1.0" in story.send("GET", "/metrics", None).text


def test_a_permanent_failure_is_not_tried_again_and_a_cancelled_delivery_is_not_wanted(story: Engine) -> None:
    story.trigger("trial")
    story.trigger("solo")
    first, second = (item["payload"]["delivery"] for item in story.claim("delivery"))
    result = {"ok": False, "permanent": True, "reason": "no such mailbox"}
    assert story.post(f"/v1/deliveries/{first}/result", "worker", result)["status"] == "dead"
    story.submit("score", value=1)
    assert not story.get(f"/v1/deliveries/{second}", "worker")["is_still_wanted"]
    assert story.post(f"/v1/deliveries/{second}/result", "worker", {"ok": True})["status"] == "cancelled"
    refused(story.send("GET", "/v1/deliveries/none", "worker"), 404, "not-found")
    refused(story.send("POST", "/v1/deliveries/none/result", "worker", json={"ok": True}), 404, "not-found")


def test_a_notice_is_acknowledged_by_its_reader_alone(story: Engine) -> None:
    story.trigger("trial")
    notice = story.get("/v1/inbox", "mira")["items"][0]["id"]
    path = f"/v1/notices/{notice}/acknowledge"
    refused(story.send("POST", path, "jonas"), 403, "not-allowed")
    refused(story.send("POST", path, "pipeline"), 403, "not-allowed")
    refused(story.send("GET", "/v1/inbox", "pipeline"), 403, "not-allowed")
    refused(story.send("POST", "/v1/notices/none/acknowledge", "mira"), 404, "not-found")
    for _ in range(2):
        assert story.send("POST", path, "mira").status_code == 204
    assert story.get("/v1/inbox", "mira")["items"][0]["acknowledged_at"]
    assert story.rows("SELECT count(*) FROM journal_entry WHERE tag = 'notice:person:acknowledged'") == [(1,)]


def test_a_gate_run_that_cannot_be_swept_holds_up_no_other(story: Engine) -> None:
    story.trigger("trial")
    broken = story.trigger("quorum")["gate_run"]
    with story.parts.ledger.database.engine.begin() as connection:
        connection.execute(text("UPDATE gate_run SET spec_digest = 'gone' WHERE id = :id"), {"id": broken})
    story.clock.forward(days=400)
    assert story.sweep()["overdue"] == 1
    assert story.inbox("mira")[-1] == ("overdue", "trial")
    assert story.sweep()["overdue"] == 0


def told_of(story: Engine, kind: str, gate: str) -> set[str]:
    return {who for who in ("mira", "jonas", "kim", "ines", "sam") if (kind, gate) in story.inbox(who)}


def waited_on(story: Engine, gate: str) -> set[str]:
    return {person for wait in story.gate(gate)["waiting_on"] for person in wait["people"]}


def test_a_reminder_asks_those_whose_signature_is_missing(story: Engine) -> None:
    story.trigger("trial")
    story.submit("score", value=10)
    story.clock.forward(days=5)
    wanted = waited_on(story, "trial")
    assert story.sweep()["followed_up"] == 1
    assert told_of(story, "follow_up", "trial") == wanted >= {"mira", "jonas"}
    ok(story.decide("jonas", "trial"))
    left = waited_on(story, "trial")
    assert "jonas" not in left
    story.clock.forward(days=5)
    assert story.sweep()["overdue"] == 1
    assert told_of(story, "overdue", "trial") == left | {"mira", "kim"}, "the owners hear of it too"


def test_what_ran_out_by_the_time_of_the_reminder_is_named_in_it(story: Engine) -> None:
    """Even if the recheck, which comes first, could not be done."""
    story.trigger("logs")
    run = story.gate("logs")["gate_run"]
    body = {"requirement": "log", "reason": "Booked.", "expires_at": "2026-11-26T14:00:00Z"}
    ok(story.send("POST", f"{VERSION}/gates/logs/waivers", "jonas", json=body))
    assert story.gate("logs")["open_findings"] == 0
    story.clock.forward(days=5)
    parts = story.parts
    assert parts.ledger.write("engine:sweep", lambda tx: remind_all(tx, parts, [run])) == ["follow_up"]
    reasons = story.get("/v1/inbox", "sam")["items"][0]["content"]["reasons"]
    assert any(reason.startswith("log: ") for reason in reasons)


def test_a_gate_run_whose_version_is_gone_is_no_reminder_and_no_endless_loop(story: Engine) -> None:
    run = story.trigger("trial")["gate_run"]
    with story.parts.ledger.database.engine.begin() as connection:
        connection.execute(text("UPDATE gate_run SET model_version_id = 'gone' WHERE id = :id"), {"id": run})
    story.clock.forward(days=400)
    report = story.sweep()
    assert (report["overdue"], report["followed_up"]) == (0, 0)


def test_an_occasion_that_took_anothers_place_ends_the_asking_there_and_says_so_once(story: Engine) -> None:
    story.trigger("trial", "first")
    assert story.inbox("mira") == [("review_opened", "trial")]
    story.trigger("trial", "second")
    assert story.inbox("mira") == [("review_opened", "trial"), ("superseded", "trial"), ("review_opened", "trial")]
    assert story.inbox("jonas") == [], "nothing had been asked of the approver"
    notice = next(n for n in story.get("/v1/inbox", "mira")["items"] if n["kind"] == "superseded")
    assert notice["occasion"] == "first"
    assert "occasion second" in notice["content"]["reasons"][0]
    (first,) = story.rows("SELECT id FROM gate_run WHERE occasion = 'first'")
    asking = (
        "SELECT d.status FROM delivery d JOIN notice n ON n.id = d.notice_id"
        f" WHERE n.gate_run_id = '{first[0]}' AND n.kind = 'review_opened'"
    )
    assert set(story.rows(asking)) == {("cancelled",)}
    story.trigger("trial", "first")  # joining it makes it no newer
    assert story.gate("trial")["occasion"] == "second"


def test_nobody_is_asked_or_reminded_at_an_occasion_whose_place_was_taken(story: Engine) -> None:
    story.trigger("trial", "first")
    story.trigger("trial", "second")
    told = len(story.rows("SELECT 1 FROM notice"))
    story.submit("score", value=10)
    assert story.gate("trial", occasion="first")["state"] == story.gate("trial")["state"] == "in_review"
    asked = story.rows(
        "SELECT g.occasion, n.kind FROM notice n JOIN gate_run g ON g.id = n.gate_run_id ORDER BY n.created_at, n.id"
    )[told:]
    assert asked
    assert set(asked) == {("second", "decision_needed")}
    story.clock.forward(days=11)
    assert story.sweep()["overdue"] == 1
    late = story.rows("SELECT DISTINCT g.occasion FROM notice n JOIN gate_run g ON g.id = n.gate_run_id"
                      " WHERE n.kind = 'overdue'")  # fmt: skip
    assert late == [("second",)]
    assert story.rows("SELECT remind_at FROM gate_run WHERE occasion = 'first'") == [(None,)]
    assert "pratique_gate_runs_overdue 1.0" in story.send("GET", "/metrics", None).text


def test_an_occasion_whose_place_was_taken_can_still_be_decided_and_that_is_told(story: Engine) -> None:
    story.trigger("trial", "first")
    story.submit("score", value=10)
    story.trigger("trial", "second")
    seen = story.gate("trial", occasion="first")
    assert (seen["superseded_by"], story.gate("trial")["superseded_by"]) == ("second", None)
    ok(story.decide("mira", "trial", occasion="first", basis=seen["basis"]))
    cleared = ok(story.decide("jonas", "trial", occasion="first", basis=seen["basis"]))
    assert (cleared["state"], cleared["occasion"]) == ("cleared", "first")
    assert story.inbox("jonas")[-1] == ("cleared", "trial")
    told = len(story.inbox("mira"))
    story.clock.forward(days=31)
    story.sweep()
    assert story.gate("trial", occasion="first")["state"] == "stale"
    kinds = story.rows("SELECT n.kind FROM notice n JOIN gate_run g ON g.id = n.gate_run_id"
                       " WHERE g.occasion = 'first' AND n.kind = 'stale'")  # fmt: skip
    assert kinds == []
    assert len(story.inbox("mira")) > told, "the second occasion asks for the evidence"
