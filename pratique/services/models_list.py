"""Listing model versions with the state of their gates, page by page."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import bindparam, select, tuple_

from pratique.errors import InvalidInputError
from pratique.services import lookups
from pratique.services.lookups import model_version
from pratique.services.situations import state_at
from pratique.services.views import OUTCOMES
from pratique.store.queries import Query
from pratique.store.reader import Reader, Row

_PAGE = Query(
    select(model_version)
    .where(tuple_(model_version.c.model, model_version.c.version) > tuple_(bindparam("model"), bindparam("version")))
    .order_by(model_version.c.model, model_version.c.version)
    .limit(bindparam("limit"))
)


def model_versions_page(reader: Reader, *, cursor: str | None, limit: int, at: str) -> dict[str, Any]:
    """Return model versions in order of name, each with where its latest gate runs stand at `at`.

    Raises:
        InvalidInputError: the cursor is not one that this call gave.
    """
    model, _, version = (cursor or "/").partition("/")
    if cursor is not None and not (model and version):
        raise InvalidInputError(f"cursor: found {cursor[:80]!r}, expected the `next` of an earlier page")
    rows = reader.all(_PAGE, model=model, version=version, limit=limit + 1)
    items = [_item(reader, row, at) for row in rows[:limit]]
    more = len(rows) > limit
    return {"items": items, "next": f"{items[-1]['model']}/{items[-1]['version']}" if more else None}


def _item(reader: Reader, row: Row, at: str) -> dict[str, Any]:
    gates = reader.all(lookups.LATEST_STATES, model_version_id=row["id"])
    return {
        "model": row["model"],
        "version": row["version"],
        "profile": json.loads(row["profile"]),
        "gates": [
            {
                "gate": gate["gate"],
                "state": state_at(gate, at).value,
                "outcome": OUTCOMES[state_at(gate, at)],
                "gate_run": gate["id"],
            }
            for gate in gates
        ],
    }
