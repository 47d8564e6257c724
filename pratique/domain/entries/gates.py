"""Facts about gate specs and gate runs."""

from __future__ import annotations

from dataclasses import dataclass

from pratique.domain.entries.fact import Fact, Json


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSpecAdopted(Fact):
    """A gate spec became one that new gate runs pin."""

    tag = "gate:spec:adopted"
    filed_under = ("spec", "gate")
    digest: str
    gate: str
    spec_version: int
    edition: str
    body: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRunOpened(Fact):
    """An event opened a gate for a model version on an occasion."""

    tag = "gate:run:opened"
    filed_under = ("gate", "id")
    id: str
    model_version_id: str
    gate: str
    occasion: str
    spec_digest: str
    event_id: str
    follow_up_at: str
    due_at: str
    basis: str
    inputs: str
    supersedes: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRunEvaluated(Fact):
    """An evaluation changed what is known of a gate run."""

    tag = "gate:run:evaluated"
    filed_under = ("gate", "id")
    id: str
    row_version: int
    state: str
    was: str
    cause: str
    findings: list[Json]
    open_findings: int
    basis: str
    inputs: str
    recheck_at: str | None = None
    remind_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRunMoved(Fact):
    """A decision moved a gate run."""

    tag = "gate:run:moved"
    filed_under = ("gate", "id")
    id: str
    row_version: int
    state: str
    was: str
    move: str
    cause: str
    signed_by: list[str] | None = None
    remind_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRunDated(Fact):
    """The dates of a gate run were moved, with a reason."""

    tag = "gate:run:dated"
    filed_under = ("gate", "id")
    id: str
    row_version: int
    follow_up_at: str
    due_at: str
    reason: str
    was_follow_up_at: str
    was_due_at: str
    remind_at: str | None = None
    person: str | None = None  #: who moved them; None where the engine did
    credential: str | None = None  #: by which it came: `token:<id>` or `session:<id>`


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRunReminded(Fact):
    """A reminder rung fired."""

    tag = "gate:run:reminded"
    filed_under = ("gate", "id")
    id: str
    row_version: int
    rung: str
    remind_at: str | None = None
