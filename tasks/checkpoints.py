"""Tasks on one checkpoint of a gate run: collect its evidence, evaluate it."""

from __future__ import annotations

from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from pratique.client.work import Collected
from pratique.errors import UnavailableError
from tasks.engine import RETRY_SECONDS, engine, may_help


@task(
    task_run_name="collect {checkpoint}",
    retries=len(RETRY_SECONDS),
    retry_delay_seconds=RETRY_SECONDS,
    retry_condition_fn=may_help,
    timeout_seconds=600,
    cache_policy=NO_CACHE,
)
async def collect(gate_run: str, checkpoint: str) -> Collected:
    """Have the engine read the checkpoint's evidence files that it did not read at once.

    Returns:
        How many files were read, and how many cannot be read.

    Raises:
        UnavailableError: files are still to be read; another try takes them.
    """
    counts = await engine().collect(gate_run, checkpoint)
    if counts.pending:
        raise UnavailableError(f"{counts.pending} evidence files of checkpoint {checkpoint} are not read yet")
    return counts


@task(
    retries=len(RETRY_SECONDS),
    retry_delay_seconds=RETRY_SECONDS,
    retry_condition_fn=may_help,
    timeout_seconds=60,
    cache_policy=NO_CACHE,
)
async def evaluate(gate_run: str) -> dict[str, Any]:
    """Evaluate the gate run now and advance it; return its view."""
    return dict((await engine().evaluate(gate_run)).raw)
