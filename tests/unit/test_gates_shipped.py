"""The gates that Pratique ships, on the example facts, the example register and real evaluation logs."""

import json
from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator
from shipped_gates import (
    CONFIGURATION,
    CRITERIA,
    EXAMPLES,
    NOW,
    REGISTRY,
    RULEBOOK,
    clock,
    ids,
    look,
    profile_values,
    read,
    register,
)

from pratique.client import Moment
from pratique.domain.evaluation import Situation, evaluate
from pratique.domain.findings import FindingStatus
from pratique.domain.gates import GateState
from pratique.domain.instances import instance_id
from pratique.domain.risks import RiskCategory
from pratique.project import config_root
from pratique.regimes import load_configuration

RISKS = ("cbrn", "loss_of_control", "cyber_offence", "harmful_manipulation")


def each(*names: str) -> set[str]:
    """Ids of the requirements made of these for the four specified risks."""
    return {instance_id(name, risk) for name in names for risk in RISKS}


#: Requirements of the 25 security objectives, such as `security-a4-2-3`.
OBJECTIVES = {
    "security" + objective.id.removeprefix("S").lower().replace(".", "-")
    for objective in RULEBOOK.edition.appendices.security.objectives()
}

#: Evidence file -> requirements that it meets, by gate. The demo and the documentation rest on this table.
MEETS = {
    "scope-and-role": {
        "responsibilities.json": {"responsibilities", "resources"},
        "copyright-policy.json": {"copyright-policy"},
    },
    "notification-and-framework": {
        "systemic-risk-notification.json": {"notification"},
        "framework.json": {"framework", "framework-tiers", "framework-confirmed"} | each("framework-covers-risk"),
        "responsibilities.json": {"resources"},
        "security-goal.json": {"security-goal"},
    },
    "training-start": {
        "data-acquisition.json": {
            "lawful-access",
            "exclusion-list",
            "rights-reservation",
            "crawler-information",
            "data-integrity",
        },
        "risk-candidates.json": {"risk-candidates"} | each("risk-information"),
        "security-goal.json": {"security-goal", "first-protections"},
    },
    "training-trigger": {
        "cbrn_mc_epochs3.eval": {"cbrn-evaluation"},
        "cyber_agent_tools.eval": {"cyber-evaluation"},
        "mitigation-record.json": {"mitigations-hold", "escalation-decided"},
        "security-goal.json": {"security-goal"},
    },
    "pre-placement": {
        "cbrn_mc_epochs3.eval": {"cbrn-evaluation"},
        "cyber_agent_tools.eval": {"cyber-evaluation"},
        "framework.json": {"framework", "framework-notified"},
        "risk-register.json": {"risk-identification", "risk-evaluations", "evaluation-teams", "evaluation-time"}
        | each("risk-information", "risk-model", "risk-evaluation"),
        "external-evaluation.json": {"external-evaluation"},
        "acceptance-determination.json": {"acceptance", "go-decision"},
        "mitigation-record.json": {"mitigations-hold"} | each("risk-mitigation"),
        "security-goal.json": {"security-controls"} | OBJECTIVES,
        "model-report.json": {"model-report", "model-report-reasons", "model-report-risks"},
        "model-documentation.json": {"model-documentation", "infringing-output"},
    },
    "placement": {
        "systemic-risk-notification.json": {"notification"},
        "placement-readiness.json": {
            "authorised-representative",
            "contact-route",
            "documentation-integrity",
            "training-content-summary",
            "training-summary-updates",
            "copyright-contact",
            "model-report-access",
            "public-summary",
            "post-market-plan",
            "incident-channel",
            "submission-channel",
        },
    },
    "post-market": {
        "post-market-review.json": {
            "methods-considered",
            "external-access",
            "information-refreshed",
            "failure-conditions",
            "stay-or-leave",
            "model-report-holds",
        }
        | each("risk-still-acceptable", "risk-mitigations-work"),
        "security-goal.json": {"security-upheld"},
        "framework-assessment.json": {"framework-assessment"},
        "responsibilities.json": {"resources"},
        "risk-culture.json": {"risk-culture"},
        "model-documentation.json": {"documentation-current"},
    },
    "serious-incident": {
        "incident-file.json": {
            "incident-file",
            "reports-received",
            "how-noticed",
            "root-cause",
            "risks-reconsidered",
            "framework-reconsidered",
            "report-reconsidered",
            "corrective-measures",
            "breach-contained",
            "stay-or-leave",
            "retention",
        },
    },
    "model-change": {
        "change-record.json": {
            "change-described",
            "full-process",
            "report-decided",
            "downstream-told",
            "training-summary",
            "public-summary",
        }
        | each("risk-after-change"),
        "mitigation-record.json": {"mitigations-hold"},
        "model-documentation.json": {"infringing-output", "model-documentation", "technical-dossier"},
        "model-report.json": {"model-report-updated"},
    },
    "requests": {
        "request-record.json": {
            "request-recorded",
            "basis-checked",
            "answered-in-time",
            "current-information",
            "complaint-decided",
        },
    },
    "retirement": {
        "retirement-record.json": {
            "monitoring-until-withdrawal",
            "nothing-open",
            "downstream-told",
            "parameters",
            "model-documentation-kept",
            "safety-documentation-kept",
            "incident-records-kept",
            "representative-copy-kept",
        },
        "security-goal.json": {"security-goes-on"},
    },
}
#: A provider of another continent: nothing is left out for being established in the Union.
OVERSEAS = {"name": "Aurora", "country": "CA", "signed_chapters": ["transparency", "copyright", "safety_security"]}
ALL_CLEARED = dict.fromkeys(RULEBOOK.specs, GateState.CLEARED)
OCCASIONS = {"serious-incident": "inc-1", "requests": "req-1"}
FILES = [(gate, name) for gate, files in MEETS.items() for name in files]


