"""Waiting longer after each failure, and waking at once when the worker is asked to stop."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from pratique.jitter import spread


@dataclass(slots=True)
class Backoff:
    """Doubling pauses between two bounds, with jitter, so that many workers do not return in one wave."""

    first_seconds: float
    most_seconds: float
    _next_seconds: float = 0.0

    def reset(self) -> None:
        """Start again from the shortest pause."""
        self._next_seconds = 0.0

    def advance(self) -> float:
        """Return the next pause in seconds; the one after is twice as long."""
        pause = min(max(self._next_seconds, self.first_seconds), self.most_seconds)
        self._next_seconds = pause * 2
        return spread(pause, 0.8, 1.2)


async def pause(seconds: float, stop: asyncio.Event) -> None:
    """Sleep, or return early when `stop` is set."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
