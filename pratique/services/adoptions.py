"""Adopting an edition: the installation moves to it, and nothing that was answered is lost."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from pratique.canonical import digest_of
from pratique.domain.entries import EditionAdopted, GateRunRepinned, RiskRegisterRecorded
from pratique.domain.regime.impact import MOVING, Effect, TouchedRun
from pratique.domain.risk_carrying import carried_authors
from pratique.errors import IntegrityError
from pratique.services import lookups
from pratique.services.adopted import newest_adoptions
from pratique.services.adoption_plan import AdoptionPlan, plan_adoption
from pratique.services.advancing import advance, advance_live
from pratique.services.clocks import refresh_all
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
        ConfigError: it has no gates.
    """
    return {**plan_adoption(reader, parts, loaded, edition).as_json(), "is_rehearsal": True, "adoption": None}


def adopt(tx: Transaction, parts: Parts, loaded: Rules, asked: AdoptionRequest) -> dict[str, Any]:
    """Move the installation to an edition; return what that did. Adopting what is adopted changes nothing.

    The engine goes by the new rules from the next command on (`adopted.catch_up`).

    Raises:
        NotFoundError: there is no such edition.
        ConfigError: it has no gates.
    """
    tx.all(lookups.MODEL_VERSION_IDS_LOCKED)  # no replica records a register, or moves a gate run, meanwhile
    plan = plan_adoption(tx, parts, loaded, asked.edition)
    adoption = _move(tx, parts, plan, asked) if plan.changes_something else None
    if adoption is not None:
        parts.running.offer(adoption, plan.rules)
    return {**plan.as_json(), "is_rehearsal": False, "adoption": adoption}


def settle(tx: Transaction, parts: Parts) -> int:
    """Look once at what was written by the old rules while new ones took their place; return how many gate runs moved.

    Another replica may have planned clocks, and opened gate runs, before it knew of the adoption.
    """
    if not parts.running.is_behind:
        return 0
    moved = 0
    tx.all(lookups.MODEL_VERSION_IDS_LOCKED)
    for row in newest_adoptions(tx).values():
        plan = plan_adoption(tx, parts, parts.running.now, row["edition"])
        moved += len(_move_runs(tx, parts, plan, row["id"]))
    refresh_all(tx, parts, cause="looked at again after an adoption")
    parts.running.is_behind = False
    return moved


def _move(tx: Transaction, parts: Parts, plan: AdoptionPlan, asked: AdoptionRequest) -> str:
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
        profiles={},
        pinned=dict(parts.pinned),
    )
    adopt_specs(tx, inner)
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
                credential=asked.credential,
            )
        )
    if plan.is_other_edition:
        refresh_all(tx, inner, cause=f"{plan.edition} was adopted")
    _move_runs(tx, inner, plan, adoption)
    if plan.is_other_edition:
        for version in tx.all(lookups.MODEL_VERSION_IDS):
            advance_live(tx, inner, version["id"], cause=f"{plan.edition} was adopted")
    return adoption


def _move_runs(tx: Transaction, parts: Parts, plan: AdoptionPlan, adoption: str) -> list[TouchedRun]:
    """Put each touched run on its new spec, then judge them, prerequisites first; return what moved.

    All are moved before any is judged, and each is judged alone: so a gate that changed itself, and needs one that did,
    says what changed in it, and its people are told once.
    """
    moving = [one for one in plan.runs if one.effect in MOVING]
    versions: dict[str, None] = {}
    for one in moving:
        row = tx.one(lookups.GATE_RUN, id=one.run.id)
        if row is None:
            raise IntegrityError(f"gate run {one.run.id} was expected, found none")
        versions[row["model_version_id"]] = None
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
    for one in moving:
        cause = f"{plan.edition} was adopted: {'; '.join(one.why)}"
        advance(tx, parts, one.run.id, cause=cause, is_void=one.effect is Effect.STALE, is_alone=True)
    for version in versions:
        advance_live(tx, parts, version, cause=f"{plan.edition} was adopted, and gates that this one needs moved")
    return moving
