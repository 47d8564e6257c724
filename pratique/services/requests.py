"""Requests of authorities and downstream providers, and complaints of rightsholders, until they are answered.

Source: Arts. 75(3), 91, 92, 93 AI Act (the authority sets the time); T-1.2 (14 days); C-1.5 (no figure: self-set).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, or_, select, tuple_

from pratique.canonical import stored_json
from pratique.domain.occurrences import BEGINNINGS, Thread
from pratique.errors import NotFoundError
from pratique.services.clock_views import clocks_about
from pratique.services.lookups import occurrence
from pratique.services.models import find_model_version
from pratique.services.occurrence_lists import position_of
from pratique.services.occurrences import Said, occurrence_view, record_step
from pratique.services.parts import Parts
from pratique.services.threads import beginning_of, new_thread_id, thread_rows
from pratique.store.queries import Query
from pratique.store.reader import Reader, Row
from pratique.store.transaction import Transaction

_ANSWER: Mapping[Thread, str] = {Thread.REQUEST: "request_answered", Thread.COMPLAINT: "complaint_decided"}
_PREFIX: Mapping[Thread, str] = {Thread.REQUEST: "req", Thread.COMPLAINT: "com"}
_BEGUN = Query(
    select(occurrence)
    .where(
        occurrence.c.model_version_id == bindparam("model_version_id"),
        or_(*(occurrence.c.kind == BEGINNINGS[thread] for thread in _ANSWER)),
        occurrence.c.withdrawn_at.is_(None),
        tuple_(occurrence.c.at, occurrence.c.id) < tuple_(bindparam("after_at"), bindparam("after_id")),
    )
    .order_by(occurrence.c.at.desc(), occurrence.c.id.desc())
    .limit(bindparam("limit"))
)


def open_request(
    tx: Transaction, parts: Parts, version: Row, said: Said, *, thread: Thread, terms: Mapping[str, Any]
) -> str:
    """Record that a request or complaint was received; return its name.

    Args:
        tx: the open transaction.
        parts: the engine.
        version: row of the model version.
        said: when it was received, and who says so.
        thread: a request, or a complaint.
        terms: who asks, on what ground, and until when.

    Raises:
        InvalidInputError: an authority's request without the time that it sets.
    """
    name = new_thread_id(_PREFIX[thread], said.at)
    record_step(tx, parts, version, said, BEGINNINGS[thread], name, terms)
    return name


def answer_request(
    tx: Transaction, parts: Parts, version: Row, said: Said, *, request: str, answer: Mapping[str, Any]
) -> None:
    """Record that a request was answered, or a complaint decided.

    Raises:
        NotFoundError: it is not recorded for this model version.
        ConflictError: that was recorded before.
    """
    thread, _ = _begun(thread_rows(tx, version["id"], request), request)
    record_step(tx, parts, version, said, _ANSWER[thread], request, answer)


def request_view(reader: Reader, version: Row, request: str, at: str) -> dict[str, Any]:
    """Return a request or complaint: who asks what, until when, and how it was answered.

    Raises:
        NotFoundError: it is not recorded for this model version.
    """
    rows = thread_rows(reader, version["id"], request) if "\x00" not in request else []
    thread, first = _begun(rows, request)
    terms = stored_json(first["data"])
    answer = next((row for row in rows if row["kind"] == _ANSWER[thread]), None)
    return {
        "request": request,
        "kind": thread.value,
        "model": version["model"],
        "version": version["version"],
        "state": "open" if answer is None else "answered",
        "received_at": first["at"],
        "recorded_by": first["person"],
        "why": first["why"],
        "terms": terms,
        "answered_at": answer["at"] if answer is not None else None,
        "answer": stored_json(answer["data"]) if answer is not None else None,
        "clocks": clocks_about(reader, version, request, at),
        "occurrences": [occurrence_view(row) for row in rows],
    }


def requests_page(
    reader: Reader, *, model: str, version: str, at: str, cursor: str | None, limit: int
) -> dict[str, Any]:
    """Return the requests and complaints about a model version, the newest first.

    Raises:
        NotFoundError: no such model version.
        InvalidInputError: the cursor is not one that this call gave.
    """
    found = find_model_version(reader, model, version)
    after_at, after_id = position_of(cursor)
    rows = reader.all(_BEGUN, model_version_id=found["id"], after_at=after_at, after_id=after_id, limit=limit + 1)
    more = len(rows) > limit
    shown = rows[:limit]
    return {
        "items": [request_view(reader, found, row["about"], at) for row in shown],
        "next": f"{shown[-1]['at']}/{shown[-1]['id']}" if more else None,
    }


def _begun(rows: list[Row], request: str) -> tuple[Thread, Row]:
    kinds = {row["kind"] for row in rows}
    for thread in _ANSWER:
        if BEGINNINGS[thread] in kinds:
            return thread, beginning_of(rows, thread, request)
    raise NotFoundError(f"request {request[:80]!r} is not recorded for this model version")
