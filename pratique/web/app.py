"""The engine's web application: API, dashboard, health and metrics on one port."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from functools import partial

from fastapi import FastAPI

from pratique import __version__
from pratique.services.adoptions import settle
from pratique.services.idempotency import drop_expired_keys
from pratique.services.parts import Parts
from pratique.services.snapshots import Captures
from pratique.services.sweep import ACTOR, drop_expired_sessions, sweep
from pratique.services.uploads import Uploads
from pratique.web.answer_lane import AnswerLane
from pratique.web.answer_metrics import AnswerMetrics
from pratique.web.api.auth import TokenMemory
from pratique.web.api.health import Metrics, install_health
from pratique.web.api.limits import RequestLimits
from pratique.web.api.once import KeysInUse
from pratique.web.api.responses import install_problem_handlers
from pratique.web.api.routes import api_routes
from pratique.web.api.watching import GateWatch
from pratique.web.dashboard.acts import LedgerActs
from pratique.web.dashboard.reads import LedgerReads
from pratique.web.dashboard.router import mount_dashboard
from pratique.web.hook_lane import HookLane
from pratique.web.hook_metrics import HookMetrics
from pratique.web.throttle import Allowance, RateLimit, Throttle

_log = logging.getLogger(__name__)


def create_app(parts: Parts) -> FastAPI:
    """Return the application over opened parts; its lifespan ticks the sweep."""
    app = FastAPI(
        title="Pratique",
        version=__version__,
        summary="Gates, evidence and decisions for general-purpose AI model versions.",
        docs_url=None,  # the interactive pages load scripts from a CDN
        redoc_url=None,
        lifespan=partial(_lifespan, parts=parts),
    )
    _place_state(app, parts)
    app.router.routes.extend(api_routes())
    install_health(app)
    install_problem_handlers(app)
    app.add_middleware(RequestLimits, max_bytes=parts.settings.max_event_bytes)
    app.add_middleware(Throttle, limits=login_limits())
    mount_dashboard(app, LedgerReads(parts), LedgerActs(parts), parts.settings, clock=parts.ledger.clock)
    return app


def _place_state(app: FastAPI, parts: Parts) -> None:
    """Give the application what its requests share: counters, lanes, uploads under way."""
    app.state.parts = parts
    app.state.tokens = TokenMemory()
    app.state.keys_in_use = KeysInUse()
    app.state.watch = GateWatch()
    app.state.captures = Captures()
    app.state.uploads = Uploads(parts.settings.data_dir / "uploads", parts.settings.max_evidence_bytes)
    app.state.uploads.remove_expired()
    app.state.metrics = Metrics()
    app.state.hook_metrics = HookMetrics(app.state.metrics.registry)
    app.state.metrics.also(app.state.hook_metrics.scrape)
    app.state.hook_lane = HookLane(parts)
    app.state.answer_metrics = AnswerMetrics(app.state.metrics.registry)
    app.state.metrics.also(app.state.answer_metrics.scrape)
    app.state.answer_lane = AnswerLane(parts, app.state.answer_metrics)
    parts.ledger.listen(app.state.answer_lane.committed)
    parts.ledger.listen(app.state.watch.committed)
    parts.ledger.listen(app.state.metrics.committed)


def login_limits() -> dict[tuple[str, str], RateLimit]:
    """Return how often login links can be used up and made.

    Nobody guesses 256 bits; but each try is a command of the one writer, and people need a link a day. What all share
    is far above what a handful of addresses can take, else they would lock everybody out.
    """
    return {
        ("POST", "/login/link"): RateLimit(
            each=Allowance(burst=10, per_second=1 / 6), overall=Allowance(burst=1000, per_second=50)
        ),
        ("POST", "/v1/login-links"): RateLimit(
            each=Allowance(burst=60, per_second=1), overall=Allowance(burst=1000, per_second=50)
        ),
    }


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI, *, parts: Parts) -> AsyncIterator[None]:
    app.state.watch.bind()
    lanes = (app.state.hook_lane.run(), app.state.answer_lane.run())
    running = [asyncio.create_task(_tick(parts)), *map(asyncio.create_task, lanes)]
    try:
        yield
    finally:
        for task in running:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        parts.parsing.close()


async def _tick(parts: Parts) -> None:
    """Sweep at once and then every `sweep_seconds`: deadlines never depend on Prefect.

    Before that, follow what another replica adopted: the writer does so with any command.
    """
    while True:
        try:
            await asyncio.to_thread(settle, parts, ACTOR)
        except Exception:  # the next tick tries again, and the sweep goes on
            _log.exception("what was adopted could not be followed; it is tried again")
        try:
            await asyncio.to_thread(sweep, parts)
            await parts.ledger.awrite(ACTOR, drop_expired_sessions)
            await parts.ledger.awrite(ACTOR, drop_expired_keys)
        except Exception:  # the next tick tries again; a deadline must not end with one error
            _log.exception("the sweep failed; it is tried again in %s s", parts.settings.sweep_seconds)
        await asyncio.sleep(parts.settings.sweep_seconds)
