"""The embedded Prefect server, on 127.0.0.1: `python -m deployments.prefect_server`."""

from __future__ import annotations

import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from deployments.environment import set_prefect_environment
from pratique.settings import Settings

_log = logging.getLogger(__name__)

#: The open-source server has no users: it must not be reachable from other machines.
HOST = "127.0.0.1"
#: How long open pages may hold a stop.
STOP_SECONDS = 3


def begin_immediate() -> None:
    """Make the Prefect server begin its SQLite transactions IMMEDIATE.

    They begin DEFERRED, so two that both read and then write end in SQLITE_BUSY, a 503, and a client that
    sleeps for seconds (measured: 16 of 50 small runs stalled, none with this). The class is not public API:
    `PRATIQUE_PREFECT__BEGIN_IMMEDIATE=false` leaves it alone, and a test watches that it is still what the
    server uses.
    """
    # Imports Prefect, which must see the environment that `main` sets first.
    from prefect.server.database.configurations import AioSqliteConfiguration

    original = AioSqliteConfiguration.begin_transaction

    @asynccontextmanager
    async def begin_transaction(
        self: AioSqliteConfiguration, session: Any, with_for_update: bool = False
    ) -> AsyncIterator[Any]:
        async with original(self, session, with_for_update=True) as transaction:
            yield transaction

    AioSqliteConfiguration.begin_transaction = begin_transaction  # type: ignore[method-assign]


def main() -> int:
    """Serve Prefect's API and run pages until SIGTERM or SIGINT."""
    settings = Settings()
    set_prefect_environment(settings)
    # After the environment is set: Prefect reads it at import.
    from prefect.server.api.server import create_app

    if settings.prefect.begin_immediate:
        begin_immediate()
    uvicorn.run(
        create_app(final=True),
        host=HOST,
        port=settings.prefect.port,
        log_level="warning",
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
