"""The worker process: `python -m deployments.embedded_worker`."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import SecretStr

from deployments.environment import set_prefect_environment
from pratique import notify
from pratique.errors import PratiqueError
from pratique.project import activate
from pratique.settings import Settings
from pratique.worker import Json, Outcome, Worker, WorkQueue

if TYPE_CHECKING:
    from deployments.starter import PrefectStarter

_log = logging.getLogger(__name__)


class ChannelSender:
    """A `DeliverySender` over the channels of the settings."""

    def __init__(self, channels: Mapping[str, SecretStr]) -> None:
        self._channels = channels

    async def send(self, delivery: Json) -> Outcome:
        """Hand the delivery to its channel."""
        return await notify.send(delivery, self._channels)


async def work(settings: Settings, queue: WorkQueue, starter: PrefectStarter) -> None:
    """Claim and run until SIGTERM or SIGINT; look for scheduled runs beside."""
    worker = Worker(
        queue, starter=starter, sender=ChannelSender(settings.channels), lease_seconds=settings.lease_seconds
    )
    worker.stop_on_signals()
    scheduled = asyncio.create_task(starter.run_scheduled(worker.stopping))
    _log.info("worker %s claims work", worker.name)
    try:
        await worker.run()
    finally:
        scheduled.cancel()
        await asyncio.gather(scheduled, return_exceptions=True)


async def _main(settings: Settings) -> None:
    # After the environment is set: both import Prefect, which reads it at import.
    from deployments.starter import PrefectStarter
    from tasks.engine import close_engine, engine

    try:
        await work(settings, engine(), PrefectStarter(work_pool=settings.prefect.work_pool))
    finally:
        await close_engine()


def main() -> int:
    """Run the worker; return the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # One line for each request to the engine, twice a second, would hide everything else.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        settings = Settings()
        activate()
        set_prefect_environment(settings)
        asyncio.run(_main(settings))
    except PratiqueError as error:
        _log.error("%s%s", error, f" ({error.hint})" if error.hint else "")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
