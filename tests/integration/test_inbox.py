"""The inbox: what waits to be acknowledged comes first, and every notice can be reached."""

from __future__ import annotations

from typing import Any

import pytest
from engine_fixtures import (  # noqa: F401 - fixtures are used by name
    Engine,
    clock_fixture,
    engine_config_fixture,
    engine_fixture,
    engine_settings_fixture,
    refused,
)

from pratique.web.dashboard.reads import LedgerReads


@pytest.fixture(name="story")
def story_fixture(engine: Engine) -> Engine:
    engine.register()
    for number in range(5):
        engine.trigger("trial", occasion=f"build-{number}")
        engine.clock.forward(seconds=1)
    return engine


def pages(story: Engine, who: str, limit: int) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = story.get("/v1/inbox", who, limit=limit, **cursor)
        assert len(page["items"]) <= limit
        items += page["items"]
        if page["next"] is None:
            return items
        cursor = {"cursor": page["next"]}


def test_an_old_notice_that_waits_comes_before_newer_ones_that_were_seen(story: Engine) -> None:
    before = story.get("/v1/inbox", "mira")
    assert before["next"] is None
    newest_first = [notice["id"] for notice in before["items"]]
    opened = [n["occasion"] for n in before["items"] if n["kind"] == "review_opened"]
    assert opened == [f"build-{number}" for number in (4, 3, 2, 1, 0)]
    newest, *seen, oldest = newest_first
    for notice in seen:
        assert story.send("POST", f"/v1/notices/{notice}/acknowledge", "mira").status_code == 204
    expected = [newest, oldest, *seen]
    for limit in (1, 2, 3, 5, 100):
        assert [n["id"] for n in pages(story, "mira", limit)] == expected
    assert [n["id"] for n in LedgerReads(story.parts).inbox("mira")] == expected


def test_a_cursor_that_no_page_gave_is_refused(story: Engine) -> None:
    for cursor in ("", "x", "2/2026/a", "0/2026-01-01/\x00"):
        answer = story.send("GET", "/v1/inbox", "mira", params={"cursor": cursor})
        refused(answer, 422, "invalid-input")
    refused(story.send("GET", "/v1/inbox", "mira", params={"limit": 0}), 422, "invalid-input")


def test_a_delivery_to_somebody_who_left_is_cancelled(story: Engine) -> None:
    delivery = story.claim("delivery")[0]["payload"]["delivery"]
    path = f"/v1/deliveries/{delivery}"
    people = story.parts.people
    left = tuple(person for person in people.people if person.id != "mira")
    story.parts.__dict__["people"] = people.model_copy(update={"people": left})
    assert not story.get(path, "worker")["is_still_wanted"]
    result = {"ok": False, "permanent": False, "reason": "no longer wanted"}
    assert story.post(f"{path}/result", "worker", result) == {"status": "cancelled", "next_at": None}
    assert story.get(path, "worker")["status"] == "cancelled"
    assert story.rows(f"SELECT status, failures FROM delivery WHERE id = '{delivery}'") == [("cancelled", 0)]
