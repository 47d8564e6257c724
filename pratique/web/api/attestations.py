"""What people attest of evidence."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from pratique.services.attestations import attest_evidence, attestations_view, withdraw_attestation
from pratique.web.api.auth import Deciding, Reading, parts_of, person_of
from pratique.web.api.bodies import Short, Text
from pratique.web.api.once import IdempotencyKey, answer_once
from pratique.web.api.responses import PROBLEMS, JsonResponse

router = APIRouter(prefix="/v1/evidence/{evidence}/attestations", tags=["evidence"], responses=PROBLEMS)


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AttestationBody(_Body):
    """A person read the file and says what it is."""

    statement: Text
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]  #: of the file that the person read
    role: Short | None = None


class AttestationWithdrawalBody(_Body):
    """Why an attestation is taken back."""

    reason: Text


@router.post("", status_code=201, summary="Attest what a piece of evidence is")
async def post_attestation(
    request: Request, evidence: str, body: AttestationBody, principal: Deciding, key: IdempotencyKey = None
) -> Response:
    """Say that you read the file and what it is; criteria see who did. Needs a person's token, and a role."""
    command = partial(
        attest_evidence,
        parts=parts_of(request),
        evidence_id=evidence,
        statement=body.statement,
        sha256=body.sha256,
        role=body.role,
        person=person_of(principal),
        credential=principal.credential,
    )
    return await answer_once(request, principal, key, command, status_code=201)


@router.get("", summary="List what people attest of a piece of evidence")
async def list_attestations(request: Request, evidence: str, _: Reading) -> JsonResponse:
    """Return every attestation of a piece of evidence, withdrawn ones too, oldest first."""
    look = partial(attestations_view, evidence_id=evidence)
    return JsonResponse(await parts_of(request).ledger.aread(look))


@router.post("/{attestation}/withdraw", summary="Take an attestation back")
async def post_attestation_withdrawal(
    request: Request,
    evidence: str,
    attestation: str,
    body: AttestationWithdrawalBody,
    principal: Deciding,
    key: IdempotencyKey = None,
) -> Response:
    """Withdraw an attestation; it stays in the journal. Needs a person's token, and a role for the model."""
    command = partial(
        withdraw_attestation,
        parts=parts_of(request),
        evidence_id=evidence,
        attestation_id=attestation,
        reason=body.reason,
        person=person_of(principal),
        credential=principal.credential,
    )
    return await answer_once(request, principal, key, command)
