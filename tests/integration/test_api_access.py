"""Tokens, login links, the journal and long polls over HTTP."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
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

from pratique.domain.times import instant_text
from pratique.web.api.auth import TokenMemory

PATHS = [
    ("GET", "/v1/models"),
    ("GET", f"{VERSION}/gates/trial"),
    ("POST", f"{VERSION}/gates/trial/decisions"),
    ("POST", "/v1/events"),
    ("POST", f"{VERSION}/evidence?filename=a"),
    ("GET", "/v1/evidence/x/content"),
    ("GET", "/v1/journal"),
    ("GET", "/v1/whoami"),
    ("GET", "/v1/inbox"),
    ("GET", "/v1/tokens"),
    ("POST", "/v1/work/claim"),
    ("POST", "/v1/sweep"),
]


def test_without_a_valid_token_every_route_answers_401_with_a_challenge(engine: Engine) -> None:
    real = engine.tokens["pipeline"]
    wrong = [real[:-1] + ("A" if real[-1] != "A" else "B"), "prq_x_y", "prq__", "x", "prq_" + "a" * 5000 + "_b", "é"]
    headers: list[dict[str, Any]] = [{}, {"Authorization": f"Basic {real}"}, {"Authorization": "Bearer"}]
    headers += [{"Authorization": f"Bearer {token}".encode()} for token in wrong]
    for method, path in PATHS:
        answer = engine.send(method, path, None)
        refused(answer, 401, "unauthenticated")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    for given in headers:
        refused(engine.send("GET", "/v1/whoami", None, headers=given), 401, "unauthenticated")
    for path in ("/healthz", "/readyz", "/metrics", "/openapi.json"):
        assert engine.send("GET", path, None).status_code == 200
    for path in ("/docs", "/redoc", "/v1/nothing"):
        assert engine.send("GET", path, None).status_code == 404
    assert refused(engine.send("DELETE", "/v1/models"), 405, "method-not-allowed")


def test_a_token_does_what_its_scopes_say_and_no_more(engine: Engine) -> None:
    engine.register()
    for who in ("pipeline", "mira", "worker"):
        refused(engine.send("GET", "/v1/tokens", who), 403, "not-allowed")
        refused(engine.send("POST", "/v1/login-links", who, json={"person": "mira"}), 403, "not-allowed")
    refused(engine.send("POST", "/v1/sweep", "mira"), 403, "not-allowed")
    refused(engine.send("PUT", f"{VERSION}", "worker", json={"systemic_risk": True}), 403, "not-allowed")
    refused(engine.event("test.moment.all", who="admin"), 403, "not-allowed")
    refused(engine.upload(b"{}", "a.json", "worker"), 403, "not-allowed")
    refused(engine.send("GET", "/v1/journal", "worker"), 403, "not-allowed")
    engine.tokens["narrow"] = engine.issue(kind="pipeline", scopes=("gates:read",))
    assert engine.get("/v1/whoami", "narrow")["scopes"] == ["gates:read"]
    refused(engine.event("test.moment.all", who="narrow"), 403, "not-allowed")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"kind": "pipeline", "scopes": ["decisions:write"]}, 403, "not-allowed"),
        ({"kind": "pipeline", "person": "mira", "scopes": ["gates:read", "decisions:write"]}, 403, "not-allowed"),
        ({"kind": "pipeline", "scopes": ["admin"]}, 403, "not-allowed"),
        ({"kind": "worker", "scopes": ["decisions:write"]}, 403, "not-allowed"),
        ({"kind": "admin", "scopes": ["decisions:write"]}, 403, "not-allowed"),
        ({"kind": "person"}, 422, "invalid-input"),
        ({"kind": "person", "person": "nobody"}, 422, "invalid-input"),
        ({"kind": "root"}, 422, "invalid-input"),
        ({"kind": "worker", "expires_in_days": 0}, 422, "invalid-input"),
        ({"kind": "worker", "expires_in_days": 367}, 422, "invalid-input"),
        ({"kind": "worker", "label": " "}, 422, "invalid-input"),
        ({"kind": "worker", "label": "a\u2028b"}, 422, "invalid-input"),
        ({"kind": "worker", "more": 1}, 422, "invalid-input"),
    ],
)
def test_no_token_can_be_issued_beyond_its_kind(engine: Engine, body: dict[str, Any], status: int, code: str) -> None:
    refused(engine.send("POST", "/v1/tokens", "admin", json={"label": "x", **body}), status, code)


def test_a_token_lives_until_it_expires_or_is_revoked(engine: Engine) -> None:
    issued = engine.post("/v1/tokens", "admin", {"label": "CI", "kind": "pipeline", "expires_in_days": 2})
    engine.tokens["ci"] = issued["token"]
    assert engine.get("/v1/whoami", "ci")["token"] == issued["id"]
    engine.clock.forward(days=2)
    problem = refused(engine.send("GET", "/v1/whoami", "ci"), 401, "unauthenticated")
    assert "expired" in problem["detail"]
    other = engine.post("/v1/tokens", "admin", {"label": "CI", "kind": "pipeline"})
    engine.tokens["ci"] = other["token"]
    engine.get("/v1/whoami", "ci")  # remembered now
    assert engine.send("POST", f"/v1/tokens/{other['id']}/revoke", "admin").status_code == 204
    assert "revoked" in refused(engine.send("GET", "/v1/whoami", "ci"), 401, "unauthenticated")["detail"]
    assert engine.send("POST", f"/v1/tokens/{other['id']}/revoke", "admin").status_code == 204
    refused(engine.send("POST", "/v1/tokens/none/revoke", "admin"), 404, "not-found")
    listed = engine.send("GET", "/v1/tokens", "admin").text
    secret = other["token"].split("_", 2)[2]
    assert secret not in listed
    assert "secret" not in listed
    engine.seal()
    assert secret not in engine.send("GET", "/v1/journal", params={"limit": 1000}).text


def test_tokens_of_people_and_admins_end_after_a_year_when_nobody_says_otherwise(engine: Engine) -> None:
    def end(**wanted: Any) -> str | None:
        issued: dict[str, str | None] = engine.post("/v1/tokens", "admin", {"label": "x", **wanted})
        return issued["expires_at"]

    in_a_year = instant_text(engine.clock.now + timedelta(days=366))
    in_a_week = instant_text(engine.clock.now + timedelta(days=7))
    assert end(kind="person", person="mira") == end(kind="admin") == in_a_year
    assert end(kind="admin", expires_in_days=7) == in_a_week
    assert end(kind="pipeline") is end(kind="worker") is None
    first = {t["label"]: t["expires_at"] for t in engine.get("/v1/tokens", "admin")["items"] if t["label"] != "x"}
    assert first == {"first admin": None, "embedded worker": None, "first pipeline": None}


def test_a_lookup_from_before_a_revocation_is_not_remembered() -> None:
    memory, row = TokenMemory(), {"id": "a"}
    begun = memory.generation
    memory.forget("a")  # revoked while the look-up is under way
    memory.put("a", row, begun)
    assert memory.get("a") == (False, None)
    memory.put("a", row, memory.generation)
    assert memory.get("a") == (True, row)


def test_the_journal_keeps_who_made_a_login_link_and_not_the_link(engine: Engine) -> None:
    made = engine.post("/v1/login-links", "admin", {"person": "mira"})
    engine.seal()
    answer = engine.send("GET", "/v1/journal", params={"tag": "access:login_link:made"})
    (item,) = ok(answer)["entries"]
    assert item["entry"]["actor"] == f"token:{engine.get('/v1/whoami', 'admin')['token']}"
    assert item["entry"]["subject"] == "person:mira"
    values = item["entry"]["values"]
    assert values == {"person": "mira", "expires_at": made["expires_at"], "id": values["id"]}
    assert made["url"].partition("?t=")[2] not in answer.text


def test_a_login_link_works_once_and_not_by_a_get(engine: Engine) -> None:
    refused(engine.send("POST", "/v1/login-links", "admin", json={"person": "nobody"}), 422, "invalid-input")
    link = engine.post("/v1/login-links", "admin", {"person": "mira"})["url"]
    path, _, token = link.removeprefix(engine.settings.base_url).partition("?t=")
    own = {"sec-fetch-site": "same-origin"}
    for _ in range(3):  # mail scanners fetch every link
        answer = engine.send("GET", path, None, params={"t": token})
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
    signed_in = engine.send("POST", path, None, data={"t": token}, headers=own)
    assert (signed_in.status_code, "set-cookie" in signed_in.headers) == (303, True)
    again = engine.send("POST", path, None, data={"t": token}, headers=own)
    assert again.status_code == 401
    assert engine.rows("SELECT count(*) FROM web_session") == [(1,)]
    link = engine.post("/v1/login-links", "admin", {"person": "mira"})["url"]
    engine.clock.forward(minutes=11)
    assert engine.send("POST", path, None, data={"t": link.partition("?t=")[2]}, headers=own).status_code == 401


def test_models_are_listed_page_by_page(engine: Engine) -> None:
    versions = ["1.0", "1.0-rc.1", "2.1", "10"]
    for version in versions:
        engine.register(version)
    engine.trigger("trial")
    seen: list[str] = []
    cursor = None
    while True:
        page = engine.get("/v1/models", limit=1, **({"cursor": cursor} if cursor else {}))
        seen += [item["version"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert sorted(seen) == sorted(versions)
    assert len(seen) == len(set(seen))
    two_one = next(i for i in engine.get("/v1/models")["items"] if i["version"] == "2.1")
    assert (two_one["gates"][0]["gate"], two_one["gates"][0]["outcome"]) == ("trial", "blocked")
    for bad in ("x", "/", "a/", "\x00/b"):
        refused(engine.send("GET", "/v1/models", params={"cursor": bad}), 422, "invalid-input")
    refused(engine.send("GET", f"{VERSION}x"), 404, "not-found")


def test_the_journal_is_read_page_by_page_in_one_chain(engine: Engine) -> None:
    import hashlib

    from pratique.canonical import canonical_json

    engine.register()
    run = engine.trigger("trial")["gate_run"]
    engine.submit("score", value=1)
    engine.seal()
    after: int | None = 0
    link, seen = b"\x00" * 32, 0
    while after is not None:
        page = engine.get("/v1/journal", after=after, limit=3)
        for item in page["entries"]:
            seen += 1
            assert item["seq"] == seen
            link = hashlib.sha256(link + hashlib.sha256(canonical_json(item["entry"])).digest()).digest()
            assert item["link"] == link.hex()
        after = page["next"]
    assert seen == engine.rows("SELECT count(*) FROM journal_entry")[0][0] > 10
    of_run = engine.get("/v1/journal", subject=f"gate:{run}", limit=1000)["entries"]
    assert {e["entry"]["subject"] for e in of_run} == {f"gate:{run}"}
    both = engine.get("/v1/journal", subject=f"gate:{run}", tag="gate:run:opened")["entries"]
    assert len(both) == 1
    assert engine.get("/v1/journal", after=10**9) == {"entries": [], "next": None}
    for bad in ({"after": -1}, {"limit": 0}, {"limit": 1001}, {"after": 2**63}, {"subject": "\x00"}):
        refused(engine.send("GET", "/v1/journal", params=bad), 422, "invalid-input")


def test_a_long_poll_answers_when_the_gate_changes_and_else_when_its_time_ends(engine: Engine) -> None:
    engine.register()
    seen = engine.trigger("trial")["row_version"]
    assert engine.gate("trial", wait=25, row_version=seen - 1)["row_version"] == seen
    began = time.monotonic()
    assert engine.gate("trial", wait=0.3, row_version=seen)["row_version"] == seen
    assert 0.25 <= time.monotonic() - began < 2
    with ThreadPoolExecutor(4) as pool:
        began = time.monotonic()
        waiting = [pool.submit(engine.gate, "trial", wait=20, row_version=seen) for _ in range(3)]
        time.sleep(0.3)
        engine.submit("score", value=1)
        assert [w.result()["state"] for w in waiting] == ["in_review"] * 3
        assert time.monotonic() - began < 5
    for bad in ({"wait": 26}, {"wait": -1}, {"wait": "nan"}, {"row_version": -1}, {"row_version": 2**60}):
        refused(engine.send("GET", f"{VERSION}/gates/trial", params=bad), 422, "invalid-input")


def test_login_links_are_used_up_and_made_at_a_limited_rate(engine: Engine) -> None:
    page = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
    answers = [
        engine.send("POST", "/login/link", None, data={"t": "no link"}, headers=page).status_code for _ in range(15)
    ]
    assert answers[:10] == [401] * 10
    assert set(answers[10:]) == {429}
    assert engine.send("GET", "/login/link?t=x", None).status_code == 200, "looking at a link uses nothing up"
    made = [engine.send("POST", "/v1/login-links", "admin", json={"person": "mira"}) for _ in range(70)]
    late = next(answer for answer in made if answer.status_code != 201)
    problem = refused(late, 429, "too-many-requests")
    assert late.headers["retry-after"] == str(problem["retry_after"])
    assert [answer.status_code for answer in made[:60]] == [201] * 60
