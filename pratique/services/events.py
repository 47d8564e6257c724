"""Recording inbound events: dedupe, open or join gates, answer at once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pratique.domain.entries import EventReceived
from pratique.domain.events import GATE_TRIGGERED, OCCURRENCE_TYPES, OWN_TYPES, CloudEvent
from pratique.domain.spec import GateSpec
from pratique.errors import InvalidInputError
from pratique.services import lookups
from pratique.services.gate_runs import DEFAULT_OCCASION, check_occasion, open_or_join, why_not_applicable
from pratique.services.models import find_model_version
from pratique.services.parts import Parts
from pratique.services.specs import current_spec
from pratique.services.views import gate_view
from pratique.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class EventAnswer:
    """What an event did."""

    body: dict[str, Any]
    is_duplicate: bool


def record_event(tx: Transaction, parts: Parts, event: CloudEvent) -> EventAnswer:
    """Record an event once, open or join the gates it concerns, and return their state.

    The same (source, id) again changes nothing and gives the same answer.

    Raises:
        InvalidInputError: it names no model version, or a gate or occasion of the wrong shape.
        NotFoundError: the model version or the gate is unknown.
    """
    found = tx.one(lookups.EVENT, source=event.source, event_id=event.id)
    if found is not None:
        views = [gate_view(tx, parts, run_id) for run_id in json.loads(found["gate_runs"])]
        return _answer(event, views, json.loads(found["not_opened"]), is_duplicate=True)
    model, name = event.model_version
    version = find_model_version(tx, model, name)
    named = event.text_member("occasion")
    occasion = check_occasion(DEFAULT_OCCASION if named is None else named)  # an empty one is a mistake, not none
    row_id = tx.new_id()
    runs: list[str] = []
    not_opened: list[dict[str, str]] = []
    for spec in _specs_for(parts, event):
        reason = why_not_applicable(tx, parts, spec, version)
        if reason is None:
            runs.append(open_or_join(tx, parts, version, spec, occasion=occasion, event_id=row_id))
        else:
            not_opened.append({"gate": spec.id, "reason": reason})
    tx.record(
        EventReceived(
            id=row_id,
            source=event.source,
            event_id=event.id,
            type=event.type,
            model_version_id=version["id"],
            gate_runs=runs,
            not_opened=not_opened,
            body=event.text,
        )
    )
    views = [gate_view(tx, parts, run_id, version=version) for run_id in runs]
    return _answer(event, views, not_opened, is_duplicate=False)


def _specs_for(parts: Parts, event: CloudEvent) -> list[GateSpec]:
    if event.type == GATE_TRIGGERED:
        gate = event.text_member("gate")
        if not gate:
            raise InvalidInputError(f"data.gate: expected the gate to open, with type {GATE_TRIGGERED!r}")
        return [current_spec(parts, gate)]
    if event.type.startswith(OCCURRENCE_TYPES):
        raise InvalidInputError(
            f"type: found {event.type!r}, which no event has: what happened is recorded with its time and reason",
            hint="POST /v1/models/{model}/versions/{version}/occurrences, or `pratique occurrence record`",
        )
    specs = list(parts.rules.gates_opened_by(event.type))
    if not specs and event.type.startswith(OWN_TYPES):
        known = sorted({moment for spec in parts.rules.specs.values() for moment in spec.opens_on})
        raise InvalidInputError(f"type: found {event.type!r}, expected {GATE_TRIGGERED!r} or one of {', '.join(known)}")
    return specs


def _answer(
    event: CloudEvent, views: list[dict[str, Any]], not_opened: list[dict[str, str]], *, is_duplicate: bool
) -> EventAnswer:
    body = {"event": {"id": event.id, "source": event.source}, "gates": views, "not_opened": not_opened}
    return EventAnswer(body, is_duplicate)
