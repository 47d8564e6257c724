"""Settling deliveries: what they say becomes events, in one transaction with the record of it.

Whatever is in the way, nothing is lost: a tool that does not answer is asked again by the sweep, and what cannot be
mapped is kept as dead, with the reason, until a person has it mapped again.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import bindparam, select

from pratique.domain.entries import HookSettled
from pratique.domain.hooks import DeliveryMove, DeliveryState, next_delivery_state
from pratique.domain.times import instant_text, parse_instant
from pratique.errors import NotAllowedError, NotFoundError, PratiqueError, UnavailableError
from pratique.hooks import Delivery, Mapping, Source, UnmappableError
from pratique.hooks.mlflow_registry import NotInRegistryError, RegistryAwayError, details_of
from pratique.services import lookups
from pratique.services.authority import known_person
from pratique.services.events import record_event
from pratique.services.hook_intake import raw_of
from pratique.services.lookups import hook_delivery
from pratique.services.notices import NoticeKind, tell_keepers
from pratique.services.parts import Parts
from pratique.store.queries import Query
from pratique.store.reader import Row
from pratique.store.transaction import Transaction

_log = logging.getLogger(__name__)

#: How long a tool may be away before what it should have told makes a delivery dead.
GIVE_UP = timedelta(hours=1)
_WHY_TOLD = "Gates that wait for this tool's word may stay shut, or stay unasked; you are told once a day of each hook."
#: Younger ones are on their way through the engine's own lane.
_SETTLING = timedelta(seconds=5)
#: Looked at by one sweep, and settled by it: gates and their deadlines are not to wait for long.
_LOOKED_AT, _MOST = 10_000, 500
_WAITING = Query(
    select(hook_delivery.c.id, hook_delivery.c.source, hook_delivery.c.received_at)
    .where(hook_delivery.c.state == "received", hook_delivery.c.received_at <= bindparam("before"))
    .order_by(hook_delivery.c.received_at, hook_delivery.c.id)
    .limit(_LOOKED_AT)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """The person who has a delivery mapped again."""

    actor: str
    person: str
    credential: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What is to be recorded of a delivery: a mapping, or the reason why there is none."""

    mapping: Mapping | None = None
    trouble: str = ""
    rules_digest: str = ""


def settle_waiting(parts: Parts) -> int:
    """Settle what was received a moment ago and not settled, as after a crash; return how many were.

    A source whose tool does not answer is asked once; what else waits of it is left to the next sweep.
    """
    before = instant_text(parts.ledger.clock() - _SETTLING)
    with parts.ledger.read() as reader:
        waiting = reader.all(_WAITING, before=before)
    settled, away = 0, set[str]()
    for row in waiting:
        if settled >= _MOST:
            break
        if row["source"] in away:
            continue
        state = _settled_or_logged(parts, row)
        if state is DeliveryState.RECEIVED:
            away.add(row["source"])
        settled += state not in (None, DeliveryState.RECEIVED)
    return settled


def _settled_or_logged(parts: Parts, waiting: Row) -> DeliveryState | None:
    """Settle one, and return its state; None where an error that nobody expected was in the way."""
    try:
        return settle(parts, waiting["id"])
    except UnavailableError:
        return None
    except Exception as error:
        _log.exception("delivery %s could not be settled; it is tried again", waiting["id"])
        return _bury(parts, waiting, error) if _is_given_up(parts, waiting) else None


def _bury(parts: Parts, waiting: Row, error: Exception) -> DeliveryState:
    """Leave to people what the engine itself stumbles over again and again."""
    trouble = f"the engine met an error that it did not expect ({type(error).__name__}); its log has the trace"
    row = {**waiting, "state": DeliveryState.RECEIVED.value}
    return _write(parts, row, _Outcome(trouble=trouble), None)


def _is_given_up(parts: Parts, row: Row) -> bool:
    return parts.ledger.clock() - parse_instant(row["received_at"]) >= GIVE_UP


def settle(parts: Parts, delivery: str, by: By | None = None) -> DeliveryState:
    """Settle a delivery, and return its state: `received` where the tool has to be asked again later.

    Args:
        parts: the engine.
        delivery: id of its row.
        by: who has it mapped again; None: it is settled for the first time.

    Raises:
        NotFoundError: there is no such delivery.
        MoveRefusedError: it became events already.
        UnavailableError: a person asks, and the tool does not answer.
        NotAllowedError: the person holds no role for the models that it speaks of.
    """
    with parts.ledger.read() as reader:
        row = reader.one(lookups.HOOK_DELIVERY, id=delivery)
    if row is None:
        raise NotFoundError(f"delivery {delivery[:80]!r} is unknown")
    state = DeliveryState(row["state"])
    if by is None and state is not DeliveryState.RECEIVED:
        return state
    if by is not None:
        next_delivery_state(state, DeliveryMove.REPLAY)
    try:
        outcome = _outcome(parts, row)
    except RegistryAwayError as error:
        if by is not None:
            raise UnavailableError(str(error), hint="see that the tool answers, then replay again") from None
        if not _is_given_up(parts, row):
            return state
        outcome = _Outcome(trouble=f"{error}; given up after {GIVE_UP.seconds // 3600} h")
    if by is not None:
        _check_may_replay(parts, by.person, outcome)
    return _write(parts, row, outcome, by)


