"""Health, readiness and Prometheus metrics; the only routes without a token."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import FastAPI, Request
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from sqlalchemy import func, select
from starlette.responses import PlainTextResponse, Response

from pratique import __version__
from pratique.errors import UnavailableError
from pratique.services.kept_counts import kept_counts
from pratique.services.lookups import delivery, gate_run, outbox
from pratique.services.parts import Parts
from pratique.store.journal import Entry
from pratique.store.queries import Query
from pratique.store.reader import Reader
from pratique.web.api.auth import parts_of
from pratique.web.api.responses import PROBLEMS, JsonResponse

_GATES = Query(select(gate_run.c.state, func.count().label("n")).group_by(gate_run.c.state))
_WORK = Query(
    select(outbox.c.topic, outbox.c.status, func.count().label("n"))
    .where(outbox.c.status != "done")
    .group_by(outbox.c.topic, outbox.c.status)
)
_DEAD = Query(select(func.count()).where(delivery.c.status == "dead"))
_ONE = Query(select(func.count()).where(gate_run.c.id == ""))


class Metrics:
    """What this process counts, and what a scrape reads from the ledger."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._entries = Counter("pratique_journal_entries", "Journal entries written.", ["tag"], registry=self.registry)
        self._gates = Gauge("pratique_gate_runs", "Gate runs by state.", ["state"], registry=self.registry)
        self._overdue = Gauge("pratique_gate_runs_overdue", "Waiting gate runs past due.", registry=self.registry)
        self._work = Gauge("pratique_outbox", "Work not done yet.", ["topic", "status"], registry=self.registry)
        self._dead = Gauge("pratique_deliveries_dead", "Notices given up.", registry=self.registry)
        self._others: list[Callable[[Reader], None]] = []

    def also(self, look: Callable[[Reader], None]) -> None:
        """Call `look` at each scrape; it sets what it reads."""
        self._others.append(look)

    def committed(self, entries: Sequence[Entry]) -> None:
        """Count what was committed."""
        for entry in entries:
            self._entries.labels(entry.tag).inc()

    def scrape(self, reader: Reader) -> bytes:
        """Return the metrics in Prometheus text form."""
        self._gates.clear()
        for row in reader.all(_GATES):
            self._gates.labels(row["state"]).set(row["n"])
        self._work.clear()
        for row in reader.all(_WORK):
            self._work.labels(row["topic"], row["status"]).set(row["n"])
        self._overdue.set(kept_counts(reader).overdue)
        self._dead.set(reader.value(_DEAD) or 0)
        for look in self._others:
            look(reader)
        return generate_latest(self.registry)


def install_health(app: FastAPI) -> None:
    """Add the three routes."""
    app.add_api_route("/healthz", _healthz, tags=["health"], summary="The process lives")
    down: dict[int | str, dict[str, Any]] = {503: PROBLEMS[503]}
    app.add_api_route("/readyz", _readyz, tags=["health"], summary="The ledger answers", responses=down)
    app.add_api_route(
        "/metrics", _metrics, tags=["health"], summary="Prometheus metrics", response_class=PlainTextResponse
    )


async def _healthz() -> Response:
    return JsonResponse({"status": "ok", "version": __version__})


async def _readyz(request: Request) -> Response:
    parts: Parts = parts_of(request)
    if not parts.ledger.is_writing:
        raise UnavailableError("the ledger's writer has stopped", hint="restart the engine; see its log")
    if parts.running.trouble is not None:
        raise UnavailableError(parts.running.trouble, hint="give this engine the configuration that was adopted")
    try:
        await parts.ledger.aread(lambda reader: reader.value(_ONE))
    except Exception as error:
        raise UnavailableError(f"the ledger does not answer: {type(error).__name__}") from None
    return JsonResponse({"status": "ready", "instance": parts.settings.instance})


async def _metrics(request: Request) -> Response:
    metrics: Metrics = request.app.state.metrics
    text = await parts_of(request).ledger.aread(metrics.scrape)
    return PlainTextResponse(text, media_type="text/plain; version=0.0.4")
