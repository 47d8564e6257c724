from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.domain.decisions import Act, Decision, Waiver, tally
from pratique.domain.findings import FindingStatus
from pratique.domain.spec import SignOff

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
BASIS = "b" * 64
TWO = SignOff(roles={"owner": 1, "approver": 1})


def signs(person, role, *, act=Act.CLEAR, basis=BASIS, minute=0):
    at = START + timedelta(minutes=minute)
    return Decision(id=f"{person}-{minute}", person=person, role=role, act=act, reason="seen", basis=basis, at=at)


def counted(*decisions, sign_off=TWO, submitters=()):
    return tally(sign_off, decisions, basis=BASIS, submitters=submitters)


def test_all_roles_signed_is_complete():
    result = counted(signs("mira", "owner"), signs("jonas", "approver"))
    assert result.is_complete
    assert set(result.signed) == {"mira", "jonas"}
    assert result.missing == ()


def test_a_missing_role_is_named():
    result = counted(signs("mira", "owner"))
    assert not result.is_complete
    assert result.waiting_roles == ("approver",)
    assert result.missing == ("1 more signature in the role approver",)


def test_one_person_counts_once_even_in_two_roles():
    result = counted(signs("mira", "owner"), signs("mira", "approver", minute=1))
    assert not result.is_complete
    assert result.waiting_roles == ("approver",)


def test_two_people_are_needed_where_the_spec_says_two():
    two = SignOff(roles={"approver": 2})
    assert not counted(signs("a", "approver"), signs("a", "approver", minute=1), sign_off=two).is_complete
    assert counted(signs("a", "approver"), signs("b", "approver"), sign_off=two).is_complete


def test_a_signature_on_another_basis_counts_for_nothing():
    result = counted(signs("mira", "owner"), signs("jonas", "approver", basis="c" * 64))
    assert not result.is_complete
    assert result.signed == ("mira",)


def test_whoever_submitted_everything_cannot_sign_alone():
    one = SignOff(roles={"owner": 1})
    result = counted(signs("mira", "owner"), sign_off=one, submitters=["mira"])
    assert not result.is_complete
    assert "four eyes" in result.missing[0]
    assert counted(signs("ines", "owner"), sign_off=one, submitters=["mira"]).is_complete


def test_two_submitters_who_sign_for_each_other_are_still_not_four_eyes():
    decisions = [signs("mira", "owner"), signs("jonas", "approver")]
    assert not counted(*decisions, submitters=["mira", "jonas"]).is_complete
    assert counted(*decisions, submitters=["mira"]).is_complete


def test_four_eyes_can_be_switched_off_in_the_spec():
    alone = SignOff(roles={"owner": 1}, four_eyes=False)
    assert counted(signs("mira", "owner"), sign_off=alone, submitters=["mira"]).is_complete


def test_a_signature_in_a_role_the_gate_does_not_ask_for_is_no_second_pair_of_eyes():
    result = counted(
        signs("mira", "owner"), signs("jonas", "approver"), signs("guest", "visitor"), submitters=["mira", "jonas"]
    )
    assert not result.is_complete
    assert "guest" not in result.signed


@pytest.mark.parametrize("act", [Act.RETURN, Act.REJECT, Act.WITHDRAW])
def test_an_objection_ends_the_round_of_signatures(act):
    earlier = signs("mira", "owner")
    objection = signs("jonas", "approver", act=act, minute=1)
    assert counted(earlier, objection, signs("ines", "approver", minute=2)).signed == ("ines",)
    again = signs("mira", "owner", minute=3)
    assert counted(earlier, objection, signs("ines", "approver", minute=2), again).is_complete


def test_the_order_in_which_decisions_are_handed_over_does_not_matter():
    objection = signs("jonas", "approver", act=Act.RETURN, minute=5)
    assert counted(objection, signs("mira", "owner", minute=1), signs("ines", "approver", minute=2)).signed == ()


def test_no_roles_means_nobody_can_complete_by_signing():
    assert not counted(signs("mira", "owner"), sign_off=SignOff()).is_complete


decisions = st.builds(
    signs,
    person=st.sampled_from("abcd"),
    role=st.sampled_from(["owner", "approver", "visitor"]),
    act=st.sampled_from([Act.CLEAR, Act.CLEAR, Act.RETURN]),
    basis=st.sampled_from([BASIS, "c" * 64]),
    minute=st.integers(0, 50),
)


@given(st.lists(decisions, max_size=8), st.sets(st.sampled_from("abcd")))
def test_complete_always_means_distinct_people_one_of_them_no_submitter(given_decisions, submitters):
    result = counted(*given_decisions, submitters=submitters)
    assert result.is_complete == (not result.missing)
    if result.is_complete:
        assert len(set(result.signed)) >= 2
        assert set(result.signed) - submitters


@given(st.lists(decisions, max_size=8), st.sets(st.sampled_from("abcd")), st.sampled_from("abcd"))
def test_one_more_submitter_never_completes_a_sign_off(given_decisions, submitters, another):
    if counted(*given_decisions, submitters=submitters | {another}).is_complete:
        assert counted(*given_decisions, submitters=submitters).is_complete


def test_a_waiver_counts_from_its_grant_until_its_expiry_unless_revoked():
    day = timedelta(days=1)
    given = {"id": "w", "requirement": "r", "covers": FindingStatus.UNMET, "evidence": None, "person": "p"}
    given |= {"reason": "x", "granted_at": START, "expires_at": START + day}
    waiver = Waiver(**given)
    assert not waiver.is_active(START - day)
    assert waiver.is_active(START)
    assert not waiver.is_active(START + day)
    revoked = Waiver(**given, revoked_at=START)
    assert not revoked.is_active(START)
