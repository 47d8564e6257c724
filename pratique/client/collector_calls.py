"""The calls about collectors: which there are, and of what shape their facts are."""

from __future__ import annotations

from pratique.client.call import Call, Reply, path_of
from pratique.client.views import Json


def collectors() -> Call[Json]:
    """Ask for the collectors of the engine, and the problems of those that it left out."""
    return Call(method="GET", path=path_of("collectors"), read=_json)


def collector(name: str) -> Call[Json]:
    """Ask for one collector with the JSON Schema of its facts."""
    return Call(method="GET", path=path_of("collectors", name), read=_json)


def _json(reply: Reply) -> Json:
    return dict(reply.json())
