"""Twenty-seven worked cases: profile and events, what is owed, and when. Computed by hand from the texts.

Each docstring gives the source and the arithmetic. Weekdays are those of the calendar of 2026 (1 January is a Thursday)
and 2027 (a Friday); holidays are those of `config/holidays`. "Strict" counts every day; "outer" is the longest reading
that Reg. 1182/71 would allow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clock_world import FINAL, Story, at, clocks, of_rule, on, only

from pratique.criteria import CelCriteria
from pratique.domain.clocks import Clock, ClockState
from pratique.domain.models import ModelProfile
from pratique.domain.provider import ProviderProfile, provider_values
from pratique.domain.regime.clocks import Force
from pratique.domain.scope import decide_scope
from pratique.domain.situation import Judgement

RUNNING, MET, MISSED, VOID = ClockState.RUNNING, ClockState.MET, ClockState.MISSED, ClockState.VOID
CRITERIA = CelCriteria()
ALL_CHAPTERS = ("transparency", "copyright", "safety_security")
#: A large provider outside of the Union, and what it says of a model that it gives away.
HARBOUR: dict[str, Any] = {"name": "Harbour", "country": "US"}
OPEN: dict[str, Any] = {
    "open_source": True,
    "licence": {
        "name": "Apache-2.0",
        **dict.fromkeys(("allows_access", "allows_use", "allows_modification", "allows_distribution"), True),
        **dict.fromkeys(("weights_public", "architecture_public", "usage_info_public"), True),
        "monetised": False,
    },
}
#: A large provider of the Union that signed all three chapters.
EUROPEAN: dict[str, Any] = {"name": "Aurora AI", "country": "FR", "signed_chapters": ALL_CHAPTERS}


class Owed:
    """Who owes what, as the edition's questions answer it on one profile."""

    def __init__(
        self,
        provider: dict[str, Any] | None = None,
        *,
        done: float = 0.0,
        planned: float = 0.0,
        safe_for_all: bool = False,
        **profile: Any,
    ) -> None:
        recorded = ModelProfile(**{"systemic_risk": False, "general_purpose": True, **profile})
        first = recorded.first_placed_on
        values = {
            **recorded.as_json(),
            "provider": provider_values(ProviderProfile(**(provider or EUROPEAN)), size="large"),
            "compute": {"done": done, "planned": planned, "projected": max(done, planned)},
            "lineage": {
                "versions": ["aurora/1"],
                "first_placed_on": first.isoformat() if first else None,
                "is_designated": False,
                "is_expected": False,
            },
            "references": {"risks": [], "covers_all": safe_for_all},
        }
        assert FINAL.scope is not None
        self.scope = decide_scope(FINAL.scope, values, CRITERIA, key=repr(values)).values
        bound = CRITERIA.bind({**values, "scope": dict(self.scope)}, {}, key=f"golden/{values!r}")
        self.applies: Callable[[str], Judgement] = bound.judge

    def is_so(self, *names: str) -> bool:
        return all(self.scope[name] for name in names)

    def is_not(self, *names: str) -> bool:
        return not any(self.scope[name] for name in names)

    def clocks(self, story: Story, now: str) -> list[Clock]:
        return clocks(story, now, applies=self.applies)


def running(found: list[Clock]) -> set[str]:
    return {clock.rule for clock in found if clock.state is not VOID}


def test_01_a_run_that_will_cross_the_threshold_is_notified_within_two_weeks_of_knowing() -> None:
    """Planned: 3 x 10^25 FLOP, more than 10^25. Known on Monday 2 February 2026.

    Sources: Art. 51(2) (10^25), Art. 52(1) ("known that it will be met", two weeks).
    2 February + 14 days = 16 February 2026, a Monday: both readings agree.
    """
    owed, story = Owed(planned=3e25), Story()
    story("threshold_known", "2026-02-02")
    assert owed.is_so("systemic_risk", "notification_owed", "safety_security", "documentation_owed", "security_owed")
    assert owed.is_not("open_source_exempt", "representative_owed", "legacy", "alternative_means_owed")
    clock = only(owed.clocks(story, "2026-02-03"), "art-52-notification")
    assert (clock.state, clock.due_on, clock.force) == (RUNNING, on("2026-02-16"), Force.HARD)
    assert clock.outer is not None
    assert clock.outer.due_on == on("2026-02-16")


