"""Projectors of what tools send to the hooks."""

from __future__ import annotations

from pratique.store.changes import Change, Insert, Update
from pratique.store.projection.values import Projector, Values, text


def _received(v: Values, at: str) -> tuple[Change, ...]:
    names = ("id", "source", "kind", "delivery", "found_by", "body", "is_base64", "sha256", "size")
    row = {name: v[name] for name in names} | {"headers": text(v["headers"]), "received_at": at}
    row |= {"state": "received", "reason": "", "events": "[]"}
    row |= dict.fromkeys(("rules_digest", "settled_at", "settled_by"))
    return (Insert("hook_delivery", row),)


def _settled(v: Values, at: str) -> tuple[Change, ...]:
    row = {name: v[name] for name in ("state", "reason", "rules_digest")}
    row |= {"events": text(v["events"]), "settled_at": at, "settled_by": v.get("person") or v.get("credential")}
    return (Update("hook_delivery", v["id"], row),)


def _reconciled(v: Values, at: str) -> tuple[Change, ...]:
    row = {name: v[name] for name in ("id", "source", "mark", "seen")}
    return (Insert("hook_mark", row | {"found": len(v["found"]), "at": at}),)


#: By tag.
HOOKS: dict[str, Projector] = {
    "hook:delivery:received": _received,
    "hook:delivery:settled": _settled,
    "hook:source:reconciled": _reconciled,
}
