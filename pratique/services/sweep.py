"""The sweep: what time alone changes. Run twice, late or on two replicas, it does everything once."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import bindparam, delete, select

from pratique.domain.entries import GateRunReminded
from pratique.domain.gates import FINAL_STATES, WAITING_STATES, GateState
from pratique.domain.times import instant_text
from pratique.services.advancing import advance, bump, load_run
from pratique.services.dates import FOLLOW_UP, OVERDUE, due_rung, next_reminder
from pratique.services.lookups import gate_run
from pratique.services.notices import NoticeKind, tell
from pratique.services.parts import Parts
from pratique.store.changes import table_named
from pratique.store.queries import Query
from pratique.store.transaction import Transaction

#: Gate runs that one transaction takes on, so that other writers are not held up for long.
BATCH = 100
ACTOR = "engine:sweep"

_TO_RECHECK = Query(
    select(gate_run.c.id)
    .where(
        gate_run.c.recheck_at.is_not(None),
        gate_run.c.recheck_at <= bindparam("at"),
        # Nothing moves a final run on, so that it would be found again and again, and fill whole batches.
        *(gate_run.c.state != state.value for state in sorted(FINAL_STATES)),
    )
    .order_by(gate_run.c.recheck_at, gate_run.c.id)
    .limit(BATCH)
)
_TO_REMIND = Query(
    select(gate_run.c.id)
    .where(gate_run.c.remind_at.is_not(None), gate_run.c.remind_at <= bindparam("at"))
    .order_by(gate_run.c.remind_at, gate_run.c.id)
    .limit(BATCH)
)
_session, _link = table_named("web_session"), table_named("login_link")
_DROP_SESSIONS = Query(delete(_session).where(_session.c.expires_at <= bindparam("at")))
_DROP_LINKS = Query(delete(_link).where(_link.c.expires_at <= bindparam("at")))


@dataclass(slots=True)
class SweepReport:
    """What one sweep did, in counts of gate runs."""

    rechecked: int = 0
    expired: int = 0  #: of those rechecked: cleared gates that became stale
    followed_up: int = 0
    overdue: int = 0
    at: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the report as the API shows it."""
        return asdict(self)


def sweep(parts: Parts) -> SweepReport:
    """Recheck what ran out and remind of what is due, in batches, until nothing is left."""
    report = SweepReport(at=instant_text(parts.ledger.clock()))
    while True:
        states = parts.ledger.write(ACTOR, lambda tx: _recheck_batch(tx, parts))
        report.rechecked += len(states)
        report.expired += states.count(GateState.STALE)
        if len(states) < BATCH:
            break
    while True:
        rungs = parts.ledger.write(ACTOR, lambda tx: _remind_batch(tx, parts))
        report.overdue += rungs.count(OVERDUE)
        report.followed_up += rungs.count(FOLLOW_UP)
        if len(rungs) < BATCH:
            break
    return report


def _recheck_batch(tx: Transaction, parts: Parts) -> list[GateState]:
    return [advance(tx, parts, row["id"], cause="time ran out") for row in tx.all(_TO_RECHECK, at=tx.at)]


def _remind_batch(tx: Transaction, parts: Parts) -> list[str | None]:
    return [_remind(tx, parts, row["id"]) for row in tx.all(_TO_REMIND, at=tx.at)]


def drop_expired_sessions(tx: Transaction) -> None:
    """Delete browser sessions and login links that ran out."""
    tx.run(_DROP_SESSIONS, at=tx.at)
    tx.run(_DROP_LINKS, at=tx.at)


def _remind(tx: Transaction, parts: Parts, run_id: str) -> str | None:
    """Fire the highest rung that is due; what it replaces is named in the notice."""
    run = load_run(tx, parts, run_id, tx.now)
    rung = due_rung(run.row, tx.at) if run.state in WAITING_STATES else None
    skipped = rung == OVERDUE and run.row["reminded"] is None and run.row["follow_up_at"] < run.row["due_at"]
    after = {**run.row, "reminded": rung or run.row["reminded"]}
    remind_at = next_reminder(after) if run.state in WAITING_STATES else None
    if rung is None and remind_at is not None and remind_at <= tx.at:
        remind_at = None  # cannot happen by the rules of `due_rung`; a row must never keep the sweep spinning
    tx.record(
        GateRunReminded(
            id=run_id, row_version=bump(run), rung=rung or str(run.row["reminded"] or "none"), remind_at=remind_at
        )
    )
    if rung is not None:
        reasons = [
            f"follow-up was due on {run.row['follow_up_at'][:10]}" if rung != OVERDUE else _overdue_text(run.row)
        ]
        if skipped:
            reasons.append("the follow-up reminder before it was not sent: the sweep came late")
        kind = NoticeKind.OVERDUE if rung == OVERDUE else NoticeKind.FOLLOW_UP
        tell(tx, parts, run, kind, reasons=reasons, occurrence=run.row["due_at"])
    return rung


def _overdue_text(row: dict[str, Any]) -> str:
    return f"a decision or evidence was due on {row['due_at'][:16].replace('T', ' ')} UTC"
