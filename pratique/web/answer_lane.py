"""The engine's own lane for messages to subscriptions: a loop for each, so that a slow one holds up no other."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Sequence

from pratique.domain.subscriptions import Subscription
from pratique.services.announcing import TOLD
from pratique.services.answering import answer_due
from pratique.services.parts import Parts
from pratique.store.journal import Entry
from pratique.web.answer_metrics import AnswerMetrics

_log = logging.getLogger(__name__)

#: How often what is due is looked for without a sign: retries, and what another replica wrote.
POLL_SECONDS = 2.0
_AFTER_ERROR_SECONDS = 5.0
#: Entries after which something may be due at once.
_SIGNS = TOLD | {"subscription:state:turned"}


class AnswerLane:
    """Sends what is due, until cancelled. What a crash leaves behind is due again when its lease ends."""

    def __init__(self, parts: Parts, metrics: AnswerMetrics) -> None:
        self._parts = parts
        self._metrics = metrics
        self._worker = f"answers:{uuid.uuid4().hex[:12]}"
        self._loop: asyncio.AbstractEventLoop | None = None
        self._signs: list[asyncio.Event] = []

    def committed(self, entries: Sequence[Entry]) -> None:
        """Look at once when a gate changed; called from the writer's thread."""
        if self._signs and any(entry.tag in _SIGNS for entry in entries):
            self.wake()

    def wake(self) -> None:
        """Look at once; callable from any thread."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._signal)

    def _signal(self) -> None:
        for sign in self._signs:
            sign.set()

    async def run(self) -> None:
        """Serve every subscription, until cancelled."""
        self._loop = asyncio.get_running_loop()
        subscriptions = list(self._parts.subscriptions.by_name.values())
        signs = [asyncio.Event() for _ in subscriptions]
        self._signs = signs
        async with asyncio.TaskGroup() as group:
            for one, sign in zip(subscriptions, signs, strict=True):
                group.create_task(self._serve(one, sign))

    async def _serve(self, subscription: Subscription, sign: asyncio.Event) -> None:
        while True:
            sign.clear()
            try:
                outcomes = await answer_due(self._parts, subscription, self._worker)
            except Exception:  # what was claimed is due again when its lease ends
                _log.exception("subscription %s could not be served; it is tried again", subscription.name)
                await asyncio.sleep(_AFTER_ERROR_SECONDS)
                continue
            for outcome in outcomes:
                self._metrics.tried(subscription.name, outcome.value)
            if not outcomes:
                await _wait(sign)


async def _wait(sign: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(POLL_SECONDS):
            await sign.wait()
    except TimeoutError:
        return
