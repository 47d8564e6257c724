"""The checkpoints of a gate as subflows, and how a stage flow drives a gate through them.

Flow files are leaves that nobody imports; this module is the one exception, because every stage runs the
same checkpoints inside its gates.
"""

from __future__ import annotations

from typing import Any

from prefect import flow, tags
from prefect.client.schemas.objects import State

from tasks.checkpoints import collect, evaluate
from tasks.flow_runs import recorded
from tasks.gates import announce, look
from tasks.parking import wake_parked


async def drive(flow_name: str, gate_run: str, model: str, version: str, gate: str, key: str) -> State[None]:
    """Take one gate run through its checkpoints, tell its people, and return the run's named final state.

    Args:
        flow_name: the stage flow, as the ledger's run history names it.
        gate_run: id of the gate run.
        model: model of the gate run.
        version: version of the model.
        gate: id of the gate.
        key: names this run in the ledger's run history.
    """
    label = f"{gate} {model} {version}"
    with tags(f"model:{model}", f"version:{version}", f"gate:{gate}"):
        async with recorded(flow_name, key, gate_run) as run:
            view = await look(gate_run)
            await assessment(gate_run, label, checkpoints_of(view, "assessment"))
            after = await mitigation(gate_run, label, checkpoints_of(view, "mitigation"))
            if rest := checkpoints_of(view, "documentation", "governance"):
                after = await records(gate_run, label, rest)
            await announce(gate_run)
            await wake_parked(after)
            return await run.end_as(after)


@flow(name="assessment", flow_run_name="assessment of {label}", validate_parameters=False)
async def assessment(gate_run: str, label: str, checkpoints: list[str]) -> dict[str, Any]:
    """Assess: collect the evidence on the model's risks and evaluate it."""
    return await _pass_through(gate_run, checkpoints)


@flow(name="mitigation", flow_run_name="mitigation of {label}", validate_parameters=False)
async def mitigation(gate_run: str, label: str, checkpoints: list[str]) -> dict[str, Any]:
    """Mitigate: collect the evidence on what holds the risks down and evaluate it."""
    return await _pass_through(gate_run, checkpoints)


@flow(name="records", flow_run_name="records of {label}", validate_parameters=False)
async def records(gate_run: str, label: str, checkpoints: list[str]) -> dict[str, Any]:
    """Record: collect documentation and governance evidence and evaluate it."""
    return await _pass_through(gate_run, checkpoints)


def checkpoints_of(view: dict[str, Any], *kinds: str) -> list[str]:
    """Return the ids of the gate's checkpoints of these kinds, in the order of the gate's spec."""
    found = (f["checkpoint"] for f in view["findings"] if f["checkpoint_kind"] in kinds)
    return list(dict.fromkeys(found))


async def _pass_through(gate_run: str, checkpoints: list[str]) -> dict[str, Any]:
    """Collect checkpoint by checkpoint, evaluate once, and return the gate's view."""
    for checkpoint in checkpoints:
        await collect(gate_run, checkpoint)
    return await evaluate(gate_run)
