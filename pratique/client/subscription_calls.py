"""The calls about subscriptions: who is told outside, and what became of each message."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from pratique.client.call import Call, Reply, path_of
from pratique.client.views import Json

#: A page, and the cursor of the next.
Page = tuple[list[Json], str | None]


def subscriptions() -> Call[list[Json]]:
    """Ask for every subscription."""
    return Call(method="GET", path=path_of("subscriptions"), read=lambda reply: list(reply.json()["items"]))


def turn(name: str, move: str, reason: str) -> Call[Json]:
    """Pause a subscription, or have it go on (`pause`, `resume`)."""
    return _post(path_of("subscriptions", name, move), {"reason": reason})


def test(name: str) -> Call[Json]:
    """Have a message sent that says nothing of any gate."""
    return _post(path_of("subscriptions", name, "test"), {})


def answers(wanted: Mapping[str, str | None], cursor: str | None) -> Call[Page]:
    """Ask for a page of messages, newest first."""
    return Call(method="GET", path=path_of("answers"), query={**wanted, "cursor": cursor}, read=_page)


def answer(answer: str) -> Call[Json]:
    """Ask for a message with its body and its attempts."""
    return Call(method="GET", path=path_of("answers", answer), read=_json)


def replay(answer: str) -> Call[Json]:
    """Have a message sent again."""
    return _post(path_of("answers", answer, "replay"), {})


def _post(path: str, body: dict[str, str]) -> Call[Json]:
    return Call(method="POST", path=path, body=body, key=secrets.token_hex(16), read=_json)


def _json(reply: Reply) -> Json:
    value = reply.json()
    if not isinstance(value, dict):
        raise TypeError(f"found {type(value).__name__}, expected an object")
    return value


def _page(reply: Reply) -> Page:
    value = reply.json()
    return list(value["items"]), value.get("next")
