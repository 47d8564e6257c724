"""Risk registers of model versions."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from pratique.domain.risks import Risk
from pratique.services.registering import GivenRegister, record_register, registered
from pratique.web.api.auth import Reading, Registering, parts_of
from pratique.web.api.once import IdempotencyKey, answer_once
from pratique.web.api.responses import PROBLEMS, JsonResponse

router = APIRouter(prefix="/v1/models", tags=["risks"], responses=PROBLEMS)
_RISKS = "/{model}/versions/{version}/risks"


class RegisterBody(BaseModel):
    """A whole risk register; the engine notes the edition."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    risks: tuple[Risk, ...] = Field(max_length=100)


@router.put(_RISKS, summary="Record the risk register of a model version, or replace it")
async def put_register(
    request: Request, model: str, version: str, body: RegisterBody, principal: Registering, key: IdempotencyKey = None
) -> Response:
    """Record a register, checked against the running taxonomy; gates that rest on it are judged again."""
    given = GivenRegister(risks=body.risks, by=principal.submitter, credential=principal.credential)
    command = partial(record_register, parts=parts_of(request), model=model, version=version, given=given)
    return await answer_once(request, principal, key, command)


@router.get(_RISKS, summary="Show the risk register of a model version")
async def get_register(request: Request, model: str, version: str, _: Reading) -> JsonResponse:
    """Return every identified risk; those that are always assessed also where nothing was recorded of them."""
    parts = parts_of(request)
    return JsonResponse(await parts.ledger.aread(partial(registered, parts=parts, model=model, version=version)))
