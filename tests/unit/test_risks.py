"""The risk register beside a taxonomy, before any engine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pratique.domain.regime import Taxonomy
from pratique.domain.risks import (
    RISK_MEMBERS,
    Risk,
    RiskCategory,
    RiskRegister,
    named_risks,
    register_flaws,
    risk_values,
    unrecorded,
)

TAXONOMY = Taxonomy.model_validate(
    {
        "source": {"document": "X", "clause": "Appendix 1", "edition": None},
        "verified": True,
        "always_assess": [{"id": "cbrn", "title": "CBRN"}, {"id": "cyber_offence", "title": "Cyber"}],
        "types": [{"id": "safety", "title": "Safety"}],
    }
)
OWN = Risk(id="grid_collapse", title="Grid collapse", category=RiskCategory.PROVIDER_DEFINED, owner="mira")
CBRN = Risk(id="cbrn", title="Weapons", category=RiskCategory.SPECIFIED, types=("safety",))


def register(*risks):
    return RiskRegister(edition="code@1", risks=risks)


def flaws(*risks, **known):
    found = register_flaws(register(*risks), TAXONOMY, **{"people": ["mira"], "evidence": ["e1"]} | known)
    return [f"{one.path}: {one.found}" for one in found]


def test_always_assessed_risks_come_first_under_the_title_of_the_taxonomy():
    named = [("cbrn", "CBRN"), ("cyber_offence", "Cyber"), ("grid_collapse", "Grid collapse")]
    assert list(named_risks(register(OWN, CBRN), TAXONOMY)) == named
    assert list(named_risks(None, TAXONOMY)) == named[:2]
    assert list(named_risks(register(OWN), None)) == named[2:]
    assert named_risks(None, None) == ()


def test_a_risk_of_which_nothing_is_recorded_is_there_and_empty():
    values = risk_values(register(OWN, CBRN), TAXONOMY)
    assert [value["recorded"] for value in values.values()] == [True, False, True]
    assert (values["cbrn"]["title"], values["cyber_offence"]["title"]) == ("Weapons", "Cyber")
    assert values["cyber_offence"] == unrecorded("cyber_offence", "Cyber")
    assert all(set(value) == RISK_MEMBERS for value in values.values())


def test_what_was_given_comes_back():
    whole = register(OWN, CBRN)
    assert RiskRegister.model_validate(whole.as_json()) == whole


def test_a_sound_register_has_no_flaws():
    assert flaws(OWN, CBRN.model_copy(update={"evidence": ("e1",)})) == []


def test_taxonomies_without_types_or_sources_know_none():
    bare = TAXONOMY.model_copy(update={"types": (), "sources": None})
    found = register_flaws(register(CBRN), bare, people=[], evidence=[])
    assert [(one.path, one.expected) for one in found] == [
        ("risks[cbrn].types", "one of none: the taxonomy names none")
    ]


def test_ids_stand_once_within_a_risk():
    twice = {"id": "s", "title": "S"}
    risk = Risk.model_validate({**OWN.as_json(), "scenarios": [twice, twice], "mitigations": [twice, twice]})
    assert flaws(risk, OWN) == [
        "risks: 'grid_collapse' 2 times",
        "risks[grid_collapse].scenarios: 's' 2 times",
        "risks[grid_collapse].mitigations: 's' 2 times",
    ]


def test_an_acceptance_says_who_and_when():
    half = OWN.model_copy(update={"residual": OWN.residual.model_copy(update={"accepted": True})})
    assert flaws(half) == ["risks[grid_collapse].residual.by: nothing", "risks[grid_collapse].residual.on: nothing"]


@pytest.mark.parametrize("name", ["", "Cbrn", "9lives", "a__b", "a-b", "a_", "x" * 31, "a b", "ä"])
def test_ids_of_risks_can_stand_in_ids_of_requirements(name):
    with pytest.raises(ValidationError):
        Risk(id=name, title="T", category=RiskCategory.PROVIDER_DEFINED)


def test_a_taxonomy_names_risks_so_that_they_can_be_recorded():
    with pytest.raises(ValidationError, match="always_assess"):
        Taxonomy.model_validate({**TAXONOMY.model_dump(), "always_assess": [{"id": "cyber-offence", "title": "Cyber"}]})


@given(st.permutations([OWN, CBRN, OWN.model_copy(update={"id": "aa"})]))
def test_the_order_of_a_register_changes_nothing(risks):
    assert named_risks(register(*risks), TAXONOMY) == named_risks(register(*reversed(risks)), TAXONOMY)