def test_02_the_earlier_of_met_and_known_counts_and_easter_moves_only_the_argued_date() -> None:
    """Met on Friday 20 March 2026, "known" recorded for 27 March only: the earlier counts.

    Sources: Art. 52(1); Reg. 1182/71 Art. 3(4), which binds for Art. 52.
    20 March + 14 days = 3 April 2026, Good Friday. Next working day: 4 and 5 are the weekend, 6 is Easter Monday,
    so Tuesday 7 April. Strict 3 April is acted on; 7 April is shown.
    """
    owed, story = Owed(done=1.2e25), Story()
    story("threshold_known", "2026-03-27")
    story("threshold_met", "2026-03-20")
    assert owed.is_so("presumed_systemic_risk", "notification_owed")
    clock = only(owed.clocks(story, "2026-03-28"), "art-52-notification")
    assert (clock.due_on, clock.trigger) == (on("2026-04-03"), "o002")
    assert clock.outer is not None
    assert clock.outer.due_on == on("2026-04-07")


def test_03_the_framework_is_confirmed_by_the_earlier_of_two_dates_and_planned_anew() -> None:
    """Notified on 10 February 2026; placing planned for 1 April, then for 16 March.

    Source: S&S M1.1 (four weeks after the notification, two weeks before placing, whichever is earlier).
    10 February + 28 days = 10 March (February has 28 days). 1 April - 14 days = 18 March: 10 March is earlier.
    16 March - 14 days = 2 March: earlier than 10 March.
    """
    owed, story = Owed(planned=2e25), Story()
    story("art52_notified", "2026-02-10")
    story("placement_planned", "2026-04-01", recorded="2026-02-11")
    first = only(owed.clocks(story, "2026-02-12"), "framework-confirmation")
    assert (first.due_on, first.deadline) == (on("2026-03-10"), "S-1.1-4W")
    story("placement_planned", "2026-03-16", recorded="2026-02-13")
    second = only(owed.clocks(story, "2026-02-14"), "framework-confirmation")
    assert (second.due_on, second.deadline, second.key) == (on("2026-03-02"), "S-1.1-2W", first.key)


def test_04_five_business_days_step_over_labour_day_and_a_weekend() -> None:
    """The Framework is confirmed on Wednesday 29 April 2026.

    Source: S&S M1.4 (five business days, to the AI Office).
    Thursday 30 April is the first; Friday 1 May is a holiday; 2 and 3 are the weekend; Monday 4 is the second,
    5 the third, 6 the fourth, Thursday 7 May 2026 the fifth.
    """
    owed, story = Owed(planned=2e25), Story()
    story("framework_confirmed", "2026-04-29")
    clock = only(owed.clocks(story, "2026-04-30"), "framework-to-ai-office")
    assert (clock.due_on, clock.recipient) == (on("2026-05-07"), "AI Office")


def test_05_open_source_without_systemic_risk_owes_copyright_and_summary_alone() -> None:
    """A provider outside of the Union gives a model of 5 x 10^23 FLOP away under an open licence.

    Sources: Art. 53(2) (no Art. 53(1)(a)(b)), Art. 54(6) (no representative), Art. 53(1)(c)(d) (no exemption).
    Placing is planned for 4 May 2026, 09:00: the summary is due by then.
    """
    owed, story = Owed(HARBOUR, done=5e23, **OPEN), Story()
    story("placement_planned", "2026-05-04T09:00", recorded="2026-04-01")
    assert owed.is_so("open_source_exempt", "copyright_owed", "training_summary_owed")
    assert owed.is_not("documentation_owed", "representative_owed", "systemic_risk", "safety_security")
    found = owed.clocks(story, "2026-04-02")
    assert running(found) == {"training-summary"}
    assert only(found, "training-summary").due_on == on("2026-05-04")
    documents = only(found, "documentation-at-placement")
    assert documents.state is VOID
    assert documents.reason is not None
    assert "Art. 53(2)" in documents.reason


