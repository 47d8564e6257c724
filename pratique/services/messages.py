"""Messages to subscriptions: made in the transaction of what they tell, with the work of sending them."""

from __future__ import annotations

from typing import Any

from pratique.answers.subscriptions import topic_of
from pratique.domain.subscriptions import AnswerState, Happening
from pratique.services.parts import Parts
from pratique.store.transaction import Transaction


def put(tx: Transaction, subscription: str, *, key: str, happening: Happening, body: str, run_id: str | None) -> str:
    """Make a message, and the work of sending it; return its id."""
    answer_id = tx.new_id()
    tx.insert(
        "answer",
        id=answer_id,
        key=key,
        subscription=subscription,
        type=happening.type,
        gate_run_id=run_id,
        body=body,
        state=AnswerState.WAITING.value,
        attempts=0,
        failures=0,
        reason="",
        next_at=tx.at,
        created_at=tx.at,
        settled_at=None,
    )
    tx.enqueue(topic_of(subscription), f"answer:{answer_id}:0", {"answer": answer_id})
    return answer_id


def cloud_event(
    parts: Parts, *, event_id: str, happening: Happening, at: str, subject: str, data: dict[str, Any]
) -> dict[str, Any]:
    """Return a CloudEvent 1.0 in its structured JSON form."""
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": parts.settings.base_url,
        "type": happening.type,
        "subject": subject,
        "time": at,
        "datacontenttype": "application/json",
        "data": data,
    }
