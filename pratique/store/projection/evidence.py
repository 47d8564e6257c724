"""Projectors of evidence."""

from __future__ import annotations

from typing import Any

from pratique.store.changes import Change, Insert, Update
from pratique.store.projection.values import Projector, Values, text

#: Columns of `evidence` that come from an extraction, under the same names.
EXTRACTION_COLUMNS = (
    "kind",
    "collector",
    "collector_version",
    "tool",
    "complete",
    "incomplete_reason",
    "planned",
    "done",
    "errors",
    "subject",
    "subject_version",
    "subject_digest",
    "produced_at",
    "observed_from",
    "observed_until",
    "valid_until",
)


def _reading(v: Values) -> dict[str, Any]:
    extraction = v.get("extraction") or {}
    row = {name: extraction.get(name) for name in EXTRACTION_COLUMNS}
    row["complete"] = bool(row["complete"])
    return row | {
        "reading": v["reading"],
        "reading_reason": v.get("reading_reason"),
        "facts": text(extraction.get("facts", {})),
    }


def _evidence_submitted(v: Values, at: str) -> tuple[Change, ...]:
    names = ("id", "model_version_id", "sha256", "size", "filename", "media_type", "submitter")
    row = {name: v[name] for name in names} | {"requirement": v.get("requirement"), "received_at": at}
    row |= {"credential": v.get("credential"), "revises": v.get("revises"), "purged_at": None}
    return (Insert("evidence", row | _reading(v)),)


def _evidence_read(v: Values, at: str) -> tuple[Change, ...]:
    return (Update("evidence", v["id"], _reading(v)),)


#: By tag.
EVIDENCE: dict[str, Projector] = {
    "evidence:file:submitted": _evidence_submitted,
    "evidence:file:read": _evidence_read,
}
