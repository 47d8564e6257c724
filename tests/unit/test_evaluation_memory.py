"""A remembered verdict is the verdict: random evidence, profiles, waivers and moments, one memory for all of them."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_evaluation import CRITERIA, DAY, NOW, PROFILE, file, situation, spec_of, unread, waive, wants

from pratique.canonical import digest_of
from pratique.criteria import CelCriteria
from pratique.domain.evaluation import evaluate
from pratique.domain.evidence import Reading
from pratique.domain.exhibit import Ground, identity_of
from pratique.domain.findings import FindingStatus
from pratique.domain.gates import GateState
from pratique.domain.judge import Judge
from pratique.domain.moment import Moment
from pratique.domain.times import instant_text
from pratique.services.evaluation_memory import EvaluationMemory

SPEC = spec_of(
    wants(select='facts.task == "a"', fresh_for_days=20, unmet="Too high."),
    wants("also", "facts.score < 0.9 && profile.systemic_risk", select='facts.task == "a"', fresh_for_days=4),
    wants("note", "facts.ok", kind="facts.note"),
    wants("late", "facts.score >= 0.0", fresh_for_days=5, gating="advise"),
    wants("one", "facts.ok == 1", kind="facts.note"),
    wants("risky", "facts.ok", kind="facts.note", applies_when="profile.systemic_risk", not_applicable_because="No."),
    {"id": "before", "title": "T", "measures": ["S-1.2"], "why": "W", "gate": "other", "gating": "advise"},
)
OTHER = SPEC.model_copy()  # equal, and another object
PROFILES = [
    PROFILE,
    {**PROFILE},
    {**PROFILE, "systemic_risk": False},
    {**PROFILE, "known_as": []},
    {**PROFILE, "weights_sha256": "a" * 64},
    {**PROFILE, "nan": float("nan")},
]
POOL = [
    file({"score": 0.1, "task": "a"}, "e1", days_ago=3),
    file({"score": 0.1, "task": "a"}, "e1", days_ago=3),  # equal, and another object
    file({"score": 0.95, "task": "a"}, "e2", days_ago=1, valid_until=NOW + 6 * DAY),
    file({"score": 0.1, "task": "b"}, "e3", days_ago=0.5),
    file({"score": 0.1}, "e4", days_ago=0.4),  # whether it is selected cannot be judged
    file({"ok": True}, "n1", kind="facts.note", days_ago=2),
    file({"ok": 1}, "n1", kind="facts.note", days_ago=2),  # equal for Python, not for a criterion
    file({"ok": float("nan")}, "n2", kind="facts.note", days_ago=1),
    file({"ok": True}, "n3", kind="facts.note", complete=False, subject="other-7b"),
    unread(),
    unread("u2", Reading.UNREADABLE, requirement="score", reading_reason="cut off"),
]
WAIVERS = [
    waive("score", 3),
    waive("score", 8, covers=FindingStatus.UNMET, evidence="e2"),
    waive("note", 5, granted_at=NOW + DAY),
    waive("note", 9, revoked_at=NOW),
    waive("also", 6, covers=FindingStatus.STALE, evidence="e1"),
]
DAYS = [-6.0, -2.0, -1.0, 0.0, 0.5, 1.0, 1.0 + 1e-9, 2.0, 3.0, 5.0, 6.0, 8.0, 9.0, 17.0, 19.0, 30.0]


def subset(values, size):
    return st.lists(st.sampled_from(range(len(values))), max_size=size, unique=True).map(
        lambda at: [values[i] for i in at]
    )


situations = st.builds(
    lambda evidence, waivers, gates, profile, weights_days, run: replace(
        situation(*evidence, waivers=waivers, gates=gates, profile=profile),
        weights_at=NOW - timedelta(days=weights_days) if weights_days else None,
        gate_run=run,
    ),
    subset(POOL, 5).map(lambda found: list({e.id: e for e in found}.values())),
    subset(WAIVERS, 2),
    st.sampled_from([None, {}, {"other": GateState.CLEARED}, {"other": GateState.STALE}]),
    st.sampled_from(PROFILES),
    st.sampled_from([None, None, 1.5]),
    st.sampled_from(["g1", "g2"]),
)
moments = st.sampled_from(DAYS).map(lambda days: NOW + timedelta(days=days))
#: One for all examples: what any of them left behind must change no answer of another.
MEMORY = EvaluationMemory(max_remembered=60, max_exhibits=12)


@settings(max_examples=300, deadline=None)  # each plain evaluation compiles its criteria anew
@given(st.lists(st.tuples(st.sampled_from([SPEC, OTHER]), situations, moments), min_size=1, max_size=6))
def test_a_memory_changes_no_evaluation(steps):
    for spec, looked_at, now in steps:
        for moment in (now, now + timedelta(microseconds=1)):
            plain = evaluate(spec, looked_at, CelCriteria(), moment)
            assert MEMORY.evaluate(spec, looked_at, CRITERIA, moment) == plain


@settings(max_examples=150, deadline=None)
@given(situations, st.lists(moments, min_size=2, max_size=8))
def test_time_alone_is_never_remembered_wrongly(looked_at, times):
    memory = EvaluationMemory()
    for now in times:
        assert memory.evaluate(SPEC, looked_at, CRITERIA, now) == evaluate(SPEC, looked_at, CRITERIA, now)


@given(situations, moments)
def test_the_digests_are_those_of_the_values_written_out(looked_at, now):
    result = evaluate(SPEC, looked_at, CRITERIA, now)
    sha256 = {e.id: e.sha256 for e in looked_at.evidence}
    pinned = {"gate_run": looked_at.gate_run, "spec": "s", "profile": "p"}
    signed = [[f.requirement, f.status.value, sha256.get(f.evidence), f.waiver] for f in result.findings]
    assert result.basis == digest_of({**pinned, "findings": signed})
    assert result.inputs == digest_of(
        {
            **pinned,
            "evidence": [identity_of(e) for e in looked_at.evidence],
            "waivers": [[w.id, instant_text(w.expires_at), w.revoked_at is None] for w in looked_at.waivers],
            "weights_at": instant_text(looked_at.weights_at) if looked_at.weights_at else None,
            "gates": {gate: state.value for gate, state in (looked_at.gates or {}).items()},
            "now": instant_text(now),
        }
    )


class CountingCriteria(CelCriteria):
    """Counts what is asked of it."""

    def __init__(self):
        super().__init__()
        self.bindings = 0

    def bind(self, profile, facts, *, key):
        self.bindings += 1
        return super().bind(profile, facts, key=key)


def test_the_same_situation_is_not_judged_again_until_an_answer_runs_out():
    memory, criteria = EvaluationMemory(), CountingCriteria()
    spec = spec_of(wants(fresh_for_days=3))
    evidence = file({"score": 0.1}, days_ago=1)
    first = memory.evaluate(spec, situation(evidence), criteria, NOW)
    asked = criteria.bindings
    for later in (0.5 * DAY, 2 * DAY - timedelta(microseconds=1)):
        again = memory.evaluate(spec, replace(situation(evidence), gate_run="g2"), criteria, NOW + later)
        assert again.findings is first.findings
        assert again.basis != first.basis
        assert again.inputs != first.inputs
    assert criteria.bindings == asked
    stale = memory.evaluate(spec, situation(evidence), criteria, NOW + 2 * DAY)
    assert stale.findings[0].status is FindingStatus.STALE
    assert memory.evaluate(spec, situation(evidence), criteria, NOW).findings == first.findings


def test_one_more_file_has_only_that_file_bound_and_only_its_findings_made():
    memory, criteria = EvaluationMemory(), CountingCriteria()
    spec = spec_of(wants(), wants("note", "facts.ok", kind="facts.note"))
    old, new = file({"score": 0.1}), file({"ok": True}, "e2", kind="facts.note")
    first = memory.evaluate(spec, situation(old), criteria, NOW)
    asked = criteria.bindings
    second = memory.evaluate(spec, situation(old, new), criteria, NOW)
    assert criteria.bindings == asked + 1
    assert second.findings[0] is first.findings[0]
    assert second.findings[1].status is FindingStatus.MET


@pytest.mark.parametrize("facts", [{"ok": 1}, {"ok": 1.0}])
def test_a_verdict_on_true_is_not_given_on_one(facts):
    memory = EvaluationMemory()
    spec = spec_of(wants(criterion="facts.ok"))
    assert memory.evaluate(spec, situation(file({"ok": True})), CRITERIA, NOW).is_ready
    finding = memory.evaluate(spec, situation(file(facts)), CRITERIA, NOW).findings[0]
    assert finding.status is FindingStatus.NOT_TESTED


def test_evidence_bound_beside_another_profile_is_not_taken_over():
    """Two threads may leave a verdict of one profile beside evidence that the other bound."""
    ours, theirs = {**PROFILE}, {**PROFILE, "systemic_risk": False}
    spec, evidence = spec_of(wants(criterion="profile.systemic_risk")), file({"score": 0.1})
    foreign = Judge(situation(evidence), Ground.of(situation(profile=theirs), CRITERIA), Moment(NOW)).exhibits
    looked_at = situation(evidence, profile=ours)
    judge = Judge(looked_at, Ground.of(looked_at, CRITERIA), Moment(NOW), exhibits=foreign)
    assert judge.find(spec.checkpoints[0], spec.checkpoints[0].requirements[0]).finding.status is FindingStatus.MET


def test_threads_share_a_memory():
    memory, wrong = EvaluationMemory(max_remembered=40, max_exhibits=3), []
    cases = [
        (situation(*POOL[i : i + 3], profile=p), NOW + d * DAY) for i in (0, 2, 5) for p in PROFILES for d in (0, 5)
    ]
    expected = [evaluate(SPEC, looked_at, CRITERIA, now) for looked_at, now in cases]

    def work(seed):
        for turn in range(300):
            at = (seed * 7 + turn * 5) % len(cases)
            if memory.evaluate(SPEC, cases[at][0], CRITERIA, cases[at][1]) != expected[at]:
                wrong.append(at)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_list_that_the_caller_changes_afterwards_is_looked_at_again():
    memory, evidence = EvaluationMemory(), [file({"score": 0.1})]
    looked_at = replace(situation(), evidence=evidence)
    assert memory.evaluate(spec_of(wants()), looked_at, CRITERIA, NOW).is_ready
    evidence.append(file({"score": 0.9}, "e2", days_ago=0))
    assert not memory.evaluate(spec_of(wants()), looked_at, CRITERIA, NOW).is_ready


def test_a_moment_holds_between_the_instants_that_were_asked_about():
    moment = Moment(NOW)
    assert moment.holds_at(NOW + 100 * DAY)
    assert moment.is_reached(NOW - DAY)
    assert moment.is_reached(NOW - 2 * DAY)
    assert not moment.is_reached(NOW + DAY)
    assert moment.is_reached(NOW)
    assert [moment.holds_at(NOW + d * DAY) for d in (-1, 0, 0.5, 1, 2)] == [False, True, True, False, False]
