from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.criteria import CelCriteria
from pratique.domain.decisions import Waiver
from pratique.domain.evaluation import Situation, evaluate
from pratique.domain.evidence import Evidence, Extraction, Reading
from pratique.domain.exhibit import Exhibit, Ground
from pratique.domain.findings import FindingStatus
from pratique.domain.gates import GateState
from pratique.domain.models import ModelProfile
from pratique.domain.spec import GateSpec
from pratique.services.evaluation_memory import EvaluationMemory

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
CRITERIA = CelCriteria()
PROFILE = ModelProfile(systemic_risk=True, known_as=("mockllm/model",)).as_json()


def spec_of(*requirements):
    return GateSpec.model_validate(
        {
            "format": "pratique.gate/1",
            "id": "trial",
            "version": 1,
            "edition": "eu-gpai-code@2025-07-10",
            "title": "Trial",
            "decides": "Whether.",
            "stage": "training",
            "moment": "training_trigger",
            "measures": ["S-1.2"],
            "does_not_show": "Much.",
            "checkpoints": [
                {"id": "assessment", "kind": "assessment", "title": "A", "requirements": list(requirements)}
            ],
            "due": {"follow_up_days": 1, "due_days": 2},
        }
    )


def wants(requirement_id="score", criterion="facts.score < 0.5", kind="evaluation", select=None, **more):
    need = {"kind": kind} | ({"select": select} if select else {})
    return {
        "id": requirement_id,
        "title": "T",
        "measures": ["S-3.2"],
        "why": "W",
        "evidence": need,
        "criterion": criterion,
    } | more


def file(facts, evidence_id="e1", *, days_ago=1.0, kind="evaluation", complete=True, subject="mockllm/model", **more):
    at = NOW - timedelta(days=days_ago)
    read = Extraction(
        kind=kind,
        collector="trial",
        collector_version="1",
        complete=complete,
        incomplete_reason=None if complete else "15 of 20 done",
        subject=subject,
        produced_at=more.pop("produced_at", at),
        valid_until=more.pop("valid_until", None),
        facts=facts,
    )
    fields = {"reading": Reading.READ, "extraction": read, "received_at": at} | more
    return Evidence(id=evidence_id, sha256=evidence_id * 4, filename=f"{evidence_id}.json", submitter="mira", **fields)


def unread(evidence_id="u1", reading=Reading.PENDING, **more):
    return file({}, evidence_id, reading=reading, extraction=None, days_ago=0.1, **more)


def waive(requirement_id="score", days=10, **more):
    fields = {"granted_at": NOW - 5 * DAY, "expires_at": NOW + days * DAY} | more
    fields = {"covers": FindingStatus.NOT_TESTED, "evidence": None} | fields
    return Waiver(id="w1", requirement=requirement_id, person="ines", reason="known", **fields)


def situation(*evidence, waivers=(), gates=None, profile=PROFILE):
    return Situation(
        gate_run="g1",
        spec_digest="s",
        model="aurora",
        version="2.1",
        profile=profile,
        profile_digest="p",
        evidence=evidence,
        waivers=waivers,
        gates=gates,
    )


def look(spec, *evidence, now=NOW, **more):
    return evaluate(spec, situation(*evidence, **more), CRITERIA, now)


def status_of(spec, *evidence, **more):
    return look(spec, *evidence, **more).findings[0].status


ONE = spec_of(wants())


def test_facts_that_satisfy_the_criterion_meet_it():
    result = look(ONE, file({"score": 0.3}))
    assert result.is_ready
    assert result.findings[0].status is FindingStatus.MET
    assert result.findings[0].evidence == "e1"
    assert result.findings[0].reason == ""


def test_facts_that_do_not_satisfy_it_are_unmet_with_the_words_of_the_spec():
    result = look(spec_of(wants(unmet="Too high.")), file({"score": 0.5}))
    assert not result.is_ready
    assert result.findings[0].status is FindingStatus.UNMET
    assert result.findings[0].reason == "Too high."
    assert result.open_findings == result.findings


def test_no_evidence_is_not_tested():
    result = look(ONE)
    assert not result.is_ready
    assert result.findings[0].reason == "no evidence of kind evaluation was submitted"


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"score": None},
        {"score": float("nan")},
        {"score": float("-inf")},
        {"score": "0.1"},
        {"score": [0.1]},
        {"score": 0.1, "other": float("nan")},
        {"score": 0.1, "other": 2**70},
        {"score": 0.1, "other": "a\0b"},
    ],
)
def test_missing_or_unfit_facts_are_never_met(facts):
    result = look(ONE, file(facts))
    assert result.findings[0].status is FindingStatus.NOT_TESTED
    assert result.findings[0].reason
    assert not result.is_ready


