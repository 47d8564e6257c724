"""Projectors of adopted editions."""

from __future__ import annotations

from pratique.store.changes import Change, Insert
from pratique.store.projection.values import Projector, Values, text


def _edition_adopted(v: Values, at: str) -> tuple[Change, ...]:
    row = {name: v[name] for name in ("id", "regime", "edition", "digest", "reason")}
    row |= {name: v.get(name) for name in ("was_edition", "was_digest", "person", "credential")}
    return (Insert("adoption", row | {"gates": text(v["gates"]), "content": text(v["content"]), "adopted_at": at}),)


#: By tag.
REGIMES: dict[str, Projector] = {"regime:edition:adopted": _edition_adopted}
