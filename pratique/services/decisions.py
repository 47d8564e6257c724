"""Deciding: a named person's act, bound to what that person saw."""

from __future__ import annotations

from dataclasses import dataclass

from pratique.domain.decisions import Act, Decision, tally
from pratique.domain.entries import DecisionMade, DecisionsDismissed
from pratique.domain.gates import Move, next_state
from pratique.domain.people import Person
from pratique.domain.spec import GateSpec
from pratique.errors import ConflictError, NotAllowedError
from pratique.services.advancing import record_move
from pratique.services.authority import check_reason, known_person, refuse_stale_look, role_among
from pratique.services.loaded_run import LoadedRun, bump, load_run
from pratique.services.parts import Parts
from pratique.services.submitters import submitters_of_run
from pratique.store.transaction import Transaction

_MOVES = {Act.RETURN: Move.RETURN, Act.REJECT: Move.REJECT, Act.WITHDRAW: Move.WITHDRAW, Act.CLEAR: Move.CLEAR}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a person says of a gate run."""

    act: Act
    reason: str
    basis: str  #: what was shown when the person decided
    role: str | None = None  #: the role exercised; None picks one that is asked for
    row_version: int | None = None  #: refuse when the run moved past this


def decide(tx: Transaction, parts: Parts, run_id: str, person_id: str, verdict: Verdict, *, credential: str) -> None:
    """Record a decision, by which credential it came, and do what follows from it.

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
    refuse_stale_look(run, basis=verdict.basis, row_version=verdict.row_version)
    if verdict.act is Act.CLEAR and any(d.person == person_id and d.act is Act.CLEAR for d in run.decisions):
        raise ConflictError(f"{person_id} signed this already", hint="somebody else must sign too")
    role = _role_for(run, person, verdict)
    decision = _record(tx, run, person_id, role, verdict, credential)
    if verdict.act is Act.CLEAR:
        _clear_when_complete(tx, parts, run, decision)
    else:
        _end_round(tx, run, decision)
        record_move(tx, parts, run, _MOVES[verdict.act], cause=f"{person_id} ({role}): {verdict.reason}")


def _record(tx: Transaction, run: LoadedRun, person: str, role: str, verdict: Verdict, credential: str) -> Decision:
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
            credential=credential,
        )
    )
    return decision


def _clear_when_complete(tx: Transaction, parts: Parts, run: LoadedRun, decision: Decision) -> None:
    run.decisions.append(decision)
    count = tally(
        run.spec.sign_off,
        run.decisions,
        basis=run.evaluation.basis,
        submitters=submitters_of_run(run),
    )
    if count.is_complete:
        signed = sorted(count.signed)
        record_move(tx, parts, run, Move.CLEAR, cause=f"signed by {', '.join(signed)}", signed_by=signed)


def _end_round(tx: Transaction, run: LoadedRun, decision: Decision) -> None:
    signed = [d.id for d in run.decisions if d.act is Act.CLEAR]
    if signed:
        why = f"{decision.person} ({decision.role}) decided to {decision.act.value}"
        tx.record(DecisionsDismissed(gate_run_id=run.row["id"], decisions=signed, why=why))


def _role_for(run: LoadedRun, person: Person, verdict: Verdict) -> str:
    allowed: dict[str, int] = dict(run.spec.sign_off.roles)
    if verdict.act is not Act.CLEAR:
        allowed.setdefault("owner", 1)
    if verdict.role is not None:
        if verdict.role not in allowed:
            raise NotAllowedError(f"role {verdict.role!r} has no say here; expected one of {', '.join(allowed)}")
        allowed = {verdict.role: 1}
    return role_among(run, person, _still_asked(run.spec, run, allowed) or allowed)


def _still_asked(spec: GateSpec, run: LoadedRun, allowed: dict[str, int]) -> dict[str, int]:
    taken = [d.role for d in run.decisions if d.act is Act.CLEAR]
    return {role: n for role, n in allowed.items() if taken.count(role) < spec.sign_off.roles.get(role, n)}
