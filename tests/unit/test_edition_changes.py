"""What differs between two editions and two specs of a gate, and what that does to gate runs and registers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.domain.authorship import authors_after
from pratique.domain.gate_changes import gate_change, gates_changed
from pratique.domain.gates import GateState
from pratique.domain.regime import Edition
from pratique.domain.regime.clocks import Clocks
from pratique.domain.regime.diff import What, edition_changes
from pratique.domain.regime.impact import Effect, SeenRun, touched_runs
from pratique.domain.regime.mapping import Mapping, mapping_flaws
from pratique.domain.risk_carrying import carried_authors, carried_register
from pratique.domain.risks import Risk, RiskCategory, RiskRegister
from pratique.domain.spec import GateSpec
from pratique.regimes.carrying import carry
from pratique.regimes.editions import load_edition
from pratique.regimes.problems import Problems
from pratique.regimes.rulebook import spec_digest

BASE = Path(__file__).resolve().parents[2] / "config/regimes/eu-gpai-code"
NEXT = "eu-gpai-code@2027-01-01"


def _final() -> Edition:
    found = load_edition(BASE / "2025-07-10", problems := Problems())
    assert problems.lines == []
    assert found is not None
    return found


FINAL = _final()


def later(**members: Any) -> Edition:
    """Return final+1: the final edition under another id, with members of its dump changed."""
    dump = FINAL.model_dump(mode="json")
    dump["imprint"] |= {"id": NEXT}
    return Edition.model_validate(dump | members)


def mapping(**members: Any) -> Mapping:
    base = {"format": "pratique.mapping/1", "earlier": FINAL.id, "later": NEXT, "rest_equal": True}
    return Mapping.model_validate(base | members)


def test_an_engine_that_knows_more_members_gives_an_edition_the_same_digest() -> None:
    """Else each upgrade would look as if somebody had changed the files."""

    class MoreClocks(Clocks):
        more: tuple[str, ...] = ()

    class MoreEdition(Edition):
        clocks: MoreClocks | None = None
        more: str | None = None

    dump = FINAL.model_dump(mode="json")
    assert MoreEdition.model_validate(dump).digest == FINAL.digest
    assert MoreEdition.model_validate(dump | {"more": "said"}).digest != FINAL.digest
    assert MoreEdition.model_validate(dump | {"clocks": dump["clocks"] | {"more": ["said"]}}).digest != FINAL.digest
    assert Edition.model_validate(dump | {"clocks": None}).digest != FINAL.digest


def test_another_imprint_alone_changes_no_rule() -> None:
    assert edition_changes(FINAL, later()) == ()
    assert list(mapping_flaws(mapping(), FINAL, later())) == []


def test_each_changed_item_is_named_with_the_members_that_differ() -> None:
    deadlines = FINAL.model_dump(mode="json")["deadlines"]
    longer = [deadlines[0] | {"amount": deadlines[0]["amount"] + 1}, *deadlines[2:], deadlines[1] | {"id": "NEW-1"}]
    changes = edition_changes(FINAL, later(deadlines=longer))
    assert [(c.kind, c.id, c.what, c.keys) for c in changes] == [
        ("deadline", deadlines[0]["id"], What.CHANGED, ("amount",)),
        ("deadline", deadlines[1]["id"], What.REMOVED, ()),
        ("deadline", "NEW-1", What.ADDED, ()),
    ]


def test_what_is_only_read_in_another_text_says_so() -> None:
    acts = FINAL.model_dump(mode="json")["acts"]
    reread = [acts[0] | {"source": acts[0]["source"] | {"clause": "another"}}, *acts[1:]]
    (change,) = edition_changes(FINAL, later(acts=reread))
    assert change.is_provenance


def test_a_mapping_that_calls_the_rest_equal_still_needs_a_word_on_what_is_not() -> None:
    taxonomy = FINAL.model_dump(mode="json")["taxonomy"]
    other = later(taxonomy=taxonomy | {"always_assess": [*taxonomy["always_assess"][1:], {"id": "new", "title": "N"}]})
    assert [tuple(flaw)[:2] for flaw in mapping_flaws(mapping(), FINAL, other)] == [
        ("risks", "no word on 'cbrn'"),
        ("risks", "no word on 'new'"),
    ]


REQUIREMENT = {"id": "score", "title": "T", "measures": ["S-3.2"], "why": "W"}
EVIDENCE = {"evidence": {"kind": "evaluation"}, "criterion": "facts.score < 0.5"}


def spec(*requirements: dict[str, Any], **members: Any) -> GateSpec:
    """Return a gate with one requirement, or with those given."""
    listed = [{**REQUIREMENT, **EVIDENCE}] if not requirements else list(requirements)
    return GateSpec.model_validate(
        {
            "format": "pratique.gate/1",
            "id": "trial",
            "version": 1,
            "edition": FINAL.id,
            "title": "Trial",
            "decides": "Whether.",
            "stage": "training",
            "moment": "training_trigger",
            "measures": ["S-1.2"],
            "does_not_show": "Much.",
            "checkpoints": [{"id": "a", "kind": "assessment", "title": "A", "requirements": listed}],
            "sign_off": {"roles": {"approver": 1}},
            "due": {"follow_up_days": 1, "due_days": 2},
        }
        | members
    )


WORDS = [
    {"title": "Other"},
    {"why": "Other words."},
    {"measures": ["S-3.3"]},
    {"owner": "eval_lead"},
    {"unmet": "Too high."},
    {"verified": False},
]
DEMANDS = [
    {"criterion": "facts.score < 0.4"},
    {"fresh_for_days": 30},
    {"applies_when": "profile.systemic_risk", "not_applicable_because": "None."},
    {"evidence": {"kind": "evaluation", "select": "facts.task == 'x'"}},
    {"per_occasion": True},
]


@pytest.mark.parametrize("changed", WORDS)
def test_other_words_are_no_other_demand(changed: dict[str, Any]) -> None:
    change = gate_change(spec(), spec({**REQUIREMENT, **EVIDENCE, **changed}))
    assert change is not None
    assert change.demands == ()
    assert change.requirements[0].keys == tuple(changed)


@pytest.mark.parametrize("changed", DEMANDS)
def test_another_demand_is_named(changed: dict[str, Any]) -> None:
    change = gate_change(spec(), spec({**REQUIREMENT, **EVIDENCE, **changed}))
    assert change is not None
    assert len(change.demands) == 1
    assert change.demands[0].startswith("score: changed (")


def test_signatures_requirements_and_risks_are_demands_and_advice_is_none() -> None:
    signed = gate_change(spec(), spec(sign_off={"roles": {"approver": 2}}))
    assert signed is not None
    assert signed.demands == ("sign_off: changed",)
    advice = {**REQUIREMENT, **EVIDENCE, "id": "advice", "gating": "advise"}
    advised = gate_change(spec(), spec({**REQUIREMENT, **EVIDENCE}, advice))
    assert advised is not None
    assert advised.demands == ()
    more = gate_change(spec(), spec({**REQUIREMENT, **EVIDENCE}, {**advice, "gating": "enforce"}))
    assert more is not None
    assert more.demands == ("advice: added",)
    each = {**REQUIREMENT, **EVIDENCE, "for_each": "identified_risk", "criterion": "facts.risk == {risk}"}
    split = gate_change(spec(each), spec(each), risks=("split risk cbrn",))
    assert split is not None
    assert split.demands == ("score: changed (risks)",)
    assert gate_change(spec(), spec(), risks=("split risk cbrn",)) is None
    assert [change.what for change in gates_changed({"trial": spec()}, {})] == [What.REMOVED]


def run_of(state: GateState, *, is_signed: bool = False, **members: Any) -> SeenRun:
    pinned = spec(**members)
    return SeenRun(
        id="1", model="aurora", version="2.1", gate=pinned.id, occasion="default",
        state=state, spec=pinned, digest=spec_digest(pinned), is_signed=is_signed,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("state", "is_signed", "is_tighter", "effect"),
    [
        (GateState.CLEARED, True, True, Effect.STALE),
        (GateState.CLEARED, True, False, Effect.KEPT),
        (GateState.OPEN, False, True, Effect.JUDGED_ANEW),
        (GateState.OPEN, False, False, Effect.CARRIED),
        (GateState.IN_REVIEW, True, True, Effect.JUDGED_ANEW),
        (GateState.IN_REVIEW, True, False, Effect.KEPT),
        (GateState.IN_REVIEW, False, False, Effect.CARRIED),
        (GateState.RETURNED, False, False, Effect.KEPT),
        (GateState.STALE, False, True, Effect.JUDGED_ANEW),
        (GateState.STALE, False, False, Effect.KEPT),
    ],
)
def test_what_becomes_of_a_gate_run(state: GateState, is_signed: bool, is_tighter: bool, effect: Effect) -> None:
    more = {**REQUIREMENT, **EVIDENCE, "criterion": "facts.score < 0.4"} if is_tighter else {**REQUIREMENT, **EVIDENCE}
    new = spec(more, edition=NEXT)
    (touched,) = touched_runs([run_of(state, is_signed=is_signed)], {"trial": new}, {"trial": spec_digest(new)})
    assert touched.effect is effect
    assert touched.why


def test_a_run_of_a_gate_that_is_gone_ends_as_it_was_opened_and_an_equal_spec_touches_nothing() -> None:
    run = run_of(GateState.OPEN)
    (touched,) = touched_runs([run], {}, {})
    assert touched.effect is Effect.LEFT
    assert touched_runs([run], {"trial": run.spec}, {"trial": run.digest}) == ()


def test_a_carried_gate_names_measures_by_their_later_ids_and_drops_what_was_dropped() -> None:
    moves = mapping(
        measures=[
            {"was": "S-3.2", "relation": "equal", "now": ["S-3.6", "S-3.7"], "why": "Two."},
            {"was": "S-3.3", "relation": "dropped", "why": "Gone."},
        ]
    )
    gone = {**REQUIREMENT, **EVIDENCE, "id": "gone", "measures": ["S-3.3"]}
    carried = carry(spec({**REQUIREMENT, **EVIDENCE}, gone), moves)
    assert carried is not None
    assert (carried.edition, carried.measures) == (NEXT, ("S-1.2",))
    assert [(r.id, r.measures) for r in carried.requirements()] == [("score", ("S-3.6", "S-3.7"))]
    assert carry(spec(gone), moves) is None


MOVES = [
    {"was": "cbrn", "relation": "narrower", "now": ["chem_bio", "rad_nuc"], "reassess": True, "why": "Two."},
    {"was": "cyber_offence", "relation": "merged", "now": ["chem_bio"], "reassess": False, "why": "Together."},
    {"was": "loss_of_control", "relation": "dropped", "reassess": False, "why": "Gone."},
]


def risk(name: str, **members: Any) -> Risk:
    base = {"id": name, "title": name, "category": "specified", "scenarios": [{"id": "a", "title": f"A of {name}"}]}
    return Risk.model_validate(base | {"evidence": [f"e-{name}"], "owner": "mira"} | members)


def test_a_register_keeps_everything_that_was_found() -> None:
    accepted = {"accepted": True, "by": "jonas", "on": "2026-11-01", "margin": "Wide."}
    names = ("cbrn", "cyber_offence", "loss_of_control", "own_risk")
    register = RiskRegister(edition=FINAL.id, risks=tuple(risk(name, residual=accepted) for name in names))
    carried, moved = carried_register(register, mapping(risks=MOVES), FINAL.taxonomy)
    found = {one.id: one for one in carried.risks}
    assert list(found) == ["chem_bio", "rad_nuc", "loss_of_control", "own_risk"]
    assert found["chem_bio"].evidence == ("e-cbrn", "e-cyber_offence")
    assert [(s.id, s.title) for s in found["chem_bio"].scenarios] == [("a", "A of cbrn"), ("a-2", "A of cyber_offence")]
    assert not found["rad_nuc"].residual.accepted  # to be assessed again
    assert found["loss_of_control"].category is RiskCategory.PROVIDER_DEFINED
    assert found["own_risk"] == register.risks[3]
    assert [move.was for move in moved] == ["cbrn", "cyber_offence", "loss_of_control"]


def test_who_recorded_a_risk_stays_the_author_of_what_became_of_it() -> None:
    names = ("cbrn", "cyber_offence", "own_risk")
    register = RiskRegister(edition=FINAL.id, risks=tuple(risk(name) for name in names))
    by_id = {one.id: one.as_json() for one in register.risks}
    authors: dict[str, str] = {}
    for name, who in zip(names, ("mira", "jonas", "kim"), strict=True):
        authors = authors_after(authors, was={"risks": {}}, now={"risks": {name: by_id[name]}}, by=who)
    carried = carried_authors(authors, carried_register(register, mapping(risks=MOVES), FINAL.taxonomy).moved)
    assert carried["risks.rad_nuc"] == carried["risks.chem_bio"] == "mira"
    assert carried["risks.own_risk"] == "kim"
    assert carried["risks.cyber_offence"] == "jonas"  # put together with another's: its part of before stays


@given(st.lists(st.sampled_from(["cbrn", "cyber_offence", "loss_of_control", "other"]), unique=True))
def test_no_evidence_is_lost_on_the_way(names: list[str]) -> None:
    register = RiskRegister(edition=FINAL.id, risks=tuple(risk(name) for name in names))
    carried, moved = carried_register(register, mapping(risks=MOVES), FINAL.taxonomy)
    evidence = {one for each in carried.risks for one in each.evidence}
    assert evidence == {f"e-{name}" for name in names}
    assert bool(moved) == bool(set(names) - {"other"})
    assert carried_register(carried, mapping(risks=MOVES), FINAL.taxonomy).register.risks == carried.risks
