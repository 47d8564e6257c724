"""The calls of the worker. All may be sent again: the engine guards them by lease, key and state."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pratique.client.call import Call, path_of
from pratique.client.engine_calls import Bind, G
from pratique.client.gate_view import GateView
from pratique.client.work import Collected, Delivery, DeliveryStatus, Reconciled, Swept, Work


def claim(worker: str, topics: Iterable[str], limit: int, lease_seconds: int | None) -> Call[list[Work]]:
    """Ask for work, leased to `worker`."""
    return Call(
        method="POST",
        path=path_of("work", "claim"),
        body=_present(worker=worker, topics=list(topics), limit=limit, lease_seconds=lease_seconds),
        read=lambda reply: [Work.from_json(item) for item in reply.json()["items"]],
    )


def extend(work: str, worker: str) -> Call[None]:
    """Give a sign of life for leased work."""
    return Call(method="POST", path=path_of("work", work, "extend"), body={"worker": worker}, read=lambda reply: None)


def settle(work: str, worker: str, *, ok: bool, error: str | None, retry_in_seconds: float | None) -> Call[None]:
    """Say how leased work ended."""
    return Call(
        method="POST",
        path=path_of("work", work, "settle"),
        body=_present(worker=worker, ok=ok, error=error, retry_in_seconds=retry_in_seconds),
        read=lambda reply: None,
    )


def gate_run(gate_run: str, bind: Bind[G]) -> Call[G]:
    """Ask for one gate run by its id."""
    return Call(
        method="GET",
        path=path_of("gate-runs", gate_run),
        read=lambda reply: bind(GateView.from_json(reply.json())),
    )


def collect(gate_run: str, checkpoint: str) -> Call[Collected]:
    """Have the evidence of a checkpoint read that is still unread."""
    return Call(
        method="POST",
        path=path_of("gate-runs", gate_run, "collect"),
        body={"checkpoint": checkpoint},
        # Reading large files takes its time, and the engine says nothing meanwhile.
        hold_seconds=_COLLECT_SECONDS,
        read=lambda reply: Collected.from_json(reply.json()),
    )


def evaluate(gate_run: str, checkpoint: str | None, bind: Bind[G]) -> Call[G]:
    """Have a gate run evaluated and advanced now."""
    return Call(
        method="POST",
        path=path_of("gate-runs", gate_run, "evaluate"),
        body=_present(checkpoint=checkpoint),
        read=lambda reply: bind(GateView.from_json(reply.json())),
    )


def announce(gate_run: str) -> Call[int]:
    """Have the notices written that are missing for the present state; how many there were."""
    return Call(
        method="POST",
        path=path_of("gate-runs", gate_run, "announce"),
        read=lambda reply: int(reply.json()["notices"]),
    )


def delivery(delivery: str) -> Call[Delivery]:
    """Ask what is to be delivered, to whom, and whether it still is."""
    return Call(method="GET", path=path_of("deliveries", delivery), read=lambda reply: Delivery.from_json(reply.json()))


def delivery_result(delivery: str, *, ok: bool, permanent: bool | None, reason: str | None) -> Call[DeliveryStatus]:
    """Say how a delivery ended."""
    return Call(
        method="POST",
        path=path_of("deliveries", delivery, "result"),
        body=_present(ok=ok, permanent=permanent, reason=reason),
        read=lambda reply: DeliveryStatus.from_json(reply.json()),
    )


def flow_run_started(
    key: str, flow: str, *, gate_run: str | None, prefect_run_id: str, name: str, url: str | None
) -> Call[str]:
    """Report that a flow run began; the id of its record."""
    return Call(
        method="POST",
        path=path_of("flow-runs"),
        body={
            "key": key,
            "flow": flow,
            "gate_run": gate_run,
            "prefect_run_id": prefect_run_id,
            "name": name,
            "url": url,
        },
        read=lambda reply: str(reply.json()["id"]),
    )


def flow_run_ended(flow_run: str, state: str, message: str) -> Call[None]:
    """Report how a flow run ended."""
    return Call(
        method="POST",
        path=path_of("flow-runs", flow_run, "end"),
        body={"state": state, "message": message},
        read=lambda reply: None,
    )


def sweep() -> Call[Swept]:
    """Have every clock looked at now."""
    return Call(method="POST", path=path_of("sweep"), read=lambda reply: Swept.from_json(reply.json()))


def reconcile() -> Call[list[Reconciled]]:
    """Have every tool asked for what it told nobody of."""
    return Call(
        method="POST",
        path=path_of("reconciliations"),
        hold_seconds=_COLLECT_SECONDS,
        read=lambda reply: [Reconciled.from_json(one) for one in reply.json()["results"]],
    )


#: How long one collection may take in the engine.
_COLLECT_SECONDS = 600.0


def _present(**members: Any) -> dict[str, Any]:
    return {key: value for key, value in members.items() if value is not None}
