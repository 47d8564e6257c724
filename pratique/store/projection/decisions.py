"""Projectors of decisions and waivers."""

from __future__ import annotations

from pratique.store.changes import Change, Insert, Update
from pratique.store.projection.values import Projector, Values


def _touched(v: Values, at: str) -> Change:
    return Update("gate_run", v["gate_run_id"], {"row_version": v["row_version"], "changed_at": at})


def _decision_made(v: Values, at: str) -> tuple[Change, ...]:
    names = ("id", "gate_run_id", "person", "role", "act", "reason", "basis")
    row = {name: v[name] for name in names} | {"at": at, "dismissed_at": None, "dismissed_why": None}
    row["credential"] = v.get("credential")
    return (Insert("decision", row), _touched(v, at))


def _decisions_dismissed(v: Values, at: str) -> tuple[Change, ...]:
    row = {"dismissed_at": at, "dismissed_why": v["why"]}
    return tuple(Update("decision", decision, row) for decision in v["decisions"])


def _waiver_granted(v: Values, at: str) -> tuple[Change, ...]:
    names = ("id", "gate_run_id", "requirement", "covers", "person", "reason", "expires_at")
    row = {name: v[name] for name in names} | {
        "evidence": v.get("evidence"),
        "granted_at": at,
        "revoked_at": None,
        "revoked_why": None,
        "credential": v.get("credential"),
        "revoked_by": None,
        "revoked_credential": None,
    }
    return (Insert("waiver", row), _touched(v, at))


def _waiver_revoked(v: Values, at: str) -> tuple[Change, ...]:
    row = {"revoked_at": at, "revoked_why": v["why"]}
    if "credential" in v:  # rows of before were written without these two
        row |= {"revoked_by": v["person"], "revoked_credential": v["credential"]}
    return (Update("waiver", v["id"], row), _touched(v, at))


#: By tag.
DECISIONS: dict[str, Projector] = {
    "gate:decision:made": _decision_made,
    "gate:decision:dismissed": _decisions_dismissed,
    "gate:waiver:granted": _waiver_granted,
    "gate:waiver:revoked": _waiver_revoked,
}
