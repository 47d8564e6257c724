"""Specs made for risks and an occasion are kept: the same object comes back, as long as there is room."""

from hypothesis import given
from hypothesis import strategies as st
from test_evaluation import spec_of, wants

from pratique.domain.instances import NamedRisk, instance_id, instantiate, placed_requirement
from pratique.services.instances import Instances
from pratique.services.needs import needs_of

EACH = spec_of(wants(select="facts.risk == {risk}", for_each="identified_risk"))
OF_OCCASION = spec_of(wants(criterion="facts.about == {occasion}"))
PLAIN = spec_of(wants())
CBRN, CYBER = NamedRisk("cbrn", "CBRN"), NamedRisk("cyber_offence", "Cyber offence")

risk_ids = st.from_regex(r"[a-z][a-z0-9]{0,8}(?:_[a-z0-9]{1,8}){0,2}", fullmatch=True)


def test_a_spec_that_asks_for_neither_is_itself():
    assert Instances().of(PLAIN, "plain", (CBRN,), "first") is PLAIN


def test_the_same_risks_give_the_same_object_whatever_the_occasion():
    kept = Instances()
    one = kept.of(EACH, "each", (CBRN, CYBER), "first")
    assert kept.of(EACH, "each", (CBRN, CYBER), "second") is one
    assert kept.of(EACH, "each", (CYBER,), "first") is not one
    assert kept.of(EACH, "each", (NamedRisk("cbrn", "Another title"), CYBER), "first") is not one


def test_the_same_occasion_gives_the_same_object_whatever_the_risks():
    kept = Instances()
    one = kept.of(OF_OCCASION, "occasion", (CBRN,), "first")
    assert kept.of(OF_OCCASION, "occasion", (), "first") is one
    assert kept.of(OF_OCCASION, "occasion", (CBRN,), "second") is not one


def test_old_ones_are_let_go():
    kept = Instances(max_requirements=3)
    one = kept.of(EACH, "each", (CBRN, CYBER), "first")
    kept.of(OF_OCCASION, "occasion", (), "first")
    assert kept.of(EACH, "each", (CBRN, CYBER), "first") is one
    kept.of(EACH, "each", (CBRN,), "first")
    assert kept.of(OF_OCCASION, "occasion", (), "first").requirement("score").criterion == 'facts.about == "first"'


def test_what_a_spec_needs_is_known_by_its_digest():
    needs = needs_of(EACH, "each")
    assert (needs.is_per_risk, needs.names_occasion, needs.is_per_occasion) == (True, False, False)
    assert needs.derived == frozenset()
    assert "risks" in needs.members


@given(st.lists(risk_ids, unique=True, max_size=12))
def test_every_risk_gets_one_requirement_of_its_own_that_can_be_found_again(names):
    risks = tuple(NamedRisk(name, name.upper()) for name in names)
    made = instantiate(EACH, risks, "first")
    found = [requirement.id for requirement in made.requirements()]
    assert len(set(found)) == len(found) == max(len(names), 1)
    for name in names:
        _, requirement = placed_requirement(EACH, instance_id("score", name), risks)
        assert requirement.id == instance_id("score", name)
        assert made.requirement(requirement.id).evidence.select == f'facts.risk == "{name}"'
