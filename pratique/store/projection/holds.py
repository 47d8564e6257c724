"""Projectors of holds and purges."""

from __future__ import annotations

from pratique.store.changes import Change, Insert, Update
from pratique.store.projection.values import Projector, Values, text


def _hold_placed(v: Values, at: str) -> tuple[Change, ...]:
    row = {name: v.get(name) for name in ("sha256", "model_version_id", "credential")}
    row |= {name: v[name] for name in ("id", "reason", "person")} | {"placed_at": at}
    row |= dict.fromkeys(("lifted_at", "lifted_why", "lifted_by", "lifted_credential"))
    return (Insert("evidence_hold", row),)


def _hold_lifted(v: Values, at: str) -> tuple[Change, ...]:
    row = {"lifted_at": at, "lifted_why": v["reason"], "lifted_by": v["person"]}
    return (Update("evidence_hold", v["id"], row | {"lifted_credential": v.get("credential")}),)


def _evidence_purged(v: Values, at: str) -> tuple[Change, ...]:
    row = {name: v[name] for name in ("id", "sha256", "size", "reason")} | {
        "evidence": text(v["evidence"]),
        "allowed": text(v["allowed"]),
        "kept_until": v.get("kept_until"),
        "credential": v.get("credential"),
        "purged_at": at,
    }
    return (Insert("evidence_purge", row), *(Update("evidence", one["id"], {"purged_at": at}) for one in v["evidence"]))


#: By tag.
HOLDS: dict[str, Projector] = {
    "evidence:hold:placed": _hold_placed,
    "evidence:hold:lifted": _hold_lifted,
    "evidence:file:purged": _evidence_purged,
}
