"""Outgoing webhooks: what is told, signed how, tried how often, and what becomes of what nobody takes."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from engine_fixtures import (  # noqa: F401 - fixtures are used by name
    clock_fixture,
    engine_config_fixture,
    engine_settings_fixture,
    ok,
    refused,
)
from local_site import Site
from standardwebhooks import Webhook
from webhook_fixtures import (  # noqa: F401
    HERE,
    IMPATIENT,
    KEY,
    OLD_KEY,
    OLD_SECRET,
    SECRET,
    Told,
    secrets_fixture,
    site_fixture,
    subscription,
    tell_fixture,
)

from pratique.answers.subscriptions import topic_of
from pratique.domain.entries import GateRunOpened
from pratique.domain.times import parse_instant
from pratique.errors import ConflictError
from pratique.services.answering import LONGEST_RETRY_SECONDS, MAX_FAILURES, retry_seconds
from pratique.services.gate_runs import open_or_join
from pratique.services.lookups import MODEL_VERSION
from pratique.services.verify import verify_ledger
from pratique.services.work import claim
from pratique.store.transaction import Transaction

Tell = Callable[..., Told]


def signature_by(key: bytes, headers: dict[str, str], body: bytes) -> str:
    at = int(headers["webhook-timestamp"])
    return Webhook(key).sign(headers["webhook-id"], datetime.fromtimestamp(at, UTC), body.decode())


def clear(told: Told) -> None:
    for who in ("jonas", "ines"):
        ok(told.decide(who, "quorum"))


def test_each_change_of_a_gate_is_told_once_as_a_signed_cloud_event(tell: Tell) -> None:
    told = tell()
    told.trigger("quorum")
    told.submit("score", value=10)
    clear(told)
    told.until(lambda: len(told.site.seen) == 4 and len(told.answers(state="delivered")) == 4)
    assert sorted(one["type"] for one in told.bodies()) == [
        f"pratique.gate.{name}" for name in ("cleared", "findings_changed", "in_review", "opened")
    ]
    for method, path, headers, body in told.site.seen:
        assert (method, path) == ("POST", "/in")
        assert headers["content-type"] == "application/cloudevents+json; charset=utf-8"
        assert headers["webhook-signature"] == signature_by(KEY, headers, body)
        event = json.loads(body)
        assert event["specversion"] == "1.0"
        assert event["subject"] == "aurora/2.1"
        assert event["source"] == "http://127.0.0.1:8470"
        assert parse_instant(event["time"])
    cleared = next(one for one in told.bodies() if one["type"] == "pratique.gate.cleared")
    assert cleared["data"] == {
        "gate_run": told.rows("SELECT id FROM gate_run")[0][0],
        "model": "aurora",
        "version": "2.1",
        "gate": "quorum",
        "occasion": "default",
        "state": "cleared",
        "was": "in_review",
        "link": "http://127.0.0.1:8470/models/aurora/2.1/gates/quorum?occasion=default",
    }
    ids = {headers["webhook-id"] for _, _, headers, _ in told.site.seen}
    assert ids == {one["id"] for one in told.answers()}
    assert len({one["id"] for one in told.bodies()}) == 4


def test_waivers_staleness_rejection_and_withdrawal_are_told(tell: Tell) -> None:
    told = tell()
    told.trigger("quorum")
    ok(told.waive("jonas", "quorum", "score"))
    waiver = told.rows("SELECT id FROM waiver")[0][0]
    path = f"/v1/models/aurora/versions/2.1/gates/quorum/waivers/{waiver}/revoke"
    body = {"reason": "No longer.", "basis": told.gate("quorum")["basis"]}
    ok(told.send("POST", path, "jonas", json=body))
    told.submit("score", value=10)
    clear(told)
    told.clock.forward(days=31)
    told.sweep()
    ok(told.decide("jonas", "quorum", "reject"))
    told.trigger("quorum", occasion="second")
    ok(told.decide("jonas", "quorum", "withdraw"))
    types = {one["type"].rsplit(".", 1)[1] for one in told.answers()}
    assert types >= {"opened", "waiver_granted", "waiver_revoked", "in_review", "reopened", "cleared", "stale"}
    assert types >= {"rejected", "withdrawn"}
    told.until(lambda: len(told.answers(state="delivered")) == len(told.answers()))
    granted = next(one["data"] for one in told.bodies() if one["type"].endswith("waiver_granted"))
    assert granted["requirement"] == "score"
    assert not [body for _, _, _, body in told.site.seen if b"jonas" in body or b"Booked" in body]


def test_a_filter_keeps_out_what_was_not_asked_for(tell: Tell, site: Site, secrets: Path) -> None:
    other = subscription(site.port, secrets, name="other-model", filter={"models": ["borealis"]})
    told = tell(other, filter={"events": ["opened"], "gates": ["solo"]})
    told.trigger("solo")
    told.trigger("quorum")
    told.until_settled()
    assert [(one["subscription"], one["type"]) for one in told.answers()] == [("chat", "pratique.gate.opened")]


def test_a_change_that_is_undone_is_not_told(tell: Tell) -> None:
    told = tell()

    def broken(tx: Transaction) -> None:
        version = tx.one(MODEL_VERSION, model="aurora", version="2.1")
        assert version is not None
        spec = told.parts.rules.specs["solo"]
        open_or_join(tx, told.parts, version, spec, occasion="default", event_id=tx.new_id())
        assert any(entry.tag == GateRunOpened.tag for entry in tx.entries)
        raise ConflictError("and then it fails")

    with pytest.raises(ConflictError):
        told.parts.ledger.write("engine:test", broken)
    assert told.rows("SELECT count(*) FROM answer") == [(0,)]
    assert told.rows("SELECT count(*) FROM outbox WHERE topic LIKE 'answer%'") == [(0,)]


def test_while_a_secret_is_exchanged_both_keys_sign(tell: Tell, secrets: Path) -> None:
    places = [{"file": str(secrets / "now")}, {"file": str(secrets / "before")}]
    told = tell(secrets=places, filter={"events": ["opened"]})
    told.trigger("solo")
    told.until(lambda: told.site.seen)
    _, _, headers, body = told.site.seen[0]
    now, before = headers["webhook-signature"].split(" ")
    assert (now, before) == (signature_by(KEY, headers, body), signature_by(OLD_KEY, headers, body))


def test_retries_bear_the_same_id_and_body_and_a_time_of_their_own(tell: Tell) -> None:
    told = tell(filter={"events": ["opened"]})
    told.site.page("/in", b"later", status=503, Retry_After="120")
    told.trigger("solo")
    [waiting] = told.until_settled()
    assert (waiting["state"], waiting["attempts"], waiting["reason"]) == ("waiting", 1, "answered 503")
    assert parse_instant(waiting["next_at"]) == told.clock.now + timedelta(seconds=120)  # it was asked for
    told.site.page("/in", b"thanks")
    told.clock.forward(seconds=121)
    told.until(lambda: told.answers(state="delivered"))
    (_, _, first, body), (_, _, second, again) = told.site.seen
    assert (first["webhook-id"], body) == (second["webhook-id"], again)
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 121
    log = told.answer(waiting["id"])["log"]
    assert [(one["number"], one["outcome"], one["status"]) for one in log] == [
        (1, "failed", 503),
        (2, "delivered", 200),
    ]


def test_what_fails_for_good_is_dead_and_can_be_sent_again(tell: Tell) -> None:
    told = tell(filter={"events": ["opened"]})
    told.site.page("/in", b"who are you", status=401)
    told.trigger("solo")
    dead = told.until(lambda: told.answers(state="dead"))[0]
    assert dead["reason"] == "answered 401"
    assert 'pratique_answers{state="dead",subscription="chat"} 1.0' in told.send("GET", "/metrics", None).text
    refused(told.send("POST", f"/v1/answers/{dead['id']}/replay", "pipeline"), 403, "not-allowed")
    told.site.page("/in", b"thanks")
    told.post(f"/v1/answers/{dead['id']}/replay", "admin")
    told.until(lambda: told.answers(state="delivered"))
    assert {headers["webhook-id"] for _, _, headers, _ in told.site.seen} == {dead["id"]}
    assert [one["outcome"] for one in told.answer(dead["id"])["log"]] == ["refused", "delivered"]
    settled = "SELECT count(*) FROM journal_entry WHERE tag = 'subscription:answer:settled'"
    assert told.rows(settled) == [(2,)]
    told.seal()
    assert verify_ledger(told.settings).problems == []


def test_a_receiver_that_stays_away_is_given_up_after_a_day_and_a_half(tell: Tell) -> None:
    told = tell(filter={"events": ["opened"]})
    told.site.page("/in", b"no", status=500)
    told.trigger("solo")
    begun, waits = told.clock.now, []
    for number in range(1, MAX_FAILURES + 1):
        [one] = told.until(lambda n=number: [a for a in told.answers() if a["attempts"] == n])
        if one["next_at"]:
            waits.append((parse_instant(one["next_at"]) - told.clock.now).total_seconds())
            told.clock.now = parse_instant(one["next_at"])
            told.app.state.answer_lane.wake()
    assert one["state"] == "dead"
    assert one["reason"] == f"answered 500; given up after {MAX_FAILURES} attempts"
    assert 7 <= waits[0] <= 13
    assert max(waits) <= LONGEST_RETRY_SECONDS * 1.25
    assert timedelta(hours=20) < told.clock.now - begun < timedelta(hours=60)


def test_pauses_grow_are_spread_and_follow_what_the_receiver_asks_for() -> None:
    assert len({retry_seconds(3) for _ in range(20)}) > 10
    assert all(67 <= retry_seconds(3) <= 113 for _ in range(50))
    assert retry_seconds(1, asked=3600) == 3600
    assert retry_seconds(1, asked=10**6) == LONGEST_RETRY_SECONDS


def drip(request: Any) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "1000")
    request.end_headers()
    for _ in range(40):
        request.wfile.write(b".")
        request.wfile.flush()
        time.sleep(0.1)


def test_a_receiver_that_drips_ends_at_the_deadline_and_holds_up_nobody_else(
    tell: Tell, site: Site, secrets: Path
) -> None:
    quick = subscription(site.port, secrets, name="quick", url=f"http://127.0.0.1:{site.port}/quick")
    told = tell(quick, egress=IMPATIENT)
    told.site.page("/quick", b"thanks")
    told.site.pages["/in"] = drip
    for number in range(6):
        told.trigger("solo", occasion=f"o{number}")
    told.until(lambda: len(told.answers(subscription="quick", state="delivered")) >= 12)
    slow = told.until_settled(subscription="chat")
    assert {one["state"] for one in slow} == {"waiting"}
    assert {one["reason"] for one in slow} == {"it took longer than 3 seconds"}


def test_an_answer_that_comes_too_late_is_a_failure_and_is_tried_again(tell: Tell) -> None:
    told = tell(filter={"events": ["opened"]}, egress=IMPATIENT)
    release = threading.Event()
    told.site.pages["/in"] = lambda request: (release.wait(5), request.send_response(200))  # type: ignore[assignment]
    told.trigger("solo")
    [one] = told.until_settled()
    release.set()
    assert one["state"] == "waiting"
    assert "gave no usable answer (ReadTimeout)" in one["reason"]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed_wherever_it_leads(tell: Tell, status: int) -> None:
    told = tell(filter={"events": ["opened"]})
    told.site.page("/in", b"", status=status, Location="http://169.254.169.254/latest/meta-data/")
    told.site.page("/elsewhere", b"secret")
    told.trigger("solo")
    [one] = told.until_settled()
    assert one["state"] == "dead"
    assert one["reason"].startswith(f"answered {status}: redirects are not followed")
    assert [path for _, path, _, _ in told.site.seen] == ["/in"]


def test_an_address_inside_is_refused_and_nothing_is_sent(tell: Tell) -> None:
    told = tell(filter={"events": ["opened"]}, egress=HERE.model_copy(update={"allow_networks": ()}))
    told.trigger("solo")
    [one] = told.until_settled()
    assert (one["state"], told.site.seen) == ("dead", [])
    assert "loopback" in one["reason"]
    assert "127.0.0.1:" not in one["reason"]


def test_a_receiver_that_is_gone_pauses_its_subscription_and_what_comes_waits(tell: Tell) -> None:
    told = tell(filter={"events": ["opened"]})
    told.site.page("/in", b"", status=410)
    told.trigger("solo")
    told.until(lambda: told.answers(state="dead"))
    [shown] = told.get("/v1/subscriptions", "admin")["items"]
    assert (shown["state"], shown["reason"]) == ("paused", "the receiver answered 410: it wants nothing more")
    told.trigger("quorum")
    time.sleep(0.3)
    assert [one["attempts"] for one in told.answers(state="waiting")] == [0]
    told.site.page("/in", b"thanks")
    told.post("/v1/subscriptions/chat/resume", "admin", {"reason": "It moved back."})
    told.until(lambda: told.answers(state="delivered"))
    problem = refused(
        told.send("POST", "/v1/subscriptions/chat/resume", "admin", json={"reason": "Again."}), 409, "conflict"
    )
    assert problem["detail"] == "subscription chat is active already"


def test_a_missing_secret_holds_messages_until_it_is_there(tell: Tell, secrets: Path) -> None:
    (secrets / "now").unlink()
    told = tell(filter={"events": ["opened"]})
    assert told.parts.subscriptions.warnings == (f"subscriptions/chat: no secret in {secrets / 'now'}",)
    told.trigger("solo")
    [one] = told.until_settled()
    assert (one["state"], one["reason"]) == ("waiting", f"there is no secret in {secrets / 'now'}")
    (secrets / "now").write_text(SECRET)
    told.clock.forward(seconds=20)
    told.until(lambda: told.answers(state="delivered"))


def test_no_secret_and_no_path_of_an_address_is_kept_or_shown(tell: Tell, site: Site) -> None:
    told = tell(url=f"http://127.0.0.1:{site.port}/T0/hunter2")
    told.site.page("/T0/hunter2", b"hunter2", status=500)
    told.post("/v1/subscriptions/chat/test", "admin")
    told.trigger("solo")
    told.until_settled()
    texts = [told.send("GET", path, "admin").text for path in ("/v1/subscriptions", "/v1/answers")]
    texts += [str(told.rows(f"SELECT * FROM {table}")) for table in ("answer", "answer_attempt", "outbox")]
    texts += [str([bytes(body) for (body,) in told.rows("SELECT body FROM journal_entry")])]
    for text in texts:
        assert "hunter2" not in text
        assert SECRET[6:20] not in text
        assert OLD_SECRET[6:20] not in text


def test_a_trial_is_sent_whatever_the_filter_says(tell: Tell) -> None:
    told = tell(filter={"events": ["cleared"]})
    sent = told.post("/v1/subscriptions/chat/test", "admin")
    assert sent["type"] == "pratique.gate.test"
    told.until(lambda: told.answers(state="delivered"))
    assert told.bodies()[0]["data"] == {"subscription": "chat"}


def test_an_attempt_that_a_crash_cut_off_is_made_again_when_its_lease_ends(tell: Tell) -> None:
    told = tell(filter={"events": ["opened"]})
    told.post("/v1/subscriptions/chat/pause", "admin", {"reason": "For the test."})
    told.trigger("solo")
    take = partial(claim, worker="dead", topics=[topic_of("chat")], limit=1, lease_seconds=120)
    assert told.parts.ledger.write("engine:test", take)
    told.post("/v1/subscriptions/chat/resume", "admin", {"reason": "For the test."})
    time.sleep(0.2)
    assert told.site.seen == []
    told.clock.forward(seconds=121)
    told.until(lambda: told.answers(state="delivered"))
