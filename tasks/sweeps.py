"""The task that has the engine sweep: freshness, waivers, reminders, overdue dates."""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from pratique.client.work import Swept
from tasks.engine import RETRY_SECONDS, engine, may_help


@task(
    name="sweep",
    retries=len(RETRY_SECONDS),
    retry_delay_seconds=RETRY_SECONDS,
    retry_condition_fn=may_help,
    timeout_seconds=300,
    cache_policy=NO_CACHE,
)
async def sweep_once() -> Swept:
    """Sweep now; safe to repeat. Return what it found."""
    return await engine().sweep()
