"""Editions of regimes: which there are, which is adopted, what another one would touch, and adopting it."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from pratique.services.adopted import adoptions_page, editions_view
from pratique.services.adoptions import NO_REASON, AdoptionRequest, adopt, rehearse, settle
from pratique.web.api.auth import Administering, Reading, parts_of
from pratique.web.api.once import IdempotencyKey, answer_once
from pratique.web.api.responses import PROBLEMS, JsonResponse

router = APIRouter(prefix="/v1/regimes", tags=["regimes"], responses=PROBLEMS)

EditionName = Annotated[str, Field(min_length=3, max_length=80, pattern=r"^[^\x00-\x20]+$")]


class AdoptionBody(BaseModel):
    """An edition to adopt, or to rehearse."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    edition: EditionName
    reason: str = Field(default=NO_REASON, min_length=1, max_length=4000, pattern=r"^[^\x00]*$")
    dry_run: bool = False  #: say what it would do, and change nothing


@router.get("", summary="List the editions of regimes, and which are adopted")
async def list_editions(request: Request, _: Reading) -> JsonResponse:
    """Return every edition of the configuration that runs."""
    parts = parts_of(request)
    found: list[dict[str, Any]] = await parts.ledger.aread(partial(editions_view, parts=parts))
    return JsonResponse({"items": found})


@router.get("/impact", summary="Say what adopting an edition would touch")
async def get_impact(
    request: Request,
    _: Administering,
    edition: Annotated[str, Query(min_length=3, max_length=80, pattern=r"^[^\x00-\x20]+$")],
) -> JsonResponse:
    """Return what a rehearsal of the adoption returns; nothing is changed.

    It reads every file and every gate run that can still move: as the adoption itself, it is an admin's to ask for.
    """
    return JsonResponse(await _rehearsed(request, edition))


@router.get("/adoptions", summary="List what was adopted, newest first")
async def list_adoptions(
    request: Request,
    _: Reading,
    cursor: Annotated[str | None, Query(max_length=90)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> JsonResponse:
    """Return adoptions page by page, with what each changed and how many gate runs and registers it touched."""
    look = partial(adoptions_page, cursor=cursor, limit=limit)
    return JsonResponse(await parts_of(request).ledger.aread(look))


@router.post("/adoptions", summary="Adopt an edition, or rehearse it")
async def post_adoption(
    request: Request, body: AdoptionBody, principal: Administering, key: IdempotencyKey = None
) -> Response:
    """Read the whole configuration anew and move the installation to an edition of it.

    Any error in any file refuses it as a whole, with every error; what runs goes on as it is. Adopting what is adopted
    already changes nothing.
    """
    if body.dry_run:
        return JsonResponse(await _rehearsed(request, body.edition))
    parts = parts_of(request)
    loaded = await asyncio.to_thread(parts.running.load)
    asked = AdoptionRequest(
        edition=body.edition, reason=body.reason, person=principal.person, credential=principal.credential
    )
    answer = await answer_once(request, principal, key, partial(adopt, parts=parts, loaded=loaded, asked=asked))
    await asyncio.to_thread(settle, parts, principal.actor)
    return answer


async def _rehearsed(request: Request, edition: str) -> dict[str, Any]:
    parts = parts_of(request)
    loaded = await asyncio.to_thread(parts.running.load)
    return await parts.ledger.aread(partial(rehearse, parts=parts, loaded=loaded, edition=edition))
