"""Facts about inbound events."""

from __future__ import annotations

from dataclasses import dataclass

from pratique.domain.entries.fact import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class EventReceived(Fact):
    """An inbound event was accepted; `body` is its text as received."""

    tag = "event:inbound:received"
    filed_under = ("model", "model_version_id")
    id: str
    source: str
    event_id: str
    type: str
    model_version_id: str
    gate_runs: list[str]
    not_opened: list[dict[str, str]]
    body: str
