"""The collectors that read evidence, and the shape of what they give."""

from __future__ import annotations

from fastapi import APIRouter, Request

from pratique.services.collectors import collector_view, collectors_view
from pratique.web.api.auth import Reading, parts_of
from pratique.web.api.responses import PROBLEMS, JsonResponse

router = APIRouter(prefix="/v1/collectors", tags=["evidence"], responses=PROBLEMS)


@router.get("", summary="List the collectors that read evidence")
async def list_collectors(request: Request, _: Reading) -> JsonResponse:
    """Return name, version, kinds and origin of each, and why others were left out; they are few, so in one answer."""
    return JsonResponse(collectors_view(parts_of(request).collectors))


@router.get("/{collector}", summary="Show a collector and the JSON Schema of its facts")
async def get_collector(request: Request, collector: str, _: Reading) -> JsonResponse:
    """Return a collector; the facts that criteria see are of its schema."""
    return JsonResponse(collector_view(parts_of(request).collectors, collector))
