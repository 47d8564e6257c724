"""What every request must keep to before a route sees it: its size, and characters that no name holds."""

from __future__ import annotations

import re

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pratique.errors import InvalidInputError
from pratique.web.api.responses import problem_of

#: Uploads keep to a cap of their own, as they are streamed to disk once the token was looked at. Method and whole path:
#: every other route has its body in memory before it knows who sends, whatever its models and versions are called.
_STREAMED = {
    "POST": re.compile(r"/v1/(?:models/[^/]+/versions|sources)/[^/]+/evidence"),
    "PATCH": re.compile(r"/v1/uploads/[^/]+"),
}


class RequestLimits:
    """Caps bodies that are read into memory, and refuses NUL in addresses, which PostgreSQL cannot take.

    Args:
        app: the application inside.
        max_bytes: cap of one body.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer with a problem."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif "\x00" in scope["path"] or b"%00" in scope["query_string"]:
            error = InvalidInputError("the address holds a NUL character; no name does")
            await problem_of(error)(scope, receive, send)
        elif _is_streamed(scope):
            await self._app(scope, receive, send)
        else:
            await self._app(scope, self._capped(receive), send)

    def _capped(self, receive: Receive) -> Receive:
        size = 0

        async def receive_capped() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > self._max_bytes:
                # This kind, because FastAPI takes every other for a body that it could not parse.
                raise HTTPException(413, f"the body is larger than {self._max_bytes} bytes")
            return message

        return receive_capped


def _is_streamed(scope: Scope) -> bool:
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    route = _STREAMED.get(scope["method"])
    return route is not None and route.fullmatch(path) is not None
