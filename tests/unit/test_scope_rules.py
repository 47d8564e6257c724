"""Who owes what under the final Code: one case for each row of "who is exempt or has it easier", and for each rule.

Source: gpai facts, sections 0, 7 and 9; the articles are named at the cases.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.criteria import CelCriteria
from pratique.domain.models import ModelProfile
from pratique.domain.provider import ProviderProfile, provider_values
from pratique.domain.regime import Edition, flaws
from pratique.domain.regime.scope import ScopeRules
from pratique.domain.scope import Scope, decide_scope
from pratique.regimes.editions import load_edition
from pratique.regimes.problems import Problems

ROOT = Path(__file__).resolve().parents[2]
REFERENCE: dict[str, Any] = yaml.load(
    (ROOT / "tests/data/gpai_code_2025.yaml").read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader)
)
CRITERIA = CelCriteria()
#: Names that gates, clocks and golden cases ask for.
PROMISED = {
    *("general_purpose", "provider", "limited_to_modification", "systemic_risk", "open_source_exempt"),
    *("documentation_owed", "copyright_owed", "training_summary_owed", "safety_security", "notification_owed"),
    *("representative_owed", "legacy", "security_owed", "six_monthly_report_owed", "external_evaluation_owed"),
    *("public_summary_owed", "reduced_detail", "crawls", "alternative_means_owed"),
}
ALONE = {"versions": ["aurora/2.1"], "is_designated": False, "is_expected": False}
SIGNED_ALL = {"signed_chapters": ("transparency", "copyright", "safety_security")}
FREE = dict.fromkeys(("allows_access", "allows_use", "allows_modification", "allows_distribution"), True) | {
    "weights_public": True,
    "architecture_public": True,
    "usage_info_public": True,
    "monetised": False,
}


def _final() -> Edition:
    problems = Problems()
    edition = load_edition(ROOT / "config/regimes/eu-gpai-code/2025-07-10", problems)
    assert problems.lines == []
    assert edition is not None
    return edition


FINAL = _final()
assert FINAL.scope is not None
RULES: ScopeRules = FINAL.scope


def scope(
    *,
    done: float = 0.0,
    planned: float = 0.0,
    provider: dict[str, Any] | None = None,
    safe_for: tuple[str, ...] = (),
    covers_all: bool = False,
    lineage: dict[str, Any] | None = None,
    **profile: Any,
) -> Scope:
    """Answer on a profile whose compute ledger shows `done` and `planned` FLOP of different runs."""
    values = ModelProfile(**{"systemic_risk": False, **profile}).as_json()
    recorded = ProviderProfile(**{"name": "Nordlicht", **provider}) if provider is not None else None
    values |= {
        "provider": provider_values(recorded, size=values["provider_size"]),
        "compute": {"done": done, "planned": planned, "projected": done + planned},
        "lineage": {**ALONE, "first_placed_on": values["first_placed_on"], **(lineage or {})},
        "references": {"risks": list(safe_for), "covers_all": covers_all},
    }
    return decide_scope(RULES, values, CRITERIA, key="trial")


def owed(**given: Any) -> set[str]:
    return {name for name, holds in scope(**given).values.items() if holds}


def test_every_promised_answer_is_there() -> None:
    assert set(scope().values) >= PROMISED
    assert not [answer.step.id for answer in scope().path if answer.is_assumed]


def test_every_expression_compiles() -> None:
    assert {step.id: CRITERIA.compile_check(RULES.expression(step)) for step in RULES.steps} == {
        step.id: [] for step in RULES.steps
    }


def test_every_figure_is_that_of_the_reference() -> None:
    figures = {figure.id: figure.value for figure in RULES.figures}
    assert figures == {
        "general_purpose_flop": 1e23,
        "systemic_risk_flop": 1e25,
        "modifier_divisor": 3.0,
        "legacy_before": "2025-08-02",
        "legacy_due": "2027-08-02",
    }
    said = REFERENCE["enforcement"]["guidelines"]
    assert said["gpai_indicative"].startswith("> 10^23 FLOP")
    assert said["systemic_presumption"].startswith("> 10^25 FLOP cumulative")
    assert "> 1/3 of the original" in said["modifier"]
    assert "1/3 of 10^25 (original has systemic risk) or 1/3 of 10^23" in said["modifier"]
    dates = {entry["date"]: entry["what"] for entry in REFERENCE["enforcement"]["timeline"]}
    assert dates["2027-08-02"] == "GPAI models placed before 2 Aug 2025 must comply"
    written = " ".join(step.when for step in RULES.steps)
    assert "e25" not in written
    assert "2025" not in written


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ({"done": 2e23, "stage": "trained"}, True),
        ({"done": 1e23, "stage": "trained"}, False),  # "more than"
        ({"done": 1e22, "stage": "training"}, True),  # it goes on; the figure is not the last
        ({"stage": "trained"}, True),  # compute is not recorded
        ({"done": 2e23, "stage": "trained", "modalities": ("proteins",)}, False),
        ({"done": 2e23, "stage": "trained", "modalities": ("proteins",), "general_purpose": True}, True),
        ({"done": 2e23, "stage": "trained", "general_purpose": False}, False),  # indicative, not absolute
        ({"done": 1e22, "stage": "trained", "systemic_risk": True}, True),  # only such models are classified
    ],
)
def test_general_purpose_by_word_or_by_the_indicative_criterion(given: dict[str, Any], answer: bool) -> None:
    assert scope(**given).values["general_purpose"] is answer


def test_what_is_no_general_purpose_model_owes_nothing() -> None:
    assert owed(general_purpose=False) <= {"indicated_general_purpose"}


@pytest.mark.parametrize(
    "known",
    [
        {"done": 5e25},
        {"planned": 5e25},
        {"done": 5e25, "modalities": ("proteins",)},
        {"lineage": {"is_designated": True}},  # as an occurrence says
        {"lineage": {"is_expected": True}},
    ],
)
def test_what_is_recorded_overrules_a_no_to_general_purpose(known: dict[str, Any]) -> None:
    """Only general-purpose models are classified; compute above 10^25 FLOP is no model of another kind by a word."""
    assert owed(general_purpose=False, **known) >= {"general_purpose", "provider", "safety_security"}
    assert "provider" not in owed(general_purpose=False, done=1e25)


@pytest.mark.parametrize("stage", ["trained", "placed", "in_service", "withdrawn"])
def test_compute_that_nobody_recorded_lifts_no_duty_once_training_is_over(stage: str) -> None:
    found = owed(stage=stage)
    assert found >= {"compute_unknown", "presumed_systemic_risk", "safety_security", "notification_owed"}
    assert "open_source_exempt" not in owed(stage=stage, licence=FREE)
    for known in ({"done": 2e24}, {"planned": 2e24}):
        assert owed(stage=stage, **known).isdisjoint({"compute_unknown", "safety_security"})
    modified = {"kind": "modified", "upstream": "b", "upstream_flop": 3e24, "modification_flop": 2e24}
    assert "safety_security" not in owed(stage=stage, origin=modified)


@pytest.mark.parametrize("stage", ["planned", "training"])
def test_before_training_ends_compute_that_nobody_recorded_presumes_nothing(stage: str) -> None:
    found = owed(stage=stage)
    assert "provider" in found
    assert found.isdisjoint({"compute_unknown", "presumed_systemic_risk", "safety_security"})


def test_who_says_that_no_notification_is_owed_while_compute_is_unknown_is_told_what_settles_it() -> None:
    answer = next(one for one in scope(stage="placed").path if one.step.id == "compute_unknown")
    assert answer.answer
    assert "a figure in the ledger or the profile settles it" in answer.reason


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ({"done": 1e25}, False),  # Art. 51(2): greater than 10^25
        ({"done": 1.0001e25}, True),
        ({"done": 6e24, "planned": 5e24}, True),  # it is known that it will be (Art. 52(1))
        ({"expects_systemic_risk": True}, True),
        ({"designation": "designated"}, True),  # Art. 51(1)(b)
        ({"designation": "withdrawn"}, False),
        ({"lineage": {"is_designated": True}}, True),  # an earlier version of the same run, or an occurrence
        ({"lineage": {"is_expected": True}}, True),
        ({"lineage": {"is_expected": True}, "contestation": "accepted"}, False),
        ({"systemic_risk": True}, True),
        ({"done": 2e25, "contestation": "submitted"}, True),  # duties hold until it is accepted
        ({"done": 2e25, "contestation": "refused"}, True),
        ({"done": 2e25, "contestation": "accepted"}, False),
        ({"done": 2e25, "contestation": "accepted", "designation": "designated"}, True),
    ],
)
def test_systemic_risk(given: dict[str, Any], answer: bool) -> None:
    found = scope(**given).values
    assert found["systemic_risk"] is found["safety_security"] is answer


def test_a_notification_is_owed_where_the_condition_is_met_not_after_a_designation() -> None:
    assert "notification_owed" in owed(done=2e25)
    assert "notification_owed" in owed(done=2e25, contestation="accepted")  # the arguments travelled with it
    assert "notification_owed" not in owed(designation="designated", systemic_risk=True)
    assert "notification_owed" not in owed()


@pytest.mark.parametrize(
    ("origin", "is_provider"),
    [
        ({"upstream_flop": 3e24, "modification_flop": 1e24}, False),  # a third is not more than a third
        ({"upstream_flop": 3e24, "modification_flop": 1.01e24}, True),
        ({"upstream_systemic_risk": True, "modification_flop": 3.3e24}, False),  # unknown: a third of 10^25
        ({"upstream_systemic_risk": True, "modification_flop": 3.4e24}, True),
        ({"upstream_systemic_risk": False, "modification_flop": 3.3e22}, False),  # unknown: a third of 10^23
        ({"upstream_systemic_risk": False, "modification_flop": 3.4e22}, True),
        ({"modification_flop": 3.4e22}, True),  # not even that is known: the lower line
        ({}, True),  # its own compute is not known
    ],
)
def test_a_modifier_is_provider_above_a_third(origin: dict[str, Any], is_provider: bool) -> None:
    found = scope(origin={"kind": "modified", "upstream": "borealis-7b", **origin}).values
    assert found["provider"] is found["limited_to_modification"] is is_provider


@pytest.mark.parametrize(
    "classified", [{"systemic_risk": True}, {"designation": "designated"}, {"lineage": {"is_designated": True}}]
)
def test_a_small_modification_that_is_classified_itself_brings_the_duties(classified: dict[str, Any]) -> None:
    origin = {"kind": "modified", "upstream": "borealis-7b", "upstream_flop": 3e24, "modification_flop": 1e23}
    assert not scope(origin=origin).values["provider"]
    found = scope(origin=origin, **classified).values
    assert found["provider"]
    assert found["safety_security"]


def test_a_modifiers_own_ledger_stands_in_for_the_figure() -> None:
    origin = {"kind": "modified", "upstream": "borealis-7b", "upstream_flop": 3e24}
    assert scope(origin=origin, done=1.5e24).values["provider"]
    assert not scope(origin=origin, done=0.5e24).values["provider"]


def test_a_large_modification_of_a_model_with_systemic_risk_has_it_too() -> None:
    origin = {"kind": "modified", "upstream": "borealis-700b", "upstream_systemic_risk": True}
    assert scope(origin={**origin, "modification_flop": 4e24}).values["systemic_risk"]
    assert not scope(origin={**origin, "modification_flop": 1e24}).values["systemic_risk"]
    both = {"kind": "modified", "upstream": "b", "upstream_flop": 8e24, "modification_flop": 3e24}
    assert scope(origin=both).values["systemic_risk"]


@pytest.mark.parametrize(
    ("origin", "answer"),
    [
        ({"modification_flop": 3.4e24}, True),  # nothing is known of the original
        ({"modification_flop": 3.3e24}, False),
        ({"modification_flop": 3.4e24, "upstream_systemic_risk": False}, False),
        ({"modification_flop": 3.4e24, "upstream_flop": 6e24}, False),  # 9.4e24 together
        ({"modification_flop": 3.4e24, "upstream_flop": 7e24}, True),
    ],
)
def test_an_original_of_which_nothing_is_known_counts_as_one_with_systemic_risk(
    origin: dict[str, Any], answer: bool
) -> None:
    """Inferred: a third of 10^25 FLOP is the line for an original with systemic risk."""
    found = scope(origin={"kind": "modified", "upstream": "borealis", **origin}).values
    assert found["systemic_risk_by_modification"] is found["safety_security"] is answer


def test_the_ledger_of_a_modification_counts_where_the_profile_names_no_figure() -> None:
    assert scope(origin={"kind": "modified", "upstream": "b"}, done=4e24).values["systemic_risk_by_modification"]


def test_open_source_is_exempt_from_documentation_and_representative_only() -> None:
    """Art. 53(2), 54(6): no documentation, no representative; still copyright policy and training summary."""
    found = owed(licence=FREE)
    assert "open_source_exempt" in found
    assert found.isdisjoint({"documentation_owed", "representative_owed", "safety_security"})
    assert found >= {"copyright_owed", "training_summary_owed"}


@pytest.mark.parametrize("lost", [*FREE])
def test_the_exemption_needs_every_particular_of_the_licence(lost: str) -> None:
    found = owed(licence={**FREE, lost: not FREE[lost]}, open_source=True)
    assert "open_source_exempt" not in found
    assert "documentation_owed" in found


def test_open_source_with_systemic_risk_is_exempt_from_nothing() -> None:
    found = owed(licence=FREE, done=2e25)
    assert "open_source_exempt" not in found
    assert found >= {"documentation_owed", "representative_owed", "safety_security"}


def test_one_word_without_the_terms_of_the_licence_exempts_nobody() -> None:
    """Art. 53(2) names the terms; a profile of before, which only says `open_source`, shows none of them."""
    found = owed(open_source=True)
    assert "open_source_exempt" not in found
    assert "documentation_owed" in found


@pytest.mark.parametrize(
    ("provider", "answer"),
    [
        (None, True),  # nobody said where it is established
        ({"country": "US"}, True),
        ({"country": "FR"}, False),
        ({"in_union": True}, False),
        ({"in_union": False}, True),
        ({}, True),
    ],
)
def test_a_representative_is_owed_outside_of_the_union(provider: dict[str, Any] | None, answer: bool) -> None:
    assert scope(provider=provider).values["representative_owed"] is answer


@pytest.mark.parametrize(("day", "answer"), [("2025-08-01", True), ("2025-08-02", False), (None, False)])
def test_legacy_is_what_was_placed_before_2_august_2025(day: str | None, answer: bool) -> None:
    """Art. 111(3)."""
    assert scope(first_placed_on=day).values["legacy"] is answer


@pytest.mark.parametrize(
    ("size", "answer"), [("micro", True), ("small", True), ("medium", True), ("small_mid_cap", True), ("large", False)]
)
def test_small_providers_may_report_in_less_detail(size: str, answer: bool) -> None:
    assert scope(provider={"size": size}).values["reduced_detail"] is answer
    assert scope(provider_size=size).values["reduced_detail"] is answer  # where no provider was recorded


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ({}, True),
        ({"parameters_state": "public"}, False),
        ({"parameters_state": "deleted"}, False),
        ({"weaker_than_open_model": True}, False),
    ],
)
def test_security_ends_with_the_parameters(given: dict[str, Any], answer: bool) -> None:
    """S&S Commitment 6."""
    assert scope(systemic_risk=True, **given).values["security_owed"] is answer
    assert not scope(**given).values["security_owed"]


def test_similarly_safe_for_every_risk_lifts_what_app_2_2_lifts() -> None:
    lifted = {"six_monthly_report_owed", "external_evaluation_owed", "public_summary_owed"}
    assert owed(systemic_risk=True) >= lifted
    assert owed(systemic_risk=True, safe_for=("cbrn",)) >= lifted
    found = owed(systemic_risk=True, safe_for=("cbrn",), covers_all=True)
    assert found.isdisjoint(lifted)
    assert found >= {"safety_security", "security_owed"}


def test_no_six_monthly_update_for_a_model_that_is_not_among_the_most_capable() -> None:
    """S&S M7.6."""
    found = owed(systemic_risk=True, most_capable=False)
    assert "six_monthly_report_owed" not in found
    assert "external_evaluation_owed" in found


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ({}, True),  # no provider recorded
        ({"provider": SIGNED_ALL}, False),
        ({"provider": {"signed_chapters": ("safety_security",)}, "systemic_risk": True}, True),
        ({"provider": {"signed_chapters": ("transparency", "copyright")}}, False),  # the third does not apply
        ({"provider": {"signed_chapters": ("transparency", "copyright")}, "systemic_risk": True}, True),
        ({"provider": {"signed_chapters": ("copyright",)}, "licence": FREE}, False),  # nor does the first
    ],
)
def test_alternative_means_are_owed_for_a_chapter_that_applies_and_was_not_signed(
    given: dict[str, Any], answer: bool
) -> None:
    """Art. 53(4), 55(2)."""
    assert scope(**given).values["alternative_means_owed"] is answer


def test_who_does_not_crawl_says_so() -> None:
    assert scope().values["crawls"]
    assert not scope(crawls=False).values["crawls"]


def test_what_cannot_be_judged_counts_on_the_side_on_which_more_is_owed() -> None:
    found = decide_scope(RULES, {}, CRITERIA, key="nothing")
    assert all(answer.is_assumed for answer in found.path if answer.step.id == "general_purpose")
    assert {name for name, holds in found.values.items() if holds} >= {
        *("provider", "systemic_risk", "documentation_owed", "copyright_owed", "training_summary_owed"),
        *("safety_security", "notification_owed", "representative_owed", "security_owed", "crawls"),
        *("six_monthly_report_owed", "external_evaluation_owed", "public_summary_owed", "alternative_means_owed"),
    }
    assert not found.values["open_source_exempt"]
    assert not found.values["legacy"]
    assumed = next(answer for answer in found.path if answer.is_assumed)
    assert "could not be judged" in assumed.reason


#: A profile on which as little is owed as can be: of a model placed early, weak, open, by a small provider.
LENIENT: dict[str, Any] = {
    **ModelProfile(systemic_risk=False, stage="in_service", licence=FREE, first_placed_on="2025-07-01").as_json(),
    **{"most_capable": False, "crawls": False, "weaker_than_open_model": True, "parameters_state": "public"},
    "provider": provider_values(ProviderProfile(name="N", country="FI", size="small", **SIGNED_ALL), size="small"),
    "compute": {"done": 2e23, "planned": 0.0, "projected": 2e23},
    "lineage": {**ALONE, "first_placed_on": "2025-07-01"},
    "references": {"risks": [], "covers_all": False},
}
DUTIES = {step.id for step in RULES.steps if step.unknown}
#: The same of a model that says it is none of general purpose, and of one that was modified.
LENIENT_ONES: dict[str, dict[str, Any]] = {
    "none": {**LENIENT, "general_purpose": False},
    "modified": {
        **LENIENT,
        "origin": {
            **{"kind": "modified", "upstream": "borealis", "upstream_flop": 3e24},
            **{"upstream_systemic_risk": False, "modification_flop": 2e24},
        },
    },
}


@pytest.mark.parametrize("kind", [*LENIENT_ONES])
@pytest.mark.parametrize("forgotten", [*LENIENT])
def test_nothing_that_is_owed_ends_by_what_is_forgotten(forgotten: str, kind: str) -> None:
    lenient = LENIENT_ONES[kind]
    whole = decide_scope(RULES, lenient, CRITERIA, key=f"whole {kind}").values
    less = {name: value for name, value in lenient.items() if name != forgotten}
    found = decide_scope(RULES, less, CRITERIA, key=f"{kind} without {forgotten}").values
    duties = {name for name in DUTIES if name.endswith("_owed")} | {"provider", "safety_security", "crawls"}
    assert [name for name in duties if whole[name] and not found[name]] == []


@pytest.mark.parametrize("forgotten", [*LENIENT])
def test_forgetting_a_member_never_lifts_a_duty_nor_grants_a_relief(forgotten: str) -> None:
    whole = decide_scope(RULES, LENIENT, CRITERIA, key="whole").values
    less = {name: value for name, value in LENIENT.items() if name != forgotten}
    found = decide_scope(RULES, less, CRITERIA, key=f"without {forgotten}").values
    assert [name for name in DUTIES if whole[name] and not found[name]] == []
    assert [name for name in found.keys() - DUTIES if found[name] and not whole[name]] == []


@settings(deadline=None)
@given(st.floats(0, 1e26), st.floats(0, 1e26), st.booleans())
def test_more_compute_never_owes_less(some: float, more: float, is_open: bool) -> None:
    given_profile: dict[str, Any] = {"licence": FREE} if is_open else {}
    before, after = scope(done=some, **given_profile).values, scope(done=some + more, **given_profile).values
    assert [name for name in DUTIES if before[name] and not after[name]] == []


def _broken(**changed: Any) -> list[str]:
    steps = [RULES.steps[0].model_copy(update=changed), *RULES.steps[1:]]
    rules = RULES.model_copy(update={"steps": tuple(steps)})
    return [f"{flaw.path}: {flaw.found}" for flaw in flaws(FINAL.model_copy(update={"scope": rules}))]


def test_questions_that_lead_nowhere_are_refused() -> None:
    assert any("which stands later" in flaw for flaw in _broken(when="profile.scope.legacy"))
    assert any("unknown step 'nothing'" in flaw for flaw in _broken(when="profile.scope.nothing"))
    assert any("unknown figure 'many'" in flaw for flaw in _broken(when="profile.compute.done > {many}"))
    assert any("'scope.legacy'" in flaw for flaw in _broken(id="legacy"))
    source = RULES.steps[0].source.model_copy(update={"document": "SRC-NOWHERE"})
    assert any("'SRC-NOWHERE'" in flaw for flaw in _broken(source=source))
