"""What tools report by themselves: kept as it came, mapped, and never lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from engine_fixtures import (  # noqa: F401 - fixtures are used by name
    Clock,
    clock_fixture,
    engine_config_fixture,
    engine_settings_fixture,
    ok,
    refused,
)
from hook_fixtures import (  # noqa: F401
    CAPTURED,
    Hooked,
    capture,
    created,
    hook_config_fixture,
    hooked_fixture,
    signed,
)

from pratique.domain.people import Person
from pratique.services import hook_settling
from pratique.services.hook_intake import keep, new_delivery
from pratique.services.verify import verify_ledger


def test_a_model_version_registered_in_mlflow_opens_its_gate(hooked: Hooked) -> None:
    hooked.register()
    answer = hooked.mlflow(created())
    assert answer.status_code == 202
    found = hooked.delivery(answer)
    assert (found["state"], found["reason"]) == ("mapped", "mapped by model-version-created")
    assert found["events"] == [
        {
            "rule": "model-version-created",
            "source": "urn:pratique:hook:mlflow",
            "id": "model-version/aurora/2.1",
            "type": "test.moment.auto",
            "model": "aurora",
            "version": "2.1",
            "is_duplicate": False,
        }
    ]
    assert hooked.gate("auto")["state"] == "open"
    assert json.loads(found["body"])["data"]["name"] == "aurora"
    assert found["rules_digest"] == hooked.parts.hooks.sources["mlflow"].rules_digest
    assert "x-mlflow-signature" not in found["headers"], "what proves who sends is not kept"
    assert found["headers"]["x-mlflow-delivery-id"] == "d-1"


def test_a_delivery_that_comes_again_has_one_effect(hooked: Hooked) -> None:
    hooked.register()
    first, again = hooked.mlflow(created()), hooked.mlflow(created())
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.headers["pratique-duplicate"] == "true"
    assert again.json() == {"delivery": first.json()["delivery"], "state": "mapped"}
    # Two webhooks in MLflow for one event have a delivery each, and the event has one effect.
    other = hooked.delivery(hooked.mlflow(created(), delivery="d-2"))
    assert (other["state"], other["events"][0]["is_duplicate"]) == ("mapped", True)
    assert hooked.rows("SELECT count(*) FROM event") == [(1,)]


def test_one_name_with_another_body_is_kept_and_not_taken_for_a_repetition(hooked: Hooked) -> None:
    hooked.register()
    first, other = hooked.mlflow(created()), hooked.mlflow(created(version="9"))
    assert (first.status_code, other.status_code) == (202, 202)
    assert hooked.delivery(other)["delivery"].startswith("d-1#")
    assert hooked.delivery(other)["reason"] == "model version aurora/9 is not registered"
    again = [hooked.mlflow(created()), hooked.mlflow(created(version="9"))]
    assert [one.status_code for one in again] == [200, 200]
    assert [one.json()["delivery"] for one in again] == [one.json()["delivery"] for one in (first, other)]


def test_a_copy_of_a_delivery_of_github_under_another_name_or_event_has_no_second_effect(hooked: Hooked) -> None:
    hooked.register()
    headers, body = capture("github/deployment_protection_rule.requested")
    assert hooked.deliver("github", headers, body).status_code == 202
    hooked.clock.forward(days=800)
    assert hooked.deliver("github", {**headers, "x-github-delivery": "another"}, body).status_code == 200
    refused(hooked.deliver("github", {**headers, "x-github-event": "workflow_run"}, body), 401, "unauthenticated")
    assert hooked.rows("SELECT count(*) FROM event") == [(1,)]


def test_what_does_not_prove_to_be_authentic_is_refused_counted_and_not_kept(hooked: Hooked) -> None:
    body = created()
    headers = signed(body, at=hooked.clock.now)
    for changed in (
        {**headers, "x-mlflow-signature": "v1,AAAA"},
        {k: v for k, v in headers.items() if k != "x-mlflow-signature"},
        signed(body, at=hooked.clock.now, secret="another"),
        signed(body, at=CAPTURED),
    ):
        problem = refused(hooked.deliver("mlflow", changed, body), 401, "unauthenticated")
        assert "whsec" not in json.dumps(problem)
    assert hooked.get("/v1/hooks")["items"] == []
    metrics = hooked.client.request("GET", "/metrics").text
    assert 'pratique_hook_requests_total{answer="outside the replay window",source="mlflow"} 1.0' in metrics
    assert 'pratique_hook_requests_total{answer="another signature",source="mlflow"} 2.0' in metrics


def test_an_unknown_source_is_404_a_body_too_large_413_and_no_secret_503(hooked: Hooked) -> None:
    refused(hooked.deliver("nobody", {}, b"{}"), 404, "not-found")
    too_large = hooked.deliver("mlflow", {}, b" " * (hooked.settings.max_event_bytes + 1))
    assert too_large.status_code == 413
    source = hooked.parts.hooks.sources["github"]
    object.__setattr__(source, "secrets", ())
    try:
        refused(hooked.deliver("github", *capture("github/ping")), 503, "unavailable")
    finally:
        object.__setattr__(source, "secrets", (b"gh-app-secret-A", b"gh-app-secret-before"))


def test_an_unknown_model_version_is_a_dead_letter_until_a_person_registers_it_and_replays(hooked: Hooked) -> None:
    dead = hooked.delivery(hooked.mlflow(created()))
    assert dead["state"] == "dead"
    assert dead["reason"] == "model version aurora/2.1 is not registered"
    assert [one["id"] for one in hooked.get("/v1/hooks", state="dead")["items"]] == [dead["id"]]
    metrics = hooked.client.request("GET", "/metrics").text
    assert 'pratique_hook_deliveries{source="mlflow",state="dead"} 1.0' in metrics
    refused(hooked.send("POST", f"/v1/hooks/{dead['id']}/replay"), 403, "not-allowed")
    ada = Person(id="ada", name="Ada", email="ada@acme.example", models={"borealis": ("owner",)})
    zed = Person(id="zed", name="Zed", email="zed@acme.example")
    people = hooked.parts.people
    object.__setattr__(hooked.parts, "people", people.model_copy(update={"people": (*people.people, ada, zed)}))
    path = f"/v1/hooks/{dead['id']}/replay"
    assert "ada holds no role for aurora" in refused(hooked.send("POST", path, "ada"), 403, "not-allowed")["detail"]
    assert "zed holds no role for aurora" in refused(hooked.send("POST", path, "zed"), 403, "not-allowed")["detail"]
    again = hooked.post(f"/v1/hooks/{dead['id']}/replay", "mira")
    assert (again["state"], again["settled_by"]) == ("dead", "mira")
    hooked.register()
    after = hooked.post(f"/v1/hooks/{dead['id']}/replay", "mira")
    assert (after["state"], after["settled_by"]) == ("replayed", "mira")
    assert hooked.gate("auto")["state"] == "open"
    refused(hooked.send("POST", f"/v1/hooks/{dead['id']}/replay", "mira"), 409, "move-refused")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"no JSON", "the body is not JSON"),
        (b'{"entity":"model_version","entity":"x","action":"created"}', "member 'entity' comes twice"),
        (b'{"action":"created"}', 'rule own-tags, when: there is no member "entity"'),
        (created(name="a\0b"), "rules cannot read it: body.data.name: text with a NUL character"),
        (created(version=7), "rule model-version-created, version: the result is INT, expected STRING"),  # type: ignore[arg-type]
        (b"\xff\xfe", "the body is not JSON"),
        (b"[" * 40 + b"]" * 40, "nested deeper than 32"),
    ],
)
def test_what_cannot_be_mapped_is_kept_with_the_reason(hooked: Hooked, body: bytes, reason: str) -> None:
    found = hooked.delivery(hooked.mlflow(body))
    assert found["state"] == "dead"
    assert reason in found["reason"]
    assert found["is_base64"] == (body == b"\xff\xfe")


def test_what_no_rule_waits_for_is_ignored_with_the_reason(hooked: Hooked) -> None:
    tag = b'{"entity":"model_version_tag","action":"set","data":{"name":"a","version":"1","key":"compliance.gate"}}'
    assert hooked.delivery(hooked.mlflow(tag))["reason"] == "rule own-tags: our own verdict, written back"
    other = b'{"entity":"registered_model","action":"created","data":{"name":"a"}}'
    found = hooked.delivery(hooked.mlflow(other, "d-2"))
    assert (found["state"], found["reason"]) == ("ignored", "no rule of this source waits for it")


def test_captures_of_mlflow_are_taken_in_as_they_came(hooked: Hooked, clock: Clock) -> None:
    clock.now = CAPTURED
    trial = hooked.delivery(hooked.deliver("mlflow", *capture("mlflow/001")))
    assert (trial["state"], trial["reason"][:27]) == ("ignored", "MLflow's test delivery abou")
    real = hooked.delivery(hooked.deliver("mlflow", *capture("mlflow/004")))
    assert (real["state"], real["reason"]) == ("dead", "model version acme-7b-instruct/1 is not registered")
    retried = [hooked.deliver("mlflow", *capture(f"mlflow/00{n}")).status_code for n in (5, 6, 7)]
    assert retried == [202, 200, 200], "every retry has the name of the first"


def test_a_ping_of_github_triggers_nothing_and_a_protection_rule_its_gate(hooked: Hooked) -> None:
    hooked.register()
    ping = hooked.delivery(hooked.deliver("github", *capture("github/ping")))
    assert (ping["state"], ping["reason"]) == ("ignored", "GitHub's ping: it only tries the hook out")
    rule = hooked.delivery(hooked.deliver("github", *capture("github/deployment_protection_rule.requested")))
    assert rule["state"] == "mapped"
    assert hooked.gate("auto")["occasion"] == "f95f852bd8fca8fcc58a9a2d6c842781e32a215e"


def test_what_was_kept_and_not_settled_when_the_engine_died_is_settled_by_the_sweep(hooked: Hooked) -> None:
    hooked.register()
    source, body = hooked.parts.hooks.sources["mlflow"], created()
    new = new_delivery(hooked.parts, source, signed(body, at=hooked.clock.now), body)
    receipt = hooked.parts.ledger.write("hook:mlflow", lambda tx: keep(tx, new))
    assert hooked.sweep()["hooks_settled"] == 0, "it is on its way through the lane"
    hooked.clock.forward(seconds=6)
    assert hooked.sweep()["hooks_settled"] == 1
    assert hooked.get(f"/v1/hooks/{receipt.id}")["state"] == "mapped"
    assert hooked.sweep()["hooks_settled"] == 0


def test_an_error_that_nobody_expected_leaves_the_delivery_to_the_sweep(
    hooked: Hooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooked.register()
    real = hook_settling.record_event

    def broken(*_: Any) -> Any:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(hook_settling, "record_event", broken)
    answer = hooked.mlflow(created())
    assert hooked.delivery(answer)["state"] == "received"
    hooked.clock.forward(seconds=6)
    assert hooked.sweep()["hooks_settled"] == 0
    monkeypatch.setattr(hook_settling, "record_event", real)
    assert hooked.sweep()["hooks_settled"] == 1
    assert hooked.delivery(answer)["state"] == "mapped"
    monkeypatch.setattr(hook_settling, "record_event", broken)
    other = hooked.mlflow(created(), "d-2")
    hooked.clock.forward(hours=1)
    assert hooked.sweep()["hooks_settled"] == 1
    found = hooked.delivery(other)
    assert (found["state"], "did not expect (RuntimeError)" in found["reason"]) == ("dead", True)


def test_deliveries_come_in_pages_newest_first_and_by_state(hooked: Hooked) -> None:
    ids = []
    for number in range(5):
        hooked.clock.forward(seconds=1)
        ids.append(hooked.mlflow(created(version=f"{number}"), f"d-{number}").json()["delivery"])
    first = hooked.get("/v1/hooks", limit=3)
    assert [one["id"] for one in first["items"]] == ids[:1:-1]
    rest = hooked.get("/v1/hooks", limit=3, cursor=first["next"])
    assert ([one["id"] for one in rest["items"]], rest["next"]) == (ids[1::-1], None)
    assert len(hooked.get("/v1/hooks", state="dead", source="mlflow")["items"]) == 5
    assert hooked.get("/v1/hooks", source="github")["items"] == []
    refused(hooked.send("GET", "/v1/hooks?state=lost"), 422, "invalid-input")
    refused(hooked.send("GET", "/v1/hooks/nothing"), 404, "not-found")
    refused(hooked.send("GET", "/v1/hooks", None), 401, "unauthenticated")


def test_the_ledger_with_deliveries_proves_itself(hooked: Hooked) -> None:
    hooked.register()
    hooked.mlflow(created())
    hooked.mlflow(b"\xff", "d-2")
    hooked.seal()
    hooked.drain()
    report = verify_ledger(hooked.settings)
    assert report.problems == []
    assert ok(hooked.send("GET", "/v1/hooks?state=dead"))["items"][0]["size"] == 1
