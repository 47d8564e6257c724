"""Training compute: what was used, what is planned, and when both together cross a threshold.

What counts: all compute that went into the model, through every version of the same large pre-training run, and for
synthetic data that is not public; not the compute of a model that synthetic data came from.
Source: Art. 51(2) AI Act; Commission guidelines of 18 July 2025 as told by the Commission's FAQ.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from math import fsum
from typing import NamedTuple

#: An estimate of compute may be off by this share either way (guidelines, by a third-party overview: UNVERIFIED).
ACCURACY = 0.3


class ComputeKind(StrEnum):
    """Whether compute was used."""

    PLANNED = "planned"
    DONE = "done"


class ComputePurpose(StrEnum):
    """What compute is for; all of it counts."""

    PRE_TRAINING = "pre_training"
    POST_TRAINING = "post_training"
    SYNTHETIC_DATA = "synthetic_data"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputeEntry:
    """Compute of one run over one span of time, taken as used evenly."""

    run: str  #: names the run; unique together with the model version
    kind: ComputeKind
    flop: float
    begins_at: datetime  #: aware
    ends_at: datetime  #: aware, not before `begins_at`


class Totals(NamedTuple):
    """Cumulative compute, FLOP."""

    done: float
    planned: float
    projected: float  #: run by run the greater of done and planned: what it will be once all is done


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """When a threshold is crossed; None where it is not."""

    met_at: datetime | None  #: by what was used
    projected_at: datetime | None  #: by what was used and is planned
    earliest_at: datetime | None  #: the same, were every figure too low by the accuracy that is expected
    latest_at: datetime | None  #: the same, were every figure too high by it


def totals(entries: Sequence[ComputeEntry]) -> Totals:
    """Return cumulative compute; the order of entries does not matter, not even in the last digit."""
    done, planned = _by_run(entries, ComputeKind.DONE), _by_run(entries, ComputeKind.PLANNED)
    return Totals(
        fsum(done.values()),
        fsum(planned.values()),
        fsum(max(done.get(run, 0.0), planned.get(run, 0.0)) for run in sorted({*done, *planned})),
    )


def crossing(entries: Sequence[ComputeEntry], threshold: float) -> Crossing:
    """Return when cumulative compute becomes greater than `threshold` (FLOP), each run taken as even over its span."""
    done = [entry for entry in entries if entry.kind is ComputeKind.DONE]
    expected = done + _remaining(entries)
    return Crossing(
        met_at=_crossed_at(done, threshold),
        projected_at=_crossed_at(expected, threshold),
        earliest_at=_crossed_at(expected, threshold / (1 + ACCURACY)),
        latest_at=_crossed_at(expected, threshold / (1 - ACCURACY)),
    )


def _by_run(entries: Iterable[ComputeEntry], kind: ComputeKind) -> dict[str, float]:
    found: defaultdict[str, list[float]] = defaultdict(list)
    for entry in entries:
        if entry.kind is kind:
            found[entry.run].append(entry.flop)
    return {run: fsum(flop) for run, flop in found.items()}


def _remaining(entries: Sequence[ComputeEntry]) -> list[ComputeEntry]:
    """Return what is planned and not done yet, from where its run stands to the planned end."""
    done, planned = _by_run(entries, ComputeKind.DONE), _by_run(entries, ComputeKind.PLANNED)
    reached: dict[str, datetime] = {}
    for entry in entries:
        if entry.kind is ComputeKind.DONE:
            reached[entry.run] = max(reached.get(entry.run, entry.ends_at), entry.ends_at)
    left = []
    for entry in entries:
        if entry.kind is ComputeKind.PLANNED and planned[entry.run] > done.get(entry.run, 0.0):
            share = 1 - done.get(entry.run, 0.0) / planned[entry.run]
            begins_at = max(entry.begins_at, reached.get(entry.run, entry.begins_at))
            ends_at = max(entry.ends_at, begins_at)
            left.append(replace(entry, flop=entry.flop * share, begins_at=begins_at, ends_at=ends_at))
    return left


def _crossed_at(entries: Sequence[ComputeEntry], threshold: float) -> datetime | None:
    if fsum(entry.flop for entry in entries) <= threshold:
        return None
    before: datetime | None = None
    for at in sorted({moment for entry in entries for moment in (entry.begins_at, entry.ends_at)}):
        if _used_until(entries, at) > threshold:
            return at if before is None else _within(entries, before, at, threshold)
        before = at
    return before  # rounding of the sum at the very end


def _used_until(entries: Iterable[ComputeEntry], at: datetime) -> float:
    return fsum(_part_until(entry, at) for entry in entries)


def _part_until(entry: ComputeEntry, at: datetime) -> float:
    if at >= entry.ends_at:
        return entry.flop
    if at <= entry.begins_at:
        return 0.0
    return entry.flop * ((at - entry.begins_at) / (entry.ends_at - entry.begins_at))


def _within(entries: Sequence[ComputeEntry], before: datetime, after: datetime, threshold: float) -> datetime:
    """Return when the threshold is reached between two moments; what is used at one instant counts at its end."""
    used = _used_until(entries, before)
    steady = fsum(_part_until(e, after) for e in entries if e.begins_at < e.ends_at) - fsum(
        _part_until(e, before) for e in entries if e.begins_at < e.ends_at
    )
    if steady <= 0 or used + steady <= threshold:
        return after
    share = min(max((threshold - used) / steady, 0.0), 1.0)
    return before + (after - before) * share
