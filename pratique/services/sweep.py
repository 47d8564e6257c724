"""The sweep: what time alone changes. Run twice, late or on two replicas, it does everything once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import bindparam, delete, select

from pratique.domain.gates import FINAL_STATES, GateState
from pratique.domain.times import instant_text
from pratique.services.advancing import advance
from pratique.services.clock_sweep import sweep_clocks
from pratique.services.dates import FOLLOW_UP, OVERDUE
from pratique.services.hook_settling import settle_waiting
from pratique.services.lookups import gate_run
from pratique.services.parts import Parts
from pratique.services.reminding import MOST, remind_all
from pratique.services.rereading import reread_signed
from pratique.services.version_locks import hold_versions_of
from pratique.store.changes import table_named
from pratique.store.queries import Query
from pratique.store.transaction import Transaction

T = TypeVar("T")
#: Acts on gate runs within one transaction; what it returns of each is counted.
Act = Callable[[Transaction, list[str]], list[T]]
_log = logging.getLogger(__name__)

#: Gate runs that one transaction takes on, so that other writers are not held up for long.
BATCH = MOST
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
    """What one sweep did, in counts of gate runs, and of clocks."""

    rechecked: int = 0
    expired: int = 0  #: of those rechecked: cleared gates that became stale
    followed_up: int = 0
    overdue: int = 0
    signatures_reread: int = 0  #: pieces of signed evidence that were read again with other keys
    limits_missed: int = 0  #: clocks that ran out
    limits_ahead: int = 0  #: clocks that people were reminded of before they run out
    hooks_settled: int = 0  #: deliveries that were kept and not mapped yet, as after a crash
    at: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the report as the API shows it."""
        return asdict(self)


def sweep(parts: Parts) -> SweepReport:
    """Recheck what ran out and remind of what is due, until nothing is left."""
    report = SweepReport(at=instant_text(parts.ledger.clock()))
    for state in _on_each(parts, _TO_RECHECK, lambda tx, ids: _recheck_all(tx, parts, ids)):
        report.rechecked += 1
        report.expired += state is GateState.STALE
    for rung in _on_each(parts, _TO_REMIND, lambda tx, ids: remind_all(tx, parts, ids)):
        report.overdue += rung == OVERDUE
        report.followed_up += rung == FOLLOW_UP
    report.limits_missed, report.limits_ahead = sweep_clocks(parts)
    report.hooks_settled = settle_waiting(parts)
    report.signatures_reread = reread_signed(parts, ACTOR)
    return report


def _recheck_all(tx: Transaction, parts: Parts, run_ids: list[str]) -> list[GateState]:
    hold_versions_of(tx, run_ids)
    return [advance(tx, parts, run_id, cause="time ran out") for run_id in run_ids]


def _on_each(parts: Parts, due: Query, act: Act[T]) -> Iterator[T]:
    """Act on every gate run that is due, many in one transaction; one that fails holds up no other."""
    failed: set[str] = set()
    while True:
        ids = [run_id for run_id in _due_ids(parts, due, BATCH + len(failed)) if run_id not in failed][:BATCH]
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


def _act_on(tx: Transaction, act: Act[T], ids: list[str]) -> list[T]:
    return act(tx, ids)


def _one_by_one(parts: Parts, act: Act[T], ids: list[str], failed: set[str]) -> Iterator[T]:
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
