"""From rows to what an evaluation looks at."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pratique.canonical import stored_json
from pratique.domain.decisions import Act, Decision, Waiver
from pratique.domain.evaluation import Situation
from pratique.domain.evidence import Evidence, Extraction, Reading
from pratique.domain.findings import Finding, FindingStatus
from pratique.domain.gates import GateState
from pratique.domain.people import People
from pratique.domain.times import instant_text, parse_instant
from pratique.services import lookups
from pratique.services.parts import Parts
from pratique.store.reader import Reader, Row

#: Pieces of evidence, and profiles, kept as parsed; each is looked at again with every event of its model version.
#: They are handed out as the same objects, by which the memory of verdicts tells that nothing changed.
_MAX_SEEN = 4096


def load_situation(reader: Reader, parts: Parts, run: Row, version: Row, now: datetime) -> Situation:
    """Return everything that the evaluation of a gate run looks at.

    A file that was not read yet says nothing against a clearance; it holds up what is still to be cleared.
    """
    evidence = _evidence_of_version(reader, parts, version["id"])
    if run["state"] == GateState.CLEARED:
        evidence = [e for e in evidence if e.reading is not Reading.PENDING]
    at = instant_text(now)
    return Situation(
        gate_run=run["id"],
        spec_digest=run["spec_digest"],
        model=version["model"],
        version=version["version"],
        profile=_profile(parts, version["profile"]),
        profile_digest=version["profile_digest"],
        evidence=evidence,
        waivers=[waiver_of(row) for row in reader.all(lookups.WAIVERS_OF_RUN, gate_run_id=run["id"])],
        gates={
            row["gate"]: state_at(row, at) for row in reader.all(lookups.LATEST_STATES, model_version_id=version["id"])
        },
        weights_at=_instant(version["weights_at"]),
    )


def state_at(row: Row, at: str) -> GateState:
    """Return where a gate run stands at `at`: a clearance whose ground ran out is stale, swept or not."""
    state = GateState(row["state"])
    if state is GateState.CLEARED and row["recheck_at"] is not None and row["recheck_at"] <= at:
        return GateState.STALE
    return state


def _profile(parts: Parts, text: str) -> dict[str, Any]:
    profile = parts.profiles.get(text)
    if profile is None:
        if len(parts.profiles) >= _MAX_SEEN:
            parts.profiles.clear()
        profile = parts.profiles[text] = stored_json(text)
    return profile


def _evidence_of_version(reader: Reader, parts: Parts, version_id: str) -> list[Evidence]:
    rows = reader.all(lookups.READINGS_OF_VERSION, model_version_id=version_id)
    seen = [parts.evidence.get((row["id"], row["reading"])) for row in rows]
    known = [evidence for evidence in seen if evidence is not None]
    if len(known) == len(rows):
        return known
    found = [evidence_of(row) for row in reader.all(lookups.EVIDENCE_OF_VERSION, model_version_id=version_id)]
    if len(parts.evidence) + len(found) > _MAX_SEEN:
        parts.evidence.clear()
    parts.evidence.update({(evidence.id, evidence.reading.value): evidence for evidence in found})
    return found


def standing_decisions(reader: Reader, run_id: str, *, people: People, model: str) -> list[Decision]:
    """Return the decisions of a gate run that count now, in order."""
    return counting(reader.all(lookups.DECISIONS_OF_RUN, gate_run_id=run_id), people=people, model=model)


def counting(rows: Iterable[Row], *, people: People, model: str) -> list[Decision]:
    """Return the decisions that were not dismissed; a signature counts while its person holds the role."""
    found = [decision_of(row) for row in rows if row["dismissed_at"] is None]
    return [d for d in found if d.act is not Act.CLEAR or _holds_still(d, people, model)]


def _holds_still(decision: Decision, people: People, model: str) -> bool:
    person = people.find(decision.person)
    return person is not None and person.holds(decision.role, model)


def evidence_of(row: Row) -> Evidence:
    """Return the evidence that a row describes."""
    return Evidence(
        id=row["id"],
        sha256=row["sha256"],
        filename=row["filename"],
        received_at=parse_instant(row["received_at"]),
        submitter=row["submitter"],
        reading=Reading(row["reading"]),
        reading_reason=row["reading_reason"],
        requirement=row["requirement"],
        extraction=_extraction_of(row) if row["reading"] == Reading.READ else None,
    )


def _extraction_of(row: Row) -> Extraction:
    return Extraction(
        kind=row["kind"],
        collector=row["collector"],
        collector_version=row["collector_version"],
        tool=row["tool"],
        complete=bool(row["complete"]),
        incomplete_reason=row["incomplete_reason"],
        planned=row["planned"],
        done=row["done"],
        errors=row["errors"],
        subject=row["subject"],
        produced_at=_instant(row["produced_at"]),
        observed_from=_instant(row["observed_from"]),
        observed_until=_instant(row["observed_until"]),
        valid_until=_instant(row["valid_until"]),
        facts=stored_json(row["facts"]),
    )


def decision_of(row: Row) -> Decision:
    """Return the decision that a row describes."""
    return Decision(
        id=row["id"],
        person=row["person"],
        role=row["role"],
        act=Act(row["act"]),
        reason=row["reason"],
        basis=row["basis"],
        at=parse_instant(row["at"]),
    )


def waiver_of(row: Row) -> Waiver:
    """Return the waiver that a row describes."""
    return Waiver(
        id=row["id"],
        requirement=row["requirement"],
        covers=FindingStatus(row["covers"]),
        evidence=row["evidence"],
        person=row["person"],
        reason=row["reason"],
        granted_at=parse_instant(row["granted_at"]),
        expires_at=parse_instant(row["expires_at"]),
        revoked_at=_instant(row["revoked_at"]),
    )


def submitters_of(situation: Situation, findings: Iterable[Finding]) -> frozenset[str]:
    """Return the people behind what findings rest on: who submitted the evidence, who granted the waivers."""
    evidence = {f.evidence for f in findings}
    waivers = {f.waiver for f in findings}
    return frozenset(
        {e.submitter for e in situation.evidence if e.id in evidence}
        | {w.person for w in situation.waivers if w.id in waivers}
    )


def _instant(text: Any) -> datetime | None:
    return parse_instant(text) if text is not None else None
