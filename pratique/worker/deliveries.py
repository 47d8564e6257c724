"""The delivery lane: notices on their way to people, several at once, whatever happens to the flows."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import asdict
from datetime import UTC, datetime

from pratique.client.work import Delivery, Work
from pratique.worker.lane import Claimant, Lane
from pratique.worker.leases import held
from pratique.worker.ports import DeliverySender

_log = logging.getLogger(__name__)

#: Deliveries on their way at one moment.
AT_ONCE = 8
#: A channel has its own, shorter time-out; this one only frees the place of a sender that hangs.
SEND_SECONDS = 60.0

#: (ok, permanent, reason) of a delivery that is not sent because nobody wants it any more.
_NOT_WANTED: tuple[bool, bool, str | None] = (False, False, "no longer wanted")


class DeliveryLane(Lane):
    """Sends what is still wanted, and reports each attempt; the engine decides on the next one."""

    topic = "delivery"

    def __init__(self, claimant: Claimant, sender: DeliverySender, stop: asyncio.Event) -> None:
        super().__init__(claimant, stop)
        self._sender = sender

    async def work(self) -> bool:
        """Claim a batch and send it, all at once."""
        items = await self._claimant.claim(self.topic, AT_ONCE)
        claimant = self._claimant
        async with held(claimant.queue, items, worker=claimant.worker, lease_seconds=claimant.lease_seconds):
            results = await asyncio.gather(*(self._deliver(item) for item in items), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return bool(items)

    async def _deliver(self, item: Work) -> None:
        """Send one delivery; a crash between sending and reporting sends once more, with the same key."""
        delivery_id = str(item.payload["delivery"])
        delivery = await self._claimant.queue.delivery(delivery_id)
        # The engine is told of what was not sent too: it alone knows whether that ends the delivery.
        ok, permanent, reason = _NOT_WANTED
        if delivery.is_still_wanted:
            ok, permanent, reason = await self._send(delivery)
        status = await self._claimant.queue.delivery_result(delivery_id, ok=ok, permanent=permanent, reason=reason)
        again_in = seconds_until(status.next_at)
        if again_in is None:
            await self._claimant.settle(item)
        else:
            await self._claimant.settle(item, error=reason or "not delivered", retry_in_seconds=again_in)

    async def _send(self, delivery: Delivery) -> tuple[bool, bool, str | None]:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                outcome = await self._sender.send(asdict(delivery))
        except TimeoutError:
            return False, False, f"the channel did not answer within {SEND_SECONDS:g} s"
        except Exception as error:
            # A sender's own fault must not stop the deliveries to everybody else. Its text may hold a channel
            # URL with a secret in it, so only the kind of the error is passed on.
            _log.error("delivery %s failed: %s", delivery.id, type(error).__name__)
            return False, False, f"the channel failed: {type(error).__name__}"
        return outcome.ok, outcome.permanent, outcome.reason or None


def seconds_until(at: str | None) -> float | None:
    """Return the seconds from now until the UTC instant `at`, not below zero; None for None."""
    if at is None:
        return None
    return max((datetime.fromisoformat(at) - datetime.now(UTC)).total_seconds(), 0.0)
