"""Similar incidents in one report: which may go together.

Source: S&S Measure 9.3 (2025-07-10): similar incidents in the window of an initial report may be bundled under the
clock of the first. That they are similar is for people to judge. Each keeps its own clocks: none gets more time.
"""

from __future__ import annotations

from collections.abc import Sequence

from pratique.canonical import stored_json
from pratique.domain.occurrences import IncidentReport, ReportStage, Thread
from pratique.errors import ConflictError, InvalidInputError
from pratique.services import lookups
from pratique.services.parts import Parts
from pratique.services.threads import beginning_of, thread_rows
from pratique.store.reader import Reader, Row


def check_bundle(
    reader: Reader, parts: Parts, version: Row, incident: str, *, also: Sequence[str], stage: ReportStage
) -> None:
    """Refuse incidents that cannot be in one report with `incident`.

    Args:
        reader: a reader.
        parts: the engine.
        version: row of the model version.
        incident: the one that was known first, under whose clock the others go.
        also: the others.
        stage: of the report.

    Raises:
        NotFoundError: one is not recorded for this model version.
        InvalidInputError: one is named twice, or became known outside the window of the first.
        ConflictError: a later report, where the initial one was not about both.
    """
    named = [incident, *also]
    twice = sorted({one for one in named if named.count(one) > 1})
    if twice:
        raise InvalidInputError(f"also: found {', '.join(twice)} twice, expected each incident once")
    first = beginning_of(thread_rows(reader, version["id"], incident), Thread.INCIDENT, incident)
    for other in also:
        rows = thread_rows(reader, version["id"], other) if "\x00" not in other else []
        begun = beginning_of(rows, Thread.INCIDENT, other)
        if stage is ReportStage.INITIAL:
            _check_window(begun, other, first["at"], _window_end(reader, parts, version, incident), incident)
        elif not _is_bundled(rows, incident):
            raise ConflictError(
                f"also: incident {other!r} was not in the initial report of {incident!r}; it is reported by itself"
            )


def _check_window(begun: Row, other: str, since: str, until: str | None, incident: str) -> None:
    if until is None:
        raise InvalidInputError(f"also: the last day of the initial report of {incident!r} cannot be told")
    if not since <= begun["at"] < until:
        raise InvalidInputError(
            f"also: incident {other!r} became known at {begun['at']}, expected from {since} to before {until}: the "
            f"time for the initial report of {incident!r}, which is to be the one known first"
        )


def _window_end(reader: Reader, parts: Parts, version: Row, incident: str) -> str | None:
    """Return the first instant that is too late for an initial report; None where it cannot be told."""
    edition = parts.rules.edition
    rules = edition.clocks.rules if edition is not None and edition.clocks is not None else ()
    initial = {rule.id for rule in rules if rule.limbs_from}
    rows = reader.all(lookups.CLOCKS_ABOUT, model_version_id=version["id"], about=incident)
    return min((str(row["due_at"]) for row in rows if row["rule"] in initial and row["due_at"]), default=None)


def _is_bundled(rows: Sequence[Row], incident: str) -> bool:
    filed = [
        IncidentReport.model_validate(stored_json(row["data"]))
        for row in rows
        if row["kind"] == "incident_report_filed"
    ]
    return any(one.stage is ReportStage.INITIAL and one.bundled_with == incident for one in filed)
