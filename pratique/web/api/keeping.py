"""How long evidence files are kept: what the rules give, holds, and the purge."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from pratique.services.evidence import find_evidence
from pratique.services.holds import holds_page, lift_hold, place_hold
from pratique.services.purging import purge_evidence, remove_purged, retention_view
from pratique.store.transaction import Transaction
from pratique.web.api.auth import Administering, Auditing, Deciding, parts_of, person_of
from pratique.web.api.bodies import Short, Text
from pratique.web.api.once import IdempotencyKey, answer_once
from pratique.web.api.responses import PROBLEMS, JsonResponse

router = APIRouter(prefix="/v1", tags=["evidence"], responses=PROBLEMS)


class HoldBody(BaseModel):
    """An order to keep a file, or all files of a model version."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    evidence: Short | None = None
    model: Short | None = None
    version: Short | None = None
    reason: Text


class ReasonBody(BaseModel):
    """Why something is done."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: Text


@router.get("/evidence/{evidence}/retention", summary="Say until when the file of a piece of evidence is kept")
async def get_retention(request: Request, evidence: str, _: Auditing) -> JsonResponse:
    """Return the rules that keep the file, their dates, holds, what rests on it, and whether it could be purged now."""
    parts = parts_of(request)
    return JsonResponse(await parts.ledger.aread(partial(retention_view, parts=parts, evidence_id=evidence)))


@router.post("/evidence/{evidence}/purge", summary="Give the file of a piece of evidence up for good")
async def post_purge(
    request: Request, evidence: str, body: ReasonBody, principal: Administering, key: IdempotencyKey = None
) -> Response:
    """Remove the file. 409 names everything that keeps it. What was read in it, and that it was, stays.

    Needs a person's token with the scope admin: no machine gives a file up.
    """
    person_of(principal)
    parts = parts_of(request)

    def command(tx: Transaction) -> dict[str, Any]:
        sha256 = purge_evidence(tx, parts, evidence, reason=body.reason, credential=principal.credential)
        return {"evidence": evidence, "sha256": sha256, "is_purged": True}

    answer = await answer_once(request, principal, key, command)
    row = await parts.ledger.aread(partial(find_evidence, evidence_id=evidence))
    await asyncio.to_thread(remove_purged, parts, row["sha256"], actor=principal.actor)
    return answer


@router.post("/holds", status_code=201, summary="Keep files whatever the rules say")
async def post_hold(request: Request, body: HoldBody, principal: Deciding, key: IdempotencyKey = None) -> Response:
    """Place a hold on the file of a piece of evidence, or on all files of a model version. Needs a person's token."""
    person = person_of(principal)
    named = (body.model or "", body.version or "") if body.model is not None or body.version is not None else None
    command = partial(
        place_hold,
        parts=parts_of(request),
        evidence=body.evidence,
        version=named,
        reason=body.reason,
        person=person,
        credential=principal.credential,
    )
    return await answer_once(request, principal, key, command, status_code=201)


@router.get("/holds", summary="List holds, lifted ones too")
async def list_holds(
    request: Request,
    _: Auditing,
    cursor: Annotated[str | None, Query(max_length=90)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> JsonResponse:
    """Return holds page by page, newest first. Their reasons may name cases: it takes the scope journal:read."""
    return JsonResponse(await parts_of(request).ledger.aread(partial(holds_page, cursor=cursor, limit=limit)))


@router.post("/holds/{hold}/lift", summary="Lift a hold")
async def post_lift(
    request: Request, hold: str, body: ReasonBody, principal: Deciding, key: IdempotencyKey = None
) -> Response:
    """Lift a hold; what the rules say counts again. Needs a person's token, and a role for the model."""
    command = partial(
        lift_hold,
        parts=parts_of(request),
        hold_id=hold,
        reason=body.reason,
        person=person_of(principal),
        credential=principal.credential,
    )
    return await answer_once(request, principal, key, command)
