"""The calls about keeping evidence files: until when, holds, the purge."""

from __future__ import annotations

import secrets

from pratique.client.call import Call, Reply, path_of
from pratique.client.views import Json


def retention(evidence: str) -> Call[Json]:
    """Ask until when the file of a piece of evidence is kept, and by what."""
    return Call(method="GET", path=path_of("evidence", evidence, "retention"), read=_json)


def purge(evidence: str, reason: str) -> Call[Json]:
    """Give a file up. However often it is sent, its key makes it one act."""
    return _post(path_of("evidence", evidence, "purge"), {"reason": reason})


def hold(evidence: str | None, version: tuple[str, str] | None, reason: str) -> Call[Json]:
    """Place a hold on the file of a piece of evidence, or on all files of a model version."""
    body = {"reason": reason}
    if evidence is not None:
        body["evidence"] = evidence
    if version is not None:
        body |= {"model": version[0], "version": version[1]}
    return _post(path_of("holds"), body)


def lift(hold: str, reason: str) -> Call[Json]:
    """Lift a hold."""
    return _post(path_of("holds", hold, "lift"), {"reason": reason})


def holds(cursor: str | None) -> Call[Json]:
    """Ask for a page of holds, newest first."""
    return Call(method="GET", path=path_of("holds"), query={"cursor": cursor, "limit": 500}, read=_json)


def _post(path: str, body: dict[str, str]) -> Call[Json]:
    return Call(method="POST", path=path, body=body, key=secrets.token_hex(16), read=_json)


def _json(reply: Reply) -> Json:
    value = reply.json()
    return value if isinstance(value, dict) else {}