def test_06_open_source_with_systemic_risk_is_not_exempt_from_anything() -> None:
    """The same provider and licence, but 2 x 10^25 FLOP.

    Sources: Art. 53(2) last sentence (no exemption with systemic risk), Art. 54(6), Art. 55.
    Documentation and Model Report are due by the placing (4 May 2026, 09:00), the mandate before it, the Framework
    two weeks before: 4 May - 14 days = 20 April 2026.
    """
    owed, story = Owed(HARBOUR, done=2e25, **OPEN), Story()
    story("placement_planned", "2026-05-04T09:00", recorded="2026-04-01")
    assert owed.is_so("open_source_licence", "documentation_owed", "representative_owed", "safety_security")
    assert owed.is_not("open_source_exempt")
    found = owed.clocks(story, "2026-04-02")
    for rule in ("documentation-at-placement", "model-report-at-placement", "representative-mandate"):
        assert only(found, rule).due_on == on("2026-05-04")
    assert only(found, "framework-confirmation").due_on == on("2026-04-20")


def test_07_a_modification_of_less_than_a_third_makes_no_provider() -> None:
    """The original took 9 x 10^24 FLOP, the modification 2.9 x 10^24.

    Source: Commission guidelines of 18 July 2025 (more than one third of the original's compute).
    9 / 3 = 3; 2.9 is not more than 3: no duties, and no clock of them runs.
    """
    origin = {"kind": "modified", "upstream": "Base", "upstream_flop": 9e24, "modification_flop": 2.9e24}
    owed, story = Owed(origin=origin), Story()
    story("placed", "2026-05-04")
    assert owed.is_not("provider", "documentation_owed", "copyright_owed", "training_summary_owed", "safety_security")
    assert running(owed.clocks(story, "2026-06-01")) == set()


def test_08_a_modification_above_a_third_of_ten_to_the_23_owes_for_the_modification() -> None:
    """Neither compute nor systemic risk of the original is known; the modification took 4 x 10^22 FLOP.

    Sources: guidelines (fall-back: one third of 10^23 = 3.33 x 10^22, which 4 x 10^22 exceeds); Transparency M1.2
    (14 days). A request comes on 10 June 2026: 10 + 14 = 24 June 2026, a Wednesday.
    """
    origin = {"kind": "modified", "upstream": "Base", "modification_flop": 4e22}
    owed, story = Owed(origin=origin), Story()
    story("request_received", "2026-06-10", about="r1", from_="downstream_provider", basis="art_53")
    assert owed.is_so("provider", "limited_to_modification", "documentation_owed")
    assert owed.is_not("systemic_risk")
    clock = only(owed.clocks(story, "2026-06-11"), "downstream-request")
    assert (clock.due_on, clock.recipient) == (on("2026-06-24"), "Downstream provider")


def test_09_a_third_of_ten_to_the_25_decides_where_the_original_has_systemic_risk() -> None:
    """The original has systemic risk, its compute is not known. Modifications of 3 and of 3.5 x 10^24 FLOP.

    Source: guidelines (fall-back: one third of 10^25 = 3.33 x 10^24). 3 is below: no provider. 3.5 is above: a
    provider, with the duties of systemic risk (the latter by a third-party overview: UNVERIFIED).
    Known since 5 January 2026: the notification is due on 5 + 14 = 19 January 2026.
    """
    origin = {"kind": "modified", "upstream": "Base", "upstream_systemic_risk": True}
    below = Owed(origin={**origin, "modification_flop": 3e24})
    above, story = Owed(origin={**origin, "modification_flop": 3.5e24}), Story()
    story("threshold_known", "2026-01-05")
    assert below.is_not("provider", "systemic_risk")
    assert above.is_so("provider", "limited_to_modification", "systemic_risk", "notification_owed")
    assert running(below.clocks(story, "2026-01-06")) == set()
    assert only(above.clocks(story, "2026-01-06"), "art-52-notification").due_on == on("2026-01-19")


