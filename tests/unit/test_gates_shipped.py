"""The gates that Pratique ships, on the example facts and on real evaluation logs."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from pratique.collectors import build_registry, read_evidence
from pratique.criteria import CelCriteria
from pratique.domain.evaluation import Situation, evaluate
from pratique.domain.evidence import Evidence, Reading
from pratique.domain.findings import FindingStatus
from pratique.domain.gates import GateState
from pratique.domain.models import ModelProfile
from pratique.project import config_root
from pratique.regimes import load_configuration

NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)
EXAMPLES = Path(__file__).parents[2] / "examples" / "evidence"
INSPECT = Path(__file__).parents[1] / "data" / "inspect"
CRITERIA = CelCriteria()
CONFIGURATION = load_configuration(config_root(), people_file=config_root() / "people.example.yaml", criteria=CRITERIA)
RULEBOOK = CONFIGURATION.rulebook
REGISTRY = build_registry(RULEBOOK.facts_schemas)

#: Evidence file -> requirements that it meets, by gate. The demo and the documentation rest on this table.
MEETS = {
    "training-trigger": {
        "cbrn_mc_epochs3.eval": {"cbrn-evaluation"},
        "cyber_agent_tools.eval": {"cyber-evaluation"},
        "mitigation-record.json": {"mitigations-hold", "escalation-decided"},
        "security-goal.json": {"security-goal"},
    },
    "pre-placement": {
        "cbrn_mc_epochs3.eval": {"cbrn-evaluation"},
        "cyber_agent_tools.eval": {"cyber-evaluation"},
        "risk-register.json": {"risk-identification", "risk-analysis", "risk-evaluations"},
        "external-evaluation.json": {"external-evaluation"},
        "acceptance-determination.json": {"acceptance", "go-decision"},
        "mitigation-record.json": {"mitigations-hold"},
        "security-goal.json": {"security-controls"},
        "model-report.json": {"model-report", "model-report-reasons", "model-report-risks"},
        "model-documentation.json": {"model-documentation", "infringing-output"},
    },
    "placement": {
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
}
GATES = {"training-trigger": GateState.CLEARED, "pre-placement": GateState.CLEARED}
FILES = [(gate, name) for gate, files in MEETS.items() for name in files]


def read(name):
    path = (INSPECT if name.endswith(".eval") else EXAMPLES) / name
    extraction = read_evidence(path, name, REGISTRY)
    produced = min(extraction.produced_at or NOW, NOW)
    return Evidence(
        id=name,
        sha256=name.ljust(64),
        filename=name,
        received_at=produced + timedelta(hours=1),
        submitter="mira",
        reading=Reading.READ,
        extraction=extraction,
    )


def look(gate, names, *, gates=GATES, **profile):
    fields = {"systemic_risk": True, "known_as": ("mockllm/model",)} | profile
    situation = Situation(
        gate_run="g",
        spec_digest=RULEBOOK.digests[gate],
        model="aurora",
        version="2.1",
        profile=ModelProfile(**fields).as_json(),
        profile_digest=repr(sorted(fields.items())),
        evidence=[read(name) for name in names],
        gates=gates,
    )
    return evaluate(RULEBOOK.spec(gate), situation, CRITERIA, NOW)


def ids(result, status):
    return {f.requirement for f in result.findings if f.status is status}


def test_the_shipped_configuration_loads_without_a_warning():
    assert CONFIGURATION.warnings == ()
    assert list(RULEBOOK.specs) == ["training-trigger", "pre-placement", "placement"]


def test_every_kind_that_is_asked_for_is_read_by_a_collector():
    load_configuration(config_root(), people_file=None, criteria=CRITERIA, known_kinds=REGISTRY.kinds)


@pytest.mark.parametrize("gate", RULEBOOK.specs)
def test_each_moment_opens_its_gate(gate):
    moment = RULEBOOK.spec(gate).moment
    assert [s.id for s in RULEBOOK.gates_opened_by(f"pratique.moment.{moment}")] == [gate]


@pytest.mark.parametrize("gate", MEETS)
def test_the_examples_and_the_real_logs_make_each_gate_ready(gate):
    result = look(gate, MEETS[gate])
    assert [(f.requirement, f.reason) for f in result.findings if f.status is not FindingStatus.MET] == []
    assert result.is_ready


@pytest.mark.parametrize(("gate", "name"), FILES)
def test_each_file_meets_just_its_requirements(gate, name):
    assert ids(look(gate, [name], gates={}), FindingStatus.MET) == MEETS[gate][name]


@pytest.mark.parametrize(("gate", "name"), FILES)
def test_no_gate_is_ready_without_one_of_its_files(gate, name):
    result = look(gate, set(MEETS[gate]) - {name})
    assert not result.is_ready
    assert ids(result, FindingStatus.NOT_TESTED) == MEETS[gate][name]


@pytest.mark.parametrize("state", [None, *(s for s in GateState if s is not GateState.CLEARED)])
def test_no_gate_is_ready_before_the_one_before_it_is_cleared(state):
    for gate, before in (("pre-placement", "training-trigger"), ("placement", "pre-placement")):
        assert not look(gate, MEETS[gate], gates={before: state} if state else {}).is_ready


@pytest.mark.parametrize(
    ("gate", "requirement"), [(g, "mitigations-hold") for g in ("training-trigger", "pre-placement")]
)
def test_the_weak_mitigation_record_is_unmet_with_a_reason(gate, requirement):
    names = [n for n in MEETS[gate] if n != "mitigation-record.json"] + ["mitigation-record.weak.json"]
    result = look(gate, names)
    assert requirement in ids(result, FindingStatus.UNMET)
    assert not result.is_ready
    assert "bypass rate is above" in next(f.reason for f in result.findings if f.requirement == requirement)


def test_the_stronger_record_takes_the_place_of_the_weak_one():
    result = look("training-trigger", [*MEETS["training-trigger"], "mitigation-record.weak.json"])
    assert result.is_ready


@pytest.mark.parametrize("log", ["limited_8_of_40.eval", "error_run.eval", "partial_errors_tolerated.eval"])
def test_a_poor_log_meets_nothing(log):
    assert ids(look("training-trigger", [log]), FindingStatus.MET) == set()


def test_a_newer_limited_run_takes_the_place_of_the_full_one():
    names = [*MEETS["training-trigger"], "limited_8_of_40.eval"]
    result = look("training-trigger", names)
    assert ids(result, FindingStatus.NOT_TESTED) == {"cbrn-evaluation"}


@pytest.mark.parametrize(("score", "status"), [(0.7499, FindingStatus.MET), (0.75, FindingStatus.UNMET)])
def test_the_proxy_score_calls_for_a_closer_look_from_its_trigger_on(score, status):
    evidence = read("cbrn_mc_epochs3.eval")
    facts = json.loads(json.dumps(evidence.extraction.facts))
    facts["metrics"]["choice/mean/accuracy"] = score
    changed = replace(evidence, extraction=replace(evidence.extraction, facts=facts))
    situation = Situation(
        gate_run="g",
        spec_digest="s",
        model="aurora",
        version="2.1",
        profile=ModelProfile(systemic_risk=True, known_as=("mockllm/model",)).as_json(),
        profile_digest="p",
        evidence=[changed],
    )
    assert evaluate(RULEBOOK.spec("training-trigger"), situation, CRITERIA, NOW).findings[0].status is status


def test_without_systemic_risk_only_the_general_duties_are_left():
    result = look("pre-placement", ["model-documentation.json"], gates={}, systemic_risk=False)
    assert ids(result, FindingStatus.MET) == {"model-documentation", "infringing-output"}
    assert ids(result, FindingStatus.NOT_APPLICABLE) == {f.requirement for f in result.findings} - {
        "model-documentation",
        "infringing-output",
    }
    assert result.is_ready


def test_open_source_without_systemic_risk_still_owes_copyright_and_the_summary():
    result = look("pre-placement", ["model-documentation.json"], systemic_risk=False, open_source=True)
    assert ids(result, FindingStatus.MET) == {"infringing-output"}
    result = look("placement", ["placement-readiness.json"], systemic_risk=False, open_source=True)
    assert ids(result, FindingStatus.MET) == {
        "pre-placement-gate",
        "training-content-summary",
        "training-summary-updates",
        "copyright-contact",
    }


@pytest.mark.parametrize("gate", MEETS)
def test_open_source_with_systemic_risk_is_exempt_from_nothing(gate):
    assert ids(look(gate, [], open_source=True), FindingStatus.NOT_APPLICABLE) == set()


def test_every_requirement_is_traced_worded_and_owned():
    known = {"owner", "eval_lead", "security_lead"}
    for spec in RULEBOOK.specs.values():
        assert spec.sign_off.roles
        assert spec.sign_off.four_eyes
        assert "not conclusive evidence" in spec.does_not_show
        for requirement in spec.requirements():
            assert requirement.owner in known
            assert requirement.gate or requirement.unmet, requirement.id
            assert requirement.gate or requirement.fresh_for_days, requirement.id
            assert "compliant" not in requirement.why + requirement.title


def test_only_what_was_not_checked_against_a_source_is_marked_so():
    unverified = [r.id for s in RULEBOOK.specs.values() for r in s.requirements() if not r.verified]
    assert unverified == ["training-summary-updates"]


@pytest.mark.parametrize("name", sorted(p.name for p in EXAMPLES.glob("*.json")))
def test_each_example_is_valid_and_describes_its_members(name):
    document = json.loads((EXAMPLES / name).read_text())
    schema = RULEBOOK.facts_schemas[document["schema"].removeprefix("pratique.facts/")]
    Draft202012Validator(schema).validate(document["facts"])
    assert document["model"] == "aurora-2.1"
    assert undescribed(schema, "facts") == []


def undescribed(schema, path):
    found = [] if schema.get("description") else [path]
    for name, member in schema.get("properties", {}).items():
        found += undescribed(member, f"{path}.{name}")
    return found + (undescribed(schema["items"], f"{path}[]") if "items" in schema else [])
