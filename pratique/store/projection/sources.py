"""Projector of what was collected by itself."""

from __future__ import annotations

from pratique.store.changes import Change, Insert
from pratique.store.projection.values import Projector, Values, text


def _collected(v: Values, at: str) -> tuple[Change, ...]:
    names = ("id", "source", "model_version_id", "state", "reason", "failures", "as_of", "credential")
    row = {name: v[name] for name in names}
    return (
        Insert("source_collection", row | {"succeeded_at": v.get("succeeded_at"), "files": text(v["files"]), "at": at}),
    )


#: By tag.
SOURCES: dict[str, Projector] = {"source:version:collected": _collected}
