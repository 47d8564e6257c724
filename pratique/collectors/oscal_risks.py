"""Risks in OSCAL documents: by status, those that are open, and those whose deadline has passed."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from pratique.collectors.factsheet import FactSheet
from pratique.collectors.foreign import instant_at, list_at, text_at
from pratique.collectors.shape import COUNT, COUNTS, TEXT, TEXTS, record
from pratique.collectors.unreadable import shown
from pratique.domain.times import instant_text

#: Shape of the fact `risks`.
RISKS_SHAPE = record(
    total=COUNT,
    open=COUNT,
    by_status=COUNTS,
    overdue=COUNT,
    open_without_deadline=COUNT,
    next_deadline=TEXT,
    open_titles=TEXTS,
    tasks=COUNT,
    tasks_overdue=COUNT,
)

_CLOSED = "closed"
_SHOWN = 100


class Risks:
    """Risks, of which every one that is not closed counts as open, a status of one's own too."""

    def __init__(self, risks: list[Any], as_of: datetime | None) -> None:
        """Count `risks`; what is overdue, as of the file's own date, if it has one."""
        self._risks = risks
        self._as_of = as_of
        self._open = [risk for risk in risks if text_at(risk, "status") != _CLOSED]
        self._closed = {text_at(risk, "uuid") for risk in risks if text_at(risk, "status") == _CLOSED}
        self._closed -= {text_at(risk, "uuid") for risk in self._open}

    def is_closed(self, uuid: str | None) -> bool:
        """Tell whether the risk of that id is here and closed."""
        return uuid is not None and uuid in self._closed

    def put(self, sheet: FactSheet) -> None:
        """Put the fact `risks`. Without the file's own date nothing is said of what is overdue."""
        deadlines = [at for at in (instant_at(risk, "deadline") for risk in self._open) if at]
        # A task says when it is to be done; nothing in the format says that it was, but that its risk is closed.
        tasks = [
            task for risk in self._open for cure in list_at(risk, "remediations") for task in list_at(cure, "tasks")
        ]
        ends = [_end_of(task) for task in tasks]
        statuses = Counter(shown(text_at(risk, "status") or "none", 40) for risk in self._risks)
        facts: dict[str, Any] = {
            "total": len(self._risks),
            "open": len(self._open),
            "by_status": dict(sorted(statuses.most_common(20))),
            "open_without_deadline": len(self._open) - len(deadlines),
            "next_deadline": instant_text(min(deadlines)) if deadlines else None,
            "open_titles": [shown(text_at(risk, "title") or "") for risk in self._open[:_SHOWN]],
            "tasks": len(tasks),
        }
        if self._as_of is not None:
            facts["overdue"] = sum(at < self._as_of for at in deadlines)
            facts["tasks_overdue"] = sum(at is not None and at < self._as_of for at in ends)
        sheet.put("risks", facts)


def _end_of(task: Any) -> datetime | None:
    return instant_at(task, "timing", "within-date-range", "end") or instant_at(task, "timing", "on-date", "date")
