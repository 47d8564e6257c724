"""Evidence that was replaced is judged no more; evidence that a change overtook has to be renewed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from pratique.criteria import CelCriteria
from pratique.domain.evaluation import Evaluation, Situation, evaluate
from pratique.domain.evidence import Evidence, Extraction, Reading
from pratique.domain.findings import Finding, FindingStatus
from pratique.domain.spec import Change, GateSpec, Requirement
from pratique.regimes.rulebook import spec_digest, spec_json
from pratique.services.evaluation_memory import EvaluationMemory

NOW = datetime(2026, 11, 23, 14, tzinfo=UTC)
CRITERIA = CelCriteria()


def spec(**members: Any) -> GateSpec:
    requirement = {
        "id": "wanted",
        "title": "Wanted",
        "measures": ["S-3.2"],
        "why": "For the test.",
        "evidence": {"kind": "evaluation", "select": 'facts.task == "cbrn"'},
        "criterion": "facts.score < 0.5",
        **members,
    }
    return GateSpec.model_validate(
        {
            "format": "pratique.gate/1",
            "id": "trial",
            "version": 1,
            "edition": "eu-gpai-code@2025-07-10",
            "title": "Trial",
            "decides": "Whether it goes on.",
            "stage": "training",
            "moment": "training_trigger",
            "measures": ["S-3.2"],
            "does_not_show": "Much.",
            "checkpoints": [{"id": "a", "kind": "assessment", "title": "A", "requirements": [requirement]}],
            "due": {"follow_up_days": 5, "due_days": 10},
        }
    )


def evidence(name: str, *, day: int, kind: str = "evaluation", revises: str | None = None, **facts: Any) -> Evidence:
    at = NOW - timedelta(days=30 - day)
    reading = Reading(facts.pop("reading", "read"))
    digest = f"{sum(map(ord, name)):064x}"
    read = Extraction(
        kind=kind,
        collector="c",
        collector_version="1",
        complete=facts.pop("complete", True),
        subject=facts.pop("subject", None),
        produced_at=at,
        facts=facts,
    )
    return Evidence(
        id=name,
        sha256=digest,
        filename=f"{name}.json",
        received_at=at,
        submitter="mira",
        reading=reading,
        reading_reason="garbled" if reading is Reading.UNREADABLE else None,
        revises=revises,
        extraction=read if reading is Reading.READ else None,
    )


def judged(given: GateSpec, *pieces: Evidence, memory: EvaluationMemory | None = None) -> Evaluation:
    situation = Situation(
        gate_run="run",
        spec_digest=spec_digest(given),
        model="aurora",
        version="2.1",
        profile={"known_as": []},
        profile_digest="p",
        evidence=pieces,
    )
    fresh = evaluate(given, situation, CRITERIA, NOW)
    if memory is not None:
        assert memory.evaluate(given, situation, CRITERIA, NOW) == fresh
    return fresh


def finding(given: GateSpec, *pieces: Evidence, memory: EvaluationMemory | None = None) -> Finding:
    return judged(given, *pieces, memory=memory).findings[0]


BAD = {"task": "cbrn", "score": 0.9}
GOOD = {"task": "cbrn", "score": 0.1}


def test_only_the_newest_of_a_chain_is_judged_even_when_it_is_dated_earlier() -> None:
    first = evidence("first", day=5, **BAD)
    second = evidence("second", day=3, revises="first", **BAD)
    third = evidence("third", day=2, revises="second", **GOOD)
    found = finding(spec(), first, second, third)
    assert (found.status, found.evidence) == (FindingStatus.MET, "third")


def test_a_chain_stands_at_its_latest_date_so_nothing_between_comes_before_it() -> None:
    first = evidence("first", day=5, **BAD)
    between = evidence("between", day=4, **GOOD)
    second = evidence("second", day=3, revises="first", **BAD)
    found = finding(spec(), first, between, second)
    assert (found.status, found.evidence) == (FindingStatus.UNMET, "second")
    newer = evidence("newer", day=6, **GOOD)
    assert finding(spec(), first, between, second, newer).evidence == "newer"


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        (BAD, FindingStatus.UNMET),
        ({**BAD, "complete": False}, FindingStatus.NOT_TESTED),
        ({**GOOD, "complete": False}, FindingStatus.NOT_TESTED),
        ({**GOOD, "subject": "another/model"}, FindingStatus.NOT_TESTED),
    ],
)
@pytest.mark.parametrize("links", [1, 3])
def test_replacing_a_bad_answer_by_an_older_one_brings_no_old_pass_back(
    facts: dict[str, Any], status: FindingStatus, links: int
) -> None:
    pieces = [evidence("old", day=10, **GOOD), evidence("bad0", day=20, **BAD)]
    pieces += [evidence(f"bad{n}", day=6 - n, revises=f"bad{n - 1}", **BAD) for n in range(1, links)]
    head = evidence("head", day=2, revises=f"bad{links - 1}", **facts)
    found = finding(spec(), *pieces, head)
    assert (found.status, found.evidence) == (status, "head")


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"task": "cyber", "score": 0.1}, "does not speak to this"),
        ({"kind": "model-card"}, "does not speak to this"),
        ({"reading": "unreadable"}, "could not be read: garbled"),
    ],
)
def test_replacing_a_bad_answer_by_another_thing_brings_no_older_one_back(facts: dict[str, Any], why: str) -> None:
    oldest = evidence("oldest", day=1, **GOOD)
    bad = evidence("bad", day=2, **BAD)
    other = evidence("other", day=3, revises="bad", **facts)
    found = finding(spec(), oldest, bad, other)
    assert (found.status, found.evidence) == (FindingStatus.NOT_TESTED, "bad")
    assert why in found.reason
    assert finding(spec(), oldest, bad, other, evidence("new", day=4, **GOOD)).status is FindingStatus.MET


def test_a_revision_that_was_not_read_yet_holds_up_what_it_may_speak_to() -> None:
    found = finding(spec(), evidence("a", day=1, **GOOD), evidence("b", day=2, revises="a", reading="pending"))
    assert (found.status, found.evidence) == (FindingStatus.NOT_TESTED, "b")


def test_a_chain_in_a_circle_ends() -> None:
    pieces = [evidence("a", day=1, revises="b", **GOOD), evidence("b", day=2, revises="a", **GOOD)]
    assert finding(spec(), *pieces).status in (FindingStatus.NOT_TESTED, FindingStatus.MET)


RENEWED = spec(
    renew_on=["evaluation-version", "system-card"], evidence={"kind": "facts.safety-case"}, criterion="facts.ok"
)


def case(day: int) -> Evidence:
    return evidence("case", day=day, kind="facts.safety-case", ok=True)


def run(name: str, day: int, version: Any, **more: Any) -> Evidence:
    return evidence(name, day=day, **{**GOOD, "task_version": version, **more})


def card(name: str, day: int) -> Evidence:
    return evidence(name, day=day, kind="model-card")


def test_another_version_of_an_evaluation_makes_what_rests_on_it_stale() -> None:
    memory = EvaluationMemory()
    before = [run("v1", 1, 1), case(2)]
    assert finding(RENEWED, *before, memory=memory).status is FindingStatus.MET
    same = [*before, run("again", 3, 1)]
    assert finding(RENEWED, *same, memory=memory).status is FindingStatus.MET
    found = finding(RENEWED, *same, run("v2", 4, 2), memory=memory)
    assert (found.status, found.evidence) == (FindingStatus.STALE, "case")
    assert "case.json goes by version 1 of cbrn; v2.json" in found.reason
    assert "is of version 2" in found.reason
    renewed = evidence("case2", day=5, kind="facts.safety-case", ok=True)
    assert finding(RENEWED, *same, run("v2", 4, 2), renewed, memory=memory).status is FindingStatus.MET


def test_lm_eval_names_a_version_for_each_task() -> None:
    first = evidence("first", day=1, task="a,b", versions={"a": 1.0, "b": 2}, score=0.1)
    second = evidence("second", day=3, task="b", versions={"b": 3}, score=0.1)
    assert finding(RENEWED, first, case(2)).status is FindingStatus.MET
    assert "version 2 of b" in finding(RENEWED, first, case(2), second).reason


def test_the_first_evaluation_and_the_first_card_change_nothing() -> None:
    assert finding(RENEWED, case(1), run("v1", 2, 1), card("card", 3)).status is FindingStatus.MET


@pytest.mark.parametrize("told", [{"reading": "unreadable"}, {"subject": "another/model"}])
def test_what_was_not_read_or_speaks_of_another_model_tells_of_no_change(told: dict[str, Any]) -> None:
    assert finding(RENEWED, run("v1", 1, 1), case(2), run("v2", 3, 2, **told)).status is FindingStatus.MET


def test_another_card_makes_what_is_older_stale_and_itself_nothing() -> None:
    memory = EvaluationMemory()
    assert finding(RENEWED, card("one", 1), case(2), memory=memory).status is FindingStatus.MET
    found = finding(RENEWED, card("one", 1), case(2), card("two", 3), memory=memory)
    assert found.status is FindingStatus.STALE
    assert "older than the system card two.json" in found.reason
    of_card = spec(renew_on=["system-card"], evidence={"kind": "model-card"}, criterion="true")
    assert finding(of_card, card("one", 1), card("two", 3)).status is FindingStatus.MET


def test_a_card_that_replaces_a_newer_one_still_tells_of_the_change() -> None:
    second = evidence("two", day=3, kind="model-card")
    older = evidence("three", day=2, kind="model-card", revises="two")
    found = finding(RENEWED, card("one", 1), case(2), second, older)
    assert found.status is FindingStatus.STALE


def test_an_evaluation_itself_is_stale_once_its_task_has_another_version() -> None:
    asked = spec(renew_on=["evaluation-version"], evidence={"kind": "evaluation", "select": "facts.score < 0.2"})
    found = finding(asked, run("v1", 1, 1), run("v2", 2, 2, score=0.4))
    assert (found.status, found.evidence) == (FindingStatus.STALE, "v1")
    other_task = evidence("other", day=2, task="cyber", task_version=2, score=0.4)
    assert finding(asked, run("v1", 1, 1), other_task).status is FindingStatus.MET


def test_without_the_member_nothing_changes_and_digests_stay() -> None:
    assert (
        finding(
            spec(evidence={"kind": "facts.safety-case"}, criterion="facts.ok"),
            run("v1", 1, 1),
            case(2),
            run("v2", 3, 2),
        ).status
        is FindingStatus.MET
    )
    body = spec_json(spec())["checkpoints"][0]["requirements"][0]
    assert "renew_on" not in body
    assert spec_json(RENEWED)["checkpoints"][0]["requirements"][0]["renew_on"] == list(Change)
    assert GateSpec.model_validate(spec_json(RENEWED)) == RENEWED


def test_what_rests_on_no_evidence_cannot_be_renewed() -> None:
    with pytest.raises(ValidationError, match="renew_on"):
        Requirement.model_validate(
            {"id": "a", "title": "A", "measures": ["S-3.2"], "why": "x", "gate": "b", "renew_on": ["system-card"]}
        )


def test_a_revision_changes_what_was_looked_at_and_no_digest_of_before() -> None:
    plain = judged(spec(), evidence("a", day=1, **GOOD), evidence("b", day=2, **GOOD))
    chained = judged(spec(), evidence("a", day=1, **GOOD), evidence("b", day=2, revises="a", **GOOD))
    assert plain.inputs != chained.inputs
    assert plain.basis == chained.basis
