"""Opening gate runs."""

from __future__ import annotations

import re

from pratique.domain.entries import GateRunOpened
from pratique.domain.gates import WAITING_STATES
from pratique.domain.spec import GateSpec
from pratique.errors import InvalidInputError, NotFoundError
from pratique.services import lookups
from pratique.services.advancing import advance, advance_dependents, start_flow
from pratique.services.dates import first_dates
from pratique.services.deliveries import cancel_deliveries
from pratique.services.loaded_run import judged, load_run
from pratique.services.needs import needs_of
from pratique.services.notices import NoticeKind, tell, tell_superseded
from pratique.services.parts import Parts
from pratique.services.situations import judged_profile
from pratique.store.reader import Reader, Row
from pratique.store.transaction import Transaction

#: The occasion of a trigger that names none.
DEFAULT_OCCASION = "default"
_OCCASION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._+-]{0,62}[A-Za-z0-9])?")


def check_occasion(occasion: str) -> str:
    """Return the occasion, or refuse it.

    Raises:
        InvalidInputError: not 1 to 64 of the allowed characters.
    """
    if _OCCASION.fullmatch(occasion) is None:
        raise InvalidInputError(f"occasion: found {occasion[:80]!r}, expected 1 to 64 of A-Z a-z 0-9 . _ + -")
    return occasion


def why_not_applicable(reader: Reader, parts: Parts, spec: GateSpec, version: Row) -> str | None:
    """Return why the gate has no object for this model version, or None when it applies.

    What cannot be judged applies: the gate opens and people see it.
    """
    if spec.applies_when is None:
        return None
    needs = needs_of(spec, parts.rules.digests[spec.id])
    profile = judged_profile(reader, parts, version, parts.ledger.clock(), spec=spec, needs=needs)
    if parts.criteria.bind(profile.values, {}, key=f"applies/{profile.digest}").judge(spec.applies_when).holds is False:
        return f"gate {spec.id} applies only when {spec.applies_when}; the profile of this version says otherwise"
    return None


def open_or_join(tx: Transaction, parts: Parts, version: Row, spec: GateSpec, *, occasion: str, event_id: str) -> str:
    """Open a gate run, or join the one of the same occasion; return its id."""
    tx.one(lookups.MODEL_VERSION_LOCKED, id=version["id"])
    found = tx.one(lookups.GATE_RUN_ON, model_version_id=version["id"], gate=spec.id, occasion=occasion)
    if found is not None:
        advance(tx, parts, found["id"], cause="event")
        return str(found["id"])
    run_id = _record_opening(tx, parts, version, spec, occasion=occasion, event_id=event_id)
    advance(tx, parts, run_id, cause="event")
    _tell_of_opening(tx, parts, run_id, version)
    return run_id


def _record_opening(
    tx: Transaction, parts: Parts, version: Row, spec: GateSpec, *, occasion: str, event_id: str
) -> str:
    run_id = tx.new_id()
    follow_up_at, due_at = first_dates(spec, tx.now)
    earlier = tx.one(lookups.GATE_RUN_LATEST, model_version_id=version["id"], gate=spec.id)
    tx.record(
        GateRunOpened(
            id=run_id,
            model_version_id=version["id"],
            gate=spec.id,
            occasion=occasion,
            spec_digest=parts.rules.digests[spec.id],
            event_id=event_id,
            follow_up_at=follow_up_at,
            due_at=due_at,
            supersedes=earlier["id"] if earlier else None,
        )
    )
    if earlier is not None and earlier["state"] in WAITING_STATES:
        _leave_behind(tx, parts, earlier["id"], occasion)
    return run_id


def _leave_behind(tx: Transaction, parts: Parts, run_id: str, occasion: str) -> None:
    """Ask nothing more at a gate run whose place another occasion took, and say so to whom it had been asked.

    It keeps its state: a pipeline may still wait on that occasion, and people can still decide it, or withdraw it.
    """
    cancel_deliveries(tx, run_id, why=f"occasion {occasion} took its place")
    tell_superseded(tx, parts, load_run(tx, parts, run_id, tx.now), occasion)


def _tell_of_opening(tx: Transaction, parts: Parts, run_id: str, version: Row) -> None:
    row = tx.one(lookups.GATE_RUN, id=run_id)
    if row is None or row["state"] != "open":
        return  # what it moved to was told already
    run = judged(tx, parts, row, version, tx.now)
    tell(tx, parts, run, NoticeKind.REVIEW_OPENED, reasons=["an event opened the gate"])
    start_flow(tx, run)
    advance_dependents(tx, parts, run, run.state)  # the latest run of this gate is another one now


def find_run(reader: Reader, version: Row, gate: str, occasion: str | None) -> Row:
    """Return the latest run of a gate, or the one of an occasion.

    Raises:
        NotFoundError: no event has opened it.
    """
    given = {"model_version_id": version["id"], "gate": gate}
    if occasion is None:
        row = reader.one(lookups.GATE_RUN_LATEST, **given)
    else:
        row = reader.one(lookups.GATE_RUN_ON_PLAIN, **given, occasion=check_occasion(occasion))
    if row is None:
        where = f" on occasion {occasion!r}" if occasion else ""
        raise NotFoundError(
            f"gate {gate!r} was never opened for {version['model']}/{version['version']}{where}",
            hint="trigger it first: POST /v1/events, or `pratique gate trigger`",
        )
    return row
