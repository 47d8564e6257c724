"""What an adoption touches is told in as many lines as there are gates and effects, however many runs there are."""

from __future__ import annotations

from typing import Any

import pytest
from shipped_gates import RULEBOOK

from pratique.canonical import canonical_json
from pratique.cli.regime_text import say_plan
from pratique.domain.gates import GateState
from pratique.domain.regime.impact import Effect, SeenRun, TouchedRun
from pratique.domain.regime.touched import MAX_NAMED, counted_risks, counted_runs, named_runs

WHY = {Effect.STALE: ("score: changed (criterion)",), Effect.CARRIED: ("the same demands",)}


def touched(number: int, gate: str, effect: Effect) -> TouchedRun:
    run = SeenRun(
        id=f"run-{number}",
        model="aurora",
        version=str(number),
        gate=gate,
        occasion="default",
        state=GateState.CLEARED if effect is Effect.STALE else GateState.OPEN,
        spec=RULEBOOK.specs[gate],
        digest="0" * 64,
        is_signed=False,
    )
    return TouchedRun(run=run, effect=effect, why=WHY[effect])


MANY = [
    *(touched(number, "placement", Effect.CARRIED) for number in range(5000)),
    *(touched(number, "placement", Effect.STALE) for number in range(5000, 5003)),
    touched(6000, "retirement", Effect.CARRIED),
]


def test_runs_are_counted_by_gate_and_effect_with_each_reason_once() -> None:
    counted = counted_runs(MANY)
    assert counted == [
        {"gate": "placement", "effect": "carried", "count": 5000, "why": ["the same demands"]},
        {"gate": "placement", "effect": "stale", "count": 3, "why": ["score: changed (criterion)"]},
        {"gate": "retirement", "effect": "carried", "count": 1, "why": ["the same demands"]},
    ]
    assert len(canonical_json(counted)) < 400


def test_reasons_that_differ_are_all_told() -> None:
    other = TouchedRun(run=MANY[0].run, effect=Effect.CARRIED, why=("another",))
    assert counted_runs([MANY[0], other, MANY[1]])[0]["why"] == ["the same demands", "another"]


def test_risks_are_counted_over_registers() -> None:
    split = {"was": "cbrn", "now": ["chem_bio", "rad_nuc"], "reassess": True}
    assert counted_risks([[split], [split, split | {"was": "bio"}]]) == [
        {**split, "was": "bio", "count": 1},
        {**split, "count": 2},
    ]


def test_all_are_named_up_to_a_limit_and_beyond_it_the_weightiest_in_their_order() -> None:
    assert named_runs(MANY[:MAX_NAMED]) == tuple(MANY[:MAX_NAMED])
    named = named_runs(MANY)
    assert len(named) == MAX_NAMED
    assert [one for one in named if one.effect is Effect.STALE] == MANY[5000:5003]
    assert named[0] is MANY[0]


def test_people_read_what_is_named_and_how_many_there_are_in_all(capsys: pytest.CaptureFixture[str]) -> None:
    risk = {"was": "cbrn", "now": ["chem_bio"], "reassess": True}
    plan: dict[str, Any] = {
        "gate_runs": [one.as_json() for one in named_runs(MANY)],
        "registers": [{"model": "aurora", "version": "1", "risks": [risk]}],
        "counts": {"gate_runs": counted_runs(MANY), "risks": [risk | {"count": 300}]},
        "totals": {"gate_runs": len(MANY), "registers": 300},
    }
    say_plan(plan)
    out = capsys.readouterr().out
    assert f"{MAX_NAMED} of {len(MANY)} gate runs are named" in out
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "placement 5000 is carried the same demands" in lines
    assert "placement 3 becomes stale score: changed (criterion)" in lines
    assert "in all 300 risk registers: cbrn as chem_bio; to be assessed again, in 300" in lines
    say_plan(plan | {"totals": {"gate_runs": MAX_NAMED, "registers": 1}})
    assert "in all" not in capsys.readouterr().out
