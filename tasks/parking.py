"""Park a pipeline that is itself a Prefect flow until a gate is settled, and wake it.

A parked run costs a row: no process, thread or slot is held while people think. It ends as Suspended, and starts
again from its top when it is resumed, so whatever it did before belongs in tasks with `persist_result=True`.
"""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any
from uuid import UUID

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.flow_runs import asuspend_flow_run
from prefect.runtime import deployment, flow_run

from pratique.client import AsyncGate, GateView
from tasks.engine import RETRY_SECONDS, engine, may_help

#: Outcomes of a gate that nobody needs to wait for any longer.
SETTLED = frozenset({"cleared", "rejected"})
#: How often, and how many seconds apart, `resume_parked` looks for runs that are on their way to their rest.
_LOOKS = 5
_LOOK_SECONDS = 2.0


async def await_gate(gate: AsyncGate) -> AsyncGate:
    """Return the gate once it is cleared; until then this flow run is parked.

    Anybody can press Resume, so the ledger is asked again after every resumption, and the run parked again. A flow
    without a deployment cannot be parked by Prefect; it waits in its process.

    Raises:
        GateNotCleared: the gate was rejected or withdrawn.
    """
    if deployment.id is None:
        return (await gate.wait()).require()
    tag = parking_tag(gate)
    # Marked before the ledger is asked: a gate that settles in between finds the mark.
    await _set_tag(tag, wanted=True)
    for turn in count(1):
        gate = await gate.refresh()
        if gate.is_settled:
            break
        # Ends this process. A turn that was parked and resumed before returns at once instead.
        await asuspend_flow_run(key=f"{tag}#{turn}", timeout=None)
    await _set_tag(tag, wanted=False)
    return gate.require()


@task(
    name="resume parked pipelines",
    retries=len(RETRY_SECONDS),
    retry_delay_seconds=RETRY_SECONDS,
    retry_condition_fn=may_help,
    timeout_seconds=120,
    cache_policy=NO_CACHE,
)
async def resume_parked(gate_run: str) -> int:
    """Resume the runs that wait for a gate, if it is settled; safe to repeat. Return how many were resumed."""
    return await resume_runs_waiting_for(await engine().gate_run(gate_run))


async def wake_parked(view: dict[str, Any]) -> None:
    """Resume the pipelines that wait for a gate, when its view says that it is settled."""
    if view["outcome"] in SETTLED:
        await resume_parked(view["gate_run"])


async def resume_runs_waiting_for(gate: GateView) -> int:
    """Resume every run that is parked for `gate`, if it is settled; return how many were."""
    if not gate.is_settled:
        return 0
    resumed = 0
    async with get_client() as client:
        for _ in range(_LOOKS):
            runs = await client.read_flow_runs(flow_run_filter=_waiting_for(gate))
            parked = [run for run in runs if run.state is not None and run.state.is_paused()]
            for run in parked:
                await client.resume_flow_run(run.id)
            resumed += len(parked)
            if not _are_coming(runs):
                break
            await asyncio.sleep(_LOOK_SECONDS)
    return resumed


def parking_tag(gate: GateView) -> str:
    """Return the tag of the runs that wait for `gate`."""
    return f"waits-for:{gate.subject}/{gate.gate}/{gate.occasion}"


def _waiting_for(gate: GateView) -> FlowRunFilter:
    states = FlowRunFilterStateType(any_=[StateType.PAUSED, StateType.RUNNING])
    return FlowRunFilter(tags=FlowRunFilterTags(all_=[parking_tag(gate)]), state=FlowRunFilterState(type=states))


def _are_coming(runs: list[FlowRun]) -> bool:
    """True when a marked run still runs: it may have asked the ledger just before the gate settled."""
    return any(run.state is not None and run.state.is_running() for run in runs)


async def _set_tag(tag: str, *, wanted: bool) -> None:
    run_id = UUID(str(flow_run.id))
    async with get_client() as client:
        tags = set((await client.read_flow_run(run_id)).tags)
        if (tag in tags) != wanted:
            await client.update_flow_run(run_id, tags=sorted(tags ^ {tag}))
