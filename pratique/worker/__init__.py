"""The worker: claims outbox work from the engine, starts flows through a registry, delivers notices."""

from __future__ import annotations

from pratique.worker.loop import Worker, worker_name
from pratique.worker.ports import DeliverySender, FlowStarter, Json, Outcome, WorkQueue

__all__ = ["DeliverySender", "FlowStarter", "Json", "Outcome", "WorkQueue", "Worker", "worker_name"]
