"""Waivers: an open finding taken on by a person, until a date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pratique.domain.entries import WaiverGranted, WaiverRevoked
from pratique.domain.findings import PASSING, Finding
from pratique.domain.gates import FINAL_STATES
from pratique.domain.times import instant_text
from pratique.errors import ConflictError, InvalidInputError, NotFoundError
from pratique.services import lookups
from pratique.services.advancing import advance
from pratique.services.authority import check_reason, known_person, refuse_settled, refuse_stale_look, role_among
from pratique.services.loaded_run import LoadedRun, bump, load_run
from pratique.services.parts import Parts
from pratique.store.transaction import Transaction

#: Longest time a waiver can hold; a longer exception needs a new look.
LONGEST_WAIVER_DAYS = 366


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverRequest:
    """What a person asks to let pass, why, and until when."""

    requirement: str
    reason: str
    expires_at: datetime


def grant_waiver(
    tx: Transaction, parts: Parts, run_id: str, person_id: str, request: WaiverRequest, *, credential: str
) -> None:
    """Let an open finding pass until a date, on a person's responsibility; it stays visible.

    Raises:
        InvalidInputError: unknown requirement, no reason, or an expiry that is past or too far.
        NotAllowedError: the person holds none of the gate's sign-off roles.
        ConflictError: there is nothing to waive.
    """
    check_reason(request.reason)
    run = load_run(tx, parts, run_id, tx.now)
    refuse_settled(run)
    role_among(run, known_person(parts, person_id), run.spec.sign_off.roles)
    finding = _open_finding(run, request.requirement)
    until = _checked_end(request.expires_at, tx.now)
    tx.record(
        WaiverGranted(
            id=tx.new_id(),
            gate_run_id=run_id,
            requirement=finding.requirement,
            covers=finding.status.value,
            evidence=finding.evidence,
            person=person_id,
            reason=request.reason,
            expires_at=until,
            row_version=bump(run),
            credential=credential,
        )
    )
    advance(tx, parts, run_id, cause=f"{person_id} waived {finding.requirement} until {until[:10]}")


def _open_finding(run: LoadedRun, requirement: str) -> Finding:
    finding = next((f for f in run.evaluation.findings if f.requirement == requirement), None)
    if finding is None:
        known = ", ".join(r.id for r in run.spec.requirements())
        raise InvalidInputError(f"requirement: found {requirement[:80]!r}, expected one of {known}")
    if finding.status in PASSING:
        raise ConflictError(f"{requirement} is {finding.status.value}; there is nothing to waive")
    return finding


def _checked_end(expires_at: datetime, now: datetime) -> str:
    if not now < expires_at <= now + timedelta(days=LONGEST_WAIVER_DAYS):
        raise InvalidInputError(
            f"expires_at: found {instant_text(expires_at)}, expected a time within {LONGEST_WAIVER_DAYS} days from now"
        )
    return instant_text(expires_at)


def revoke_waiver(
    tx: Transaction,
    parts: Parts,
    run_id: str,
    person_id: str,
    *,
    waiver_id: str,
    reason: str,
    basis: str,
    credential: str,
) -> None:
    """Take a waiver back, on what the person saw of the gate (`basis`); the finding holds the gate again.

    Raises:
        NotFoundError: no such waiver on this gate run.
        ConflictError: it was revoked before, or the gate is no longer what the person saw.
    """
    check_reason(reason)
    run = load_run(tx, parts, run_id, tx.now)
    if run.state in FINAL_STATES:
        raise ConflictError(f"the gate run is {run.state.value}; this changes nothing any more")
    role_among(run, known_person(parts, person_id), run.spec.sign_off.roles)
    row = tx.one(lookups.WAIVER, id=waiver_id)
    if row is None or row["gate_run_id"] != run_id:
        raise NotFoundError(f"waiver {waiver_id} does not exist on this gate run")
    if row["revoked_at"] is not None:
        raise ConflictError(f"waiver {waiver_id} was revoked at {row['revoked_at']}")
    refuse_stale_look(run, basis=basis)
    tx.record(
        WaiverRevoked(
            id=waiver_id,
            gate_run_id=run_id,
            person=person_id,
            why=reason,
            row_version=bump(run),
            credential=credential,
        )
    )
    advance(tx, parts, run_id, cause=f"{person_id} revoked the waiver of {row['requirement']}")
