"""Facts about flow runs."""

from __future__ import annotations

from dataclasses import dataclass

from pratique.domain.entries.fact import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowRunStarted(Fact):
    """A worker began a flow run."""

    tag = "flow:run:started"
    filed_under = ("flow", "id")
    id: str
    key: str
    flow: str
    name: str
    gate_run_id: str | None = None
    prefect_run_id: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowRunEnded(Fact):
    """A flow run ended with a named state."""

    tag = "flow:run:ended"
    filed_under = ("flow", "id")
    id: str
    state: str
    message: str | None = None
