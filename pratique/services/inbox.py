"""The in-app inbox: what a person was told, whatever became of mail."""

from __future__ import annotations

import json
import re
from typing import Any

from sqlalchemy import Integer, and_, bindparam, case, or_, select, tuple_

from pratique.errors import InvalidInputError
from pratique.services.lookups import gate_run, model_version, notice
from pratique.store.queries import Query
from pratique.store.reader import Reader

_CURSOR = re.compile(r"([01])/([0-9T:.Z-]{1,40})/([A-Za-z0-9-]{1,40})")

_is_seen = case((notice.c.acknowledged_at.is_(None), 0), else_=1)
_after_seen = bindparam("after_seen", type_=Integer)
_older = tuple_(notice.c.created_at, notice.c.id) < tuple_(bindparam("after_at"), bindparam("after_id"))
_OF_PERSON = Query(
    select(notice, gate_run.c.gate, gate_run.c.occasion, model_version.c.model, model_version.c.version)
    .join(gate_run, gate_run.c.id == notice.c.gate_run_id)
    .join(model_version, model_version.c.id == gate_run.c.model_version_id)
    .where(notice.c.person == bindparam("person"))
    .where(or_(_is_seen > _after_seen, and_(_is_seen == _after_seen, _older)))
    .order_by(_is_seen, notice.c.created_at.desc(), notice.c.id.desc())
    .limit(bindparam("limit"))
)


def inbox_page(reader: Reader, person: str, *, cursor: str | None = None, limit: int = 100) -> dict[str, Any]:
    """Return a page of a person's notices: unacknowledged first, so that none is hidden by newer ones, then by age.

    Raises:
        InvalidInputError: the cursor is not one that this call gave.
    """
    seen, at, last = _position(cursor)
    rows = reader.all(_OF_PERSON, person=person, after_seen=seen, after_at=at, after_id=last, limit=limit + 1)
    items = [{**row, "content": json.loads(row["content"])} for row in rows[:limit]]
    return {"items": items, "next": _cursor(items[-1]) if len(rows) > limit else None}


def _position(cursor: str | None) -> tuple[int, str, str]:
    if cursor is None:
        return -1, "", ""
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise InvalidInputError(f"cursor: found {cursor[:80]!r}, expected the `next` of an earlier page")
    return int(found[1]), found[2], found[3]


def _cursor(row: dict[str, Any]) -> str:
    return f"{int(row['acknowledged_at'] is not None)}/{row['created_at']}/{row['id']}"
