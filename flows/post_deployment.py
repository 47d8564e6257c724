"""The post-deployment stage: the gates of a model version in service."""

from __future__ import annotations

from prefect import flow, tags
from prefect.client.schemas.objects import State

from flows.checkpoints import assessment, checkpoints_of, mitigation, records
from tasks.flow_runs import recorded
from tasks.gates import announce, look
from tasks.parking import wake_parked


@flow(name="post-deployment", flow_run_name="{gate} {model} {version}")
async def post_deployment(gate_run: str, model: str, version: str, gate: str, stage: str, key: str) -> State[None]:
    """Drive one gate run through its checkpoints, tell its people, and end in a named state.

    Nothing waits for people here: the run ends as Cleared, AwaitingDecision or Blocked, and what changes
    the gate later starts the next run.

    Args:
        gate_run: id of the gate run.
        model: model of the gate run.
        version: version of the model.
        gate: id of the gate, such as `pre-placement`.
        stage: lifecycle stage of the gate's spec.
        key: names this run; the ledger's record of it bears the same key.
    """
    label = f"{gate} {model} {version}"
    with tags(f"model:{model}", f"version:{version}", f"gate:{gate}"):
        async with recorded("post_deployment", key, gate_run) as run:
            view = await look(gate_run)
            await assessment(gate_run, label, checkpoints_of(view, "assessment"))
            after = await mitigation(gate_run, label, checkpoints_of(view, "mitigation"))
            if rest := checkpoints_of(view, "documentation", "governance"):
                after = await records(gate_run, label, rest)
            await announce(gate_run)
            await wake_parked(after)
            return await run.end_as(after)
