"""Reminding of what is due, many gate runs at a time.

A reminder changes nothing that a gate rests on, so what was found last is judged again only where it can be
otherwise by now: an answer ran out, other gates are asked for, or signatures are to be counted.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, exists, select

from pratique.canonical import stored_json
from pratique.domain.entries import GateRunReminded
from pratique.domain.evaluation import Evaluation, Situation
from pratique.domain.findings import PASSING, Finding
from pratique.domain.gates import WAITING_STATES, GateState
from pratique.domain.spec import GateSpec
from pratique.errors import NotFoundError
from pratique.services.dates import FOLLOW_UP, OVERDUE, due_rung, next_reminder
from pratique.services.loaded_run import LoadedRun, bump, load_run
from pratique.services.lookups import decision, gate_run, model_version, notice
from pratique.services.notices import NoticeKind, recipients, tell
from pratique.services.parts import Parts
from pratique.services.specs import pinned_spec
from pratique.services.version_locks import hold_versions_of
from pratique.store.queries import Query
from pratique.store.reader import Row
from pratique.store.transaction import Transaction

#: Most gate runs that one call takes: the statement that reads them has so many parameters.
MOST = 250

_RUN_COLUMNS = (
    *("id", "model_version_id", "gate", "occasion", "spec_digest", "state", "row_version", "findings", "basis"),
    *("inputs", "follow_up_at", "due_at", "recheck_at", "remind_at", "reminded"),
)
_KINDS = (NoticeKind.FOLLOW_UP, NoticeKind.OVERDUE)
#: Rows are locked on PostgreSQL, in the same order by every replica.
_RUNS = Query(
    select(
        *(gate_run.c[name] for name in _RUN_COLUMNS),
        model_version.c.model,
        model_version.c.version,
        exists().where(decision.c.gate_run_id == gate_run.c.id).label("has_decisions"),
        *(
            exists().where(notice.c.gate_run_id == gate_run.c.id, notice.c.kind == kind.value).label(kind.value)
            for kind in _KINDS
        ),
    )
    .join(model_version, model_version.c.id == gate_run.c.model_version_id)
    .where(gate_run.c.id.in_([bindparam(f"id_{number}") for number in range(MOST)]))
    .order_by(gate_run.c.id)
    .with_for_update(of=gate_run)
)


def remind_all(tx: Transaction, parts: Parts, run_ids: list[str]) -> list[str | None]:
    """Fire the highest rung that is due for each of these gate runs; return it, or None where none was due.

    Args:
        tx: the open transaction.
        parts: the engine.
        run_ids: at most `MOST`, in the order in which people are told.

    Raises:
        NotFoundError: one of them is not there, or its model version is not.
    """
    hold_versions_of(tx, run_ids)
    padded = run_ids + [""] * (MOST - len(run_ids))
    found = tx.all(_RUNS, **{f"id_{number}": run_id for number, run_id in enumerate(padded)})
    rows = {row["id"]: row for row in found}
    missing = [run_id for run_id in run_ids if run_id not in rows]
    if missing:
        raise NotFoundError(f"gate run {missing[0]} or its model version does not exist")
    reminders = _Reminders(tx, parts)
    return [reminders.remind(rows[run_id]) for run_id in run_ids]


#: Where no signature is to be counted, nobody asks what evidence there is.
_NOBODY = Situation(gate_run="", spec_digest="", model="", version="", profile={}, profile_digest="")


class _Reminders:
    """One batch: what a spec asks for is looked up once."""

    def __init__(self, tx: Transaction, parts: Parts) -> None:
        self._tx = tx
        self._parts = parts
        self._asks_for_gates: dict[str, bool] = {}
        self._concerned: dict[tuple[Any, ...], list[str]] = {}

    def remind(self, row: Row) -> str | None:
        is_waiting = row["state"] in WAITING_STATES
        rung = due_rung(row, self._tx.at) if is_waiting else None
        remind_at = next_reminder({**row, "reminded": rung or row["reminded"]}) if is_waiting else None
        if rung is None and remind_at == row["remind_at"]:
            return None  # another replica was first
        run = self._loaded(row)
        self._tx.record(
            GateRunReminded(
                id=row["id"], row_version=bump(run), rung=rung or str(row["reminded"] or "none"), remind_at=remind_at
            )
        )
        if rung is not None:
            kind = NoticeKind.OVERDUE if rung == OVERDUE else NoticeKind.FOLLOW_UP
            self._tell(run, kind, _reasons(row, rung), is_first=not row[kind.value])
        return rung

    def _tell(self, run: LoadedRun, kind: NoticeKind, reasons: list[str], *, is_first: bool) -> None:
        tell(
            self._tx,
            self._parts,
            run,
            kind,
            reasons=reasons,
            people=self._people(run, kind),
            occurrence=run.row["due_at"],
            is_first=is_first,
        )

    def _people(self, run: LoadedRun, kind: NoticeKind) -> list[str] | None:
        """Return who is told, the same for gate runs that owe the same; None where signatures are to be counted."""
        if run.decisions:
            return None
        owed = tuple(finding.requirement for finding in run.evaluation.open_findings)
        same = (kind, run.row["spec_digest"], run.version["model"], run.row["state"], owed)
        if same not in self._concerned:
            self._concerned[same] = [person.id for person in recipients(self._parts, run, kind)]
        return self._concerned[same]

    def _loaded(self, row: Row) -> LoadedRun:
        spec = pinned_spec(self._tx, self._parts, row["spec_digest"])
        if self._may_be_otherwise(row, spec):
            return load_run(self._tx, self._parts, row["id"], self._tx.now)
        return _as_found_last(row, spec)

    def _may_be_otherwise(self, row: Row, spec: GateSpec) -> bool:
        """Tell whether an evaluation now could differ from the one whose findings the row keeps.

        Evidence, waivers, profile and decisions each have the gate judged when they come; time and, through
        the clearances of other gates that run out, other gates do not.
        """
        if row["recheck_at"] is not None and row["recheck_at"] <= self._tx.at:
            return True
        if row["state"] == GateState.IN_REVIEW and row["has_decisions"]:
            return True
        digest = row["spec_digest"]
        if digest not in self._asks_for_gates:
            self._asks_for_gates[digest] = any(r.gate is not None for r in spec.requirements())
        return self._asks_for_gates[digest]


def _as_found_last(row: Row, spec: GateSpec) -> LoadedRun:
    """Return the run with the open findings of its last evaluation, and nobody's signature."""
    version = {"id": row["model_version_id"], "model": row["model"], "version": row["version"]}
    return LoadedRun(row, version, spec, _NOBODY, _evaluation(row))


def _evaluation(row: Row) -> Evaluation:
    found = [value for value in stored_json(row["findings"]) if value["status"] not in PASSING]
    return Evaluation(
        findings=tuple(Finding.from_json(value) for value in found),
        is_ready=row["state"] == GateState.IN_REVIEW,
        basis=row["basis"],
        inputs=row["inputs"],
        recheck_at=None,
    )


def _reasons(row: Row, rung: str) -> list[str]:
    if rung == FOLLOW_UP:
        return [f"follow-up was due on {row['follow_up_at'][:10]}"]
    reasons = [f"a decision or evidence was due on {row['due_at'][:16].replace('T', ' ')} UTC"]
    if row["reminded"] is None and row["follow_up_at"] < row["due_at"]:
        reasons.append("the follow-up reminder before it was not sent: the sweep came late")
    return reasons
