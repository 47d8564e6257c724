"""What can be said of requirements per risk and of placeholders before anything is judged."""

import pytest
from test_evaluation import CRITERIA, spec_of, wants

from pratique.regimes.expressions import derived_members, flaws_per_risk, places, profile_members, troubles

EACH = {"for_each": "identified_risk"}


def per_profile(criterion, **more):
    return {"id": "said", "title": "T", "measures": ["S-3.2"], "why": "W", "profile": criterion} | more


def troubles_of(requirement):
    return [trouble for place in places(spec_of(requirement)) for trouble in troubles(place, CRITERIA, {})]


def flaws_of(*requirements):
    return [f"{path}: {found}; {expected}" for path, found, expected in flaws_per_risk(spec_of(*requirements))]


@pytest.mark.parametrize(
    "requirement",
    [
        wants(select="facts.risk == {risk}", **EACH),
        wants(criterion="facts.about == {occasion} && facts.risk == {risk}", **EACH),
        wants(criterion="facts.about == {occasion}"),
        per_profile("size(profile.risks[{risk}].scenarios) > 0", **EACH),
        per_profile("profile.risks[{risk}].owner != ''", **EACH),
        per_profile("profile.scope.systemic_risk && profile.provider.size == 'small' && profile.compute.done > 1e25"),
        per_profile("true", applies_when="profile.risks[{risk}].recorded", not_applicable_because="No.", **EACH),
        wants(criterion="facts.text == '{other}' && facts.map == {'risk': 1}"),
    ],
)
def test_sound_placeholders_are_let_through(requirement):
    held = "it holds for a risk that was never recorded; name what must be there"
    assert [trouble for trouble in troubles_of(requirement) if trouble != held] == []


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        (
            wants(select="facts.risk == {risk}"),
            "`{risk}` stands only in a requirement with `for_each: identified_risk`",
        ),
        (
            wants(select="facts.risk == {hazard}", **EACH),
            "unknown placeholder `{hazard}`, known: `{occasion}` and `{risk}`",
        ),
        (per_profile("profile.risks[{x}].recorded"), "unknown placeholder `{x}`, known: `{occasion}`"),
        (
            wants(select="facts.risk == '{risk}'", **EACH),
            "`{risk}` stands within a text or a comment; it is a text itself",
        ),
        (
            per_profile("profile.risks[{risk}].likelihood > 1", **EACH),
            "a risk of the register has no member 'likelihood'",
        ),
        (per_profile("facts.ok"), "`profile` sees `profile` only, not `facts`"),
        (per_profile("profile.mood == 'x'"), "profile has no member 'mood'"),
        (
            per_profile("!profile.risks[{risk}].tiers.exists_one(t, t.reached == true)", **EACH),
            "it holds for a risk that was never recorded; name what must be there",
        ),
    ],
)
def test_what_cannot_be_judged_is_named(requirement, expected):
    assert expected in troubles_of(requirement)


def test_instances_must_have_an_id_of_their_own():
    each = wants("tested", select="facts.risk == {risk}", **EACH)
    assert flaws_of(each) == []
    assert flaws_of(wants("t" * 34, select="facts.risk == {risk}", **EACH)) == [
        f"checkpoints[assessment].requirements[{'t' * 34}].id: 34 characters; at most 33, as the id of a risk follows"
    ]
    assert flaws_of(each, wants("tested.cbrn")) == [
        "checkpoints[assessment].requirements[tested].id: 'tested.cbrn'; no id that could be tested made for a risk"
    ]


def test_a_requirement_for_each_risk_asks_something_of_each():
    assert flaws_of(wants(**EACH)) == [
        "checkpoints[assessment].requirements[score].for_each: no `{risk}` in an expression; "
        "a requirement that asks something of each risk"
    ]


def test_derived_members_are_those_that_expressions_name():
    named = spec_of(per_profile("profile.scope.systemic_risk && profile.risks[{risk}].recorded", **EACH))
    assert derived_members(named) == {"scope", "risks"}
    assert {"scope", "risks"} <= profile_members(named)
    assert derived_members(spec_of(wants(criterion="facts.x == 'profile.scope'"))) == frozenset()
