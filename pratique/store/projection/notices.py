"""Projectors of notices and deliveries."""

from __future__ import annotations

from pratique.domain.entries import notice_key
from pratique.store.changes import Change, Insert, Update
from pratique.store.projection.values import Projector, Values, text


def _notice(v: Values, at: str, *, told: Values, key: str) -> tuple[Change, ...]:
    row = {name: v[name] for name in ("gate_run_id", "kind", "severity")}
    row |= {"id": told["id"], "key": key, "person": told["person"]}
    row |= {"content": text(v["content"]), "created_at": at, "acknowledged_at": None}
    deliveries = (
        Insert(
            "delivery",
            {
                "id": d["id"],
                "notice_id": told["id"],
                "channel": d["channel"],
                "status": "pending",
                "failures": 0,
                "next_at": at,
                "reason": None,
                "settled_at": None,
            },
        )
        for d in told["deliveries"]
    )
    return (Insert("notice", row), *deliveries)


def _notices_written(v: Values, at: str) -> tuple[Change, ...]:
    changes: list[Change] = []
    for told in v["notices"]:
        key = notice_key(v["gate_run_id"], v["kind"], v["occurrence"], told["person"])
        changes += _notice(v, at, told=told, key=key)
    return tuple(changes)


def _notice_written(v: Values, at: str) -> tuple[Change, ...]:
    return _notice(v, at, told=v, key=v["key"])


def _notice_acknowledged(v: Values, at: str) -> tuple[Change, ...]:
    return (Update("notice", v["id"], {"acknowledged_at": at}),)


def _delivery_settled(v: Values, at: str) -> tuple[Change, ...]:
    row = {
        "status": v["status"],
        "failures": v["failures"],
        "next_at": v.get("next_at"),
        "reason": v.get("reason"),
        "settled_at": None if v["status"] == "pending" else at,
    }
    return (Update("delivery", v["id"], row),)


#: By tag.
NOTICES: dict[str, Projector] = {
    "notice:people:written": _notices_written,
    "notice:person:written": _notice_written,
    "notice:person:acknowledged": _notice_acknowledged,
    "notice:delivery:settled": _delivery_settled,
}
