"""The task that collects from one source. What it hands over, the engine reads and judges."""

from __future__ import annotations

import asyncio

from prefect import task
from prefect.cache_policies import NO_CACHE

from pratique.client import Client
from pratique.client.source_calls import SourceOrder
from pratique.egress import Egress
from pratique.fetching.collect import Outcome, collect
from pratique.settings import Settings
from tasks.engine import RETRY_SECONDS, engine_url, may_help, worker_token


async def due_orders() -> list[SourceOrder]:
    """Return what is to be fetched now. Not a task: a look changes nothing worth recording."""
    return list(await asyncio.to_thread(lambda: _client().sources.due()))


@task(
    task_run_name="collect {order.source} for {order.model} {order.version}",
    retries=len(RETRY_SECONDS),
    retry_delay_seconds=RETRY_SECONDS,
    retry_condition_fn=may_help,
    timeout_seconds=600,
    cache_policy=NO_CACHE,
)
async def collect_from_source(order: SourceOrder) -> Outcome:
    """Fetch and hand over; safe to repeat.

    Tried again here while the engine does not answer. A source that fails is not: the engine has it asked again, later
    and later.
    """
    return await asyncio.to_thread(lambda: collect(_client(), order, Egress(settings=Settings().egress)))


def _client() -> Client:
    return Client(engine_url(), token=worker_token())
