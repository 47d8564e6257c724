"""Clocks as the API, the command line and the pages show them, and in pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, bindparam, select, tuple_

from pratique.canonical import stored_json
from pratique.domain.regime import Edition
from pratique.domain.times import parse_instant
from pratique.errors import InvalidInputError, NotFoundError
from pratique.services import lookups
from pratique.services.lookups import clock, model_version
from pratique.services.parts import Parts
from pratique.store.queries import Query
from pratique.store.reader import Reader, Row

_CURSOR = re.compile(r"([dn])/([0-9T:.Z-]{0,40})/([A-Za-z0-9-]{1,40})")
_STATES = ("running", "met", "missed", "void")
_queries: dict[tuple[bool, ...], Query] = {}


def clock_view(row: Row, at: str) -> dict[str, Any]:
    """Return a clock as the API shows it, with the time that is left at `at` (negative: since it ran out)."""
    content = stored_json(row["content"])
    names = ("id", "rule", "about", "state", "force", "start_at", "due_on", "due_at", "met_at", "edition")
    return {
        **{name: row[name] for name in names},
        "model": row["model"],
        "version": row["version"],
        **{name: content.get(name) for name in ("title", "gate", "recipient", "reason", "unknown", "verified")},
        "outer_due_on": (content.get("outer") or {}).get("due_on"),
        "seconds_left": _seconds_left(row, at),
    }


def _seconds_left(row: Row, at: str) -> int | None:
    if row["state"] not in ("running", "missed") or row["due_at"] is None or row["met_at"] is not None:
        return None
    return int((parse_instant(row["due_at"]) - parse_instant(at)) / timedelta(seconds=1))


def clock_explanation(reader: Reader, parts: Parts, clock_id: str, at: str) -> dict[str, Any]:
    """Return a clock with everything that its date rests on: the text of the rule, its source, both readings.

    Raises:
        NotFoundError: no such clock.
    """
    row = reader.one(_ONE, id=clock_id) if "\x00" not in clock_id else None
    if row is None:
        raise NotFoundError(f"clock {clock_id[:80]} does not exist")
    content = stored_json(row["content"])
    trigger = reader.one(lookups.OCCURRENCE, id=content["trigger"]) if content.get("trigger") else None
    met_by = reader.one(lookups.OCCURRENCE, id=content["met_by"]) if content.get("met_by") else None
    return {
        **clock_view(row, at),
        "explanation": content.get("explanation", []),
        "strict": content.get("strict"),
        "outer": content.get("outer"),
        "excuse": content.get("excuse"),
        "rule_text": _rule_text(parts.rules.editions.get(row["edition"]), content.get("deadline")),
        "trigger": _occurrence(trigger),
        "met_by": _occurrence(met_by),
        "started_at": row["started_at"],
        "changed_at": row["changed_at"],
    }


def _rule_text(edition: Edition | None, deadline: str | None) -> dict[str, Any] | None:
    """Return the time limit as its edition has it, with where that was read."""
    rule = edition.deadline_by_id.get(deadline) if edition is not None and deadline is not None else None
    if rule is None:
        return None
    return {
        "id": rule.id,
        "trigger": rule.title,
        "summary": rule.summary,
        "direction": rule.direction.value,
        "period": str(rule.period) if rule.period is not None else None,
        "day_basis": rule.day_basis,
        "recipient": rule.recipient,
        "source": rule.source.model_dump(mode="json"),
        "verified": rule.verified,
    }


def _occurrence(row: Row | None) -> dict[str, Any] | None:
    return {name: row[name] for name in ("id", "kind", "at", "why", "person", "about")} if row is not None else None


def clocks_about(reader: Reader, version: Row, about: str, at: str) -> list[dict[str, Any]]:
    """Return the clocks of one incident, request or complaint."""
    rows = reader.all(lookups.CLOCKS_ABOUT, model_version_id=version["id"], about=about)
    named = {"model": version["model"], "version": version["version"]}
    return [clock_view({**row, **named}, at) for row in rows]


def clocks_page(
    reader: Reader,
    *,
    at: str,
    wanted: Mapping[str, str | None],
    cursor: str | None = None,
    limit: int = 100,
) -> dict[str, Any]:
    """Return clocks, the next due first, those without a date last.

    Args:
        reader: a reader.
        at: the present, for the time that is left.
        wanted: `model`, `version`, `state`, `about`, `rule`; None or absent takes all.
        cursor: the `next` of an earlier page.
        limit: most clocks of the page.

    Raises:
        InvalidInputError: an unknown state, or the cursor is not one that this call gave.
    """
    if wanted.get("state") is not None and wanted["state"] not in _STATES:
        raise InvalidInputError(f"state: found {str(wanted['state'])[:40]!r}, expected one of {', '.join(_STATES)}")
    dated, after_at, after_id = _position(cursor)
    given = {name: value for name, value in wanted.items() if value is not None}
    rows: list[Row] = []
    if dated:
        query = _page(tuple(given), is_dated=True)
        rows = reader.all(query, **given, after_at=after_at, after_id=after_id, limit=limit + 1)
        after_id = ""
    if len(rows) <= limit:
        left = limit + 1 - len(rows)
        rows += reader.all(_page(tuple(given), is_dated=False), **given, after_id=after_id, limit=left)
    items = [clock_view(row, at) for row in rows[:limit]]
    return {"items": items, "next": _cursor(rows[limit - 1]) if len(rows) > limit else None}


def _position(cursor: str | None) -> tuple[bool, str, str]:
    if cursor is None:
        return True, "", ""
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise InvalidInputError(f"cursor: found {cursor[:80]!r}, expected the `next` of an earlier page")
    return found[1] == "d", found[2], found[3]


def _cursor(row: Row) -> str:
    return f"d/{row['due_at']}/{row['id']}" if row["due_at"] is not None else f"n//{row['id']}"


def _with_names() -> Select[Any]:
    joined = select(clock, model_version.c.model, model_version.c.version)
    return joined.join(model_version, model_version.c.id == clock.c.model_version_id)


_ONE = Query(_with_names().where(clock.c.id == bindparam("id")))
_COLUMNS = {
    "model": model_version.c.model,
    "version": model_version.c.version,
    "state": clock.c.state,
    "about": clock.c.about,
    "rule": clock.c.rule,
}


def _page(filters: tuple[str, ...], *, is_dated: bool) -> Query:
    """Return the statement of one part of the list; there are few, each compiled once."""
    key = (is_dated, *(name in filters for name in _COLUMNS))
    if key not in _queries:
        statement = _with_names()
        for name, column in _COLUMNS.items():
            if name in filters:
                statement = statement.where(column == bindparam(name))
        if is_dated:
            place = tuple_(clock.c.due_at, clock.c.id) > tuple_(bindparam("after_at"), bindparam("after_id"))
            statement = statement.where(clock.c.due_at.is_not(None), place).order_by(clock.c.due_at, clock.c.id)
        else:
            statement = statement.where(clock.c.due_at.is_(None), clock.c.id > bindparam("after_id"))
            statement = statement.order_by(clock.c.id)
        _queries[key] = Query(statement.limit(bindparam("limit")))
    return _queries[key]
