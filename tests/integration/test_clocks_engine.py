"""Clocks in the engine: kept in step with what happened, shown with what their dates rest on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from clock_fixtures import (  # noqa: F401 - fixtures are used by name
    bureau_fixture,
    clock_config_fixture,
    clock_settings_fixture,
    recorded,
)
from engine_fixtures import VERSION, Clock, Engine, clock_fixture, ok, refused  # noqa: F401

from pratique.bootstrap import build_parts
from pratique.errors import ConfigError
from pratique.services.clocks import refresh_all
from pratique.services.verify import verify_ledger
from pratique.settings import ClockChoices, Settings
from pratique.web.dashboard.reads import LedgerReads
from pratique.web.dashboard.rows import ClockFilter


def clocks(engine: Engine, rule: str, **wanted: Any) -> list[dict[str, Any]]:
    """Return the clocks of a rule, the next due first."""
    return list(engine.get("/v1/clocks", rule=rule, **wanted)["items"])


def only(engine: Engine, rule: str, **wanted: Any) -> dict[str, Any]:
    """Return the one clock of a rule."""
    (found,) = clocks(engine, rule, **wanted)
    return found


@pytest.fixture(name="verified")
def verified_fixture(bureau: Engine) -> Any:
    """The engine; afterwards its ledger must replay to the same rows."""
    yield bureau
    bureau.seal()
    report = verify_ledger(bureau.settings)
    assert report.ok, report.problems


def test_the_notification_runs_from_what_was_known_first(verified: Engine) -> None:
    """Art. 52(1): two weeks from the earlier of met and known; 16 November 2026 + 14 days is 30 November."""
    recorded(verified, "threshold_met", at="2026-11-20T09:00:00Z")
    assert only(verified, "art-52-notification")["due_on"] == "2026-12-04"
    recorded(verified, "threshold_known", at="2026-11-16T09:00:00Z")
    found = only(verified, "art-52-notification")
    assert (found["due_on"], found["state"], found["force"]) == ("2026-11-30", "running", "hard")
    assert found["model"] == "aurora"
    entries = verified.rows("SELECT COUNT(*) FROM clock WHERE rule = 'art-52-notification'")
    assert entries == [(1,)], "planned anew, not started twice"
    recorded(verified, "art52_notified")
    assert only(verified, "art-52-notification")["state"] == "met"


def test_a_limit_that_is_planned_anew_has_the_force_of_what_gives_its_date_now(verified: Engine) -> None:
    """S-1.2 binds before placing; of a model known to have systemic risk only later, the time is the provider's own."""
    recorded(verified, "placement_planned", at="2026-12-20T09:00:00Z")
    assert only(verified, "full-process-at-placement")["force"] == "hard"
    recorded(verified, "placed", at="2026-11-16T09:00:00Z")
    recorded(verified, "threshold_known", at="2026-11-20T09:00:00Z")
    found = only(verified, "full-process-at-placement")
    assert (found["due_on"], found["state"], found["force"]) == ("2026-12-20", "running", "self_set")
    verified.clock.forward(days=25)
    verified.sweep()
    assert only(verified, "full-process-at-placement")["force"] == "self_set", "a reminder changes no force"


def test_a_clock_is_explained_by_rule_text_source_readings_and_what_started_it(verified: Engine) -> None:
    made = recorded(verified, "threshold_known", at="2026-11-14T09:00:00Z")
    found = verified.get(f"/v1/clocks/{only(verified, 'art-52-notification')['id']}")
    assert found["rule_text"]["id"] == "ACT-52-1"
    assert found["rule_text"]["source"] == {
        "document": "SRC-ACT-CONS",
        "clause": "Art. 52(1)",
        "edition": "2026-07-27",
    }
    assert found["verified"] is True
    assert found["trigger"] == {
        "id": made["id"],
        "kind": "threshold_known",
        "at": "2026-11-14T09:00:00.000000Z",
        "why": "As the log says.",
        "person": "mira",
        "about": None,
    }
    assert found["strict"]["due_on"] == "2026-11-28", "a Saturday; every day counts"
    assert found["outer"]["due_on"] == "2026-11-30", "Reg. 1182/71 rolls it over to Monday"
    assert found["due_on"] == "2026-11-28"
    assert any("1182/71" in rule for rule in found["outer"]["rules"])
    assert found["recipient"].startswith("Commission")
    assert found["explanation"]
    refused(verified.send("GET", "/v1/clocks/none", "mira"), 404, "not-found")


def test_a_plan_that_moves_moves_what_is_counted_back_from_it(verified: Engine) -> None:
    """S-1.1: confirmed two weeks before the planned placement."""
    recorded(verified, "threshold_known")
    recorded(verified, "placement_planned", at="2027-03-31T09:00:00Z")
    assert only(verified, "framework-confirmation")["due_on"] == "2027-03-17"
    verified.clock.forward(minutes=1)
    recorded(verified, "placement_planned", at="2027-02-28T09:00:00Z")
    assert only(verified, "framework-confirmation")["due_on"] == "2027-02-14"
    verified.seal()
    revised = verified.get("/v1/journal", tag="clock:limit:revised", limit=1000)["entries"]
    assert revised, "the journal says what moved and why"
    assert {entry["entry"]["values"]["cause"] for entry in revised} == {"placement planned"}


