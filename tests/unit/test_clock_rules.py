"""The rules of clocks: every time limit used or set aside, no figure of their own, what is unsound refused whole."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from clock_world import FINAL, ROOT, RULES

from pratique.criteria import CelCriteria
from pratique.domain.regime.clocks import Force, Mode
from pratique.domain.regime.deadlines import Binding, Direction
from pratique.errors import ConfigError
from pratique.regimes import load_configuration
from pratique.regimes.editions import load_edition
from pratique.regimes.problems import Problems

REFERENCE: dict[str, Any] = yaml.load(
    (ROOT / "tests/data/gpai_code_2025.yaml").read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader)
)
LIMITS = [(rule, limit) for rule in RULES.rules for limit in rule.limits]
#: The ids that gates, commands and documents name.
NAMES = (
    "art-52-notification framework-confirmation framework-to-ai-office framework-assessment framework-update "
    "model-report-at-placement model-report-extension model-report-update-to-ai-office model-report-six-months "
    "model-report-reassessment model-change-report full-process-at-placement incident-initial incident-intermediate "
    "incident-final incident-records-retention documentation-at-placement contact-at-placement "
    "downstream-information-at-placement documentation-retention safety-records-retention representative-retention "
    "representative-mandate training-summary training-summary-update downstream-request ai-office-request "
    "model-access-request measures-request copyright-complaint crawler-change-notice safe-reference-lost "
    "interface-access-review whistleblower-reminder external-findings-block external-evaluator-search evaluation-time "
    "legacy-compliance reassessment-request contestation-with-notification send-onboarding compute-estimate "
    "serious-incident-without-delay"
)


def reference(name: str) -> dict[str, Any]:
    [found] = [one for one in REFERENCE["deadlines"] if one["id"] == name]
    return dict(found)


def test_the_rules_are_those_that_others_name() -> None:
    assert set(RULES.rule_by_id) == set(NAMES.split())


def test_every_time_limit_of_the_reference_has_a_clock_or_a_reason_for_none() -> None:
    used = {limit.deadline for _, limit in LIMITS}
    aside = {one.deadline: one.why for one in RULES.context}
    assert used | set(aside) == {one["id"] for one in REFERENCE["deadlines"]}
    assert not used & set(aside)
    assert len(used | set(aside)) == 57
    others = {"ai_office", "commission", "authorised_representative"}
    for name in aside:
        given = reference(name)
        assert given["actor"] in others or given["applies_to"] == "high_risk_system" or name == "S-7.3-6M"


def test_the_rules_hold_no_figure_that_the_reference_does_not() -> None:
    """What a rule adds to deadlines.yaml is a date or a month that the reference says in words, or is self-set."""
    dated = {(limit.deadline, str(limit.date)) for _, limit in LIMITS if limit.date is not None}
    assert dated == {("ACT-111-3", "2027-08-02")}
    began = {(limit.deadline, str(limit.from_date)) for _, limit in LIMITS if limit.from_date is not None}
    assert began == {("S-1.3-12M", "2027-08-02")}, "by when the duties of ACT-111-3 are taken up"
    assert reference("ACT-111-3")["notes"].startswith("Comply by 2 August 2027")
    assert reference("ACT-111-3")["trigger"] == "Model placed on the market before 2 August 2025"
    [six_months] = [rule for rule in RULES.rules if rule.excuses]
    assert [(e.id, e.again_after, e.again_unit.value) for e in six_months.excuses if e.again_after] == [
        ("more_capable_soon", 1, "months")
    ]
    assert "less than a month" in reference("S-7.6-6M")["notes"]
    assert len(six_months.excuses) == 3 == reference("S-7.6-6M")["notes"].count(";") + 1


def test_only_what_has_no_figure_in_the_reference_is_self_set() -> None:
    own = {limit.deadline for rule, limit in LIMITS if limit.self_set_days is not None}
    without = {"reasonable_time", "without_undue_delay"}
    assert {d["id"] for d in REFERENCE["deadlines"] if d["direction"] in without} <= own
    # Measure 1.3 names material doubt beside the twelve months, without a figure for it. What is due by placing cannot
    # be where systemic risk came after it; the texts say nothing of that.
    after_placing = {"S-1.1-2W", "S-1.2-FULL", "S-7.7-PLACE"}
    assert {limit.deadline for _, limit in LIMITS if limit.after} == after_placing
    assert own - {d["id"] for d in REFERENCE["deadlines"] if d["direction"] in without} == {"S-1.3-12M"} | after_placing


def test_a_hard_clock_rests_on_a_time_limit_that_binds() -> None:
    weak = {Binding.INDICATIVE, Binding.SOFT, Binding.EXPECTED}
    for rule, limit in LIMITS:
        binding = FINAL.deadline_by_id[limit.deadline].binding
        assert (rule.force is Force.HARD) <= (binding not in weak), rule.id
        assert (binding is Binding.INDICATIVE) <= (rule.force is Force.INDICATIVE), rule.id


def test_every_way_a_time_limit_can_run_is_there() -> None:
    found = {FINAL.deadline_by_id[limit.deadline].direction for _, limit in LIMITS}
    assert set(Direction) - found == {Direction.IMMEDIATELY, Direction.FROM_DATE, Direction.LOOK_AHEAD}
    assert {rule.mode for rule in RULES.rules} == set(Mode)


def test_what_a_rule_asks_of_the_profile_is_asked_of_answers_that_the_edition_gives() -> None:
    assert FINAL.scope is not None
    answers, criteria = {step.id for step in FINAL.scope.steps}, CelCriteria()
    for rule in RULES.rules:
        for _, expression in rule.expressions():
            assert criteria.compile_check(expression) == []
            for name in expression.replace("!", "").split(" && "):
                assert name.removeprefix("profile.scope.") in answers, (rule.id, name)


def test_the_limbs_are_those_of_the_incident_report() -> None:
    [schema] = [s for s in REFERENCE["document_schemas"] if "incident" in s["id"]]
    [field] = [f for f in schema["fields"] if f["id"] == "harm_kinds"]
    limbs = field["type"].removeprefix("set[").removesuffix("]").split("|")
    initial = RULES.rule_by_id["incident-initial"]
    assert [limit.limb for limit in initial.limits] == limbs
    for kind in ("incident_aware", "incident_limb_found"):
        assert list(RULES.kind_by_id[kind].field_by_id["limbs"].one_of) == limbs


def test_each_rule_belongs_to_a_gate_that_is_shipped_and_gates_ask_for_rules_that_are_there() -> None:
    loaded = load_configuration(ROOT / "config", people_file=None, criteria=CelCriteria())
    gates = loaded.rulebook.specs
    assert {rule.gate for rule in RULES.rules} <= set(gates)
    asked = {r.clock for spec in gates.values() for r in spec.requirements() if r.clock is not None}
    assert asked
    assert asked <= set(RULES.rule_by_id)


def test_a_gate_that_asks_for_an_unknown_clock_rule_is_refused(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    file = tmp_path / "config/gates/serious-incident.yaml"
    text = file.read_text()
    assert "clock: incident-final" in text
    file.write_text(text.replace("clock: incident-final", "clock: incident-finale"))
    with pytest.raises(ConfigError, match="unknown clock rule 'incident-finale'"):
        load_configuration(tmp_path / "config", people_file=None, criteria=CelCriteria())


BROKEN = [
    ("deadline: S-9.3-2D,", "deadline: S-9.3-3D,", "unknown time limit 'S-9.3-3D'"),
    ("deadline: S-9.3-2D,", "deadline: S-9.3-5D,", "no word on time limit S-9.3-2D"),
    (
        "since: [threshold_met, threshold_known]",
        "since: [threshold_meet]",
        "unknown kind of occurrence 'threshold_meet'",
    ),
    ("due_of: art-52-notification", "due_of: contestation-with-notification", "a circle of rules"),
    ("due_of: art-52-notification", "due_of: art-53", "unknown clock rule 'art-53'"),
    ("- id: incident-final\n", "- id: incident-initial\n", "'incident-initial' 2 times"),
    ("met_by: [art52_notified]\n  met_before: true", "met_by: [art52_notified]\n  met_afore: true", "no such key"),
    ("force: soft\n  notes: Duties", "force: softly\n  notes: Duties", "'hard', 'soft', 'self_set' or 'indicative'"),
    ("date: '2027-08-02', when", "date: '2027-08-32', when", "2027-08-32"),
    ("self_set_days: 2}", "limb: death}", "a figure of one's own"),
    (
        "S-7.6-PRE, since: [change_made, change_planned]",
        "S-7.6-PRE, since: [change_made, change_planned], from_date: '2027-08-02'",
        "a limit with a period that is counted on",
    ),
    ("- {deadline: ACT-101, why", "- {deadline: ACT-102, why", "unknown time limit 'ACT-102'"),
    ("again_after: 1}", "again_unit: fortnights}", "'hours', 'days', 'business_days'"),
    ("  not_applicable_because: 'no systemic risk: Art. 55(1)'\n", "", "beside `applies_when`"),
]


@pytest.mark.parametrize(("was", "now", "expected"), BROKEN, ids=[expected[:40] for *_, expected in BROKEN])
def test_rules_that_are_unsound_are_refused(tmp_path: Path, was: str, now: str, expected: str) -> None:
    folder = tmp_path / "eu-gpai-code" / "2025-07-10"
    shutil.copytree(ROOT / "config/regimes/eu-gpai-code/2025-07-10", folder)
    file = folder / "clocks.yaml"
    text = file.read_text()
    assert was in text
    file.write_text(text.replace(was, now, 1))
    problems = Problems()
    assert load_edition(folder, problems) is None
    assert any(expected in line for line in problems.lines), problems.lines


def test_the_thresholds_of_scope_are_those_of_the_reference() -> None:
    assert FINAL.scope is not None
    figures = {figure.id: figure.value for figure in FINAL.scope.figures}
    says = REFERENCE["enforcement"]["guidelines"]
    assert says["gpai_indicative"].startswith("> 10^23 FLOP")
    assert figures["general_purpose_flop"] == 1e23
    assert says["systemic_presumption"].startswith("> 10^25 FLOP")
    assert figures["systemic_risk_flop"] == 1e25
    assert "> 1/3 of the original model's" in says["modifier"]
    assert figures["modifier_divisor"] == 3.0
    assert "1/3 of 10^25 (original has systemic risk) or 1/3 of 10^23" in says["modifier"]
    dates = {one["date"]: one["what"] for one in REFERENCE["enforcement"]["timeline"]}
    assert dates[str(figures["legacy_due"])] == "GPAI models placed before 2 Aug 2025 must comply"
    assert figures["legacy_before"] == "2025-08-02"
    assert "Chapter V duties apply" in dates["2025-08-02"]
