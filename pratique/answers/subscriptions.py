"""Every subscription of the configuration, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from pratique.answers.secrets import Secrets
from pratique.domain.subscriptions import Subscription


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """Whom the engine tells."""

    by_name: Mapping[str, Subscription] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    secrets: Secrets = field(default_factory=Secrets)

    def get(self, name: str) -> Subscription | None:
        """Return a subscription; None: there is none of that name."""
        return self.by_name.get(name)


def topic_of(name: str) -> str:
    """Return the topic of a subscription's work: each has its own, so that a slow one holds up no other."""
    return f"answer:{sha256(name.encode()).hexdigest()[:9]}"
