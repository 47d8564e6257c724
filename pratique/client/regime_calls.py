"""The calls about rules: which editions there are, what another one, or another spec, would change, adopting one."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from pratique.client.call import Call, Reply, path_of
from pratique.client.views import Json

#: A page of gate runs is judged again before its answer begins.
_REPLAY_SECONDS = 120.0


def editions() -> Call[list[Json]]:
    """Ask for the editions that the engine knows, and which are adopted."""
    return Call(method="GET", path=path_of("regimes"), read=_items)


def adoptions(cursor: str | None) -> Call[tuple[list[Json], str | None]]:
    """Ask for a page of what was adopted, newest first, and the cursor of the next."""

    def read(reply: Reply) -> tuple[list[Json], str | None]:
        return _items(reply), reply.json().get("next")

    return Call(method="GET", path=path_of("regimes", "adoptions"), query={"cursor": cursor}, read=read)


def impact(edition: str) -> Call[Json]:
    """Ask what adopting an edition would touch."""
    return Call(method="GET", path=path_of("regimes", "impact"), query={"edition": edition}, read=_json)


def adopt(edition: str, reason: str | None, *, dry_run: bool) -> Call[Json]:
    """Adopt an edition, or rehearse it. However often it is sent, its key makes it one act."""
    body: dict[str, object] = {"edition": edition, "dry_run": dry_run}
    if reason is not None:
        body["reason"] = reason
    return Call(
        method="POST",
        path=path_of("regimes", "adoptions"),
        body=body,
        key=secrets.token_hex(16),
        read=_json,
    )


def replay(
    gate: str, spec: Mapping[str, Any], *, model: str | None, version: str | None, cursor: str | None
) -> Call[Json]:
    """Ask for a page of the gate runs whose verdict a proposed spec would change; nothing is written."""
    given = {"model": model, "version": version, "cursor": cursor}
    body = {"spec": spec, **{name: value for name, value in given.items() if value is not None}}
    return Call(
        method="POST", path=path_of("gates", gate, "replay"), body=body, hold_seconds=_REPLAY_SECONDS, read=_json
    )


def _json(reply: Reply) -> Json:
    value = reply.json()
    return value if isinstance(value, dict) else {}


def _items(reply: Reply) -> list[Json]:
    return [dict(item) for item in reply.json()["items"]]
