"""The worker: its lanes side by side, until it is asked to stop."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import socket

from pratique.worker.deliveries import DeliveryLane
from pratique.worker.flows import FlowLane
from pratique.worker.lane import Claimant
from pratique.worker.ports import DeliverySender, FlowStarter, WorkQueue

_log = logging.getLogger(__name__)

#: How long work under way may take to end after a stop; what is left then comes back when its lease lapses.
GRACE_SECONDS = 15.0


def worker_name() -> str:
    """Return a name that no other worker has: in containers, host name and process id alone come again."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"


class Worker:
    """Claims work from the engine under leases and does it. It owns no state: killing it loses nothing."""

    def __init__(
        self,
        queue: WorkQueue,
        *,
        starter: FlowStarter,
        sender: DeliverySender,
        name: str | None = None,
        lease_seconds: int = 60,
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        self.name = name or worker_name()
        self.stopping = asyncio.Event()  #: set once the worker was asked to stop
        self._grace_seconds = grace_seconds
        claimant = Claimant(queue, self.name, lease_seconds)
        self._lanes = (FlowLane(claimant, starter, self.stopping), DeliveryLane(claimant, sender, self.stopping))

    def stop(self) -> None:
        """Ask the lanes to end after what they are doing now."""
        self.stopping.set()

    def stop_on_signals(self) -> None:
        """Make SIGTERM and SIGINT end the worker cleanly."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)

    async def run(self) -> None:
        """Work until `stop`; then give work under way its grace, and let the rest go."""
        tasks = [asyncio.create_task(lane.run(), name=lane.topic) for lane in self._lanes]
        stopped = asyncio.create_task(self.stopping.wait())
        await asyncio.wait([*tasks, stopped], return_when=asyncio.FIRST_COMPLETED)
        self.stop()
        _, late = await asyncio.wait(tasks, timeout=self._grace_seconds)
        for task in late:
            _log.warning("%s did not end within %g s; its leases lapse", task.get_name(), self._grace_seconds)
            task.cancel()
        results = await asyncio.gather(*tasks, stopped, return_exceptions=True)
        self._raise_first([r for r in results if not isinstance(r, asyncio.CancelledError)])

    @staticmethod
    def _raise_first(results: list[object]) -> None:
        for result in results:
            if isinstance(result, BaseException):
                raise result
