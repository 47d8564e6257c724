"""Deciding: a named person's act, bound to what that person saw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pratique.domain.decisions import Act, Decision, tally
from pratique.domain.entries import DecisionMade, DecisionsDismissed, GateRunDated, WaiverGranted, WaiverRevoked
from pratique.domain.findings import PASSING
from pratique.domain.gates import FINAL_STATES, GateState, Move, next_state
from pratique.domain.people import Person
from pratique.domain.spec import GateSpec
from pratique.domain.times import instant_text, parse_instant
from pratique.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from pratique.services import lookups
from pratique.services.advancing import advance, record_move
from pratique.services.dates import next_reminder
from pratique.services.loaded_run import LoadedRun, bump, load_run
from pratique.services.parts import Parts
from pratique.services.situations import submitters_of
from pratique.store.transaction import Transaction

#: Longest time a waiver can hold; a longer exception needs a new look.
LONGEST_WAIVER_DAYS = 366
#: Farthest due date; gate specs go no farther.
LONGEST_DUE_DAYS = 3660
_MAX_REASON = 4000
_MOVES = {Act.RETURN: Move.RETURN, Act.REJECT: Move.REJECT, Act.WITHDRAW: Move.WITHDRAW, Act.CLEAR: Move.CLEAR}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a person says of a gate run."""

    act: Act
    reason: str
    basis: str  #: what was shown when the person decided
    role: str | None = None  #: the role exercised; None picks one that is asked for
    row_version: int | None = None  #: refuse when the run moved past this


def decide(tx: Transaction, parts: Parts, run_id: str, person_id: str, verdict: Verdict) -> None:
    """Record a decision and do what follows from it.

    Raises:
        InvalidInputError: no reason given.
        NotAllowedError: the person is unknown or holds none of the roles that may do this.
        ConflictError: the run changed since the person looked, or the person signed already.
        MoveRefusedError: the state does not allow the act.
    """
    check_reason(verdict.reason)
    run = load_run(tx, parts, run_id, tx.now)
    next_state(run.state, _MOVES[verdict.act])  # refuses an act the state does not allow
    person = known_person(parts, person_id)
    _refuse_stale_look(run, verdict)
    if verdict.act is Act.CLEAR and any(d.person == person_id and d.act is Act.CLEAR for d in run.decisions):
        raise ConflictError(f"{person_id} signed this already", hint="somebody else must sign too")
    role = _role_for(run, person, verdict)
    decision = _record(tx, run, person_id, role, verdict)
    if verdict.act is Act.CLEAR:
        _clear_when_complete(tx, parts, run, decision)
    else:
        _end_round(tx, run, decision)
        record_move(tx, parts, run, _MOVES[verdict.act], cause=f"{person_id} ({role}): {verdict.reason}")


def grant_waiver(
    tx: Transaction, parts: Parts, run_id: str, person_id: str, *, requirement: str, reason: str, expires_at: datetime
) -> None:
    """Let an open finding pass until a date, on a person's responsibility; it stays visible.

    Raises:
        InvalidInputError: unknown requirement, no reason, or an expiry that is past or too far.
        NotAllowedError: the person holds none of the gate's sign-off roles.
        ConflictError: there is nothing to waive.
    """
    check_reason(reason)
    run = load_run(tx, parts, run_id, tx.now)
    _refuse_final(run)
    _role_among(run, known_person(parts, person_id), run.spec.sign_off.roles)
    finding = next((f for f in run.evaluation.findings if f.requirement == requirement), None)
    if finding is None:
        known = ", ".join(r.id for r in run.spec.requirements())
        raise InvalidInputError(f"requirement: found {requirement[:80]!r}, expected one of {known}")
    if finding.status in PASSING:
        raise ConflictError(f"{requirement} is {finding.status.value}; there is nothing to waive")
    if not tx.now < expires_at <= tx.now + timedelta(days=LONGEST_WAIVER_DAYS):
        raise InvalidInputError(
            f"expires_at: found {instant_text(expires_at)}, expected a time within {LONGEST_WAIVER_DAYS} days from now"
        )
    tx.record(
        WaiverGranted(
            id=tx.new_id(),
            gate_run_id=run_id,
            requirement=requirement,
            covers=finding.status.value,
            evidence=finding.evidence,
            person=person_id,
            reason=reason,
            expires_at=instant_text(expires_at),
            row_version=bump(run),
        )
    )
    advance(tx, parts, run_id, cause=f"{person_id} waived {requirement} until {instant_text(expires_at)[:10]}")


