"""The compute ledger of a model version."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from pratique.domain.compute import ComputeKind, ComputePurpose
from pratique.services.compute_ledger import NewCompute, compute_view, proposal_view, record_compute, withdraw_compute
from pratique.services.models import find_model_version
from pratique.services.withdrawals import check_may_withdraw
from pratique.store.reader import Reader
from pratique.store.transaction import Transaction
from pratique.web.api.auth import Deciding, Reading, Registering, parts_of, person_of
from pratique.web.api.bodies import Instant, Text
from pratique.web.api.once import IdempotencyKey, answer_once
from pratique.web.api.responses import PROBLEMS, JsonResponse

router = APIRouter(prefix="/v1/models/{model}/versions/{version}/compute", tags=["scope"], responses=PROBLEMS)


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ComputeBody(_Body):
    """Compute of one run over one span of time."""

    run: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]*$")]
    kind: ComputeKind
    flop: float = Field(gt=0, allow_inf_nan=False)
    begins_at: Instant
    ends_at: Instant
    purpose: ComputePurpose = ComputePurpose.PRE_TRAINING
    source: Text  #: how the figure was come by


class ComputeWithdrawalBody(_Body):
    """Why an entry is taken back."""

    reason: Text


@router.post("", status_code=201, summary="Record compute that training took, or is planned to take")
async def post_compute(
    request: Request, model: str, version: str, body: ComputeBody, principal: Registering, key: IdempotencyKey = None
) -> Response:
    """Record an entry; crossing 10^25 FLOP, or knowing that it will be crossed, is recorded with it."""
    parts = parts_of(request)
    new = NewCompute(**dict(body), person=principal.person, credential=principal.credential)

    def command(tx: Transaction) -> dict[str, Any]:
        found = find_model_version(tx, model, version)
        entry = record_compute(tx, parts, found, new)
        return {"id": entry, **compute_view(tx, parts, found)}

    return await answer_once(request, principal, key, command, status_code=201)


@router.get("", summary="Show the compute ledger of a model version")
async def get_compute(request: Request, model: str, version: str, _: Reading) -> JsonResponse:
    """Return entries, those of versions that it continues, sums, and when 10^25 FLOP are crossed."""
    parts = parts_of(request)

    def look(reader: Reader) -> dict[str, Any]:
        return compute_view(reader, parts, find_model_version(reader, model, version))

    return JsonResponse(await parts.ledger.aread(look))


@router.get("/proposal", summary="Show what evidence gives ground to record")
async def get_compute_proposal(
    request: Request, model: str, version: str, _: Reading, evidence: Annotated[str, Query(min_length=1, max_length=36)]
) -> JsonResponse:
    """Return an entry that could be recorded of a training run or an MLflow run. Nothing is recorded by asking."""

    def look(reader: Reader) -> dict[str, Any]:
        return proposal_view(reader, find_model_version(reader, model, version), evidence)

    return JsonResponse(await parts_of(request).ledger.aread(look))


@router.post("/{entry}/withdraw", summary="Say that an entry of the compute ledger was wrong")
async def post_compute_withdrawal(
    request: Request,
    model: str,
    version: str,
    entry: str,
    body: ComputeWithdrawalBody,
    principal: Deciding,
    key: IdempotencyKey = None,
) -> Response:
    """Withdraw an entry; it stays in the journal. Needs a person's token, for less may be owed afterwards."""
    parts = parts_of(request)
    withdraw = partial(
        withdraw_compute, reason=body.reason, person=person_of(principal), credential=principal.credential
    )

    def command(tx: Transaction) -> dict[str, Any]:
        found = find_model_version(tx, model, version)
        check_may_withdraw(parts, person_of(principal), model)
        withdraw(tx, parts, found, entry)
        return compute_view(tx, parts, found)

    return await answer_once(request, principal, key, command)
