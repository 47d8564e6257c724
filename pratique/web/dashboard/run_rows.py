"""The run history out of the ledger."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, bindparam, func, literal, or_, select

from pratique.services.lookups import flow_run, gate_run, model_version
from pratique.store.queries import Query
from pratique.store.reader import Reader, Row
from pratique.web.dashboard.portfolio_rows import escaped, like
from pratique.web.dashboard.rows import FlowRunFilter, FlowRunPage, RunRow

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


def _joined(*columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(flow_run)
        .outerjoin(gate_run, gate_run.c.id == flow_run.c.gate_run_id)
        .outerjoin(model_version, model_version.c.id == gate_run.c.model_version_id)
    )


def _filtered(statement: Select[Any]) -> Select[Any]:
    name = model_version.c.model + literal("/") + model_version.c.version
    return statement.where(
        or_(
            func.lower(flow_run.c.name).like(bindparam("pattern"), escape="!"),
            name.like(bindparam("pattern"), escape="!"),
        ),
        flow_run.c.flow.like(bindparam("flow"), escape="!"),
        flow_run.c.state.like(bindparam("state"), escape="!"),
    )


_newest_first = (flow_run.c.started_at.desc(), flow_run.c.id.desc())
_PAGE = Query(_filtered(_joined(*_columns)).order_by(*_newest_first).limit(bindparam("size")).offset(bindparam("skip")))
_TOTAL = Query(_filtered(_joined(func.count())))
_FLOWS = Query(select(flow_run.c.flow).distinct().order_by(flow_run.c.flow))
_OF_GATE = Query(
    _joined(*_columns)
    .where(flow_run.c.gate_run_id == bindparam("gate_run_id"))
    .order_by(*_newest_first)
    .limit(bindparam("size"))
)


def run_page(reader: Reader, wanted: FlowRunFilter, page: int, size: int) -> FlowRunPage:
    """Return one page of runs, newest first."""
    given = {"pattern": like(wanted.text), "flow": _exactly(wanted.flow), "state": _exactly(wanted.state)}
    rows = reader.all(_PAGE, **given, size=size, skip=(page - 1) * size)
    return FlowRunPage(
        rows=tuple(map(_run, rows)),
        flows=tuple(row["flow"] for row in reader.all(_FLOWS)),
        total=int(reader.value(_TOTAL, **given)),
        page=page,
        size=size,
    )


def runs_of_gate(reader: Reader, gate_run_id: str) -> tuple[RunRow, ...]:
    """Return the newest runs of a gate run."""
    return tuple(map(_run, reader.all(_OF_GATE, gate_run_id=gate_run_id, size=GATE_HISTORY)))


def _exactly(text: str) -> str:
    """Return the pattern of `text` itself, or of anything when nothing is wanted."""
    return escaped(text) or "%"


def _run(row: Row) -> RunRow:
    return RunRow(**{**row, "message": row["message"] or ""})
