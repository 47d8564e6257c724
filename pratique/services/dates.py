"""The two dates of a gate run: follow-up and due."""

from __future__ import annotations

from datetime import datetime, timedelta

from pratique.domain.spec import GateSpec
from pratique.domain.times import instant_text
from pratique.store.reader import Row

#: The rungs of the built-in ladder, in the order they fire.
FOLLOW_UP = "follow_up"
OVERDUE = "overdue"


def first_dates(spec: GateSpec, now: datetime) -> tuple[str, str]:
    """Return (follow_up_at, due_at) of a gate run that opens at `now`."""
    return (
        instant_text(now + timedelta(days=spec.due.follow_up_days)),
        instant_text(now + timedelta(days=spec.due.due_days)),
    )


def next_reminder(run: Row) -> str | None:
    """Return when the next reminder of a waiting gate run is due, or None when all have fired."""
    if run["reminded"] == OVERDUE:
        return None
    return str(run["due_at"] if run["reminded"] == FOLLOW_UP else run["follow_up_at"])


def due_rung(run: Row, at: str) -> str | None:
    """Return the highest rung that is due at `at` and has not fired."""
    if run["reminded"] != OVERDUE and run["due_at"] <= at:
        return OVERDUE
    if run["reminded"] is None and run["follow_up_at"] <= at:
        return FOLLOW_UP
    return None
