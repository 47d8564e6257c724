"""Answering: sending the messages that are due to a subscription, and what follows from each attempt."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import bindparam, literal_column, select, update

from pratique.answers import AnswerOutcome, answer_github, answer_gitlab, answer_mlflow, send_webhook
from pratique.answers.asked import Reply
from pratique.answers.outcome import Outcome, cancelled, failed
from pratique.answers.subscriptions import topic_of
from pratique.canonical import stored_json
from pratique.domain.asking import Verdict
from pratique.domain.entries import AnswerSettled
from pratique.domain.subscriptions import (
    AnswerMove,
    AnswerState,
    Asker,
    GithubSubscription,
    MlflowSubscription,
    Subscription,
    WebhookSubscription,
    next_answer_state,
)
from pratique.domain.times import instant_text
from pratique.errors import ConflictError, NotFoundError
from pratique.jitter import spread
from pratique.services import lookups
from pratique.services.asking import note_said, note_unsure, put_if_changed, reply_of
from pratique.services.lookups import answer, outbox
from pratique.services.parts import Parts
from pratique.services.subscriptions import is_paused, turn
from pratique.services.work import claim, claim_in_turn
from pratique.services.work import settle as settle_work
from pratique.store.queries import Query
from pratique.store.reader import Reader, Row
from pratique.store.transaction import Transaction

_log = logging.getLogger(__name__)

ACTOR = "engine:answers"
#: Messages to one subscription that are under way at once.
AT_ONCE = 4
#: An attempt is given up before its lease ends, so that no other replica sends the same meanwhile.
LEASE_SECONDS, ATTEMPT_SECONDS = 120, 60.0
#: 10 s, three times as long each time, 6 hours at most, with jitter: twelve attempts take a day and a half.
FIRST_RETRY_SECONDS, GROWTH, LONGEST_RETRY_SECONDS, MAX_FAILURES = 10.0, 3.0, 6 * 3600.0, 12
_JITTER = 0.25
_LONGEST_REASON = 300

#: Two statements, as those that claim have: each is answered from a partial index.
_DUE = tuple(
    Query(
        select(outbox.c.id)
        .where(
            outbox.c.topic == bindparam("topic"),
            outbox.c.status == literal_column(f"'{status}'"),
            due <= bindparam("at"),
        )
        .limit(1)
    )
    for status, due in (("ready", outbox.c.not_before), ("leased", outbox.c.leased_until))
)
_SETTLE = Query(
    update(answer)
    .where(answer.c.id == bindparam("row"))
    .values(
        state=bindparam("new_state"),
        attempts=bindparam("made"),
        failures=bindparam("new_failures"),
        reason=bindparam("why"),
        next_at=bindparam("again_at"),
        settled_at=bindparam("ended_at"),
    )
)
_MOVES = {
    Outcome.DELIVERED: AnswerMove.DELIVER,
    Outcome.FAILED: AnswerMove.FAIL,
    Outcome.REFUSED: AnswerMove.BURY,
    Outcome.GONE: AnswerMove.BURY,
    Outcome.CANCELLED: AnswerMove.CANCEL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tried:
    outcome: AnswerOutcome
    milliseconds: int


async def answer_due(parts: Parts, subscription: Subscription, worker: str) -> list[Outcome]:
    """Send what is due to a subscription, some at once; return how each attempt ended."""
    if not await parts.ledger.aread(partial(_has_due, name=subscription.name, at=instant_text(parts.ledger.clock()))):
        return []
    topic = topic_of(subscription.name)
    if isinstance(subscription, WebhookSubscription):
        take = partial(claim, worker=worker, topics=[topic], limit=AT_ONCE, lease_seconds=LEASE_SECONDS)
    else:  # a pipeline is told one thing at a time
        take = partial(claim_in_turn, worker=worker, topic=topic, lease_seconds=LEASE_SECONDS)
    items = await parts.ledger.awrite(ACTOR, take)
    tries = (_answer(parts, subscription, item, worker) for item in items)
    tried = await asyncio.gather(*tries, return_exceptions=True)
    outcomes: list[Outcome] = []
    for one in tried:
        if isinstance(one, BaseException):
            raise one
        if one is not None:
            outcomes.append(one)
    return outcomes


def _has_due(reader: Reader, *, name: str, at: str) -> bool:
    is_due = any(reader.one(query, topic=topic_of(name), at=at) is not None for query in _DUE)
    return is_due and not is_paused(reader, name)


async def _answer(parts: Parts, subscription: Subscription, item: dict[str, Any], worker: str) -> Outcome | None:
    """Make one attempt. A crash between sending and writing it down sends once more, under the same id."""
    row = await parts.ledger.aread(lambda reader: reader.one(lookups.ANSWER, id=item["payload"]["answer"]))
    if row is None or row["state"] != AnswerState.WAITING:
        await parts.ledger.awrite(ACTOR, partial(settle_work, work_id=item["id"], worker=worker, ok=True))
        return None
    begun = time.monotonic()
    outcome = await _attempt(parts, subscription, row)
    tried = _Tried(outcome=outcome, milliseconds=int((time.monotonic() - begun) * 1000))
    try:
        command = partial(_write, parts=parts, work=item["id"], worker=worker, row_id=row["id"], tried=tried)
        await parts.ledger.awrite(ACTOR, command)
    except (ConflictError, NotFoundError) as error:
        _log.warning("an attempt at message %s was not written down: %s", row["id"], error.message)
    return outcome.outcome


async def _attempt(parts: Parts, subscription: Subscription, row: Row) -> AnswerOutcome:
    try:
        async with asyncio.timeout(ATTEMPT_SECONDS):
            return await _send(parts, subscription, row)
    except TimeoutError:
        return failed(f"no answer within {ATTEMPT_SECONDS:g} s")
    except Exception as error:
        # Its text may hold an address with a secret in it, so only the kind of the error is told.
        _log.error("message %s to %s failed: %s", row["id"], subscription.name, type(error).__name__)
        return failed(f"the engine failed: {type(error).__name__}")


async def _send(parts: Parts, subscription: Subscription, row: Row) -> AnswerOutcome:
    if isinstance(subscription, WebhookSubscription):
        return await send_webhook(
            subscription,
            message=row["id"],
            body=row["body"],
            at=parts.ledger.clock(),
            secrets=parts.subscriptions.secrets,
            egress=parts.egress,
        )
    # What is said is read now, not when the message was made: the gate may stand otherwise.
    asking_id = stored_json(row["body"]).get("asking", "")
    found = await parts.ledger.aread(partial(reply_of, parts=parts, asking_id=asking_id))
    if found is None:
        return cancelled("nobody asks any more")
    raw, reply = found
    is_answered = isinstance(subscription, GithubSubscription) and reply.said_verdict is not Verdict.WAIT  # for good
    if reply.said and not is_answered:
        await parts.ledger.awrite(ACTOR, partial(note_unsure, asking_id=asking_id))
    outcome = await _tell(parts, subscription, raw, reply)
    # What was not sent after all changed nothing of what is known there.
    return replace(outcome, said=reply.said) if outcome.outcome is Outcome.CANCELLED else outcome


async def _tell(parts: Parts, subscription: Asker, raw: bytes, reply: Reply) -> AnswerOutcome:
    at, secrets, egress = parts.ledger.clock(), parts.subscriptions.secrets, parts.egress
    if isinstance(subscription, GithubSubscription):
        return await answer_github(subscription, raw, reply, at=at, secrets=secrets, egress=egress)
    if isinstance(subscription, MlflowSubscription):
        return await answer_mlflow(subscription, parts.hooks.get(subscription.hook), raw, reply, at=at)
    return await answer_gitlab(subscription, raw, reply, secrets=secrets, egress=egress)


def _write(tx: Transaction, *, parts: Parts, work: str, worker: str, row_id: str, tried: _Tried) -> None:
    row = tx.one(lookups.ANSWER_LOCKED, id=row_id)
    if row is None or row["state"] != AnswerState.WAITING:
        settle_work(tx, work, worker=worker, ok=True)
        return
    outcome = tried.outcome
    is_failure = outcome.outcome not in (Outcome.DELIVERED, Outcome.CANCELLED)
    failures, number = row["failures"] + is_failure, row["attempts"] + 1
    reason = outcome.reason[:_LONGEST_REASON]
    move = _MOVES[outcome.outcome]
    if move is AnswerMove.FAIL and failures >= MAX_FAILURES:
        move, reason = AnswerMove.BURY, f"{reason}; given up after {failures} attempts"[:_LONGEST_REASON]
    state = next_answer_state(AnswerState(row["state"]), move)
    wait = retry_seconds(failures, outcome.again_after) if state is AnswerState.WAITING else None
    if outcome.said is not None:
        is_new = outcome.outcome is Outcome.DELIVERED
        note_said(tx, stored_json(row["body"])["asking"], outcome.said, is_new=is_new)
        if is_new:
            put_if_changed(tx, parts, row, outcome.said)
    _log_attempt(tx, row_id, number, outcome, reason, tried.milliseconds)
    tx.run(
        _SETTLE,
        row=row_id,
        new_state=state.value,
        made=number,
        new_failures=failures,
        why=reason,
        again_at=instant_text(tx.now + timedelta(seconds=wait)) if wait is not None else None,
        ended_at=tx.at if wait is None else None,
    )
    settle_work(tx, work, worker=worker, ok=wait is None, error=reason, retry_in_seconds=wait)
    if wait is None:
        _record_end(tx, row, state, number, reason)
    if outcome.outcome is Outcome.GONE and not is_paused(tx, row["subscription"]):
        turn(tx, row["subscription"], paused=True, reason="the receiver answered 410: it wants nothing more")


def _log_attempt(
    tx: Transaction, row_id: str, number: int, outcome: AnswerOutcome, reason: str, milliseconds: int
) -> None:
    tx.insert(
        "answer_attempt",
        id=tx.new_id(),
        answer_id=row_id,
        number=number,
        outcome=outcome.outcome.value,
        status=outcome.status,
        reason=reason,
        milliseconds=milliseconds,
        at=tx.at,
    )


def _record_end(tx: Transaction, row: Row, state: AnswerState, attempts: int, reason: str) -> None:
    tx.record(
        AnswerSettled(
            id=row["id"],
            subscription=row["subscription"],
            type=row["type"],
            state=state.value,
            attempts=attempts,
            reason=reason,
            gate_run_id=row["gate_run_id"],
        )
    )


def retry_seconds(failures: int, asked: float | None = None) -> float:
    """Return how long to wait after so many failures, with jitter; never shorter than the receiver asks for."""
    base = min(LONGEST_RETRY_SECONDS, FIRST_RETRY_SECONDS * GROWTH ** (failures - 1))
    return max(spread(base, 1 - _JITTER, 1 + _JITTER), min(asked or 0.0, LONGEST_RETRY_SECONDS))