def revoke_waiver(tx: Transaction, parts: Parts, run_id: str, person_id: str, *, waiver_id: str, reason: str) -> None:
    """Take a waiver back; the finding holds the gate again.

    Raises:
        NotFoundError: no such waiver on this gate run.
        ConflictError: it was revoked before.
    """
    check_reason(reason)
    run = load_run(tx, parts, run_id, tx.now)
    if run.state in FINAL_STATES:
        raise ConflictError(f"the gate run is {run.state.value}; this changes nothing any more")
    _role_among(run, known_person(parts, person_id), run.spec.sign_off.roles)
    row = tx.one(lookups.WAIVER, id=waiver_id)
    if row is None or row["gate_run_id"] != run_id:
        raise NotFoundError(f"waiver {waiver_id} does not exist on this gate run")
    if row["revoked_at"] is not None:
        raise ConflictError(f"waiver {waiver_id} was revoked at {row['revoked_at']}")
    tx.record(WaiverRevoked(id=waiver_id, gate_run_id=run_id, person=person_id, why=reason, row_version=bump(run)))
    advance(tx, parts, run_id, cause=f"{person_id} revoked the waiver of {row['requirement']}")


def move_dates(
    tx: Transaction,
    parts: Parts,
    run_id: str,
    person_id: str,
    *,
    due_at: datetime,
    follow_up_at: datetime | None,
    reason: str,
) -> None:
    """Move the dates of a gate run, with a reason.

    Raises:
        InvalidInputError: due in the past or too far, follow-up later than due, or no reason.
        NotAllowedError: the person is neither owner nor in a sign-off role.
    """
    check_reason(reason)
    run = load_run(tx, parts, run_id, tx.now)
    _refuse_final(run)
    _role_among(run, known_person(parts, person_id), {"owner": 1, **run.spec.sign_off.roles})
    if not tx.now < due_at <= tx.now + timedelta(days=LONGEST_DUE_DAYS):
        raise InvalidInputError(
            f"due_at: found {instant_text(due_at)}, expected a time within {LONGEST_DUE_DAYS} days from now"
        )
    follow_up = follow_up_at or min(due_at, parse_instant(run.row["follow_up_at"]))
    if follow_up > due_at:
        raise InvalidInputError(
            f"follow_up_at: found {instant_text(follow_up)}, expected no later than {instant_text(due_at)}"
        )
    dates = {"follow_up_at": instant_text(follow_up), "due_at": instant_text(due_at), "reminded": None}
    tx.record(
        GateRunDated(
            id=run_id,
            row_version=bump(run),
            follow_up_at=instant_text(follow_up),
            due_at=instant_text(due_at),
            reason=f"{person_id}: {reason}",
            was_follow_up_at=run.row["follow_up_at"],
            was_due_at=run.row["due_at"],
            remind_at=next_reminder({**run.row, **dates}) if run.row["remind_at"] or run.row["reminded"] else None,
        )
    )


def known_person(parts: Parts, person_id: str) -> Person:
    """Return the person.

    Raises:
        NotAllowedError: nobody of that id is in people.yaml.
    """
    person = parts.people.find(person_id)
    if person is None:
        raise NotAllowedError(f"{person_id!r} is not among the people of this installation")
    return person


