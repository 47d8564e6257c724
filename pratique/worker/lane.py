"""A lane: one topic of the outbox, claimed again and again, independent of the other lanes."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from pratique.client.work import Work
from pratique.errors import ConflictError, PratiqueError, UnavailableError
from pratique.worker.backoff import Backoff, pause
from pratique.worker.ports import WorkQueue

_log = logging.getLogger(__name__)

#: Pauses between claims that found nothing: short after work, longer on an idle evening.
IDLE_SECONDS = (0.2, 1.0)
#: Pauses while the engine or the executor does not answer.
DOWN_SECONDS = (0.5, 15.0)


@dataclass(frozen=True, slots=True)
class Claimant:
    """Who claims, and on what terms."""

    queue: WorkQueue
    worker: str  #: name of this worker process, unique
    lease_seconds: int

    async def claim(self, topic: str, limit: int) -> list[Work]:
        """Take up to `limit` items of `topic`."""
        return await self.queue.claim(self.worker, [topic], limit, self.lease_seconds)

    async def settle(self, item: Work, *, error: str | None = None, retry_in_seconds: float | None = None) -> None:
        """Close the item (no `error`) or hand it back. A lost lease is somebody else's item: nothing to do."""
        try:
            await self.queue.settle(
                item.id, self.worker, ok=error is None, error=error, retry_in_seconds=retry_in_seconds
            )
        except ConflictError:
            _log.warning("item %s was settled by another worker", item.id)
        except UnavailableError:
            raise
        except PratiqueError as failure:
            # One row that the engine cannot settle must not hold up the others; its lease lapses and it comes back.
            _log.error("item %s was not settled: %s", item.id, failure)


class Lane:
    """Claims one topic until asked to stop; a subclass says how many to claim and what to do with them."""

    topic: str

    def __init__(self, claimant: Claimant, stop: asyncio.Event) -> None:
        self._claimant = claimant
        self._stop = stop
        self._idle = Backoff(*IDLE_SECONDS)
        self._down = Backoff(*DOWN_SECONDS)

    async def run(self) -> None:
        """Go on until `stop` is set; whatever happens to one claim, the next one comes."""
        while not self._stop.is_set():
            await pause(await self._turn(), self._stop)

    async def _turn(self) -> float:
        """Claim once and work; return how long to wait before the next claim, in seconds."""
        try:
            took = await self.work()
        except UnavailableError as error:
            wait = self._down.advance()
            _log.warning("%s waits %.1f s: %s", self.topic, wait, error)
            return wait
        except Exception:
            # One item that nobody foresaw must not stop the lane; its lease lapses and it comes back.
            wait = self._down.advance()
            _log.exception("%s waits %.1f s", self.topic, wait)
            return wait
        self._down.reset()
        if took:
            self._idle.reset()
            return 0.0
        return self._idle.advance()

    async def work(self) -> bool:
        """Claim and work once; true when there was something to do.

        Raises:
            UnavailableError: a part that is needed does not answer; the lane backs off.
        """
        raise NotImplementedError
