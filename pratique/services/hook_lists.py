"""Deliveries as the API shows them: in pages, newest first, and one with all that is kept of it."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Select, bindparam, func, select, tuple_

from pratique.domain.hooks import DeliveryState
from pratique.errors import InvalidInputError, NotFoundError
from pratique.services import lookups
from pratique.services.lookups import hook_delivery
from pratique.services.occurrence_lists import position_of
from pratique.store.queries import Query, one_of
from pratique.store.reader import Reader, Row

_SHOWN = ("id", "source", "kind", "delivery", "found_by", "state", "reason", "received_at", "settled_at", "settled_by")
_columns = [hook_delivery.c[name] for name in (*_SHOWN, "events", "size")]
_older = tuple_(hook_delivery.c.received_at, hook_delivery.c.id) < tuple_(bindparam("after_at"), bindparam("after_id"))


def _page(*members: str) -> Query:
    statement: Select[Any] = select(*_columns).where(_older)
    for member in members:
        statement = statement.where(hook_delivery.c[member] == bindparam(member))
    ordered = statement.order_by(hook_delivery.c.received_at.desc(), hook_delivery.c.id.desc())
    return Query(ordered.limit(bindparam("limit")))


_WANTED: tuple[tuple[str, ...], ...] = ((), ("source",), ("state",), ("source", "state"))
_PAGES = {members: _page(*members) for members in _WANTED}
#: What people have to look at, and what is still under way.
OPEN_COUNTS = Query(
    select(hook_delivery.c.source, hook_delivery.c.state, func.count().label("n"))
    .where(one_of(hook_delivery.c.state, ("received", "dead")))
    .group_by(hook_delivery.c.source, hook_delivery.c.state)
)


def deliveries_page(
    reader: Reader, *, source: str | None, state: str | None, cursor: str | None, limit: int
) -> dict[str, Any]:
    """Return deliveries, newest first.

    Raises:
        InvalidInputError: the cursor is not one that this call gave, or there is no such state.
    """
    if state is not None and state not in set(DeliveryState):
        raise InvalidInputError(f"state: found {state[:40]!r}, expected one of {', '.join(DeliveryState)}")
    wanted = {name: value for name, value in (("source", source), ("state", state)) if value is not None}
    at, last = position_of(cursor)
    rows = reader.all(_PAGES[tuple(wanted)], **wanted, after_at=at, after_id=last, limit=limit + 1)
    shown = rows[:limit]
    return {
        "items": [delivery_view(row) for row in shown],
        "next": f"{shown[-1]['received_at']}/{shown[-1]['id']}" if len(rows) > limit else None,
    }


def delivery_view(row: Row) -> dict[str, Any]:
    """Return a delivery without what it holds."""
    return {name: row[name] for name in _SHOWN} | {"events": json.loads(row["events"]), "size": row["size"]}


def whole_delivery(reader: Reader, delivery: str) -> dict[str, Any]:
    """Return a delivery with its headers and its body as they came.

    Raises:
        NotFoundError: there is none.
    """
    row = reader.one(lookups.HOOK_DELIVERY, id=delivery)
    if row is None:
        raise NotFoundError(f"delivery {delivery[:80]!r} is unknown")
    kept = {name: row[name] for name in ("body", "is_base64", "sha256", "rules_digest")}
    return delivery_view(row) | {"headers": json.loads(row["headers"])} | kept
