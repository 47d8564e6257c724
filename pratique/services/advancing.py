"""Advancing a gate run: evaluate, move, dismiss what lost its ground, tell people, start the flow."""

from __future__ import annotations

from typing import Any

from pratique.canonical import digest_of, stored_json
from pratique.domain.decisions import Act
from pratique.domain.entries import DecisionsDismissed, GateRunDated, GateRunEvaluated, GateRunMoved
from pratique.domain.findings import Finding
from pratique.domain.gates import FINAL_STATES, WAITING_STATES, GateState, Move, next_state
from pratique.domain.revisions import Revision, revision_of
from pratique.domain.times import instant_text
from pratique.services import lookups
from pratique.services.dates import first_dates, next_reminder
from pratique.services.deliveries import cancel_deliveries
from pratique.services.loaded_run import LoadedRun, bump, load_run
from pratique.services.notices import NoticeKind, recipients, tell
from pratique.services.parts import Parts
from pratique.services.specs import pinned_spec
from pratique.store.transaction import Transaction


def advance(
    tx: Transaction,
    parts: Parts,
    run_id: str,
    *,
    cause: str,
    is_void: bool = False,
    driven: str | None = None,
    is_alone: bool = False,
) -> GateState:
    """Judge a gate run again and do what follows; return its state.

    Args:
        tx: the open transaction.
        parts: the engine.
        run_id: the gate run.
        cause: what happened, for the journal and for people.
        is_void: what was cleared is not what is there now, so that a clearance ends whatever the findings say.
        driven: the gate run whose own flow asks; that one needs no second flow run.
        is_alone: the caller advances the gates that depend on this one itself.
    """
    run = load_run(tx, parts, run_id, tx.now)
    before = run.state
    if before in FINAL_STATES:
        return before
    after = _state_after(run, is_void=is_void)
    findings = [f.as_json() for f in run.evaluation.findings]
    revision = revision_of(stored_json(run.row["findings"]), findings)
    if not (revision.is_news or _is_news(run, after)):
        return before
    _write_evaluation(tx, run, after, cause, findings=findings, revision=revision)
    if before is GateState.CLEARED and after is GateState.CLEARED:
        _tell_signers(tx, parts, run, cause)
    elif after is not before or _changed(run):
        _dismiss_sign_offs(tx, parts, run, after, cause)
    if after is GateState.STALE:
        _set_fresh_dates(tx, run)
    if after is not before:
        _after_move(tx, parts, run, after, cause, driven=driven, is_alone=is_alone)
    return after


def record_move(
    tx: Transaction, parts: Parts, run: LoadedRun, move: Move, *, cause: str, signed_by: list[str] | None = None
) -> None:
    """Write a move that a decision caused, and do what follows."""
    after = next_state(run.state, move)
    tx.record(
        GateRunMoved(
            id=run.row["id"],
            row_version=bump(run),
            state=after.value,
            was=run.state.value,
            move=move.value,
            cause=cause,
            signed_by=signed_by,
            remind_at=_reminder(run, after),
        )
    )
    _after_move(tx, parts, run, after, cause)


def start_flow(tx: Transaction, run: LoadedRun, *, mark: str | None = None) -> None:
    """Put a run of the stage's flow into the outbox; one a version of the row, or one a `mark`."""
    payload = {
        "flow": run.spec.stage.value,
        "gate_run": run.row["id"],
        "model": run.version["model"],
        "version": run.version["version"],
        "gate": run.row["gate"],
        "stage": run.spec.stage.value,
    }
    tx.enqueue("flow", f"flow:{run.row['id']}:{mark or run.row['row_version']}", payload)


def _state_after(run: LoadedRun, *, is_void: bool) -> GateState:
    state, is_ready = run.state, run.evaluation.is_ready
    if state is GateState.CLEARED:
        return state if is_ready and not is_void else next_state(state, Move.EXPIRE)
    if state in (GateState.RETURNED, GateState.STALE):
        if not _changed(run):
            return state
        state = next_state(state, Move.REOPEN)
    if state is GateState.OPEN and is_ready:
        state = next_state(state, Move.COMPLETE)
        return state if run.spec.sign_off.roles else next_state(state, Move.CLEAR)
    if state is GateState.IN_REVIEW and not is_ready:
        return next_state(state, Move.LAPSE)
    return state


def _changed(run: LoadedRun) -> bool:
    return bool(run.evaluation.basis != run.row["basis"])


def _is_news(run: LoadedRun, after: GateState) -> bool:
    if after is not run.state or _changed(run):
        return True
    recheck = run.evaluation.recheck_at
    return bool(run.row["recheck_at"] != (instant_text(recheck) if recheck else None))


def _write_evaluation(
    tx: Transaction, run: LoadedRun, after: GateState, cause: str, *, findings: list[Any], revision: Revision
) -> None:
    evaluation = run.evaluation
    tx.record(
        GateRunEvaluated(
            id=run.row["id"],
            row_version=bump(run),
            state=after.value,
            was=run.state.value,
            cause=cause,
            findings=revision.findings,
            kept=revision.kept,
            findings_digest=digest_of(findings) if revision.kept is not None else None,
            open_findings=len(evaluation.open_findings),
            basis=evaluation.basis,
            inputs=evaluation.inputs,
            recheck_at=instant_text(evaluation.recheck_at) if evaluation.recheck_at else None,
            remind_at=_reminder(run, after),
        )
    )


