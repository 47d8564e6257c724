"""Facts about notices and their deliveries."""

from __future__ import annotations

from dataclasses import dataclass

from pratique.domain.entries.fact import Fact, Json


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeWritten(Fact):
    """A person is to be told; `deliveries` lists {id, channel}."""

    tag = "notice:person:written"
    filed_under = ("gate", "gate_run_id")
    id: str
    key: str
    gate_run_id: str
    person: str
    kind: str
    severity: str
    content: Json
    deliveries: list[dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeAcknowledged(Fact):
    """The person saw the notice and said so."""

    tag = "notice:person:acknowledged"
    filed_under = ("gate", "gate_run_id")
    id: str
    gate_run_id: str
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySettled(Fact):
    """An attempt to tell somebody succeeded, failed for now, failed for good, or was no longer wanted."""

    tag = "notice:delivery:settled"
    filed_under = ("gate", "gate_run_id")
    id: str
    gate_run_id: str
    status: str
    failures: int
    next_at: str | None = None
    reason: str | None = None