def clocks_of(gate):
    return [r.clock for r in RULEBOOK.spec(gate).requirements() if r.clock is not None]


def see(gate, names, *, recorded=True, gates=ALL_CLEARED, clocks=None, provider=OVERSEAS, **profile):
    """Judge a gate with the register recorded, other gates cleared and its clocks met, unless told otherwise."""
    return look(
        gate,
        names,
        gates=gates,
        clocks=clocks_of(gate) if clocks is None else clocks,
        risks=register() if recorded else None,
        occasion=OCCASIONS.get(gate, "default"),
        provider=provider,
        **{"training_flop": 1.2e25} | profile,
    )


def test_the_shipped_configuration_loads_without_a_warning():
    assert CONFIGURATION.warnings == ()
    assert set(RULEBOOK.specs) == set(MEETS)


def test_prerequisites_stand_before_the_gates_that_need_them():
    order = list(RULEBOOK.specs)
    for gate, spec in RULEBOOK.specs.items():
        for requirement in spec.requirements():
            assert requirement.gate is None or order.index(requirement.gate) < order.index(gate)


def test_every_kind_that_is_asked_for_is_read_by_a_collector():
    load_configuration(config_root(), people_file=None, criteria=CRITERIA, known_kinds=REGISTRY.kinds)


@pytest.mark.parametrize("gate", RULEBOOK.specs)
def test_each_moment_opens_its_gate(gate):
    moment = RULEBOOK.spec(gate).moment
    opened = [s.id for s in RULEBOOK.gates_opened_by(f"pratique.moment.{moment}")]
    assert opened == (["scope-and-role", "training-start"] if moment == "pre_training" else [gate])


def test_each_moment_of_the_edition_but_the_standing_one_opens_a_gate():
    moments = {moment.id for moment in RULEBOOK.edition.vocabulary.moments} - {"governance_standing"}
    opened = {moment for moment in moments if RULEBOOK.gates_opened_by(f"pratique.moment.{moment}")}
    assert moments == opened
    assert {moment.value.removeprefix("pratique.moment.") for moment in Moment} == moments


