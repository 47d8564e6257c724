"""The post-deployment stage: the gates of a model version in service."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from flows.checkpoints import drive


@flow(name="post-deployment", flow_run_name="{gate} {model} {version}")
async def post_deployment(gate_run: str, model: str, version: str, gate: str, stage: str, key: str) -> State[None]:
    """Drive one gate run through its checkpoints, tell its people, and end in a named state.

    Nothing waits for people here: the run ends as Cleared, AwaitingDecision or Blocked, and what changes
    the gate later starts the next run.

    Args:
        gate_run: id of the gate run.
        model: model of the gate run.
        version: version of the model.
        gate: id of the gate.
        stage: lifecycle stage of the gate's spec.
        key: names this run; the ledger's record of it bears the same key.
    """
    return await drive("post_deployment", gate_run, model, version, gate, key)
