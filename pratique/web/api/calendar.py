"""One's own deadlines as a calendar: a secret address, made and revoked here, and what is under it."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from pratique.services.calendars import calendar_behind, calendars_of, make_calendar, revoke_calendar
from pratique.web.api.auth import Anyone, parts_of, person_of
from pratique.web.api.once import IdempotencyKey, answer_once
from pratique.web.api.responses import PROBLEMS, JsonResponse

router = APIRouter(tags=["calendar"], responses=PROBLEMS)

#: Whoever has the address reads it; nobody else should find it in a cache or a search engine.
_HEADERS = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"}


@router.post("/v1/calendar", status_code=201, summary="Make a secret address for one's own deadlines")
async def post_calendar(request: Request, principal: Anyone, key: IdempotencyKey = None) -> Response:
    """Make a calendar for a person. Its address is shown once, and kept only as a digest."""
    command = partial(
        make_calendar, parts=parts_of(request), person=person_of(principal), credential=principal.credential
    )
    return await answer_once(request, principal, key, command, status_code=201, shown_once="url")


@router.get("/v1/calendar", summary="List one's own calendars, without their addresses")
async def list_calendars(request: Request, principal: Anyone) -> JsonResponse:
    """Return the calendars of the token's person."""
    look = partial(calendars_of, person=person_of(principal))
    return JsonResponse(await parts_of(request).ledger.aread(look))


@router.post("/v1/calendar/{calendar}/revoke", summary="End the address of a calendar")
async def post_revocation(request: Request, calendar: str, principal: Anyone, key: IdempotencyKey = None) -> Response:
    """Revoke one of one's own calendars; its address answers 404 from now on."""
    command = partial(revoke_calendar, feed_id=calendar, person=person_of(principal), credential=principal.credential)
    return await answer_once(request, principal, key, command)


@router.get("/calendar/{secret}.ics", include_in_schema=False)
async def get_calendar(request: Request, secret: str) -> Response:
    """Return the calendar; an address that is unknown, was revoked or whose person left has the same answer."""
    parts = parts_of(request)
    found = await parts.ledger.aread(partial(calendar_behind, parts=parts, secret=secret))
    if found is None:
        return PlainTextResponse("Not found\n", 404, _HEADERS)
    return Response(found, media_type="text/calendar; charset=utf-8", headers=_HEADERS)
