"""Malformed, oversized, wrongly typed and weird but legal input: problem documents, never a 500."""

from __future__ import annotations

import json
from typing import Any

import pytest
from integration.engine_fixtures import (  # noqa: F401 - fixtures are used by name
    VERSION,
    Engine,
    clock_fixture,
    engine_config_fixture,
    engine_fixture,
    engine_settings_fixture,
    ok,
    refused,
)

EVENT = {
    "specversion": "1.0",
    "id": "e1",
    "source": "/t",
    "type": "pratique.gate.triggered",
    "subject": "aurora/2.1",
    "data": {"gate": "trial"},
}


@pytest.fixture(name="story")
def story_fixture(engine: Engine) -> Engine:
    engine.register()
    return engine


#: FastAPI refuses a body that does not say it is JSON, which would hide what these tests look for.
JSON = {"content-type": "application/json"}


def entries(engine: Engine) -> int:
    return int(engine.rows("SELECT count(*) FROM journal_entry")[0][0])


def events() -> list[Any]:
    bad: list[Any] = [b"", b"{", b"[]", b"null", b"7", b"\xff\xfe", b'{"a":NaN}', b'{"id":"\\ud800"}', b"[" * 100_000]
    for name in ("specversion", "id", "source", "type"):
        bad.append({k: v for k, v in EVENT.items() if k != name})
        bad += [EVENT | {name: value} for value in (None, 7, "", [], "a\x00b", "x" * 257, "a\nb")]
    bad += [EVENT | {"data": value} for value in ("x", [], 7, {}, {"gate": 7}, {"gate": None})]
    bad += [EVENT | {"data": {"gate": "trial", "occasion": o}} for o in ("", " ", "a" * 65, "\x00", 7, [], "-a")]
    bad += [EVENT | {"subject": value} for value in (7, "", "aurora", "a/b/c", "aurora/", "/2.1", "a\x00/b")]
    bad += [EVENT | {"time": value} for value in (7, "", "now", "2026-11-23T14:00:00", "0001-01-01T00:00:00+23:59")]
    bad.append(EVENT | {"subject": None})
    # Found by fuzzing: data that name a version and leave it empty are not filled up from the subject.
    bad += [EVENT | {"data": {"gate": "trial", "model": m, "version": v}} for m, v in (("aurora", ""), ("", "2.1"))]
    return bad


def test_a_malformed_event_is_refused_and_leaves_nothing(story: Engine) -> None:
    before = entries(story)
    for bad in events():
        content = bad if isinstance(bad, bytes) else json.dumps(bad).encode()
        refused(story.send("POST", "/v1/events", content=content), 422, "invalid-input")
    for data in (
        {"model": "a\x00", "version": "b"},
        {"model": "x" * 9999, "version": "2.1"},
        {"model": "é", "version": " "},
    ):
        body = EVENT | {"data": data | {"gate": "trial"}}
        answer = story.send("POST", "/v1/events", json=body)
        assert answer.status_code in (404, 422), answer.text
        refused(answer, answer.status_code, answer.json()["code"])
    refused(story.send("POST", "/v1/events", json=EVENT | {"data": {"gate": "a\x00"}}), 404, "not-found")
    assert entries(story) == before


def test_a_binary_event_is_checked_as_a_structured_one(story: Engine) -> None:
    headers = {f"ce-{k}": v for k, v in EVENT.items() if k != "data"}
    bad: list[tuple[dict[str, Any], bytes]] = [
        (headers | {"ce-specversion": "0.3"}, b'{"gate": "trial"}'),
        (headers | {"ce-id": ""}, b'{"gate": "trial"}'),
        (headers | {"ce-id": "%00"}, b'{"gate": "trial"}'),
        (headers | {"ce-id": b"\xff".decode("latin-1").encode("latin-1")}, b'{"gate": "trial"}'),
        (headers, b"{"),
        (headers, b"[1]"),
        (headers, b'{"gate": "trial", "big": 123456789012345678}'),
        (headers, b'{"gate": "trial", "deep": ' + b"[" * 900 + b"]" * 900 + b"}"),
        ({k: v for k, v in headers.items() if k != "ce-type"}, b'{"gate": "trial"}'),
        (headers | {"content-type": "application/cloudevents-batch+json"}, b"[]"),
    ]
    for given, content in bad:
        answer = story.send("POST", "/v1/events", headers=given, content=content)
        assert answer.status_code in (200, 422), answer.text
        if answer.status_code == 422:
            refused(answer, 422, "invalid-input")


