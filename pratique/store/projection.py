"""How the journal becomes rows: one pure function a tag, used by the writer and by replay alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pratique.canonical import canonical_json
from pratique.domain.entries import notice_key
from pratique.domain.revisions import Revision
from pratique.errors import IntegrityError
from pratique.store.changes import Change, Insert, Revise, Update

Values = Mapping[str, Any]
Projector = Callable[[Values, str], tuple[Change, ...]]

#: Stands in a digest column for "not evaluated yet".
NO_DIGEST = "0" * 64
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
    "produced_at",
    "observed_from",
    "observed_until",
    "valid_until",
)


def project(tag: str, values: Values, at: str) -> tuple[Change, ...]:
    """Return what an entry does to the rows, in order.

    Args:
        tag: the entry's tag.
        values: its members.
        at: when it was written (27 characters).

    Raises:
        IntegrityError: nobody knows this tag.
    """
    try:
        projector = _PROJECTORS[tag]
    except KeyError:
        raise IntegrityError(f"journal tag {tag!r} is unknown; this ledger was written by a newer version") from None
    return projector(values, at)


def _text(value: Any) -> str:
    return canonical_json(value).decode()


def _text_or_none(value: Any) -> str | None:
    return None if value is None else _text(value)


def _touched(v: Values, at: str) -> Change:
    return Update("gate_run", v["gate_run_id"], {"row_version": v["row_version"], "changed_at": at})


def _model_registered(v: Values, at: str) -> tuple[Change, ...]:
    row = {
        "id": v["id"],
        "model": v["model"],
        "version": v["model_version"],
        "profile": _text(v["profile"]),
        "profile_digest": v["profile_digest"],
        "registered_at": at,
        "changed_at": at,
        "weights_at": None,
        "authors": _text_or_none(v.get("authors")),
    }
    return (Insert("model_version", row),)


def _model_changed(v: Values, at: str) -> tuple[Change, ...]:
    row = {"profile": _text(v["profile"]), "profile_digest": v["profile_digest"], "changed_at": at}
    if "weights_at" in v:
        row["weights_at"] = v["weights_at"]
    if "authors" in v:
        row["authors"] = _text(v["authors"])
    return (Update("model_version", v["id"], row),)


def _event_received(v: Values, at: str) -> tuple[Change, ...]:
    row = {name: v[name] for name in ("id", "source", "event_id", "type", "model_version_id")}
    row |= {"gate_runs": _text(v["gate_runs"]), "not_opened": _text(v["not_opened"]), "received_at": at}
    return (Insert("event", row),)


def _spec_adopted(v: Values, at: str) -> tuple[Change, ...]:
    row = {"digest": v["digest"], "gate": v["gate"], "version": v["spec_version"], "edition": v["edition"]}
    return (Insert("gate_spec", row | {"body": _text(v["body"]), "adopted_at": at}),)


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
        return (Update("gate_run", v["id"], row | {"findings": _text(v["findings"])}),)
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
    return _text({"person": v["person"], "credential": v.get("credential"), "reason": v["reason"], "at": at})


def _run_reminded(v: Values, at: str) -> tuple[Change, ...]:
    row = {"row_version": v["row_version"], "reminded": v["rung"], "remind_at": v.get("remind_at")}
    return (Update("gate_run", v["id"], row),)


def _reading(v: Values) -> dict[str, Any]:
    extraction = v.get("extraction") or {}
    row = {name: extraction.get(name) for name in EXTRACTION_COLUMNS}
    row["complete"] = bool(row["complete"])
    return row | {
        "reading": v["reading"],
        "reading_reason": v.get("reading_reason"),
        "facts": _text(extraction.get("facts", {})),
    }


def _evidence_submitted(v: Values, at: str) -> tuple[Change, ...]:
    names = ("id", "model_version_id", "sha256", "size", "filename", "media_type", "submitter")
    row = {name: v[name] for name in names} | {"requirement": v.get("requirement"), "received_at": at}
    row["credential"] = v.get("credential")
    return (Insert("evidence", row | _reading(v)),)


def _evidence_read(v: Values, at: str) -> tuple[Change, ...]:
    return (Update("evidence", v["id"], _reading(v)),)


def _decision_made(v: Values, at: str) -> tuple[Change, ...]:
    names = ("id", "gate_run_id", "person", "role", "act", "reason", "basis")
    row = {name: v[name] for name in names} | {"at": at, "dismissed_at": None, "dismissed_why": None}
    row["credential"] = v.get("credential")
    return (Insert("decision", row), _touched(v, at))


def _decisions_dismissed(v: Values, at: str) -> tuple[Change, ...]:
    row = {"dismissed_at": at, "dismissed_why": v["why"]}
    return tuple(Update("decision", decision, row) for decision in v["decisions"])


def _waiver_granted(v: Values, at: str) -> tuple[Change, ...]:
    names = ("id", "gate_run_id", "requirement", "covers", "person", "reason", "expires_at")
    row = {name: v[name] for name in names} | {
        "evidence": v.get("evidence"),
        "granted_at": at,
        "revoked_at": None,
        "revoked_why": None,
        "credential": v.get("credential"),
        "revoked_by": None,
        "revoked_credential": None,
    }
    return (Insert("waiver", row), _touched(v, at))


def _waiver_revoked(v: Values, at: str) -> tuple[Change, ...]:
    row = {"revoked_at": at, "revoked_why": v["why"]}
    if "credential" in v:  # rows of before were written without these two
        row |= {"revoked_by": v["person"], "revoked_credential": v["credential"]}
    return (Update("waiver", v["id"], row), _touched(v, at))


def _notice(v: Values, at: str, *, told: Values, key: str) -> tuple[Change, ...]:
    row = {name: v[name] for name in ("gate_run_id", "kind", "severity")}
    row |= {"id": told["id"], "key": key, "person": told["person"]}
    row |= {"content": _text(v["content"]), "created_at": at, "acknowledged_at": None}
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


def _flow_started(v: Values, at: str) -> tuple[Change, ...]:
    row = {name: v.get(name) for name in ("id", "key", "flow", "name", "gate_run_id", "prefect_run_id", "url")}
    return (Insert("flow_run", row | {"state": "Running", "message": None, "started_at": at, "ended_at": None}),)


def _flow_ended(v: Values, at: str) -> tuple[Change, ...]:
    return (Update("flow_run", v["id"], {"state": v["state"], "message": v.get("message"), "ended_at": at}),)


def _token_issued(v: Values, at: str) -> tuple[Change, ...]:
    row = {name: v.get(name) for name in ("id", "label", "kind", "person", "secret_sha256", "expires_at")}
    return (Insert("token", row | {"scopes": _text(v["scopes"]), "issued_at": at, "revoked_at": None}),)


def _token_revoked(v: Values, at: str) -> tuple[Change, ...]:
    return (Update("token", v["id"], {"revoked_at": at}),)


def _nothing(v: Values, at: str) -> tuple[Change, ...]:
    return ()


_PROJECTORS: dict[str, Projector] = {
    "model:version:registered": _model_registered,
    "model:version:changed": _model_changed,
    "event:inbound:received": _event_received,
    "gate:spec:adopted": _spec_adopted,
    "gate:run:opened": _run_opened,
    "gate:run:evaluated": _run_evaluated,
    "gate:run:moved": _run_moved,
    "gate:run:dated": _run_dated,
    "gate:run:reminded": _run_reminded,
    "evidence:file:submitted": _evidence_submitted,
    "evidence:file:read": _evidence_read,
    "gate:decision:made": _decision_made,
    "gate:decision:dismissed": _decisions_dismissed,
    "gate:waiver:granted": _waiver_granted,
    "gate:waiver:revoked": _waiver_revoked,
    "notice:people:written": _notices_written,
    "notice:person:written": _notice_written,
    "notice:person:acknowledged": _notice_acknowledged,
    "notice:delivery:settled": _delivery_settled,
    "flow:run:started": _flow_started,
    "flow:run:ended": _flow_ended,
    "access:token:issued": _token_issued,
    "access:token:revoked": _token_revoked,
    "access:person:signed_in": _nothing,
    "access:login_link:made": _nothing,
}
