"""Moving the dates of a gate run, with a reason."""

from __future__ import annotations

from datetime import datetime, timedelta

from pratique.domain.entries import GateRunDated
from pratique.domain.times import instant_text, parse_instant
from pratique.errors import InvalidInputError
from pratique.services.authority import check_reason, known_person, refuse_settled, role_among
from pratique.services.dates import next_reminder
from pratique.services.loaded_run import bump, load_run
from pratique.services.parts import Parts
from pratique.store.transaction import Transaction

#: Farthest due date; gate specs go no farther.
LONGEST_DUE_DAYS = 3660


def move_dates(
    tx: Transaction,
    parts: Parts,
    run_id: str,
    person_id: str,
    *,
    due_at: datetime,
    follow_up_at: datetime | None,
    reason: str,
    credential: str,
) -> None:
    """Move the dates of a gate run, with a reason.

    Raises:
        InvalidInputError: due in the past or too far, follow-up later than due, or no reason.
        NotAllowedError: the person is neither owner nor in a sign-off role.
    """
    check_reason(reason)
    run = load_run(tx, parts, run_id, tx.now)
    refuse_settled(run)
    role_among(run, known_person(parts, person_id), {"owner": 1, **run.spec.sign_off.roles})
    follow_up = follow_up_at or min(due_at, parse_instant(run.row["follow_up_at"]))
    _check_order(tx.now, follow_up, due_at)
    dates = {"follow_up_at": instant_text(follow_up), "due_at": instant_text(due_at), "reminded": None}
    tx.record(
        GateRunDated(
            id=run_id,
            row_version=bump(run),
            follow_up_at=instant_text(follow_up),
            due_at=instant_text(due_at),
            reason=reason,
            was_follow_up_at=run.row["follow_up_at"],
            was_due_at=run.row["due_at"],
            remind_at=next_reminder({**run.row, **dates}) if run.row["remind_at"] or run.row["reminded"] else None,
            person=person_id,
            credential=credential,
        )
    )


def _check_order(now: datetime, follow_up: datetime, due_at: datetime) -> None:
    if not now < due_at <= now + timedelta(days=LONGEST_DUE_DAYS):
        raise InvalidInputError(
            f"due_at: found {instant_text(due_at)}, expected a time within {LONGEST_DUE_DAYS} days from now"
        )
    if follow_up > due_at:
        raise InvalidInputError(
            f"follow_up_at: found {instant_text(follow_up)}, expected no later than {instant_text(due_at)}"
        )
