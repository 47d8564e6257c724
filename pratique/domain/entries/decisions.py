"""Facts about decisions."""

from __future__ import annotations

from dataclasses import dataclass

from pratique.domain.entries.fact import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionMade(Fact):
    """A named person decided."""

    tag = "gate:decision:made"
    filed_under = ("gate", "gate_run_id")
    id: str
    gate_run_id: str
    person: str
    role: str
    act: str
    reason: str
    basis: str
    row_version: int
    credential: str | None = None  #: by which it came: `token:<id>` or `session:<id>`


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionsDismissed(Fact):
    """Sign-offs lost their ground because what they rested on changed."""

    tag = "gate:decision:dismissed"
    filed_under = ("gate", "gate_run_id")
    gate_run_id: str
    decisions: list[str]
    why: str
