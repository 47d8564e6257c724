"""The engine's own lane for deliveries: settled right after they were kept, beside the requests."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from pratique.services.hook_settling import settle
from pratique.services.parts import Parts

_log = logging.getLogger(__name__)

#: Deliveries under way at once; one whose tool is slow to answer must not hold up the others.
WORKERS = 4
#: What waits beyond this is left to the sweep.
_LONGEST = 10_000


class HookLane:
    """Settles deliveries in the background. What it loses, by a crash or because it is full, the sweep settles."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._waiting: asyncio.Queue[str] = asyncio.Queue(_LONGEST)

    def put(self, delivery: str) -> None:
        """Have a delivery settled soon."""
        with contextlib.suppress(asyncio.QueueFull):
            self._waiting.put_nowait(delivery)

    async def run(self) -> None:
        """Settle what comes, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(WORKERS):
                group.create_task(self._work())

    async def _work(self) -> None:
        while True:
            delivery = await self._waiting.get()
            try:
                await asyncio.to_thread(settle, self._parts, delivery)
            except Exception:
                _log.exception("delivery %s could not be settled; the sweep tries again", delivery)
            finally:
                self._waiting.task_done()

    async def join(self) -> None:
        """Wait until nothing waits."""
        await self._waiting.join()
