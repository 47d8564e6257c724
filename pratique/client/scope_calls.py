"""The calls about who owes what: the provider, the compute ledger, the answers of scope."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pratique.client.call import Call, Reply, path_of
from pratique.client.views import Json
from pratique.errors import InvalidInputError


def record_provider(profile: Mapping[str, Any]) -> Call[Json]:
    """Say who the provider is."""
    return Call(method="PUT", path=path_of("provider"), body=profile, read=_json)


def provider() -> Call[Json]:
    """Ask who the provider is."""
    return Call(method="GET", path=path_of("provider"), read=_json)


def explain(model: str, version: str) -> Call[Json]:
    """Ask who owes what for a model version, and why."""
    return Call(method="GET", path=path_of("models", model, "versions", version, "scope"), read=_json)


def compute(model: str, version: str) -> Call[Json]:
    """Ask for the compute ledger of a model version."""
    return Call(method="GET", path=path_of("models", model, "versions", version, "compute"), read=_json)


def record_compute(
    model: str,
    version: str,
    *,
    run: str,
    kind: str,
    flop: float,
    begins_at: datetime | str,
    ends_at: datetime | str,
    purpose: str,
    source: str,
) -> Call[Json]:
    """Record compute; however often it is sent, its key makes it one entry."""
    body = {
        "run": run,
        "kind": kind,
        "flop": flop,
        "begins_at": _instant(begins_at),
        "ends_at": _instant(ends_at),
        "purpose": purpose,
        "source": source,
    }
    path = path_of("models", model, "versions", version, "compute")
    return Call(method="POST", path=path, body=body, key=secrets.token_hex(16), read=_json)


def compute_proposal(model: str, version: str, evidence: str) -> Call[Json]:
    """Ask what a piece of evidence gives ground to record."""
    path = path_of("models", model, "versions", version, "compute", "proposal")
    return Call(method="GET", path=path, query={"evidence": evidence}, read=_json)


def withdraw_compute(model: str, version: str, entry: str, reason: str) -> Call[Json]:
    """Say that an entry was wrong."""
    path = path_of("models", model, "versions", version, "compute", entry, "withdraw")
    return Call(method="POST", path=path, body={"reason": reason}, key=secrets.token_hex(16), read=_json)


def _json(reply: Reply) -> Json:
    return dict(reply.json())


def _instant(at: datetime | str) -> str:
    if isinstance(at, str):
        return at
    if at.tzinfo is None:
        raise InvalidInputError(f"time {at.isoformat()} has no time zone; expected an aware time")
    return at.astimezone(UTC).isoformat()
