"""The portfolio matrix out of the ledger: one query for a page of versions, one for their gates, one for counts.

The gates of a page are found by joining the page itself, so the statements are fixed and compiled once,
however many versions there are. Cells come from an index that holds all they show (`gate_run_cells`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, exists, literal, literal_column, or_, select, true

from pratique.canonical import stored_json
from pratique.domain.gates import WAITING_STATES, GateState
from pratique.domain.times import instant_text
from pratique.services.kept_counts import KeptCounts, kept_counts
from pratique.services.lookups import MODEL_VERSION, gate_run, model_version, waiver
from pratique.services.parts import Parts
from pratique.store.queries import Query
from pratique.store.reader import Reader, Row
from pratique.web.dashboard.paging import Cut
from pratique.web.dashboard.rows import GateColumn, PortfolioCell, PortfolioFilter, PortfolioPage, PortfolioRow, Turn

#: Up to so many gates, a filter starts from them; beyond, versions are walked until a page of them fits.
FEW = 2000

#: What the gate view calls overdue: somebody owes something and the overdue rung has fired. Literals, in the
#: words of the index `gate_run_overdue`: SQLite uses a partial index only when it sees its condition.
IS_OVERDUE: ColumnElement[bool] = and_(
    gate_run.c.is_latest,
    gate_run.c.reminded == literal_column("'overdue'"),
    *(gate_run.c.state != literal_column(f"'{state}'") for state in sorted(set(GateState) - WAITING_STATES)),
)

_name = model_version.c.model + literal("/") + model_version.c.version
_model, _registered, _id = model_version.c.model, model_version.c.registered_at, model_version.c.id
_at_model: Any = bindparam("at_model")
_at_registered: Any = bindparam("at_registered")
_at_id: Any = bindparam("at_id")
#: By model, the newest version first.
_FORWARD = (_model, _registered.desc(), _id.desc())
_BACKWARD = (_model.desc(), _registered, _id)
_AFTER = and_(
    _model >= _at_model,
    or_(_model > _at_model, _registered < _at_registered, and_(_registered == _at_registered, _id < _at_id)),
)
_BEFORE = and_(
    _model <= _at_model,
    or_(_model < _at_model, _registered > _at_registered, and_(_registered == _at_registered, _id > _at_id)),
)


class _Kind(NamedTuple):
    """Which statement a filter needs."""

    state: str = ""  #: `state`, `overdue`, or empty for any
    is_few: bool = False  #: so few gates stand there that the search starts from them
    has_text: bool = False
    way: str = "first"  #: first, after or before


def like(text: str) -> str:
    """Return the LIKE pattern (escape `!`) of everything that holds `text`; names are lower case."""
    return f"%{escaped(text.lower())}%"


def escaped(text: str) -> str:
    """Return the LIKE pattern (escape `!`) of `text` itself."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _matching(statement: Select[Any], kind: _Kind) -> Select[Any]:
    if kind.has_text:
        statement = statement.where(_name.like(bindparam("pattern"), escape="!"))
    if kind.state:
        wanted = IS_OVERDUE if kind.state == "overdue" else gate_run.c.state == bindparam("state")
        of_version = gate_run.c.model_version_id == model_version.c.id
        found: ColumnElement[bool]
        if kind.is_few:
            # A bound that holds for every row: without one SQLite walks another index than the one of `wanted`.
            bound = gate_run.c.due_at > literal_column("''") if kind.state == "overdue" else true()
            found = _id.in_(select(gate_run.c.model_version_id).where(gate_run.c.is_latest, wanted, bound))
        else:
            found = exists().where(of_version, gate_run.c.is_latest, wanted)
        statement = statement.where(found)
    if kind.way == "first":
        return statement.order_by(*_FORWARD)
    return statement.where(_AFTER).order_by(*_FORWARD) if kind.way == "after" else _backward(statement)


def _backward(statement: Select[Any]) -> Select[Any]:
    return statement.where(_BEFORE).order_by(*_BACKWARD)


@cache
def _versions(kind: _Kind) -> Query:
    """Return the page's versions. Its ids come from the index alone: a model may have thousands to put in order."""
    page = _matching(select(_id), kind).limit(bindparam("limit")).subquery()
    columns = (_id, _model, model_version.c.version, model_version.c.profile)
    in_order = _BACKWARD if kind.way == "before" else _FORWARD
    return Query(select(*columns).join(page, page.c.id == _id).order_by(*in_order))


