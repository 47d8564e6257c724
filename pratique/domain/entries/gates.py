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
    basis: str | None = None  #: retired, as is `inputs`: nothing was evaluated yet
    inputs: str | None = None
    supersedes: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRunEvaluated(Fact):
    """An evaluation changed what is known of a gate run.

    Of the findings it holds those that are not as they were, in the order of the spec; the others follow from
    entries before it (`pratique.domain.revisions`). Entries of version 1 hold the whole list each.
    """

    tag = "gate:run:evaluated"
    version = 2
    filed_under = ("gate", "id")
    id: str
    row_version: int
    state: str
    was: str
    cause: str
    findings: Json  #: those that changed; the whole list when `kept` is None
    open_findings: int
    basis: str
    inputs: str
    kept: int | None = None  #: how many findings stay as they were
    findings_digest: str | None = None  #: of the canonical JSON of the whole list; set with `kept`
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


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRunRepinned(Fact):
    """A gate run is judged by another spec from now on; what was judged before stays in its earlier entries."""

    tag = "gate:run:repinned"
    filed_under = ("gate", "id")
    id: str
    row_version: int
    spec_digest: str
    was_spec_digest: str
    adoption: str  #: id of the adoption that moved it
    reason: str
