"""What is counted of messages to subscriptions."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge

from pratique.services.subscriptions import OPEN_COUNTS
from pratique.store.reader import Reader


class AnswerMetrics:
    """Counts of this process, and what a scrape reads from the ledger."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._attempts = Counter(
            "pratique_answer_attempts",
            "Attempts at messages to subscriptions, by how they ended.",
            ["subscription", "outcome"],
            registry=registry,
        )
        self._open = Gauge(
            "pratique_answers",
            "Messages to subscriptions that are on their way (waiting), or that people have to look at (dead).",
            ["subscription", "state"],
            registry=registry,
        )

    def tried(self, subscription: str, outcome: str) -> None:
        """Count an attempt."""
        self._attempts.labels(subscription, outcome).inc()

    def scrape(self, reader: Reader) -> None:
        """Read what the ledger knows."""
        self._open.clear()
        for row in reader.all(OPEN_COUNTS):
            self._open.labels(row["subscription"], row["state"]).set(row["n"])
