"""Tasks on a whole gate run: look at it, tell its people."""

from __future__ import annotations

from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.engine import RETRY_SECONDS, engine, may_help


async def look(gate_run: str) -> dict[str, Any]:
    """Return the gate run's present view. Not a task: a look changes nothing worth recording."""
    return dict((await engine().gate_run(gate_run)).raw)


@task(
    retries=len(RETRY_SECONDS),
    retry_delay_seconds=RETRY_SECONDS,
    retry_condition_fn=may_help,
    timeout_seconds=60,
    cache_policy=NO_CACHE,
)
async def announce(gate_run: str) -> int:
    """Write the notices that the present state still owes; return how many were written."""
    return await engine().announce(gate_run)
