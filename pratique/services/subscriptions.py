"""Subscriptions as people see and turn them: paused, going on, tried out, a message sent again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, func, select, update

from pratique.answers.subscriptions import topic_of
from pratique.canonical import canonical_json, stored_json
from pratique.domain.entries import SubscriptionTurned
from pratique.domain.subscriptions import (
    AnswerMove,
    AnswerState,
    GitlabSubscription,
    Happening,
    MlflowSubscription,
    Subscription,
    SubscriptionState,
    WebhookSubscription,
    next_answer_state,
)
from pratique.errors import ConflictError, InvalidInputError, NotFoundError
from pratique.services import lookups
from pratique.services.asking import note_unsure
from pratique.services.authority import check_reason
from pratique.services.lookups import answer
from pratique.services.messages import cloud_event, put
from pratique.services.parts import Parts
from pratique.store.changes import table_named
from pratique.store.queries import Query, one_of
from pratique.store.reader import Reader, Row
from pratique.store.transaction import Transaction

_state = table_named("subscription_state")
_NEWEST = Query(
    select(_state)
    .where(_state.c.subscription == bindparam("name"))
    .order_by(_state.c.at.desc(), _state.c.id.desc())
    .limit(1)
)
#: Messages that are on their way, or that people have to look at.
OPEN_COUNTS = Query(
    select(answer.c.subscription, answer.c.state, func.count().label("n"))
    .where(one_of(answer.c.state, ("waiting", "dead")))
    .group_by(answer.c.subscription, answer.c.state)
)
_AGAIN = Query(
    update(answer)
    .where(answer.c.id == bindparam("row"))
    .values(state="waiting", failures=0, next_at=bindparam("now_at"), settled_at=None)
)


def is_paused(reader: Reader, name: str) -> bool:
    """True while nothing is sent to a subscription."""
    row = reader.one(_NEWEST, name=name)
    return row is not None and row["state"] == SubscriptionState.PAUSED


def turn(tx: Transaction, name: str, *, paused: bool, reason: str, credential: str | None = None) -> None:
    """Pause a subscription, or have it go on.

    Raises:
        ConflictError: it is so already.
        InvalidInputError: no reason.
    """
    check_reason(reason)
    state = SubscriptionState.PAUSED if paused else SubscriptionState.ACTIVE
    if is_paused(tx, name) is paused:
        raise ConflictError(f"subscription {name} is {state.value} already")
    tx.record(
        SubscriptionTurned(id=tx.new_id(), subscription=name, state=state.value, reason=reason, credential=credential)
    )


def subscription_named(parts: Parts, name: str) -> Subscription:
    """Return a subscription of the configuration.

    Raises:
        NotFoundError: there is none of that name.
    """
    found = parts.subscriptions.get(name)
    if found is None:
        raise NotFoundError(
            f"there is no subscription {name[:80]!r}", hint="docs/webhooks.md says how one is configured"
        )
    return found


def subscriptions_view(reader: Reader, parts: Parts) -> dict[str, Any]:
    """Return every subscription with its state, and how many messages wait or are dead; never a secret."""
    counts = {(row["subscription"], row["state"]): row["n"] for row in reader.all(OPEN_COUNTS)}
    items = [_view(parts, one, reader.one(_NEWEST, name=name), counts) for name, one in _sorted(parts)]
    return {"items": items}


def _sorted(parts: Parts) -> list[tuple[str, Subscription]]:
    return sorted(parts.subscriptions.by_name.items())


def _view(parts: Parts, one: Subscription, state: Row | None, counts: dict[tuple[str, str], int]) -> dict[str, Any]:
    """Of the address only the host is shown: receivers put secrets into paths."""
    secrets = parts.subscriptions.secrets
    return {
        "name": one.name,
        "kind": one.kind,
        "host": one.address.split("/", 3)[2].partition("?")[0],
        "filter": one.filter.model_dump(mode="json", exclude_none=True),
        "secrets": [{"place": str(place), "is_there": secrets.read(place) is not None} for place in one.secrets],
        "state": state["state"] if state is not None else SubscriptionState.ACTIVE.value,
        "reason": state["reason"] if state is not None else "",
        "turned_at": state["at"] if state is not None else None,
        "waiting": counts.get((one.name, "waiting"), 0),
        "dead": counts.get((one.name, "dead"), 0),
    }


def put_test(tx: Transaction, parts: Parts, name: str) -> str:
    """Have a message sent that says nothing of any gate; return its id.

    Raises:
        NotFoundError: there is no such subscription.
        InvalidInputError: it is no webhook.
    """
    one = subscription_named(parts, name)
    if not isinstance(one, WebhookSubscription):
        raise InvalidInputError(
            f"subscription {name} is of kind {one.kind}; it answers who asked, and nobody did",
            hint="webhooks can be tried out",
        )
    event_id = tx.new_id()
    event = cloud_event(
        parts,
        event_id=event_id,
        happening=Happening.TEST,
        at=tx.at,
        subject=one.name,
        data={"subscription": one.name},
    )
    body = canonical_json(event).decode()
    return put(tx, one.name, key=f"{one.name}/{event_id}", happening=Happening.TEST, body=body, run_id=None)


def put_again(tx: Transaction, parts: Parts, answer_id: str) -> None:
    """Have a message sent again, under its own id and with the same body; its attempts stay in the log.

    Raises:
        NotFoundError: there is no such message, or its subscription is no more.
        MoveRefusedError: it is on its way, or was taken back.
    """
    row = tx.one(lookups.ANSWER_LOCKED, id=answer_id)
    if row is None:
        raise NotFoundError(f"message {answer_id[:80]!r} is unknown")
    one = subscription_named(parts, row["subscription"])
    next_answer_state(AnswerState(row["state"]), AnswerMove.REPLAY)
    tx.run(_AGAIN, row=answer_id, now_at=tx.at)
    if isinstance(one, GitlabSubscription | MlflowSubscription):
        note_unsure(tx, stored_json(row["body"])["asking"])  # what they know is what the person doubts
    work = f"answer:{answer_id}:{row['attempts']}"
    tx.enqueue(topic_of(row["subscription"]), work, {"answer": answer_id})
