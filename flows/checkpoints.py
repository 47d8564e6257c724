"""The checkpoints of a gate as subflows, shared by the stage flows.

Flow files are leaves that nobody imports; this module is the one exception, because every stage runs the
same checkpoints inside its gates.
"""

from __future__ import annotations

from typing import Any

from prefect import flow

from tasks.checkpoints import collect, evaluate


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