def test_a_negated_criterion_is_not_met_by_nan():
    assert status_of(spec_of(wants(criterion="!(facts.score > 0.5)")), file({"score": float("nan")})) is (
        FindingStatus.NOT_TESTED
    )


def test_incomplete_evidence_is_not_judged_however_good_its_numbers():
    finding = look(ONE, file({"score": 0.1}, complete=False)).findings[0]
    assert finding.status is FindingStatus.NOT_TESTED
    assert "15 of 20 done" in finding.reason


def test_evidence_about_another_model_is_not_judged():
    finding = look(ONE, file({"score": 0.1}, subject="other-7b")).findings[0]
    assert finding.status is FindingStatus.NOT_TESTED
    assert "other-7b" in finding.reason


@pytest.mark.parametrize("name", ["aurora-2.1", "aurora:2.1", "aurora/2.1", "mockllm/model", None])
def test_the_version_is_known_by_its_names(name):
    assert status_of(ONE, file({"score": 0.1}, subject=name)) is FindingStatus.MET


def test_newer_evidence_stands_before_older():
    assert status_of(ONE, file({"score": 0.1}, "old", days_ago=5), file({"score": 0.9}, "new", days_ago=1)) is (
        FindingStatus.UNMET
    )


def test_a_newer_incomplete_file_is_not_passed_over_for_an_older_good_one():
    older, newer = file({"score": 0.1}, "old", days_ago=5), file({"score": 0.1}, "new", complete=False)
    assert status_of(ONE, older, newer) is FindingStatus.NOT_TESTED


def test_a_newer_file_that_cannot_be_selected_or_ruled_out_is_not_passed_over():
    spec = spec_of(wants(select='facts.task == "cbrn"'))
    older = file({"task": "cbrn", "score": 0.1}, "old", days_ago=5)
    assert status_of(spec, older, file({"task": "cyber", "score": 0.9}, "new")) is FindingStatus.MET
    for facts in ({"score": 0.9}, {"task": "cbrn", "score": float("nan")}):
        finding = look(spec, older, file(facts, "new")).findings[0]
        assert finding.status is FindingStatus.NOT_TESTED
        assert "whether new.json speaks to this could not be judged" in finding.reason


def test_evidence_of_another_kind_or_task_does_not_speak_to_a_requirement():
    assert status_of(ONE, file({"score": 0.1}, kind="facts.note")) is FindingStatus.NOT_TESTED
    spec = spec_of(wants(select='facts.task == "cbrn"'))
    assert status_of(spec, file({"task": "cyber", "score": 0.1})) is FindingStatus.NOT_TESTED


def test_a_file_dated_in_the_future_counts_from_its_receipt():
    older = file({"score": 0.1}, "old", days_ago=5, produced_at=NOW + 100 * DAY)
    assert status_of(spec_of(wants(fresh_for_days=3)), older) is FindingStatus.STALE
    assert status_of(ONE, older, file({"score": 0.9}, "new", days_ago=1)) is FindingStatus.UNMET


def test_unread_evidence_meant_for_a_requirement_holds_it_open():
    finding = look(ONE, file({"score": 0.1}), unread(requirement="score")).findings[0]
    assert finding.status is FindingStatus.NOT_TESTED
    assert "not read yet" in finding.reason


def test_unreadable_evidence_is_named_where_nothing_else_is():
    broken = unread(reading=Reading.UNREADABLE, reading_reason="truncated")
    assert "truncated" in look(ONE, broken).findings[0].reason


def test_evidence_runs_out_by_age_and_by_its_own_date():
    fresh = spec_of(wants(fresh_for_days=3))
    result = look(fresh, file({"score": 0.1}, days_ago=1))
    assert result.findings[0].status is FindingStatus.MET
    assert result.recheck_at == NOW + 2 * DAY
    assert status_of(fresh, file({"score": 0.1}, days_ago=3)) is FindingStatus.STALE
    assert status_of(ONE, file({"score": 0.1}, valid_until=NOW)) is FindingStatus.STALE
    assert look(ONE, file({"score": 0.1}, valid_until=NOW + DAY)).recheck_at == NOW + DAY


