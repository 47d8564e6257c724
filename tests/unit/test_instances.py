"""Requirements made for each risk, the occasion put in, and evidence of this occasion alone."""

from dataclasses import replace

import pytest
from test_evaluation import CRITERIA, DAY, NOW, PROFILE, file, look, situation, spec_of, unread, waive, wants

from pratique.domain.evaluation import evaluate
from pratique.domain.findings import FindingStatus
from pratique.domain.instances import (
    NamedRisk,
    asks_for_occasion,
    asks_for_risks,
    filled,
    instance_id,
    instantiate,
    owner_of,
    placed_requirement,
)

RISKS = (NamedRisk("cbrn", "Weapons of mass harm"), NamedRisk("loss_of_control", "Loss of control"))
PER_RISK = spec_of(
    wants(
        "tested",
        "facts.score < 0.5",
        select="facts.risk == {risk}",
        for_each="identified_risk",
        title="Tested for {risk}",
        unmet="{risk} is too likely.",
    ),
    wants("told", "facts.about == {occasion}", kind="facts.note"),
)


def per_profile(criterion, **more):
    return {"id": "said", "title": "T", "measures": ["S-3.2"], "why": "W", "profile": criterion} | more


def test_each_risk_gets_its_requirement_in_the_place_of_the_one():
    made = instantiate(PER_RISK, RISKS, "first")
    assert [r.id for r in made.requirements()] == ["tested.cbrn", "tested.loss-of-control", "told"]
    own = made.requirement("tested.loss-of-control")
    assert (own.title, own.unmet) == ("Tested for Loss of control", "Loss of control is too likely.")
    assert own.evidence.select == 'facts.risk == "loss_of_control"'
    assert own.for_each is None
    assert made.requirement("told").criterion == 'facts.about == "first"'


def test_the_spec_itself_stays_as_it_was():
    assert PER_RISK.requirement("tested") is not None
    assert instantiate(PER_RISK, RISKS, "first").requirement("tested") is None
    assert [r.id for r in PER_RISK.requirements()] == ["tested", "told"]


def test_each_instance_is_judged_on_evidence_of_its_own_risk():
    made = instantiate(PER_RISK, RISKS, "first")
    shown = file({"score": 0.1, "risk": "cbrn"}, "e1"), file({"score": 0.9, "risk": "loss_of_control"}, "e2")
    found = {f.requirement: f for f in look(made, *shown).findings}
    assert found["tested.cbrn"].status is FindingStatus.MET
    assert found["tested.loss-of-control"].status is FindingStatus.UNMET
    assert found["tested.loss-of-control"].reason == "Loss of control is too likely."


def test_without_any_risk_the_gate_stays_shut():
    result = look(instantiate(PER_RISK, (), "first"), file({"score": 0.1, "risk": "cbrn"}))
    assert result.findings[0].status is FindingStatus.NOT_TESTED
    assert "none is identified" in result.findings[0].reason
    assert not result.is_ready


def test_a_spec_that_nobody_instantiated_is_not_met_either():
    result = look(PER_RISK, file({"score": 0.1, "risk": "cbrn"}))
    assert result.findings[0].status is FindingStatus.NOT_TESTED


def test_an_occasion_cannot_break_out_of_its_text():
    made = instantiate(PER_RISK, RISKS, '" || true || "')
    found = look(made, file({"about": "second"}, "n1", kind="facts.note")).findings
    assert found[-1].status is FindingStatus.UNMET


def test_what_a_spec_asks_for_is_known():
    plain = spec_of(wants())
    assert (asks_for_risks(PER_RISK), asks_for_occasion(PER_RISK)) == (True, True)
    assert (asks_for_risks(plain), asks_for_occasion(plain)) == (False, False)
    assert asks_for_occasion(spec_of(per_profile("profile.risks[{occasion}].recorded")))


