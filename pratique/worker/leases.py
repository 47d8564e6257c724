"""Keeping the leases of claimed items alive while work on them goes on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from pratique.client.work import Work
from pratique.errors import ConflictError, PratiqueError
from pratique.worker.ports import WorkQueue

_log = logging.getLogger(__name__)

#: A lease is extended three times in its life, so that one lost request costs nothing.
EXTENSIONS_PER_LEASE = 3


@asynccontextmanager
async def held(
    queue: WorkQueue, items: Iterable[Work], *, worker: str, lease_seconds: float
) -> AsyncIterator[set[str]]:
    """Extend the leases of `items` until the block ends.

    Yields:
        The ids still held; ids whose lease was lost leave the set, ids that the block settles should be
        taken out of it.
    """
    ids = {item.id for item in items}
    keeper = asyncio.create_task(_extend_until_cancelled(queue, ids, worker, lease_seconds / EXTENSIONS_PER_LEASE))
    try:
        yield ids
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)


async def _extend_until_cancelled(queue: WorkQueue, ids: set[str], worker: str, every_seconds: float) -> None:
    while True:
        await asyncio.sleep(every_seconds)
        for item in sorted(ids):
            await _extend(queue, ids, item, worker)


async def _extend(queue: WorkQueue, ids: set[str], item: str, worker: str) -> None:
    try:
        await queue.extend(item, worker)
    except ConflictError:
        _log.warning("the lease of item %s was lost; another worker has it now", item)
        ids.discard(item)
    except PratiqueError as error:
        _log.warning("the lease of item %s was not extended: %s", item, error)