@pytest.mark.parametrize("gate", MEETS)
def test_the_examples_and_the_real_logs_make_each_gate_ready(gate):
    result = see(gate, MEETS[gate])
    told = {FindingStatus.MET, FindingStatus.NOT_APPLICABLE}
    assert [(f.requirement, f.reason) for f in result.findings if f.status not in told] == []
    left_out = {"modification-measured", "open-source-terms", "contestation"}
    assert ids(result, FindingStatus.NOT_APPLICABLE) <= left_out
    assert result.is_ready


@pytest.mark.parametrize(("gate", "name"), FILES)
def test_each_file_meets_just_its_requirements(gate, name):
    without = ids(see(gate, [], gates={}, clocks=()), FindingStatus.MET)
    assert ids(see(gate, [name], gates={}, clocks=()), FindingStatus.MET) - without == MEETS[gate][name]


@pytest.mark.parametrize(("gate", "name"), FILES)
def test_no_gate_is_ready_without_one_of_its_files(gate, name):
    result = see(gate, set(MEETS[gate]) - {name})
    assert not result.is_ready
    assert ids(result, FindingStatus.NOT_TESTED) == MEETS[gate][name]


@pytest.mark.parametrize("state", [None, *(s for s in GateState if s is not GateState.CLEARED)])
def test_no_gate_is_ready_before_the_one_before_it_is_cleared(state):
    befores = [(s.id, r) for s in RULEBOOK.specs.values() for r in s.requirements() if r.gate is not None]
    assert len(befores) >= 6
    for gate, requirement in befores:
        gates = ALL_CLEARED | {requirement.gate: state} if state else {}
        assert see(gate, MEETS[gate], gates=gates).is_ready is (requirement.gating == "advise" and state is not None)


@pytest.mark.parametrize("gate", [gate for gate in MEETS if clocks_of(gate)])
@pytest.mark.parametrize("state", ["missed", "running"])
def test_a_time_limit_that_was_not_met_holds_its_gate_shut_unless_it_is_advice(gate, state):
    enforced = {r.id for r in RULEBOOK.spec(gate).requirements() if r.clock and r.gating == "enforce"}
    situation = Situation(
        gate_run="g",
        spec_digest="s",
        model="aurora",
        version="2.1",
        profile=profile_values(training_flop=1.2e25),
        profile_digest="p",
        limits=[clock(rule, state) for rule in clocks_of(gate)],
    )
    findings = evaluate(RULEBOOK.spec(gate), situation, CRITERIA, NOW).findings
    assert enforced <= {f.requirement for f in findings if f.status is FindingStatus.UNMET and f.enforced}


def test_every_clock_that_a_gate_asks_for_is_a_rule_of_the_edition():
    rules = {rule.id: rule for rule in RULEBOOK.edition.clocks.rules}
    for gate in RULEBOOK.specs:
        assert set(clocks_of(gate)) <= set(rules)


def test_without_a_register_the_specified_risks_are_asked_for_and_unmet():
    result = see("pre-placement", MEETS["pre-placement"], recorded=False)
    asked = each("risk-sources", "risk-scenarios", "risk-estimate", "risk-tier", "risk-acceptance", "risk-owner")
    assert ids(result, FindingStatus.UNMET) == asked
    reasons = {f.requirement: f.reason for f in result.findings}
    assert reasons["risk-owner.loss-of-control"] == "Nobody owns Loss of control."


def test_a_risk_of_the_provider_brings_its_own_requirements():
    recorded = register()
    own = recorded.risks[0].model_copy(
        update={"id": "grid_outage", "title": "Grid outage", "category": RiskCategory.PROVIDER_DEFINED}
    )
    more = recorded.model_copy(update={"risks": (*recorded.risks, own)})
    result = look("pre-placement", MEETS["pre-placement"], gates=ALL_CLEARED, risks=more)
    open_ids = {f.requirement for f in result.findings if f.status is not FindingStatus.MET}
    assert open_ids == {
        instance_id(name, "grid_outage")
        for name in ("risk-information", "risk-model", "risk-evaluation", "risk-mitigation")
    }


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


def changed(name, change):
    """Return an example with its facts changed."""
    evidence = read(name)
    facts = json.loads(json.dumps(evidence.extraction.facts))
    change(facts)
    return replace(evidence, extraction=replace(evidence.extraction, facts=facts))


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


