"""Attestations: a person with a role read a piece of evidence and says what it is. The judge sees who, as facts.

No criterion looks into a document. What it may ask is that somebody answers for it: `facts.attested_by` are the
people whose word stands, `facts.attested_by_others` those among them who did not submit the file
(all but one, where no person did).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select

from pratique.domain.entries import AttestationWithdrawn, EvidenceAttested
from pratique.domain.evidence import Reading
from pratique.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from pratique.services import lookups
from pratique.services.advancing import advance_live
from pratique.services.authority import known_person
from pratique.services.evidence import find_evidence
from pratique.services.parts import Parts
from pratique.services.withdrawals import check_may_withdraw
from pratique.store.queries import Query
from pratique.store.reader import Reader, Row
from pratique.store.tables import AttestationRow
from pratique.store.transaction import Transaction

_MAX_STATEMENT = 4000
_attestation = AttestationRow.__table__  # type: ignore[attr-defined]
_OF_EVIDENCE = Query(
    select(_attestation)
    .where(_attestation.c.evidence == bindparam("evidence"))
    .order_by(_attestation.c.attested_at, _attestation.c.id)
)


def attest_evidence(
    tx: Transaction,
    parts: Parts,
    evidence_id: str,
    *,
    statement: str,
    sha256: str,
    role: str | None,
    person: str,
    credential: str,
) -> dict[str, Any]:
    """Record that a person read a piece of evidence, and what it is; gates that ask for it are judged again.

    Args:
        tx: the open transaction.
        parts: the engine.
        evidence_id: the evidence.
        statement: what it is, in the person's words.
        sha256: of the file that the person read.
        role: in which the person acts; None: the first that the person holds for the model.
        person: who attests it.
        credential: by which it came.

    Raises:
        NotFoundError: no such evidence.
        NotAllowedError: the person does not hold that role, or none, for the model.
        InvalidInputError: no statement.
        ConflictError: another file was read, the engine could not read this one, it was purged, or the person's word
            stands already.
    """
    _check_words("statement", statement)
    row, version = _locked(tx, evidence_id)
    _refuse_other_than_read(row, sha256)
    held = _role_of(parts, person, role, version["model"])
    _refuse_second_word(tx, row, person)
    named = {name: row[name] for name in ("model_version_id", "sha256")} | {"evidence": row["id"]}
    said = {"statement": statement, "person": person, "role": held, "credential": credential}
    tx.record(EvidenceAttested(id=tx.new_id(), **named, **said))
    advance_live(tx, parts, row["model_version_id"], cause=f"{person} attested {row['filename']}")
    return attestations_view(tx, row["id"])


def withdraw_attestation(
    tx: Transaction,
    parts: Parts,
    evidence_id: str,
    attestation_id: str,
    *,
    reason: str,
    person: str,
    credential: str,
) -> dict[str, Any]:
    """Say that an attestation counts no more; a gate that was cleared on it is judged again.

    Raises:
        NotFoundError: no such evidence, or no such attestation of it.
        NotAllowedError: the person holds no role for the model.
        InvalidInputError: no reason.
        ConflictError: it was withdrawn before.
    """
    _check_words("reason", reason)
    row, version = _locked(tx, evidence_id)
    found = next((a for a in tx.all(_OF_EVIDENCE, evidence=row["id"]) if a["id"] == attestation_id), None)
    if found is None:
        raise NotFoundError(f"evidence {evidence_id} has no attestation {attestation_id[:80]}")
    check_may_withdraw(parts, person, version["model"])
    if found["withdrawn_at"] is not None:
        raise ConflictError(f"the attestation was withdrawn at {found['withdrawn_at']} by {found['withdrawn_by']}")
    tx.record(
        AttestationWithdrawn(
            id=attestation_id,
            model_version_id=row["model_version_id"],
            reason=reason,
            person=person,
            credential=credential,
        )
    )
    cause = f"{person} withdrew what {found['person']} attested of {row['filename']}: {reason}"
    advance_live(tx, parts, row["model_version_id"], cause=cause)
    return attestations_view(tx, row["id"])


def attestations_view(reader: Reader, evidence_id: str) -> dict[str, Any]:
    """Return what people attest, and attested, of a piece of evidence, oldest first.

    Raises:
        NotFoundError: no such evidence.
    """
    row = find_evidence(reader, evidence_id)
    items = reader.all(_OF_EVIDENCE, evidence=row["id"])
    hidden = ("evidence", "model_version_id")
    return {
        "evidence": row["id"],
        "filename": row["filename"],
        "attested_by": sorted({a["person"] for a in items if a["withdrawn_at"] is None}),
        "items": [{name: value for name, value in item.items() if name not in hidden} for item in items],
    }


def _check_words(name: str, words: str) -> None:
    if not words.strip() or len(words) > _MAX_STATEMENT or "\x00" in words:
        raise InvalidInputError(f"{name}: expected 1 to {_MAX_STATEMENT} characters, found {len(words.strip())}")


def _refuse_second_word(tx: Transaction, row: Row, person: str) -> None:
    standing = [a for a in tx.all(_OF_EVIDENCE, evidence=row["id"]) if a["withdrawn_at"] is None]
    if any(a["person"] == person for a in standing):
        raise ConflictError(f"{person} attested {row['filename']} already; withdraw that first to say something else")


def _locked(tx: Transaction, evidence_id: str) -> tuple[Row, Mapping[str, Any]]:
    """Return evidence and its model version, whose row stays locked: its gates are judged in the same transaction."""
    version_id = find_evidence(tx, evidence_id)["model_version_id"]
    version = tx.one(lookups.MODEL_VERSION_LOCKED, id=version_id) or {}
    return find_evidence(tx, evidence_id), version


def _refuse_other_than_read(row: Row, sha256: str) -> None:
    if row["sha256"] != sha256.lower():
        raise ConflictError(
            f"{row['filename']} has SHA-256 {row['sha256'][:12]}, you read a file that has {sha256[:12]}",
            hint="download this one and read it: `pratique evidence list` shows its digest",
        )
    if row["purged_at"] is not None:
        raise ConflictError(f"the file of {row['filename']} was purged at {row['purged_at']}")
    if row["reading"] != Reading.READ:
        raise ConflictError(f"{row['filename']} is {row['reading']}: {row['reading_reason'] or 'not read yet'}")


def _role_of(parts: Parts, person_id: str, role: str | None, model: str) -> str:
    person = known_person(parts, person_id)
    held = (*person.roles, *person.models.get(model, ()))
    if role is None and held:
        return held[0]
    if role is None or not person.holds(role, model):
        raise NotAllowedError(
            f"{person_id} does not hold {'any role' if role is None else f'the role {role[:64]}'} for {model}",
            hint="roles come from people.yaml",
        )
    return role
