"""How tasks reach the engine: over HTTP, with the worker's scoped token, one client per event loop."""

from __future__ import annotations

import asyncio
import os
from typing import Any
from weakref import WeakKeyDictionary

from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task

from pratique.client import AsyncClient
from pratique.client.async_worker import AsyncWorkerNamespace
from pratique.errors import InvalidInputError, NotAllowedError, NotFoundError, PratiqueError, UnauthenticatedError
from pratique.settings import Settings

#: Pauses in seconds before a task is tried again: long enough for an engine that restarts.
RETRY_SECONDS = [0.5, 2.0, 5.0, 10.0]
#: Errors that another try cannot mend.
_LASTING = (InvalidInputError, NotAllowedError, NotFoundError, UnauthenticatedError)

_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncClient] = WeakKeyDictionary()


def engine() -> AsyncWorkerNamespace:
    """Return the engine's worker side for this event loop.

    The address is `PRATIQUE_URL`, else the one in the settings; the token is `PRATIQUE_WORKER_TOKEN`, else
    the file that the engine wrote at its first start. On a work pool far away both come from the pool's
    environment.
    """
    loop = asyncio.get_running_loop()
    if loop not in _clients:
        _clients[loop] = AsyncClient(engine_url(), token=worker_token())
    return _clients[loop].worker


async def close_engine() -> None:
    """End this event loop's connections to the engine."""
    if client := _clients.pop(asyncio.get_running_loop(), None):
        await client.close()


def engine_url() -> str:
    """Return the root of the engine's API."""
    if url := os.environ.get("PRATIQUE_URL"):
        return url
    settings = Settings()
    return f"http://{settings.host}:{settings.port}"


def worker_token() -> str:
    """Return the worker's token.

    Raises:
        InvalidInputError: there is none.
    """
    if token := os.environ.get("PRATIQUE_WORKER_TOKEN"):
        return token
    path = Settings().tokens_dir / "worker.token"
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise InvalidInputError(
            f"no worker token: PRATIQUE_WORKER_TOKEN is not set and {path} does not exist",
            hint="start the engine once, or copy its worker.token to the place where flows run",
        ) from None


async def may_help(task: Task[..., Any], run: TaskRun, state: State[Any]) -> bool:
    """Say whether another try of a failed task makes sense (Prefect's `retry_condition_fn`)."""
    error = await state.aresult(raise_on_failure=False)
    return isinstance(error, (PratiqueError, TimeoutError)) and not isinstance(error, _LASTING)
