"""Subscriptions: who is told outside, and what became of each message."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pratique.client import subscription_calls as calls
from pratique.client.views import Json

if TYPE_CHECKING:
    from pratique.client.sync_client import Client


class SubscriptionNamespace:
    """`client.subscriptions`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self) -> builtins.list[Json]:
        """Return every subscription with its state, and how many messages wait or are dead."""
        return self._client.send(calls.subscriptions())

    def pause(self, name: str, reason: str) -> Json:
        """Send nothing to a subscription until it goes on; what comes meanwhile waits. Takes an admin token."""
        return self._client.send(calls.turn(name, "pause", reason))

    def resume(self, name: str, reason: str) -> Json:
        """Have a subscription go on. Takes an admin token."""
        return self._client.send(calls.turn(name, "resume", reason))

    def test(self, name: str) -> Json:
        """Have a message sent that says nothing of any gate, and return it. Takes an admin token."""
        return self._client.send(calls.test(name))

    def deliveries(self, **wanted: str | None) -> Iterator[Json]:
        """Yield messages, newest first.

        Args:
            **wanted: `subscription`, `state` (waiting, delivered, dead, cancelled); what is left out takes all.
        """
        cursor: str | None = None
        while True:
            items, cursor = self._client.send(calls.answers(wanted, cursor))
            yield from items
            if cursor is None:
                return

    def newest(self, limit: int, **wanted: str | None) -> builtins.list[Json]:
        """Return at most `limit` messages, newest first."""
        items, _ = self._client.send(calls.answers({**wanted, "limit": str(limit)}, None))
        return items

    def show(self, answer: str) -> Json:
        """Return a message with its body and every attempt."""
        return self._client.send(calls.answer(answer))

    def replay(self, answer: str) -> Json:
        """Have a dead or delivered message sent again; takes an admin token. Return it."""
        return self._client.send(calls.replay(answer))
