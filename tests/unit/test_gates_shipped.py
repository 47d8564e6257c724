"""The gates that Pratique ships, on the example facts, the example register and real evaluation logs."""

import json

import pytest
from jsonschema import Draft202012Validator
from shipped_gates import (
    ALL_CLEARED,
    CONFIGURATION,
    CRITERIA,
    EXAMPLES,
    MEETS,
    NOW,
    OVERSEAS,
    REGISTRY,
    RULEBOOK,
    clock,
    clocks_of,
    each,
    ids,
    look,
    profile_values,
    register,
    see,
)

from pratique.client import Moment
from pratique.domain.evaluation import Situation, evaluate
from pratique.domain.findings import FindingStatus
from pratique.domain.gates import GateState
from pratique.domain.instances import instance_id
from pratique.domain.risks import RiskCategory
from pratique.project import config_root
from pratique.regimes import load_configuration

FILES = [(gate, name) for gate, files in MEETS.items() for name in files]


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
    left_out = {"modification-measured", "open-source-terms", "reliefs-shown", "contestation"} | each(
        "safe-reference-shown"
    )
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
        profile=profile_values(training_flop=1.2e25, provider=OVERSEAS),
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
    result = look("pre-placement", MEETS["pre-placement"], gates=ALL_CLEARED, risks=more, training_flop=1.2e25)
    open_ids = {f.requirement for f in result.findings if f.status is not FindingStatus.MET}
    assert open_ids == {
        instance_id(name, "grid_outage")
        for name in (
            "risk-information",
            "risk-model",
            "risk-evaluation",
            "risk-mitigation",
            "external-evaluation",
            "safe-reference-shown",
        )
    } | each("safe-reference-shown") | {"access-confirmed"}


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
