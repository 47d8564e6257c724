"""The calls about risk registers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pratique.client.call import Call, Reply, path_of
from pratique.client.views import Json


def record_register(model: str, version: str, risks: Sequence[Mapping[str, Any]]) -> Call[Json]:
    """Record the risk register of a model version; the same register again changes nothing."""
    return Call(method="PUT", path=_path(model, version), body={"risks": list(risks)}, read=_json)


def register(model: str, version: str) -> Call[Json]:
    """Ask for the risk register of a model version."""
    return Call(method="GET", path=_path(model, version), read=_json)


def _path(model: str, version: str) -> str:
    return path_of("models", model, "versions", version, "risks")


def _json(reply: Reply) -> Json:
    return dict(reply.json())
