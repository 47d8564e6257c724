"""Hooks, asynchronously: what tools reported by themselves, and what became of it."""

from __future__ import annotations

import builtins
from collections.abc import AsyncIterator
from datetime import datetime
from typing import TYPE_CHECKING

from pratique.client import hook_calls as calls
from pratique.client.views import Json

if TYPE_CHECKING:
    from pratique.client.async_client import AsyncClient


class AsyncHookNamespace:
    """`client.hooks`."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def list(self, **wanted: str | None) -> AsyncIterator[Json]:
        """Yield deliveries, newest first.

        Args:
            **wanted: `source`, `state` (received, mapped, ignored, dead, replayed); what is left out takes all.
        """
        cursor: str | None = None
        while True:
            items, cursor = await self._client.send(calls.deliveries(wanted, cursor))
            for item in items:
                yield item
            if cursor is None:
                return

    async def newest(self, limit: int, **wanted: str | None) -> builtins.list[Json]:
        """Return at most `limit` deliveries, newest first."""
        items, _ = await self._client.send(calls.deliveries({**wanted, "limit": str(limit)}, None))
        return items

    async def show(self, delivery: str) -> Json:
        """Return a delivery with its headers and body, as they came."""
        return await self._client.send(calls.delivery(delivery))

    async def replay(self, delivery: str) -> Json:
        """Have a dead or ignored delivery mapped again; takes a person's token. Return it."""
        return await self._client.send(calls.replay(delivery))

    async def reconcile(self, source: str, since: datetime | str | None = None) -> Json:
        """Have a tool asked for what it told nobody of, and return what was seen and found.

        Args:
            source: a source that names a registry.
            since: from when on; None: from where the last time ended.
        """
        return await self._client.send(calls.reconcile(source, since))
