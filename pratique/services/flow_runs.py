"""The ledger's own history of flow runs."""

from __future__ import annotations

from pratique.domain.entries import FlowRunEnded, FlowRunStarted
from pratique.errors import NotFoundError
from pratique.services import lookups
from pratique.store.transaction import Transaction


def start_flow_run(
    tx: Transaction,
    *,
    key: str,
    flow: str,
    name: str,
    gate_run: str | None = None,
    prefect_run_id: str | None = None,
    url: str | None = None,
) -> str:
    """Record that a flow run began; saying it again for the same Prefect run changes nothing. Return its id.

    Raises:
        NotFoundError: the gate run does not exist.
    """
    if prefect_run_id is not None:
        found = tx.one(lookups.FLOW_RUN_BY_PREFECT, prefect_run_id=prefect_run_id)
        if found is not None:
            return str(found["id"])
    if gate_run is not None and tx.one(lookups.GATE_RUN_PLAIN, id=gate_run) is None:
        raise NotFoundError(f"gate run {gate_run[:80]} does not exist")
    run_id = tx.new_id()
    tx.record(
        FlowRunStarted(
            id=run_id, key=key, flow=flow, name=name, gate_run_id=gate_run, prefect_run_id=prefect_run_id, url=url
        )
    )
    return run_id


def end_flow_run(tx: Transaction, run_id: str, *, state: str, message: str | None = None) -> None:
    """Record how a flow run ended; the first word stands.

    Raises:
        NotFoundError: no such flow run.
    """
    row = tx.one(lookups.FLOW_RUN, id=run_id)
    if row is None:
        raise NotFoundError(f"flow run {run_id[:80]} does not exist")
    if row["ended_at"] is None:
        tx.record(FlowRunEnded(id=run_id, state=state, message=(message or "")[:2000] or None))