def test_10_a_legacy_model_has_until_august_2027() -> None:
    """Placed on 30 June 2025, before 2 August 2025; no systemic risk.

    Source: Art. 111(3) (by 2 August 2027). What is due by placing is due by then.
    Retention (T-1.1) runs from the placing all the same: 30 June 2025 + 10 years = 30 June 2035.
    """
    owed, story = Owed(first_placed_on=on("2025-06-30")), Story()
    story("placed", "2025-06-30")
    assert owed.is_so("legacy", "documentation_owed", "training_summary_owed")
    found = owed.clocks(story, "2026-11-23")
    for rule in ("documentation-at-placement", "contact-at-placement", "training-summary", "legacy-compliance"):
        clock = only(found, rule)
        assert (clock.state, clock.due_on, clock.deadline) == (RUNNING, on("2027-08-02"), "ACT-111-3")
    assert only(found, "documentation-retention").due_on == on("2035-06-30")


def test_11_duties_hold_until_the_contestation_is_accepted() -> None:
    """1.1 x 10^25 FLOP; arguments submitted with the notification, then accepted.

    Sources: Art. 52(2), (3); Commission FAQ (duties go on until acceptance).
    Notified on 12 January 2026: the Framework is due 12 January + 28 days = 9 February 2026.
    """
    story = Story()
    story("threshold_met", "2026-01-05")
    story("contestation_submitted", "2026-01-12T10:00")
    story("art52_notified", "2026-01-12T10:00")
    pending = Owed(done=1.1e25, contestation="submitted")
    assert pending.is_so("systemic_risk", "safety_security")
    found = pending.clocks(story, "2026-01-13")
    assert only(found, "contestation-with-notification").state is MET
    assert only(found, "framework-confirmation").due_on == on("2026-02-09")
    story("contestation_accepted", "2026-02-02")
    accepted = Owed(done=1.1e25, contestation="accepted")
    assert accepted.is_not("systemic_risk", "safety_security", "six_monthly_report_owed")
    assert accepted.is_so("documentation_owed", "copyright_owed", "training_summary_owed")
    assert only(accepted.clocks(story, "2026-02-03"), "framework-confirmation").state is VOID


def test_12_a_designated_model_can_ask_for_reassessment_after_six_months() -> None:
    """8 x 10^24 FLOP, below the presumption; designated by the Commission on 31 August 2026.

    Sources: Art. 51(1)(b), Art. 52(4), (5) (not before six months).
    31 August + 6 months: February 2027 has no 31st, so 28 February, a Sunday. Argued: Monday 1 March 2027.
    """
    owed, story = Owed(done=8e24, designation="designated"), Story()
    story("designated", "2026-08-31")
    assert owed.is_so("systemic_risk", "safety_security")
    assert owed.is_not("presumed_systemic_risk", "notification_owed")
    clock = only(owed.clocks(story, "2026-12-01"), "reassessment-request")
    assert (clock.state, clock.due_on) == (RUNNING, on("2027-02-28"))
    assert clock.outer is not None
    assert clock.outer.due_on == on("2027-03-01")


