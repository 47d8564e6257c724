"""Overdue gates out of the ledger, longest overdue first: one query a page."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

from sqlalchemy import Select, and_, bindparam, or_, select

from pratique.services.kept_counts import kept_counts
from pratique.services.lookups import gate_run, model_version
from pratique.services.parts import Parts
from pratique.services.specs import pinned_spec
from pratique.services.views import waiting_on
from pratique.store.queries import Query
from pratique.store.reader import Reader, Row
from pratique.web.dashboard.paging import Cut
from pratique.web.dashboard.portfolio_rows import IS_OVERDUE
from pratique.web.dashboard.rows import OverduePage, OverdueRow, Turn
from pratique.web.dashboard.views import WaitingView

_columns = (
    *(gate_run.c[n] for n in ("id", "gate", "occasion", "spec_digest", "state", "findings", "open_findings")),
    *(gate_run.c[n] for n in ("basis", "due_at", "recheck_at")),
    model_version.c.model,
    model_version.c.version,
    model_version.c.authors,
    model_version.c.risks_authors,
)
_ANCHOR = Query(select(gate_run.c.due_at, gate_run.c.id).where(gate_run.c.id == bindparam("id")))
_due, _id = gate_run.c.due_at, gate_run.c.id
_at_due: Any = bindparam("at_due")
_at_id: Any = bindparam("at_id")


@cache
def _page(way: str) -> Query:
    statement: Select[Any] = (
        select(*_columns).join(model_version, model_version.c.id == gate_run.c.model_version_id).where(IS_OVERDUE)
    )
    if way == "before":
        longer = or_(_due < _at_due, and_(_due == _at_due, _id < _at_id))
        statement = statement.where(_due <= _at_due, longer).order_by(_due.desc(), _id.desc())
    elif way == "after":
        later = or_(_due > _at_due, and_(_due == _at_due, _id > _at_id))
        statement = statement.where(_due >= _at_due, later).order_by(_due, _id)
    else:
        statement = statement.order_by(_due, _id)
    return Query(statement.limit(bindparam("limit")))


def overdue_page(reader: Reader, parts: Parts, turn: Turn, size: int) -> OverduePage:
    """Return one page of overdue gates; where `turn` names no gate run, the first one."""
    named = turn.after or turn.before
    anchor = reader.one(_ANCHOR, id=named) if named else None
    way = "first" if anchor is None else "after" if turn.after else "before"
    given = {"at_due": anchor["due_at"], "at_id": anchor["id"]} if anchor is not None else {}
    found = Cut(reader.all(_page(way), **given, limit=size + 1), size, turn, is_anchored=anchor is not None)
    return OverduePage(
        rows=tuple(_overdue(reader, parts, row) for row in found.rows),
        total=kept_counts(reader).overdue,
        place=found.place(*((found.rows[0]["id"], found.rows[-1]["id"]) if found.rows else ("", ""))),
    )


def _overdue(reader: Reader, parts: Parts, row: Row) -> OverdueRow:
    return OverdueRow(
        model=row["model"],
        version=row["version"],
        gate=row["gate"],
        title=pinned_spec(reader, parts, row["spec_digest"]).title,
        occasion=row["occasion"],
        state=row["state"],
        open_findings=row["open_findings"],
        due_at=row["due_at"],
        waiting_on=tuple(cast(list[WaitingView], waiting_on(reader, parts, row, row))),
    )