def test_what_is_withdrawn_starts_no_clock(verified: Engine) -> None:
    made = recorded(verified, "threshold_known", at="2026-11-16T09:00:00Z")
    body = {"reason": "Another model."}
    ok(verified.send("POST", f"/v1/occurrences/{made['id']}/withdraw", "mira", json=body))
    found = only(verified, "art-52-notification")
    assert found["state"] == "void"
    assert "mira withdrew threshold known" in found["reason"]
    recorded(verified, "threshold_known", at="2026-11-18T09:00:00Z")
    assert only(verified, "art-52-notification")["due_on"] == "2026-12-02"


def test_what_concerns_the_provider_moves_the_clocks_of_every_version(verified: Engine) -> None:
    verified.register()
    verified.register("3.0")
    recorded(verified, "art52_notified")
    body = {"kind": "framework_confirmed", "why": "Board minutes."}
    ok(verified.send("POST", "/v1/occurrences", "mira", json=body))
    assert only(verified, "framework-confirmation")["state"] == "met"
    found = clocks(verified, "framework-to-ai-office")
    assert {(clock["version"], clock["due_on"]) for clock in found} == {("2.1", "2026-11-30"), ("3.0", "2026-11-30")}


def test_clocks_are_listed_by_their_day_page_by_page(verified: Engine) -> None:
    recorded(verified, "placement_planned", at="2027-03-31T09:00:00Z")
    recorded(verified, "threshold_known")
    whole = verified.get("/v1/clocks", model="aurora", version="2.1", limit=500)["items"]
    dated = [clock["due_at"] for clock in whole if clock["due_at"] is not None]
    assert dated == sorted(dated)
    assert len(whole) > 5
    turned: list[str] = []
    cursor: str | None = None
    while True:
        page = verified.get("/v1/clocks", limit=2, **({"cursor": cursor} if cursor else {}))
        turned += [clock["id"] for clock in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert turned == [clock["id"] for clock in whole]
    running = verified.get("/v1/clocks", state="running")["items"]
    assert {clock["state"] for clock in running} == {"running"}
    refused(verified.send("GET", "/v1/clocks?state=late", "mira"), 422, "invalid-input")
    refused(verified.send("GET", "/v1/clocks?cursor=x", "mira"), 422, "invalid-input")


def test_seconds_left_count_down_to_the_end_of_the_last_day_in_brussels(verified: Engine) -> None:
    recorded(verified, "threshold_known", at=verified.clock.now)
    found = only(verified, "art-52-notification")
    assert found["due_at"] == "2026-12-07T23:00:00.000000Z", "midnight in Brussels, after 7 December"
    assert found["seconds_left"] == timedelta(days=14, hours=9).total_seconds()


def test_the_pages_read_the_same_clocks(verified: Engine) -> None:
    recorded(verified, "threshold_known")
    reads, now = LedgerReads(verified.parts), verified.clock.now
    page = reads.clocks(ClockFilter(text="aurora/2.1", state="running"), None, 1, now)
    assert page.following is not None
    rest = reads.clocks(ClockFilter(text="aurora/2.1", state="running"), page.following, 50, now)
    listed = verified.get("/v1/clocks", state="running")["items"]
    assert [*page.rows, *rest.rows] == listed
    assert reads.clock(listed[0]["id"], now)["explanation"]
    assert reads.clocks(ClockFilter(text="borealis"), None, 50, now).rows == ()


@pytest.mark.parametrize(("count", "day"), [("strict", "2026-12-13"), ("outer", "2026-12-14")])
def test_an_installation_sets_days_of_its_own_where_the_text_has_no_figure(
    clock_settings: Settings, clock: Clock, count: str, day: str
) -> None:
    """C-1.5 has no figure: 20 days of one's own after 23 November end on 13 December, a Sunday.

    The longer reading ends on Monday 14 December (Reg. 1182/71, Art. 3(4)).
    """
    chosen = ClockChoices.model_validate({"count": count, "self_set_days": {"copyright-complaint": 20}})
    engine = Engine(clock_settings.model_copy(update={"clocks": chosen}), clock)
    try:
        engine.register()
        body = {"kind": "complaint", "why": "A letter."}
        complaint = ok(engine.send("POST", f"{VERSION}/requests", "mira", json=body))
        assert [(one["due_on"], one["force"]) for one in complaint["clocks"]] == [(day, "self_set")]
    finally:
        engine.client.close()
        engine.parts.ledger.close()


@pytest.mark.parametrize("chosen", [{"no-such-rule": 5}, {"incident-initial": 5}])
def test_days_of_ones_own_for_what_the_text_fixes_are_refused_at_the_start(
    clock_settings: Settings, chosen: dict[str, int]
) -> None:
    settings = clock_settings.model_copy(update={"clocks": ClockChoices(self_set_days=chosen)})
    with pytest.raises(ConfigError, match="the text has no figure"):
        build_parts(settings)


def test_an_exception_from_the_six_monthly_update_is_kept_with_its_name(verified: Engine) -> None:
    """S-7.6: provided on 1 June 2026, so by 1 December; nothing changed, so it is not owed this time."""
    verified.register(most_capable=True)
    recorded(verified, "placed", at="2026-05-31T09:00:00Z")
    recorded(verified, "model_report_provided", at="2026-06-01T09:00:00Z")
    (first,) = clocks(verified, "model-report-six-months", state="running")
    assert first["due_on"] == "2026-12-01"
    recorded(verified, "report_update_excused", exception="nothing_changed")
    found = verified.get(f"/v1/clocks/{first['id']}")
    assert (found["state"], found["excuse"]) == ("void", "nothing_changed")
    assert clocks(verified, "model-report-six-months", state="running"), "it is looked at again later"


def test_an_interim_report_in_good_faith_puts_the_model_report_off(verified: Engine) -> None:
    """S-7.7: due by placement on 1 December 2026; 15 business days later is 22 December."""
    verified.register()
    recorded(verified, "placement_planned", at="2026-12-01T09:00:00Z")
    assert only(verified, "model-report-at-placement")["state"] == "running"
    recorded(verified, "interim_report_provided", good_faith=True)
    assert only(verified, "model-report-extension")["due_on"] == "2026-12-22"
    put_off = only(verified, "model-report-at-placement")
    assert put_off["state"] == "void"
    assert "put off until 2026-12-22" in put_off["reason"]


def test_planning_again_writes_nothing(verified: Engine) -> None:
    for kind, at in (("threshold_known", "2026-11-16"), ("placed", "2026-11-20"), ("placement_planned", "2027-02-01")):
        recorded(verified, kind, at=f"{at}T09:00:00Z")
    parts = verified.parts
    before = verified.get("/v1/clocks", limit=500)["items"]
    assert len(before) > 10
    assert parts.ledger.write("test", lambda tx: refresh_all(tx, parts, cause="again")) == 0
    verified.clock.forward(days=400)
    verified.sweep()
    assert parts.ledger.write("test", lambda tx: refresh_all(tx, parts, cause="again")) == 0
    assert verified.sweep()["limits_missed"] == 0


def test_a_version_that_comes_later_has_the_clocks_of_the_provider(verified: Engine) -> None:
    verified.register()
    body = {"kind": "framework_confirmed", "why": "Board minutes."}
    ok(verified.send("POST", "/v1/occurrences", "mira", json=body))
    verified.register("3.0")
    assert [clock["version"] for clock in clocks(verified, "framework-to-ai-office")] == ["2.1", "3.0"]


def test_a_profile_that_changes_moves_what_is_owed(verified: Engine) -> None:
    """The Safety and Security chapter is owed with systemic risk alone."""
    recorded(verified, "placement_planned", at="2027-03-31T09:00:00Z")
    assert only(verified, "full-process-at-placement")["state"] == "running"
    verified.register(systemic_risk=False)
    found = only(verified, "full-process-at-placement")
    assert (found["state"], "no systemic risk" in found["reason"]) == ("void", True)
    verified.register()
    assert only(verified, "full-process-at-placement")["state"] == "running"


def test_a_profile_that_changes_takes_back_neither_what_ran_out_nor_what_is_to_be_kept(verified: Engine) -> None:
    """Placed on 20 November 2026 without a Model Report: missed. Records are kept until 20 November 2036 (S-10.1)."""
    recorded(verified, "placed", at="2026-11-20T09:00:00Z")
    assert only(verified, "model-report-at-placement")["state"] == "missed"
    assert only(verified, "safety-records-retention")["state"] == "running"
    verified.register(systemic_risk=False)
    assert only(verified, "model-report-at-placement")["state"] == "missed"
    kept = only(verified, "safety-records-retention")
    assert (kept["state"], kept["due_on"]) == ("running", "2036-11-20")
    assert "no longer does: no systemic risk" in "; ".join(verified.get(f"/v1/clocks/{kept['id']}")["explanation"])
    assert only(verified, "framework-assessment")["state"] == "void", "what still ran ends"


def test_what_is_due_by_placing_is_not_due_before_there_was_a_duty(verified: Engine) -> None:
    """Placed on 1 October 2026; designated on 16 November: 30 days of one's own end on 16 December."""
    recorded(verified, "placed", at="2026-10-01T09:00:00Z")
    assert only(verified, "full-process-at-placement")["state"] == "missed"
    recorded(verified, "designated", at="2026-11-16T09:00:00Z")
    found = only(verified, "full-process-at-placement")
    assert (found["state"], found["due_on"]) == ("running", "2026-12-16")
    told = "; ".join(verified.get(f"/v1/clocks/{found['id']}")["explanation"])
    assert "(self-set)" in told
    assert "(inferred)" in told
