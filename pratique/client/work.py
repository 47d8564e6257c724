"""What the worker's side of the engine answers: leased work, deliveries, results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pratique.client.views import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One leased row of the outbox."""

    id: str
    topic: str  #: flow or delivery
    key: str  #: idempotency key: the same work has the same key
    payload: Mapping[str, Any]
    failures: int = 0  #: earlier attempts that ended badly

    @classmethod
    def from_json(cls, value: Json) -> Work:
        """Return the work in an answer of the engine."""
        return cls(
            id=str(value["id"]),
            topic=value["topic"],
            key=value["key"],
            payload=dict(value["payload"]),
            failures=int(value.get("failures", 0)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """How a collection of a checkpoint's evidence ended."""

    read: int
    pending: int
    unreadable: int

    @classmethod
    def from_json(cls, value: Json) -> Collected:
        """Return the counts in an answer of the engine."""
        return cls(read=int(value["read"]), pending=int(value["pending"]), unreadable=int(value["unreadable"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Whom a delivery is for."""

    person: str
    name: str
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One attempt to tell one person one thing on one channel."""

    id: str
    channel: str
    status: str
    is_still_wanted: bool  #: False: what it says is no longer so; do not send it
    idempotency_key: str
    recipient: Recipient
    notice: Mapping[str, Any] = field(default_factory=dict)  #: title, why, reasons, next, due_at ...

    @classmethod
    def from_json(cls, value: Json) -> Delivery:
        """Return the delivery in an answer of the engine."""
        recipient = value["recipient"]
        return cls(
            id=value["id"],
            channel=value["channel"],
            status=value["status"],
            is_still_wanted=bool(value["is_still_wanted"]),
            idempotency_key=value["idempotency_key"],
            recipient=Recipient(
                person=recipient["person"],
                name=recipient.get("name") or recipient["person"],
                email=recipient.get("email"),
            ),
            notice=dict(value["notice"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryStatus:
    """What the engine made of a delivery's result."""

    status: str
    next_at: str | None = None  #: when it is tried again

    @classmethod
    def from_json(cls, value: Json) -> DeliveryStatus:
        """Return the status in an answer of the engine."""
        return cls(status=value["status"], next_at=value.get("next_at"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What a tool had to tell when it was asked."""

    source: str
    seen: int = 0
    missing: int = 0  #: deliveries that never came, taken in now
    trouble: str | None = None  #: why it could not be asked

    @classmethod
    def from_json(cls, value: Json) -> Reconciled:
        """Return one report in an answer of the engine."""
        return cls(
            source=str(value["source"]),
            seen=int(value["seen"]),
            missing=len(value["found"]),
            trouble=value.get("trouble"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What one sweep found."""

    rechecked: int
    expired: int
    followed_up: int
    overdue: int
    at: str
    limits_missed: int = 0  #: time limits that ran out
    limits_ahead: int = 0  #: time limits that people were reminded of

    @classmethod
    def from_json(cls, value: Json) -> Swept:
        """Return the report in an answer of the engine."""
        return cls(
            rechecked=int(value["rechecked"]),
            expired=int(value["expired"]),
            followed_up=int(value["followed_up"]),
            limits_missed=int(value.get("limits_missed", 0)),
            limits_ahead=int(value.get("limits_ahead", 0)),
            overdue=int(value["overdue"]),
            at=value["at"],
        )
