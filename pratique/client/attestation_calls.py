"""The calls about what people attest of evidence."""

from __future__ import annotations

import secrets
from typing import Any

from pratique.client.call import Call, Reply, path_of
from pratique.client.views import Json


def attest(evidence: str, *, statement: str, sha256: str, role: str | None) -> Call[Json]:
    """Say that one read a file, and what it is. However often it is sent, its key makes it one act."""
    body = {"statement": statement, "sha256": sha256} | ({"role": role} if role is not None else {})
    return _post(path_of("evidence", evidence, "attestations"), body)


def attestations(evidence: str) -> Call[Json]:
    """Ask what people attest of a piece of evidence."""
    return Call(method="GET", path=path_of("evidence", evidence, "attestations"), read=_json)


def withdraw(evidence: str, attestation: str, reason: str) -> Call[Json]:
    """Take an attestation back."""
    return _post(path_of("evidence", evidence, "attestations", attestation, "withdraw"), {"reason": reason})


def _post(path: str, body: dict[str, Any]) -> Call[Json]:
    return Call(method="POST", path=path, body=body, key=secrets.token_hex(16), read=_json)


def _json(reply: Reply) -> Json:
    return dict(reply.json())
