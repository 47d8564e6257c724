"""What a sloppy file says does not do, and what a careful one says does: pre-placement, placement, training, scope."""

import pytest
from shipped_gates import MEETS, RISKS, changed, each, ids, register, see

from pratique.domain.findings import FindingStatus

UNMET = FindingStatus.UNMET


def with_changed(gate, name, change):
    """The files of a gate, one of them changed."""
    return [changed(name, change) if other == name else other for other in MEETS[gate]]


def unmet(gate, name, change, **more):
    return ids(see(gate, with_changed(gate, name, change), **more), UNMET)


@pytest.mark.parametrize(
    ("profile", "is_met"),
    [
        ({"training_flop": 1.2e25}, True),
        ({"training_flop": None}, False),
        ({"training_flop": 0.0}, False),
        ({"general_purpose": False, "systemic_risk": False, "training_flop": 5e25}, False),
        ({"general_purpose": False, "systemic_risk": False, "training_flop": 1e22}, True),
    ],
)
def test_before_placement_compute_is_known_and_nothing_speaks_against_what_is_said(profile, is_met):
    assert ("scope-known" in ids(see("pre-placement", MEETS["pre-placement"], **profile), FindingStatus.MET)) is is_met


def test_placement_waits_for_scope_and_role_and_for_notification_and_framework():
    asked = {f.requirement for f in see("placement", MEETS["placement"], gates={}).findings if f.holds_gate_shut}
    assert asked == {"pre-placement-gate", "scope-gate", "notification-gate"}
    small = see("placement", MEETS["placement"], gates={}, systemic_risk=False, training_flop=1e24)
    assert "notification-gate" in ids(small, FindingStatus.NOT_APPLICABLE)


@pytest.mark.parametrize("tier", [{"reached": True, "acceptable": False}, {"reached": None, "acceptable": True}])
def test_a_tier_that_is_reached_and_not_acceptable_or_not_known_is_no_tier_that_holds(tier):
    recorded = register()
    first = recorded.risks[0]
    tiers = (first.tiers[0].model_copy(update=tier), *first.tiers[1:])
    risky = recorded.model_copy(update={"risks": (first.model_copy(update={"tiers": tiers}), *recorded.risks[1:])})
    result = see("pre-placement", MEETS["pre-placement"], risks=risky)
    assert ids(result, UNMET) == {"risk-tier.cbrn"}
    assert ids(see("pre-placement", MEETS["pre-placement"]), UNMET) == set()


@pytest.mark.parametrize(
    ("test", "holds"),
    [
        ({}, True),
        ({"bypass_rate": 0.9, "bypass_rate_limit": 1.0}, False),
        ({"bypass_rate": 0.0, "bypass_rate_limit": 0.5}, False),
        ({"attempts": 99}, False),
        ({"attempts": 100}, True),
        ({"limit_source": None}, False),
    ],
)
@pytest.mark.parametrize("gate", ["training-trigger", "pre-placement", "model-change"])
def test_a_limit_of_bypasses_is_low_tried_often_and_set_by_the_framework(gate, test, holds):
    def set_limit(facts):
        found = facts["mitigations"][0]["adversarial_test"]
        found.update(test)
        if found["limit_source"] is None:
            del found["limit_source"]

    name = "mitigation-record.change.json" if gate == "model-change" else "mitigation-record.json"
    found = unmet(gate, name, set_limit)
    for_risk = {"pre-placement": {"risk-mitigation.cbrn"}, "model-change": {"risk-mitigation-after-change.cbrn"}}
    assert found == (set() if holds else {"mitigations-hold"} | for_risk.get(gate, set()))


@pytest.mark.parametrize(("status", "is_open"), [("withdrawn", False), ("planned", True)])
def test_a_mitigation_that_was_withdrawn_blocks_nothing(status, is_open):
    def add(facts):
        poor = facts["mitigations"][0]["adversarial_test"] | {"bypass_rate": 0.9}
        facts["mitigations"].append(facts["mitigations"][0] | {"status": status, "adversarial_test": poor})

    assert bool(unmet("pre-placement", "mitigation-record.json", add)) is is_open


def test_each_risk_needs_an_evaluator_who_looked_at_it():
    def leave_out(facts):
        facts["evaluators"][0]["risks"].remove("cyber_offence")

    assert unmet("pre-placement", "external-evaluation.json", leave_out) == {"external-evaluation.cyber-offence"}
    names = [n for n in MEETS["pre-placement"] if n != "external-evaluation.json"]
    partial = see("pre-placement", [*names, "external-evaluation.partial.json"])
    assert ids(partial, UNMET) == {"external-evaluation.cyber-offence"}


def test_an_evaluator_who_is_not_independent_counts_for_no_risk():
    def tie(facts):
        facts["evaluators"][0]["is_independent"] = False

    assert unmet("pre-placement", "external-evaluation.json", tie) == each("external-evaluation")


@pytest.mark.parametrize("risks", [["cbrn"], list(RISKS)])
def test_a_search_that_found_nobody_frees_the_risks_it_names(risks):
    def search(facts):
        facts.update(outcome="no_qualified_evaluator", evaluators=[facts["evaluators"][0] | {"is_independent": False}])
        facts["search"] = {
            "public_call": "https://aurora.example/call",
            "business_days_open": 12,
            "notified_at": "2026-10-01T09:00:00Z",
            "uncertainty_added": "One tier of margin more.",
            "risks": risks,
        }

    result = see("pre-placement", with_changed("pre-placement", "external-evaluation.json", search))
    short = {name.replace("_", "-") for name in risks}
    assert {f"external-search.{name}" for name in short} | (
        each("external-evaluation") - {f"external-evaluation.{name}" for name in short}
    ) == ids(result, UNMET)
    assert result.is_ready is (len(risks) == 4), "twenty business days are an indication"


