"""Listing the evidence of a model version, oldest first, page by page."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import bindparam, select, tuple_

from pratique.errors import InvalidInputError
from pratique.services.lookups import evidence
from pratique.services.models import find_model_version
from pratique.services.views import evidence_view
from pratique.store.queries import Query
from pratique.store.reader import Reader

_CURSOR = re.compile(r"([0-9T:.Z-]{1,40})/([A-Za-z0-9-]{1,40})")
_PAGE = Query(
    select(evidence)
    .where(
        evidence.c.model_version_id == bindparam("model_version_id"),
        tuple_(evidence.c.received_at, evidence.c.id) > tuple_(bindparam("after_at"), bindparam("after_id")),
    )
    .order_by(evidence.c.received_at, evidence.c.id)
    .limit(bindparam("limit"))
)

_REVISIONS = Query(
    select(evidence.c.id, evidence.c.revises).where(
        evidence.c.model_version_id == bindparam("model_version_id"), evidence.c.revises.is_not(None)
    )
)


def evidence_page(reader: Reader, *, model: str, version: str, cursor: str | None, limit: int) -> dict[str, Any]:
    """Return a page of evidence; what comes in while somebody pages is on a later page.

    Raises:
        NotFoundError: the model version is not registered.
        InvalidInputError: the cursor is not one that this call gave.
    """
    at, last = _position(cursor)
    found = find_model_version(reader, model, version)
    rows = reader.all(_PAGE, model_version_id=found["id"], after_at=at, after_id=last, limit=limit + 1)
    shown = rows[:limit]
    more = f"{shown[-1]['received_at']}/{shown[-1]['id']}" if len(rows) > limit else None
    later = {row["revises"]: row["id"] for row in reader.all(_REVISIONS, model_version_id=found["id"])}
    items = [evidence_view(row, found) | {"revised_by": later.get(row["id"])} for row in shown]
    return {"items": items, "next": more}


def _position(cursor: str | None) -> tuple[str, str]:
    if cursor is None:
        return "", ""
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise InvalidInputError(f"cursor: found {cursor[:80]!r}, expected the `next` of an earlier page")
    return found[1], found[2]
