"""The compute ledger: what training took and is planned to take, and when that crosses the line of systemic risk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pratique.domain.compute import ACCURACY, ComputeKind, ComputePurpose, crossing, totals
from pratique.domain.compute_proposal import propose_compute
from pratique.domain.entries import ComputeRecorded, ComputeWithdrawn
from pratique.domain.times import instant_text
from pratique.errors import ConflictError, InvalidInputError, NotFoundError
from pratique.services import lookups
from pratique.services.authority import check_reason
from pratique.services.clocks import replan
from pratique.services.effective_profile import entry_of, lineage_of
from pratique.services.evidence import find_evidence
from pratique.services.models import later_versions
from pratique.services.parts import Parts
from pratique.services.situations import evidence_of
from pratique.services.thresholds import Teller, tell_of_compute, threshold_flop, withdraw_unsupported
from pratique.services.version_locks import hold_versions
from pratique.store.reader import Reader, Row
from pratique.store.transaction import Transaction

#: Another machine's clock may be this much ahead of ours.
_AHEAD = timedelta(minutes=2)
_LARGEST = 1e35


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCompute:
    """Compute of one run, as somebody says it."""

    run: str
    kind: ComputeKind
    flop: float
    begins_at: datetime  #: aware
    ends_at: datetime  #: aware
    purpose: ComputePurpose
    source: str  #: how the figure was come by
    person: str | None = None
    credential: str | None = None


def record_compute(tx: Transaction, parts: Parts, version: Row, new: NewCompute) -> str:
    """Record compute of a model version; return the id of the entry.

    Where what is done crosses 10^25 FLOP, the moment of crossing is recorded as `threshold_met`; where it becomes
    known from what is planned that it will, this moment is recorded as `threshold_known`. The time limit of
    Art. 52(1) runs from the earlier one. Both are recorded once for each version.

    Raises:
        InvalidInputError: a figure or a span of time that cannot be, or no source.
    """
    _check(new, tx.now)
    hold_versions(tx, (version, *later_versions(tx, version)))
    entry_id = tx.new_id()
    tx.record(
        ComputeRecorded(
            id=entry_id,
            model_version_id=version["id"],
            run=new.run,
            kind=new.kind.value,
            flop=new.flop,
            begins_at=instant_text(new.begins_at),
            ends_at=instant_text(new.ends_at),
            purpose=new.purpose.value,
            source=new.source,
            person=new.person,
            credential=new.credential,
        )
    )
    cause = f"{new.flop:.3g} FLOP {new.kind.value} of {new.run}"
    for concerned in (version, *later_versions(tx, version)):
        replan(tx, parts, concerned["id"], cause=cause)
        tell_of_compute(tx, parts, concerned, Teller(person=new.person, credential=new.credential))
    return entry_id


def withdraw_compute(
    tx: Transaction,
    parts: Parts,
    version: Row,
    entry_id: str,
    *,
    reason: str,
    person: str,
    credential: str,
) -> None:
    """Say that an entry was wrong; it counts no more, nor does what was recorded of the threshold because of it alone.

    Raises:
        NotFoundError: this model version has no such entry.
        ConflictError: it was withdrawn before.
    """
    check_reason(reason)
    hold_versions(tx, (version, *later_versions(tx, version)))
    row = tx.one(lookups.COMPUTE, id=entry_id) if "\x00" not in entry_id else None
    if row is None or row["model_version_id"] != version["id"]:
        raise NotFoundError(f"compute entry {entry_id[:80]} does not exist for {version['model']}/{version['version']}")
    if row["withdrawn_at"] is not None:
        raise ConflictError(f"compute entry {entry_id} was withdrawn at {row['withdrawn_at']}")
    tx.record(
        ComputeWithdrawn(
            id=entry_id, model_version_id=version["id"], reason=reason, person=person, credential=credential
        )
    )
    for concerned in (version, *later_versions(tx, version)):
        replan(tx, parts, concerned["id"], cause=f"{row['flop']:.3g} FLOP of {row['run']} were withdrawn")
        withdraw_unsupported(
            tx,
            parts,
            concerned,
            reason=f"compute entry {entry_id} of {row['run']} was withdrawn: {reason}",
            teller=Teller(person=person, credential=credential),
        )


def proposal_view(reader: Reader, version: Row, evidence_id: str) -> dict[str, Any]:
    """Return what a piece of evidence gives ground to record in the ledger; nothing is recorded.

    Raises:
        NotFoundError: this model version has no such evidence.
        ConflictError: the evidence was not read, or names no compute.
    """
    row = find_evidence(reader, evidence_id)
    if row["model_version_id"] != version["id"]:
        raise NotFoundError(f"evidence {evidence_id[:80]} does not exist for {version['model']}/{version['version']}")
    found = propose_compute(evidence_of(row))
    return {
        "evidence": row["id"],
        "kind": found.kind.value,
        "flop": found.flop,
        "begins_at": instant_text(found.begins_at) if found.begins_at is not None else None,
        "ends_at": instant_text(found.ends_at) if found.ends_at is not None else None,
        "source": found.source,
        "cautions": list(found.cautions),
    }


def compute_view(reader: Reader, parts: Parts, version: Row) -> dict[str, Any]:
    """Return the compute ledger of a model version: its entries, those of versions that it continues, and the sums."""
    lineage = lineage_of(reader, version)
    named = {row["id"]: f"{row['model']}/{row['version']}" for row in lineage}
    rows = [row for one in lineage for row in reader.all(lookups.COMPUTE_EVER, model_version_id=one["id"])]
    entries = [entry_of(row) for row in rows if row["withdrawn_at"] is None]
    threshold = threshold_flop(parts)
    found, crossed = totals(entries), crossing(entries, threshold)
    dates = {name: getattr(crossed, name) for name in ("met_at", "projected_at", "earliest_at", "latest_at")}
    return {
        "model": version["model"],
        "version": version["version"],
        "threshold_flop": threshold,
        "done_flop": found.done,
        "planned_flop": found.planned,
        "projected_flop": found.projected,
        **{name: instant_text(at) if at is not None else None for name, at in dates.items()},
        "accuracy": f"Figures are taken as right within {ACCURACY:.0%} either way (the guidelines as a third-party "
        "overview tells them, UNVERIFIED); each run is taken as even over its span.",
        "items": [_item(row, named) for row in rows],
    }


def _item(row: Row, named: dict[str, str]) -> dict[str, Any]:
    names = ("id", "run", "kind", "flop", "begins_at", "ends_at", "purpose", "source", "person")
    later = ("recorded_at", "withdrawn_at", "withdrawn_why")
    return {"of": named[row["model_version_id"]]} | {name: row[name] for name in (*names, *later)}


def _check(new: NewCompute, now: datetime) -> None:
    errors = []
    if not 0 < new.flop <= _LARGEST:
        errors.append(f"flop: found {new.flop!r}, expected a number above 0, at most {_LARGEST:.0e}")
    if new.ends_at < new.begins_at:
        errors.append(f"ends_at: found {instant_text(new.ends_at)}, expected {instant_text(new.begins_at)} or later")
    if new.kind is ComputeKind.DONE and new.ends_at > now + _AHEAD:
        errors.append(
            f"ends_at: found {instant_text(new.ends_at)}, expected a time that has come; record the rest as planned"
        )
    if not new.run.strip() or len(new.run) > 64:
        errors.append(f"run: found {new.run[:80]!r}, expected 1 to 64 characters")
    if not new.source.strip():
        errors.append("source: found nothing, expected how the figure was come by")
    if errors:
        raise InvalidInputError("; ".join(errors), errors=errors)