SETTLED = spec_of(wants(fresh_for_days=20)).model_copy(update={"settled_when": "profile.stage == 'placed'"})
PLACED = {**PROFILE, "stage": "placed"}


def look_settled(*evidence, profile=PLACED, is_cleared=True, spec=SETTLED):
    at = replace(situation(*evidence, profile=profile), is_cleared=is_cleared)
    return evaluate(spec, at, CRITERIA, NOW)


def test_age_ends_no_clearance_that_is_settled():
    old = file({"score": 0.3}, days_ago=30)
    settled = look_settled(old)
    assert (settled.findings[0].status, settled.recheck_at) == (FindingStatus.MET, None)
    assert look_settled(file({"score": 0.3}, days_ago=3)).recheck_at is None


@pytest.mark.parametrize(
    "more",
    [
        {"is_cleared": False},
        {"profile": {**PROFILE, "stage": "trained"}},
        {"spec": SETTLED.model_copy(update={"settled_when": None})},
        {"spec": SETTLED.model_copy(update={"settled_when": "profile.nowhere == 1"})},
    ],
)
def test_nothing_is_settled_before_its_time_or_without_a_clearance(more):
    assert look_settled(file({"score": 0.3}, days_ago=30), **more).findings[0].status is FindingStatus.STALE


def test_what_is_settled_still_rests_on_what_files_say():
    ended = file({"score": 0.3}, days_ago=30, valid_until=NOW - DAY)
    assert look_settled(ended).findings[0].status is FindingStatus.STALE
    worse = file({"score": 0.9}, "e2", days_ago=25)
    assert look_settled(file({"score": 0.3}, days_ago=30), worse).findings[0].status is FindingStatus.UNMET
    assert look_settled().findings[0].status is FindingStatus.NOT_TESTED


def test_the_memory_of_verdicts_tells_cleared_from_not_yet_cleared():
    memory, old = EvaluationMemory(), file({"score": 0.3}, days_ago=15)
    for is_cleared in (True, False, True):
        for now in (NOW, NOW + 10 * DAY):
            at = replace(situation(old, profile=PLACED), is_cleared=is_cleared)
            assert memory.evaluate(SETTLED, at, CRITERIA, now) == evaluate(SETTLED, at, CRITERIA, now)


def test_a_waiver_stays_visible_and_ends():
    result = look(ONE, waivers=[waive(days=1)])
    finding = result.findings[0]
    assert result.is_ready
    assert (finding.status, finding.without_waiver) == (FindingStatus.WAIVED, FindingStatus.NOT_TESTED)
    assert "waived by ines: known" in finding.reason
    assert result.recheck_at == NOW + DAY
    assert not look(ONE, waivers=[waive(days=1)], now=NOW + DAY).is_ready


@pytest.mark.parametrize(
    "waiver",
    [waive("other"), waive(days=-1), waive(revoked_at=NOW - DAY), waive(granted_at=NOW + DAY)],
    ids=["other requirement", "expired", "revoked", "not granted yet"],
)
def test_a_waiver_that_does_not_stand_changes_nothing(waiver):
    assert not look(ONE, waivers=[waiver]).is_ready


def test_a_waiver_covers_the_finding_that_was_waived_and_no_other():
    missing = waive()
    assert look(ONE, waivers=[missing]).is_ready
    assert status_of(ONE, file({"score": 0.9}), waivers=[missing]) is FindingStatus.UNMET
    of_one_file = waive(covers=FindingStatus.UNMET, evidence="e1")
    assert look(ONE, file({"score": 0.9}), waivers=[of_one_file]).is_ready
    worse = file({"score": 0.99}, "e2", days_ago=0)
    assert status_of(ONE, file({"score": 0.9}), worse, waivers=[of_one_file]) is FindingStatus.UNMET


def test_a_waived_finding_is_looked_at_again_when_its_evidence_runs_out():
    waived = waive(days=20, covers=FindingStatus.UNMET, evidence="e1")
    evidence = file({"score": 0.9}, valid_until=NOW + 5 * DAY)
    result = look(ONE, evidence, waivers=[waived])
    assert (result.is_ready, result.recheck_at) == (True, NOW + 5 * DAY)
    assert look(ONE, evidence, waivers=[waived], now=NOW + 5 * DAY).findings[0].status is FindingStatus.STALE
    assert look(ONE, file({"score": 0.9}), waivers=[waived]).recheck_at == NOW + 20 * DAY


