"""What adopting an edition does to the gate runs that there are: pure, so that a rehearsal says the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pratique.domain.gate_changes import gate_change
from pratique.domain.gates import GateState
from pratique.domain.spec import GateSpec


class Effect(StrEnum):
    """What becomes of a gate run."""

    STALE = "stale"  #: it was cleared on other rules; people clear it anew
    JUDGED_ANEW = "judged_anew"  #: it waits, and is judged by the new rules from now on
    CARRIED = "carried"  #: nobody decided on it yet, and the demands are the same: only its label changes
    KEPT = "kept"  #: the demands are the same, and people decided on them: it keeps the spec that they saw
    LEFT = "left"  #: the gate is not there any more; its runs end as they were opened
    DEPENDS = "depends"  #: a gate that it needs becomes stale, and it with it


#: Effects that move a run to another spec.
MOVING = frozenset({Effect.STALE, Effect.JUDGED_ANEW, Effect.CARRIED})


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRun:
    """A gate run as an adoption sees it, not closed: the latest of its gate, or an earlier one that still waits."""

    id: str
    model: str
    version: str
    gate: str
    occasion: str
    state: GateState
    spec: GateSpec
    digest: str  #: of that spec
    is_signed: bool  #: a decision to clear it stands


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchedRun:
    """A gate run that an adoption touches, how, and why."""

    run: SeenRun
    effect: Effect
    why: tuple[str, ...]  #: a line each

    def as_json(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        names = ("model", "version", "gate", "occasion")
        shown = {"gate_run": self.run.id, **{name: getattr(self.run, name) for name in names}}
        return {**shown, "state": self.run.state.value, "effect": self.effect.value, "why": list(self.why)}


def touched_runs(
    runs: Sequence[SeenRun], specs: Mapping[str, GateSpec], digests: Mapping[str, str], *, risks: tuple[str, ...] = ()
) -> tuple[TouchedRun, ...]:
    """Return what becomes of each run that is not judged by the new specs already.

    Args:
        runs: of each gate and occasion of each model version, those that can still move.
        specs: the new spec of each gate.
        digests: their digests.
        risks: what became of risks, a line each.

    Order: version by version, prerequisites before what needs them.
    """
    place = {gate: index for index, gate in enumerate(specs)}
    changed: dict[tuple[str, str], tuple[str, ...]] = {}  # many runs have pinned the same spec
    for run in runs:
        if run.gate in specs and (run.gate, run.digest) not in changed:
            changed[run.gate, run.digest] = _demands(run, specs[run.gate], risks)
    found: list[TouchedRun] = []
    for of_version in _by_version(runs):
        ordered = sorted(of_version, key=lambda run: (place.get(run.gate, len(place)), run.gate))
        own = [
            one
            for run in ordered
            if (one := _touched(run, digests.get(run.gate), changed.get((run.gate, run.digest), ()))) is not None
        ]
        found += [*own, *_dependents(ordered, own)]
    return tuple(found)


def _by_version(runs: Iterable[SeenRun]) -> Iterator[list[SeenRun]]:
    grouped: dict[tuple[str, str], list[SeenRun]] = {}
    for run in runs:
        grouped.setdefault((run.model, run.version), []).append(run)
    for name in sorted(grouped):
        yield grouped[name]


def _demands(run: SeenRun, later: GateSpec, risks: tuple[str, ...]) -> tuple[str, ...]:
    change = gate_change(run.spec, later, risks=risks)
    return change.demands if change is not None else ()


def _touched(run: SeenRun, digest: str | None, demands: tuple[str, ...]) -> TouchedRun | None:
    """Return what becomes of a run whose gate has a spec of `digest` now; `demands` are what it demands otherwise."""
    if digest is None:
        why = f"{run.spec.edition} has this gate, and what is adopted has not"
        return TouchedRun(run=run, effect=Effect.LEFT, why=(why,))
    if digest == run.digest:
        return None
    if demands:
        effect = Effect.STALE if run.state is GateState.CLEARED else Effect.JUDGED_ANEW
        return TouchedRun(run=run, effect=effect, why=demands)
    if run.state in (GateState.OPEN, GateState.IN_REVIEW) and not run.is_signed:
        return TouchedRun(run=run, effect=Effect.CARRIED, why=("the same demands",))
    return TouchedRun(run=run, effect=Effect.KEPT, why=("the same demands; what was decided on them stands",))


def _dependents(runs: Sequence[SeenRun], touched: Sequence[TouchedRun]) -> Iterator[TouchedRun]:
    """Yield the cleared runs that need a gate which becomes stale, and those that need them."""
    own = {one.run.id for one in touched if one.effect in MOVING}
    stale = {one.run.gate for one in touched if one.effect is Effect.STALE}
    for run in runs:  # prerequisites come first, so that one pass is enough
        needs = sorted({r.gate for r in run.spec.requirements() if r.gate is not None} & stale)
        if needs and run.id not in own and run.state is GateState.CLEARED:
            stale.add(run.gate)
            why = tuple(f"it needs gate {gate}, which becomes stale" for gate in needs)
            yield TouchedRun(run=run, effect=Effect.DEPENDS, why=why)
