"""Projectors of the provider's profile and of the compute ledger."""

from __future__ import annotations

from pratique.store.changes import Change, Insert, Update
from pratique.store.projection.values import Projector, Values, text, text_or_none


def _provider(v: Values, at: str) -> dict[str, str | None]:
    return {
        "profile": text(v["profile"]),
        "digest": v["digest"],
        "changed_at": at,
        "authors": text_or_none(v.get("authors")),
    }


def _provider_recorded(v: Values, at: str) -> tuple[Change, ...]:
    return (Insert("provider", {"id": v["id"], **_provider(v, at)}),)


def _provider_changed(v: Values, at: str) -> tuple[Change, ...]:
    return (Update("provider", v["id"], _provider(v, at)),)


def _compute_recorded(v: Values, at: str) -> tuple[Change, ...]:
    names = ("id", "model_version_id", "run", "kind", "flop", "begins_at", "ends_at", "purpose", "source")
    row = {name: v[name] for name in names} | {name: v.get(name) for name in ("person", "credential")}
    row |= dict.fromkeys(("withdrawn_at", "withdrawn_why", "withdrawn_by"))
    return (Insert("compute", row | {"recorded_at": at}),)


def _compute_withdrawn(v: Values, at: str) -> tuple[Change, ...]:
    row = {"withdrawn_at": at, "withdrawn_why": v["reason"], "withdrawn_by": v.get("person") or v.get("credential")}
    return (Update("compute", v["id"], row),)


#: By tag.
PROFILES: dict[str, Projector] = {
    "provider:profile:recorded": _provider_recorded,
    "provider:profile:changed": _provider_changed,
    "model:compute:recorded": _compute_recorded,
    "model:compute:withdrawn": _compute_withdrawn,
}
