"""From rows to what an evaluation looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select

from pratique.canonical import digest_of, stored_json
from pratique.domain.decisions import Act, Decision, Waiver
from pratique.domain.evaluation import Situation
from pratique.domain.evidence import Evidence, Extraction, Reading
from pratique.domain.findings import Finding, FindingStatus
from pratique.domain.gates import GateState
from pratique.domain.limits import TimeLimit
from pratique.domain.people import People
from pratique.domain.spec import GateSpec
from pratique.domain.times import instant_text, parse_instant
from pratique.services import lookups
from pratique.services.attesters import attested, attesters_of
from pratique.services.effective_profile import effective_profile, recorded_profile
from pratique.services.needs import Needs, needs_of
from pratique.services.parts import Parts
from pratique.services.registers import risks_of, values_of
from pratique.store.queries import Query
from pratique.store.reader import Reader, Row

#: Pieces of evidence, and profiles, kept as parsed; each is looked at again with every event of its model version.
#: They are handed out as the same objects, by which the memory of verdicts tells that nothing changed.
_MAX_SEEN = 4096
#: What identifies the facts of evidence: rows are changed by being read, and by being purged, which takes them out.
_THAT_COUNT = Query(
    select(lookups.evidence.c.id, lookups.evidence.c.reading, lookups.evidence.c.collector_version)
    .where(lookups.evidence.c.model_version_id == bindparam("model_version_id"), lookups.evidence.c.purged_at.is_(None))
    .order_by(lookups.evidence.c.received_at, lookups.evidence.c.id)
)


def load_situation(reader: Reader, parts: Parts, run: Row, version: Row, now: datetime, *, spec: GateSpec) -> Situation:
    """Return everything that the evaluation of a gate run looks at.

    A file that was not read yet says nothing against a clearance; it holds up what is still to be cleared.

    Args:
        reader: a reader.
        parts: the engine.
        run: the whole row of the gate run.
        version: the whole row of its model version.
        now: the moment.
        spec: the spec that the run pinned.
    """
    needs = needs_of(spec, run["spec_digest"])
    profile = judged_profile(reader, parts, version, now, spec=spec, needs=needs)
    evidence = _evidence_of_version(reader, parts, version["id"])
    if run["state"] == GateState.CLEARED:
        evidence = [e for e in evidence if e.reading is not Reading.PENDING]
    at = instant_text(now)
    return Situation(
        gate_run=run["id"],
        spec_digest=run["spec_digest"],
        model=version["model"],
        version=version["version"],
        profile=profile.values,
        profile_digest=profile.digest,
        profile_until=profile.until,
        evidence=evidence,
        waivers=[waiver_of(row) for row in reader.all(lookups.WAIVERS_OF_RUN, gate_run_id=run["id"])],
        gates={
            row["gate"]: state_at(row, at) for row in reader.all(lookups.LATEST_STATES, model_version_id=version["id"])
        },
        weights_at=_instant(version["weights_at"]),
        limits=_limits(reader, parts, run, needs) if needs.clocks else (),
        occasion_since=occasion_since(reader, run) if needs.is_per_occasion else None,
        is_cleared=spec.settled_when is not None and run["state"] == GateState.CLEARED,
    )


def state_at(row: Row, at: str) -> GateState:
    """Return where a gate run stands at `at`: a clearance whose ground ran out is stale, swept or not."""
    state = GateState(row["state"])
    if state is GateState.CLEARED and row["recheck_at"] is not None and row["recheck_at"] <= at:
        return GateState.STALE
    return state


class JudgedProfile(NamedTuple):
    """The profile that a spec is judged on. What the spec does not look at changes nothing that people signed."""

    values: dict[str, Any]  #: the stored profile, with the derived members that the spec names
    digest: str  #: of just these
    until: datetime | None  #: when it becomes another one by itself


def judged_profile(
    reader: Reader, parts: Parts, version: Row, now: datetime, *, spec: GateSpec, needs: Needs
) -> JudgedProfile:
    """Return the profile that a spec is judged on at `now`. The same digest gives the same object."""
    if not needs.derived:
        text = version["profile"]
        return JudgedProfile(_kept(parts, text, lambda: recorded_profile(text)), version["profile_digest"], None)
    others = sorted(needs.derived - {"risks"})
    effective = effective_profile(reader, parts, version, now) if others else None
    digest = effective.digest_for(others) if effective is not None else version["profile_digest"]
    if "risks" in needs.derived:  # as the edition of the spec has it which are always assessed
        identified = [list(risk) for risk in risks_of(parts, version, spec.edition)]
        digest = digest_of({"profile": digest, "risks": [version["risks_digest"], identified]})

    def values() -> dict[str, Any]:
        known = {name: effective.values[name] for name in others if name in effective.values} if effective else {}
        if "risks" in needs.derived:
            known["risks"] = values_of(parts, version, spec.edition)
        return {**recorded_profile(version["profile"]), **known}

    return JudgedProfile(_kept(parts, digest, values), digest, effective.changes_at if effective else None)


def _kept(parts: Parts, key: str, values: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    profile = parts.profiles.get(key)
    if profile is None:
        if len(parts.profiles) >= _MAX_SEEN:
            parts.profiles.clear()
        profile = parts.profiles[key] = values()
    return profile


def _limits(reader: Reader, parts: Parts, run: Row, needs: Needs) -> list[TimeLimit]:
    """Return the clocks that a spec asks for: of the model version, and of the occasion of the gate run."""
    rows = reader.all(lookups.CLOCKS_OF_VERSION, model_version_id=run["model_version_id"])
    since, edition = occasion_since(reader, run), parts.rules.edition
    rules = edition.clocks.rules if edition is not None and edition.clocks is not None else ()
    of_things = frozenset(rule.id for rule in rules if rule.about != "model")
    return [limit_of(row) for row in rows if row["rule"] in needs.clocks and _concerns(row, run, since, of_things)]


def _concerns(row: Row, run: Row, since: datetime | None, of_things: frozenset[str]) -> bool:
    """True for a clock that a gate run is about.

    Args:
        row: the clock.
        run: the gate run.
        since: when it was opened, where it is not the first of its gate.
        of_things: rules whose clocks are about an incident, a request, a change. One that names none belongs to the run
            in whose time it began: what was done for an earlier change says nothing of this one.
    """
    if row["about"] is not None:
        return bool(row["about"] == run["occasion"])
    return since is None or row["rule"] not in of_things or parse_instant(row["start_at"]) >= since


def limit_of(row: Row) -> TimeLimit:
    """Return the time limit that a row of a clock describes."""
    content = stored_json(row["content"])
    return TimeLimit(
        rule=row["rule"],
        about=row["about"],
        state=row["state"],
        start_at=parse_instant(row["start_at"]),
        due_on=row["due_on"],
        due_at=_instant(row["due_at"]),
        met_at=_instant(row["met_at"]),
        reason=content.get("reason") or "",
        trigger=content.get("trigger"),
        met_by=content.get("met_by"),
        circumstances=content.get("circumstances") or "",
        unknown=content.get("unknown"),
    )


def occasion_since(reader: Reader, run: Row) -> datetime | None:
    """Return when a gate run was opened, where it is not the first of its gate."""
    first = reader.value(lookups.GATE_RUN_FIRST, model_version_id=run["model_version_id"], gate=run["gate"])
    return None if first == run["id"] else parse_instant(run["opened_at"])


def _evidence_of_version(reader: Reader, parts: Parts, version_id: str) -> list[Evidence]:
    rows = reader.all(_THAT_COUNT, model_version_id=version_id)
    people = attesters_of(reader, version_id)
    named = ((row["id"], row["reading"], row["collector_version"], people.get(row["id"], ())) for row in rows)
    seen = [parts.evidence.get(name) for name in named]
    known = [evidence for evidence in seen if evidence is not None]
    if len(known) == len(rows):
        return known
    all_rows = reader.all(lookups.EVIDENCE_OF_VERSION, model_version_id=version_id)
    found = [evidence_of(row, people.get(row["id"], ())) for row in all_rows if row["purged_at"] is None]
    if len(parts.evidence) + len(found) > _MAX_SEEN:
        parts.evidence.clear()
    parts.evidence.update({(e.id, e.reading.value, _reader_of(e), e.attested_by): e for e in found})
    return found


def _reader_of(evidence: Evidence) -> str | None:
    return evidence.extraction.collector_version if evidence.extraction is not None else None


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


def evidence_of(row: Row, attested_by: tuple[str, ...] = ()) -> Evidence:
    """Return the evidence that a row describes, with the people who attest it."""
    return Evidence(
        id=row["id"],
        sha256=row["sha256"],
        filename=row["filename"],
        received_at=parse_instant(row["received_at"]),
        submitter=row["submitter"],
        reading=Reading(row["reading"]),
        reading_reason=row["reading_reason"],
        requirement=row["requirement"],
        revises=row["revises"],
        attested_by=attested_by,
        extraction=_extraction_of(row, attested_by) if row["reading"] == Reading.READ else None,
    )


def _extraction_of(row: Row, attested_by: tuple[str, ...]) -> Extraction:
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
        subject_version=row["subject_version"],
        subject_digest=row["subject_digest"],
        produced_at=_instant(row["produced_at"]),
        observed_from=_instant(row["observed_from"]),
        observed_until=_instant(row["observed_until"]),
        valid_until=_instant(row["valid_until"]),
        facts=attested(stored_json(row["facts"]), attested_by, row["submitter"]),
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
    """Return the people behind what findings rest on: who submitted or attested evidence, who granted waivers."""
    evidence = {f.evidence for f in findings}
    waivers = {f.waiver for f in findings}
    return frozenset(
        {person for e in situation.evidence if e.id in evidence for person in (e.submitter, *e.attested_by)}
        | {w.person for w in situation.waivers if w.id in waivers}
    )


def _instant(text: Any) -> datetime | None:
    return parse_instant(text) if text is not None else None
