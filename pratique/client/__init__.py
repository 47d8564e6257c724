"""The SDK: how pipelines, people's tools and the worker reach an engine. Stands on `pratique.errors` alone."""

from __future__ import annotations

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
