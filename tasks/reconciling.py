"""The task that has the engine ask tools for what they told nobody of."""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from pratique.client.work import Reconciled
from tasks.engine import RETRY_SECONDS, engine, may_help


@task(
    name="reconcile",
    retries=len(RETRY_SECONDS),
    retry_delay_seconds=RETRY_SECONDS,
    retry_condition_fn=may_help,
    timeout_seconds=600,
    cache_policy=NO_CACHE,
)
async def reconcile_once() -> list[Reconciled]:
    """Ask every tool that can be asked; safe to repeat. Return what each had to tell."""
    return await engine().reconcile()
