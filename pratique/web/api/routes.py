"""The routes of the API, of every module that has some."""

from __future__ import annotations

from starlette.routing import BaseRoute

from pratique.web.api import (
    access,
    attestations,
    calendar,
    clocks,
    collectors,
    compute,
    events,
    evidence,
    gate_sheets,
    gates,
    hooks,
    incidents,
    keeping,
    occurrences,
    providers,
    records,
    regimes,
    registers,
    replays,
    snapshots,
    sources,
    subscriptions,
    uploads,
    work,
)

#: In the order in which a request is matched and the API's description lists them.
_MODULES = (
    events,
    hooks,
    gates,
    gate_sheets,
    replays,
    providers,
    compute,
    evidence,
    uploads,
    collectors,
    snapshots,
    sources,
    attestations,
    keeping,
    registers,
    occurrences,
    incidents,
    clocks,
    calendar,
    records,
    regimes,
    access,
    subscriptions,
    work,
)


def api_routes() -> list[BaseRoute]:
    """Return the routes, for the router of an application.

    They know nothing of the application (a request does), so all that a process makes share them: to include the
    routers instead would have FastAPI read every signature anew, for each application, at its first request.
    """
    return [route for module in _MODULES for route in module.router.routes]
