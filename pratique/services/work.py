"""Handing outbox work to workers under a lease."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, literal_column, select, update

from pratique.domain.times import instant_text
from pratique.errors import ConflictError, NotFoundError
from pratique.services.lookups import outbox
from pratique.store.queries import Query
from pratique.store.reader import Row
from pratique.store.transaction import Transaction

#: Longest wait between tries. Work is never given up: a Prefect server that is away for a week must lose nothing.
LONGEST_RETRY_SECONDS = 900.0

#: Literals, not parameters: SQLite uses a partial index only when it sees the condition in the text.
_IS_READY = outbox.c.status == literal_column("'ready'")
_IS_LEASED = outbox.c.status == literal_column("'leased'")
_LAPSED = Query(
    select(outbox)
    .where(outbox.c.topic == bindparam("topic"), _IS_LEASED, outbox.c.leased_until <= bindparam("at"))
    .order_by(outbox.c.leased_until)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_READY = Query(
    select(outbox)
    .where(outbox.c.topic == bindparam("topic"), _IS_READY, outbox.c.not_before <= bindparam("at"))
    .order_by(outbox.c.not_before)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
#: The lease that runs longest.
_LONGEST_LEASE = Query(
    select(outbox.c.leased_until)
    .where(outbox.c.topic == bindparam("topic"), _IS_LEASED)
    .order_by(outbox.c.leased_until.desc())
    .limit(1)
)
_BY_ID = Query(select(outbox).where(outbox.c.id == bindparam("id")).with_for_update())
_LEASE = Query(
    update(outbox)
    .where(outbox.c.id == bindparam("row"))
    .values(
        status="leased",
        leased_by=bindparam("worker"),
        leased_until=bindparam("until"),
        claims=outbox.c.claims + 1,
    )
)
_EXTEND = Query(update(outbox).where(outbox.c.id == bindparam("row")).values(leased_until=bindparam("until")))
_SETTLE = Query(
    update(outbox)
    .where(outbox.c.id == bindparam("row"))
    .values(
        status=bindparam("new_status"),
        leased_by=None,
        leased_until=None,
        not_before=bindparam("again_at"),
        failures=bindparam("new_failures"),
        last_error=bindparam("error"),
    )
)


def claim(tx: Transaction, *, worker: str, topics: list[str], limit: int, lease_seconds: int) -> list[dict[str, Any]]:
    """Lease work that is due and return it oldest first; an expired lease counts as due, and not as a failure."""
    until = instant_text(tx.now + timedelta(seconds=lease_seconds))
    claimed: list[Row] = []
    for topic in topics:
        rows: list[Row] = []
        for query in (_LAPSED, _READY):
            left = limit - len(claimed) - len(rows)
            if left > 0:
                rows += _leased(tx, tx.all(query, topic=topic, at=tx.at, limit=left), worker=worker, until=until)
        # In the order it was asked for, whatever became of it since: who joins items runs the last as the newest.
        claimed += sorted(rows, key=lambda row: row["id"])
    return [_handed_out(row) for row in claimed]


def claim_in_turn(tx: Transaction, *, worker: str, topic: str, lease_seconds: int) -> list[dict[str, Any]]:
    """Lease one item of a topic whose items are done one after the other, whichever replica does them.

    None is leased while another one is, or while another replica is about to lease one.
    """
    if not tx.takes_turn(topic):
        return []
    until = tx.value(_LONGEST_LEASE, topic=topic)
    if until is not None and until > tx.at:
        return []
    return claim(tx, worker=worker, topics=[topic], limit=1, lease_seconds=lease_seconds)


def _leased(tx: Transaction, rows: list[Row], *, worker: str, until: str) -> list[Row]:
    for row in rows:
        tx.run(_LEASE, row=row["id"], worker=worker, until=until)
    return rows


def _handed_out(row: Row) -> dict[str, Any]:
    shown = {name: row[name] for name in ("id", "topic", "key", "failures")}
    return shown | {"payload": json.loads(row["payload"])}


def extend(tx: Transaction, work_id: str, *, worker: str, lease_seconds: int) -> None:
    """Lengthen a lease.

    Raises:
        NotFoundError: no such work.
        ConflictError: the lease was lost.
    """
    _held(tx, work_id, worker)
    tx.run(_EXTEND, row=work_id, until=instant_text(tx.now + timedelta(seconds=lease_seconds)))


def settle(
    tx: Transaction,
    work_id: str,
    *,
    worker: str,
    ok: bool,
    error: str | None = None,
    retry_in_seconds: float | None = None,
) -> str:
    """Say how work ended; a failure is tried again later. Return the new status.

    Raises:
        NotFoundError: no such work.
        ConflictError: the lease was lost; somebody else has it.
    """
    row = _held(tx, work_id, worker)
    failures = row["failures"] + (0 if ok else 1)
    status = "done" if ok else "ready"
    wait = retry_in_seconds if retry_in_seconds is not None else min(LONGEST_RETRY_SECONDS, 2.0 ** min(failures, 10))
    tx.run(
        _SETTLE,
        row=work_id,
        new_status=status,
        again_at=instant_text(tx.now + timedelta(seconds=0 if ok else wait)),
        new_failures=failures,
        error=(error or "")[:500] or None,
    )
    return status


def _held(tx: Transaction, work_id: str, worker: str) -> Row:
    row = tx.one(_BY_ID, id=work_id)
    if row is None:
        raise NotFoundError(f"work {work_id[:80]} does not exist")
    if row["status"] != "leased" or row["leased_by"] != worker:
        raise ConflictError(f"work {work_id} is {row['status']}; the lease of {worker[:80]} was lost")
    return row
