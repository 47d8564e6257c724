"""Compute that evidence speaks of, as an entry of the compute ledger that somebody may record, or not.

Nothing here is recorded by itself: a file says neither which run it belongs to nor whether another file counts the
same compute, so a person or a pipeline names the run and records what is proposed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pratique.domain.compute import ComputeKind
from pratique.domain.evidence import Evidence, Extraction, Reading
from pratique.errors import ConflictError

#: Params of an MLflow run under which labs log their compute.
_PARAMS = ("train_flops", "train_flop", "training_flops", "total_flops", "total_flos")
_SHOWN_DIGITS = 12
_KINDS = "a training run or an MLflow run that names its compute"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputeProposal:
    """What could be recorded of one piece of evidence. Whoever records it names the run, and times that are None."""

    kind: ComputeKind
    flop: float
    source: str  #: how the figure was come by, with the evidence and its digest
    begins_at: datetime | None
    ends_at: datetime | None
    cautions: tuple[str, ...]  #: what whoever records it should know


@dataclass(frozen=True, slots=True)
class _Figure:
    kind: ComputeKind
    flop: float
    method: str


def propose_compute(evidence: Evidence) -> ComputeProposal:
    """Return the entry that a piece of evidence gives ground for.

    Raises:
        ConflictError: it was not read, or speaks of no compute; the message says which.
    """
    read = evidence.extraction
    if evidence.reading is not Reading.READ or read is None:
        raise ConflictError(f"{evidence.filename} was not read; expected evidence of {_KINDS}")
    figure = _figure_of(read)
    if figure is None:
        raise ConflictError(f"{evidence.filename} ({read.kind}) names no compute; expected evidence of {_KINDS}")
    digest = evidence.sha256[:_SHOWN_DIGITS]
    return ComputeProposal(
        kind=figure.kind,
        flop=figure.flop,
        source=f"evidence {evidence.id} ({evidence.filename[:100]}, sha256 {digest}): {figure.method}",
        begins_at=read.observed_from,
        ends_at=read.observed_until,
        cautions=tuple(_cautions(read, figure)),
    )


def _figure_of(read: Extraction) -> _Figure | None:
    if read.kind == "training-run":
        return _figure_of_run(read.facts)
    if read.kind == "registry-entry":
        return _figure_of_registry(read)
    return None


def _figure_of_run(facts: Mapping[str, Any]) -> _Figure | None:
    if (flop := _positive(facts.get("flop_estimate"))) is not None:
        return _Figure(ComputeKind.DONE, flop, str(facts.get("flop_method") or "estimate of the tool"))
    launch = facts.get("launch")
    launch = launch if isinstance(launch, Mapping) else {}
    if (flop := _positive(launch.get("planned_flop"))) is not None:
        return _Figure(ComputeKind.PLANNED, flop, "compute that the launch file plans")
    if (flop := _positive(launch.get("six_nd_flop"))) is not None:
        return _Figure(ComputeKind.PLANNED, flop, "6 x parameters x tokens of the launch file, no measurement")
    return None


def _figure_of_registry(read: Extraction) -> _Figure | None:
    params = read.facts.get("params")
    params = params if isinstance(params, Mapping) else {}
    for name in _PARAMS:
        if (flop := _positive(params.get(name))) is not None:
            # A param is set at the start, so of a run that did not end it is a plan.
            kind = ComputeKind.DONE if read.complete else ComputeKind.PLANNED
            return _Figure(kind, flop, f"param {name} of the MLflow run, as it was logged")
    return None


def _cautions(read: Extraction, figure: _Figure) -> list[str]:
    found = []
    if not read.complete:
        found.append(f"the evidence is incomplete: {read.incomplete_reason or 'no reason given'}")
    if read.observed_from is None or read.observed_until is None:
        found.append("the file does not say when; state the first and the last day")
    if read.facts.get("form") in ("trainer_state", "results"):
        found.append("of a run that was resumed, the state holds the compute of its earlier parts; record it once")
    other = read.facts.get("launch")
    six_nd = _positive(other.get("six_nd_flop")) if isinstance(other, Mapping) else None
    if six_nd is not None and not 0.7 <= six_nd / figure.flop <= 1.3:
        found.append(f"6 x parameters x tokens of the same file is {six_nd:.3g} FLOP")
    return found


def _positive(value: Any) -> float | None:
    """Return the number above zero that `value` is, or plainly says as text."""
    try:
        found = None if isinstance(value, bool) or not isinstance(value, int | float | str) else float(value)
    except (ValueError, OverflowError):
        return None
    return found if found is not None and math.isfinite(found) and found > 0 else None
