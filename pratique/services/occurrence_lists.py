"""Occurrences in pages, newest first."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import bindparam, select, tuple_

from pratique.errors import InvalidInputError
from pratique.services.lookups import occurrence
from pratique.services.occurrences import occurrence_view
from pratique.store.queries import Query
from pratique.store.reader import Reader

_CURSOR = re.compile(r"([0-9T:.Z-]{1,40})/([A-Za-z0-9-]{1,40})")
#: Later than every instant, so that a page without a cursor begins with the newest.
_NEWEST = ("9", "")
_older = tuple_(occurrence.c.at, occurrence.c.id) < tuple_(bindparam("after_at"), bindparam("after_id"))
_in_order = (occurrence.c.at.desc(), occurrence.c.id.desc())
_OF_VERSION = Query(
    select(occurrence)
    .where(occurrence.c.model_version_id == bindparam("model_version_id"), _older)
    .order_by(*_in_order)
    .limit(bindparam("limit"))
)
_WIDE = Query(
    select(occurrence)
    .where(occurrence.c.model_version_id.is_(None), _older)
    .order_by(*_in_order)
    .limit(bindparam("limit"))
)


def occurrences_page(reader: Reader, *, version_id: str | None, cursor: str | None, limit: int) -> dict[str, Any]:
    """Return occurrences of a model version, or with None those of the provider, withdrawn ones too.

    Raises:
        InvalidInputError: the cursor is not one that this call gave.
    """
    at, last = position_of(cursor)
    given: dict[str, Any] = {"after_at": at, "after_id": last, "limit": limit + 1}
    if version_id is None:
        rows = reader.all(_WIDE, **given)
    else:
        rows = reader.all(_OF_VERSION, **given, model_version_id=version_id)
    more = len(rows) > limit
    shown = rows[:limit]
    return {
        "items": [occurrence_view(row) for row in shown],
        "next": f"{shown[-1]['at']}/{shown[-1]['id']}" if more else None,
    }


def position_of(cursor: str | None) -> tuple[str, str]:
    """Return the time and id that a page newest first goes on from.

    Raises:
        InvalidInputError: the cursor is not one that such a page gave.
    """
    if cursor is None:
        return _NEWEST
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise InvalidInputError(f"cursor: found {cursor[:80]!r}, expected the `next` of an earlier page")
    return found[1], found[2]
