"""What is counted of requests to hooks, and how often a refused one is logged."""

from __future__ import annotations

import logging
import time

from prometheus_client import CollectorRegistry, Counter, Gauge

from pratique.services.hook_lists import OPEN_COUNTS
from pratique.store.reader import Reader
from pratique.web.throttle import Allowance, TokenBucket

_log = logging.getLogger(__name__)

#: Refused requests are anyone's to send: some lines tell that they come, more would fill the disk.
_LINES = Allowance(burst=10, per_second=1 / 30)


class HookMetrics:
    """Counts of this process, and what a scrape reads from the ledger."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "pratique_hook_requests",
            "Requests to hooks, by what was answered.",
            ["source", "answer"],
            registry=registry,
        )
        self._open = Gauge(
            "pratique_hook_deliveries",
            "Deliveries that are not settled yet (received), or that people have to look at (dead).",
            ["source", "state"],
            registry=registry,
        )
        self._lines = TokenBucket(_LINES, time.monotonic())
        self._unlogged = 0

    def answered(self, source: str, answer: str) -> None:
        """Count a request; `answer` is accepted, duplicate, or why it was refused."""
        self._requests.labels(source, answer).inc()

    def refused(self, source: str, reason: str) -> None:
        """Count a refused request, and log it if not too many were."""
        self.answered(source, reason)
        if self._lines.seconds_until_token(time.monotonic()) > 0:
            self._unlogged += 1
            return
        self._lines.take()
        more = f"; {self._unlogged} more were refused since the last line" if self._unlogged else ""
        _log.warning("hook %s: a request was refused: %s%s", source, reason, more)
        self._unlogged = 0

    def scrape(self, reader: Reader) -> None:
        """Read what the ledger knows."""
        self._open.clear()
        for row in reader.all(OPEN_COUNTS):
            self._open.labels(row["source"], row["state"]).set(row["n"])
