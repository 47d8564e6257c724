"""Announcing: a message for each subscription that hears of what a command did, in the command's own transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pratique.answers.subscriptions import topic_of
from pratique.canonical import canonical_json
from pratique.domain.subscriptions import AnswerState, Happening
from pratique.services import lookups
from pratique.services.parts import Parts
from pratique.store.journal import Entry
from pratique.store.reader import Row
from pratique.store.transaction import Transaction

#: Findings that a message lists; a receiver that wants them all asks the engine.
_MOST_FINDINGS = 100
_OPENED, _EVALUATED, _MOVED = "gate:run:opened", "gate:run:evaluated", "gate:run:moved"
_WAIVED, _UNWAIVED = "gate:waiver:granted", "gate:waiver:revoked"
#: Entries that tell of a gate.
TOLD = frozenset({_OPENED, _EVALUATED, _MOVED, _WAIVED, _UNWAIVED})
_PLAIN = {_OPENED: Happening.OPENED, _WAIVED: Happening.WAIVER_GRANTED, _UNWAIVED: Happening.WAIVER_REVOKED}


def announce(tx: Transaction, parts: Parts) -> None:
    """Put a message for each subscription concerned into the outbox."""
    for entry in [entry for entry in tx.entries if entry.tag in TOLD]:
        values = json.loads(entry.body)["values"]
        run_id = values.get("gate_run_id") or values["id"]
        run = tx.one(lookups.GATE_RUN_PLAIN, id=run_id)
        version = tx.one(lookups.MODEL_VERSION_BY_ID, id=run["model_version_id"]) if run is not None else None
        if run is None or version is None:
            continue
        happening = happening_of(entry.tag, values)
        wanting = [
            name
            for name, one in parts.subscriptions.by_name.items()
            if one.filter.lets_through(happening, model=version["model"], gate=run["gate"])
        ]
        if wanting:
            body = canonical_json(_event(parts, entry, happening, values, run, version)).decode()
            for name in wanting:
                put(tx, name, key=f"{name}/{entry.id}", happening=happening, body=body, run_id=run_id)


def happening_of(tag: str, values: Mapping[str, Any]) -> Happening:
    """Return what an entry of one of the `TOLD` tags is told as."""
    if tag in _PLAIN:
        return _PLAIN[tag]
    if values["state"] == values["was"]:
        return Happening.FINDINGS_CHANGED
    return Happening.REOPENED if values["state"] == "open" else Happening(values["state"])


def put(tx: Transaction, subscription: str, *, key: str, happening: Happening, body: str, run_id: str | None) -> str:
    """Make a message, and the work of sending it; return its id."""
    answer_id = tx.new_id()
    tx.insert(
        "answer",
        id=answer_id,
        key=key,
        subscription=subscription,
        type=happening.type,
        gate_run_id=run_id,
        body=body,
        state=AnswerState.WAITING.value,
        attempts=0,
        failures=0,
        reason="",
        next_at=tx.at,
        created_at=tx.at,
        settled_at=None,
    )
    tx.enqueue(topic_of(subscription), f"answer:{answer_id}:0", {"answer": answer_id})
    return answer_id


def cloud_event(
    parts: Parts, *, event_id: str, happening: Happening, at: str, subject: str, data: dict[str, Any]
) -> dict[str, Any]:
    """Return a CloudEvent 1.0 in its structured JSON form."""
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": parts.settings.base_url,
        "type": happening.type,
        "subject": subject,
        "time": at,
        "datacontenttype": "application/json",
        "data": data,
    }


def _event(
    parts: Parts, entry: Entry, happening: Happening, values: Mapping[str, Any], run: Row, version: Row
) -> dict[str, Any]:
    """Return the event: states and names, no reasons that people wrote, no facts of evidence, nobody's name."""
    path = f"/models/{version['model']}/{version['version']}/gates/{run['gate']}?occasion={run['occasion']}"
    data: dict[str, Any] = {
        "gate_run": run["id"],
        "model": version["model"],
        "version": version["version"],
        "gate": run["gate"],
        "occasion": run["occasion"],
        "state": values.get("state", run["state"]),
        "link": f"{parts.settings.base_url}{path}",
    }
    if entry.tag in (_EVALUATED, _MOVED):
        data["was"] = values["was"]
    if entry.tag == _EVALUATED:
        findings = values["findings"]
        data["open_findings"] = values["open_findings"]
        data["findings_changed"] = [
            {"requirement": one["requirement"], "status": one["status"]} for one in findings[:_MOST_FINDINGS]
        ]
        data["findings_left_out"] = max(0, len(findings) - _MOST_FINDINGS)
    if entry.tag in (_WAIVED, _UNWAIVED):
        data["waiver"] = values["id"]
    if entry.tag == _WAIVED:
        data |= {"requirement": values["requirement"], "expires_at": values["expires_at"]}
    subject = f"{version['model']}/{version['version']}"
    return cloud_event(parts, event_id=entry.id, happening=happening, at=entry.at, subject=subject, data=data)
