"""Journal, inbox and the caller's own identity."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from pratique.services.inbox import inbox_page
from pratique.services.journal import journal_page
from pratique.services.notices import acknowledge
from pratique.web.api.auth import Anyone, Auditing, parts_of, person_of
from pratique.web.api.once import IdempotencyKey, answer_once
from pratique.web.api.responses import PROBLEMS, JsonResponse

router = APIRouter(prefix="/v1", tags=["records"], responses=PROBLEMS)


@router.get("/journal", summary="Read the journal in order")
async def get_journal(
    request: Request,
    _: Auditing,
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    subject: Annotated[str | None, Query(max_length=160, pattern=r"^[^\x00]*$")] = None,
    tag: Annotated[str | None, Query(max_length=48, pattern=r"^[^\x00]*$")] = None,
) -> JsonResponse:
    """Return sealed entries past sequence number `after`, each with its link of the chain (hex)."""
    look = partial(journal_page, after=after, limit=limit, subject=subject, tag=tag)
    return JsonResponse(await parts_of(request).ledger.aread(look))


@router.get("/whoami", summary="Who this token belongs to")
async def whoami(principal: Anyone) -> JsonResponse:
    """Return the token's id, kind, person and scopes."""
    return JsonResponse(
        {
            "token": principal.token,
            "kind": principal.kind,
            "person": principal.person,
            "scopes": sorted(principal.scopes),
        }
    )


@router.get("/inbox", summary="What the caller was told")
async def get_inbox(
    request: Request,
    principal: Anyone,
    cursor: Annotated[str | None, Query(max_length=90)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> JsonResponse:
    """Return the caller's notices page by page: unacknowledged first, each part newest first."""
    look = partial(inbox_page, person=person_of(principal), cursor=cursor, limit=limit)
    return JsonResponse(await parts_of(request).ledger.aread(look))


@router.post("/notices/{notice}/acknowledge", status_code=204, summary="Say that a notice was seen")
async def post_acknowledgement(
    request: Request, notice: str, principal: Anyone, key: IdempotencyKey = None
) -> Response:
    """Acknowledge a notice of one's own."""
    command = partial(acknowledge, notice_id=notice, person=person_of(principal))
    return await answer_once(request, principal, key, command, status_code=204)