def _check_may_replay(parts: Parts, person_id: str, outcome: _Outcome) -> None:
    """Refuse a person who has nothing to do with what a delivery moves; one that moves nothing takes any role."""
    person = known_person(parts, person_id)
    said = outcome.mapping.events if outcome.mapping is not None else ()
    models = {one.event.model_version[0] for one in said}
    held = {model for model, roles in person.models.items() if roles}
    if not person.roles and not (held and models <= held):
        raise NotAllowedError(
            f"{person_id} holds no role for {', '.join(sorted(models - held)) or 'any model'}, and so cannot have a "
            "delivery mapped again that speaks of it",
            hint="roles come from people.yaml",
        )


def _outcome(parts: Parts, row: Row) -> _Outcome:
    source = parts.hooks.get(row["source"])
    if source is None:
        return _Outcome(trouble=f"source {row['source']} is not configured any more")
    try:
        return _Outcome(mapping=mapped(parts, source, row), rules_digest=source.rules_digest)
    except (UnmappableError, NotInRegistryError) as error:
        return _Outcome(trouble=str(error), rules_digest=source.rules_digest)


def mapped(parts: Parts, source: Source, row: Row) -> Mapping:
    """Return what a kept delivery says by the rules of this moment.

    Raises:
        UnmappableError: it cannot be mapped.
        NotInRegistryError: the tool does not know what it speaks of.
        RegistryAwayError: the tool does not answer now.
    """
    raw = raw_of(row)
    delivery = Delivery(
        name=row["delivery"], headers=json.loads(row["headers"]), raw=raw, details=details_of(source, raw)
    )
    return parts.mapper.map(source.settings, delivery)


def _write(parts: Parts, row: Row, outcome: _Outcome, by: By | None) -> DeliveryState:
    actor = by.actor if by is not None else f"hook:{row['source']}"
    if outcome.mapping is not None:
        try:
            return parts.ledger.write(actor, partial(_record, parts=parts, row=row, outcome=outcome, by=by))
        except UnavailableError:
            raise
        except PratiqueError as error:  # an event that is refused, such as one of an unknown model version
            outcome = _Outcome(trouble=error.message, rules_digest=outcome.rules_digest)
    return parts.ledger.write(actor, partial(_record, parts=parts, row=row, outcome=outcome, by=by))


def _record(tx: Transaction, *, parts: Parts, row: Row, outcome: _Outcome, by: By | None) -> DeliveryState:
    now = tx.one(lookups.HOOK_DELIVERY_LOCKED, id=row["id"])
    if now is None or now["state"] != row["state"]:
        return DeliveryState(now["state"] if now else row["state"])  # another one settled it meanwhile
    events = [_event(tx, parts, said) for said in outcome.mapping.events] if outcome.mapping is not None else []
    state = next_delivery_state(DeliveryState(row["state"]), _move(outcome, by))
    tx.record(
        HookSettled(
            id=row["id"],
            source=row["source"],
            state=state.value,
            was=row["state"],
            reason=outcome.mapping.reason if outcome.mapping is not None else outcome.trouble,
            events=events,
            rules_digest=outcome.rules_digest,
            person=by.person if by is not None else None,
            credential=by.credential if by is not None else None,
        )
    )
    if state is DeliveryState.DEAD and by is None:  # whoever has it mapped again sees for himself
        reason = f"delivery {row['id']}: {outcome.trouble}"
        tell_keepers(tx, parts, NoticeKind.HOOK_DEAD, about=f"hook {row['source']}", why=_WHY_TOLD, reasons=[reason])
    return state


def _move(outcome: _Outcome, by: By | None) -> DeliveryMove:
    if outcome.mapping is None:
        return DeliveryMove.BURY
    if not outcome.mapping.events:
        return DeliveryMove.IGNORE
    return DeliveryMove.MAP if by is None else DeliveryMove.REPLAY


def _event(tx: Transaction, parts: Parts, said: Any) -> dict[str, Any]:
    model, version = said.event.model_version
    answer = record_event(tx, parts, said.event)
    return {
        "rule": said.rule,
        "source": said.event.source,
        "id": said.event.id,
        "type": said.event.type,
        "model": model,
        "version": version,
        "is_duplicate": answer.is_duplicate,
    }
