"""Long polls: a request that waits until a gate run changes, without holding a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from pratique.store.journal import Entry

#: On PostgreSQL another replica may have written; its commits are noticed by looking again.
LOOK_AGAIN_SECONDS = 2.0


class GateWatch:
    """Wakes those who wait for a gate run when an entry is filed under it."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self.is_closing = False  #: the engine stops; nobody should wait any more

    def close(self) -> None:
        """Wake everybody, and let nobody wait again. Safe to call from a signal handler."""
        self.is_closing = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(lambda: self._wake(set(self._waiting)))

    def bind(self) -> None:
        """Belong to the running event loop."""
        self._loop = asyncio.get_running_loop()

    def committed(self, entries: Sequence[Entry]) -> None:
        """Called from the writer's thread with every commit."""
        if self._waiting and self._loop is not None:
            subjects = {entry.subject for entry in entries}
            self._loop.call_soon_threadsafe(self._wake, subjects)

    def _wake(self, subjects: set[str]) -> None:
        for subject in subjects:
            for event in self._waiting.get(subject, ()):
                event.set()

    async def changed(self, run_id: str, seconds: float) -> None:
        """Return when the gate run changes, or after `seconds`, or when it is time to look again."""
        subject = f"gate:{run_id}"
        event = asyncio.Event()
        self._waiting.setdefault(subject, set()).add(event)
        try:
            await asyncio.wait_for(event.wait(), min(seconds, LOOK_AGAIN_SECONDS))
        except TimeoutError:
            return
        finally:
            waiting = self._waiting[subject]
            waiting.discard(event)
            if not waiting:
                del self._waiting[subject]
