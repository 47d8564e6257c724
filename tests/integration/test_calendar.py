"""Deadlines in people's own calendars: a secret address, running clocks, stable events, and nothing to guess."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import icalendar
import pytest
from clock_fixtures import (  # noqa: F401 - fixtures are used by name
    bureau_fixture,
    clock_config_fixture,
    clock_settings_fixture,
    recorded,
)
from engine_fixtures import Engine, clock_fixture, ok, refused  # noqa: F401

from pratique.web.dashboard import Viewer
from pratique.web.dashboard.acts import LedgerActs
from pratique.web.dashboard.reads import LedgerReads


def subscribed(engine: Engine, who: str = "mira") -> str:
    """Make a calendar of a person and return the path of its address."""
    made = engine.post("/v1/calendar", who)
    return str(made["url"]).removeprefix("http://127.0.0.1:8470")


def events(engine: Engine, path: str) -> list[Any]:
    """Return the events under an address, as a calendar program reads them."""
    answer = engine.send("GET", path, None)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["cache-control"] == "private, no-store"
    return list(icalendar.Calendar.from_ical(answer.content).walk("VEVENT"))


def test_running_deadlines_stand_as_days_with_an_alarm_and_a_stable_name(bureau: Engine) -> None:
    path = subscribed(bureau)
    assert events(bureau, path) == []
    recorded(bureau, "placement_planned", at="2027-03-31T09:00:00Z")
    first = {str(event["uid"]): event for event in events(bureau, path)}
    framework = next(event for event in first.values() if "Confirm the Framework" in event["summary"])
    assert framework["dtstart"].to_ical() == b"20270317"
    assert framework["dtstart"].params["VALUE"] == "DATE"
    assert framework.decoded("dtend") == date(2027, 3, 18)
    assert framework["summary"] == "Confirm the Framework (aurora 2.1)"
    assert "S-1.1" in framework["description"]
    (alarm,) = framework.walk("VALARM")
    assert alarm.decoded("trigger") == timedelta(days=-1)
    bureau.clock.forward(minutes=1)
    recorded(bureau, "placement_planned", at="2027-04-30T09:00:00Z")
    moved = {str(event["uid"]): event for event in events(bureau, path)}
    assert moved.keys() == first.keys()
    assert moved[str(framework["uid"])].decoded("dtstart") == date(2027, 4, 16)


def test_what_is_met_leaves_the_calendar(bureau: Engine) -> None:
    path = subscribed(bureau)
    recorded(bureau, "threshold_known")
    assert [str(e["summary"]) for e in events(bureau, path) if "Notify" in e["summary"]]
    recorded(bureau, "art52_notified")
    assert not [e for e in events(bureau, path) if "Notify" in e["summary"]]


def test_an_address_is_secret_and_ends_when_it_is_revoked(bureau: Engine) -> None:
    made = bureau.post("/v1/calendar", "mira")
    secret = made["url"].rpartition("/")[2].removesuffix(".ics")
    stored = bureau.rows("SELECT secret_sha256, person FROM calendar_feed")
    assert len(stored) == 1
    assert secret not in str(stored)
    assert bureau.get("/v1/calendar", "mira")["items"] == [
        {"id": made["id"], "made_at": made["made_at"], "revoked_at": None}
    ]
    assert bureau.get("/v1/calendar", "jonas")["items"] == []
    refused(bureau.send("POST", f"/v1/calendar/{made['id']}/revoke", "jonas", json={}), 404, "not-found")
    assert bureau.post(f"/v1/calendar/{made['id']}/revoke", "mira")["revoked_at"] is not None
    unknown = bureau.send("GET", "/calendar/none.ics", None)
    revoked = bureau.send("GET", f"/calendar/{secret}.ics", None)
    assert (unknown.status_code, unknown.content) == (revoked.status_code, revoked.content) == (404, b"Not found\n")
    assert dict(unknown.headers) == dict(revoked.headers)


def test_only_people_have_calendars_and_not_without_end(bureau: Engine) -> None:
    refused(bureau.send("POST", "/v1/calendar", "pipeline", json={}), 403, "not-allowed")
    for _ in range(10):
        subscribed(bureau)
    refused(bureau.send("POST", "/v1/calendar", "mira", json={}), 409, "conflict")


def test_a_request_that_comes_again_is_not_given_the_address_twice(bureau: Engine) -> None:
    given: dict[str, Any] = {"json": {}, "headers": {"Idempotency-Key": "cal-1"}}
    made = ok(bureau.send("POST", "/v1/calendar", "mira", **given))
    problem = refused(bureau.send("POST", "/v1/calendar", "mira", **given), 409, "secret-shown-once")
    assert made["url"] not in str(problem)
    assert len(bureau.get("/v1/calendar", "mira")["items"]) == 1


@pytest.mark.parametrize("secret", ["a" * 5000, "../../etc", "%F0%9F%93%85"])
def test_an_address_that_cannot_be_is_answered_like_any_other(bureau: Engine, secret: str) -> None:
    assert bureau.send("GET", f"/calendar/{secret}.ics", None).status_code == 404


def test_a_signed_in_person_makes_and_revokes_an_address_on_a_page(bureau: Engine) -> None:
    viewer = Viewer(id="mira", name="Mira", credential="session:s1")
    acts, reads = LedgerActs(bureau.parts), LedgerReads(bureau.parts)
    path = acts.make_calendar(viewer).removeprefix("http://127.0.0.1:8470")
    assert events(bureau, path) == []
    (listed,) = reads.calendars("mira")
    acts.revoke_calendar(viewer, listed["id"])
    assert bureau.send("GET", path, None).status_code == 404
    bureau.seal()
    entries = bureau.get("/v1/journal", tag="access:calendar:made")["entries"]
    assert [entry["entry"]["values"]["credential"] for entry in entries] == ["session:s1"]
