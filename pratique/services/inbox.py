"""The in-app inbox: what a person was told, whatever became of mail."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import bindparam, select

from pratique.services.lookups import gate_run, model_version, notice
from pratique.store.queries import Query
from pratique.store.reader import Reader

_OF_PERSON = Query(
    select(notice, gate_run.c.gate, gate_run.c.occasion, model_version.c.model, model_version.c.version)
    .join(gate_run, gate_run.c.id == notice.c.gate_run_id)
    .join(model_version, model_version.c.id == gate_run.c.model_version_id)
    .where(notice.c.person == bindparam("person"))
    .order_by(notice.c.created_at.desc(), notice.c.id.desc())
    .limit(bindparam("limit"))
)


def inbox_of(reader: Reader, person: str, *, limit: int = 100) -> list[dict[str, Any]]:
    """Return the newest notices of a person, newest first."""
    rows = reader.all(_OF_PERSON, person=person, limit=limit)
    return [{**row, "content": json.loads(row["content"])} for row in rows]
