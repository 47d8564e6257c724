"""Projectors of model versions and of the events about them."""

from __future__ import annotations

from pratique.store.changes import Change, Insert, Update
from pratique.store.projection.values import Projector, Values, text, text_or_none


def _model_registered(v: Values, at: str) -> tuple[Change, ...]:
    row = {
        "id": v["id"],
        "model": v["model"],
        "version": v["model_version"],
        "profile": text(v["profile"]),
        "profile_digest": v["profile_digest"],
        "registered_at": at,
        "changed_at": at,
        "weights_at": None,
        "authors": text_or_none(v.get("authors")),
        "risks": None,
        "risks_digest": None,
        "risks_authors": None,
        "profile_changes_at": None,
    }
    return (Insert("model_version", row),)


def _model_changed(v: Values, at: str) -> tuple[Change, ...]:
    row = {"profile": text(v["profile"]), "profile_digest": v["profile_digest"], "changed_at": at}
    if "weights_at" in v:
        row["weights_at"] = v["weights_at"]
    if "authors" in v:
        row["authors"] = text(v["authors"])
    return (Update("model_version", v["id"], row),)


def _profile_dated(v: Values, at: str) -> tuple[Change, ...]:
    return (Update("model_version", v["id"], {"profile_changes_at": v.get("changes_at")}),)


def _register_recorded(v: Values, at: str) -> tuple[Change, ...]:
    row = {"risks": text(v["register"]), "risks_digest": v["digest"], "risks_authors": text_or_none(v.get("authors"))}
    return (Update("model_version", v["id"], row | {"changed_at": at}),)


def _event_received(v: Values, at: str) -> tuple[Change, ...]:
    row = {name: v[name] for name in ("id", "source", "event_id", "type", "model_version_id")}
    row |= {"gate_runs": text(v["gate_runs"]), "not_opened": text(v["not_opened"]), "received_at": at}
    return (Insert("event", row),)


#: By tag.
MODELS: dict[str, Projector] = {
    "model:version:registered": _model_registered,
    "model:version:changed": _model_changed,
    "model:profile:dated": _profile_dated,
    "model:register:recorded": _register_recorded,
    "event:inbound:received": _event_received,
}