def show_reference(**changes):
    """Rest on a reference for CBRN, shown as App. 2.2 asks unless changed."""

    def change(facts):
        facts["evaluators"][0]["risks"].remove("cbrn")
        benchmark = {"risk": "cbrn", "name": "proxy", "score": 0.4, "reference_score": 0.5}
        shown = {
            "model": "aurora-1.0",
            "risks": ["cbrn"],
            "justification": "All scores below.",
            "kind": "full_process_and_report_received",
            "visibility": "Own model.",
            "scenarios": "The same use, the same users.",
            "benchmarks": [benchmark | {"is_not_above_reference": True}],
            "characteristics": "Smaller, with the same data.",
            "margin": "Scores are a fifth lower.",
        }
        shown |= changes
        facts["safe_reference"] = {name: value for name, value in shown.items() if value is not None}

    return change


def test_a_safe_reference_frees_the_risk_for_which_the_profile_names_it_and_is_shown():
    name = "external-evaluation.json"
    assert unmet("pre-placement", name, show_reference()) == {"external-evaluation.cbrn"}
    assert unmet("pre-placement", name, show_reference(), references=("cbrn",)) == set()
    assert unmet("pre-placement", name, show_reference(), references=("cyber_offence",)) >= {"external-evaluation.cbrn"}
    result = see("pre-placement", MEETS["pre-placement"], references=("cbrn",))
    assert ids(result, FindingStatus.NOT_TESTED) == {"safe-reference-shown.cbrn"}
    assert not result.is_ready


@pytest.mark.parametrize("missing", ["kind", "visibility", "scenarios", "characteristics", "margin", "benchmarks"])
def test_a_reference_that_is_only_named_is_not_shown(missing):
    files = with_changed("pre-placement", "external-evaluation.json", show_reference(**{missing: None}))
    result = see("pre-placement", files, references=("cbrn",))
    assert "safe-reference-shown.cbrn" not in ids(result, FindingStatus.MET)
    assert not result.is_ready


def test_a_reference_with_a_benchmark_above_it_is_not_shown():
    higher = {
        "risk": "cbrn",
        "name": "proxy",
        "score": 0.6,
        "reference_score": 0.5,
        "is_not_above_reference": False,
    }
    change = show_reference(benchmarks=[higher])
    found = unmet("pre-placement", "external-evaluation.json", change, references=("cbrn",))
    assert found == {"safe-reference-shown.cbrn"}


def everybody_is(holder):
    def change(facts):
        for one in facts["allocation"]:
            one["holder"] = holder

    return change


@pytest.mark.parametrize(
    ("place", "change"),
    [
        (0, {"level": "executive"}),
        (1, {"level": "operations"}),
        (2, {"level": "operations"}),
        (3, {"level": "executive"}),
    ],
)
def test_each_responsibility_lies_where_the_measure_puts_it(place, change):
    found = unmet("scope-and-role", "responsibilities.json", lambda facts: facts["allocation"][place].update(change))
    assert found == {"responsibilities"}


def test_one_person_cannot_hold_every_responsibility():
    assert unmet("scope-and-role", "responsibilities.json", everybody_is("Ines Moreau")) == {"responsibilities"}


def test_a_small_provider_needs_no_assurance_function_of_its_own():
    def drop(facts):
        del facts["allocation"][3]

    small = {"name": "Aurora", "country": "FR", "signed_chapters": ["transparency", "copyright", "safety_security"]}
    assert unmet("scope-and-role", "responsibilities.json", drop) == {"responsibilities"}
    provider = small | {"size": "small"}
    assert unmet("scope-and-role", "responsibilities.json", drop, provider=provider) == set()


def test_a_representative_is_appointed_and_known_to_the_profile():
    def in_union(facts):
        facts["authorised_representative"] = {"status": "provider_in_union"}

    assert unmet("placement", "placement-readiness.json", in_union) == {"authorised-representative"}
    nobody = {"name": "Aurora", "country": "CA", "signed_chapters": ["transparency", "copyright", "safety_security"]}
    result = see("placement", MEETS["placement"], provider=nobody)
    assert ids(result, UNMET) == {"authorised-representative"}
    at_home = see("placement", MEETS["placement"], provider=nobody | {"country": "FR"})
    assert "authorised-representative" in ids(at_home, FindingStatus.NOT_APPLICABLE)


def test_access_of_evaluators_can_be_left_out_only_where_a_reference_stands_for_every_risk():
    def leave_out(facts):
        facts["post_market_plan"]["evaluator_access"] = "not_required"

    assert unmet("placement", "placement-readiness.json", leave_out) == {"post-market-plan"}
    assert unmet("placement", "placement-readiness.json", leave_out, references=RISKS) == set()


def test_a_risk_of_the_providers_own_needs_no_tier_to_be_accepted_and_a_specified_one_does():
    def add(facts):
        own = {name: value for name, value in facts["risks"][0].items() if name != "unreached_tier"}
        facts["risks"].append(own | {"risk": "grid_outage"})

    def drop(facts):
        del facts["risks"][0]["unreached_tier"]

    assert unmet("pre-placement", "acceptance-determination.json", add) == set()
    assert unmet("pre-placement", "acceptance-determination.json", drop) == {"acceptance"}
