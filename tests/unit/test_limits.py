"""Time limits as subjects of requirements."""

from dataclasses import replace
from datetime import timedelta

import pytest
from test_evaluation import CRITERIA, DAY, NOW, situation, spec_of

from pratique.domain.evaluation import evaluate
from pratique.domain.findings import FindingStatus
from pratique.domain.limits import TimeLimit
from pratique.services.evaluation_memory import EvaluationMemory

SPEC = spec_of({"id": "told", "title": "T", "measures": ["Art. 52"], "why": "W", "clock": "art-52-notification"})


def limit(state, *, due=1.0, met=None, start=-10.0, rule="art-52-notification", **more):
    return TimeLimit(
        rule,
        None,
        state,
        NOW + start * DAY,
        (NOW + due * DAY).date().isoformat(),
        NOW + due * DAY,
        NOW + met * DAY if met is not None else None,
        **more,
    )


#: A round that begins with what met the one before.
NEXT = limit("running", due=5, start=-3, trigger="o2")


def look(*limits, now=NOW):
    return evaluate(SPEC, replace(situation(), limits=limits), CRITERIA, now)


@pytest.mark.parametrize(
    ("limits", "status", "words"),
    [
        ((), FindingStatus.NOT_TESTED, "has not begun to run"),
        ((limit("met", rule="another"),), FindingStatus.NOT_TESTED, "has not begun to run"),
        ((limit("met", met=-1),), FindingStatus.MET, ""),
        (
            (limit("missed", met=-1, due=-2),),
            FindingStatus.MET,
            "done on 2026-11-22, 1 day after it was due on 2026-11-21",
        ),
        ((limit("missed", met=-1, due=-21),), FindingStatus.MET, "done on 2026-11-22, 20 days after it was due on"),
        ((limit("missed", met=-1, due=-1),), FindingStatus.MET, "2026-11-22, later on the day on which it was due"),
        (
            (limit("missed", met=-1, due=-2, circumstances="Cut off by the flood."),),
            FindingStatus.MET,
            "(exceptional circumstances were named: Cut off by the flood.)",
        ),
        (
            (limit("missed", met=-3, due=-2, reason="ended before the time was over"),),
            FindingStatus.UNMET,
            "was not waited out (ended before the time was over); its last day was 2026-11-21",
        ),
        ((limit("running", due=3),), FindingStatus.UNMET, "runs; its last day is 2026-11-26"),
        ((limit("running", due=-1),), FindingStatus.UNMET, "was missed; its last day was 2026-11-22"),
        ((limit("missed", due=-1),), FindingStatus.UNMET, "was missed"),
        ((limit("void", reason="contested"),), FindingStatus.NOT_APPLICABLE, "is void: contested"),
        ((limit("void"), limit("met", met=-1, start=-2)), FindingStatus.MET, ""),
        ((limit("met", met=-3, due=-2, met_by="o2"), NEXT), FindingStatus.MET, ""),
        ((limit("met", met=-3, due=-2, met_by="o1"), NEXT), FindingStatus.UNMET, "runs; its last day is"),
        ((limit("missed", met=-1, due=-2, met_by="o2"), NEXT), FindingStatus.MET, "1 day after it was due"),
        ((limit("missed", met=-7, due=-8), limit("met", met=-3, due=-2, start=-7)), FindingStatus.MET, "1 day after"),
        ((limit("missed", due=-8), limit("met", met=-3, due=-2, start=-7)), FindingStatus.UNMET, "was missed"),
        ((limit("met", met=-3, due=-2), limit("running", due=-1, start=-3)), FindingStatus.UNMET, "was missed"),
    ],
)
def test_a_time_limit_is_what_its_clocks_amount_to(limits, status, words):
    finding = look(*limits).findings[0]
    assert finding.status is status
    assert words in finding.reason


def look_with(requirement, *limits):
    spec = spec_of({"id": "told", "title": "T", "measures": ["S-1.3"], "why": "W", "clock": "duty", **requirement})
    return evaluate(spec, replace(situation(), limits=limits), CRITERIA, NOW)


@pytest.mark.parametrize(
    ("requirement", "limits", "status"),
    [
        ({"if_begun": True}, (), FindingStatus.NOT_APPLICABLE),
        ({"if_begun": True}, (limit("running", rule="duty"),), FindingStatus.UNMET),
        ({"may_run": True}, (), FindingStatus.NOT_TESTED),
        ({"may_run": True}, (limit("running", rule="duty"),), FindingStatus.MET),
        ({"may_run": True}, (limit("running", due=-1, rule="duty"),), FindingStatus.UNMET),
        ({"may_run": True}, (limit("missed", due=-2, rule="duty"),), FindingStatus.UNMET),
        ({"may_run": True}, (limit("missed", met=-1, due=-2, rule="duty"),), FindingStatus.MET),
        ({"may_run": True}, (limit("void", rule="duty"),), FindingStatus.NOT_APPLICABLE),
    ],
)
def test_a_limit_may_be_conditional_or_come_round_again(requirement, limits, status):
    assert look_with(requirement, *limits).findings[0].status is status


@pytest.mark.parametrize("requirement", [{}, {"may_run": True}])
def test_a_round_whose_last_day_cannot_be_told_is_not_tested(requirement):
    """A duty that came round again stays met without end otherwise: nothing says when it is over."""
    undated = NEXT._replace(rule="duty", due_on=None, due_at=None, unknown="no list of holidays for 2031")
    found = look_with(requirement, limit("met", met=-3, due=-2, met_by="o2", rule="duty"), undated)
    assert found.findings[0].status is FindingStatus.NOT_TESTED
    assert found.findings[0].reason == (
        "time limit duty runs, and its last day cannot be told: no list of holidays for 2031"
    )
    dated = limit("running", due=3, rule="duty")
    assert look_with({"may_run": True}, dated, undated).findings[0].status is FindingStatus.NOT_TESTED


def test_what_runs_for_the_first_time_without_a_last_day_is_unmet():
    undated = limit("running", rule="duty")._replace(due_on=None, due_at=None)
    assert look_with({}, undated).findings[0].status is FindingStatus.UNMET


def test_what_may_run_is_looked_at_again_on_its_last_day():
    running = limit("running", due=3, rule="duty")
    found = look_with({"may_run": True}, running)
    assert (found.is_ready, found.recheck_at) == (True, running.due_at)


def test_it_is_looked_at_again_when_the_limit_runs_out():
    running = limit("running", due=3)
    assert look(running).recheck_at == running.due_at
    assert "was missed" in look(running, now=running.due_at).findings[0].reason
    assert look(running, now=running.due_at).recheck_at is None


def test_a_round_that_comes_again_is_met_until_its_day():
    found = look(limit("met", met=-3, due=-2, met_by="o2"), NEXT)
    assert found.is_ready
    assert found.recheck_at == NOW + 5 * DAY


def test_the_memory_of_verdicts_tells_limits_apart():
    memory = EvaluationMemory()
    for limits in ([limit("running", due=3)], [limit("met", met=-1)], [limit("running", due=3)], []):
        for now in (NOW, NOW + timedelta(days=3)):
            at = replace(situation(), limits=limits)
            assert memory.evaluate(SPEC, at, CRITERIA, now) == evaluate(SPEC, at, CRITERIA, now)


def test_the_memory_of_verdicts_tells_occasions_apart():
    memory, spec = EvaluationMemory(), SPEC
    for since in (None, NOW - DAY, None, NOW - 2 * DAY):
        at = replace(situation(), occasion_since=since)
        assert memory.evaluate(spec, at, CRITERIA, NOW) == evaluate(spec, at, CRITERIA, NOW)
