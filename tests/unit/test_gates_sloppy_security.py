"""The Security Goal and its 25 objectives: what a sloppy file does not do, and a careful one does."""

import pytest
from shipped_files import MEETS
from shipped_gates import changed, ids, see

from pratique.domain.findings import FindingStatus


def unmet(gate, name, change):
    """Ids of what is unmet with one file of the gate changed."""
    names = [changed(name, change) if other == name else other for other in MEETS[gate]]
    return ids(see(gate, names), FindingStatus.UNMET)


def test_twenty_five_objectives_that_do_not_apply_guard_nothing():
    def wave(facts):
        for objective in facts["objectives"]:
            objective.update(status="not_applicable", justification="x")

    found = unmet("pre-placement", "security-goal.json", wave)
    assert len({name for name in found if name.startswith("security-a4")}) == 25
    assert "security-upheld" in unmet("post-market", "security-goal.json", wave)
    assert "security-goes-on" in unmet("retirement", "security-goal.json", wave)


@pytest.mark.parametrize(
    ("objective", "no_interface", "is_open"),
    [
        ("A4.2.3", True, True),
        ("A4.3.2", None, True),
        ("A4.3.2", False, True),
        ("A4.3.2", True, False),
        ("A4.5.1", None, False),
        ("A4.5.3", None, False),
        ("A4.5.7", None, True),
    ],
)
@pytest.mark.parametrize("gate", ["pre-placement", "post-market"])
def test_an_objective_is_set_aside_only_where_it_can_be_and_with_a_reason(gate, objective, no_interface, is_open):
    def set_aside(facts):
        if no_interface is not None:
            facts["has_interface_access"] = not no_interface
        (line,) = [one for one in facts["objectives"] if one["id"] == objective]
        line.update(status="not_applicable", justification="Nobody but the training host reads them.")

    assert bool(unmet(gate, "security-goal.json", set_aside)) is is_open


def test_another_way_to_an_objective_needs_a_justification_of_a_sentence():
    def shorten(facts):
        (line,) = [one for one in facts["objectives"] if one["id"] == "A4.2.5"]
        line["justification"] = "x"

    assert unmet("pre-placement", "security-goal.json", shorten) == {"security-a4-2-5"}


@pytest.mark.parametrize(
    ("gate", "found"), [("training-start", "first-protections"), ("training-trigger", "security-goal")]
)
@pytest.mark.parametrize(
    ("why", "is_open"), [("x", True), ("Keys are split between three people who must meet.", False)]
)
def test_what_stands_from_the_first_checkpoint_is_replaced_with_a_reason_only(gate, found, why, is_open):
    def replaced(facts):
        (line,) = [one for one in facts["objectives"] if one["id"] == "A4.2.3"]
        line.update(status="alternative", justification=why)

    assert unmet(gate, "security-goal.json", replaced) == ({found} if is_open else set())


@pytest.mark.parametrize("member", ["capability_forecast_considered", "access_last_confirmed_at"])
def test_the_security_goal_looks_ahead_and_says_when_access_was_confirmed(member):
    def leave_out(facts):
        if member.startswith("access"):
            del facts[member]
        else:
            facts[member] = False

    assert unmet("pre-placement", "security-goal.json", leave_out) == {"security-controls"}
