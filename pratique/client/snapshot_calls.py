"""The call about snapshots of public pages."""

from __future__ import annotations

import secrets

from pratique.client.call import Call, Reply, path_of
from pratique.client.views import Evidence


def take(url: str, model: str, version: str, requirement: str | None) -> Call[Evidence]:
    """Have the engine capture a page. However often it is sent, its key makes it one capture."""
    body = {"url": url} | ({"requirement": requirement} if requirement is not None else {})
    return Call(
        method="POST",
        path=path_of("models", model, "versions", version, "snapshots"),
        body=body,
        key=secrets.token_hex(16),
        read=_evidence,
    )


def _evidence(reply: Reply) -> Evidence:
    return Evidence.from_json(reply.json()["evidence"])
