"""A work queue in memory, with leases, for the tests of the worker: the engine itself takes seconds to start."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pratique.client.work import Delivery, DeliveryStatus, Recipient, Work
from pratique.errors import ConflictError, UnavailableError


@dataclass
class Row:
    id: str
    topic: str
    key: str
    payload: dict[str, Any]
    failures: int = 0
    due_at: float = 0.0
    held_by: str | None = None
    held_until: float = 0.0
    is_done: bool = False
    errors: list[str] = field(default_factory=list)


class MemoryQueue:
    """Rows, leases and deliveries as the engine keeps them."""

    def __init__(self, keys: str = "key") -> None:
        self._keys = keys
        self.rows: dict[str, Row] = {}
        self.results: list[tuple[str, bool, bool | None, str | None]] = []
        self.unwanted: set[str] = set()
        self.is_down = False
        self.claims = 0
        self.extensions = 0
        self._ids = itertools.count(1)

    def flow(self, gate_run: str, flow: str = "training") -> Row:
        payload = {"flow": flow, "gate_run": gate_run, "model": "aurora", "version": "2.1", "gate": "g", "stage": flow}
        return self._add("flow", payload)

    def notice(self, delivery: str) -> Row:
        return self._add("delivery", {"delivery": delivery})

    def _add(self, topic: str, payload: dict[str, Any]) -> Row:
        id_ = f"w{next(self._ids)}"
        self.rows[id_] = Row(id_, topic, f"{self._keys}-{id_}", payload)
        return self.rows[id_]

    def _answer(self) -> None:
        if self.is_down:
            raise UnavailableError("the engine does not answer")

    async def claim(
        self, worker: str, topics: Sequence[str], limit: int, lease_seconds: int | None = None
    ) -> list[Work]:
        self._answer()
        self.claims += 1
        now = time.monotonic()
        due = [
            row
            for row in self.rows.values()
            if row.topic in topics and not row.is_done and row.due_at <= now and row.held_until <= now
        ][:limit]
        for row in due:
            row.held_by, row.held_until = worker, now + (lease_seconds or 60)
        return [Work(id=r.id, topic=r.topic, key=r.key, payload=r.payload, failures=r.failures) for r in due]

    def _held(self, work: str, worker: str) -> Row:
        self._answer()
        row = self.rows[work]
        if row.held_by != worker or row.held_until <= time.monotonic() or row.is_done:
            raise ConflictError(f"the lease of {work} was lost")
        return row

    async def extend(self, work: str, worker: str) -> None:
        self._held(work, worker).held_until = time.monotonic() + 60
        self.extensions += 1

    async def settle(
        self, work: str, worker: str, *, ok: bool, error: str | None = None, retry_in_seconds: float | None = None
    ) -> None:
        row = self._held(work, worker)
        row.held_by, row.held_until = None, 0.0
        if ok:
            row.is_done = True
        else:
            row.failures += 1
            row.errors.append(error or "")
            row.due_at = time.monotonic() + (retry_in_seconds or 0.0)

    async def delivery(self, delivery: str) -> Delivery:
        self._answer()
        return Delivery(
            id=delivery,
            channel="mail",
            status="pending",
            is_still_wanted=delivery not in self.unwanted,
            idempotency_key=f"delivery-{delivery}",
            recipient=Recipient(person="mira", name="Mira"),
            notice={"title": "A review waits"},
        )

    async def delivery_result(
        self, delivery: str, *, ok: bool, permanent: bool | None = None, reason: str | None = None
    ) -> DeliveryStatus:
        self._answer()
        self.results.append((delivery, ok, permanent, reason))
        if delivery in self.unwanted:
            return DeliveryStatus(status="cancelled")
        if ok or permanent:
            return DeliveryStatus(status="sent" if ok else "dead")
        return DeliveryStatus(status="pending", next_at="2020-01-01T00:00:00.000000Z")
