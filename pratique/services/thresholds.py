"""The line of systemic risk: that it is crossed, or will be, is recorded once, and the time limit of Art. 52(1) runs.

What was recorded because the compute ledger shows it is withdrawn again when nothing shows it any more; what a profile
said stands until a person withdraws it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pratique.canonical import stored_json
from pratique.domain.compute import ComputeEntry, Crossing, crossing, totals
from pratique.domain.models import ModelProfile, Stage, profile_of
from pratique.domain.times import instant_text, parse_instant
from pratique.services import lookups
from pratique.services.effective_profile import effective_profile, entry_of, lineage_of
from pratique.services.occurrences import NewOccurrence, record_occurrence, withdraw_occurrence
from pratique.services.parts import Parts
from pratique.store.reader import Reader, Row
from pratique.store.transaction import Transaction

#: Cumulative training compute above which systemic risk is presumed, FLOP; the figure's name in `scope.yaml`, and
#: what it is where no edition says. Source: Art. 51(2) AI Act.
_FIGURE, _PRESUMED_FLOP = "systemic_risk_flop", 1e25
_MET, _KNOWN = "threshold_met", "threshold_known"
#: Member of an occurrence's data that says what it was recorded from.
_BASIS = "basis"
_LEDGER, _PROFILE = "compute_ledger", "profile"
#: By so much may a moment of crossing be earlier than it was recorded: other machines' clocks, and rounding.
_EARLIER = timedelta(minutes=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """By whose act it became known."""

    person: str | None
    credential: str | None


def threshold_flop(parts: Parts) -> float:
    """Return the compute above which systemic risk is presumed, as the running edition has it."""
    edition = parts.rules.edition
    figure = edition.scope.figure(_FIGURE) if edition is not None and edition.scope is not None else None
    return figure.value if figure is not None and isinstance(figure.value, float) else _PRESUMED_FLOP


def tell_of_compute(tx: Transaction, parts: Parts, version: Row, teller: Teller) -> None:
    """Record what the ledger shows of the threshold of systemic risk, where nothing as early was recorded yet."""
    rows = tx.all(lookups.OCCURRENCES_THAT_COUNT, model_version_id=version["id"])
    met = [row["at"] for row in rows if row["kind"] == _MET]
    entries = _entries(tx, version)
    found, crossed = totals(entries), crossing(entries, threshold_flop(parts))
    if crossed.met_at is not None:
        at = min(crossed.met_at, tx.now)
        if all(instant_text(at) < told for told in met):
            why = f"the compute ledger shows {found.done:.3g} FLOP done"
            _record(tx, parts, version, teller, _Told(_MET, at, why, _LEDGER))
    elif crossed.projected_at is not None and not met and all(row["kind"] != _KNOWN for row in rows):
        day = instant_text(crossed.projected_at)[:10]
        why = f"the compute ledger shows {found.projected:.3g} FLOP done and planned, above the threshold from {day} on"
        _record(tx, parts, version, teller, _Told(_KNOWN, tx.now, why, _LEDGER))


def withdraw_unsupported(tx: Transaction, parts: Parts, version: Row, *, reason: str, teller: Teller) -> None:
    """Withdraw what was recorded from the ledger of a model version, where neither ledger nor profile shows it now.

    Where the ledger shows that the line is crossed later, this is recorded instead.

    Args:
        tx: the open transaction.
        parts: the engine.
        version: the whole row of the model version.
        reason: why the ledger shows something else.
        teller: whose act changed the ledger, a person.
    """
    crossed = crossing(_entries(tx, version), threshold_flop(parts))
    said = _said(tx, parts, version)
    for row in tx.all(lookups.OCCURRENCES_THAT_COUNT, model_version_id=version["id"]):
        is_ours = row["kind"] in (_MET, _KNOWN) and stored_json(row["data"]).get(_BASIS) == _LEDGER
        if not is_ours or _is_shown(row, crossed) or (said is not None and said[0] in (_MET, row["kind"])):
            continue
        withdraw_occurrence(
            tx, parts, row["id"], reason=reason, person=teller.person or "", credential=teller.credential or ""
        )
    tell_of_compute(tx, parts, version, teller)


def tell_of_profile(tx: Transaction, parts: Parts, version_id: str, teller: Teller, *, before: Row | None) -> None:
    """Record what the profile states of the threshold of systemic risk, once.

    A profile that said so already starts nothing again after a person withdrew what was recorded. One that says so no
    more withdraws nothing: whether it never was so is for a person to say.

    Args:
        tx: the open transaction, in which the profile was written.
        parts: the engine.
        version_id: the model version.
        teller: who says it.
        before: the row as it was; None: it is registered now.
    """
    edition = parts.rules.edition
    version = tx.one(lookups.MODEL_VERSION_LOCKED, id=version_id)
    said = _said(tx, parts, version) if version is not None else None
    known = edition.clocks.kind_by_id if edition is not None and edition.clocks is not None else {}
    if version is None or said is None or said[0] not in known:
        return
    kind, why = said
    was = _said(tx, parts, before) if before is not None else None
    is_new = was is None or (was[0] == _KNOWN and kind == _MET)
    enough = (_MET,) if kind == _MET else (_MET, _KNOWN)
    rows = [row for row in tx.all(lookups.OCCURRENCES_EVER, model_version_id=version_id) if row["kind"] in enough]
    if any(row["withdrawn_at"] is None for row in rows) or (rows and not is_new):
        return
    at = tx.now
    if before is not None and not is_new:  # of before these were recorded: it has been said since then
        at = parse_instant(before["changed_at"] or before["registered_at"])
        why += f", since {instant_text(at)[:10]} at the latest"
    _record(tx, parts, version, teller, _Told(kind, at, why, _PROFILE))


@dataclass(frozen=True, slots=True)
class _Told:
    kind: str
    at: datetime
    why: str
    basis: str


def _said(reader: Reader, parts: Parts, version: Row) -> tuple[str, str] | None:
    """Return which occurrence a profile amounts to, and why; None where it states no systemic risk.

    After a designation nothing is left to be notified, so that a status that rests on it tells nothing.
    """
    profile = profile_of(stored_json(version["profile"]))
    flop = profile.training_flop or 0.0
    if flop > threshold_flop(parts):
        kind = _KNOWN if profile.stage is Stage.PLANNED else _MET
        return kind, f"the profile says so: training_flop {flop:.3g}"
    if profile.expects_systemic_risk:
        return _KNOWN, "the profile says so: expects_systemic_risk"
    if profile.systemic_risk and not _is_designated(reader, parts, version):
        return _KNOWN, "the profile says so: systemic_risk"
    return _said_of_original(reader, parts, version, profile)


def _said_of_original(reader: Reader, parts: Parts, version: Row, profile: ModelProfile) -> tuple[str, str] | None:
    if not profile.origin.upstream_systemic_risk:
        return None
    scope = effective_profile(reader, parts, version).scope
    if scope is None or not scope.values.get("systemic_risk_by_modification", False):
        return None
    return _KNOWN, "the profile says so: origin.upstream_systemic_risk, and more than a third was modified"


def _is_designated(reader: Reader, parts: Parts, version: Row) -> bool:
    return bool(effective_profile(reader, parts, version).values["lineage"]["is_designated"])


def _is_shown(row: Row, crossed: Crossing) -> bool:
    if row["kind"] == _KNOWN:
        return crossed.projected_at is not None
    return crossed.met_at is not None and crossed.met_at - _EARLIER <= parse_instant(row["at"])


def _entries(reader: Reader, version: Row) -> list[ComputeEntry]:
    lineage = lineage_of(reader, version)
    rows = [row for one in lineage for row in reader.all(lookups.COMPUTE_OF_VERSION, model_version_id=one["id"])]
    return [entry_of(row) for row in rows]


def _record(tx: Transaction, parts: Parts, version: Row, teller: Teller, told: _Told) -> None:
    data: dict[str, Any] = {_BASIS: told.basis}
    record_occurrence(
        tx,
        parts,
        NewOccurrence(
            kind=told.kind,
            at=told.at,
            why=told.why,
            model_version_id=version["id"],
            data=data,
            person=teller.person,
            credential=teller.credential,
        ),
    )
