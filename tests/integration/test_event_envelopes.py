"""CloudEvents in every form, and what no reader should let pass."""

from __future__ import annotations

import json
from typing import Any

import pytest
from engine_fixtures import (  # noqa: F401 - fixtures are used by name
    Engine,
    clock_fixture,
    engine_config_fixture,
    engine_fixture,
    engine_settings_fixture,
    ok,
    refused,
)
from hook_fixtures import capture

from pratique.domain.events import MAX_BATCH

STRUCTURED = {"content-type": "application/cloudevents+json"}
HEAD = b'{"specversion":"1.0","id":"1","source":"/t","type":"t","data":'
BATCH = {"content-type": "application/cloudevents-batch+json"}


def event(event_id: str = "e-1", **members: Any) -> dict[str, Any]:
    found = {"specversion": "1.0", "id": event_id, "source": "/test", "type": "test.moment.auto"}
    return found | {"subject": "aurora/2.1"} | members


def post(engine: Engine, body: Any, headers: dict[str, str] = STRUCTURED) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return engine.send("POST", "/v1/events", headers=headers, content=content)


def batch(engine: Engine, *events: Any) -> Any:
    return post(engine, list(events), BATCH)


def test_each_event_of_a_batch_stands_for_itself(engine: Engine) -> None:
    engine.register()
    answer = batch(
        engine,
        event("a"),
        event("b", subject="aurora/9"),
        event("c", id=None),
        "no event",
        event("a"),
        event("d", type="test.moment.solo"),
    )
    assert answer.status_code == 207
    results = answer.json()["results"]
    assert [one["status"] for one in results] == [200, 404, 422, 422, 200, 200]
    assert [one["is_duplicate"] for one in results if one["status"] == 200] == [False, True, False]
    assert results[1]["problem"]["code"] == "not-found"
    assert "id: found NoneType, expected text" in results[2]["problem"]["detail"]
    assert "event 3: found str" in results[3]["problem"]["detail"]
    assert results[5]["gates"][0]["gate"] == "solo"
    assert engine.rows("SELECT event_id FROM event ORDER BY received_at, id") == [("a",), ("d",)]
    assert batch(engine, event("x"), event("y")).status_code == 200


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"{}", "expected a JSON array"),
        (b"[]", "found 0 events"),
        (json.dumps([event(str(n)) for n in range(MAX_BATCH + 1)]).encode(), f"found {MAX_BATCH + 1} events"),
        (b'[{"id":"1","id":"2"}]', "member 'id' comes twice"),
        (b"[", "not JSON"),
    ],
)
def test_a_batch_that_is_none_is_refused_as_a_whole(engine: Engine, body: bytes, detail: str) -> None:
    assert detail in refused(post(engine, body, BATCH), 422, "invalid-input")["detail"]


def test_a_batch_as_others_send_it_is_read(engine: Engine) -> None:
    headers, body = capture("cloudevents/batch")
    results = post(engine, body, headers).json()["results"]
    assert {one["status"] for one in results} == {404}, "sound, and of a model version that nobody registered"


@pytest.mark.parametrize("name", ["structured", "binary", "structured_base64"])
def test_single_events_as_others_send_them_are_read(engine: Engine, name: str) -> None:
    headers, body = capture(f"cloudevents/{name}")
    refused(post(engine, body, headers), 404, "not-found")


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b'{"specversion":"1.0","id":"1","id":"2","source":"/t","type":"t"}', "member 'id' comes twice"),
        (HEAD + b'{"a":{"b":1,"b":2}}}', "member 'b' comes twice"),
        (HEAD + b'{"a":NaN}}', "not JSON"),
        (HEAD + b'{"a":' + b"[" * 40 + b"]" * 40 + b"}}", "deeper"),
        (HEAD + b'{"a":' + b"[" * 9000 + b"]" * 9000 + b"}}", "JSON"),
        (json.dumps(event(data={}, data_base64="AA==")).encode(), "found both"),
        (json.dumps(event(specversion="0.3")).encode(), "specversion: found '0.3'"),
        (json.dumps(event(specversion=None)).encode(), "specversion: found None"),
        (json.dumps(event(id="")).encode(), "id: expected 1 to 256"),
        (json.dumps(event(id=1)).encode(), "id: found int"),
        (json.dumps(event(time="2026-11-23T14:00:00")).encode(), "has no time zone"),
        (json.dumps(event(time="yesterday")).encode(), "is not RFC 3339"),
        (json.dumps(event(data=[1])).encode(), "data: found list"),
        (json.dumps(event(source="/t\n")).encode(), "source: expected 1 to 256 printable"),
    ],
)  # fmt: skip
def test_what_readers_read_differently_or_not_at_all_is_refused(engine: Engine, body: bytes, detail: str) -> None:
    engine.register()
    assert detail in refused(post(engine, body), 422, "invalid-input")["detail"]
    assert engine.rows("SELECT count(*) FROM event") == [(0,)]


def test_an_attribute_that_comes_twice_in_headers_is_refused(engine: Engine) -> None:
    pairs = [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-id", "2"), ("ce-source", "/t"), ("ce-type", "t")]
    headers = [*pairs, *engine.headers("pipeline").items()]
    answer = engine.client.request("POST", "/v1/events", headers=headers, content=b"{}")
    assert "comes twice" in refused(answer, 422, "invalid-input")["detail"]


def test_a_time_is_no_required_attribute_and_none_is_made_up(engine: Engine) -> None:
    engine.register()
    ok(post(engine, event()))
    entry = engine.get("/v1/journal", tag="event:inbound:received")["entries"][-1]
    assert "specversion" in json.dumps(entry)
    assert "time" not in json.dumps(entry)
