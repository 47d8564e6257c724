"""What the kept counts must be: counted again from rows, for verification.

The triggers of the migrations say the same in SQL; a test holds the two equal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal_column, select

from pratique.store.changes import table_named
from pratique.store.snapshot import Snapshot
from pratique.store.tables import FlowRunRow, GateRunRow, KeptCountRow, ModelVersionRow

#: (table, part, detail) -> how many rows.
Counts = Counter[tuple[str, str, str]]
_GATE_RUN, _VERSION, _FLOW_RUN, _KEPT = (
    str(row.__tablename__) for row in (GateRunRow, ModelVersionRow, FlowRunRow, KeptCountRow)
)


def counted_rows(rows: Mapping[str, Mapping[Any, Mapping[str, Any]]]) -> Counts:
    """Return the counts of these rows: table -> primary key -> column -> value."""
    counts: Counts = Counter()
    for run in rows[_GATE_RUN].values():
        if run["is_latest"]:
            counts[_GATE_RUN, run["state"], run["reminded"] or ""] += 1
    for flow in rows[_FLOW_RUN].values():
        counts[_FLOW_RUN, flow["flow"], flow["state"]] += 1
    if rows[_VERSION]:
        counts[_VERSION, "", ""] = len(rows[_VERSION])
    return counts


def stored_counts(snapshot: Snapshot) -> Counts:
    """Return the counts as they are kept."""
    kept = table_named(_KEPT)
    names = (kept.c.counted, kept.c.part, kept.c.detail)
    return _counts(snapshot, select(*names, func.sum(kept.c.number)).group_by(*names))


def counts_of_stored_rows(snapshot: Snapshot) -> Counts:
    """Return the counts of the rows that are stored."""
    run, flow = table_named(_GATE_RUN), table_named(_FLOW_RUN)
    gates = select(_text(_GATE_RUN), run.c.state, func.coalesce(run.c.reminded, _text("")), func.count())
    flows = select(_text(_FLOW_RUN), flow.c.flow, flow.c.state, func.count())
    versions = select(_text(_VERSION), _text(""), _text(""), func.count()).select_from(table_named(_VERSION))
    gates = gates.where(run.c.is_latest)
    return (
        _counts(snapshot, gates.group_by(run.c.state, run.c.reminded))
        + _counts(snapshot, flows.group_by(flow.c.flow, flow.c.state))
        + _counts(snapshot, versions)
    )


def _text(name: str) -> ColumnElement[str]:
    """Return a text as part of the statement: what a snapshot streams has no parameters."""
    return literal_column(f"'{name}'")


def _counts(snapshot: Snapshot, statement: Select[Any]) -> Counts:
    counts: Counts = Counter()
    for batch in snapshot.stream(statement):
        for counted, part, detail, number in batch:
            counts[counted, part, detail] += int(number)
    return Counter({name: number for name, number in counts.items() if number})
