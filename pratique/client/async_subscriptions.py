"""Subscriptions, asynchronously: who is told outside, and what became of each message."""

from __future__ import annotations

import builtins
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from pratique.client import subscription_calls as calls
from pratique.client.views import Json

if TYPE_CHECKING:
    from pratique.client.async_client import AsyncClient


class AsyncSubscriptionNamespace:
    """`client.subscriptions`."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def list(self) -> builtins.list[Json]:
        """Return every subscription with its state, and how many messages wait or are dead."""
        return await self._client.send(calls.subscriptions())

    async def pause(self, name: str, reason: str) -> Json:
        """Send nothing to a subscription until it goes on; what comes meanwhile waits. Takes an admin token."""
        return await self._client.send(calls.turn(name, "pause", reason))

    async def resume(self, name: str, reason: str) -> Json:
        """Have a subscription go on. Takes an admin token."""
        return await self._client.send(calls.turn(name, "resume", reason))

    async def test(self, name: str) -> Json:
        """Have a message sent that says nothing of any gate, and return it. Takes an admin token."""
        return await self._client.send(calls.test(name))

    async def deliveries(self, **wanted: str | None) -> AsyncIterator[Json]:
        """Yield messages, newest first.

        Args:
            **wanted: `subscription`, `state` (waiting, delivered, dead, cancelled); what is left out takes all.
        """
        cursor: str | None = None
        while True:
            items, cursor = await self._client.send(calls.answers(wanted, cursor))
            for item in items:
                yield item
            if cursor is None:
                return

    async def newest(self, limit: int, **wanted: str | None) -> builtins.list[Json]:
        """Return at most `limit` messages, newest first."""
        items, _ = await self._client.send(calls.answers({**wanted, "limit": str(limit)}, None))
        return items

    async def show(self, answer: str) -> Json:
        """Return a message with its body and every attempt."""
        return await self._client.send(calls.answer(answer))

    async def replay(self, answer: str) -> Json:
        """Have a dead or delivered message sent again; takes an admin token. Return it."""
        return await self._client.send(calls.replay(answer))
