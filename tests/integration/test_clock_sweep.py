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
from pratique.services.clocks import replan
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


FOUR = ("cbrn", "loss_of_control", "cyber_offence", "harmful_manipulation")


def safe_until(lost_on: str | None) -> list[dict[str, str]]:
    """Return references for every risk; those that were lost count for six months more (App. 2.2)."""
    lost = {"lost_on": lost_on} if lost_on is not None else {}
    return [{"risk": risk, "reference": "borealis/1.0", "shown_on": "2026-01-10", **lost} for risk in FOUR]


def test_a_relief_that_ends_by_itself_starts_what_is_owed_then(bureau: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """App. 2.2, S-7.6: lost on 1 June 2026, so relieved through 1 December, whose end in Brussels is 23:00 UTC.

    The Model Report of 1 October 2026 is then to be updated by 1 April 2027. Only the version whose time came is
    planned anew: 2.2 lost its reference two weeks later, 2.3 did not.
    """
    for version, lost_on in (("2.1", "2026-06-01"), ("2.2", "2026-06-15"), ("2.3", None)):
        bureau.register(version, designation="designated", similarly_safe=safe_until(lost_on))
        body = {"kind": "model_report_provided", "why": "Sent.", "at": "2026-10-01T09:00:00Z"}
        ok(bureau.send("POST", f"/v1/models/aurora/versions/{version}/occurrences", "mira", json=body))
    names = {row[1]: row[0] for row in bureau.rows("SELECT version, id FROM model_version")}
    planned: list[str] = []

    def counted(tx: Any, parts: Any, version_id: str, *, cause: str) -> int:
        planned.append(names[version_id])
        return replan(tx, parts, version_id, cause=cause)

    monkeypatch.setattr("pratique.services.clock_sweep.replan", counted)

    def owed() -> list[tuple[str, str, str]]:
        items = bureau.get("/v1/clocks", rule="model-report-six-months")["items"]
        return sorted((item["version"], item["state"], item["due_on"]) for item in items)

    bureau.clock.forward(days=8, hours=8, minutes=59)
    bureau.sweep()
    assert (owed(), planned) == ([(v, "void", "2027-04-01") for v in ("2.1", "2.2", "2.3")], [])
    bureau.clock.forward(minutes=1)
    bureau.sweep()
    assert planned == ["2.1"]
    assert owed()[0] == ("2.1", "running", "2027-04-01")
    assert {state for _, state, _ in owed()[1:]} == {"void"}
    bureau.sweep()
    assert planned == ["2.1"], "its time comes once"
    bureau.clock.forward(days=14)
    bureau.sweep()
    assert planned[1:].count("2.2") >= 1
    assert "2.3" not in planned
    assert bureau.rows("SELECT version FROM model_version WHERE profile_changes_at IS NOT NULL") == []
    bureau.seal()
    assert verify_ledger(bureau.settings).ok


def test_a_profile_that_no_longer_ends_by_itself_waits_for_no_time(bureau: Engine) -> None:
    dated = "SELECT profile_changes_at FROM model_version"
    bureau.register(designation="designated", similarly_safe=safe_until("2026-06-01"))
    assert bureau.rows(dated) == [("2026-12-01T23:00:00.000000Z",)]
    bureau.register(designation="designated", similarly_safe=safe_until(None))
    assert bureau.rows(dated) == [(None,)]
    lost = recorded(bureau, "safe_reference_lost", at=bureau.clock.now, about="borealis-1.0")["id"]
    assert bureau.rows(dated) == [("2027-05-23T22:00:00.000000Z",)]
    ok(bureau.send("POST", f"/v1/occurrences/{lost}/withdraw", "mira", json={"reason": "Another reference."}))
    assert bureau.rows(dated) == [(None,)]
    bureau.seal()
    assert verify_ledger(bureau.settings).ok
