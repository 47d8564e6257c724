"""Projectors of gate specs and gate runs."""

from __future__ import annotations

from pratique.domain.revisions import Revision
from pratique.store.changes import Change, Insert, Revise, Update
from pratique.store.projection.values import Projector, Values, text

#: Stands in a digest column for "not evaluated yet".
NO_DIGEST = "0" * 64


def _spec_adopted(v: Values, at: str) -> tuple[Change, ...]:
    row = {"digest": v["digest"], "gate": v["gate"], "version": v["spec_version"], "edition": v["edition"]}
    return (Insert("gate_spec", row | {"body": text(v["body"]), "adopted_at": at}),)


def _run_opened(v: Values, at: str) -> tuple[Change, ...]:
    row = {
        **{name: v[name] for name in ("id", "model_version_id", "gate", "occasion", "spec_digest")},
        **{name: v[name] for name in ("follow_up_at", "due_at")},
        **{name: v.get(name, NO_DIGEST) for name in ("basis", "inputs")},
        "is_latest": True,
        "state": "open",
        "row_version": 1,
        "findings": "[]",
        "open_findings": 0,
        "opened_at": at,
        "changed_at": at,
        "recheck_at": None,
        "remind_at": v["follow_up_at"],
        "reminded": None,
        "dated": None,
    }
    opened = Insert("gate_run", row)
    if "supersedes" in v:
        return (Update("gate_run", v["supersedes"], {"is_latest": False}), opened)
    return (opened,)


def _run_evaluated(v: Values, at: str) -> tuple[Change, ...]:
    row = {
        **{name: v[name] for name in ("row_version", "state", "open_findings", "basis", "inputs")},
        "recheck_at": v.get("recheck_at"),
        "remind_at": v.get("remind_at"),
        "changed_at": at,
    }
    if "kept" not in v:  # the whole list, as every entry of version 1 has it
        return (Update("gate_run", v["id"], row | {"findings": text(v["findings"])}),)
    revision = Revision(v["findings"], v["kept"])
    return (Revise("gate_run", v["id"], row, "findings", revision, v["findings_digest"]),)


def _run_moved(v: Values, at: str) -> tuple[Change, ...]:
    row = {"row_version": v["row_version"], "state": v["state"], "remind_at": v.get("remind_at"), "changed_at": at}
    return (Update("gate_run", v["id"], row),)


def _run_dated(v: Values, at: str) -> tuple[Change, ...]:
    row = {name: v[name] for name in ("row_version", "follow_up_at", "due_at")}
    row |= {"remind_at": v.get("remind_at"), "reminded": None, "changed_at": at}
    return (Update("gate_run", v["id"], row | {"dated": _mover(v, at)}),)


def _mover(v: Values, at: str) -> str | None:
    """Return who moved the dates; entries of before, and those of the engine, name nobody."""
    if "person" not in v:
        return None
    return text({"person": v["person"], "credential": v.get("credential"), "reason": v["reason"], "at": at})


def _run_reminded(v: Values, at: str) -> tuple[Change, ...]:
    row = {"row_version": v["row_version"], "reminded": v["rung"], "remind_at": v.get("remind_at")}
    return (Update("gate_run", v["id"], row),)


def _run_repinned(v: Values, at: str) -> tuple[Change, ...]:
    row = {"row_version": v["row_version"], "spec_digest": v["spec_digest"], "changed_at": at}
    return (Update("gate_run", v["id"], row),)


#: By tag.
GATES: dict[str, Projector] = {
    "gate:spec:adopted": _spec_adopted,
    "gate:run:opened": _run_opened,
    "gate:run:evaluated": _run_evaluated,
    "gate:run:moved": _run_moved,
    "gate:run:dated": _run_dated,
    "gate:run:reminded": _run_reminded,
    "gate:run:repinned": _run_repinned,
}
