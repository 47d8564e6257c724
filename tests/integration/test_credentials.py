"""Every act says by which credential it came: in the journal, in its row, over the API, and on the gate page."""

from __future__ import annotations

import json
import re
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
)

PAGE = "/models/aurora/2.1/gates/trial"


@pytest.fixture(name="story")
def story_fixture(engine: Engine) -> Engine:
    engine.register()
    engine.trigger("trial")
    return engine


def token_of(engine: Engine, who: str) -> str:
    return f"token:{engine.get('/v1/whoami', who)['token']}"


def entries(engine: Engine, tag: str) -> list[dict[str, Any]]:
    """Return the members of every entry of a tag, from the stored journal."""
    rows = engine.rows(f"SELECT body FROM journal_entry WHERE tag = '{tag}' ORDER BY position")
    return [json.loads(bytes(body))["values"] for (body,) in rows]


def test_acts_over_the_api_name_the_token(story: Engine) -> None:
    evidence = story.submit("score", value=10)["evidence"]
    assert evidence["credential"] == token_of(story, "pipeline")
    assert entries(story, "evidence:file:submitted")[0]["credential"] == evidence["credential"]
    view = ok(story.decide("jonas", "trial"))
    assert view["decisions"][0]["credential"] == token_of(story, "jonas")
    assert entries(story, "gate:decision:made")[0]["credential"] == token_of(story, "jonas")
    secret = story.tokens["jonas"].split("_", 2)[2]
    assert secret not in json.dumps([view, entries(story, "gate:decision:made")])


def test_two_tokens_of_one_person_are_told_apart(story: Engine) -> None:
    story.submit("score", value=10)
    story.tokens["other"] = story.issue(kind="person", person="mira")
    ok(story.decide("other", "trial"))
    (decision,) = story.gate("trial")["decisions"]
    assert (decision["person"], decision["credential"]) == ("mira", token_of(story, "other"))
    assert decision["credential"] != token_of(story, "mira")


def test_a_waiver_names_who_granted_and_who_revoked_it(story: Engine) -> None:
    waiver = ok(story.waive("jonas", "trial", "score"))["waivers"][0]
    assert (waiver["credential"], waiver["revoked_credential"]) == (token_of(story, "jonas"), None)
    path = f"{VERSION}/gates/trial/waivers/{waiver['id']}/revoke"
    body = {"reason": "Not any more.", "basis": story.gate("trial")["basis"]}
    revoked = ok(story.send("POST", path, "mira", json=body))["waivers"][0]
    assert revoked["credential"] == waiver["credential"]
    assert (revoked["revoked_by"], revoked["revoked_credential"]) == ("mira", token_of(story, "mira"))
    assert entries(story, "gate:waiver:revoked")[0]["credential"] == token_of(story, "mira")


def test_moved_dates_name_who_moved_them_until_the_engine_sets_them_anew(story: Engine) -> None:
    assert story.gate("trial")["dated"] is None
    body = {"due_at": "2026-12-24T12:00:00Z", "reason": "Holidays."}
    moved = ok(story.send("POST", f"{VERSION}/gates/trial/dates", "mira", json=body))
    expected = {"person": "mira", "credential": token_of(story, "mira"), "reason": "Holidays."}
    assert moved["dated"] == {**expected, "at": moved["changed_at"]}
    story.submit("score", value=10, valid_days=3)
    ok(story.decide("mira", "trial"))
    ok(story.decide("jonas", "trial"))
    story.clock.forward(days=4)
    story.sweep()
    stale = story.gate("trial")
    assert (stale["state"], stale["dated"]) == ("stale", None)


def signed_in(engine: Engine, person: str) -> dict[str, str]:
    """Sign a person in by a login link and return the headers that their browser sends."""
    link = engine.post("/v1/login-links", "admin", {"person": person})["url"].partition("?t=")[2]
    page = {"Sec-Fetch-Site": "same-origin"}
    answer = engine.send("POST", "/login/link", None, data={"t": link}, headers=page)
    assert answer.status_code == 303
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("pratique_session="))
    return {**page, "Cookie": cookie.partition(";")[0]}


def test_acts_on_the_page_name_the_session_and_the_journal_leads_to_its_login_link(story: Engine) -> None:
    story.submit("score", value=10)
    browser = signed_in(story, "jonas")
    page = story.send("GET", PAGE, None, headers=browser).text
    form = dict(re.findall(r'type="hidden" name="(basis|row_version)" value="([^"]*)"', page))
    data = {**form, "act": "clear", "role": "approver", "reason": "Read it."}
    assert story.send("POST", f"{PAGE}/decisions", None, data=data, headers=browser).status_code == 303
    (decision,) = story.gate("trial")["decisions"]
    (sign_in,) = entries(story, "access:person:signed_in")
    (made,) = entries(story, "access:login_link:made")
    assert decision["credential"] == f"session:{sign_in['session']}"
    assert sign_in["link"] == made["id"]
    assert f"by session {sign_in['session']}" in story.send("GET", PAGE, None, headers=browser).text
    assert browser["Cookie"].partition("=")[2] not in json.dumps([decision, sign_in, made])


def test_the_page_shows_waivers_and_dates_with_their_credentials(story: Engine) -> None:
    ok(story.waive("jonas", "trial", "score"))
    body = {"due_at": "2026-12-24T12:00:00Z", "reason": "Holidays."}
    ok(story.send("POST", f"{VERSION}/gates/trial/dates", "mira", json=body))
    page = story.send("GET", PAGE, None, headers=signed_in(story, "ines")).text
    for who in ("jonas", "mira"):
        assert f"by {token_of(story, who).replace(':', ' ')}" in page
    assert "Holidays." in page