def _tell_signers(tx: Transaction, parts: Parts, run: LoadedRun, cause: str) -> None:
    """Tell who signed that the clearance stands on other ground now (docs/adr/0008)."""
    if _changed(run):
        signers = [d.person for d in run.decisions if d.act is Act.CLEAR]
        tell(tx, parts, run, NoticeKind.CHANGED_SINCE, people=signers, reasons=[f"{cause}: {_difference(run)}"])


def _dismiss_sign_offs(tx: Transaction, parts: Parts, run: LoadedRun, after: GateState, cause: str) -> None:
    """Dismiss the signatures on another basis; who is told that the gate is stale needs no second notice."""
    lost = [d for d in run.decisions if d.act is Act.CLEAR and d.basis != run.evaluation.basis]
    if not lost:
        return
    why = f"{cause}: {_difference(run)}"
    tx.record(DecisionsDismissed(gate_run_id=run.row["id"], decisions=[d.id for d in lost], why=why))
    run.decisions = [d for d in run.decisions if d not in lost]
    is_told = after is GateState.STALE and run.row["is_latest"]
    told = {person.id for person in recipients(parts, run, NoticeKind.STALE)} if is_told else set()
    people = [d.person for d in lost if d.person not in told]
    tell(tx, parts, run, NoticeKind.SIGN_OFFS_DISMISSED, people=people, reasons=[why])


def _difference(run: LoadedRun) -> str:
    was = {f["requirement"]: Finding.from_json(f) for f in stored_json(run.row["findings"])}
    changed = [_told(was.get(f.requirement), f) for f in run.evaluation.findings if _differs(was.get(f.requirement), f)]
    return "; ".join(changed) or "the profile or the evidence behind the same findings"


def _differs(was: Finding | None, now: Finding) -> bool:
    return was is None or (was.status, was.evidence, was.waiver) != (now.status, now.evidence, now.waiver)


def _told(was: Finding | None, now: Finding) -> str:
    before = was.status.value if was else "unknown"
    if before == now.status.value:
        return f"{now.requirement} rests on other evidence now"
    return f"{now.requirement} was {before}, is {now.status.value}"


def _set_fresh_dates(tx: Transaction, run: LoadedRun) -> None:
    follow_up_at, due_at = first_dates(run.spec, tx.now)
    tx.record(
        GateRunDated(
            id=run.row["id"],
            row_version=bump(run),
            follow_up_at=follow_up_at,
            due_at=due_at,
            reason="the cleared gate became stale; the time to renew it starts now",
            was_follow_up_at=run.row["follow_up_at"],
            was_due_at=run.row["due_at"],
            remind_at=follow_up_at if run.row["is_latest"] else None,
        )
    )
    run.row |= {"follow_up_at": follow_up_at, "due_at": due_at, "reminded": None}


_KIND_AFTER = {
    GateState.OPEN: NoticeKind.FINDINGS_OPEN,
    GateState.IN_REVIEW: NoticeKind.DECISION_NEEDED,
    GateState.CLEARED: NoticeKind.CLEARED,
    GateState.RETURNED: NoticeKind.RETURNED,
    GateState.REJECTED: NoticeKind.REJECTED,
    GateState.STALE: NoticeKind.STALE,
}


def _after_move(
    tx: Transaction,
    parts: Parts,
    run: LoadedRun,
    after: GateState,
    cause: str,
    *,
    driven: str | None = None,
    is_alone: bool = False,
) -> None:
    run.row = {**run.row, "state": after.value}
    cancel_deliveries(tx, run.row["id"], why=f"the gate is {after.value} now")
    kind = _KIND_AFTER.get(after)
    if kind is not None:
        tell(tx, parts, run, kind, reasons=[cause])
    if run.row["id"] != driven:  # else the flow itself asked: it ends with the new state
        start_flow(tx, run)
    if not is_alone:
        advance_dependents(tx, parts, run, after)
    if after is GateState.CLEARED and run.spec.settled_when is not None:
        advance(tx, parts, run.row["id"], cause=cause)  # what is settled by a clearance ends at another time


def advance_dependents(tx: Transaction, parts: Parts, run: LoadedRun, after: GateState) -> None:
    """Advance the gates of the model version that wait for this one."""
    for other in tx.all(lookups.LATEST_STATES, model_version_id=run.version["id"]):
        spec = pinned_spec(tx, parts, other["spec_digest"])
        if any(r.gate == run.row["gate"] for r in spec.requirements()):
            advance(tx, parts, other["id"], cause=f"gate {run.row['gate']} is {after.value}")


def _reminder(run: LoadedRun, after: GateState) -> str | None:
    if after not in WAITING_STATES or not run.row["is_latest"]:
        return None
    return next_reminder(run.row)


def advance_live(
    tx: Transaction,
    parts: Parts,
    model_version_id: str,
    *,
    cause: str,
    is_void: bool = False,
    driven: str | None = None,
) -> list[str]:
    """Advance every gate run of a model version that can move; return the ids of the latest of each gate."""
    rows = tx.all(lookups.LIVE_RUNS, model_version_id=model_version_id)
    for row in rows:
        advance(tx, parts, row["id"], cause=cause, is_void=is_void, driven=driven)
    return [row["id"] for row in rows if row["is_latest"]]
