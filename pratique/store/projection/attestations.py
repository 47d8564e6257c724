"""Projectors of attestations."""

from __future__ import annotations

from pratique.store.changes import Change, Insert, Update
from pratique.store.projection.values import Projector, Values

_NAMES = ("id", "evidence", "model_version_id", "sha256", "statement", "person", "role")


def _made(v: Values, at: str) -> tuple[Change, ...]:
    row = {name: v[name] for name in _NAMES} | {"credential": v.get("credential"), "attested_at": at}
    row |= dict.fromkeys(("withdrawn_at", "withdrawn_why", "withdrawn_by", "withdrawn_credential"))
    return (Insert("evidence_attestation", row),)


def _withdrawn(v: Values, at: str) -> tuple[Change, ...]:
    row = {"withdrawn_at": at, "withdrawn_why": v["reason"], "withdrawn_by": v["person"]}
    return (Update("evidence_attestation", v["id"], row | {"withdrawn_credential": v.get("credential")}),)


#: By tag.
ATTESTATIONS: dict[str, Projector] = {
    "evidence:attestation:made": _made,
    "evidence:attestation:withdrawn": _withdrawn,
}
