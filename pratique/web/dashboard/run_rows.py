"""The run history out of the ledger."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, bindparam, func, literal, or_, select

from pratique.services.kept_counts import kept_counts
from pratique.services.lookups import FLOW_RUN, flow_run, gate_run, model_version
from pratique.store.queries import Query
from pratique.store.reader import Reader, Row
from pratique.web.dashboard.paging import Cut
from pratique.web.dashboard.portfolio_rows import like
from pratique.web.dashboard.rows import FlowRunFilter, FlowRunPage, RunRow, Turn

#: A gate page shows this many runs; the run history shows the rest.
GATE_HISTORY = 50

_columns = (
    *(flow_run.c[n] for n in ("id", "flow", "name", "state", "message", "started_at", "ended_at", "url")),
    flow_run.c.gate_run_id.label("gate_run"),
    model_version.c.model,
    model_version.c.version,
    gate_run.c.gate,
    gate_run.c.occasion,
)
_joined = (
    select(*_columns)
    .select_from(flow_run)
    .outerjoin(gate_run, gate_run.c.id == flow_run.c.gate_run_id)
    .outerjoin(model_version, model_version.c.id == gate_run.c.model_version_id)
)
_started, _id = flow_run.c.started_at, flow_run.c.id
_at_started: Any = bindparam("at_started")
_at_id: Any = bindparam("at_id")
_newest_first = (_started.desc(), _id.desc())
_OF_GATE = Query(
    _joined.where(flow_run.c.gate_run_id == bindparam("gate_run_id")).order_by(*_newest_first).limit(bindparam("limit"))
)


class _Kind(NamedTuple):
    """Which statement a filter needs."""

    has_flow: bool
    has_state: bool
    has_text: bool
    way: str  #: first, after or before


@cache
def _page(kind: _Kind) -> Query:
    statement: Select[Any] = _joined
    if kind.has_flow:
        statement = statement.where(flow_run.c.flow == bindparam("flow"))
    if kind.has_state:
        statement = statement.where(flow_run.c.state == bindparam("state"))
    if kind.has_text:
        name = model_version.c.model + literal("/") + model_version.c.version
        pattern: Any = bindparam("pattern")
        statement = statement.where(
            or_(func.lower(flow_run.c.name).like(pattern, escape="!"), name.like(pattern, escape="!"))
        )
    return Query(_turned(statement, kind.way).limit(bindparam("limit")))


def _turned(statement: Select[Any], way: str) -> Select[Any]:
    if way == "before":
        newer = or_(_started > _at_started, and_(_started == _at_started, _id > _at_id))
        return statement.where(_started >= _at_started, newer).order_by(_started, _id)
    if way == "after":
        older = or_(_started < _at_started, and_(_started == _at_started, _id < _at_id))
        statement = statement.where(_started <= _at_started, older)
    return statement.order_by(*_newest_first)


def run_page(reader: Reader, wanted: FlowRunFilter, turn: Turn, size: int) -> FlowRunPage:
    """Return one page of runs, newest first; where `turn` names no run, the first one."""
    named = turn.after or turn.before
    anchor = reader.one(FLOW_RUN, id=named) if named else None
    way = "first" if anchor is None else "after" if turn.after else "before"
    kind = _Kind(bool(wanted.flow), bool(wanted.state), bool(wanted.text), way)
    given: dict[str, Any] = {"flow": wanted.flow, "state": wanted.state, "pattern": like(wanted.text)}
    if anchor is not None:
        given |= {"at_started": anchor["started_at"], "at_id": anchor["id"]}
    found = Cut(reader.all(_page(kind), **given, limit=size + 1), size, turn, is_anchored=anchor is not None)
    rows = tuple(map(_run, found.rows))
    counts = kept_counts(reader).flow_runs
    return FlowRunPage(
        rows=rows,
        flows=tuple(sorted({flow for (flow, _), number in counts.items() if number})),
        total=None
        if wanted.text
        else sum(n for (flow, state), n in counts.items() if wanted.flow in ("", flow) and wanted.state in ("", state)),
        place=found.place(*((rows[0].id, rows[-1].id) if rows else ("", ""))),
    )


def runs_of_gate(reader: Reader, gate_run_id: str) -> tuple[RunRow, ...]:
    """Return the newest runs of a gate run."""
    return tuple(map(_run, reader.all(_OF_GATE, gate_run_id=gate_run_id, limit=GATE_HISTORY)))


def _run(row: Row) -> RunRow:
    return RunRow(**{**row, "message": row["message"] or ""})