def test_a_safe_reference_frees_from_outside_evaluation_only_where_the_profile_names_one_for_each_risk():
    def rest_on_reference(facts):
        facts.update(outcome="similarly_safe_or_safer", evaluators=[])
        facts["safe_reference"] = {"model": "aurora-1.0", "risks": list(RISKS), "justification": "All scores below."}

    evidence = changed("external-evaluation.json", rest_on_reference)
    names = [evidence if name == "external-evaluation.json" else name for name in MEETS["pre-placement"]]
    assert ids(see("pre-placement", names), FindingStatus.UNMET) == {"external-evaluation"}
    assert see("pre-placement", names, references=RISKS).is_ready


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
    assert ids(result, FindingStatus.MET) == {"model-documentation", "infringing-output"}
    assert ids(result, FindingStatus.NOT_APPLICABLE) == {f.requirement for f in result.findings} - {
        "model-documentation",
        "infringing-output",
    }
    assert result.is_ready


def test_open_source_without_systemic_risk_still_owes_copyright_and_the_summary():
    free = {"systemic_risk": False, "open_source": True, "training_flop": 1e24}
    result = see("pre-placement", ["model-documentation.json"], **free)
    assert ids(result, FindingStatus.MET) == {"infringing-output"}
    result = see("placement", ["placement-readiness.json"], **free)
    assert ids(result, FindingStatus.MET) == {
        "pre-placement-gate",
        "training-content-summary",
        "training-summary-updates",
        "copyright-contact",
    }


@pytest.mark.parametrize("gate", MEETS)
def test_open_source_with_systemic_risk_is_exempt_from_nothing(gate):
    left_out = {"modification-measured", "contestation"}
    assert ids(see(gate, [], open_source=True), FindingStatus.NOT_APPLICABLE) <= left_out


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


def test_every_requirement_is_traced_worded_and_owned():
    known = {"owner", "eval_lead", "security_lead", "legal", "executive", "incident_lead"}
    for spec in RULEBOOK.specs.values():
        assert spec.sign_off.roles
        assert spec.sign_off.four_eyes
        assert spec.not_checked
        assert "not conclusive evidence" in spec.does_not_show
        for requirement in spec.requirements():
            assert requirement.owner in known
            assert requirement.gate or requirement.clock or requirement.unmet, requirement.id
            assert requirement.evidence is None or requirement.fresh_for_days, requirement.id
            assert "compliant" not in requirement.why + requirement.title


def test_what_is_left_out_says_by_which_clause():
    for spec in RULEBOOK.specs.values():
        for requirement in spec.requirements():
            reason = requirement.not_applicable_because
            cited = ("Art.", "S-", "C-", "App.", "Commitment", "guidelines")
            assert reason is None or any(word in reason for word in cited), requirement.id


def test_only_what_was_not_checked_against_a_source_is_marked_so():
    unverified = [r.id for s in RULEBOOK.specs.values() for r in s.requirements() if not r.verified]
    assert sorted(unverified) == ["training-summary-update", "training-summary-updates"]


@pytest.mark.parametrize("name", sorted(p.name for p in EXAMPLES.glob("*.json")))
def test_each_example_is_valid_and_describes_its_members(name):
    document = json.loads((EXAMPLES / name).read_text())
    schema = RULEBOOK.facts_schemas[document["schema"].removeprefix("pratique.facts/")]
    Draft202012Validator(schema).validate(document["facts"])
    assert document["model"] == "aurora-2.1"
    assert undescribed(schema, "facts") == []


def test_every_facts_schema_has_an_example():
    shown = {json.loads(path.read_text())["schema"].removeprefix("pratique.facts/") for path in EXAMPLES.glob("*.json")}
    assert shown == set(RULEBOOK.facts_schemas)


def undescribed(schema, path):
    found = [] if schema.get("description") else [path]
    for name, member in schema.get("properties", {}).items():
        found += undescribed(member, f"{path}.{name}")
    return found + (undescribed(schema["items"], f"{path}[]") if "items" in schema else [])
