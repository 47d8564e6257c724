"""Counts that are kept, not counted: how many gate runs, model versions and flow runs stand where."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from sqlalchemy import func, select

from pratique.domain.gates import WAITING_STATES
from pratique.store.changes import table_named
from pratique.store.queries import Query
from pratique.store.reader import Reader
from pratique.store.tables import KeptCountRow

_kept = table_named(str(KeptCountRow.__tablename__))
_ALL = Query(
    select(_kept.c.counted, _kept.c.part, _kept.c.detail, func.sum(_kept.c.number).label("number")).group_by(
        _kept.c.counted, _kept.c.part, _kept.c.detail
    )
)


class KeptCounts(NamedTuple):
    """Every count, as of one snapshot."""

    gates: Counter[str]  #: gates by the state in which their latest run stands
    overdue: int  #: of those that wait: gates whose overdue reminder has fired
    versions: int  #: model versions
    flow_runs: Counter[tuple[str, str]]  #: flow runs by (flow, state)


def kept_counts(reader: Reader) -> KeptCounts:
    """Return the counts; reads as many rows as there are different states."""
    gates: Counter[str] = Counter()
    flow_runs: Counter[tuple[str, str]] = Counter()
    overdue = versions = 0
    for counted, part, detail, number in reader.tuples(_ALL):
        if counted == "gate_run":
            gates[part] += int(number)
            overdue += int(number) if detail == "overdue" and part in WAITING_STATES else 0
        elif counted == "flow_run":
            flow_runs[part, detail] += int(number)
        else:
            versions += int(number)
    return KeptCounts(gates, overdue, versions, flow_runs)
