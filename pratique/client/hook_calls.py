"""The calls about hooks: what tools reported, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pratique.client.call import Call, Reply, path_of
from pratique.client.views import Json

#: A page, and the cursor of the next.
Page = tuple[list[Json], str | None]
#: The tool is asked page by page meanwhile, and each delivery found is settled.
_RECONCILE_SECONDS = 300.0


def deliveries(wanted: Mapping[str, str | None], cursor: str | None) -> Call[Page]:
    """Ask for a page of deliveries, newest first."""
    return Call(method="GET", path=path_of("hooks"), query={**wanted, "cursor": cursor}, read=_page)


def delivery(delivery: str) -> Call[Json]:
    """Ask for a delivery with its headers and body."""
    return Call(method="GET", path=path_of("hooks", delivery), read=_json)


def replay(delivery: str) -> Call[Json]:
    """Have a delivery mapped again."""
    return Call(method="POST", path=path_of("hooks", delivery, "replay"), read=_json)


def reconcile(source: str, since: datetime | str | None) -> Call[Json]:
    """Have a tool asked for what it told nobody of."""
    at = since.isoformat() if isinstance(since, datetime) else since
    return Call(
        method="POST",
        path=path_of("hooks", source, "reconcile"),
        body={"since": at} if at is not None else {},
        hold_seconds=_RECONCILE_SECONDS,
        read=_json,
    )


def _json(reply: Reply) -> Json:
    value = reply.json()
    if not isinstance(value, dict):
        raise TypeError(f"found {type(value).__name__}, expected an object")
    return value


def _page(reply: Reply) -> Page:
    value = reply.json()
    return list(value["items"]), value.get("next")
