"""Carrying an assessment from the first draft to the final Code: nothing is lost on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from pratique.domain.regime import Edition
from pratique.domain.regime.mapping import Mapping, Relation, mapping_flaws
from pratique.regimes.editions import load_edition, load_mapping
from pratique.regimes.problems import Problems

BASE = Path(__file__).resolve().parents[2] / "config/regimes/eu-gpai-code"


def _editions() -> dict[str, Edition]:
    problems = Problems()
    found = [load_edition(BASE / name, problems) for name in ("draft-1", "2025-07-10")]
    assert problems.lines == []
    return {edition.id: edition for edition in found if edition is not None}


EDITIONS = _editions()
DRAFT, FINAL = EDITIONS["eu-gpai-code@draft-1"], EDITIONS["eu-gpai-code@2025-07-10"]


def _mapping() -> Mapping:
    problems = Problems()
    mapping = load_mapping(BASE / "mappings/draft-1--2025-07-10.yaml", EDITIONS, problems)
    assert problems.lines == []
    assert mapping is not None
    return mapping


MAPPING = _mapping()


@pytest.mark.parametrize(
    ("risk", "relation", "now"),
    [
        ("cyber_offence", Relation.BROADER, ("cyber_offence",)),
        ("cbrn", Relation.BROADER, ("cbrn",)),
        ("loss_of_control", Relation.BROADER, ("loss_of_control",)),
        ("automated_ai_rnd", Relation.MERGED, ("loss_of_control",)),
        ("persuasion_manipulation", Relation.NARROWER, ("harmful_manipulation",)),
        ("large_scale_discrimination", Relation.DROPPED, ()),
    ],
)
def test_each_of_the_six_categories_has_its_place(risk: str, relation: Relation, now: tuple[str, ...]) -> None:
    """Reference section 3, migrations cop-draft-1 -> cop-final-2025: each is to be assessed again."""
    move = MAPPING.of_risk(risk)
    assert move is not None
    assert (move.relation, move.now, move.reassess) == (relation, now, True)


def test_every_measure_of_the_final_code_comes_from_somewhere_or_is_new() -> None:
    reached = [now for move in MAPPING.measures for now in move.now]
    assert sorted(reached) == sorted(measure.id for measure in FINAL.measures())


def _changed(**values: Any) -> Mapping:
    return Mapping.model_validate({**MAPPING.model_dump(), **values})


def test_what_is_left_out_and_what_does_not_exist_is_named() -> None:
    dump = MAPPING.model_dump()
    lost = _changed(risks=dump["risks"][1:], measures=[*dump["measures"][1:], dump["measures"][2]])
    assert [tuple(flaw) for flaw in mapping_flaws(lost, DRAFT, FINAL)] == [
        ("risks", "no word on 'cyber_offence'", "what became of it"),
        ("risks", "no word on 'cyber_offence'", "where it comes from, or that it is new"),
        ("measures", "'G-1.3' mapped twice", "each once"),
        ("measures", "no word on 'G-1.1'", "what became of it"),
        ("measures", "no word on 'T-1.1'", "where it comes from, or that it is new"),
        ("measures", "no word on 'T-1.2'", "where it comes from, or that it is new"),
        ("measures", "no word on 'T-1.3'", "where it comes from, or that it is new"),
    ]
    strange = _changed(measures=[*dump["measures"], {"was": "X-1.1", "relation": "equal", "now": ["Y-1"], "why": "?"}])
    assert {flaw.found for flaw in mapping_flaws(strange, DRAFT, FINAL)} == {
        "'X-1.1', unknown to the earlier edition",
        "'Y-1', unknown to the later edition",
    }


@pytest.mark.parametrize(
    "move",
    [
        {"relation": "equal", "now": ["S-1.1"], "why": "no start"},
        {"was": "G-1.1", "relation": "new", "now": ["S-1.1"], "why": "a start"},
        {"was": "G-1.1", "relation": "merged", "now": [], "why": "no end"},
        {"was": "G-1.1", "relation": "dropped", "now": ["S-1.1"], "why": "an end"},
    ],
)
def test_a_move_has_the_ends_that_its_relation_needs(move: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="is expected for every relation but"):
        _changed(measures=[move])
