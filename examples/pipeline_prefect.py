"""The same pipeline as a Prefect flow that is parked while people think.

    python examples/pipeline_prefect.py serve    # deploys it as aurora-pipeline/example and runs what is asked for
    prefect deployment run aurora-pipeline/example -p evidence_dir=evidence

A parked run holds no process. It starts again from its top when it is resumed; every task before has kept its
result (`persist_result`) and is not run again. Needs PREFECT_API_URL, PRATIQUE_URL and PRATIQUE_TOKEN_FILE.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from prefect import flow, task
from prefect.runtime import flow_run

import pratique
from pratique.project import activate

activate()  # finds tasks/, from a checkout and from an installed wheel

from tasks.parking import await_gate  # noqa: E402 - needs the line above

MODEL, VERSION = "aurora", "2.1"

PROFILE = {
    "general_purpose": True,
    "systemic_risk": True,
    "stage": "training",
    "provider_size": "small",
    "training_flop": 1.2e25,
    "known_as": ["mockllm/model"],
}


@task
async def register() -> None:
    """Make the model version known."""
    async with pratique.AsyncClient() as client:
        await client.register(MODEL, VERSION, PROFILE)


@task(task_run_name="work before {gate}")
async def work(gate: str) -> None:
    """Stand for the real work: training, evaluating, packing the release."""
    print(f"pipeline: works before {gate}", flush=True)


@task(task_run_name="open {gate}", retries=3, retry_delay_seconds=[1, 5, 15])
async def open_gate(gate: str, run_id: str) -> str:
    """Ask for a gate. The run's own id names the event, so a task that is tried again counts once."""
    async with pratique.AsyncClient() as client:
        opened = await client.trigger(gate, model=MODEL, version=VERSION, event_id=f"{run_id}/{gate}")
    return opened.headline


@task(task_run_name="send {file}", retries=3, retry_delay_seconds=[1, 5, 15])
async def send(file: str) -> str:
    """Send one file; return the id of the evidence."""
    async with pratique.AsyncClient() as client:
        return (await client.add_evidence(file, MODEL, VERSION)).id


@flow(name="aurora-pipeline", persist_result=True, log_prints=True)
async def pipeline(evidence_dir: str = "evidence") -> None:
    """Go from training to the market, through three gates.

    Args:
        evidence_dir: holds one folder of files for each gate.
    """
    await register()
    for name in ("training-trigger", "pre-placement", "placement"):
        await work(name)
        await open_gate(name, str(flow_run.id))
        for file in files_for(name, evidence_dir):
            await send(file)
        async with pratique.AsyncClient() as client:
            gate = await await_gate(await client.gate(MODEL, VERSION, name))
            await gate.assert_unchanged()
        print(f"pipeline: {name} cleared")
    print(f"pipeline: {MODEL}/{VERSION} is placed on the market")


def files_for(gate: str, evidence_dir: str) -> list[str]:
    """Return the files for a gate, in the order of their names."""
    folder = Path(evidence_dir) / gate
    return sorted(str(path) for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        pipeline.serve(name="example", pause_on_shutdown=False)
    else:
        asyncio.run(pipeline(*sys.argv[1:2]))
