"""Recording what clocks run from: once it is written, clocks are planned anew and gates that wait for it open."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from pratique.canonical import stored_json
from pratique.domain.entries import OccurrenceRecorded, OccurrenceWithdrawn
from pratique.domain.events import OCCURRENCE_TYPES
from pratique.domain.gates import WAITING_STATES, GateState
from pratique.domain.occurrences import ABOUT_PATTERN, FIRST_YEAR, KINDS, LAST_YEAR, OTHER, OccurrenceKind, check_data
from pratique.domain.spec import GateSpec
from pratique.domain.times import instant_text
from pratique.errors import ConflictError, InvalidInputError, NotFoundError
from pratique.services import lookups
from pratique.services.advancing import advance_live
from pratique.services.authority import check_reason
from pratique.services.clocks import refresh_clocks, replan
from pratique.services.gate_runs import open_or_join, why_not_applicable
from pratique.services.models import later_versions
from pratique.services.parts import Parts
from pratique.services.threads import check_place, refuse_withdrawal, thread_rows
from pratique.services.version_locks import hold_versions
from pratique.store.reader import Reader, Row
from pratique.store.transaction import Transaction

#: Another machine's clock may be this much ahead of ours.
_AHEAD = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOccurrence:
    """Something that happened, or is planned, as somebody says it."""

    kind: str
    at: datetime  #: aware
    why: str
    model_version_id: str | None = None  #: None: it concerns the provider, and so every model version
    about: str | None = None  #: the incident, request, complaint, change or evaluation that it belongs to
    data: Mapping[str, Any] = field(default_factory=dict)
    person: str | None = None
    credential: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """When something was so, why we know, and who says it."""

    at: datetime
    why: str
    person: str | None
    credential: str | None


def record_occurrence(tx: Transaction, parts: Parts, new: NewOccurrence) -> str:
    """Record an occurrence, plan the clocks anew, open the gates that wait for it; return its id.

    Raises:
        InvalidInputError: unknown kind, a time that cannot be, data that the kind does not carry, or no reason.
        NotFoundError: the model version, or the incident or request that it belongs to, is not recorded.
        ConflictError: that step was recorded already, or comes too early.
    """
    check_reason(new.why)
    kind = _kind_of(parts, new, tx.now)
    data = check_data(new.kind, new.data)
    versions = _locked_versions(tx, new.model_version_id, new.kind)
    if kind.thread is not None and new.about is not None:
        rows = thread_rows(tx, versions[0]["id"], new.about)
        check_place(rows, kind.thread, new.kind, about=new.about, at=new.at, data=data)
    occurrence_id = tx.new_id()
    tx.record(
        OccurrenceRecorded(
            id=occurrence_id,
            kind=new.kind,
            at=instant_text(new.at),
            why=new.why,
            model_version_id=new.model_version_id,
            about=new.about,
            data=data,
            person=new.person,
            credential=new.credential,
        )
    )
    cause = new.kind.replace("_", " ") + (f" ({new.about})" if new.about else "")
    for version in versions:
        refresh_clocks(tx, parts, version["id"], cause=cause)
        _open_gates(tx, parts, version, new, occurrence_id)
        advance_live(tx, parts, version["id"], cause=cause)
    _follow_later(tx, parts, new.model_version_id, new.kind, cause)
    return occurrence_id


def _follow_later(tx: Transaction, parts: Parts, version_id: str | None, kind: str, cause: str) -> None:
    """Have the versions that continue this one follow what classifies it: they are the same model."""
    version = tx.one(lookups.MODEL_VERSION_BY_ID, id=version_id) if kind in lookups.CLASSIFYING else None
    for later in later_versions(tx, version) if version is not None else ():
        replan(tx, parts, later["id"], cause=cause)


def record_step(
    tx: Transaction, parts: Parts, version: Row, said: Said, kind: str, about: str, data: Mapping[str, Any]
) -> str:
    """Record an occurrence of a model version that belongs to an incident, a request or a complaint; return its id.

    Raises:
        InvalidInputError: as `record_occurrence`, and so are the others.
    """
    new = NewOccurrence(
        kind=kind,
        at=said.at,
        why=said.why,
        model_version_id=version["id"],
        about=about,
        data=data,
        person=said.person,
        credential=said.credential,
    )
    return record_occurrence(tx, parts, new)


def withdraw_occurrence(
    tx: Transaction, parts: Parts, occurrence_id: str, *, reason: str, person: str, credential: str
) -> None:
    """Say that what was recorded did not happen, or not so; clocks are planned anew without it.

    Raises:
        NotFoundError: no such occurrence.
        ConflictError: it was withdrawn before, or others follow from it.
    """
    check_reason(reason)
    row = find_occurrence(tx, occurrence_id)
    versions = _locked_versions(tx, row["model_version_id"], row["kind"])
    if row["withdrawn_at"] is not None:
        raise ConflictError(f"occurrence {occurrence_id} was withdrawn at {row['withdrawn_at']}")
    if row["about"] is not None and row["model_version_id"] is not None:
        refuse_withdrawal(thread_rows(tx, row["model_version_id"], row["about"]), row)
    tx.record(OccurrenceWithdrawn(id=occurrence_id, reason=reason, person=person, credential=credential))
    cause = f"{person} withdrew {row['kind'].replace('_', ' ')} of {row['at'][:10]}"
    for version in versions:
        replan(tx, parts, version["id"], cause=cause)
    _follow_later(tx, parts, row["model_version_id"], row["kind"], cause)


def find_occurrence(reader: Reader, occurrence_id: str) -> Row:
    """Return the row of an occurrence.

    Raises:
        NotFoundError: no such occurrence.
    """
    row = reader.one(lookups.OCCURRENCE, id=occurrence_id) if "\x00" not in occurrence_id else None
    if row is None:
        raise NotFoundError(f"occurrence {occurrence_id[:80]} does not exist")
    return row


def occurrence_view(row: Row) -> dict[str, Any]:
    """Return an occurrence as the API shows it."""
    names = ("id", "kind", "about", "at", "why", "person", "recorded_at", "withdrawn_at", "withdrawn_why")
    return {name: row[name] for name in names} | {
        "is_wide": row["model_version_id"] is None,
        "data": stored_json(row["data"]),
    }


def _kind_of(parts: Parts, new: NewOccurrence, now: datetime) -> OccurrenceKind:
    """Return what is known of the kind, after refusing what an occurrence of it cannot be."""
    edition = parts.rules.edition
    named = edition.clocks.kind_by_id if edition is not None and edition.clocks is not None else {}
    if new.kind not in (named or KINDS):
        raise InvalidInputError(f"kind: found {new.kind[:80]!r}, expected one of {', '.join(sorted(named or KINDS))}")
    kind = KINDS.get(new.kind, OTHER)
    if not FIRST_YEAR <= new.at.year <= LAST_YEAR:
        raise InvalidInputError(f"at: found year {new.at.year}, expected {FIRST_YEAR} to {LAST_YEAR}")
    if not kind.is_plan and new.at > now + _AHEAD:
        raise InvalidInputError(f"at: found {instant_text(new.at)}, expected a time that has come; this is no plan")
    if new.model_version_id is None and not kind.is_wide:
        raise InvalidInputError(f"{new.kind}: expected a model version; it concerns one, not the provider")
    about = named[new.kind].about if new.kind in named else kind.thread
    if about is not None and new.about is None:
        raise InvalidInputError(f"about: expected the {about} that {new.kind.replace('_', ' ')} belongs to")
    if new.about is not None and re.fullmatch(ABOUT_PATTERN, new.about) is None:
        raise InvalidInputError(f"about: found {new.about[:80]!r}, expected 1 to 64 of A-Z a-z 0-9 . _ + -")
    return kind


def _locked_versions(tx: Transaction, version_id: str | None, kind: str) -> list[Row]:
    """Return the model versions that an occurrence concerns, locked in one order by every replica.

    Those that continue a version and follow what classifies it are locked with it: their ids may come before its own.
    """
    if version_id is not None and kind in lookups.CLASSIFYING:
        version = tx.one(lookups.MODEL_VERSION_BY_ID, id=version_id)
        hold_versions(tx, (version, *later_versions(tx, version)) if version is not None else ())
    ids = [version_id] if version_id is not None else [row["id"] for row in tx.all(lookups.MODEL_VERSION_IDS)]
    found = [tx.one(lookups.MODEL_VERSION_LOCKED, id=one) for one in ids]
    rows = [row for row in found if row is not None]
    if len(rows) < len(ids):
        raise NotFoundError(f"model version {version_id} does not exist")
    return rows


def _open_gates(tx: Transaction, parts: Parts, version: Row, new: NewOccurrence, occurrence_id: str) -> None:
    for spec in parts.rules.gates_opened_by(OCCURRENCE_TYPES + new.kind):
        if why_not_applicable(tx, parts, spec, version) is None:
            occasion = new.about or _occasion(tx, version, spec, new.kind)
            open_or_join(tx, parts, version, spec, occasion=occasion, event_id=occurrence_id)


def _occasion(tx: Transaction, version: Row, spec: GateSpec, kind: str) -> str:
    """Return the occasion of what names nothing that it is about: the run that still waits, else one of its own.

    A second doubt must not pass because the gate was cleared at the first.
    """
    for number in count(1):
        occasion = kind if number == 1 else f"{kind}-{number}"
        run = tx.one(lookups.GATE_RUN_ON, model_version_id=version["id"], gate=spec.id, occasion=occasion)
        if run is None or GateState(run["state"]) in WAITING_STATES:
            return occasion
    raise AssertionError("count() does not end")
