"""Listing model versions with the state of their gates, page by page."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import bindparam, select, tuple_

from pratique.errors import InvalidInputError
from pratique.services.effective_profile import recorded_profile
from pratique.services.lookups import gate_run, model_version
from pratique.services.situations import state_at
from pratique.services.views import OUTCOMES
from pratique.store.queries import Query
from pratique.store.reader import Reader, Row

_after = tuple_(model_version.c.model, model_version.c.version) > tuple_(bindparam("model"), bindparam("version"))
_in_order = (model_version.c.model, model_version.c.version)
_PAGE = Query(
    select(model_version.c.id, *_in_order, model_version.c.profile)
    .where(_after)
    .order_by(*_in_order)
    .limit(bindparam("limit"))
)
_page = select(model_version.c.id).where(_after).order_by(*_in_order).limit(bindparam("limit")).subquery()
_GATES = Query(
    select(gate_run.c.model_version_id, gate_run.c.id, gate_run.c.gate, gate_run.c.state, gate_run.c.recheck_at)
    .join(_page, _page.c.id == gate_run.c.model_version_id)
    .where(gate_run.c.is_latest)
)


def model_versions_page(reader: Reader, *, cursor: str | None, limit: int, at: str) -> dict[str, Any]:
    """Return model versions in order of name, each with where its latest gate runs stand at `at`.

    Raises:
        InvalidInputError: the cursor is not one that this call gave.
    """
    model, _, version = (cursor or "/").partition("/")
    if cursor is not None and not (model and version):
        raise InvalidInputError(f"cursor: found {cursor[:80]!r}, expected the `next` of an earlier page")
    given = {"model": model, "version": version}
    rows = reader.all(_PAGE, **given, limit=limit + 1)
    gates: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in reader.all(_GATES, **given, limit=limit):
        gates[row["model_version_id"]].append(_gate(row, at))
    items = [
        {
            "model": row["model"],
            "version": row["version"],
            "profile": recorded_profile(row["profile"]),
            "gates": gates.get(row["id"], []),
        }
        for row in rows[:limit]
    ]
    more = len(rows) > limit
    return {"items": items, "next": f"{items[-1]['model']}/{items[-1]['version']}" if more else None}


def _gate(row: Row, at: str) -> dict[str, Any]:
    state = state_at(row, at)
    return {"gate": row["gate"], "state": state.value, "outcome": OUTCOMES[state], "gate_run": row["id"]}
