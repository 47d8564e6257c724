"""Single requests that several fault tests send."""

from __future__ import annotations

import json
from typing import Any

import httpx
from fault_story import PROFILE

GATE = "training-trigger"
EVENT_TYPE = {"content-type": "application/cloudevents+json"}


def register(client: httpx.Client, model: str = "aurora") -> str:
    """Register version 2.1 of a model; return the root of its paths."""
    root = f"/v1/models/{model}/versions/2.1"
    reply = client.put(root, json=PROFILE)
    assert reply.status_code == 200, reply.text
    return root


def event(event_id: str, model: str = "aurora", *, gate: str = GATE, occasion: str = "default") -> bytes:
    """Return a CloudEvent that triggers a gate."""
    return json.dumps(
        {
            "specversion": "1.0",
            "id": event_id,
            "source": "/ci/faults",
            "type": "pratique.gate.triggered",
            "subject": f"{model}/2.1",
            "data": {"gate": gate, "occasion": occasion},
        }
    ).encode()


def trigger(client: httpx.Client, event_id: str, model: str = "aurora", **data: str) -> httpx.Response:
    """Send an event."""
    return client.post("/v1/events", content=event(event_id, model, **data), headers=EVENT_TYPE)


def assert_unavailable(reply: httpx.Response) -> dict[str, Any]:
    """It is a typed problem that is worth a retry."""
    assert reply.status_code == 503, f"{reply.status_code} {reply.text}"
    assert reply.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = reply.json()
    assert told["type"] == "urn:pratique:problem:unavailable"
    return told
