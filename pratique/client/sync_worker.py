"""The worker's side of the engine: lease work, run it, report back. Needs a token with the scope `worker`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pratique.client import worker_calls as calls
from pratique.client.gate import Gate
from pratique.client.work import Collected, Delivery, DeliveryStatus, Reconciled, Swept, Work

if TYPE_CHECKING:
    from pratique.client.sync_client import Client


class WorkerNamespace:
    """`client.worker`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def claim(
        self,
        worker: str,
        topics: Iterable[str] = ("flow", "delivery"),
        limit: int = 1,
        lease_seconds: int | None = None,
    ) -> list[Work]:
        """Return up to `limit` pieces of work, leased to `worker`."""
        return self._client.send(calls.claim(worker, topics, limit, lease_seconds))

    def extend(self, work: str, worker: str) -> None:
        """Give a sign of life for leased work.

        Raises:
            ConflictError: the lease was lost; somebody else may hold the work.
        """
        self._client.send(calls.extend(work, worker))

    def settle(
        self, work: str, worker: str, *, ok: bool, error: str | None = None, retry_in_seconds: float | None = None
    ) -> None:
        """Say how leased work ended.

        Raises:
            ConflictError: the lease was lost; somebody else may hold the work.
        """
        self._client.send(calls.settle(work, worker, ok=ok, error=error, retry_in_seconds=retry_in_seconds))

    def gate_run(self, gate_run: str) -> Gate:
        """Return one gate run by its id."""
        return self._client.send(calls.gate_run(gate_run, self._client.bind))

    def collect(self, gate_run: str, checkpoint: str) -> Collected:
        """Have the evidence of a checkpoint read that is still unread."""
        return self._client.send(calls.collect(gate_run, checkpoint))

    def evaluate(self, gate_run: str, checkpoint: str | None = None) -> Gate:
        """Have a gate run evaluated and advanced now."""
        return self._client.send(calls.evaluate(gate_run, checkpoint, self._client.bind))

    def announce(self, gate_run: str) -> int:
        """Have the notices written that are missing for the present state; return how many there were."""
        return self._client.send(calls.announce(gate_run))

    def delivery(self, delivery: str) -> Delivery:
        """Return what is to be delivered, to whom, and whether it still is."""
        return self._client.send(calls.delivery(delivery))

    def delivery_result(
        self, delivery: str, *, ok: bool, permanent: bool | None = None, reason: str | None = None
    ) -> DeliveryStatus:
        """Say how a delivery ended; the engine decides if and when it is tried again."""
        return self._client.send(calls.delivery_result(delivery, ok=ok, permanent=permanent, reason=reason))

    def flow_run_started(
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
        return self._client.send(
            calls.flow_run_started(key, flow, gate_run=gate_run, prefect_run_id=prefect_run_id, name=name, url=url)
        )

    def flow_run_ended(self, flow_run: str, state: str, message: str = "") -> None:
        """Report how a flow run ended: Cleared, AwaitingDecision, Blocked, Completed, Failed or Crashed."""
        self._client.send(calls.flow_run_ended(flow_run, state, message))

    def sweep(self) -> Swept:
        """Have every clock looked at now."""
        return self._client.send(calls.sweep())

    def reconcile(self) -> list[Reconciled]:
        """Have every tool asked for what it told nobody of."""
        return self._client.send(calls.reconcile())
