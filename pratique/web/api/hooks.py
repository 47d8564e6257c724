"""Hooks: what tools report by themselves, what became of it, and having it mapped again."""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict

from pratique.errors import NotFoundError, UnauthenticatedError, UnavailableError
from pratique.hooks import NotAuthenticError, Presented, Source, check_authentic
from pratique.services.hook_intake import keep, new_delivery
from pratique.services.hook_lists import deliveries_page, whole_delivery
from pratique.services.hook_reconciling import reconcile
from pratique.services.hook_settling import By, settle
from pratique.services.parts import Parts
from pratique.web.api.auth import Anyone, Auditing, Deciding, Reading, parts_of, person_of
from pratique.web.api.events import read_body
from pratique.web.api.responses import PROBLEMS, JsonResponse
from pratique.web.hook_lane import HookLane
from pratique.web.hook_metrics import HookMetrics

router = APIRouter(prefix="/v1/hooks", tags=["hooks"], responses=PROBLEMS)

#: The tool's own proof stands in for a token, and its body is whatever the tool sends.
_DECLARED: dict[str, Any] = {"security": [], "requestBody": {"required": True, "content": {"application/json": {}}}}


class ReconcileBody(BaseModel):
    """From when on a tool is asked; without it, from where the last time ended."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    since: AwareDatetime | None = None


@router.post(
    "/{source}",
    status_code=202,
    openapi_extra=_DECLARED,
    responses={200: {"description": "It was here before, and changed nothing"}},
    summary="Take in what a tool reports by itself",
)
async def post_delivery(request: Request, source: str) -> JsonResponse:
    """Check that the tool sent it, keep it as it came, and answer; what it says is settled right after.

    One that comes again is answered with 200 and changes nothing.
    """
    parts = parts_of(request)
    metrics: HookMetrics = request.app.state.hook_metrics
    found = _source(parts, source)
    if not found.secrets:
        metrics.refused(found.name, "no secret configured")
        raise UnavailableError(
            f"hook {found.name} has no secret, so that nothing can prove to be its own", hint="see the engine's log"
        )
    raw = await read_body(request, parts.settings.max_event_bytes)
    headers = dict(request.headers)
    try:
        check_authentic(found, Presented(headers=headers, body=raw, at=parts.ledger.clock().timestamp()))
    except NotAuthenticError as error:
        metrics.refused(found.name, error.reason)
        raise UnauthenticatedError(f"the request does not prove to be of {found.name}: {error.reason}") from None
    new = new_delivery(parts, found, headers, raw)
    receipt = await parts.ledger.awrite(f"hook:{found.name}", partial(keep, new=new))
    metrics.answered(found.name, "duplicate" if receipt.is_duplicate else "accepted")
    body = {"delivery": receipt.id, "state": receipt.state}
    if receipt.is_duplicate:
        return JsonResponse(body, headers={"Pratique-Duplicate": "true"})
    lane: HookLane = request.app.state.hook_lane
    lane.put(found.name, receipt.id)
    return JsonResponse(body, status_code=202)


@router.get("", summary="List deliveries, newest first")
async def list_deliveries(
    request: Request,
    _: Reading,
    source: Annotated[str | None, Query(max_length=64)] = None,
    state: Annotated[str | None, Query(max_length=16)] = None,
    cursor: Annotated[str | None, Query(max_length=90)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> JsonResponse:
    """Return deliveries page by page; `state=dead` gives those that people have to look at."""
    look = partial(deliveries_page, source=source, state=state, cursor=cursor, limit=limit)
    return JsonResponse(await parts_of(request).ledger.aread(look))


@router.get("/{delivery}", summary="Show a delivery as it came, and what became of it")
async def get_delivery(request: Request, delivery: str, _: Auditing) -> JsonResponse:
    """Return a delivery with its headers and body."""
    return JsonResponse(await parts_of(request).ledger.aread(partial(whole_delivery, delivery=delivery)))


@router.post("/{delivery}/replay", summary="Have a dead or ignored delivery mapped again")
async def post_replay(request: Request, delivery: str, principal: Deciding) -> JsonResponse:
    """Map a delivery by the rules of this moment, and return it. Needs a person's token, and a role for its model.

    Sent again after it became events, it is refused and changes nothing.
    """
    parts = parts_of(request)
    by = By(actor=principal.actor, person=person_of(principal), credential=principal.credential)
    await asyncio.to_thread(settle, parts, delivery, by)
    return JsonResponse(await parts.ledger.aread(partial(whole_delivery, delivery=delivery)))


@router.post("/{source}/reconcile", summary="Ask a tool for what it told nobody of")
async def post_reconciliation(request: Request, source: str, body: ReconcileBody, principal: Anyone) -> JsonResponse:
    """List what the tool holds, and take in what no hook received. A worker's or an administrator's to do."""
    if "admin" not in principal.scopes:
        principal.require("worker")
    parts = parts_of(request)
    found = _source(parts, source)
    since: datetime | None = body.since
    return JsonResponse(await asyncio.to_thread(reconcile, parts, found, since=since, actor=principal.actor))


def _source(parts: Parts, name: str) -> Source:
    found = parts.hooks.get(name)
    if found is None:
        raise NotFoundError(f"there is no hook {name[:80]!r}", hint="docs/hooks.md says how a source is configured")
    return found
