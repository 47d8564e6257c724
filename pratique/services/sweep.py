"""The sweep: what time alone changes. Run twice, late or on two replicas, it does everything once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import bindparam, delete, select

from pratique.domain.entries import GateRunReminded
from pratique.domain.gates import FINAL_STATES, WAITING_STATES, GateState
from pratique.domain.times import instant_text
from pratique.services.advancing import advance
from pratique.services.dates import FOLLOW_UP, OVERDUE, due_rung, next_reminder
from pratique.services.loaded_run import LoadedRun, bump, load_run
from pratique.services.lookups import gate_run
from pratique.services.notices import NoticeKind, tell
from pratique.services.parts import Parts
from pratique.store.changes import table_named
from pratique.store.queries import Query
from pratique.store.transaction import Transaction

T = TypeVar("T")
_log = logging.getLogger(__name__)

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
    .limit(bindparam("limit"))
)
_TO_REMIND = Query(
    select(gate_run.c.id)
    .where(
        gate_run.c.remind_at.is_not(None),
        gate_run.c.remind_at <= bindparam("at"),
        gate_run.c.is_latest,  # a later occasion carries the duty on
    )
    .order_by(gate_run.c.remind_at, gate_run.c.id)
    .limit(bindparam("limit"))
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
    """Recheck what ran out and remind of what is due, until nothing is left."""
    report = SweepReport(at=instant_text(parts.ledger.clock()))
    for state in _on_each(parts, _TO_RECHECK, lambda tx, run_id: advance(tx, parts, run_id, cause="time ran out")):
        report.rechecked += 1
        report.expired += state is GateState.STALE
    for rung in _on_each(parts, _TO_REMIND, lambda tx, run_id: _remind(tx, parts, run_id)):
        report.overdue += rung == OVERDUE
        report.followed_up += rung == FOLLOW_UP
    return report


def _on_each(parts: Parts, due: Query, act: Callable[[Transaction, str], T]) -> Iterator[T]:
    """Act on every gate run that is due, many in one transaction; one that fails holds up no other."""
    failed: set[str] = set()
    while True:
        ids = [run_id for run_id in _due_ids(parts, due, BATCH + len(failed)) if run_id not in failed]
        if not ids:
            return
        try:
            yield from parts.ledger.write(ACTOR, partial(_act_on, act=act, ids=ids))
        except Exception:
            _log.warning("a sweep of %d gate runs failed as a whole; each is tried alone", len(ids))
            yield from _one_by_one(parts, act, ids, failed)


def _due_ids(parts: Parts, due: Query, limit: int) -> list[str]:
    with parts.ledger.read() as reader:
        return [row["id"] for row in reader.all(due, at=instant_text(parts.ledger.clock()), limit=limit)]


def _act_on(tx: Transaction, act: Callable[[Transaction, str], T], ids: list[str]) -> list[T]:
    return [act(tx, run_id) for run_id in ids]


def _one_by_one(parts: Parts, act: Callable[[Transaction, str], T], ids: list[str], failed: set[str]) -> Iterator[T]:
    for run_id in ids:
        try:
            yield from parts.ledger.write(ACTOR, partial(_act_on, act=act, ids=[run_id]))
        except Exception:
            failed.add(run_id)
            _log.exception("gate run %s could not be swept; the next tick tries again", run_id)


def drop_expired_sessions(tx: Transaction) -> None:
    """Delete browser sessions and login links that ran out."""
    tx.run(_DROP_SESSIONS, at=tx.at)
    tx.run(_DROP_LINKS, at=tx.at)


def _remind(tx: Transaction, parts: Parts, run_id: str) -> str | None:
    """Fire the highest rung that is due; what it replaces is named in the notice."""
    run = load_run(tx, parts, run_id, tx.now)
    is_waiting = run.state in WAITING_STATES
    rung = due_rung(run.row, tx.at) if is_waiting else None
    remind_at = next_reminder({**run.row, "reminded": rung or run.row["reminded"]}) if is_waiting else None
    if rung is None and remind_at == run.row["remind_at"]:
        return None  # another replica was first
    reasons = _reminder_reasons(run, rung) if rung else []
    tx.record(
        GateRunReminded(
            id=run_id, row_version=bump(run), rung=rung or str(run.row["reminded"] or "none"), remind_at=remind_at
        )
    )
    if rung is not None:
        kind = NoticeKind.OVERDUE if rung == OVERDUE else NoticeKind.FOLLOW_UP
        tell(tx, parts, run, kind, reasons=reasons, occurrence=run.row["due_at"])
    return rung


def _reminder_reasons(run: LoadedRun, rung: str) -> list[str]:
    row = run.row
    if rung != OVERDUE:
        return [f"follow-up was due on {row['follow_up_at'][:10]}"]
    reasons = [f"a decision or evidence was due on {row['due_at'][:16].replace('T', ' ')} UTC"]
    if row["reminded"] is None and row["follow_up_at"] < row["due_at"]:
        reasons.append("the follow-up reminder before it was not sent: the sweep came late")
    return reasons
