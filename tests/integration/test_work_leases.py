"""Work under leases, and the ledger's own history of flow runs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from engine_fixtures import (  # noqa: F401 - fixtures are used by name
    Clock,
    Engine,
    clock_fixture,
    engine_config_fixture,
    engine_fixture,
    engine_settings_fixture,
    ok,
    refused,
)

from pratique.services.work import claim
from pratique.store.ledger import Ledger
from pratique.store.transaction import Transaction


@pytest.fixture(name="story")
def story_fixture(engine: Engine) -> Engine:
    engine.register()
    engine.trigger("trial")
    return engine


def settle(engine: Engine, item: dict[str, Any], worker: str = "w1", **outcome: Any) -> Any:
    return engine.send("POST", f"/v1/work/{item['id']}/settle", "worker", json={"worker": worker, **outcome})


def test_opened_gates_leave_one_flow_run_to_start(story: Engine) -> None:
    (item,) = story.claim("flow")
    run = story.gate("trial")["gate_run"]
    wanted = {"flow": "training", "gate_run": run, "model": "aurora", "version": "2.1", "gate": "trial"}
    assert item["payload"] == wanted | {"stage": "training"}
    assert item["key"].startswith(f"flow:{run}:")
    assert story.claim("flow", "w2") == []
    assert ok(settle(story, item, ok=True)) == {"status": "done"}
    refused(settle(story, item, ok=True), 409, "conflict")
    story.trigger("trial")
    assert story.claim("flow") == [], "joining changes nothing and starts nothing"


def test_a_lease_that_ends_gives_the_work_to_another_worker(story: Engine) -> None:
    (item,) = story.claim("flow")
    story.clock.forward(seconds=59)
    path = f"/v1/work/{item['id']}/extend"
    assert story.send("POST", path, "worker", json={"worker": "w1"}).status_code == 204
    story.clock.forward(seconds=59)
    assert story.claim("flow", "w2") == []
    story.clock.forward(seconds=2)
    (again,) = story.claim("flow", "w2")
    assert (again["id"], again["failures"]) == (item["id"], 0), "a dead worker is not a failure of the work"
    refused(story.send("POST", path, "worker", json={"worker": "w1"}), 409, "conflict")
    refused(settle(story, item, ok=True), 409, "conflict")
    assert ok(settle(story, again, "w2", ok=True)) == {"status": "done"}
    refused(story.send("POST", "/v1/work/none/extend", "worker", json={"worker": "w1"}), 404, "not-found")
    refused(settle(story, {"id": "none"}, ok=True), 404, "not-found")


def test_reported_failures_count_and_wait_longer_each_time(story: Engine) -> None:
    waits = []
    for failures in range(6):
        (item,) = story.claim("flow")
        assert item["failures"] == failures
        assert ok(settle(story, item, ok=False, error="x" * 2000)) == {"status": "ready"}
        assert story.claim("flow") == []
        before = story.clock.now
        while not (found := story.claim("flow")):
            story.clock.forward(seconds=1)
        waits.append((story.clock.now - before).total_seconds())
        ok(settle(story, found[0], ok=False, retry_in_seconds=0, error="again"))
        story.rows("SELECT 1")
        story.parts.ledger.write("engine:test", _forget_one_failure)
    assert waits == sorted(waits)
    assert waits[-1] > waits[0]


def _forget_one_failure(tx: Transaction) -> None:
    from sqlalchemy import update

    from pratique.services.lookups import outbox
    from pratique.store.queries import Query

    tx.run(Query(update(outbox).values(failures=outbox.c.failures - 1).where(outbox.c.topic == "flow")))


def test_two_claimers_at_once_share_the_work_without_overlap(engine: Engine, clock: Clock) -> None:
    for number in range(20):
        engine.register(f"1.{number}")
        event = {"specversion": "1.0", "id": f"e{number}", "source": "/t", "type": "pratique.gate.triggered"}
        ok(engine.send("POST", "/v1/events", json=event | {"subject": f"aurora/1.{number}", "data": {"gate": "auto"}}))
    others = [engine.parts.ledger]
    if engine.parts.ledger.url.startswith("postgresql"):  # on SQLite there is one writer, by design
        others.append(Ledger(engine.parts.ledger.url, clock=clock))
        others[1].open()
    try:
        ledgers = [others[n % len(others)] for n in range(8)]
        with ThreadPoolExecutor(8) as pool:
            found = list(
                pool.map(
                    lambda pair: pair[1].write(
                        "worker:t",
                        lambda tx: claim(tx, worker=f"w{pair[0]}", topics=["flow"], limit=5, lease_seconds=60),
                    ),
                    enumerate(ledgers),
                )
            )
    finally:
        for ledger in others[1:]:
            ledger.close()
    ids = [item["id"] for items in found for item in items]
    assert len(ids) == len(set(ids)) == 20


def test_work_of_both_topics_is_claimed_within_the_limit(story: Engine) -> None:
    story.trigger("solo")
    body = {"worker": "w1", "topics": ["flow", "delivery"], "limit": 3}
    topics = [item["topic"] for item in story.post("/v1/work/claim", "worker", body)["items"]]
    assert topics == ["flow", "flow", "delivery"]
    for bad in ({"limit": 0}, {"limit": 101}, {"topics": []}, {"topics": ["x"]}, {"worker": ""}, {"worker": "a\x00"}):
        refused(story.send("POST", "/v1/work/claim", "worker", json=body | bad), 422, "invalid-input")
    refused(story.send("POST", "/v1/work/claim", "pipeline", json=body), 403, "not-allowed")


def test_a_flow_run_starts_once_by_prefect_id_and_ends_once(story: Engine) -> None:
    run = story.gate("trial")["gate_run"]
    body = {
        "key": "flow:1",
        "flow": "training",
        "name": "aurora 2.1 trial",
        "gate_run": run,
        "prefect_run_id": "p-1",
        "url": "http://127.0.0.1:8471/runs/p-1",
    }
    first = story.post("/v1/flow-runs", "worker", body)["id"]
    assert story.post("/v1/flow-runs", "worker", body)["id"] == first
    assert story.gate("trial")["links"]["prefect"] == body["url"]
    other = story.post("/v1/flow-runs", "worker", body | {"prefect_run_id": "p-2"})["id"]
    assert other != first
    end = f"/v1/flow-runs/{first}/end"
    for state in ("AwaitingDecision", "Failed"):
        assert story.send("POST", end, "worker", json={"state": state, "message": state}).status_code == 204
    assert story.rows(f"SELECT state, message FROM flow_run WHERE id = '{first}'") == [("AwaitingDecision",) * 2]
    refused(story.send("POST", "/v1/flow-runs/none/end", "worker", json={"state": "Failed"}), 404, "not-found")
    refused(
        story.send("POST", "/v1/flow-runs", "worker", json=body | {"gate_run": "x", "prefect_run_id": "p"}),
        404,
        "not-found",
    )
    refused(story.send("POST", end, "worker", json={"state": "Compliant"}), 422, "invalid-input")
    refused(story.send("POST", "/v1/flow-runs", "worker", json=body | {"url": "javascript:1"}), 422, "invalid-input")


def test_a_flow_that_evaluates_starts_no_second_flow_for_its_own_gate(story: Engine) -> None:
    (item,) = story.claim("flow")
    run = item["payload"]["gate_run"]
    assert story.post(f"/v1/gate-runs/{run}/evaluate", "worker", {"checkpoint": "a"})["state"] == "open"
    assert story.get(f"/v1/gate-runs/{run}", "worker")["gate_run"] == run
    assert story.claim("flow", "w2") == []
    for path in ("", "/evaluate", "/collect", "/announce"):
        method = "POST" if path else "GET"
        refused(story.send(method, f"/v1/gate-runs/none{path}", "worker", json={}), 404, "not-found")


def test_work_is_handed_out_in_the_order_it_was_asked_for_however_its_leases_ended(story: Engine) -> None:
    (first,) = story.claim("flow")
    story.submit("score", value=10)
    (second,) = story.claim("flow", "w2")
    story.clock.forward(seconds=30)
    path = f"/v1/work/{first['id']}/extend"
    assert story.send("POST", path, "worker", json={"worker": "w1"}).status_code == 204
    story.clock.forward(days=1)
    assert [item["key"] for item in story.claim("flow", "w3")] == [first["key"], second["key"]]
