"""The engine's own lane for deliveries: settled right after they were kept, beside the requests."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter, defaultdict, deque

from pratique.services.hook_settling import settle
from pratique.services.parts import Parts

_log = logging.getLogger(__name__)

#: Deliveries under way at once.
WORKERS = 4
#: The same of one source: one whose tool is slow to answer must not hold up the others.
WORKERS_OF_ONE = 2
#: What waits beyond this is left to the sweep.
_LONGEST = 10_000


class HookLane:
    """Settles deliveries in the background. What it loses, by a crash or because it is full, the sweep settles."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._waiting: asyncio.Queue[tuple[str, str]] = asyncio.Queue(_LONGEST)
        self._busy: Counter[str] = Counter()  #: deliveries under way of each source
        self._held: defaultdict[str, deque[str]] = defaultdict(deque)  #: taken, while their source has its share

    def put(self, source: str, delivery: str) -> None:
        """Have a delivery of a source settled soon."""
        with contextlib.suppress(asyncio.QueueFull):
            if sum(map(len, self._held.values())) < _LONGEST:
                self._waiting.put_nowait((source, delivery))

    async def run(self) -> None:
        """Settle what comes, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(WORKERS):
                group.create_task(self._work())

    async def _work(self) -> None:
        while True:
            source, delivery = await self._waiting.get()
            if self._busy[source] >= WORKERS_OF_ONE:
                self._held[source].append(delivery)  # one of those workers takes it next
                continue
            self._busy[source] += 1
            try:
                await self._settle(delivery)
                while held := self._held.get(source):
                    await self._settle(held.popleft())
            finally:
                self._busy[source] -= 1
                if not self._busy[source]:
                    del self._busy[source]
                    self._held.pop(source, None)

    async def _settle(self, delivery: str) -> None:
        try:
            await asyncio.to_thread(settle, self._parts, delivery)
        except Exception:
            _log.exception("delivery %s could not be settled; the sweep tries again", delivery)
        finally:
            self._waiting.task_done()

    async def join(self) -> None:
        """Wait until nothing waits."""
        await self._waiting.join()
