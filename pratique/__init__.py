"""Pratique drives general-purpose AI model versions through compliance gates and keeps the proof.

`import pratique` gives the SDK and stays light: nothing beyond the standard library is imported until a
client is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pratique.client import (
        AsyncClient,
        AsyncGate,
        Client,
        Event,
        Evidence,
        Finding,
        Gate,
        GateChangedError,
        GateNotCleared,
        GateNotOpenedError,
        GateWaitTimeoutError,
        Moment,
        PratiqueError,
        Recorded,
        Trigger,
        file_sha256,
    )

__version__ = "0.1.0"

__all__ = [
    "AsyncClient",
    "AsyncGate",
    "Client",
    "Event",
    "Evidence",
    "Finding",
    "Gate",
    "GateChangedError",
    "GateNotCleared",
    "GateNotOpenedError",
    "GateWaitTimeoutError",
    "Moment",
    "PratiqueError",
    "Recorded",
    "Trigger",
    "__version__",
    "file_sha256",
]


def __getattr__(name: str) -> object:
    """Import the SDK at its first use: the engine's own processes and the CLI never pay for it."""
    if name in __all__:
        from pratique import client  # lazy by design

        return getattr(client, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
