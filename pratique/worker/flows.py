"""The flow lane: one flow at a time, several items of one gate run answered by one flow run."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator

from pratique.client.work import Work
from pratique.errors import PratiqueError, UnavailableError
from pratique.worker.backoff import pause
from pratique.worker.lane import Claimant, Lane
from pratique.worker.leases import held
from pratique.worker.ports import FlowStarter

_log = logging.getLogger(__name__)

#: Items claimed at once. More find more to join into one run; all of them wait while one runs.
CLAIM_LIMIT = 16
#: Pauses before a failed flow is tried again, by how often it failed; the last one repeats.
RETRY_SECONDS = (2.0, 5.0, 15.0, 60.0, 300.0)


class FlowLane(Lane):
    """Runs the flows that the outbox asks for.

    One at a time: the Prefect server on SQLite slows down under parallel runs (measured: 8 threads
    made 4 runs a second, one made 7). A flow run looks at the state that is there when it starts, so
    the newest item of a gate run covers the ones before it.
    """

    topic = "flow"

    def __init__(self, claimant: Claimant, starter: FlowStarter, stop: asyncio.Event) -> None:
        super().__init__(claimant, stop)
        self._starter = starter

    async def work(self) -> bool:
        """Claim a batch and run one flow for each gate run in it."""
        items = await self._claimant.claim(self.topic, CLAIM_LIMIT)
        claimant = self._claimant
        async with held(claimant.queue, items, worker=claimant.worker, lease_seconds=claimant.lease_seconds) as ids:
            for group in by_gate_run(items):
                if self._stop.is_set():
                    return True  # the leases lapse and another worker takes the rest
                await self._run([item for item in group if item.id in ids])
                ids.difference_update(item.id for item in group)
        return bool(items)

    async def _run(self, group: list[Work]) -> None:
        """Run the newest item of the group and settle the whole group by its end."""
        if not group:
            return
        newest = group[-1]
        try:
            await self._start(newest)
        except UnavailableError:
            return  # asked to stop while waiting; the leases lapse
        except PratiqueError as error:
            await self._hand_back(group, error)
        else:
            # After the run, never before it: a crash in between runs the flow once more, and loses nothing.
            for item in group:
                await self._claimant.settle(item)

    async def _start(self, item: Work) -> None:
        """Start the item's flow, as soon as the executor answers.

        An executor that is down is not the item's failure: failures are counted, and end in giving up. The
        item stays held meanwhile.
        """
        while True:
            try:
                return await self._starter.start(item.payload, attempt_key(item))
            except UnavailableError as error:
                wait = self._down.advance()
                _log.warning("flow item %s waits %.1f s: %s", item.id, wait, error)
                await pause(wait, self._stop)
                if self._stop.is_set():
                    raise

    async def _hand_back(self, group: Iterable[Work], error: PratiqueError) -> None:
        for item in group:
            again_in = RETRY_SECONDS[min(item.failures, len(RETRY_SECONDS) - 1)]
            _log.warning("flow item %s is tried again in %g s: %s", item.id, again_in, error)
            await self._claimant.settle(item, error=f"{error.code}: {error}", retry_in_seconds=again_in)


def attempt_key(item: Work) -> str:
    """Return the key of this attempt: a try after a failure is a new run, a try after a crash is not."""
    return f"{item.key}#{item.failures}" if item.failures else item.key


def by_gate_run(items: Iterable[Work]) -> Iterator[list[Work]]:
    """Yield the items grouped by flow and gate run, groups in order of their first item, newest item last."""
    groups: dict[tuple[str, str], list[Work]] = {}
    for item in items:
        gate_run = item.payload.get("gate_run") or item.id
        groups.setdefault((str(item.payload.get("flow")), str(gate_run)), []).append(item)
    yield from groups.values()
