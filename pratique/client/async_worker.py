"""The worker's side of the engine: lease work, run it, report back. Needs a token with the scope `worker`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pratique.client import worker_calls as calls
from pratique.client.async_gate import AsyncGate
from pratique.client.work import Collected, Delivery, DeliveryStatus, Reconciled, Swept, Work

if TYPE_CHECKING:
    from pratique.client.async_client import AsyncClient


class AsyncWorkerNamespace:
    """`client.worker`."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def claim(
        self,
        worker: str,
        topics: Iterable[str] = ("flow", "delivery"),
        limit: int = 1,
        lease_seconds: int | None = None,
    ) -> list[Work]:
        """Return up to `limit` pieces of work, leased to `worker`."""
        return await self._client.send(calls.claim(worker, topics, limit, lease_seconds))

    async def extend(self, work: str, worker: str) -> None:
        """Give a sign of life for leased work.

        Raises:
            ConflictError: the lease was lost; somebody else may hold the work.
        """
        await self._client.send(calls.extend(work, worker))

    async def settle(
        self, work: str, worker: str, *, ok: bool, error: str | None = None, retry_in_seconds: float | None = None
    ) -> None:
        """Say how leased work ended.

        Raises:
            ConflictError: the lease was lost; somebody else may hold the work.
        """
        await self._client.send(calls.settle(work, worker, ok=ok, error=error, retry_in_seconds=retry_in_seconds))

    async def gate_run(self, gate_run: str) -> AsyncGate:
        """Return one gate run by its id."""
        return await self._client.send(calls.gate_run(gate_run, self._client.bind))

    async def collect(self, gate_run: str, checkpoint: str) -> Collected:
        """Have the evidence of a checkpoint read that is still unread."""
        return await self._client.send(calls.collect(gate_run, checkpoint))

    async def evaluate(self, gate_run: str, checkpoint: str | None = None) -> AsyncGate:
        """Have a gate run evaluated and advanced now."""
        return await self._client.send(calls.evaluate(gate_run, checkpoint, self._client.bind))

    async def announce(self, gate_run: str) -> int:
        """Have the notices written that are missing for the present state; return how many there were."""
        return await self._client.send(calls.announce(gate_run))

    async def delivery(self, delivery: str) -> Delivery:
        """Return what is to be delivered, to whom, and whether it still is."""
        return await self._client.send(calls.delivery(delivery))

    async def delivery_result(
        self, delivery: str, *, ok: bool, permanent: bool | None = None, reason: str | None = None
    ) -> DeliveryStatus:
        """Say how a delivery ended; the engine decides if and when it is tried again."""
        return await self._client.send(calls.delivery_result(delivery, ok=ok, permanent=permanent, reason=reason))

    async def flow_run_started(
        self,
        key: str,
        flow: str,
        *,
        gate_run: str | None = None,
        prefect_run_id: str,
        name: str,
        url: str | None = None,
    ) -> str:
        """Report that a flow run began; return the id of its record."""
        return await self._client.send(
            calls.flow_run_started(key, flow, gate_run=gate_run, prefect_run_id=prefect_run_id, name=name, url=url)
        )

    async def flow_run_ended(self, flow_run: str, state: str, message: str = "") -> None:
        """Report how a flow run ended: Cleared, AwaitingDecision, Blocked, Completed, Failed or Crashed."""
        await self._client.send(calls.flow_run_ended(flow_run, state, message))

    async def sweep(self) -> Swept:
        """Have every clock looked at now."""
        return await self._client.send(calls.sweep())

    async def reconcile(self) -> list[Reconciled]:
        """Have every tool asked for what it told nobody of."""
        return await self._client.send(calls.reconcile())