def test_a_newer_file_that_was_not_read_yet_holds_every_answer_of_evidence():
    result = look(ONE, file({"score": 0.1}), unread())
    assert result.findings[0].status is FindingStatus.NOT_TESTED
    assert result.findings[0].reason == "u1.json: not read yet"
    older = unread(received_at=NOW - 30 * DAY)
    assert look(ONE, file({"score": 0.1}), older).is_ready


def test_evidence_of_other_weights_is_not_tested():
    ours, theirs = "a" * 64, "b" * 64
    profile = {**PROFILE, "weights_sha256": ours}
    assert look(ONE, file({"score": 0.1, "weights_sha256": ours}), profile=profile).is_ready
    result = look(ONE, file({"score": 0.1, "weights_sha256": theirs}), profile=profile)
    assert result.findings[0].status is FindingStatus.NOT_TESTED
    assert "made on weights bbbbbbbbbbbb, this version has aaaaaaaaaaaa" in result.findings[0].reason


@pytest.mark.parametrize(
    ("kind", "subjects", "reason"),
    [
        ("attestation", ["b" * 64, "a" * 64], None),
        ("attestation", ["b" * 64, "c" * 64], "made on weights bbbbbbbbbbbb and cccccccccccc, this version has aaaa"),
        ("attestation", [None], "names no SHA-256 of what it is about, this version has aaaaaaaaaaaa"),
        ("attestation", [], "names no SHA-256"),
        ("signature", ["a" * 64, "b" * 64], "names no SHA-256"),  # its subject is the root of all of its files
        ("evaluation", [], None),
    ],
)
def test_a_statement_counts_for_weights_only_under_their_digest(
    kind: str, subjects: list[str | None], reason: str | None
) -> None:
    listed = [{"name": "aurora/2.1", "sha256": digest} for digest in subjects]
    told = file({"score": 0.1, "subjects": listed}, kind=kind)
    trouble = Exhibit(told, Ground.of(situation(told, profile={**PROFILE, "weights_sha256": "a" * 64}), CRITERIA)).other
    assert (trouble is None) if reason is None else (reason in (trouble or ""))
    assert Exhibit(told, Ground.of(situation(told, profile=PROFILE), CRITERIA)).other is None


def test_evidence_that_names_no_weights_counts_only_if_it_is_younger_than_theirs():
    profile = {**PROFILE, "weights_sha256": "a" * 64}
    old, young = file({"score": 0.1}, days_ago=3), file({"score": 0.1}, "e2", days_ago=1)
    changed = replace(situation(old, profile=profile), weights_at=NOW - 2 * DAY)
    assert evaluate(ONE, changed, CRITERIA, NOW).findings[0].status is FindingStatus.NOT_TESTED
    renewed = replace(changed, evidence=(old, young))
    assert evaluate(ONE, renewed, CRITERIA, NOW).is_ready


def test_what_does_not_apply_says_why_and_clears_nothing_alone():
    spec = spec_of(wants(applies_when="!profile.systemic_risk", not_applicable_because="Systemic risk only."))
    result = look(spec)
    assert result.findings[0].status is FindingStatus.NOT_APPLICABLE
    assert result.findings[0].reason == "Systemic risk only."
    assert not result.is_ready


def test_not_knowing_whether_it_applies_is_not_tested():
    spec = spec_of(wants(applies_when="profile.nope == 1", not_applicable_because="x"))
    assert status_of(spec, file({"score": 0.1})) is FindingStatus.NOT_TESTED


@pytest.mark.parametrize("state", [None, *GateState])
def test_only_a_cleared_gate_meets_a_gate_requirement(state):
    gate = {"id": "before", "title": "T", "measures": ["S-1.2"], "why": "W", "gate": "other"}
    result = look(spec_of(gate), gates={"other": state} if state else {})
    assert result.is_ready == (state is GateState.CLEARED)


def test_advice_holds_no_gate_shut_and_clears_none():
    spec = spec_of(wants(), wants("advice", "facts.nope", gating="advise"))
    assert look(spec, file({"score": 0.1})).is_ready
    spec = spec_of(wants(), wants("advice", "facts.score < 2.0", gating="advise"))
    assert not look(spec, file({"score": 0.9})).is_ready