def test_bodies_beyond_the_cap_are_refused_wherever_they_go(story: Engine) -> None:
    body = b'{"reason": "' + b"x" * (256 * 1024) + b'"}'
    paths = ["/v1/events", f"{VERSION}/gates/trial/decisions", f"{VERSION}/gates/trial/dates"]
    for path in paths:
        refused(story.send("POST", path, "mira", content=body, headers=JSON), 413, "too-large")
    refused(story.send("PUT", VERSION, content=body, headers=JSON), 413, "too-large")
    refused(story.send("POST", "/v1/work/claim", "worker", content=body, headers=JSON), 413, "too-large")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b'{"systemic_risk": NaN}',
        b'{"systemic_risk": true, "attributes": {"x": "\\ud800"}}',
        b'{"systemic_risk": true, "known_as": ["\\udfff"]}',
        b'{"systemic_risk": true, "\\ud800": 1}',
        b'{"systemic_risk": true, "attributes": {"x": 123456789012345678901234567890}}',
        b'{"systemic_risk": true, "attributes": {"x": ' + b"9" * 5000 + b"}}",
        b'{"systemic_risk": true, "attributes": {"x": 9007199254740993}}',
        b'{"systemic_risk": true, "attributes": {"x": 1.5}}',
        b'{"systemic_risk": true, "training_flop": 1e999}',
        b'{"systemic_risk": true, "training_flop": -1}',
        b'{"systemic_risk": true, "training_flop": NaN}',
        b'{"systemic_risk": true, "weights_sha256": "ABC"}',
        b'{"systemic_risk": true, "attributes": ' + b'{"a":' * 5000 + b"1" + b"}" * 5001,
        b'{"systemic_risk": true, "placement_planned_at": "0001-01-01T00:00:00+23:59:59.5"}',
        b'{"systemic_risk": true, "stage": "\\u0000"}',
    ],
)
def test_a_profile_that_is_none_is_refused(story: Engine, content: bytes) -> None:
    answer = story.send("PUT", VERSION, content=content, headers=JSON)
    assert answer.status_code in (400, 422), answer.text
    refused(answer, answer.status_code, "invalid-input")
    ok(story.send("GET", VERSION))


def test_a_weird_but_legal_profile_is_kept_as_it_is(story: Engine) -> None:
    profile = {
        "systemic_risk": True,
        "known_as": ["a\x00b", "😀", "", "\u2028"],
        "modalities": [],
        "training_flop": 1e308,
        "attributes": {"a\x00": "\x00", "": "", "😀": True, "big": 2**53 - 1, "ä": "\u007f"},
        "placement_planned_at": "9999-12-31T23:59:59-23:59",
    }
    ok(story.send("PUT", VERSION, json=profile))
    found = story.get(VERSION)["profile"]
    assert {k: found[k] for k in ("known_as", "attributes", "training_flop")} == {
        k: profile[k] for k in ("known_as", "attributes", "training_flop")
    }
    assert story.trigger("trial")["state"] == "open"
    surrogate = b'{"systemic_risk": true, "attributes": {"\\ud800": "x"}}'
    ok(story.send("PUT", VERSION, content=surrogate, headers=JSON))
    twice = b'{"systemic_risk": false, "systemic_risk": true}'
    assert ok(story.send("PUT", VERSION, content=twice, headers=JSON))["profile"]["systemic_risk"] is True


