"""The asynchronous transport, on httpx. Nothing but `AsyncClient` imports it, and only when it first calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

import httpx

from pratique.client.call import FileBody, Reply, Request
from pratique.client.connection import is_loopback
from pratique.client.problems import unreachable
from pratique.client.transport import Sink


class AsyncTransport(Protocol):
    """Sends one request and returns the reply, whatever its status."""

    async def send(self, request: Request, *, sink: Sink | None = None) -> Reply:
        """Return the reply; a successful body goes to `sink` when there is one."""

    async def close(self) -> None:
        """Close what is kept open."""


class HttpxTransport:
    """One pool of connections, bound to the event loop that first used it."""

    def __init__(self, url: str) -> None:
        self._url = url
        # A proxy from the environment must not stand between us and our own machine.
        is_proxied = not is_loopback(httpx.URL(url).host)
        self._client = httpx.AsyncClient(follow_redirects=False, trust_env=is_proxied)

    async def send(self, request: Request, *, sink: Sink | None = None) -> Reply:
        """Return the reply; a successful body goes to `sink` when there is one.

        Raises:
            UnavailableError: no connection, or it broke before the reply was whole.
        """
        content = _stream(request.body) if isinstance(request.body, FileBody) else request.body
        try:
            async with self._client.stream(
                request.method,
                self._url + request.target,
                headers=dict(request.headers),
                content=content,
                timeout=request.timeout_seconds,
            ) as response:
                return await _read(response, sink)
        except httpx.TimeoutException:
            raise unreachable(self._url, "no answer in time") from None
        except httpx.TransportError as error:
            raise unreachable(self._url, str(error) or type(error).__name__) from None

    async def close(self) -> None:
        """Close the pool."""
        await self._client.aclose()


async def _read(response: httpx.Response, sink: Sink | None) -> Reply:
    headers = {name.lower(): value for name, value in response.headers.items()}
    body = b""
    if sink is not None and response.is_success:
        async for chunk in response.aiter_bytes():
            await asyncio.to_thread(sink, chunk)
    else:
        body = await response.aread()
    return Reply(status=response.status_code, headers=headers, body=body)


async def _stream(body: FileBody) -> AsyncIterator[bytes]:
    chunks = body.chunks()
    # A read from disk may block; the loop goes on meanwhile.
    while chunk := await asyncio.to_thread(next, chunks, b""):
        yield chunk
