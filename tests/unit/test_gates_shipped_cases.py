"""Single rules of the shipped gates: poor evidence, thresholds, and what is not owed."""

import pytest
from shipped_gates import MEETS, changed, each, ids, look, see

from pratique.domain.findings import FindingStatus


@pytest.mark.parametrize(
    ("gate", "requirement"), [(g, "mitigations-hold") for g in ("training-trigger", "pre-placement")]
)
def test_the_weak_mitigation_record_is_unmet_with_a_reason(gate, requirement):
    names = [n for n in MEETS[gate] if n != "mitigation-record.json"] + ["mitigation-record.weak.json"]
    result = see(gate, names)
    assert requirement in ids(result, FindingStatus.UNMET)
    assert not result.is_ready
    assert "bypass rate is above" in next(f.reason for f in result.findings if f.requirement == requirement)


def test_the_stronger_record_takes_the_place_of_the_weak_one():
    result = see("training-trigger", [*MEETS["training-trigger"], "mitigation-record.weak.json"])
    assert result.is_ready


@pytest.mark.parametrize("log", ["limited_8_of_40.eval", "error_run.eval", "partial_errors_tolerated.eval"])
def test_a_poor_log_meets_nothing(log):
    assert ids(see("training-trigger", [log]), FindingStatus.MET) == set()


def test_a_newer_limited_run_takes_the_place_of_the_full_one():
    names = [*MEETS["training-trigger"], "limited_8_of_40.eval"]
    assert ids(see("training-trigger", names), FindingStatus.NOT_TESTED) == {"cbrn-evaluation"}


@pytest.mark.parametrize(("score", "status"), [(0.7499, FindingStatus.MET), (0.75, FindingStatus.UNMET)])
def test_the_proxy_score_calls_for_a_closer_look_from_its_trigger_on(score, status):
    evidence = changed("cbrn_mc_epochs3.eval", lambda facts: facts["metrics"].update({"choice/mean/accuracy": score}))
    assert see("training-trigger", [evidence]).findings[0].status is status


def test_one_objective_that_is_only_planned_is_one_open_requirement():
    def plan(facts):
        facts["objectives"][6]["status"] = "planned"

    evidence = changed("security-goal.json", plan)
    names = [evidence if name == "security-goal.json" else name for name in MEETS["pre-placement"]]
    assert ids(see("pre-placement", names), FindingStatus.UNMET) == {"security-a4-2-3"}


@pytest.mark.parametrize(("answered", "is_ready"), [("2027-02-15", True), ("2027-02-16", False)])
def test_a_request_is_answered_by_its_last_day(answered, is_ready):
    evidence = changed("request-record.json", lambda facts: facts.update(answered_on=answered))
    assert see("requests", [evidence]).is_ready is is_ready


def test_a_complaint_needs_a_decision_with_reasons():
    def complain(facts):
        facts.update(kind="rightsholder_complaint")

    result = see("requests", [changed("request-record.json", complain)])
    assert ids(result, FindingStatus.NOT_TESTED) == {"complaint-decided"}


def test_evidence_of_another_incident_is_not_about_this_one():
    result = look("serious-incident", ["incident-file.json"], occasion="inc-2")
    assert ids(result, FindingStatus.MET) == set()


def test_without_systemic_risk_only_the_general_duties_are_left():
    result = see("pre-placement", ["model-documentation.json"], gates={}, systemic_risk=False, training_flop=1e24)
    assert ids(result, FindingStatus.MET) == {"scope-known", "model-documentation", "infringing-output"}
    assert ids(result, FindingStatus.NOT_APPLICABLE) == {f.requirement for f in result.findings} - {
        "scope-known",
        "model-documentation",
        "infringing-output",
    }
    assert result.is_ready


#: A licence with every particular that Art. 53(2) asks for.
FREE = {
    **dict.fromkeys(("allows_access", "allows_use", "allows_modification", "allows_distribution"), True),
    **{"weights_public": True, "architecture_public": True, "usage_info_public": True, "monetised": False},
}


def test_open_source_without_systemic_risk_still_owes_copyright_and_the_summary():
    free = {"systemic_risk": False, "licence": FREE, "training_flop": 1e24}
    result = see("pre-placement", ["model-documentation.json"], **free)
    assert ids(result, FindingStatus.MET) == {"scope-known", "infringing-output"}
    result = see("placement", ["placement-readiness.json"], **free)
    assert ids(result, FindingStatus.MET) == {
        "pre-placement-gate",
        "scope-gate",
        "training-content-summary",
        "training-summary-updates",
        "copyright-contact",
    }


@pytest.mark.parametrize("gate", MEETS)
def test_open_source_with_systemic_risk_is_exempt_from_nothing(gate):
    left_out = {"modification-measured", "contestation"} | each("safe-reference-shown")
    assert ids(see(gate, [], licence=FREE), FindingStatus.NOT_APPLICABLE) <= left_out


@pytest.mark.parametrize(
    ("gate", "provider", "opens"),
    [
        ("chapters-or-other-means", {"name": "A", "signed_chapters": ["transparency", "copyright"]}, True),
        (
            "chapters-or-other-means",
            {
                "name": "A",
                "signed_chapters": ["transparency", "copyright"],
                "alternative_means": {"safety_security": {"what": "Own framework", "where": "Sent on 1 May 2026"}},
            },
            False,
        ),
    ],
)
def test_a_chapter_that_is_not_signed_needs_other_means(gate, provider, opens):
    result = see("scope-and-role", MEETS["scope-and-role"], provider=provider)
    assert (gate in ids(result, FindingStatus.UNMET)) is opens
