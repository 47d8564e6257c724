"""Projectors of flow runs."""

from __future__ import annotations

from pratique.store.changes import Change, Insert, Update
from pratique.store.projection.values import Projector, Values


def _flow_started(v: Values, at: str) -> tuple[Change, ...]:
    row = {name: v.get(name) for name in ("id", "key", "flow", "name", "gate_run_id", "prefect_run_id", "url")}
    return (Insert("flow_run", row | {"state": "Running", "message": None, "started_at": at, "ended_at": None}),)


def _flow_ended(v: Values, at: str) -> tuple[Change, ...]:
    return (Update("flow_run", v["id"], {"state": v["state"], "message": v.get("message"), "ended_at": at}),)


#: By tag.
FLOW_RUNS: dict[str, Projector] = {
    "flow:run:started": _flow_started,
    "flow:run:ended": _flow_ended,
}
