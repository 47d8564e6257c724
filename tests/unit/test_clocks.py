"""Clocks by story: what starts, moves, meets, excuses and ends them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from clock_world import HOLIDAYS, Story, at, clocks, of_rule, on, only, owes_all

from pratique.domain.clocks import Clock, ClockSettings, ClockState, Reading
from pratique.domain.counting import Holidays
from pratique.domain.regime.clocks import Force
from pratique.domain.situation import Judgement

RUNNING, MET, MISSED, VOID = ClockState.RUNNING, ClockState.MET, ClockState.MISSED, ClockState.VOID


@pytest.fixture
def story() -> Story:
    return Story()


def state(clock: Clock) -> tuple[ClockState, str | None]:
    return clock.state, clock.due_on.isoformat() if clock.due_on else None


def test_nothing_happened_and_nothing_is_due() -> None:
    assert clocks([]) == []


def test_the_notification_runs_from_the_earlier_of_met_and_known(story: Story) -> None:
    story("threshold_met", "2026-03-02")
    story("threshold_known", "2026-02-02")
    clock = only(clocks(story, "2026-02-03"), "art-52-notification")
    assert state(clock) == (RUNNING, "2026-02-16")
    assert (clock.trigger, clock.deadline, clock.force) == ("o002", "ACT-52-1", Force.HARD)
    assert clock.recipient == "Commission (AI Office, via EU SEND)"
    assert clock.due_at == datetime(2026, 2, 16, 23, tzinfo=UTC)
    assert any("Art. 52(1)" in line and "2 weeks" in line for line in clock.explanation)


def test_met_in_time_met_late_and_not_met_differ(story: Story) -> None:
    story("threshold_known", "2026-02-02")
    assert only(clocks(story, "2026-02-16T23:59"), "art-52-notification").state is RUNNING
    assert only(clocks(story, "2026-02-17T00:00"), "art-52-notification").state is MISSED
    story("art52_notified", "2026-02-20")
    late = only(clocks(story), "art-52-notification")
    assert (late.state, late.met_at) == (MISSED, at("2026-02-20"))
    story.occurrences[-1] = replace(story.occurrences[-1], at=at("2026-02-16T23:59"))
    clock = only(clocks(story), "art-52-notification")
    assert (clock.state, clock.met_by) == (MET, "o002")


def test_what_was_withdrawn_counts_no_more(story: Story) -> None:
    story("threshold_known", "2026-02-02")
    story("threshold_known", "2026-03-02")
    story.occurrences[0] = replace(story.occurrences[0], is_withdrawn=True)
    assert only(clocks(story), "art-52-notification").due_on == on("2026-03-16")


def test_a_plan_recorded_later_replaces_the_one_before_and_the_placing_itself_replaces_plans(story: Story) -> None:
    story("art52_notified", "2026-01-05")
    story("placement_planned", "2026-06-01", recorded="2026-01-10")
    assert only(clocks(story, "2026-01-11"), "framework-confirmation").due_on == on("2026-02-02")
    story("placement_planned", "2026-02-09", recorded="2026-01-12")
    moved = only(clocks(story, "2026-01-13"), "framework-confirmation")
    assert (moved.due_on, moved.deadline, moved.trigger) == (on("2026-01-26"), "S-1.1-2W", "o003")
    story("placement_planned", "2026-09-01", recorded="2026-01-14")
    assert only(clocks(story, "2026-01-15"), "framework-confirmation").due_on == on("2026-02-02")
    story("placed", "2026-01-30")
    assert only(clocks(story, "2026-01-31"), "framework-confirmation").due_on == on("2026-01-16")


def test_by_placement_means_not_a_moment_later(story: Story) -> None:
    story("placement_planned", "2026-05-04T09:00", recorded="2026-03-01")
    assert state(only(clocks(story, "2026-05-04T08:59"), "training-summary")) == (RUNNING, "2026-05-04")
    story("placed", "2026-05-04T09:00")
    story("summary_published", "2026-05-04T09:00")
    assert only(clocks(story), "training-summary").state is MET
    story("representative_mandated", "2026-05-04T09:00")
    assert only(clocks(story), "representative-mandate").state is MISSED  # Art. 54(1): prior to placing


def test_each_confirmation_starts_its_own_five_business_days(story: Story) -> None:
    story("framework_confirmed", "2026-04-01")  # Wednesday; 2, 3, 6 April are holidays
    story("framework_update_confirmed", "2026-06-01")
    story("framework_provided", "2026-04-10")
    first, second = of_rule(clocks(story, "2026-06-30"), "framework-to-ai-office")
    assert state(first) == (MET, "2026-04-13")
    assert state(second) == (MISSED, "2026-06-08")
    assert first.key == "framework-to-ai-office:-:o001"
    assert any(line.startswith("holidays of 2026: ") and "UNVERIFIED" in line for line in first.explanation)


def test_business_days_beyond_the_lists_are_not_guessed(story: Story) -> None:
    story("framework_confirmed", "2027-12-30")
    clock = only(clocks(story, "2028-06-01"), "framework-to-ai-office")
    assert (clock.state, clock.due_on, clock.due_at) == (RUNNING, None, None)
    assert clock.unknown is not None
    assert "holidays of 2028" in clock.unknown
    assert any("holidays of 2028" in line for line in clock.explanation)


def test_a_calendar_period_beyond_the_lists_shows_the_strict_date_alone(story: Story) -> None:
    story("placed", "2026-05-04")
    clock = only(clocks(story), "documentation-retention")
    assert (clock.due_on, clock.outer) == (on("2036-05-04"), None)
    assert clock.unknown is not None
    assert "2036" in clock.unknown


def test_the_framework_is_assessed_within_a_year_of_placing_and_of_the_last_time(story: Story) -> None:
    story("placed", "2026-03-02")
    story("framework_assessed", "2027-01-04")
    story("framework_assessed", "2028-02-01")
    first, second, third = of_rule(clocks(story, "2028-02-02"), "framework-assessment")
    assert state(first) == (MET, "2027-03-02")
    assert (second.state, second.due_on, second.met_at) == (MISSED, on("2028-01-04"), at("2028-02-01"))
    assert state(third) == (RUNNING, "2029-02-01")  # a year after the last, before the third anniversary


def test_an_assessment_that_came_late_does_not_move_the_anniversary(story: Story) -> None:
    story("placed", "2026-03-02")
    story("framework_assessed", "2027-05-03")
    _, second = of_rule(clocks(story, "2027-06-01"), "framework-assessment")
    assert state(second) == (RUNNING, "2028-03-02")


def test_material_doubt_calls_for_an_assessment_sooner_in_a_time_of_ones_own(story: Story) -> None:
    story("placed", "2026-03-02")
    story("framework_doubt", "2026-05-04")
    clock = only(clocks(story, "2026-05-05"), "framework-assessment")
    assert (clock.due_on, clock.force) == (on("2026-06-03"), Force.SELF_SET)
    assert any("self-set" in line for line in clock.explanation)
    sooner = ClockSettings(self_set_days={"framework-assessment": 10})
    assert only(clocks(story, "2026-05-05", settings=sooner), "framework-assessment").due_on == on("2026-05-14")
    story("framework_assessed", "2026-05-20")
    first, second = of_rule(clocks(story, "2026-05-21"), "framework-assessment")
    assert first.state is MET
    assert state(second) == (RUNNING, "2027-05-20")


def test_an_extension_puts_off_the_report_that_was_due(story: Story) -> None:
    story("placed", "2026-05-04")
    story("interim_report_provided", "2026-05-01", good_faith=True)
    found = clocks(story, "2026-05-10")
    report = only(found, "model-report-at-placement")
    assert report.state is VOID
    assert report.reason == "put off until 2026-05-28: clock model-report-extension"
    # 15 business days after Monday 4 May, without 14, 15 and 25 May.
    assert state(only(found, "model-report-extension")) == (RUNNING, "2026-05-28")
    story("model_report_provided", "2026-05-28")
    found = clocks(story)
    assert only(found, "model-report-extension").state is MET
    assert only(found, "model-report-at-placement").state is VOID


def test_an_interim_report_without_good_faith_or_too_late_puts_nothing_off(story: Story) -> None:
    story("placed", "2026-05-04")
    story("interim_report_provided", "2026-05-01", good_faith=False)
    story("interim_report_provided", "2026-05-05", good_faith=True)
    found = clocks(story, "2026-05-10")
    assert of_rule(found, "model-report-extension") == []
    assert only(found, "model-report-at-placement").state is MISSED


def test_the_six_months_run_from_the_report_given_last_and_an_exception_is_kept(story: Story) -> None:
    story("model_report_provided", "2026-01-12")
    story("model_report_provided", "2026-03-16")
    story("report_update_excused", "2026-09-10", exception="nothing_changed")
    first, second, third = of_rule(clocks(story, "2026-10-01"), "model-report-six-months")
    assert state(first) == (MET, "2026-07-12")
    assert (second.state, second.due_on, second.excuse) == (VOID, on("2026-09-16"), "nothing_changed")
    assert second.content()["excuse"] == "nothing_changed"
    assert state(third) == (RUNNING, "2027-03-10")


def test_a_more_capable_model_to_come_excuses_for_a_month(story: Story) -> None:
    story("model_report_provided", "2026-03-16")
    story("report_update_excused", "2026-09-10", exception="more_capable_soon")
    _, second = of_rule(clocks(story, "2026-10-01"), "model-report-six-months")
    assert state(second) == (RUNNING, "2026-10-10")


def test_an_exception_that_comes_too_late_excuses_nothing(story: Story) -> None:
    story("model_report_provided", "2026-03-16")
    story("report_update_excused", "2026-09-17", exception="nothing_changed")
    first, _ = of_rule(clocks(story, "2026-10-01"), "model-report-six-months")
    assert (first.state, first.excuse) == (MISSED, None)


def test_what_does_not_apply_is_void_with_its_reason_and_what_cannot_be_judged_applies(story: Story) -> None:
    story("model_report_provided", "2026-03-16")

    def no(expression: str) -> Judgement:
        return Judgement(False) if "six_monthly" in expression else owes_all(expression)

    clock = only(clocks(story, applies=no), "model-report-six-months")
    assert clock.state is VOID
    assert clock.reason is not None
    assert clock.reason.endswith("S-7.6")
    doubtful = only(clocks(story, applies=lambda _: Judgement(None, "no such key")), "model-report-six-months")
    assert doubtful.state is MISSED
    assert "taken to apply: no such key" in doubtful.explanation


AT_PLACING = ("framework-confirmation", "full-process-at-placement", "model-report-at-placement")


@pytest.mark.parametrize(
    "known",
    [
        [],
        [("threshold_known", "2026-05-04", {})],  # not after placing
        [("threshold_known", "2026-05-01", {}), ("threshold_met", "2026-07-01", {})],
        [("threshold_known", "2026-07-01", {"basis": "profile"})],  # a profile does not say since when
        [("threshold_known", "2026-05-01", {"basis": "profile"}), ("designated", "2026-07-01", {})],
    ],
)
def test_what_is_due_by_placing_stays_due_by_placing_unless_the_duty_came_later(
    story: Story, known: list[tuple[str, str, dict[str, str]]]
) -> None:
    story("placed", "2026-05-04")
    for kind, when, data in known:
        story(kind, when, **data)
    found = clocks(story, "2026-07-02")
    assert [only(found, rule).state for rule in AT_PLACING] == [MISSED] * 3
    assert only(found, "framework-confirmation").due_on == on("2026-04-20")


@pytest.mark.parametrize("kind", ["threshold_met", "threshold_known", "designated"])
def test_a_duty_that_comes_after_placing_has_days_of_its_own(story: Story, kind: str) -> None:
    story("placed", "2026-05-04")
    story(kind, "2026-07-01", basis="compute_ledger")
    found = clocks(story, "2026-07-02")
    assert {state(only(found, rule)) for rule in AT_PLACING} == {(RUNNING, "2026-07-31")}
    sooner = ClockSettings(self_set_days={"framework-confirmation": 10})
    assert only(clocks(story, "2026-07-02", settings=sooner), "framework-confirmation").due_on == on("2026-07-11")


def test_a_model_of_before_august_2025_has_until_august_2027_whenever_its_risk_is_known(story: Story) -> None:
    story("placed", "2025-06-30")
    story("threshold_met", "2026-07-01")

    def legacy(expression: str) -> Judgement:
        return Judgement("!" not in expression)

    found = clocks(story, "2026-07-02", applies=legacy)
    assert {state(only(found, rule)) for rule in AT_PLACING} == {(RUNNING, "2027-08-02")}


def test_a_plan_that_passed_puts_nothing_off(story: Story) -> None:
    story("placement_planned", "2026-05-04", recorded="2026-03-01")
    story("threshold_known", "2026-07-01")
    assert {only(clocks(story, "2026-07-02"), rule).state for rule in AT_PLACING} == {MISSED}


def test_a_profile_that_changes_takes_back_neither_what_ran_out_nor_what_is_to_be_kept(story: Story) -> None:
    story("placed", "2026-05-04")

    def nothing_owed(expression: str) -> Judgement:
        return owes_all(expression) if "legacy" in expression else Judgement(False)

    found = clocks(story, "2026-07-02", applies=nothing_owed)
    report, kept = only(found, "training-summary"), only(found, "documentation-retention")
    assert (report.state, kept.state) == (VOID, VOID)  # for a model of which nothing was ever owed
    assert report.after(MISSED, report.due_at).state is MISSED
    assert report.after(RUNNING, report.due_at).state is MISSED  # it had run out, and nobody had looked
    assert any("no longer does: no general-purpose model" in line for line in report.after(MISSED, None).explanation)
    assert report.after(VOID, report.due_at) is report
    assert (kept.after(RUNNING, kept.due_at).state, kept.after(VOID, kept.due_at).state) == (RUNNING, VOID)


def test_a_profile_that_changes_ends_what_still_runs(story: Story) -> None:
    story("threshold_known", "2026-07-01")
    clock = only(clocks(story, "2026-07-02", applies=lambda _: Judgement(False)), "art-52-notification")
    assert clock.after(RUNNING, clock.due_at) is clock
    assert clock.after(MISSED, clock.due_at).state is RUNNING  # a machine's clock set back; the caller keeps it missed
    assert clock.after(MISSED, at("2026-07-01")) is clock


def test_withdrawal_from_the_market_ends_what_runs_but_not_what_ran_out(story: Story) -> None:
    story("model_report_provided", "2026-03-16")
    story("withdrawn_from_market", "2026-08-03")
    [clock] = of_rule(clocks(story, "2027-01-01"), "model-report-six-months")
    assert (clock.state, clock.reason) == (VOID, "ended by withdrawn from market")
    story.occurrences[-1] = replace(story.occurrences[-1], at=at("2026-10-01"))
    [clock] = of_rule(clocks(story, "2027-01-01"), "model-report-six-months")
    assert clock.state is MISSED


def test_the_strictest_limb_is_assumed_until_one_is_known(story: Story) -> None:
    story("incident_aware", "2026-06-01T09:00", about="inc-1", limbs=[])
    clock = only(clocks(story, "2026-06-01T10:00"), "incident-initial")
    assert state(clock) == (RUNNING, "2026-06-03")
    assert "no limb is known yet: the strictest limit is assumed" in clock.explanation
    story("incident_limb_found", "2026-06-02", about="inc-1", limbs=["other_serious"])
    assert only(clocks(story, "2026-06-02T13:00"), "incident-initial").due_on == on("2026-06-16")
    story("incident_limb_found", "2026-06-08", about="inc-1", limbs=["death"])
    clock = only(clocks(story, "2026-06-08T13:00"), "incident-initial")
    assert (clock.due_on, clock.deadline, clock.start_at) == (on("2026-06-11"), "S-9.3-10D", at("2026-06-01T09:00"))


def test_each_incident_has_its_own_clocks(story: Story) -> None:
    story("incident_aware", "2026-06-01", about="inc-1", limbs=["death"])
    story("incident_aware", "2026-06-02", about="inc-2", limbs=["cybersecurity"])
    story("incident_report_filed", "2026-06-04", about="inc-2", stage="initial", items=[])
    first, second = of_rule(clocks(story, "2026-06-05"), "incident-initial")
    assert (first.about, *state(first)) == ("inc-1", RUNNING, "2026-06-11")
    assert (second.about, *state(second)) == ("inc-2", MET, "2026-06-07")
    assert [c.about for c in of_rule(clocks(story), "incident-intermediate")] == ["inc-2"]


def test_only_the_initial_report_meets_the_first_clock(story: Story) -> None:
    """S-9.3: the initial report is due within the time of the harm; a later stage cannot stand in for it."""
    story("incident_aware", "2026-06-01", about="i", limbs=["cybersecurity"])
    story("incident_report_filed", "2026-06-03", about="i", stage="intermediate")
    found = clocks(story, "2026-06-05")
    assert state(only(found, "incident-initial")) == (RUNNING, "2026-06-06")
    assert only(found, "serious-incident-without-delay").state is MISSED
    story("incident_report_filed", "2026-06-04", about="i", stage="initial")
    assert state(only(clocks(story, "2026-06-05"), "incident-initial")) == (MET, "2026-06-06")


def test_intermediate_reports_follow_each_other_until_the_incident_is_resolved(story: Story) -> None:
    story("incident_aware", "2026-06-01", about="i", limbs=["cybersecurity"])
    story("incident_report_filed", "2026-06-03", about="i", stage="initial")
    story("incident_report_filed", "2026-06-29", about="i", stage="intermediate")
    story("incident_resolved", "2026-07-20", about="i")
    first, second = of_rule(clocks(story, "2026-08-01"), "incident-intermediate")
    assert state(first) == (MET, "2026-07-01")
    assert (second.state, second.due_on, second.reason) == (VOID, on("2026-07-27"), "ended by incident resolved")
    assert state(only(clocks(story, "2026-08-01"), "incident-final")) == (RUNNING, "2026-09-18")
    story("incident_report_filed", "2026-09-18", about="i", stage="final")
    found = clocks(story, "2026-10-01")
    assert only(found, "incident-final").state is MET
    assert len(of_rule(found, "incident-intermediate")) == 2
    # The last document is of 18 September 2026.
    assert state(only(found, "incident-records-retention")) == (RUNNING, "2031-09-18")


def test_a_request_is_due_when_it_says(story: Story) -> None:
    story("request_received", "2026-04-01", about="r1", from_="commission", basis="art_91", due_on="2026-04-20")
    story("request_received", "2026-04-01", about="r2", from_="ai_office", basis="art_92", period="5 business_days")
    story("request_received", "2026-04-01", about="r3", from_="ai_office", basis="art_93")
    story("request_received", "2026-04-01", about="r4", from_="downstream_provider", basis="art_53")
    story("request_received", "2026-04-01", about="r5", from_="national_authority", period="1 month")
    story("request_answered", "2026-04-16", about="r4")
    found = clocks(story, "2026-04-17")
    first, fifth = of_rule(found, "ai-office-request")
    assert (first.about, *state(first)) == ("r1", RUNNING, "2026-04-20")
    assert (fifth.about, *state(fifth)) == ("r5", RUNNING, "2026-05-01")
    assert state(only(found, "model-access-request")) == (MISSED, "2026-04-13")
    assert state(only(found, "measures-request")) == (RUNNING, None)
    assert (only(found, "downstream-request").state, only(found, "downstream-request").met_at) == (
        MISSED,
        at("2026-04-16"),
    )


def test_a_complaint_that_is_unfounded_needs_no_decision(story: Story) -> None:
    story("complaint_received", "2026-04-01", about="c1", from_="A rightsholder")
    story("complaint_received", "2026-04-01", about="c2", from_="A rightsholder", substantiated=False)
    first, second = of_rule(clocks(story, "2026-04-02"), "copyright-complaint")
    assert (*state(first), first.force) == (RUNNING, "2026-05-01", Force.SELF_SET)
    assert second.state is VOID


def test_a_time_to_wait_is_met_by_waiting(story: Story) -> None:
    story("designated", "2026-01-15")
    clock = only(clocks(story, "2026-07-15"), "reassessment-request")
    assert state(clock) == (RUNNING, "2026-07-15")
    assert only(clocks(story, "2026-07-16"), "reassessment-request").state is MET
    story("external_search_opened", "2026-09-01", about="s1")
    story("external_search_closed", "2026-09-15", about="s1")
    hurried = only(clocks(story), "external-evaluator-search")
    assert (*state(hurried), hurried.reason) == (MISSED, "2026-09-29", "ended before the time was over")
    story.occurrences[-1] = replace(story.occurrences[-1], at=at("2026-09-30"))
    patient = only(clocks(story), "external-evaluator-search")
    assert (*state(patient), patient.met_by) == (MET, "2026-09-29", "o003")


def test_what_is_kept_long_enough_is_met(story: Story) -> None:
    story("placed", "2026-03-02")
    assert only(clocks(story, "2036-03-02"), "safety-records-retention").state is RUNNING
    over = only(clocks(story, "2036-03-03"), "safety-records-retention")
    assert (over.state, over.met_at) == (MET, None)


def test_arguments_travel_with_the_notification_or_not_at_all(story: Story) -> None:
    story("threshold_known", "2026-02-02")
    assert state(only(clocks(story, "2026-02-03"), "contestation-with-notification")) == (RUNNING, "2026-02-16")
    story("art52_notified", "2026-02-10T10:00")
    unused = only(clocks(story, "2026-02-11"), "contestation-with-notification")
    assert (unused.state, unused.reason) == (VOID, "not used: it was a possibility, no duty")
    story("contestation_submitted", "2026-02-10T10:00")
    assert only(clocks(story, "2026-02-11"), "contestation-with-notification").state is MET


def test_a_change_is_reported_before_it_ships(story: Story) -> None:
    story("change_planned", "2026-06-15T10:00", about="chg-1", recorded="2026-06-01")
    story("change_planned", "2026-07-15T10:00", about="chg-2", recorded="2026-06-01")
    story("report_update_confirmed", "2026-06-10", about="chg-1")
    first, second = of_rule(clocks(story, "2026-06-20"), "model-change-report")
    assert (first.about, *state(first)) == ("chg-1", MET, "2026-06-15")
    assert (second.about, *state(second)) == ("chg-2", RUNNING, "2026-07-15")
    assert state(only(clocks(story, "2026-06-20"), "model-report-update-to-ai-office")) == (MISSED, "2026-06-17")


def test_each_change_has_its_own_five_business_days_for_the_update(story: Story) -> None:
    """Confirmed on Wednesday 10 June 2026 and again on the 11th: five business days end on the 17th and on the 18th."""
    story("report_update_confirmed", "2026-06-10", about="chg-1")
    story("report_update_confirmed", "2026-06-11", about="chg-2")
    story("model_report_provided", "2026-06-12", about="chg-2")
    first, second = of_rule(clocks(story, "2026-06-20"), "model-report-update-to-ai-office")
    assert (first.about, *state(first)) == ("chg-1", MISSED, "2026-06-17")
    assert (second.about, *state(second)) == ("chg-2", MET, "2026-06-18")
    story("model_report_provided", "2026-06-16")  # names no change: it holds whatever was confirmed by then
    story("report_update_confirmed", "2026-06-18", about="chg-3")
    first, second, third = of_rule(clocks(story, "2026-06-20"), "model-report-update-to-ai-office")
    assert (first.state, first.met_at, second.met_at) == (MET, at("2026-06-16"), at("2026-06-12"))
    assert third.state is RUNNING


def test_an_update_that_names_no_change_has_a_clock_of_its_own(story: Story) -> None:
    story("report_update_confirmed", "2026-06-10")
    story("model_report_provided", "2026-06-12", about="chg-2")
    clock = only(clocks(story, "2026-06-20"), "model-report-update-to-ai-office")
    assert (clock.about, *state(clock)) == (None, MISSED, "2026-06-17")
    story("model_report_provided", "2026-06-17")
    assert only(clocks(story, "2026-06-20"), "model-report-update-to-ai-office").state is MET


def test_the_summary_is_updated_six_months_after_further_training_and_then_rests(story: Story) -> None:
    story("summary_published", "2026-01-12")
    assert of_rule(clocks(story), "training-summary-update") == []
    story("further_training", "2026-02-02")
    story("further_training", "2026-03-02")
    clock = only(clocks(story, "2026-03-03"), "training-summary-update")
    assert (*state(clock), clock.force, clock.verified) == (RUNNING, "2026-08-02", Force.SOFT, False)
    assert any(line.startswith("UNVERIFIED") for line in clock.explanation)
    story("summary_published", "2026-07-01")
    assert only(clocks(story), "training-summary-update").state is MET


def test_the_longest_reading_is_acted_on_only_where_that_was_chosen(story: Story) -> None:
    story("incident_aware", "2026-04-01", about="i", limbs=["critical_infrastructure"])  # Wednesday before Easter
    strict = only(clocks(story, "2026-04-05"), "incident-initial")
    assert strict.outer is not None
    assert (strict.due_on, strict.outer.due_on) == (on("2026-04-03"), on("2026-04-08"))
    assert any(line.startswith("longest that can be argued for: 2026-04-08") for line in strict.explanation)
    outer = only(clocks(story, "2026-04-05", settings=ClockSettings(count=Reading.OUTER)), "incident-initial")
    assert state(outer) == (RUNNING, "2026-04-08")
    # Without a list the strict date stands, whatever was chosen.
    blind = clocks(story, "2026-04-05", settings=ClockSettings(count=Reading.OUTER), holidays=Holidays())
    assert state(only(blind, "incident-initial")) == (MISSED, "2026-04-03")


def test_content_is_json_and_does_not_depend_on_the_time(story: Story) -> None:
    story("threshold_known", "2026-02-02")
    before, after = (only(clocks(story, now), "art-52-notification") for now in ("2026-02-03", "2027-02-03"))
    assert (before.state, after.state) == (RUNNING, MISSED)
    assert before.content() == after.content()
    assert before.content()["strict"]["due_on"] == "2026-02-16"


def test_a_date_beyond_the_calendar_is_said_not_raised(story: Story) -> None:
    story("placed", "9995-03-02")
    clock = only(clocks(story, holidays=HOLIDAYS), "documentation-retention")
    assert (clock.due_on, clock.state) == (None, RUNNING)
    assert clock.unknown is not None
    assert "beyond the calendar" in clock.unknown


@pytest.mark.parametrize(
    ("aware", "last_day", "too_late_at"),
    [
        # Summer time begins on Sunday 29 March 2026: the last day has 23 hours and ends at 22:00 in UTC.
        ("2026-03-27T23:59", "2026-03-29", "2026-03-29T22:00:00Z"),
        ("2026-03-26T00:00", "2026-03-28", "2026-03-28T23:00:00Z"),
        # It ends on Sunday 25 October 2026: the last day has 25 hours.
        ("2026-10-23T12:00", "2026-10-25", "2026-10-25T23:00:00Z"),
        ("2026-10-22T12:00", "2026-10-24", "2026-10-24T22:00:00Z"),
        # Over a leap day, and over the end of a year.
        ("2028-02-28T12:00", "2028-03-01", "2028-03-01T23:00:00Z"),
        ("2026-12-30T12:00", "2027-01-01", "2027-01-01T23:00:00Z"),
    ],
)
def test_days_end_in_brussels_over_changes_of_the_hour_leap_days_and_years(
    story: Story, aware: str, last_day: str, too_late_at: str
) -> None:
    story("incident_aware", aware, about="i", limbs=["critical_infrastructure"])
    clock = only(clocks(story, aware), "incident-initial")
    assert (clock.due_on, clock.due_at) == (on(last_day), datetime.fromisoformat(too_late_at))


def test_hours_are_counted_in_utc(story: Story) -> None:
    """48 hours from Saturday noon, over the night in which summer time begins, end on Monday at 13:00."""
    story("request_received", "2026-03-28T12:00", about="r", from_="commission", basis="art_92", period="48 hours")
    clock = only(clocks(story, "2026-03-29"), "model-access-request")
    assert (clock.due_at, clock.due_on) == (at("2026-03-30T13:00"), on("2026-03-30"))
