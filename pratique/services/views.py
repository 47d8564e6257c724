"""Gate runs and evidence as the API, the SDK and the pages show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pratique.canonical import stored_json
from pratique.domain.decisions import Act, Decision, tally
from pratique.domain.findings import PASSING
from pratique.domain.gates import WAITING_STATES, GateState
from pratique.domain.instances import owner_of
from pratique.domain.spec import GateSpec
from pratique.domain.times import instant_text, parse_instant
from pratique.errors import NotFoundError
from pratique.services import lookups
from pratique.services.authors import authors_behind
from pratique.services.needs import needs_of
from pratique.services.parts import Parts
from pratique.services.registers import risks_of
from pratique.services.situations import counting, decision_of, state_at
from pratique.services.specs import pinned_spec
from pratique.store.reader import Reader, Row

#: What a pipeline makes of a state; exit codes follow it.
OUTCOMES: Mapping[GateState, str] = {
    GateState.CLEARED: "cleared",
    GateState.IN_REVIEW: "awaiting_decision",
    GateState.OPEN: "blocked",
    GateState.RETURNED: "blocked",
    GateState.STALE: "blocked",
    GateState.REJECTED: "rejected",
    GateState.WITHDRAWN: "rejected",
}


def gate_view(reader: Reader, parts: Parts, run_id: str, *, version: Row | None = None) -> dict[str, Any]:
    """Return a gate run with every finding, who is waited on, until when, and links.

    Args:
        reader: a reader.
        parts: the engine.
        run_id: the gate run.
        version: the row of its model version, where the caller has it.

    Raises:
        NotFoundError: no such gate run.
    """
    parts = parts.bound()
    row = reader.one(lookups.GATE_RUN_PLAIN, id=run_id)
    if row is None:
        raise NotFoundError(f"gate run {run_id} does not exist")
    version = version or reader.one(lookups.MODEL_VERSION_BY_ID, id=row["model_version_id"]) or {}
    spec = pinned_spec(reader, parts, row["spec_digest"])
    decisions = reader.all(lookups.DECISIONS_OF_RUN, gate_run_id=run_id)
    waivers = reader.all(lookups.WAIVERS_OF_RUN, gate_run_id=run_id)
    is_per_risk = needs_of(spec, row["spec_digest"]).is_per_risk
    risks = risks_of(parts, version, spec.edition) if is_per_risk else ()
    findings = parts.findings.of(spec, row["spec_digest"], row["findings"], risks=risks)
    state = state_at(row, instant_text(parts.ledger.clock()))
    authors = authors_behind(reader, parts, version, spec, row)
    standing = _standing(parts, version["model"], state, decisions)
    sign_off = _sign_off(reader, spec, row, findings, standing, waivers, authors)
    return {
        **_head(row, version, spec, state),
        "findings": findings,
        "open_findings": row["open_findings"],
        "sign_off": sign_off,
        "waiting_on": _waiting_on(parts, spec, version["model"], state, findings, sign_off["waiting_roles"]),
        "waivers": [_waiver(waiver) for waiver in waivers],
        "decisions": [_decision(decision) for decision in decisions],
        "superseded_by": None if row["is_latest"] else _latest_occasion(reader, row),
        "weights_sha256": stored_json(version["profile"]).get("weights_sha256"),
        "does_not_show": spec.does_not_show,
        "links": _links(reader, parts, version, row),
    }


def waiting_on(reader: Reader, parts: Parts, row: Row, version: Row) -> list[dict[str, Any]]:
    """Return who is waited on at a gate run, as `gate_view` says it, and read no more than that needs.

    Args:
        reader: a reader.
        parts: the engine.
        row: id, occasion, spec_digest, state, recheck_at, findings and basis of the gate run.
        version: model, version, authors and risks_authors of its model version.
    """
    spec = pinned_spec(reader, parts, row["spec_digest"])
    findings = stored_json(row["findings"])
    state = state_at(row, instant_text(parts.ledger.clock()))
    roles: list[str] = []
    if state is GateState.IN_REVIEW:
        decisions = reader.all(lookups.DECISIONS_OF_RUN, gate_run_id=row["id"])
        waivers = reader.all(lookups.WAIVERS_OF_RUN, gate_run_id=row["id"])
        standing = _standing(parts, version["model"], state, decisions)
        authors = authors_behind(reader, parts, version, spec, row)
        roles = _sign_off(reader, spec, row, findings, standing, waivers, authors)["waiting_roles"]
    return _waiting_on(parts, spec, version["model"], state, findings, roles)


def _head(row: Row, version: Row, spec: GateSpec, state: GateState) -> dict[str, Any]:
    """Return what identifies a gate run, where it stands, and its dates."""
    as_stored = ("gate", "occasion", "spec_digest", "row_version", "opened_at", "changed_at", "follow_up_at", "due_at")
    return {
        "gate_run": row["id"],
        "model": version["model"],
        "version": version["version"],
        "title": spec.title,
        "decides": spec.decides,
        "edition": spec.edition,
        "spec_version": spec.version,
        "stage": spec.stage.value,
        "state": state.value,
        "outcome": OUTCOMES[state],
        **{name: row[name] for name in (*as_stored, "basis", "inputs")},
        "is_overdue": state in WAITING_STATES and row["reminded"] == "overdue" and bool(row["is_latest"]),
        "dated": stored_json(row["dated"]) if row["dated"] else None,
    }


def evidence_view(row: Row, version: Row) -> dict[str, Any]:
    """Return a piece of evidence as the API shows it."""
    shown = {k: v for k, v in row.items() if k not in ("model_version_id", "facts")}
    shown |= {
        "skew_seconds": _skew(row),
        "model": version["model"],
        "version": version["version"],
        "complete": bool(row["complete"]),
        "facts": stored_json(row["facts"]),
    }
    return shown


def _skew(row: Row) -> float | None:
    """Return how many seconds before its receipt a file says it was made; below zero, its clock was ahead of ours."""
    if row["produced_at"] is None:
        return None
    return (parse_instant(row["received_at"]) - parse_instant(row["produced_at"])).total_seconds()


def _sign_off(
    reader: Reader,
    spec: GateSpec,
    row: Row,
    findings: list[dict[str, Any]],
    standing: list[Decision],
    waivers: list[Row],
    authors: Mapping[str, list[str]],
) -> dict[str, Any]:
    signed = standing
    missing: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    if row["state"] != GateState.CLEARED:
        submitters = _submitters(reader, findings, waivers) if standing else frozenset()
        count = tally(spec.sign_off, standing, basis=row["basis"], submitters=submitters | authors.keys())
        signed = [d for d in standing if d.person in count.signed and d.basis == row["basis"]]
        missing, waiting = count.missing, count.waiting_roles
    return {
        "roles": dict(spec.sign_off.roles),
        "four_eyes": spec.sign_off.four_eyes,
        "profile_set_by": [{"by": by, "values": values} for by, values in authors.items()],
        "signed": [
            {"person": d.person, "role": d.role, "at": instant_text(d.at), "on_this_basis": d.basis == row["basis"]}
            for d in signed
        ],
        "missing": list(missing),
        "waiting_roles": list(dict.fromkeys(waiting)),
    }


def _standing(parts: Parts, model: str, state: GateState, decisions: list[Row]) -> list[Decision]:
    """Return the decisions that count; those that cleared a gate stand as long as it is cleared."""
    if state is GateState.CLEARED:
        undismissed = [decision_of(row) for row in decisions if row["dismissed_at"] is None]
        return [d for d in undismissed if d.act is Act.CLEAR]
    return counting(decisions, people=parts.people, model=model)


def _submitters(reader: Reader, findings: list[dict[str, Any]], waivers: list[Row]) -> frozenset[str]:
    evidence = {f["evidence"] for f in findings if f.get("evidence")}
    waived = {f["waiver"] for f in findings if f.get("waiver")}
    rows = (reader.one(lookups.EVIDENCE, id=evidence_id) for evidence_id in evidence)
    submitters = {row["submitter"] for row in rows if row is not None}
    return frozenset(submitters | {row["person"] for row in waivers if row["id"] in waived})


def _waiting_on(
    parts: Parts, spec: GateSpec, model: str, state: GateState, findings: list[dict[str, Any]], roles: list[str]
) -> list[dict[str, Any]]:
    if state not in WAITING_STATES:
        return []
    if state is GateState.IN_REVIEW:
        return [_wait(parts, model, role, "decision", []) for role in roles]
    owed: dict[str, list[str]] = {}
    for value in findings:
        if value.get("enforced", True) and value["status"] not in PASSING:
            owed.setdefault(owner_of(spec, value["requirement"]), []).append(value["requirement"])
    return [_wait(parts, model, role, "evidence", ids) for role, ids in (owed or {"owner": []}).items()]


def _wait(parts: Parts, model: str, role: str, what: str, requirements: list[str]) -> dict[str, Any]:
    people = [p.id for p in parts.people.holding(role, model)]
    return {"role": role, "people": people, "for": what, "requirements": requirements}


def _waiver(row: Row) -> dict[str, Any]:
    return {k: v for k, v in row.items() if k != "gate_run_id"}


def _decision(row: Row) -> dict[str, Any]:
    dismissed = None
    if row["dismissed_at"] is not None:
        dismissed = {"at": row["dismissed_at"], "why": row["dismissed_why"]}
    return {
        **{k: row[k] for k in ("id", "person", "role", "act", "reason", "basis", "at", "credential")},
        "dismissed": dismissed,
    }


def _latest_occasion(reader: Reader, row: Row) -> str | None:
    latest = reader.one(lookups.GATE_RUN_LATEST, model_version_id=row["model_version_id"], gate=row["gate"])
    return latest["occasion"] if latest is not None else None


def _links(reader: Reader, parts: Parts, version: Row, row: Row) -> dict[str, Any]:
    base = parts.settings.base_url
    path = f"/models/{version['model']}"
    of_version = f"{base}/v1{path}/versions/{version['version']}"
    return {
        "self": f"{of_version}/gates/{row['gate']}?occasion={row['occasion']}",
        "page": f"{base}{path}/{version['version']}/gates/{row['gate']}?occasion={row['occasion']}",
        "evidence": f"{of_version}/evidence",
        "prefect": reader.value(lookups.FLOW_URL_OF_GATE, gate_run_id=row["id"]),
    }
