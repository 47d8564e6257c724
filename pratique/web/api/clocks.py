"""Clocks: what is due when, and what each date rests on."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from pratique.domain.times import instant_text
from pratique.services.clock_views import clock_explanation, clocks_page
from pratique.store.reader import Reader
from pratique.web.api.auth import Reading, parts_of
from pratique.web.api.responses import PROBLEMS, JsonResponse

router = APIRouter(prefix="/v1/clocks", tags=["clocks"], responses=PROBLEMS)

Name = Annotated[str | None, Query(max_length=64, pattern=r"^[^\x00]*$")]


@router.get("", summary="List time limits, the next due first")
async def list_clocks(
    request: Request,
    _: Reading,
    model: Name = None,
    version: Name = None,
    state: Name = None,
    about: Name = None,
    rule: Name = None,
    cursor: Annotated[str | None, Query(max_length=90)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> JsonResponse:
    """Return clocks page by page; without a state those of every state."""
    parts = parts_of(request)
    look = partial(
        clocks_page,
        at=instant_text(parts.ledger.clock()),
        wanted={"model": model, "version": version, "state": state, "about": about, "rule": rule},
        cursor=cursor,
        limit=limit,
    )
    return JsonResponse(await parts.ledger.aread(look))


@router.get("/{clock}", summary="Explain a time limit: rule text, source, both readings, what started it")
async def get_clock(request: Request, clock: str, _: Reading) -> JsonResponse:
    """Return a clock with everything that its date rests on."""
    parts = parts_of(request)

    def look(reader: Reader) -> dict[str, Any]:
        return clock_explanation(reader, parts, clock, instant_text(parts.ledger.clock()))

    return JsonResponse(await parts.ledger.aread(look))
