"""The SDK: how pipelines, people's tools and the worker reach an engine. Stands on `pratique.errors` alone."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pratique.client.async_client import AsyncClient
    from pratique.client.async_gate import AsyncGate
    from pratique.client.connection import Connection
    from pratique.client.events import Event, GateNotOpenedError, Moment, Recorded, Trigger
    from pratique.client.files import file_sha256
    from pratique.client.gate import Gate
    from pratique.client.gate_view import GateChangedError, GateNotCleared, GateView, GateWaitTimeoutError
    from pratique.client.problems import UnexpectedAnswerError
    from pratique.client.sync_client import Client
    from pratique.client.views import Decision, Evidence, Finding, JournalPage, Registration, Waiting, Waiver
    from pratique.errors import PratiqueError

__all__ = [
    "AsyncClient",
    "AsyncGate",
    "Client",
    "Connection",
    "Decision",
    "Event",
    "Evidence",
    "Finding",
    "Gate",
    "GateChangedError",
    "GateNotCleared",
    "GateNotOpenedError",
    "GateView",
    "GateWaitTimeoutError",
    "JournalPage",
    "Moment",
    "PratiqueError",
    "Recorded",
    "Registration",
    "Trigger",
    "UnexpectedAnswerError",
    "Waiting",
    "Waiver",
    "file_sha256",
]

#: Where each name lives. A command that asks for one gate does not pay for the worker's side.
_HOMES = {
    "AsyncClient": "pratique.client.async_client",
    "AsyncGate": "pratique.client.async_gate",
    "Client": "pratique.client.sync_client",
    "Connection": "pratique.client.connection",
    "Decision": "pratique.client.views",
    "Event": "pratique.client.events",
    "Evidence": "pratique.client.views",
    "Finding": "pratique.client.views",
    "Gate": "pratique.client.gate",
    "GateChangedError": "pratique.client.gate_view",
    "GateNotCleared": "pratique.client.gate_view",
    "GateNotOpenedError": "pratique.client.events",
    "GateView": "pratique.client.gate_view",
    "GateWaitTimeoutError": "pratique.client.gate_view",
    "JournalPage": "pratique.client.views",
    "Moment": "pratique.client.events",
    "PratiqueError": "pratique.errors",
    "Recorded": "pratique.client.events",
    "Registration": "pratique.client.views",
    "Trigger": "pratique.client.events",
    "UnexpectedAnswerError": "pratique.client.problems",
    "Waiting": "pratique.client.views",
    "Waiver": "pratique.client.views",
    "file_sha256": "pratique.client.files",
}


def __getattr__(name: str) -> object:
    """Import a name's module at its first use."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
