"""The in-app inbox: what a person was told, whatever became of mail."""

from __future__ import annotations

import json
import re
from typing import Any

from sqlalchemy import bindparam, select, tuple_

from pratique.errors import InvalidInputError
from pratique.services.lookups import gate_run, model_version, notice
from pratique.store.queries import Query
from pratique.store.reader import Reader, Row

_CURSOR = re.compile(r"([01])/([0-9T:.Z-]{1,40})/([A-Za-z0-9-]{1,40})")
#: Later than every instant, so that a page without a cursor begins with the newest notice.
_NEWEST = ("9", "")


def _of_person(*, is_seen: bool) -> Query:
    """Return one part of the inbox, newest first; the unacknowledged have an index of their own."""
    seen = notice.c.acknowledged_at.is_not(None) if is_seen else notice.c.acknowledged_at.is_(None)
    return Query(
        select(notice, gate_run.c.gate, gate_run.c.occasion, model_version.c.model, model_version.c.version)
        .outerjoin(gate_run, gate_run.c.id == notice.c.gate_run_id)  # some are about the installation itself
        .outerjoin(model_version, model_version.c.id == gate_run.c.model_version_id)
        .where(notice.c.person == bindparam("person"), seen)
        .where(tuple_(notice.c.created_at, notice.c.id) < tuple_(bindparam("after_at"), bindparam("after_id")))
        .order_by(notice.c.created_at.desc(), notice.c.id.desc())
        .limit(bindparam("limit"))
    )


_UNSEEN, _SEEN = _of_person(is_seen=False), _of_person(is_seen=True)


def inbox_page(reader: Reader, person: str, *, cursor: str | None = None, limit: int = 100) -> dict[str, Any]:
    """Return a page of a person's notices: unacknowledged first, so that none is hidden by newer ones, then by age.

    `gate`, `occasion`, `model` and `version` of one that is about the installation itself are None.

    Raises:
        InvalidInputError: the cursor is not one that this call gave.
    """
    seen, at, last = _position(cursor)
    rows: list[Row] = []
    if not seen:
        rows = reader.all(_UNSEEN, person=person, after_at=at, after_id=last, limit=limit + 1)
        at, last = _NEWEST
    if len(rows) <= limit:
        rows += reader.all(_SEEN, person=person, after_at=at, after_id=last, limit=limit + 1 - len(rows))
    items = [{**row, "content": json.loads(row["content"])} for row in rows[:limit]]
    return {"items": items, "next": _cursor(items[-1]) if len(rows) > limit else None}


def _position(cursor: str | None) -> tuple[bool, str, str]:
    if cursor is None:
        return False, *_NEWEST
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise InvalidInputError(f"cursor: found {cursor[:80]!r}, expected the `next` of an earlier page")
    return found[1] == "1", found[2], found[3]


def _cursor(row: dict[str, Any]) -> str:
    return f"{int(row['acknowledged_at'] is not None)}/{row['created_at']}/{row['id']}"