@cache
def _cells(kind: _Kind) -> Query:
    page = _matching(select(_id), kind).limit(bindparam("limit")).subquery()
    has_waiver = exists().where(
        waiver.c.gate_run_id == gate_run.c.id, waiver.c.revoked_at.is_(None), waiver.c.expires_at > bindparam("at")
    )
    return Query(
        select(
            gate_run.c.model_version_id,
            *(gate_run.c[n] for n in ("gate", "state", "reminded", "open_findings")),
            case((has_waiver, 1), else_=0),
        )
        .join(page, page.c.id == gate_run.c.model_version_id)
        .where(gate_run.c.is_latest)
    )


def portfolio_page(
    reader: Reader, parts: Parts, wanted: PortfolioFilter, turn: Turn, size: int, now: datetime
) -> PortfolioPage:
    """Return one page of the matrix; where `turn` names no version, the first one."""
    counts = kept_counts(reader)
    anchor = _anchor(reader, turn)
    kind = _kind_of(wanted, counts, turn if anchor else Turn())
    given = {**anchor, "pattern": like(wanted.text), "state": wanted.state}
    found = Cut(reader.all(_versions(kind), **given, limit=size + 1), size, turn, is_anchored=bool(anchor))
    cells = reader.tuples(_cells(kind), **given, limit=size, at=instant_text(now))
    rows = _rows(found.rows, cells)
    return PortfolioPage(
        gates=_columns(parts, rows),
        rows=rows,
        counts={**counts.gates, "overdue": counts.overdue},
        total=None if wanted.text or wanted.state else counts.versions,
        place=found.place(*((rows[0].name, rows[-1].name) if rows else ("", ""))),
    )


def _anchor(reader: Reader, turn: Turn) -> dict[str, Any]:
    """Return where the version that `turn` names stands in the order; empty where there is none."""
    model, _, version = (turn.after or turn.before).partition("/")
    row = reader.one(MODEL_VERSION, model=model, version=version) if model and version else None
    return {} if row is None else {f"at_{n}": row[c] for n, c in _ANCHOR}


_ANCHOR = (("model", "model"), ("registered", "registered_at"), ("id", "id"))


def _kind_of(wanted: PortfolioFilter, counts: KeptCounts, turn: Turn) -> _Kind:
    standing = counts.overdue if wanted.state == "overdue" else counts.gates[wanted.state]
    return _Kind(
        state="" if not wanted.state else "overdue" if wanted.state == "overdue" else "state",
        is_few=bool(wanted.state) and standing <= FEW,
        has_text=bool(wanted.text),
        way="after" if turn.after else "before" if turn.before else "first",
    )


def _columns(parts: Parts, rows: tuple[PortfolioRow, ...]) -> tuple[GateColumn, ...]:
    titles = {gate: spec.title for gate, spec in parts.rules.specs.items()}
    retired = sorted({gate for row in rows for gate in row.cells} - set(titles))
    return tuple(GateColumn(id=gate, title=titles.get(gate, gate)) for gate in (*titles, *retired))


def _rows(versions: list[Row], cells: list[tuple[Any, ...]]) -> tuple[PortfolioRow, ...]:
    by_version: defaultdict[str, dict[str, PortfolioCell]] = defaultdict(dict)
    alike: dict[tuple[Any, ...], PortfolioCell] = {}  # there are thousands of cells, and few kinds of them
    for version_id, gate, *shown in cells:
        key = tuple(shown)
        cell = alike.get(key)
        if cell is None:
            cell = alike[key] = _cell(*key)
        by_version[version_id][gate] = cell
    return tuple(_row(version, by_version.get(version["id"], {})) for version in versions)


def _cell(state: str, reminded: str | None, open_findings: int, has_waiver: int) -> PortfolioCell:
    return PortfolioCell(
        state=state,
        is_overdue=state in WAITING_STATES and reminded == "overdue",
        open_findings=open_findings,
        has_waiver=bool(has_waiver),
    )


def _row(version: Row, cells: Mapping[str, PortfolioCell]) -> PortfolioRow:
    profile = stored_json(version["profile"])
    return PortfolioRow(
        model=version["model"],
        version=version["version"],
        stage=profile.get("stage", ""),
        systemic_risk=bool(profile.get("systemic_risk")),
        cells=cells,
    )
