"""Adopting an edition: the installation moves to it, and nothing that was answered is lost."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from pratique.canonical import digest_of
from pratique.domain.entries import EditionAdopted, GateRunRepinned, RiskRegisterRecorded
from pratique.domain.regime.impact import MOVING, Effect, TouchedRun
from pratique.domain.risk_carrying import carried_authors
from pratique.errors import IntegrityError
from pratique.services import lookups
from pratique.services.adopted import changed_files, newest_adoptions, refuse_changed
from pratique.services.adoption_plan import AdoptionPlan, plan_adoption
from pratique.services.advancing import advance
from pratique.services.clocks import refresh_clocks
from pratique.services.evaluation_memory import EvaluationMemory
from pratique.services.parts import Parts
from pratique.services.running import Rules
from pratique.services.specs import adopt_specs
from pratique.store.reader import Reader
from pratique.store.transaction import Transaction

#: Stands in the journal where nobody said why.
NO_REASON = "no reason given"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptionRequest:
    """Who adopts which edition, and why."""

    edition: str
    reason: str = NO_REASON
    person: str | None = None
    credential: str | None = None


def rehearse(reader: Reader, parts: Parts, loaded: Rules, edition: str) -> dict[str, Any]:
    """Return what adopting an edition would do; nothing is written.

    Raises:
        NotFoundError: there is no such edition.
        ConfigError: it has no gates, or the files of another regime changed too.
    """
    plan = plan_adoption(reader, parts, loaded, edition)
    _refuse_others(reader, plan)
    return {**plan.as_json(), "is_rehearsal": True, "adoption": None}


def adopt(tx: Transaction, parts: Parts, loaded: Rules, asked: AdoptionRequest) -> dict[str, Any]:
    """Move the installation to an edition; return what that did. Adopting what is adopted changes nothing.

    The engine goes by the new rules from the next command on (`adopted.catch_up`).

    Raises:
        NotFoundError: there is no such edition.
        ConfigError: it has no gates, or the files of another regime changed too.
    """
    held = _held_versions(tx)
    plan = plan_adoption(tx, parts, loaded, asked.edition, held=held)
    _refuse_others(tx, plan)
    adoption = _move(tx, parts, plan, asked, held) if plan.changes_something else None
    if adoption is not None:
        parts.running.offer(adoption, plan.rules)
    return {**plan.as_json(), "is_rehearsal": False, "adoption": adoption}


def rehearse_files(reader: Reader, parts: Parts, loaded: Rules) -> list[dict[str, Any]]:
    """Return what `accept_files` would do, an item for each edition whose files changed; nothing is written."""
    plans = (plan_adoption(reader, parts, loaded, edition) for edition in _changed_editions(reader, loaded))
    return [{**plan.as_json(), "is_rehearsal": True, "adoption": None} for plan in plans]


def accept_files(tx: Transaction, parts: Parts, loaded: Rules, reason: str) -> list[dict[str, Any]]:
    """Adopt anew each edition whose files are not as they were adopted; return what that did, an item for each.

    It is for an engine that does not run, because it would go by other rules than the ledger says. Nobody is named:
    whoever has the machine may do it.
    """
    held, done = _held_versions(tx), []
    for edition in _changed_editions(tx, loaded):
        plan = plan_adoption(tx, parts, loaded, edition, held=held)
        adoption = _move(tx, parts, plan, AdoptionRequest(edition=edition, reason=reason), held)
        done.append({**plan.as_json(), "is_rehearsal": False, "adoption": adoption})
    return done


def _changed_editions(reader: Reader, loaded: Rules) -> list[str]:
    newest = newest_adoptions(reader)
    rules = loaded.under({regime: row["edition"] for regime, row in newest.items()})
    return [edition for edition, _ in changed_files(newest, rules)]


def _refuse_others(reader: Reader, plan: AdoptionPlan) -> None:
    """Refuse to go by changed files of another regime as well: adopting this one says nothing of them."""
    others = {regime: row for regime, row in newest_adoptions(reader).items() if regime != plan.regime}
    refuse_changed(others, plan.rules)


def settle(parts: Parts, actor: str) -> int:
    """Look once at what was written by the old rules while new ones took their place; return how many gate runs moved.

    Another replica may have planned clocks, recorded risks, and opened gate runs, before it knew of the adoption. What
    is looked at is noted once that is committed: a command that fails is run again.
    """
    moved, adoptions = parts.ledger.write(actor, partial(_settle, parts=parts))
    parts.running.settled(adoptions)
    return moved


def _settle(tx: Transaction, parts: Parts) -> tuple[int, frozenset[str]]:
    behind = parts.running.behind
    if not behind:
        return 0, behind
    held = _held_versions(tx)
    rows = [row for row in newest_adoptions(tx).values() if row["id"] in behind]
    plans = {row["id"]: plan_adoption(tx, parts, parts.running.now, row["edition"], held=held) for row in rows}
    for plan in plans.values():
        _carry_registers(tx, plan, None)
    _plan_clocks(tx, parts, held, cause="looked at again after an adoption")
    return sum(_move_runs(tx, parts, plan, adoption, held) for adoption, plan in plans.items()), behind


def _held_versions(tx: Transaction) -> tuple[str, ...]:
    """Lock every model version, in order: no replica moves a gate run, or records a register, meanwhile; return ids."""
    return tuple(row["id"] for row in tx.all(lookups.MODEL_VERSION_IDS_LOCKED))


def _move(tx: Transaction, parts: Parts, plan: AdoptionPlan, asked: AdoptionRequest, held: Sequence[str]) -> str:
    adoption = tx.new_id()
    tx.record(
        EditionAdopted(
            id=adoption,
            regime=plan.regime,
            edition=plan.edition,
            digest=plan.digest,
            gates=plan.gates,
            reason=asked.reason,
            content=plan.content(),
            was_edition=plan.was["edition"] if plan.was is not None else None,
            was_digest=plan.was["digest"] if plan.was is not None else None,
            person=asked.person,
            credential=asked.credential,
        )
    )
    # Rules and what was concluded from them, for this transaction alone: it may yet be undone.
    inner = replace(
        parts,
        running=parts.running.fork(plan.rules),
        memory=EvaluationMemory(),
        pinned=dict(parts.pinned),
    )
    adopt_specs(tx, inner)
    _carry_registers(tx, plan, asked.credential)
    if plan.is_other_edition:
        _plan_clocks(tx, inner, held, cause=f"{plan.edition} was adopted")
    _move_runs(tx, inner, plan, adoption, held if plan.is_other_edition else ())
    return adoption


def _carry_registers(tx: Transaction, plan: AdoptionPlan, credential: str | None) -> None:
    for row in plan.registers:
        authors = json.loads(row.version["risks_authors"]) if row.version["risks_authors"] is not None else {}
        register = row.carried.register.as_json()
        tx.record(
            RiskRegisterRecorded(
                id=row.version["id"],
                register=register,
                digest=digest_of(register),
                was_digest=row.version["risks_digest"],
                authors=carried_authors(authors, row.carried.moved),
                credential=credential,
            )
        )


def _plan_clocks(tx: Transaction, parts: Parts, versions: Iterable[str], *, cause: str) -> None:
    for version in versions:
        refresh_clocks(tx, parts, version, cause=cause)


def _move_runs(tx: Transaction, parts: Parts, plan: AdoptionPlan, adoption: str, versions: Sequence[str]) -> int:
    """Put each touched run on its new spec, then judge each once, prerequisites first; return how many moved.

    All are moved before any is judged, and each is judged alone: so a gate that changed itself, and needs one that did,
    says what changed in it, and its people are told once.

    Args:
        tx: the open transaction.
        parts: the engine, by the new rules.
        plan: what is touched.
        adoption: its id.
        versions: model versions whose other gate runs are judged too, beside those of which a run moves.
    """
    moving = [one for one in plan.runs if one.effect in MOVING]
    found = dict.fromkeys(versions)
    for one in moving:
        found[_move_run(tx, plan, one, adoption)] = None
    touched = {one.run.id: one for one in plan.runs if one.effect in (*MOVING, Effect.DEPENDS)}
    place = {gate: number for number, gate in enumerate(parts.rules.specs)}
    for version in sorted(found):
        rows = tx.all(lookups.LIVE_RUNS, model_version_id=version)
        for row in sorted(rows, key=lambda row: place.get(row["gate"], len(place))):
            _judge(tx, parts, plan, row["id"], touched.get(row["id"]), is_alone=row["gate"] in place)
    return len(moving)


def _move_run(tx: Transaction, plan: AdoptionPlan, one: TouchedRun, adoption: str) -> str:
    """Put a run on its new spec; return its model version."""
    row = tx.one(lookups.GATE_RUN, id=one.run.id)
    if row is None:
        raise IntegrityError(f"gate run {one.run.id} was expected, found none")
    tx.record(
        GateRunRepinned(
            id=one.run.id,
            row_version=row["row_version"] + 1,
            spec_digest=plan.gates[one.run.gate],
            was_spec_digest=one.run.digest,
            adoption=adoption,
            reason="; ".join(one.why),
        )
    )
    return str(row["model_version_id"])


def _judge(
    tx: Transaction, parts: Parts, plan: AdoptionPlan, run_id: str, one: TouchedRun | None, *, is_alone: bool
) -> None:
    """Judge a run; `one` says how it is touched. Those that need it come later, or their gate is not there any more."""
    cause = f"{plan.edition} was adopted" + (f": {'; '.join(one.why)}" if one is not None else "")
    is_void = one is not None and one.effect is Effect.STALE
    advance(tx, parts, run_id, cause=cause, is_void=is_void, is_alone=is_alone)
