"""What the memory of verdicts keeps: bounded by count, and no evidence beyond what is bound."""

import gc
import weakref
from dataclasses import replace

from test_evaluation import CRITERIA, NOW, PROFILE, file, situation, spec_of, unread, wants
from test_evaluation_memory import CountingCriteria

from pratique.criteria import CelCriteria
from pratique.domain.evidence import Reading
from pratique.domain.exhibit import Exhibit
from pratique.services.evaluation_memory import EvaluationMemory


def test_old_verdicts_are_let_go():
    memory, criteria = EvaluationMemory(max_remembered=4, max_exhibits=2), CountingCriteria()
    spec, evidence = spec_of(wants()), file({"score": 0.1})
    versions = [replace(situation(evidence), version=version) for version in "abc"]
    results = [memory.evaluate(spec, one, criteria, NOW) for one in versions]
    assert memory.evaluate(spec, versions[2], criteria, NOW).findings is results[2].findings
    assert memory.evaluate(spec, versions[0], criteria, NOW).findings is not results[0].findings


class WatchedCriteria(CelCriteria):
    """Keeps nothing bound itself, and knows what others keep."""

    def __init__(self):
        super().__init__(max_bindings=0)
        self.bound = weakref.WeakSet()

    def bind(self, profile, facts, *, key):
        bound = super().bind(profile, facts, key=key)
        self.bound.add(bound)
        return bound


def alive(criteria, handed_out):
    """Count exhibits, evidence and bindings that somebody still holds."""
    gc.collect()
    exhibits = [one for one in gc.get_objects() if type(one) is Exhibit and one.ground.criteria is criteria]
    return len(exhibits), sum(one() is not None for one in handed_out), len(criteria.bound)


def test_what_is_kept_alive_does_not_grow_with_the_gates_that_were_judged():
    """Two requirements, one asked of the profile first, two files: 200 gates, each with files and a profile its own."""
    memory, criteria = EvaluationMemory(max_exhibits=10), WatchedCriteria()
    risky = wants(applies_when="profile.systemic_risk", not_applicable_because="No.")
    spec = spec_of(risky, wants("note", "facts.ok", kind="facts.note"))
    handed_out, counted = [], []
    for number in range(200):
        files = [file({"score": 0.1}, f"e{number}"), file({"ok": True}, f"n{number}", kind="facts.note")]
        looked_at = replace(situation(*files, profile={**PROFILE}), version=f"v{number}", profile_digest=f"p{number}")
        assert memory.evaluate(spec, looked_at, criteria, NOW).is_ready
        handed_out += [weakref.ref(one) for one in files]
        del files, looked_at
        if number in (99, 199):
            counted.append(alive(criteria, handed_out))
    assert counted == [(10, 10, 10)] * 2
    assert all(one() is None for one in handed_out[:-10])


def test_a_verdict_is_given_again_when_its_bound_evidence_was_pushed_out():
    memory, criteria = EvaluationMemory(max_exhibits=1), CountingCriteria()
    spec, evidence = spec_of(wants()), file({"score": 0.1})
    first = memory.evaluate(spec, situation(evidence), criteria, NOW)
    memory.evaluate(spec, replace(situation(evidence), version="3.0"), criteria, NOW)
    asked = criteria.bindings
    assert memory.evaluate(spec, situation(evidence), criteria, NOW).findings is first.findings
    later = memory.evaluate(spec, situation(evidence, unread(reading=Reading.UNREADABLE)), criteria, NOW)
    assert later.findings[0] is first.findings[0]
    assert criteria.bindings == asked


def test_evidence_that_was_let_go_is_like_none():
    """Its address may be used again; a dead reference is never taken for what lies there now."""
    memory, spec = EvaluationMemory(max_exhibits=1), spec_of(wants())
    for turn in range(200):
        score = 0.1 if turn % 2 else 0.9
        result = memory.evaluate(spec, situation(file({"score": score})), CRITERIA, NOW)
        assert result.is_ready is (score < 0.5)
        memory.evaluate(spec, replace(situation(), version="3.0"), CRITERIA, NOW)  # pushes out what was bound


def test_verdicts_weigh_their_files_too():
    memory, spec = EvaluationMemory(max_remembered=40), spec_of(wants())
    files = [file({"score": 0.1}, f"e{number}") for number in range(18)]
    versions = [replace(situation(*files), version=version) for version in "abc"]
    results = [memory.evaluate(spec, one, CRITERIA, NOW) for one in versions]
    again = [memory.evaluate(spec, versions[at], CRITERIA, NOW).findings is results[at].findings for at in (2, 1, 0)]
    assert again == [True, True, False]
