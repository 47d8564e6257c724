"""What the worker needs from outside: the engine's work queue, a starter of flows, a sender of deliveries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from pratique.client.work import Delivery, DeliveryStatus, Work

#: A JSON object as the engine's HTTP contract has it.
Json = dict[str, Any]


class WorkQueue(Protocol):
    """The engine's worker side. Every method may raise `pratique.errors.UnavailableError`."""

    async def claim(
        self, worker: str, topics: Sequence[str], limit: int, lease_seconds: int | None = None
    ) -> list[Work]:
        """Take up to `limit` due items under a lease."""
        ...

    async def extend(self, work: str, worker: str) -> None:
        """Extend the lease of one item; `ConflictError` when it was lost."""
        ...

    async def settle(
        self, work: str, worker: str, *, ok: bool, error: str | None = None, retry_in_seconds: float | None = None
    ) -> None:
        """Close one item, or hand it back for a later try; `ConflictError` when the lease was lost."""
        ...

    async def delivery(self, delivery: str) -> Delivery:
        """Return one delivery with its notice and recipient."""
        ...

    async def delivery_result(
        self, delivery: str, *, ok: bool, permanent: bool | None = None, reason: str | None = None
    ) -> DeliveryStatus:
        """Report one attempt; the engine decides whether another follows, and when."""
        ...


class FlowStarter(Protocol):
    """Runs the flow that a payload names. Prefect stands behind it; this package does not know."""

    async def start(self, payload: Mapping[str, Any], key: str) -> None:
        """Run the flow to its end, or hand it to a work pool; the same key twice has one effect.

        Raises:
            UnavailableError: the executor does not answer; nothing ran.
            PratiqueError: the flow ran and failed.
        """
        ...


class Outcome(Protocol):
    """What came of one attempt to deliver."""

    @property
    def ok(self) -> bool:
        """True when the channel took it."""
        ...

    @property
    def permanent(self) -> bool:
        """True when another try cannot help (no such address)."""
        ...

    @property
    def reason(self) -> str:
        """Why not, for people; holds no secret."""
        ...


class DeliverySender(Protocol):
    """Hands one delivery to its channel."""

    async def send(self, delivery: Json) -> Outcome:
        """Try once; a refusal is an `Outcome`, not an exception."""
        ...
