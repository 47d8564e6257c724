"""Serious incidents and near misses: awareness first, then kinds of harm, reports, and the end.

Source: S&S Commitment 9 (2025-07-10). The official form asks neither for the moment of awareness nor for the moment of
submission; every time limit runs from the first, so both are recorded here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, select, tuple_

from pratique.canonical import stored_json
from pratique.domain.occurrences import INITIAL_ITEMS, IncidentReport, Limb, ReportItem, ReportStage, Thread
from pratique.services.clock_views import clocks_about
from pratique.services.lookups import occurrence
from pratique.services.models import find_model_version
from pratique.services.occurrence_lists import position_of
from pratique.services.occurrences import Said, occurrence_view, record_step
from pratique.services.parts import Parts
from pratique.services.report_bundles import check_bundle
from pratique.services.threads import beginning_of, new_thread_id, thread_rows
from pratique.store.queries import Query
from pratique.store.reader import Reader, Row
from pratique.store.transaction import Transaction

#: From the strictest: what applies first where several do, and what is assumed while none is known.
STRICTEST = tuple(Limb)
_BEGUN = Query(
    select(occurrence)
    .where(
        occurrence.c.model_version_id == bindparam("model_version_id"),
        occurrence.c.kind == "incident_aware",
        occurrence.c.withdrawn_at.is_(None),
        tuple_(occurrence.c.at, occurrence.c.id) < tuple_(bindparam("after_at"), bindparam("after_id")),
    )
    .order_by(occurrence.c.at.desc(), occurrence.c.id.desc())
    .limit(bindparam("limit"))
)


def open_incident(
    tx: Transaction,
    parts: Parts,
    version: Row,
    said: Said,
    *,
    limbs: Iterable[Limb] = (),
    causal: str = "suspected",
    aware_by: str | None = None,
    reference: str | None = None,
) -> str:
    """Record when the provider became aware that the model was involved, before any triage; return the incident's name.

    While no kind of harm is recorded, the strictest time limit is shown, as assumed.
    """
    incident = new_thread_id("inc", said.at)
    data = {"limbs": list(dict.fromkeys(limbs)), "causal": causal, "aware_by": aware_by, "reference": reference}
    present = {name: value for name, value in data.items() if value is not None}
    record_step(tx, parts, version, said, "incident_aware", incident, present)
    return incident


def add_limbs(tx: Transaction, parts: Parts, version: Row, said: Said, *, incident: str, limbs: Iterable[Limb]) -> None:
    """Record that kinds of harm apply. A stricter one shortens the date, from the same moment of awareness."""
    data = {"limbs": list(dict.fromkeys(limbs))}
    record_step(tx, parts, version, said, "incident_limb_found", incident, data)


def file_report(
    tx: Transaction,
    parts: Parts,
    version: Row,
    said: Said,
    *,
    incident: str,
    report: Mapping[str, Any],
    also: Sequence[str] = (),
) -> None:
    """Record that a report went out, with the items that it holds.

    Args:
        tx: the open transaction.
        parts: the engine.
        version: row of the model version.
        said: when it was filed, why that is known, who says it.
        incident: which it is about; of several that are bundled the one that was known first.
        report: its stage, items and receipt.
        also: similar incidents that the same report is about; each has its own clocks, met by it.

    Raises:
        InvalidInputError: an initial or final report that lacks an item, or incidents that cannot go together.
        ConflictError: not in its order: initial, intermediate, resolved, final.
    """
    record_step(tx, parts, version, said, "incident_report_filed", incident, report)
    if also:
        check_bundle(tx, parts, version, incident, also=also, stage=ReportStage(report["stage"]))
    for other in also:
        bundled = {**report, "bundled_with": incident}
        record_step(tx, parts, version, said, "incident_report_filed", other, bundled)


def resolve_incident(tx: Transaction, parts: Parts, version: Row, said: Said, *, incident: str) -> None:
    """Record that corrective measures were adopted; the time for the final report begins."""
    record_step(tx, parts, version, said, "incident_resolved", incident, {})


def record_near_miss(tx: Transaction, parts: Parts, version: Row, said: Said, *, reference: str | None = None) -> str:
    """Record what could have been a serious incident; return its name."""
    name = new_thread_id("near", said.at)
    record_step(tx, parts, version, said, "near_miss", name, {"reference": reference} if reference else {})
    return name


def incident_view(reader: Reader, version: Row, incident: str, at: str) -> dict[str, Any]:
    """Return an incident: awareness, kinds of harm, reports with what they lack, and its clocks at `at`.

    Raises:
        NotFoundError: it is not recorded for this model version.
    """
    is_name = "\x00" not in incident
    rows = thread_rows(reader, version["id"], incident) if is_name else []
    first = beginning_of(rows, Thread.INCIDENT, incident)
    limbs = _limbs(rows)
    reports = [_report(row) for row in rows if row["kind"] == "incident_report_filed"]
    resolved = next((row for row in rows if row["kind"] == "incident_resolved"), None)
    named = stored_json(first["data"])
    return {
        "incident": incident,
        "model": version["model"],
        "version": version["version"],
        "reference": named.get("reference"),
        "state": _state(reports, is_resolved=resolved is not None),
        "aware_at": first["at"],
        "aware_by": named.get("aware_by") or first["person"],
        "recorded_at": first["recorded_at"],
        "recorded_by": first["person"],
        "why": first["why"],
        "causal": named.get("causal"),
        "limbs": limbs,
        "assumed_limb": None if limbs else STRICTEST[0].value,
        "resolved_at": resolved["at"] if resolved is not None else None,
        "reports": reports,
        "missing_items": _missing(reports, is_resolved=resolved is not None),
        "not_yet_known": _not_yet_known(reports),
        "clocks": clocks_about(reader, version, incident, at),
        "occurrences": [occurrence_view(row) for row in rows],
    }


def _limbs(rows: Iterable[Row]) -> list[str]:
    found = {limb for row in rows for limb in stored_json(row["data"]).get("limbs", ())}
    return [limb.value for limb in STRICTEST if limb in found]


def _report(row: Row) -> dict[str, Any]:
    report = IncidentReport.model_validate(stored_json(row["data"]))
    return {
        "occurrence": row["id"],
        "filed_at": row["at"],
        "filed_by": row["person"],
        **report.model_dump(mode="json"),
        "missing": [item.value for item in report.missing],
    }


def _missing(reports: list[dict[str, Any]], *, is_resolved: bool) -> list[str]:
    """Return the items of Measure 9.2 that the report which comes next still needs."""
    if any(report["stage"] == ReportStage.FINAL for report in reports):
        return []
    needed = tuple(ReportItem) if is_resolved else INITIAL_ITEMS
    given = {item for report in reports for item in (*report["items"], *report["not_yet_known"])}
    return [item.value for item in needed if item.value not in given]


def _not_yet_known(reports: list[dict[str, Any]]) -> list[str]:
    """Return the items that a report said are not yet known, and none has told."""
    told = {item for report in reports for item in report["items"]}
    unknown = {item for report in reports for item in report["not_yet_known"]} - told
    return [item.value for item in ReportItem if item.value in unknown]


def _state(reports: list[dict[str, Any]], *, is_resolved: bool) -> str:
    if any(report["stage"] == ReportStage.FINAL for report in reports):
        return "closed"
    if is_resolved:
        return "resolved"
    return "reported" if reports else "open"


def incidents_page(
    reader: Reader, *, model: str, version: str, at: str, cursor: str | None, limit: int
) -> dict[str, Any]:
    """Return the incidents of a model version, the newest awareness first.

    Raises:
        NotFoundError: no such model version.
        InvalidInputError: the cursor is not one that this call gave.
    """
    found = find_model_version(reader, model, version)
    after_at, after_id = position_of(cursor)
    rows = reader.all(_BEGUN, model_version_id=found["id"], after_at=after_at, after_id=after_id, limit=limit + 1)
    more = len(rows) > limit
    shown = rows[:limit]
    return {
        "items": [incident_view(reader, found, row["about"], at) for row in shown],
        "next": f"{shown[-1]['at']}/{shown[-1]['id']}" if more else None,
    }
