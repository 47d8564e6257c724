"""Incidents, requests and complaints as threads of occurrences: what may follow what."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pratique.canonical import stored_json
from pratique.domain.occurrences import BEGINNINGS, IncidentReport, ReportStage, Thread
from pratique.domain.times import instant_text
from pratique.errors import ConflictError, InvalidInputError, NotFoundError
from pratique.services import lookups
from pratique.store.reader import Reader, Row

#: Kinds that end a thread, or a step of it, once.
_ONCE = frozenset({"incident_resolved", "request_answered", "complaint_decided"})


def new_thread_id(prefix: str, at: datetime) -> str:
    """Return a name that people can say and gates can take as their occasion, such as `inc-20261123-9f3ac1`."""
    return f"{prefix}-{at:%Y%m%d}-{secrets.token_hex(3)}"


def thread_rows(reader: Reader, version_id: str, about: str) -> list[Row]:
    """Return the occurrences of a thread that were not withdrawn, in order of time."""
    rows = reader.all(lookups.OCCURRENCES_ABOUT, model_version_id=version_id, about=about)
    return [row for row in rows if row["withdrawn_at"] is None]


def beginning_of(rows: Sequence[Row], thread: Thread, about: str) -> Row:
    """Return the occurrence that a thread began with.

    Raises:
        NotFoundError: there is no such thread.
    """
    for row in rows:
        if row["kind"] == BEGINNINGS[thread]:
            return row
    raise NotFoundError(f"{thread.value} {about!r} is not recorded for this model version")


def check_place(
    rows: Sequence[Row], thread: Thread, kind: str, *, about: str, at: datetime, data: Mapping[str, Any]
) -> None:
    """Refuse what cannot stand where it would stand in its thread.

    Args:
        rows: what the thread holds already.
        thread: what the occurrence belongs to.
        kind: of the occurrence that is to be added.
        about: name of the thread.
        at: when it happened.
        data: what it says, checked.

    Raises:
        NotFoundError: the thread has no beginning.
        ConflictError: the thread was begun before, or the step was taken before, or comes too early.
        InvalidInputError: a time before the beginning, or an initial or final report that lacks items.
    """
    if kind == BEGINNINGS[thread]:
        if any(row["kind"] == kind for row in rows):
            raise ConflictError(f"{thread.value} {about!r} is recorded already")
        return
    first = beginning_of(rows, thread, about)
    if instant_text(at) < first["at"]:
        raise InvalidInputError(
            f"at: found {instant_text(at)}, expected a time not before {first['at']}, its beginning"
        )
    if kind in _ONCE and any(row["kind"] == kind for row in rows):
        raise ConflictError(
            f"{thread.value} {about!r}: {kind.replace('_', ' ')} is recorded already",
            hint="if that was wrong, withdraw the occurrence first",
        )
    if kind == "incident_report_filed":
        _check_report(rows, about, IncidentReport.model_validate(dict(data)))


def _check_report(rows: Sequence[Row], about: str, report: IncidentReport) -> None:
    stage = report.stage
    stages = {stored_json(row["data"]).get("stage") for row in rows if row["kind"] == "incident_report_filed"}
    if stage is ReportStage.INITIAL and stage in stages:
        raise ConflictError(f"incident {about!r}: its initial report is recorded already")
    if stage is not ReportStage.INITIAL and ReportStage.INITIAL not in stages:
        raise ConflictError(f"incident {about!r}: expected its initial report first, found {stage.value}")
    if stage is ReportStage.FINAL and not any(row["kind"] == "incident_resolved" for row in rows):
        raise ConflictError(
            f"incident {about!r} is not recorded as resolved; its final report follows that",
            hint="record when the corrective measures were adopted: `pratique incident resolve`",
        )
    if stage is not ReportStage.INTERMEDIATE and report.missing:
        held = "all nine items" if stage is ReportStage.FINAL else "items 1 to 7"
        raise InvalidInputError(
            f"data.items: the {stage.value} report holds {held} of S-9.2; missing {', '.join(report.missing)}",
            hint="name in `not_yet_known` what the report says is not yet known; it is shown as that",
        )


def refuse_withdrawal(rows: Sequence[Row], row: Row) -> None:
    """Refuse to take the beginning of a thread away from under what followed it.

    Raises:
        ConflictError: names what followed.
    """
    if row["kind"] not in BEGINNINGS.values():
        return
    others = [other["kind"] for other in rows if other["id"] != row["id"]]
    if others:
        raise ConflictError(
            f"{row['about']!r} goes on with {', '.join(others)}", hint="withdraw those first, the last one first"
        )
