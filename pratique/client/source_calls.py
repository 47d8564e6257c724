"""The calls about sources of evidence. All may be sent again: what was recorded for an order is recorded once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pratique.client.call import Call, FileBody, Reply, path_of
from pratique.client.views import Evidence, Json


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOrder:
    """What is to be fetched from one source for one model version."""

    source: str
    kind: str
    where: str
    files: str
    model: str
    version: str
    because: tuple[str, ...]
    as_of: str
    token: Mapping[str, str] | None  #: where a secret is: `env` or `file`

    @classmethod
    def from_json(cls, value: Json) -> SourceOrder:
        """Return the order in an answer of the engine."""
        names = ("source", "kind", "where", "files", "model", "version", "as_of", "token")
        return cls(**{name: value[name] for name in names}, because=tuple(value["because"]))


def sources() -> Call[list[Json]]:
    """Ask for every source and how things stand with it."""
    return Call(method="GET", path=path_of("sources"), read=_items)


def due() -> Call[list[SourceOrder]]:
    """Ask what is to be fetched now."""
    return Call(
        method="GET",
        path=path_of("sources", "due"),
        read=lambda reply: [SourceOrder.from_json(one) for one in reply.json()["items"]],
    )


def order(source: str, model: str, version: str) -> Call[SourceOrder]:
    """Ask what is to be fetched from one source, due or not."""
    return Call(
        method="GET",
        path=path_of("sources", source, "order"),
        query={"model": model, "version": version},
        read=lambda reply: SourceOrder.from_json(reply.json()),
    )


def hand_over(source: str, model: str, version: str, body: FileBody, *, sha256: str) -> Call[Evidence]:
    """Send a file of a source."""
    return Call(
        method="POST",
        path=path_of("sources", source, "evidence"),
        query={"model": model, "version": version, "filename": body.path.name, "sha256": sha256},
        body=body,
        read=lambda reply: Evidence.from_json(reply.json()["evidence"]),
    )


def settle(
    source: str, model: str, version: str, as_of: str, evidence: Sequence[str], failure: str | None
) -> Call[Json]:
    """Say what came of an order."""
    body: dict[str, Any] = {"model": model, "version": version, "as_of": as_of, "evidence": list(evidence)}
    return Call(
        method="POST",
        path=path_of("sources", source, "collections"),
        body=body | ({"failure": failure} if failure is not None else {}),
        read=lambda reply: reply.json(),
    )


def _items(reply: Reply) -> list[Json]:
    return list(reply.json()["items"])
