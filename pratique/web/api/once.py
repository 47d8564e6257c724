"""Answering unsafe requests: once for each `Idempotency-Key`, where the caller gives one.

As in the IETF's draft "The Idempotency-Key HTTP Header Field": the same key with the same request gives the same
answer, with another request 422, and while the first is being worked on 409.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated, Any

from fastapi import Header, Request
from starlette.responses import Response

from pratique.errors import InvalidInputError, KeyInUseError
from pratique.services.access import Principal
from pratique.services.idempotency import Answer, Once, RequestKey, was_answered
from pratique.store.transaction import Transaction
from pratique.web.api.auth import parts_of
from pratique.web.api.responses import JsonResponse

#: Declares the header in the OpenAPI document; `answer_once` works by it.
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[!-~]+$",
        description="Names this request for 24 hours, so that it can be sent again without a second effect; best a "
        "UUID. The same key with another request is refused (422, `idempotency-key-reused`), and while the first "
        "request is being worked on (409, `idempotency-key-in-use`).",
    ),
]
#: A structured-field string, as the draft writes it; without its quotes it is the same key.
_QUOTED = re.compile(r'"([^"\\]+)"')


class KeysInUse:
    """The keys whose first request is being worked on in this process; all on one event loop."""

    def __init__(self) -> None:
        self._ids: set[str] = set()

    @contextmanager
    def holding(self, key_id: str) -> Iterator[None]:
        """Hold a key.

        Raises:
            KeyInUseError: another request holds it.
        """
        if key_id in self._ids:
            raise KeyInUseError(
                "a request with this Idempotency-Key is still being worked on",
                hint="send it again in a moment",
                retry_after=1,
            )
        self._ids.add(key_id)
        try:
            yield
        finally:
            self._ids.discard(key_id)


async def answer_once(
    request: Request,
    principal: Principal,
    key: str | None,
    command: Callable[[Transaction], Any],
    *,
    status_code: int = 200,
    shown_once: str | None = None,
) -> Response:
    """Run a command and answer with what it returns; with a key, once.

    Args:
        request: the request.
        principal: who asks; keys of two tokens have nothing to do with each other.
        key: the `Idempotency-Key`.
        command: the effect.
        status_code: of a success; 204 answers without a body.
        shown_once: member of the answer that is a secret and never kept.
    """
    ledger = parts_of(request).ledger
    if key is None:
        return _response(Answer(await ledger.awrite(principal.actor, command), is_repeated=False), status_code)
    named = await _key_of(request, principal, key)
    in_use: KeysInUse = request.app.state.keys_in_use
    with in_use.holding(named.id):
        answer = await ledger.awrite(principal.actor, Once(named, command, shown_once=shown_once))
    return _response(answer, status_code)


async def is_answered(request: Request, principal: Principal, key: str | None) -> bool:
    """Tell whether `answer_once` has an answer for this key: what would be made for the command need not be made."""
    if key is None:
        return False
    named = await _key_of(request, principal, key)
    ledger = parts_of(request).ledger
    return await ledger.aread(partial(was_answered, key=named, at=ledger.clock()))


async def _key_of(request: Request, principal: Principal, key: str) -> RequestKey:
    if len(request.headers.getlist("idempotency-key")) > 1:
        raise InvalidInputError("Idempotency-Key: found several, expected one")
    quoted = _QUOTED.fullmatch(key)
    address = f"{request.url.path}?{request.url.query}".encode()
    body = await request.body()
    return RequestKey.of(principal.credential, quoted[1] if quoted else key, request.method.encode(), address, body)


def _response(answer: Answer, status_code: int) -> Response:
    headers = {"Pratique-Duplicate": "true"} if answer.is_repeated else None
    if status_code == 204:
        return Response(status_code=204, headers=headers)
    return JsonResponse(answer.body, status_code=status_code, headers=headers)
