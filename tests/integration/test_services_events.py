"""Events: once is once, whatever the form; which gates they open, join or leave alone."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

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

BINARY = {
    "ce-specversion": "1.0",
    "ce-id": "b1",
    "ce-source": "/ci",
    "ce-type": "pratique.gate.triggered",
    "ce-subject": "aurora/2.1",
    "content-type": "application/json",
}


def entries(engine: Engine, tag: str) -> int:
    return int(engine.rows(f"SELECT count(*) FROM journal_entry WHERE tag = '{tag}'")[0][0])


def test_the_same_event_a_hundred_times_at_once_has_one_effect_and_one_answer(engine: Engine) -> None:
    engine.register()
    with ThreadPoolExecutor(16) as pool:
        answers = list(
            pool.map(
                lambda _: engine.event("pratique.gate.triggered", event_id="same", gate="trial"),
                range(100),
            )
        )
    assert {a.status_code for a in answers} == {200}
    assert len({a.content for a in answers}) == 1
    assert sorted(a.headers.get("pratique-duplicate", "") for a in answers) == [""] + ["true"] * 99
    assert entries(engine, "event:inbound:received") == entries(engine, "gate:run:opened") == 1
    assert engine.rows("SELECT count(*) FROM outbox WHERE topic = 'flow'") == [(1,)]


def test_a_binary_event_opens_the_gate_and_its_structured_twin_is_a_duplicate(engine: Engine) -> None:
    engine.register()
    body = json.dumps({"gate": "trial"})
    first = engine.send("POST", "/v1/events", headers=BINARY, content=body)
    assert ok(first)["gates"][0]["gate"] == "trial"
    again = engine.send("POST", "/v1/events", headers=BINARY, content=body)
    assert (again.headers["pratique-duplicate"], again.content) == ("true", first.content)
    structured = {k[3:]: v for k, v in BINARY.items() if k.startswith("ce-")} | {"data": {"gate": "final"}}
    twin = engine.send("POST", "/v1/events", content=json.dumps(structured))
    assert (twin.headers["pratique-duplicate"], twin.content) == ("true", first.content)
    other = engine.send("POST", "/v1/events", headers=BINARY | {"ce-source": "/other"}, content=body)
    assert "pratique-duplicate" not in other.headers


def test_an_escaped_attribute_of_a_binary_event_is_the_same_as_in_a_structured_one(engine: Engine) -> None:
    engine.register()
    ok(engine.send("POST", "/v1/events", headers=BINARY | {"ce-id": "a%20b%25"}, content='{"gate": "trial"}'))
    assert engine.rows("SELECT event_id FROM event") == [("a b%",)]
    broken = engine.send("POST", "/v1/events", headers=BINARY | {"ce-id": "%ff"}, content='{"gate": "trial"}')
    refused(broken, 422, "invalid-input")


def test_an_occasion_is_joined_and_another_one_opens_a_new_run(engine: Engine) -> None:
    engine.register()
    first = engine.trigger("trial")
    assert first["occasion"] == "default"
    assert engine.trigger("trial")["gate_run"] == first["gate_run"]
    second = engine.trigger("trial", "tp-2")
    assert second["gate_run"] != first["gate_run"]
    assert engine.gate("trial")["gate_run"] == second["gate_run"]
    assert engine.gate("trial", occasion="default")["gate_run"] == first["gate_run"]
    assert [g["gate_run"] for g in engine.get(f"{VERSION}/gates")["items"]] == [second["gate_run"]]
    refused(engine.event("pratique.gate.triggered", gate="trial", occasion="a b"), 422, "invalid-input")
    refused(engine.event("pratique.gate.triggered", gate="trial", occasion=7), 422, "invalid-input")
    refused(engine.send("GET", f"{VERSION}/gates/trial", params={"occasion": "none"}), 404, "not-found")
    refused(engine.send("GET", f"{VERSION}/gates/trial", params={"occasion": "\x00"}), 422, "invalid-input")


def test_a_moment_opens_the_gates_that_wait_for_it_and_says_why_others_do_not_apply(engine: Engine) -> None:
    engine.register(systemic_risk=False)
    answer = ok(engine.event("test.moment.all"))
    assert sorted(g["gate"] for g in answer["gates"]) == ["auto", "final", "logs", "quorum", "solo"]
    assert [n["gate"] for n in answer["not_opened"]] == ["trial"]
    assert "profile.systemic_risk" in answer["not_opened"][0]["reason"]
    again = ok(engine.event("pratique.gate.triggered", gate="trial"))
    assert (again["gates"], len(again["not_opened"])) == ([], 1)
    assert ok(engine.event("test.moment.nobody-waits-for"))["gates"] == []
    misspelt = refused(engine.event("pratique.moment.trainning_trigger"), 422, "invalid-input")
    assert "expected 'pratique.gate.triggered' or one of" in misspelt["detail"]
    refused(engine.send("GET", f"{VERSION}/gates/trial"), 404, "not-found")


def test_an_event_of_an_unknown_version_or_gate_leaves_nothing(engine: Engine) -> None:
    refused(engine.event("pratique.gate.triggered", gate="trial"), 404, "not-found")
    engine.register()
    refused(engine.event("pratique.gate.triggered", gate="nowhere"), 404, "not-found")
    refused(engine.event("pratique.gate.triggered"), 422, "invalid-input")
    assert entries(engine, "event:inbound:received") == 0
    assert engine.trigger("trial")["state"] == "open"


def test_the_journal_keeps_an_event_as_it_came(engine: Engine) -> None:
    engine.register()
    text = (
        '{"specversion":"1.0","id":"\\u00e4 \\ud83d\\ude00","source":"/x","type":"test.moment.all",'
        '"subject":"aurora/2.1","data":{"big":123456789012345678901234567890,"nul":"a\\u0000b","gate":"x",'
        '"deep":' + "[" * 20 + "]" * 20 + '},"extension":1.50}'
    )
    ok(engine.send("POST", "/v1/events", content=text))
    engine.seal()
    listed = engine.get("/v1/journal", tag="event:inbound:received")["entries"]
    values: dict[str, Any] = listed[0]["entry"]["values"]
    assert values["body"] == text
    assert listed[0]["entry"]["actor"].startswith("token:")


def test_a_listener_that_fails_after_the_commit_does_not_have_commands_run_twice(engine: Engine) -> None:
    def fail(_entries: object) -> None:
        raise RuntimeError("the event loop is closed")

    engine.parts.ledger.listen(fail)
    engine.register()
    assert engine.trigger("trial")["state"] == "open"
    ok(engine.upload(b"abc", "a.txt"))
    assert engine.rows("SELECT count(*) FROM evidence") == [(1,)]
