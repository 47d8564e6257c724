"""Tokens and login links, for admins."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from pratique.services import lookups
from pratique.services.access import (
    TokenRequest,
    issue_token,
    make_login_link,
    revoke_token,
    token_view,
    with_an_end,
)
from pratique.web.api.auth import Administering, TokenMemory, parts_of
from pratique.web.api.bodies import LoginLinkBody, TokenBody
from pratique.web.api.once import IdempotencyKey, answer_once
from pratique.web.api.responses import PROBLEMS, JsonResponse

router = APIRouter(prefix="/v1", tags=["access"], responses=PROBLEMS)


@router.post("/tokens", status_code=201, summary="Issue a token; its secret is shown once")
async def post_token(
    request: Request, body: TokenBody, principal: Administering, key: IdempotencyKey = None
) -> Response:
    """Issue a scoped token; a person's or an admin's ends after 366 days unless it is to end sooner.

    The secret is kept nowhere, so that a request that comes again under its key cannot be given it: the answer is 409,
    `secret-shown-once`, and names the token, which can then be revoked.
    """
    parts = parts_of(request)
    wanted = with_an_end(TokenRequest(**body.model_dump()))
    command = partial(issue_token, parts=parts, request=wanted)
    return await answer_once(request, principal, key, command, status_code=201, shown_once="token")


@router.get("/tokens", summary="List tokens, without secrets")
async def list_tokens(request: Request, _: Administering) -> JsonResponse:
    """Return every token that was ever issued."""
    rows = await parts_of(request).ledger.aread(lambda reader: reader.all(lookups.TOKENS))
    return JsonResponse({"items": [token_view(row) for row in rows]})


@router.post("/tokens/{token}/revoke", status_code=204, summary="Revoke a token")
async def post_token_revocation(
    request: Request, token: str, principal: Administering, key: IdempotencyKey = None
) -> Response:
    """Revoke a token; it is refused from now on."""
    command = partial(revoke_token, token_id=token)
    answer = await answer_once(request, principal, key, command, status_code=204)
    memory: TokenMemory = request.app.state.tokens
    memory.forget(token)
    return answer


@router.post(
    "/login-links",
    status_code=201,
    summary="Make a one-time login link for a person",
)
async def post_login_link(
    request: Request, body: LoginLinkBody, principal: Administering, key: IdempotencyKey = None
) -> Response:
    """Make a link that signs a person in once.

    The link is kept nowhere: a request that comes again under its key is answered 409, `secret-shown-once`.
    """
    parts = parts_of(request)
    command = partial(make_login_link, parts=parts, person_id=body.person)
    return await answer_once(request, principal, key, command, status_code=201, shown_once="url")
