"""The same request under the same key has one effect and one answer, whatever happens in between."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

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
from ledger_samples import opened
from sqlalchemy import text

from pratique.domain.entries import SignedIn
from pratique.errors import UnavailableError
from pratique.services.idempotency import Once, RequestKey
from pratique.store.transaction import Transaction
from pratique.web.api.once import KeysInUse

DATES = {"due_at": "2026-12-24T12:00:00Z", "reason": "Holidays."}
TOKEN = {"label": "CI", "kind": "pipeline"}


@pytest.fixture(name="story")
def story_fixture(engine: Engine) -> Engine:
    engine.register()
    engine.trigger("trial")
    return engine


def send(engine: Engine, path: str, who: str, body: Any, key: str) -> Any:
    return engine.send("POST", path, who, json=body, headers={"Idempotency-Key": key})


def move(engine: Engine, key: str, who: str = "mira", **body: Any) -> Any:
    return send(engine, f"{VERSION}/gates/trial/dates", who, {**DATES, **body}, key)


def count(engine: Engine, tag: str) -> int:
    return len(engine.rows(f"SELECT 1 FROM journal_entry WHERE tag = '{tag}'"))


def lose_the_next_commit(engine: Engine) -> None:
    """Let the next transaction commit, and break the connection before anybody is told."""
    writer: Any = engine.parts.ledger._writer
    run: Callable[..., Any] = writer._run_together

    def lossy(group: Any) -> Any:
        writer._run_together = run
        run(group)
        raise UnconfirmedError

    writer._run_together = lossy


class UnconfirmedError(Exception):
    """The connection broke during COMMIT."""


def test_the_same_request_again_changes_nothing_and_is_answered_the_same(story: Engine) -> None:
    first = move(story, "k1")
    story.submit("score", value=10)  # the gate moves on meanwhile
    again = move(story, "k1")
    assert (again.status_code, again.json()) == (200, ok(first))
    assert (first.headers.get("pratique-duplicate"), again.headers["pratique-duplicate"]) == (None, "true")
    assert count(story, "gate:run:dated") == 1


def test_another_request_under_the_key_is_refused_and_another_key_counts(story: Engine) -> None:
    ok(move(story, "k1"))
    refused(move(story, "k1", reason="Other."), 422, "idempotency-key-reused")
    path = f"{VERSION}/gates/trial/waivers"
    refused(send(story, path, "mira", DATES, "k1"), 422, "invalid-input")
    ok(move(story, "k2"))
    assert count(story, "gate:run:dated") == 2


def test_keys_of_two_tokens_have_nothing_to_do_with_each_other(story: Engine) -> None:
    ok(move(story, "k1"))
    ok(move(story, "k1", "jonas"))
    story.tokens["other"] = story.issue(kind="person", person="mira")
    ok(move(story, "k1", "other"))
    assert count(story, "gate:run:dated") == 3


def test_a_quoted_key_is_the_same_key(story: Engine) -> None:
    ok(move(story, '"k1"'))
    assert move(story, "k1").headers["pratique-duplicate"] == "true"


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "\u00e9".encode("latin-1")])
def test_a_key_of_the_wrong_shape_is_refused(story: Engine, key: Any) -> None:
    refused(move(story, key), 422, "invalid-input")
    assert count(story, "gate:run:dated") == 0


def test_a_key_is_forgotten_after_a_day(story: Engine) -> None:
    ok(move(story, "k1"))
    story.clock.forward(hours=23)
    assert "pratique-duplicate" in move(story, "k1").headers
    story.clock.forward(hours=1)
    ok(move(story, "k1", reason="Other."))
    assert count(story, "gate:run:dated") == 2


def test_a_refusal_is_not_kept_and_the_repeat_is_judged_anew(story: Engine) -> None:
    path = f"{VERSION}/gates/trial/decisions"
    body = {"act": "clear", "reason": "As seen.", "basis": story.gate("trial")["basis"]}
    refused(send(story, path, "mira", body, "k1"), 409, "move-refused")
    story.submit("score", value=10)
    body["basis"] = story.gate("trial")["basis"]
    assert ok(send(story, path, "mira", body, "k1"))["decisions"][0]["person"] == "mira"
    assert send(story, path, "mira", body, "k1").headers["pratique-duplicate"] == "true"
    assert count(story, "gate:decision:made") == 1


def test_many_at_once_have_one_effect(story: Engine) -> None:
    story.headers("mira")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: move(story, "k1"), range(8)))
    assert {a.status_code for a in answers} <= {200, 409}
    for answer in answers:
        if answer.status_code == 409:
            assert refused(answer, 409, "idempotency-key-in-use")["retry_after"] == 1
            assert answer.headers["retry-after"] == "1"
    assert count(story, "gate:run:dated") == 1
    assert move(story, "k1").headers["pratique-duplicate"] == "true"


def test_while_the_first_is_being_worked_on_the_second_is_told_so(story: Engine) -> None:
    story.headers("mira")
    in_use: KeysInUse = story.app.state.keys_in_use
    (held,) = _key_ids(story, "k1")
    with in_use.holding(held):
        refused(move(story, "k1"), 409, "idempotency-key-in-use")
    story.clock.forward(hours=25)
    ok(move(story, "k1"))


def _key_ids(story: Engine, key: str) -> list[str]:
    ok(move(story, key))
    return [row[0] for row in story.rows("SELECT id FROM idempotency_key")]


def test_a_token_is_issued_once_and_its_secret_is_neither_kept_nor_shown_again(story: Engine) -> None:
    first = ok(send(story, "/v1/tokens", "admin", TOKEN, "k1"))
    problem = refused(send(story, "/v1/tokens", "admin", TOKEN, "k1"), 409, "secret-shown-once")
    assert problem["answer"] == {name: value for name, value in first.items() if name != "token"}
    assert [t["id"] for t in story.get("/v1/tokens", "admin")["items"]].count(first["id"]) == 1
    assert len([t for t in story.get("/v1/tokens", "admin")["items"] if t["label"] == "CI"]) == 1
    kept = json.dumps(story.rows("SELECT id, request_sha256, attempt, answer FROM idempotency_key"))
    assert first["token"].split("_", 2)[2] not in kept
    assert "k1" not in kept.replace(first["id"], "")
    path = f"/v1/tokens/{first['id']}/revoke"
    for _ in range(2):
        assert send(story, path, "admin", None, "k2").status_code == 204
    assert count(story, "access:token:revoked") == 1


def test_a_login_link_is_made_once_and_not_shown_again(story: Engine) -> None:
    body = {"person": "mira"}
    first = ok(send(story, "/v1/login-links", "admin", body, "k1"))
    problem = refused(send(story, "/v1/login-links", "admin", body, "k1"), 409, "secret-shown-once")
    assert problem["answer"] == {"person": "mira", "expires_at": first["expires_at"]}
    secret = first["url"].partition("?t=")[2]
    assert secret not in json.dumps(story.rows("SELECT answer FROM idempotency_key"))
    assert count(story, "access:login_link:made") == 1


def test_a_commit_whose_answer_was_lost_is_not_done_twice(story: Engine) -> None:
    story.headers("mira")
    lose_the_next_commit(story)
    ok(move(story, "k1"))
    assert count(story, "gate:run:dated") == 1
    lose_the_next_commit(story)
    issued = ok(send(story, "/v1/tokens", "admin", TOKEN, "k2"))
    assert count(story, "access:token:issued") == 5, "three first ones, mira's, and this"
    story.tokens["ci"] = issued["token"]
    assert story.get("/v1/whoami", "ci")["token"] == issued["id"], "who asked gets the secret that was committed"
    refused(send(story, "/v1/tokens", "admin", TOKEN, "k2"), 409, "secret-shown-once")


def test_without_a_key_a_commit_whose_answer_was_lost_is_done_again(story: Engine) -> None:
    story.headers("mira")
    lose_the_next_commit(story)
    ok(story.send("POST", f"{VERSION}/gates/trial/dates", "mira", json=DATES))
    assert count(story, "gate:run:dated") == 2, "the reason why keys exist"


def test_effect_and_key_are_one_transaction(story: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    story.headers("mira")
    monkeypatch.setattr("pratique.services.idempotency.json.dumps", _failing)
    assert move(story, "k1").status_code == 503
    monkeypatch.undo()
    assert (count(story, "gate:run:dated"), story.rows("SELECT 1 FROM idempotency_key")) == (0, [])


def _failing(*_: Any) -> str:
    raise UnavailableError("no room")


def test_the_worker_reports_once(story: Engine) -> None:
    (item, *_) = story.claim("delivery")
    path = f"/v1/deliveries/{item['payload']['delivery']}/result"
    body = {"ok": False, "reason": "away"}
    first = ok(send(story, path, "worker", body, "k1"))
    assert ok(send(story, path, "worker", body, "k1")) == first
    assert story.rows("SELECT failures FROM delivery WHERE failures > 0") == [(1,)]


@pytest.mark.postgres
def test_two_engines_that_meet_the_same_key_at_once_have_one_effect(postgres_url: str) -> None:
    both_looked = threading.Barrier(2)

    def sign_in(tx: Transaction) -> dict[str, str]:
        both_looked.wait(timeout=20)  # neither has found the key
        tx.record(SignedIn(person="mira"))
        return {"person": "mira"}

    key = RequestKey.of("token:a", "k1", b"the request")
    with opened(postgres_url) as one, opened(postgres_url) as two:
        answers = [ledger.submit("engine:test", Once(key, sign_in)) for ledger in (one, two)]
        found = [answer.result(timeout=30) for answer in answers]
        with one.database.engine.connect() as connection:
            entries = connection.execute(text("SELECT count(*) FROM journal_entry")).scalar()
    assert sorted(answer.is_repeated for answer in found) == [False, True]
    assert [answer.body for answer in found] == [{"person": "mira"}] * 2
    assert entries == 1


#: Calls that can be sent again as they are: they carry an identity of their own, or doing them twice does nothing
#: twice. A lease whose answer was lost ends by itself.
SAFE_TO_REPEAT = {
    "/v1/events",
    "/v1/models/{model}/versions/{version}/evidence",
    "/v1/work/claim",
    "/v1/work/{work}/extend",
    "/v1/gate-runs/{run}/collect",
    "/v1/gate-runs/{run}/evaluate",
    "/v1/gate-runs/{run}/announce",
    "/v1/flow-runs/{run}/end",
    "/v1/sweep",
    "/v1/reconciliations",
    "/v1/hooks/{source}",
    "/v1/hooks/{source}/reconcile",
    "/v1/hooks/{delivery}/replay",
    "/v1/gates/{gate}/replay",  # it writes nothing
    "/v1/models/{model}/versions/{version}/uploads",
    "/v1/uploads/{upload}/evidence",
    "/v1/sources/{source}/evidence",
    "/v1/sources/{source}/collections",
}


def test_every_other_unsafe_call_takes_a_key_and_the_description_says_so(engine: Engine) -> None:
    paths = engine.send("GET", "/openapi.json", None).json()["paths"]
    unsafe = {path: calls["post"] for path, calls in paths.items() if "post" in calls}
    keyed = {
        path
        for path, call in unsafe.items()
        if any(p["name"] == "Idempotency-Key" and p["in"] == "header" for p in call.get("parameters", ()))
    }
    assert keyed == set(unsafe) - SAFE_TO_REPEAT
    assert len(keyed) >= 10
