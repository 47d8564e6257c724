"""What an adoption touches, counted: thousands of gate runs, and no more lines than gates and effects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pratique.domain.regime.impact import Effect, TouchedRun

#: Most gate runs, and most risk registers, that an answer names; the counts are always of all.
MAX_NAMED = 200
#: What people have to do something about comes first where not all can be named.
_WEIGHT = (Effect.STALE, Effect.DEPENDS, Effect.JUDGED_ANEW, Effect.LEFT, Effect.KEPT, Effect.CARRIED)


def counted_runs(runs: Iterable[TouchedRun]) -> list[dict[str, Any]]:
    """Return how many runs of each gate have which effect, with their reasons, each once.

    Order: that of the gates in `runs`, and of the effects in each.
    """
    found: dict[tuple[str, Effect], tuple[int, dict[str, None]]] = {}
    for one in runs:
        number, why = found.get((one.run.gate, one.effect), (0, {}))
        found[one.run.gate, one.effect] = number + 1, why | dict.fromkeys(one.why)
    return [
        {"gate": gate, "effect": effect.value, "count": number, "why": list(why)}
        for (gate, effect), (number, why) in found.items()
    ]


def counted_risks(registers: Iterable[Iterable[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Return in how many registers each risk is carried, and as what.

    Args:
        registers: the moves of each register: `was`, `now`, `reassess`.
    """
    found: dict[tuple[str, tuple[str, ...], bool], int] = {}
    for moves in registers:
        for move in moves:
            key = (move["was"], tuple(move["now"]), bool(move["reassess"]))
            found[key] = found.get(key, 0) + 1
    return [
        {"was": was, "now": list(now), "reassess": again, "count": number}
        for (was, now, again), number in sorted(found.items())
    ]


def named_runs(runs: Sequence[TouchedRun], most: int = MAX_NAMED) -> tuple[TouchedRun, ...]:
    """Return the runs that an answer names, in their order: all, or the weightiest `most` of them."""
    if len(runs) <= most:
        return tuple(runs)
    by_weight = sorted(range(len(runs)), key=lambda place: (_WEIGHT.index(runs[place].effect), place))
    return tuple(runs[place] for place in sorted(by_weight[:most]))
