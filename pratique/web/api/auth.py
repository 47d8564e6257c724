"""Bearer tokens: who is behind a request, looked up once and remembered for a moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from pratique.domain.times import instant_text
from pratique.errors import NotAllowedError, UnauthenticatedError
from pratique.services import lookups
from pratique.services.access import Principal, principal_of, split_token
from pratique.services.parts import Parts
from pratique.store.reader import Row

#: How long another replica's revocation can go unnoticed; our own is noticed at once.
REMEMBER_SECONDS = 5.0
#: Most tokens remembered; beyond this the memory starts anew.
_MAX_REMEMBERED = 10_000

#: Declares the scheme in the OpenAPI document; the check itself is below.
_scheme = HTTPBearer(auto_error=False, description="prq_<id>_<secret>")


class TokenMemory:
    """Token rows seen a moment ago."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[float, Row | None]] = {}
        self._generation = 0

    @property
    def generation(self) -> int:
        """Grows whenever a token is forgotten; who looks one up takes it along from before the look-up."""
        return self._generation

    def get(self, token_id: str) -> tuple[bool, Row | None]:
        """Return (known, row)."""
        seen = self._rows.get(token_id)
        if seen is None or time.monotonic() - seen[0] > REMEMBER_SECONDS:
            return False, None
        return True, seen[1]

    def put(self, token_id: str, row: Row | None, generation: int) -> None:
        """Remember a row, unless a token was forgotten since the look-up began: the row may be the old one."""
        if generation != self._generation:
            return
        if len(self._rows) >= _MAX_REMEMBERED:
            self._rows.clear()
        self._rows[token_id] = (time.monotonic(), row)

    def forget(self, token_id: str) -> None:
        """Look the token up again next time."""
        self._generation += 1
        self._rows.pop(token_id, None)


def parts_of(request: Request) -> Parts:
    """Return the engine's parts."""
    parts: Parts = request.app.state.parts
    return parts


async def authenticate(request: Request) -> Principal:
    """Return who is behind the request.

    Raises:
        UnauthenticatedError: no valid bearer token.
    """
    scheme, _, presented = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not presented:
        raise UnauthenticatedError("no bearer token came with the request", hint="Authorization: Bearer prq_...")
    token_id, secret = split_token(presented.strip())
    parts = parts_of(request)
    memory: TokenMemory = request.app.state.tokens
    known, row = memory.get(token_id)
    if not known:
        generation = memory.generation
        row = await parts.ledger.aread(lambda reader: reader.one(lookups.TOKEN, id=token_id))
        memory.put(token_id, row, generation)
    return principal_of(row, secret, instant_text(parts.ledger.clock()))


def needing(scope: str) -> Callable[..., object]:
    """Return a dependency that demands a scope and gives the principal."""

    async def demand(request: Request, _declared: Annotated[object, Depends(_scheme)]) -> Principal:
        principal = await authenticate(request)
        principal.require(scope)
        return principal

    return demand


async def any_principal(request: Request, _declared: Annotated[object, Depends(_scheme)]) -> Principal:
    """Give the principal of any valid token."""
    return await authenticate(request)


def person_of(principal: Principal) -> str:
    """Return the person who acts.

    Raises:
        NotAllowedError: a pipeline, worker or admin token; only a person can decide.
    """
    if principal.kind != "person" or principal.person is None:
        raise NotAllowedError(f"a {principal.kind} token cannot do this; it takes a person's own token")
    return principal.person


Reading = Annotated[Principal, Depends(needing("gates:read"))]
Submitting = Annotated[Principal, Depends(needing("evidence:write"))]
Registering = Annotated[Principal, Depends(needing("models:write"))]
Reporting = Annotated[Principal, Depends(needing("events:write"))]
Deciding = Annotated[Principal, Depends(needing("decisions:write"))]
Auditing = Annotated[Principal, Depends(needing("journal:read"))]
Working = Annotated[Principal, Depends(needing("worker"))]
Administering = Annotated[Principal, Depends(needing("admin"))]
Anyone = Annotated[Principal, Depends(any_principal)]