def test_instances_of_a_risk_that_is_gone_are_still_found():
    checkpoint, requirement = placed_requirement(PER_RISK, "tested.loss-of-control")
    assert (checkpoint.id, requirement.title) == ("assessment", "Tested for loss of control")
    assert placed_requirement(PER_RISK, "tested.cbrn", RISKS)[1].title == "Tested for Weapons of mass harm"
    assert placed_requirement(PER_RISK, "told.cbrn") is None
    assert placed_requirement(PER_RISK, "other.cbrn") is None
    assert placed_requirement(PER_RISK, "told")[1].id == "told"
    assert owner_of(PER_RISK, "tested.cbrn") == "owner"


def test_ids_and_placeholders_are_written_as_they_must_be():
    assert instance_id("tested", "loss_of_control") == "tested.loss-of-control"
    assert filled("{risk} in {occasion}", risk="a") == '"a" in {occasion}'


def test_a_criterion_on_the_profile_is_met_unmet_or_not_tested():
    for criterion, status in (
        ("profile.systemic_risk", FindingStatus.MET),
        ("!profile.systemic_risk", FindingStatus.UNMET),
        ("profile.risks.cbrn.recorded", FindingStatus.NOT_TESTED),
    ):
        finding = look(spec_of(per_profile(criterion))).findings[0]
        assert finding.status is status
        assert bool(finding.reason) is (status is not FindingStatus.MET)


def test_a_criterion_on_the_profile_says_what_false_means():
    finding = look(spec_of(per_profile("!profile.systemic_risk", unmet="It is one."))).findings[0]
    assert finding.reason == "It is one."


def test_another_profile_is_another_basis():
    spec = spec_of(per_profile("profile.systemic_risk"))
    other = replace(situation(profile={**PROFILE, "open_source": True}), profile_digest="q")
    assert look(spec).basis != evaluate(spec, other, CRITERIA, NOW).basis


OF_OCCASION = spec_of(wants(per_occasion=True))


def judged(*evidence, since, **more):
    return evaluate(OF_OCCASION, replace(situation(*evidence, **more), occasion_since=since), CRITERIA, NOW).findings[0]


def test_the_first_run_of_a_gate_takes_what_came_before():
    assert look(OF_OCCASION, file({"score": 0.1}, days_ago=300)).findings[0].status is FindingStatus.MET


def test_a_later_run_asks_for_evidence_of_its_own():
    finding = judged(file({"score": 0.1}, days_ago=3), since=NOW - DAY)
    assert finding.status is FindingStatus.STALE
    assert finding.reason == "e1.json was shown for an earlier occasion; submit it again for this one"
    assert finding.evidence == "e1"


def test_what_came_since_counts_whatever_was_shown_before():
    before = file({"score": 0.1}, "e1", days_ago=3, produced_at=NOW)
    since = file({"score": 0.2}, "e2", days_ago=0.5, produced_at=NOW - 9 * DAY)
    finding = judged(before, since, since=NOW - DAY)
    assert (finding.status, finding.evidence) == (FindingStatus.MET, "e2")


def test_an_unread_file_of_this_occasion_holds_it_up():
    finding = judged(file({"score": 0.1}, days_ago=3), unread(), since=NOW - DAY)
    assert (finding.status, finding.evidence) == (FindingStatus.NOT_TESTED, "u1")


def test_a_waiver_covers_evidence_of_an_earlier_occasion():
    waivers = [waive("score", covers=FindingStatus.STALE, evidence="e1")]
    finding = judged(file({"score": 0.1}, days_ago=3), since=NOW - DAY, waivers=waivers)
    assert finding.status is FindingStatus.WAIVED


@pytest.mark.parametrize("change", [{"occasion_since": NOW - DAY}, {"gate_run": "g2"}])
def test_the_inputs_hold_what_was_looked_at(change):
    base = situation(file({"score": 0.1}, days_ago=0.5))
    first, second = (evaluate(OF_OCCASION, one, CRITERIA, NOW) for one in (base, replace(base, **change)))
    assert first.inputs != second.inputs
