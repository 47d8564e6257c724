"""Delivery documents as the engine hands them out."""

from __future__ import annotations

from typing import Any

LINK = "http://127.0.0.1:8470/models/aurora/versions/2.1/gates/training-trigger"


def delivery(
    *, kind: str = "findings_open", channel: str = "mail", person: str = "mira", **notice: Any
) -> dict[str, Any]:
    """One delivery; keyword arguments replace members of its notice."""
    return {
        "id": "019abc-1",
        "channel": channel,
        "status": "sending",
        "is_still_wanted": True,
        "idempotency_key": f"gr1:{kind}:{person}:{channel}",
        "recipient": {"person": person, "name": person.title(), "email": f"{person}@example.org"},
        "notice": {
            "id": "019abc-2",
            "kind": kind,
            "severity": "warning",
            "title": "Evidence is owed: aurora 2.1 at training-trigger",
            "model": "aurora",
            "version": "2.1",
            "gate": "training-trigger",
            "state": "open",
            "why": "Training passed the trigger point that the Framework defines.",
            "measures": ["safety/1.2", "safety/3.2"],
            "due_at": "2026-11-25T14:00:00.000000Z",
            "next": None,
            "link": LINK,
            "reasons": ["cyber evaluation: no evidence yet"],
            "created_at": "2026-11-23T14:00:00.123456Z",
            **notice,
        },
    }