def test_13_a_breach_on_christmas_eve_is_reported_in_the_old_year() -> None:
    """Aware on Thursday 24 December 2026, 18:00, of exfiltrated weights.

    Source: S&S M9.3(2) (five days; plain days are calendar days).
    24 + 5 = 29 December 2026, strict. Argued: 29 to 31 December and 1 January are holidays, 2 and 3 the weekend;
    Monday 4 January would be the next working day, but the period then holds one working day only: Tuesday 5 January.
    """
    owed, story = Owed(done=2e25), Story()
    story("incident_aware", "2026-12-24T18:00", about="inc-1", limbs=["cybersecurity"])
    clock = only(owed.clocks(story, "2026-12-25"), "incident-initial")
    assert (clock.due_on, clock.deadline) == (on("2026-12-29"), "S-9.3-5D")
    assert clock.outer is not None
    assert clock.outer.due_on == on("2027-01-05")


def test_14_a_death_found_later_shortens_the_time_from_the_same_awareness() -> None:
    """Aware on 1 September 2026 of serious harm; on 9 September it turns out that somebody died.

    Source: S&S M9.3(3), (4); that the later limb counts from the same moment is inferred.
    1 + 15 = 16 September; with the death 1 + 10 = 11 September 2026. Before any limb is known: 1 + 2 = 3 September.
    """
    owed, story = Owed(done=2e25), Story()
    story("incident_aware", "2026-09-01", about="inc-1", limbs=[])
    assert only(owed.clocks(story, "2026-09-02"), "incident-initial").due_on == on("2026-09-03")
    story("incident_limb_found", "2026-09-02", about="inc-1", limbs=["other_serious"])
    assert only(owed.clocks(story, "2026-09-03"), "incident-initial").due_on == on("2026-09-16")
    story("incident_limb_found", "2026-09-09", about="inc-1", limbs=["death"])
    clock = only(owed.clocks(story, "2026-09-10"), "incident-initial")
    assert (clock.due_on, clock.start_at) == (on("2026-09-11"), at("2026-09-01"))


def test_15_reports_after_the_first_follow_every_four_weeks_and_end_sixty_days_after_resolution() -> None:
    """Initial report on 10 September 2026, incident resolved on 5 October 2026, final report on 1 December.

    Sources: S&S M9.3 (four weeks; sixty days), M9.4 (five years from the later of document and incident).
    10 September + 28 = 8 October. 5 October + 60: 26 days to 31 October, 30 of November, 4 more: 4 December 2026.
    The last document is of 1 December 2026: kept until 1 December 2031.
    """
    owed, story = Owed(done=2e25), Story()
    story("incident_aware", "2026-09-08", about="inc-1", limbs=["cybersecurity"])
    story("incident_report_filed", "2026-09-10", about="inc-1", stage="initial")
    assert only(owed.clocks(story, "2026-09-11"), "incident-intermediate").due_on == on("2026-10-08")
    story("incident_resolved", "2026-10-05", about="inc-1")
    found = owed.clocks(story, "2026-10-06")
    assert only(found, "incident-intermediate").state is VOID
    assert only(found, "incident-final").due_on == on("2026-12-04")
    story("incident_report_filed", "2026-12-01", about="inc-1", stage="final")
    found = owed.clocks(story, "2026-12-10")
    assert only(found, "incident-final").state is MET
    assert only(found, "incident-records-retention").due_on == on("2031-12-01")


def test_16_the_model_report_is_updated_six_months_after_it_was_given_last() -> None:
    """Given on 31 August 2026; the model is, or is not, among the provider's most capable.

    Source: S&S M7.6 (six months; only the most capable models on the market).
    31 August + 6 months: 28 February 2027.
    """
    story = Story()
    story("model_report_provided", "2026-08-31")
    best, other = Owed(done=2e25), Owed(done=2e25, most_capable=False)
    assert best.is_so("six_monthly_report_owed")
    assert other.is_not("six_monthly_report_owed")
    clock = only(best.clocks(story, "2026-12-01"), "model-report-six-months")
    assert (clock.state, clock.due_on) == (RUNNING, on("2027-02-28"))
    assert only(other.clocks(story, "2026-12-01"), "model-report-six-months").state is VOID


