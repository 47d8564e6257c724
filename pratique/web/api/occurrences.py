"""Occurrences: what happened, or is planned, that clocks run from."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from pratique.services.access import Principal
from pratique.services.models import find_model_version
from pratique.services.occurrence_lists import occurrences_page
from pratique.services.occurrences import (
    NewOccurrence,
    find_occurrence,
    occurrence_view,
    record_occurrence,
)
from pratique.services.parts import Parts
from pratique.services.withdrawals import withdraw_by_person
from pratique.store.reader import Reader
from pratique.store.transaction import Transaction
from pratique.web.api.auth import Deciding, Reading, Reporting, parts_of, person_of
from pratique.web.api.clock_bodies import OccurrenceBody, WithdrawalBody
from pratique.web.api.once import IdempotencyKey, answer_once
from pratique.web.api.responses import PROBLEMS, JsonResponse

router = APIRouter(prefix="/v1", tags=["clocks"], responses=PROBLEMS)
_OF_VERSION = "/models/{model}/versions/{version}/occurrences"

Cursor = Annotated[str | None, Query(max_length=90)]
Limit = Annotated[int, Query(ge=1, le=500)]


@router.post("/occurrences", status_code=201, summary="Record what concerns the provider, and so every model version")
async def post_wide_occurrence(
    request: Request, body: OccurrenceBody, principal: Reporting, key: IdempotencyKey = None
) -> Response:
    """Record an occurrence that belongs to no model version alone."""
    command = partial(_record, parts=parts_of(request), named=None, body=body, principal=principal)
    return await answer_once(request, principal, key, command, status_code=201)


@router.post(_OF_VERSION, status_code=201, summary="Record what happened to a model version, or is planned")
async def post_occurrence(
    request: Request, model: str, version: str, body: OccurrenceBody, principal: Reporting, key: IdempotencyKey = None
) -> Response:
    """Record an occurrence; the gates that wait for it open."""
    command = partial(_record, parts=parts_of(request), named=(model, version), body=body, principal=principal)
    return await answer_once(request, principal, key, command, status_code=201)


@router.get("/occurrences", summary="List what concerns the provider, newest first")
async def list_wide_occurrences(
    request: Request, _: Reading, cursor: Cursor = None, limit: Limit = 100
) -> JsonResponse:
    """Return occurrences that belong to no model version alone, page by page."""
    look = partial(occurrences_page, version_id=None, cursor=cursor, limit=limit)
    return JsonResponse(await parts_of(request).ledger.aread(look))


@router.get(_OF_VERSION, summary="List what happened to a model version, newest first")
async def list_occurrences(
    request: Request, model: str, version: str, _: Reading, cursor: Cursor = None, limit: Limit = 100
) -> JsonResponse:
    """Return the occurrences of a model version, page by page."""

    def look(reader: Reader) -> dict[str, Any]:
        found = find_model_version(reader, model, version)
        return occurrences_page(reader, version_id=found["id"], cursor=cursor, limit=limit)

    return JsonResponse(await parts_of(request).ledger.aread(look))


@router.post("/occurrences/{occurrence}/withdraw", summary="Say that an occurrence was recorded wrongly")
async def post_withdrawal(
    request: Request, occurrence: str, body: WithdrawalBody, principal: Deciding, key: IdempotencyKey = None
) -> Response:
    """Withdraw an occurrence; it stays in the journal. Needs a person's token, and a role for the model."""
    person, parts = person_of(principal), parts_of(request)

    def command(tx: Transaction) -> dict[str, Any]:
        withdraw_by_person(tx, parts, occurrence, reason=body.reason, person=person, credential=principal.credential)
        return occurrence_view(find_occurrence(tx, occurrence))

    return await answer_once(request, principal, key, command)


def _record(
    tx: Transaction, *, parts: Parts, named: tuple[str, str] | None, body: OccurrenceBody, principal: Principal
) -> dict[str, Any]:
    version_id = find_model_version(tx, *named)["id"] if named is not None else None
    new = NewOccurrence(
        kind=body.kind,
        at=body.at or tx.now,
        why=body.why,
        model_version_id=version_id,
        about=body.about,
        data=body.data,
        person=principal.person,
        credential=principal.credential,
    )
    return occurrence_view(find_occurrence(tx, record_occurrence(tx, parts, new)))
