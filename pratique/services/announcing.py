"""Announcing: a message for each subscription that hears of what a command did, in the command's own transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pratique.canonical import canonical_json
from pratique.domain.subscriptions import Happening, WebhookSubscription
from pratique.services import lookups
from pratique.services.asking import SETTLED, put_for, take_question
from pratique.services.messages import cloud_event, put
from pratique.services.parts import Parts
from pratique.store.journal import Entry
from pratique.store.reader import Row
from pratique.store.transaction import Transaction

#: Findings that a message lists; a receiver that wants them all asks the engine.
_MOST_FINDINGS = 100
_OPENED, _EVALUATED, _MOVED = "gate:run:opened", "gate:run:evaluated", "gate:run:moved"
_WAIVED, _UNWAIVED = "gate:waiver:granted", "gate:waiver:revoked"
#: Entries after which somebody may be told something.
TOLD = frozenset({_OPENED, _EVALUATED, _MOVED, _WAIVED, _UNWAIVED, SETTLED})
_PLAIN = {_OPENED: Happening.OPENED, _WAIVED: Happening.WAIVER_GRANTED, _UNWAIVED: Happening.WAIVER_REVOKED}


def announce(tx: Transaction, parts: Parts) -> None:
    """Put a message for each subscription concerned into the outbox."""
    for entry in [entry for entry in tx.entries if entry.tag in TOLD]:
        values = json.loads(entry.body)["values"]
        if entry.tag == SETTLED:
            take_question(tx, parts, values, entry.id)
        else:
            _tell_of_gate(tx, parts, entry, values)


def _tell_of_gate(tx: Transaction, parts: Parts, entry: Entry, values: Mapping[str, Any]) -> None:
    run_id = values.get("gate_run_id") or values["id"]
    run = tx.one(lookups.GATE_RUN_PLAIN, id=run_id)
    version = tx.one(lookups.MODEL_VERSION_BY_ID, id=run["model_version_id"]) if run is not None else None
    if run is None or version is None:
        return
    happening = happening_of(entry.tag, values)
    wanting = [
        name
        for name, one in parts.subscriptions.by_name.items()
        if isinstance(one, WebhookSubscription)
        and one.filter.lets_through(happening, model=version["model"], gate=run["gate"])
    ]
    if wanting:
        body = canonical_json(_event(parts, entry, happening, values, run, version)).decode()
        for name in wanting:
            put(tx, name, key=f"{name}/{entry.id}", happening=happening, body=body, run_id=run_id)
    put_for(tx, parts, run, happening, entry.id)


def happening_of(tag: str, values: Mapping[str, Any]) -> Happening:
    """Return what an entry of one of the `TOLD` tags is told as."""
    if tag in _PLAIN:
        return _PLAIN[tag]
    if values["state"] == values["was"]:
        return Happening.FINDINGS_CHANGED
    return Happening.REOPENED if values["state"] == "open" else Happening(values["state"])


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
