"""One engine that calls are sent to, in one event loop."""

from __future__ import annotations

import asyncio
import time
from itertools import count
from typing import TYPE_CHECKING, Self, TypeVar

from pratique.client.call import Call, retry_pause_seconds
from pratique.client.connection import Connection
from pratique.client.transport import Sink
from pratique.errors import KeyInUseError, UnavailableError

if TYPE_CHECKING:
    from pratique.client.async_transport import AsyncTransport

T = TypeVar("T")


class AsyncSender:
    """Sends calls to one engine, with one token; holds connections until it is closed."""

    def __init__(
        self, url: str | None = None, token: str | None = None, *, transport: AsyncTransport | None = None
    ) -> None:
        self.connection = Connection.resolve(url, token)
        self._transport = transport

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End the connections; the client connects again when it is used again."""
        if self._transport is not None:
            transport, self._transport = self._transport, None
            await transport.close()

    def _reached(self) -> AsyncTransport:
        if self._transport is None:
            from pratique.client.async_transport import HttpxTransport  # httpx: a quarter of a second

            self._transport = HttpxTransport(self.connection.url)
        return self._transport

    async def send_once(self, call: Call[T], *, sink: Sink | None = None) -> T:
        """Send a call once and return its result."""
        reply = await self._reached().send(call.request(self.connection), sink=sink)
        return call.result(reply)

    async def send(self, call: Call[T]) -> T:
        """Send a call, again if it is idempotent and the engine does not answer, and return its result."""
        began_at = time.monotonic()
        for attempt in count(1):
            try:
                return await self.send_once(call)
            except (UnavailableError, KeyInUseError) as error:
                if not call.may_retry(attempt, time.monotonic() - began_at):
                    raise
                await asyncio.sleep(retry_pause_seconds(attempt, error))
        raise AssertionError("unreachable: the last attempt returns or raises")