def test_17_a_similarly_safe_model_has_it_easier_until_its_reference_is_lost() -> None:
    """Similarly safe or safer for every identified risk; the reference is lost on 15 April 2026.

    Sources: S&S App. 2.2 (six months to replace it), M7.6, App. 3.5, M10.2.
    15 April + 6 months = 15 October 2026, a Thursday. Afterwards all Commitments apply.
    """
    story = Story()
    story("model_report_provided", "2026-03-02")
    story("safe_reference_lost", "2026-04-15", about="cbrn")
    safe, plain = Owed(done=2e25, safe_for_all=True), Owed(done=2e25)
    assert safe.is_not("six_monthly_report_owed", "external_evaluation_owed", "public_summary_owed")
    assert safe.is_so("safety_security", "security_owed")
    found = safe.clocks(story, "2026-05-01")
    assert only(found, "model-report-six-months").state is VOID
    assert only(found, "safe-reference-lost").due_on == on("2026-10-15")
    assert plain.is_so("six_monthly_report_owed", "external_evaluation_owed", "public_summary_owed")


def test_18_a_request_of_the_ai_office_over_new_year_is_due_when_it_says() -> None:
    """Received on Friday 18 December 2026, ten business days. The provider has no systemic risk.

    Sources: Art. 91(4), Transparency M1.2 (the period is set in the request).
    21, 22, 23 December are the first three; 24 to 31 December and 1 January are not worked; 4 to 8 January are the
    fourth to the eighth, Monday 11 the ninth, Tuesday 12 January 2027 the tenth.
    """
    owed, story = Owed(done=5e23), Story()
    story("request_received", "2026-12-18", about="r1", from_="ai_office", basis="art_91", period="10 business_days")
    clock = only(owed.clocks(story, "2026-12-19"), "ai-office-request")
    assert (clock.state, clock.due_on) == (RUNNING, on("2027-01-12"))


def test_19_a_small_provider_that_signed_nothing_owes_the_same_and_shows_other_means() -> None:
    """An SME of the Union, no chapter signed, no systemic risk. A complaint comes on 31 January 2026.

    Sources: Art. 53(4) (alternative adequate means), recital (h) (reliefs by size), Copyright M1.5(2) (reasonable time:
    30 days are the provider's own). 31 January + 30 days: 28 February is the 28th, 2 March 2026 the 30th.
    """
    small: dict[str, Any] = {"name": "Skiff", "country": "EE", "size": "small"}
    owed, story = Owed(small, done=5e23), Story()
    story("complaint_received", "2026-01-31", about="c1")
    assert owed.is_so("reduced_detail", "alternative_means_owed", "documentation_owed", "copyright_owed")
    assert owed.is_not("representative_owed", "safety_security")
    clock = only(owed.clocks(story, "2026-02-01"), "copyright-complaint")
    assert (clock.due_on, clock.force) == (on("2026-03-02"), Force.SELF_SET)


def test_20_a_report_put_off_in_good_faith_is_due_fifteen_business_days_later() -> None:
    """Placed on Monday 21 December 2026; an interim report was given on 18 December.

    Source: S&S M7.7 (fifteen business days, good faith, interim report without delay).
    From 21 December: 22, 23 (2); 24 December to 1 January are not worked; 4-8 January (7), 11-15 (12), 18, 19, 20
    (15): Wednesday 20 January 2027.
    """
    owed, story = Owed(done=2e25), Story()
    story("interim_report_provided", "2026-12-18", good_faith=True)
    story("placement_planned", "2026-12-21", recorded="2026-12-01")
    story("placed", "2026-12-21")
    found = owed.clocks(story, "2026-12-22")
    assert only(found, "model-report-extension").due_on == on("2027-01-20")
    assert only(found, "model-report-at-placement").state is VOID