def test_addresses_that_name_nothing_are_problems(story: Engine) -> None:
    story.trigger("trial")
    odd = ["%00", "a%00b", "%ff", "..%2f..", "%20", "x" * 5000, "%F0%9F%98%80", "'; DROP TABLE event; --"]
    paths = [
        "/v1/models/{}/versions/2.1",
        "/v1/models/aurora/versions/{}/gates",
        VERSION + "/gates/{}",
        "/v1/evidence/{}",
        "/v1/evidence/{}/content",
    ]
    for path in paths:
        for name in odd:
            answer = story.send("GET", path.format(name))
            assert answer.status_code in (404, 422), (path, name, answer.text)
            refused(answer, answer.status_code, answer.json()["code"])
    posts = [
        ("/v1/work/{}/extend", "worker", {"worker": "w"}),
        ("/v1/work/{}/settle", "worker", {"worker": "w", "ok": True}),
        ("/v1/gate-runs/{}/collect", "worker", {}),
        ("/v1/gate-runs/{}/announce", "worker", {}),
        ("/v1/deliveries/{}/result", "worker", {"ok": True}),
        ("/v1/flow-runs/{}/end", "worker", {"state": "Failed"}),
        ("/v1/tokens/{}/revoke", "admin", {}),
        ("/v1/notices/{}/acknowledge", "mira", {}),
        (VERSION + "/gates/trial/waivers/{}/revoke", "mira", {"reason": "x", "basis": "0" * 64}),
    ]
    for path, who, body in posts:
        for name in odd:
            answer = story.send("POST", path.format(name), who, json=body)
            assert answer.status_code in (404, 422), (path, name, answer.text)
            refused(answer, answer.status_code, answer.json()["code"])


@pytest.mark.parametrize("name", ["A", "-a", "a b", "x" * 65, "a%2Fb", "é", "_"])
def test_a_version_cannot_be_registered_under_a_name_that_urls_do_not_take(engine: Engine, name: str) -> None:
    answer = engine.send("PUT", f"/v1/models/aurora/versions/{name}", json={"systemic_risk": True})
    assert answer.status_code in (404, 422)
    refused(answer, answer.status_code, answer.json()["code"])


def test_bodies_of_the_wrong_shape_are_refused_in_every_command(story: Engine) -> None:
    basis = story.trigger("trial")["basis"]
    until = "2026-12-01T00:00:00Z"
    decision = {"act": "clear", "reason": "x", "basis": basis}
    waiver = {"requirement": "score", "reason": "x", "expires_at": until}
    run = {"key": "k", "flow": "training", "name": "n"}
    wrong: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
        ("/gates/trial/decisions", "mira", decision, {"act": "approve"}),
        ("/gates/trial/decisions", "mira", decision, {"reason": ""}),
        ("/gates/trial/decisions", "mira", decision, {"reason": "a\x00"}),
        ("/gates/trial/decisions", "mira", decision, {"reason": "x" * 4001}),
        ("/gates/trial/decisions", "mira", decision, {"basis": "0"}),
        ("/gates/trial/decisions", "mira", decision, {"role": "\x00"}),
        ("/gates/trial/decisions", "mira", decision, {"row_version": 2**70}),
        ("/gates/trial/decisions", "mira", decision, {"occasion": "\x00"}),
        ("/gates/trial/decisions", "mira", decision, {"person": "jonas"}),
        ("/gates/trial/waivers", "mira", waiver, {"expires_at": "tomorrow"}),
        ("/gates/trial/waivers", "mira", waiver, {"expires_at": "9999-12-31T23:59:59-23:59"}),
        ("/gates/trial/waivers", "mira", waiver, {"expires_at": 1e300}),
        ("/gates/trial/waivers", "mira", waiver, {"requirement": "a\x00"}),
        ("/v1/flow-runs", "worker", run, {"gate_run": "a\x00b"}),
        ("/v1/flow-runs", "worker", run, {"key": "x" * 161}),
        ("/v1/flow-runs", "worker", run, {"name": "a\x00"}),
        ("/v1/login-links", "admin", {"person": "mira"}, {"person": "\x00"}),
    ]
    for path, who, body, change in wrong:
        whole = path if path.startswith("/v1") else VERSION + path
        refused(story.send("POST", whole, who, json=body | change), 422, "invalid-input")
        surrogate = json.dumps(body | dict.fromkeys(change, "\ud800"))
        refused(story.send("POST", whole, who, content=surrogate, headers=JSON), 422, "invalid-input")
