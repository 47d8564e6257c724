"""Deliveries: each attempt to tell a person on a channel, and what follows from its outcome."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, select, update

from pratique.domain.entries import DeliverySettled
from pratique.domain.times import instant_text
from pratique.errors import NotFoundError
from pratique.jitter import spread
from pratique.services import lookups
from pratique.services.lookups import delivery, notice, outbox
from pratique.services.parts import Parts
from pratique.store.queries import Query, one_of
from pratique.store.reader import Reader, Row
from pratique.store.transaction import Transaction

#: Back-off between failures: 30 s doubling to an hour, with jitter, ten failures at most (house rule).
FIRST_RETRY_SECONDS = 30
LONGEST_RETRY_SECONDS = 3600
MAX_FAILURES = 10
_JITTER = 0.3

#: Kinds of notices that ask for something, so that they are pointless once the gate has moved on.
ASKING_KINDS = ("review_opened", "findings_open", "decision_needed", "follow_up", "overdue")

_PENDING_OF_RUN = Query(
    select(delivery.c.id, delivery.c.failures)
    .join(notice, notice.c.id == delivery.c.notice_id)
    .where(
        notice.c.gate_run_id == bindparam("gate_run_id"),
        delivery.c.status == "pending",
        one_of(notice.c.kind, ASKING_KINDS),
    )
)
_DROP_WORK = Query(
    update(outbox)
    .where(outbox.c.key == bindparam("work_key"), one_of(outbox.c.status, ("ready", "leased")))
    .values(status="done", last_error="cancelled")
)


def cancel_deliveries(tx: Transaction, run_id: str, *, why: str) -> None:
    """Take back what asks for something that is no longer wanted."""
    for row in tx.all(_PENDING_OF_RUN, gate_run_id=run_id):
        tx.record(
            DeliverySettled(id=row["id"], gate_run_id=run_id, status="cancelled", failures=row["failures"], reason=why)
        )
        tx.run(_DROP_WORK, work_key=f"delivery:{row['id']}")


def delivery_view(reader: Reader, parts: Parts, delivery_id: str) -> dict[str, Any]:
    """Return what the worker needs to send one delivery; read just before sending.

    Raises:
        NotFoundError: no such delivery.
    """
    row, told = _load(reader, delivery_id)
    run = reader.one(lookups.GATE_RUN_PLAIN, id=told["gate_run_id"]) or {}
    version = reader.one(lookups.MODEL_VERSION_BY_ID, id=run.get("model_version_id")) or {}
    person = parts.people.find(told["person"])
    content = json.loads(told["content"])
    path = "/inbox"
    if run:
        page = f"/models/{version.get('model')}/{version.get('version')}/gates/{run['gate']}"
        path = f"{page}?occasion={run['occasion']}"
    return {
        "id": row["id"],
        "channel": row["channel"],
        "status": row["status"],
        "is_still_wanted": row["status"] == "pending" and person is not None,
        "idempotency_key": row["id"],
        "recipient": {
            "person": told["person"],
            "name": person.name if person else told["person"],
            "email": person.email if person else None,
        },
        "notice": {
            **content,
            "id": told["id"],
            "kind": told["kind"],
            "severity": told["severity"],
            "model": version.get("model"),
            "version": version.get("version"),
            "gate": run.get("gate"),
            "link": f"{parts.settings.base_url}{path}",
            "created_at": told["created_at"],
        },
    }


def settle_delivery(
    tx: Transaction, parts: Parts, delivery_id: str, *, ok: bool, permanent: bool = False, reason: str | None = None
) -> dict[str, Any]:
    """Record the outcome of an attempt; decide about the next one.

    Not sent to somebody who is no longer among the people, it is cancelled, not tried again.

    Raises:
        NotFoundError: no such delivery.
    """
    row, told = _load(tx, delivery_id)
    if row["status"] != "pending":
        return {"status": row["status"], "next_at": None}
    failures = row["failures"] + (0 if ok else 1)
    status, next_at = "sent", None
    if not ok and parts.people.find(told["person"]) is None:
        status, failures, reason = "cancelled", row["failures"], "its person is no longer among the people"
    elif not ok:
        status = "dead" if permanent or failures >= MAX_FAILURES else "pending"
        next_at = None if status == "dead" else instant_text(tx.now + timedelta(seconds=_retry_seconds(failures)))
    tx.record(
        DeliverySettled(
            id=delivery_id,
            gate_run_id=told["gate_run_id"],
            status=status,
            failures=failures,
            next_at=next_at,
            reason=(reason or "")[:300] or None,
        )
    )
    return {"status": status, "next_at": next_at}


def _retry_seconds(failures: int) -> float:
    base = min(LONGEST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2 ** (failures - 1))
    return spread(base, 1 - _JITTER, 1 + _JITTER)


def _load(reader: Reader, delivery_id: str) -> tuple[Row, Row]:
    row = reader.one(lookups.DELIVERY, id=delivery_id)
    if row is None:
        raise NotFoundError(f"delivery {delivery_id} does not exist")
    told = reader.one(lookups.NOTICE, id=row["notice_id"])
    if told is None:
        raise NotFoundError(f"notice {row['notice_id']} does not exist")
    return row, told
