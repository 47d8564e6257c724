"""Projectors of what is told outside. Messages are work, as the outbox is: no row follows from how they ended."""

from __future__ import annotations

from pratique.store.changes import Change, Insert
from pratique.store.projection.values import Projector, Values


def _turned(v: Values, at: str) -> tuple[Change, ...]:
    row = {name: v[name] for name in ("id", "subscription", "state", "reason")}
    return (Insert("subscription_state", row | {"credential": v.get("credential"), "at": at}),)


def _settled(_v: Values, _at: str) -> tuple[Change, ...]:
    return ()


#: By tag.
SUBSCRIPTIONS: dict[str, Projector] = {
    "subscription:state:turned": _turned,
    "subscription:answer:settled": _settled,
}