def test_the_basis_moves_with_what_people_sign_and_not_with_the_clock():
    good = file({"score": 0.1})
    basis = look(ONE, good).basis
    assert look(ONE, good, now=NOW + DAY).basis == basis
    assert look(ONE, good).inputs != look(ONE, good, now=NOW + DAY).inputs
    assert look(ONE, file({"score": 0.2}, "e2")).basis != basis
    assert look(ONE, waivers=[waive()]).basis != basis
    assert look(ONE, file({"score": 0.9})).basis != basis


def test_the_inputs_move_with_the_parser_that_read_the_file():
    one = file({"score": 0.1})
    two = replace(one, extraction=replace(one.extraction, collector_version="2"))
    assert look(ONE, one).inputs != look(ONE, two).inputs


def test_a_newer_reading_of_the_same_file_is_judged_on_its_own_facts():
    one = file({"score": 0.1})
    assert look(ONE, one).is_ready
    two = replace(one, extraction=replace(one.extraction, collector_version="2", facts={"score": 0.9}))
    assert not look(ONE, two).is_ready


TWO = spec_of(
    wants(select='facts.task == "a"', fresh_for_days=20),
    wants("note", "facts.ok", kind="facts.note"),
    wants("late", "facts.score >= 0.0", fresh_for_days=5, gating="advise"),
)
values = st.one_of(
    st.floats(), st.none(), st.text("a\0\ud800", max_size=2), st.integers(-(2**65), 2**65), st.booleans(), st.just(0.1)
)
files = st.builds(
    file,
    st.fixed_dictionaries({}, optional={"score": values, "task": st.sampled_from(["a", "b", 1]), "ok": values}),
    st.sampled_from(["e1", "e2", "e3"]),
    days_ago=st.floats(0, 30),
    kind=st.sampled_from(["evaluation", "facts.note"]),
    complete=st.booleans() | st.just(True),
    valid_until=st.none() | st.floats(-3, 30).map(lambda days: NOW + timedelta(days=days)),
)
evidence_lists = st.lists(files, max_size=3, unique_by=lambda e: e.id)
waivers = st.builds(waive, st.sampled_from(["score", "note", "late"]), days=st.integers(-3, 30))
waiver_lists = st.lists(waivers, max_size=2)


def open_ids(result):
    return {f.requirement for f in result.open_findings}


@given(evidence_lists, waiver_lists, st.floats(0, 40))
def test_time_never_makes_a_gate_more_cleared(evidence, granted, days):
    before = look(TWO, *evidence, waivers=granted)
    after = look(TWO, *evidence, waivers=granted, now=NOW + timedelta(days=days))
    assert open_ids(before) <= open_ids(after)
    assert before.is_ready or not after.is_ready


@given(evidence_lists, waiver_lists)
def test_nothing_changes_before_the_moment_to_look_again(evidence, granted):
    result = look(TWO, *evidence, waivers=granted)
    if result.recheck_at is not None:
        later = look(TWO, *evidence, waivers=granted, now=result.recheck_at - timedelta(microseconds=1))
        assert [f.status for f in later.findings] == [f.status for f in result.findings]
        assert later.basis == result.basis


@given(evidence_lists, waiver_lists, waivers)
def test_one_more_waiver_never_adds_open_findings(evidence, granted, another):
    assert open_ids(look(TWO, *evidence, waivers=[*granted, another])) <= open_ids(
        look(TWO, *evidence, waivers=granted)
    )


@settings(deadline=None)  # compiles its criteria anew
@given(evidence_lists, waiver_lists)
def test_the_same_inputs_give_the_same_evaluation_whatever_was_judged_before(evidence, granted):
    first = look(TWO, *evidence, waivers=granted)
    again = evaluate(TWO, situation(*evidence, waivers=granted), CelCriteria(), NOW)
    shuffled = look(TWO, *reversed(evidence), waivers=list(reversed(granted)))
    assert first == again
    assert (first.findings, first.basis) == (shuffled.findings, shuffled.basis)


@given(evidence_lists)
def test_met_always_rests_on_a_real_fact_in_complete_fresh_evidence(evidence):
    by_id = {e.id: e for e in evidence}
    for finding in look(TWO, *evidence).findings:
        if finding.status is FindingStatus.MET:
            read = by_id[finding.evidence].extraction
            assert read.complete
            assert read.valid_until is None or read.valid_until > NOW
            fact = read.facts["ok" if finding.requirement == "note" else "score"]
            assert fact is True if finding.requirement == "note" else fact == fact and type(fact) in (int, float)
