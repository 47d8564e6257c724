"""Holds: a person orders that files are kept whatever the rules say, until a person lifts that."""

from __future__ import annotations

from typing import Any

from pratique.domain.entries import HoldLifted, HoldPlaced
from pratique.errors import ConflictError, InvalidInputError, NotFoundError
from pratique.services import lookups
from pratique.services.authority import check_reason
from pratique.services.evidence import find_evidence
from pratique.services.models import find_model_version
from pratique.services.occurrence_lists import position_of
from pratique.services.parts import Parts
from pratique.services.retention import HOLD, HOLDS, PIECES_OF_FILE, lock_versions, version_of
from pratique.services.withdrawals import check_may_withdraw
from pratique.store.reader import Reader, Row
from pratique.store.transaction import Transaction


def place_hold(
    tx: Transaction,
    parts: Parts,
    *,
    evidence: str | None,
    version: tuple[str, str] | None,
    reason: str,
    person: str,
    credential: str,
) -> dict[str, Any]:
    """Keep a file, or all files of a model version and those still to come, whatever the rules say.

    Args:
        tx: the open transaction.
        parts: the engine.
        evidence: the evidence whose file is kept; or
        version: the model version, as its model and its name.
        reason: why.
        person: who orders it.
        credential: by which it came.

    Raises:
        NotFoundError: no such evidence or model version.
        NotAllowedError: the person holds no role for the model.
        ConflictError: the file was purged.
    """
    check_reason(reason)
    if (evidence is None) == (version is None):
        raise InvalidInputError("expected `evidence`, or `model` and `version`, and not both")
    held, model = _file_of(tx, evidence) if evidence is not None else _version(tx, version or ("", ""))
    check_may_withdraw(parts, person, model)
    hold = HoldPlaced(id=tx.new_id(), reason=reason, person=person, credential=credential, **held)
    tx.record(hold)
    return hold_view(tx, find_hold(tx, hold.id))


def lift_hold(
    tx: Transaction, parts: Parts, hold_id: str, *, reason: str, person: str, credential: str
) -> dict[str, Any]:
    """Lift a hold; what the rules say counts again.

    Raises:
        NotFoundError: no such hold.
        NotAllowedError: the person holds no role for the model; for each, where the file is evidence of several.
        ConflictError: it was lifted before.
    """
    check_reason(reason)
    row = find_hold(tx, hold_id)
    if row["lifted_at"] is not None:
        raise ConflictError(f"hold {hold_id} was lifted at {row['lifted_at']} by {row['lifted_by']}")
    for model in _models(tx, row):
        check_may_withdraw(parts, person, model)
    tx.record(HoldLifted(id=hold_id, reason=reason, person=person, credential=credential))
    return hold_view(tx, find_hold(tx, hold_id))


def find_hold(reader: Reader, hold_id: str) -> Row:
    """Return the row of a hold.

    Raises:
        NotFoundError: no such hold.
    """
    row = reader.one(HOLD, id=hold_id)
    if row is None:
        raise NotFoundError(f"hold {hold_id[:80]} does not exist")
    return row


def holds_page(reader: Reader, *, cursor: str | None, limit: int) -> dict[str, Any]:
    """Return holds, lifted ones too, newest first.

    Raises:
        InvalidInputError: the cursor is not one that this call gave.
    """
    at, last = position_of(cursor)
    rows = reader.all(HOLDS, after_at=at, after_id=last, limit=limit + 1)
    shown = rows[:limit]
    return {
        "items": [hold_view(reader, row) for row in shown],
        "next": f"{shown[-1]['placed_at']}/{shown[-1]['id']}" if len(rows) > limit else None,
    }


def hold_view(reader: Reader, row: Row) -> dict[str, Any]:
    """Return a hold as the API shows it."""
    named = row["model_version_id"]
    version = reader.one(lookups.MODEL_VERSION_BY_ID, id=named) if named is not None else None
    of_version = {"model": version["model"], "version": version["version"]} if version is not None else {}
    return {name: value for name, value in row.items() if name != "model_version_id"} | {
        "model": of_version.get("model"),
        "version": of_version.get("version"),
    }


def _file_of(tx: Transaction, evidence: str) -> tuple[dict[str, str], str]:
    """Return the file of a piece of evidence, as a hold names it, and whose model it is of."""
    row = _locked_evidence(tx, evidence)
    if row["purged_at"] is not None:
        raise ConflictError(f"the file of evidence {evidence} was purged at {row['purged_at']}")
    return {"sha256": row["sha256"]}, version_of(tx, row)["model"]


def _version(tx: Transaction, version: tuple[str, str]) -> tuple[dict[str, str], str]:
    """Return a model version, as a hold names it, and its model."""
    found = find_model_version(tx, *version)
    lock_versions(tx, [found["id"]])
    return {"model_version_id": found["id"]}, found["model"]


def _locked_evidence(tx: Transaction, evidence_id: str) -> Row:
    sha256 = find_evidence(tx, evidence_id)["sha256"]
    lock_versions(tx, [piece["model_version_id"] for piece in tx.all(PIECES_OF_FILE, sha256=sha256)])
    return find_evidence(tx, evidence_id)


def _models(reader: Reader, hold: Row) -> list[str]:
    if hold["model_version_id"] is not None:
        return [str((reader.one(lookups.MODEL_VERSION_BY_ID, id=hold["model_version_id"]) or {})["model"])]
    pieces = reader.all(PIECES_OF_FILE, sha256=hold["sha256"])
    return sorted({version_of(reader, row)["model"] for row in pieces})
