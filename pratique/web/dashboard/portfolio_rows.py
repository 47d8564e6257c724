"""The portfolio matrix out of the ledger: one query for a page of versions, one for their gates, one for counts.

The gates of a page are found by joining the page itself, so the statements are fixed and compiled once,
however many versions there are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, exists, func, literal, or_, select

from pratique.domain.gates import WAITING_STATES
from pratique.domain.times import instant_text
from pratique.services.lookups import gate_run, model_version, waiver
from pratique.services.parts import Parts
from pratique.store.queries import Query
from pratique.store.reader import Reader, Row
from pratique.web.dashboard.rows import GateColumn, PortfolioCell, PortfolioFilter, PortfolioPage, PortfolioRow

#: Spelled out, because an `IN` list is expanded only when a statement runs, and these are compiled once.
_is_waiting = or_(*(gate_run.c.state == state.value for state in sorted(WAITING_STATES)))

#: What the gate view calls overdue: somebody owes something and the overdue rung has fired.
IS_OVERDUE: ColumnElement[bool] = and_(_is_waiting, gate_run.c.reminded == "overdue")

_name = model_version.c.model + literal("/") + model_version.c.version


def like(text: str) -> str:
    """Return the LIKE pattern (escape `!`) of everything that holds `text`; names are lower case."""
    return f"%{escaped(text.lower())}%"


def escaped(text: str) -> str:
    """Return the LIKE pattern (escape `!`) of `text` itself."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _matching(kind: str) -> Select[Any]:
    statement = select(model_version).where(_name.like(bindparam("pattern"), escape="!"))
    if kind == "any":
        return statement
    wanted = IS_OVERDUE if kind == "overdue" else gate_run.c.state == bindparam("state")
    # Not a correlated EXISTS: with the index that serves the counts, SQLite would walk it once a version.
    return statement.where(
        model_version.c.id.in_(select(gate_run.c.model_version_id).where(gate_run.c.is_latest, wanted))
    )


def _paged(kind: str) -> Select[Any]:
    newest_first = (model_version.c.model, model_version.c.registered_at.desc(), model_version.c.id)
    return _matching(kind).order_by(*newest_first).limit(bindparam("size")).offset(bindparam("skip"))


def _cells(kind: str) -> Query:
    page = _paged(kind).subquery()
    has_waiver = exists().where(
        waiver.c.gate_run_id == gate_run.c.id, waiver.c.revoked_at.is_(None), waiver.c.expires_at > bindparam("at")
    )
    return Query(
        select(
            gate_run.c.model_version_id,
            *(gate_run.c[n] for n in ("gate", "occasion", "state", "due_at", "open_findings", "reminded")),
            case((has_waiver, 1), else_=0).label("has_waiver"),
        )
        .join(page, page.c.id == gate_run.c.model_version_id)
        .where(gate_run.c.is_latest)
    )


_KINDS = ("any", "state", "overdue")
_PAGE = {kind: Query(_paged(kind)) for kind in _KINDS}
_CELLS = {kind: _cells(kind) for kind in _KINDS}
_TOTAL = {kind: Query(select(func.count()).select_from(_matching(kind).subquery())) for kind in _KINDS}
_COUNTS = Query(
    select(gate_run.c.state, gate_run.c.reminded, func.count().label("gates"))
    .where(gate_run.c.is_latest)
    .group_by(gate_run.c.state, gate_run.c.reminded)
)


def portfolio_page(
    reader: Reader, parts: Parts, wanted: PortfolioFilter, page: int, size: int, now: datetime
) -> PortfolioPage:
    """Return one page of the matrix."""
    kind = "any" if not wanted.state else "overdue" if wanted.state == "overdue" else "state"
    given: dict[str, Any] = {"pattern": like(wanted.text)}
    if kind == "state":
        given["state"] = wanted.state
    paging = {"size": size, "skip": (page - 1) * size}
    versions = reader.all(_PAGE[kind], **given, **paging)
    cells = reader.all(_CELLS[kind], **given, **paging, at=instant_text(now))
    return PortfolioPage(
        gates=_columns(parts, cells),
        rows=_rows(versions, cells),
        counts=_count(reader.all(_COUNTS)),
        total=int(reader.value(_TOTAL[kind], **given)),
        page=page,
        size=size,
    )


def is_overdue(row: Mapping[str, Any]) -> bool:
    """Tell whether a gate run's row is overdue, as `IS_OVERDUE` does in SQL."""
    return row["state"] in WAITING_STATES and row["reminded"] == "overdue"


def _columns(parts: Parts, cells: list[Row]) -> tuple[GateColumn, ...]:
    titles = {gate: spec.title for gate, spec in parts.rules.specs.items()}
    retired = sorted({cell["gate"] for cell in cells} - set(titles))
    return tuple(GateColumn(id=gate, title=titles.get(gate, gate)) for gate in (*titles, *retired))


def _rows(versions: list[Row], cells: list[Row]) -> tuple[PortfolioRow, ...]:
    by_version: dict[str, dict[str, PortfolioCell]] = {}
    for cell in cells:
        by_version.setdefault(cell["model_version_id"], {})[cell["gate"]] = PortfolioCell(
            state=cell["state"],
            occasion=cell["occasion"],
            is_overdue=is_overdue(cell),
            due_at=cell["due_at"],
            open_findings=cell["open_findings"],
            has_waiver=bool(cell["has_waiver"]),
        )
    return tuple(_row(version, by_version.get(version["id"], {})) for version in versions)


def _row(version: Row, cells: dict[str, PortfolioCell]) -> PortfolioRow:
    profile = json.loads(version["profile"])
    return PortfolioRow(
        model=version["model"],
        version=version["version"],
        stage=profile.get("stage", ""),
        systemic_risk=bool(profile.get("systemic_risk")),
        cells=cells,
    )


def _count(rows: list[Row]) -> dict[str, int]:
    counts: dict[str, int] = {"overdue": 0}
    for row in rows:
        counts[row["state"]] = counts.get(row["state"], 0) + row["gates"]
        if is_overdue(row):
            counts["overdue"] += row["gates"]
    return counts
