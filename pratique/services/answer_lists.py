"""Messages to subscriptions as the API shows them: in pages, newest first, and one with its attempts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, bindparam, select, tuple_

from pratique.canonical import stored_json
from pratique.domain.subscriptions import AnswerState
from pratique.errors import InvalidInputError, NotFoundError
from pratique.services import lookups
from pratique.services.lookups import answer
from pratique.services.occurrence_lists import position_of
from pratique.store.changes import table_named
from pratique.store.queries import Query
from pratique.store.reader import Reader, Row

_attempt = table_named("answer_attempt")
_SHOWN = (
    "id", "subscription", "type", "gate_run_id", "state", "attempts", "reason", "next_at", "created_at", "settled_at"
)  # fmt: skip
_older = tuple_(answer.c.created_at, answer.c.id) < tuple_(bindparam("after_at"), bindparam("after_id"))
_ATTEMPTS = Query(
    select(_attempt).where(_attempt.c.answer_id == bindparam("answer_id")).order_by(_attempt.c.number, _attempt.c.id)
)


def _page(*members: str) -> Query:
    statement: Select[Any] = select(*(answer.c[name] for name in _SHOWN)).where(_older)
    for member in members:
        statement = statement.where(answer.c[member] == bindparam(member))
    return Query(statement.order_by(answer.c.created_at.desc(), answer.c.id.desc()).limit(bindparam("limit")))


_WANTED: tuple[tuple[str, ...], ...] = ((), ("subscription",), ("state",), ("subscription", "state"))
_PAGES = {members: _page(*members) for members in _WANTED}


def answers_page(
    reader: Reader, *, subscription: str | None, state: str | None, cursor: str | None, limit: int
) -> dict[str, Any]:
    """Return messages, newest first.

    Raises:
        InvalidInputError: the cursor is not one that this call gave, or there is no such state.
    """
    if state is not None and state not in set(AnswerState):
        raise InvalidInputError(f"state: found {state[:40]!r}, expected one of {', '.join(AnswerState)}")
    wanted = {name: value for name, value in (("subscription", subscription), ("state", state)) if value is not None}
    at, last = position_of(cursor)
    rows = reader.all(_PAGES[tuple(wanted)], **wanted, after_at=at, after_id=last, limit=limit + 1)
    shown = rows[:limit]
    return {
        "items": [_view(row) for row in shown],
        "next": f"{shown[-1]['created_at']}/{shown[-1]['id']}" if len(rows) > limit else None,
    }


def whole_answer(reader: Reader, *, answer_id: str) -> dict[str, Any]:
    """Return a message with what is sent, and every attempt.

    Raises:
        NotFoundError: there is none.
    """
    row = reader.one(lookups.ANSWER, id=answer_id)
    if row is None:
        raise NotFoundError(f"message {answer_id[:80]!r} is unknown")
    members = ("number", "outcome", "status", "reason", "milliseconds", "at")
    log = [{name: one[name] for name in members} for one in reader.all(_ATTEMPTS, answer_id=answer_id)]
    return _view(row) | {"body": stored_json(row["body"]), "log": log}


def _view(row: Row) -> dict[str, Any]:
    return {name: row[name] for name in _SHOWN}
