"""What time does to clocks: who is told before one runs out, and once when it has, however late the sweep comes."""

from __future__ import annotations

from typing import Any

import pytest
from clock_fixtures import (  # noqa: F401 - fixtures are used by name
    bureau_fixture,
    clock_config_fixture,
    clock_settings_fixture,
    recorded,
)
from engine_fixtures import VERSION, Engine, clock_fixture, ok  # noqa: F401

from pratique.domain.times import instant_text
from pratique.services.clock_notices import tell_of_clocks
from pratique.services.notices import NoticeKind
from pratique.services.verify import verify_ledger

RULE = "art-52-notification"


@pytest.fixture(name="known")
def known_fixture(bureau: Engine) -> Any:
    """Known on Monday 23 November that the threshold will be met: the notification is due on 7 December."""
    recorded(bureau, "threshold_known", at=bureau.clock.now)
    yield bureau
    bureau.seal()
    assert verify_ledger(bureau.settings).ok


def state(engine: Engine, rule: str = RULE) -> str:
    (found,) = engine.get("/v1/clocks", rule=rule)["items"]
    return str(found["state"])


def told(engine: Engine, who: str = "mira") -> list[tuple[str, str]]:
    """Return what a person was told of time limits: (kind, gate)."""
    return [(kind, gate) for kind, gate in engine.inbox(who) if kind.startswith("limit")]


def test_people_are_reminded_once_when_a_quarter_of_the_time_is_left(known: Engine) -> None:
    assert known.sweep()["limits_ahead"] == 0
    known.clock.forward(days=11)
    assert known.sweep()["limits_ahead"] == 2, "to notify, and to send arguments with it"
    assert known.sweep()["limits_ahead"] == 0
    assert told(known) == [("limit_ahead", "notification-and-framework")], "one notice for both"
    notice = known.get("/v1/inbox", "mira")["items"][0]
    assert "the last day is 2026-12-07" in notice["content"]["reasons"][0]
    assert len(notice["content"]["reasons"]) == 2
    assert state(known) == "running"


def test_each_date_of_a_batch_is_told_though_the_first_of_the_batch_was_told_before(known: Engine) -> None:
    """Two clocks of one gate: of the first everybody was told alone, then both are told of together."""
    (first,) = known.get("/v1/clocks", rule=RULE)["items"]
    (other,) = known.get("/v1/clocks", rule="contestation-with-notification")["items"]

    def tell(*clocks: Any) -> int:
        ids = [clock["id"] for clock in clocks]
        kind = NoticeKind.LIMIT_MISSED
        return known.parts.ledger.write("engine:test", lambda tx: tell_of_clocks(tx, known.parts, kind, ids))

    assert tell(first) == 2, "mira and jonas"
    assert tell(first, other) == 2
    assert tell(first, other) == tell(other, first) == 0
    items = known.get("/v1/inbox", "mira")["items"]
    reasons = [item["content"]["reasons"] for item in items if item["kind"] == "limit_missed"]
    assert [len(told) for told in reasons] == [1, 1]
    assert sorted(told[0].split(":")[0] for told in reasons) == sorted([first["title"], other["title"]])


def test_owners_are_told_where_no_gate_is_open_and_the_clock_names_one_that_is_not_there(bureau: Engine) -> None:
    """The gate post-market is not configured here, and nothing has opened another one."""
    recorded(bureau, "framework_doubt", at=bureau.clock.now)
    bureau.clock.forward(days=31)
    assert bureau.sweep()["limits_missed"] >= 1
    (notice,) = [item for item in bureau.get("/v1/inbox", "mira")["items"] if item["kind"] == "limit_missed"]
    assert notice["content"]["reasons"][0].startswith("Assess the Framework: the last day was 2026-12-23")


def test_a_limit_that_ran_out_is_missed_and_told_once(known: Engine) -> None:
    known.clock.forward(days=14, hours=8, minutes=59)
    assert known.sweep()["limits_missed"] == 0, "the last hour in Brussels is in time"
    known.clock.forward(minutes=1)
    assert known.sweep()["limits_missed"] == 1
    assert known.sweep()["limits_missed"] == 0
    assert state(known) == "missed"
    assert told(known).count(("limit_missed", "notification-and-framework")) == 1
    notice = known.get("/v1/inbox", "mira")["items"][0]
    assert notice["severity"] == "high"
    assert "the last day was 2026-12-07, towards Commission" in notice["content"]["reasons"][0]


def test_what_was_missed_stays_missed_when_the_clock_of_the_machine_is_set_back(known: Engine) -> None:
    known.clock.forward(days=15)
    assert known.sweep()["limits_missed"] == 1
    known.clock.forward(days=-5)
    recorded(known, "evaluation_started", about="e1")
    known.sweep()
    assert state(known) == "missed"
    known.clock.forward(days=6)
    assert known.sweep()["limits_missed"] == 0
    assert [kind for kind, _ in told(known)].count("limit_missed") == 1


def test_what_was_done_late_is_kept_as_late(known: Engine) -> None:
    known.clock.forward(days=20)
    known.sweep()
    recorded(known, "art52_notified", at=known.clock.now)
    (found,) = known.get("/v1/clocks", rule=RULE)["items"]
    assert (found["state"], found["met_at"]) == ("missed", instant_text(known.clock.now))


def test_what_ran_out_before_the_sweep_came_is_told_by_whatever_comes_first(known: Engine) -> None:
    known.clock.forward(days=30)
    recorded(known, "evaluation_started", about="e1")
    assert state(known) == "missed"
    assert [kind for kind, _ in told(known)] == ["limit_missed"]
    assert known.sweep()["limits_missed"] == 0


def test_a_gate_that_is_not_open_is_opened_for_a_limit_that_ran_out(known: Engine) -> None:
    recorded(known, "placement_planned", at="2026-12-20T09:00:00Z")
    known.clock.forward(days=28)
    known.sweep()
    gate = known.gate("placement")
    assert gate["state"] == "open"
    assert ("limit_missed", "placement") in told(known)


def test_a_moved_plan_reminds_again_of_the_new_day(known: Engine) -> None:
    recorded(known, "art52_notified", at=known.clock.now)
    known.clock.forward(days=22)
    assert known.sweep()["limits_ahead"] >= 1
    before = len(told(known))
    recorded(known, "placement_planned", at="2027-01-02T09:00:00Z")
    known.sweep()
    assert len(told(known)) > before
    assert ok(known.send("GET", f"{VERSION}/occurrences", "mira"))["items"]