def check_reason(reason: str) -> None:
    """Refuse an empty or oversized reason.

    Raises:
        InvalidInputError: says so.
    """
    if not reason.strip() or len(reason) > _MAX_REASON or "\x00" in reason:
        raise InvalidInputError(f"reason: expected 1 to {_MAX_REASON} characters, found {len(reason.strip())}")


def _record(tx: Transaction, run: LoadedRun, person: str, role: str, verdict: Verdict) -> Decision:
    decision = Decision(
        id=tx.new_id(),
        person=person,
        role=role,
        act=verdict.act,
        reason=verdict.reason,
        basis=verdict.basis,
        at=tx.now,
    )
    tx.record(
        DecisionMade(
            id=decision.id,
            gate_run_id=run.row["id"],
            person=person,
            role=role,
            act=verdict.act.value,
            reason=verdict.reason,
            basis=verdict.basis,
            row_version=bump(run),
        )
    )
    return decision


def _clear_when_complete(tx: Transaction, parts: Parts, run: LoadedRun, decision: Decision) -> None:
    run.decisions.append(decision)
    count = tally(
        run.spec.sign_off,
        run.decisions,
        basis=run.evaluation.basis,
        submitters=submitters_of(run.situation, run.evaluation.findings),
    )
    if count.is_complete:
        signed = sorted(count.signed)
        record_move(tx, parts, run, Move.CLEAR, cause=f"signed by {', '.join(signed)}", signed_by=signed)


def _end_round(tx: Transaction, run: LoadedRun, decision: Decision) -> None:
    signed = [d.id for d in run.decisions if d.act is Act.CLEAR]
    if signed:
        why = f"{decision.person} ({decision.role}) decided to {decision.act.value}"
        tx.record(DecisionsDismissed(gate_run_id=run.row["id"], decisions=signed, why=why))


def _refuse_stale_look(run: LoadedRun, verdict: Verdict) -> None:
    if verdict.basis != run.row["basis"] or run.evaluation.basis != run.row["basis"]:
        raise ConflictError(
            f"what was decided on is no longer what stands: basis found {verdict.basis[:12]}, "
            f"expected {run.evaluation.basis[:12]}",
            hint="look at the gate again, then decide",
        )
    if verdict.row_version is not None and verdict.row_version != run.row["row_version"]:
        raise ConflictError(
            f"the gate run changed meanwhile: row_version found {verdict.row_version}, "
            f"expected {run.row['row_version']}",
            hint="look at the gate again, then decide",
        )


def _refuse_final(run: LoadedRun) -> None:
    if run.state in FINAL_STATES or run.state is GateState.CLEARED:
        raise ConflictError(f"the gate run is {run.state.value}; this changes nothing any more")


def _role_for(run: LoadedRun, person: Person, verdict: Verdict) -> str:
    allowed: dict[str, int] = dict(run.spec.sign_off.roles)
    if verdict.act is not Act.CLEAR:
        allowed.setdefault("owner", 1)
    if verdict.role is not None:
        if verdict.role not in allowed:
            raise NotAllowedError(f"role {verdict.role!r} has no say here; expected one of {', '.join(allowed)}")
        allowed = {verdict.role: 1}
    return _role_among(run, person, _still_asked(run.spec, run, allowed) or allowed)


def _still_asked(spec: GateSpec, run: LoadedRun, allowed: dict[str, int]) -> dict[str, int]:
    taken = [d.role for d in run.decisions if d.act is Act.CLEAR]
    return {role: n for role, n in allowed.items() if taken.count(role) < spec.sign_off.roles.get(role, n)}


def _role_among(run: LoadedRun, person: Person, roles: dict[str, int]) -> str:
    for role in roles:
        if person.holds(role, run.version["model"]):
            return role
    raise NotAllowedError(
        f"{person.id} holds none of the roles that may do this: {', '.join(roles) or 'none are named'}",
        hint="roles come from people.yaml",
    )
