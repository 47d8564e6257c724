"""Facts about what is told outside."""

from __future__ import annotations

from dataclasses import dataclass

from pratique.domain.entries.fact import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionTurned(Fact):
    """A subscription was paused, or goes on; `state` is paused or active."""

    tag = "subscription:state:turned"
    filed_under = ("subscription", "subscription")
    id: str
    subscription: str
    state: str
    reason: str
    credential: str | None = None  #: who did it; None: the engine, because the receiver wants nothing more


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSettled(Fact):
    """A message to a subscription ended; `state` is delivered, dead or cancelled. It changes no row of its own."""

    tag = "subscription:answer:settled"
    filed_under = ("subscription", "subscription")
    id: str
    subscription: str
    type: str
    state: str
    attempts: int
    reason: str
    gate_run_id: str | None = None