def test_21_parameters_that_are_public_need_no_guard() -> None:
    """Training began on 31 August 2027; the parameters are published on 10 January 2028.

    Sources: S&S App. 4.3(1) (six months), Commitment 6 (ends with publication).
    31 August 2027 + 6 months: 29 February 2028, as 2028 is a leap year.
    """
    story = Story()
    story("pre_training_started", "2027-08-31")
    held, public = Owed(done=2e25), Owed(done=2e25, parameters_state="public")
    clock = only(held.clocks(story, "2027-09-01"), "interface-access-review")
    assert (clock.state, clock.due_on) == (RUNNING, on("2028-02-29"))
    assert public.is_not("security_owed")
    assert only(public.clocks(story, "2028-01-11"), "interface-access-review").state is VOID
    story("parameters_published", "2028-01-10")
    assert only(held.clocks(story, "2028-01-11"), "interface-access-review").state is VOID


def test_22_a_small_model_owes_nothing() -> None:
    """5 x 10^22 FLOP, text, trained and ready; the provider says nothing of general purpose.

    Source: guidelines (indicative: more than 10^23 FLOP). Nothing of the Code applies, whatever happens.
    """
    owed, story = Owed(done=5e22, general_purpose=None, stage="trained"), Story()
    story("placed", "2026-05-04")
    story("complaint_received", "2026-05-04", about="c1")
    assert owed.is_not("general_purpose", "provider", "copyright_owed", "systemic_risk")
    assert running(owed.clocks(story, "2026-05-05")) == set()


def test_23_external_findings_are_held_back_for_thirty_business_days_at_most() -> None:
    """The evaluator told the provider on Monday 1 June 2026.

    Source: S&S M3.5 (thirty business days).
    2-5 June (4), 8-12 (9), 15-19 (14), 22-26 (19), 29 June-3 July (24), 6-10 July (29), Monday 13 July 2026 (30).
    """
    owed, story = Owed(done=2e25), Story()
    story("external_findings_received", "2026-06-01", about="f1")
    clock = only(owed.clocks(story, "2026-06-02"), "external-findings-block")
    assert (clock.due_on, clock.recipient) == (on("2026-07-13"), "External evaluator")


def test_24_the_framework_is_assessed_every_twelve_months_from_placing() -> None:
    """Placed on 29 February 2028, a leap day.

    Sources: S&S M1.3 (twelve months), M10.1 (ten years).
    29 February 2028 + 12 months: 28 February 2029. + 10 years: 28 February 2038.
    """
    owed, story = Owed(done=2e25), Story()
    story("placed", "2028-02-29")
    found = owed.clocks(story, "2028-03-01")
    assert [clock.due_on for clock in of_rule(found, "framework-assessment")] == [on("2029-02-28")]
    assert only(found, "safety-records-retention").due_on == on("2038-02-28")


def test_25_a_legacy_model_with_systemic_risk_is_not_held_to_dates_before_august_2027() -> None:
    """Placed on 30 June 2025 with 2 x 10^25 FLOP; the Commission was notified on 1 September 2026.

    Sources: Art. 111(3) (2 August 2027), S&S M1.1 (four weeks from the notification), M1.3 (twelve months).
    Two weeks before placing would be 16 June 2025, before the Act applied: not counted. 1 September + 28 days =
    29 September 2026. The twelve months run from when the duties were taken up: 1 February 2027 + 12 months =
    1 February 2028; while they are not, from 2 August 2027, by when they must be (inferred): 2 August 2028. The Model
    Report is due by 2 August 2027.
    """
    owed, story = Owed(done=2e25, first_placed_on=on("2025-06-30")), Story()
    story("placed", "2025-06-30")
    assert owed.is_so("legacy", "systemic_risk", "safety_security")
    found = owed.clocks(story, "2026-08-31")
    assert only(found, "framework-confirmation").due_on == on("2027-08-02")
    assert only(found, "model-report-at-placement").due_on == on("2027-08-02")
    assert only(found, "framework-assessment").due_on == on("2028-08-02")
    story("art52_notified", "2026-09-01")
    assert only(owed.clocks(story, "2026-09-02"), "framework-confirmation").due_on == on("2026-09-29")
    story("legacy_duties_taken_up", "2027-02-01")
    found = owed.clocks(story, "2027-02-02")
    assert only(found, "framework-assessment").due_on == on("2028-02-01")
    assert only(found, "legacy-compliance").state is MET


