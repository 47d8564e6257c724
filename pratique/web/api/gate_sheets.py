"""The gates that there are, and the data sheet of each."""

from __future__ import annotations

from fastapi import APIRouter, Request

from pratique.services.sheets import gates_view, sheet_of_gate
from pratique.web.api.auth import Reading, parts_of
from pratique.web.api.responses import PROBLEMS, JsonResponse

router = APIRouter(prefix="/v1/gates", tags=["gates"], responses=PROBLEMS)


@router.get("", summary="List the gates that can be opened")
async def list_gates(request: Request, _: Reading) -> JsonResponse:
    """Return each gate with the question it answers, when it opens and who signs."""
    return JsonResponse({"items": gates_view(parts_of(request))})


@router.get("/{gate}", summary="Show the data sheet of a gate")
async def get_gate_sheet(request: Request, gate: str, _: Reading) -> JsonResponse:
    """Return what a gate decides, its sources and requirements, who signs, and what a pass does not prove."""
    return JsonResponse(sheet_of_gate(parts_of(request), gate))