def test_26_systemic_risk_that_comes_after_placing_is_not_due_before_it() -> None:
    """Placed on 4 May 2026 at 9 x 10^24 FLOP; trained further, 1.1 x 10^25 FLOP are reached on 1 July 2026.

    Sources: Art. 51(1)(a), 52(1) (two weeks); S&S M1.1 (four weeks from the notification; two weeks before placing
    would be 20 April, when nothing was owed). That what is due by placing is then due within 30 days is inferred,
    and self-set. 1 July + 14 days = 15 July. 1 July + 30 days = 31 July 2026, a Friday. Notified on 2 July:
    2 + 28 = 30 July.
    """
    owed, story = Owed(done=1.1e25), Story()
    story("placed", "2026-05-04")
    story("threshold_met", "2026-07-01")
    found = owed.clocks(story, "2026-07-02")
    assert only(found, "art-52-notification").due_on == on("2026-07-15")
    for rule in ("framework-confirmation", "full-process-at-placement", "model-report-at-placement"):
        clock = only(found, rule)
        assert (clock.state, clock.due_on, clock.force) == (RUNNING, on("2026-07-31"), Force.SELF_SET)
        assert (clock.trigger, clock.start_at) == ("o002", at("2026-07-01"))
        assert any("(inferred)" in line for line in clock.explanation)
    story("art52_notified", "2026-07-02")
    framework = only(owed.clocks(story, "2026-07-03"), "framework-confirmation")
    assert (framework.due_on, framework.deadline, framework.force) == (on("2026-07-30"), "S-1.1-4W", Force.HARD)
    # What is due by placing for every model is due by placing all the same.
    assert only(found, "training-summary").state is MISSED


def test_27_the_duties_of_a_legacy_model_that_nobody_took_up_come_round_all_the_same() -> None:
    """Placed on 5 November 2024 with 2 x 10^25 FLOP; that its duties were taken up is never recorded.

    Sources: Art. 111(3) (comply by 2 August 2027), S&S M1.3 (at least every twelve months). That the twelve months
    begin on 2 August 2027 at the latest is inferred: 2 August 2027 + 12 months = 2 August 2028, a Wednesday. Assessed
    on 3 April 2028, so again by 3 April 2029. An assessment of 2026, before anything was owed, does not shift that.
    Taken up late, on 1 October 2027, they still run from 2 August 2027.
    """
    owed, story = Owed(done=2e25, first_placed_on=on("2024-11-05")), Story()
    story("placed", "2024-11-05")
    first = only(owed.clocks(story, "2028-08-02T23:59"), "framework-assessment")
    assert (first.state, first.due_on, first.start_at) == (RUNNING, on("2028-08-02"), at("2027-08-02T00:00"))
    assert any("the first day that counts, as placed did not come later, 2027-08-02" in e for e in first.explanation)
    assert only(owed.clocks(story, "2028-08-03T00:00"), "framework-assessment").state is MISSED
    assert only(owed.clocks(story, "2027-08-03"), "legacy-compliance").state is MISSED
    story("legacy_duties_taken_up", "2027-10-01")
    assert only(owed.clocks(story, "2027-10-02"), "framework-assessment").due_on == on("2028-08-02")
    story("framework_assessed", "2026-05-04")
    done, owed_next = of_rule(owed.clocks(story, "2027-10-02"), "framework-assessment")
    assert (done.state, owed_next.state, owed_next.due_on) == (MET, RUNNING, on("2028-08-02"))
    story("framework_assessed", "2028-04-03")
    *_, last = of_rule(owed.clocks(story, "2028-04-04"), "framework-assessment")
    assert (last.state, last.due_on) == (RUNNING, on("2029-04-03"))
