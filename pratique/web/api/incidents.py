"""Serious incidents, near misses, requests and complaints of a model version."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from pratique.domain.occurrences import Thread
from pratique.domain.times import instant_text
from pratique.services import incidents, requests
from pratique.services.access import Principal
from pratique.services.models import find_model_version
from pratique.services.occurrences import Said
from pratique.store.reader import Reader, Row
from pratique.store.transaction import Transaction
from pratique.web.api.auth import Reading, Reporting, parts_of
from pratique.web.api.clock_bodies import (
    AnswerBody,
    IncidentBody,
    LimbsBody,
    NearMissBody,
    ReportBody,
    RequestBody,
    ResolutionBody,
    SaidBody,
)
from pratique.web.api.once import IdempotencyKey, answer_once
from pratique.web.api.responses import PROBLEMS, JsonResponse

router = APIRouter(prefix="/v1/models/{model}/versions/{version}", tags=["incidents"], responses=PROBLEMS)
_INCIDENT = "/incidents/{incident}"

Cursor = Annotated[str | None, Query(max_length=90)]
Limit = Annotated[int, Query(ge=1, le=500)]
#: Records something about a model version and returns the name of the incident or request.
Step = Callable[[Transaction, Row, Said], str]
#: Shows it: (reader, row of the model version, name, present).
Show = Callable[[Reader, Row, str, str], dict[str, Any]]


@router.post("/incidents", status_code=201, summary="Record awareness of a serious incident, before triage")
async def post_incident(
    request: Request, model: str, version: str, body: IncidentBody, principal: Reporting, key: IdempotencyKey = None
) -> Response:
    """Open an incident. While no kind of harm is named, the strictest time limit is assumed, and shown as such."""
    parts = parts_of(request)

    def step(tx: Transaction, row: Row, said: Said) -> str:
        given = body.model_dump(mode="json", include={"causal", "aware_by", "reference"})
        return incidents.open_incident(tx, parts, row, said, limbs=body.limbs, **given)

    return await _take(request, (model, version), principal, key, body, step, status_code=201)


@router.post("/near-misses", status_code=201, summary="Record what could have been a serious incident")
async def post_near_miss(
    request: Request, model: str, version: str, body: NearMissBody, principal: Reporting, key: IdempotencyKey = None
) -> Response:
    """Record a near miss; it feeds the assessment of Framework and risks."""
    parts = parts_of(request)

    def command(tx: Transaction) -> dict[str, Any]:
        row = find_model_version(tx, model, version)
        said = _said(tx, body, principal)
        name = incidents.record_near_miss(tx, parts, row, said, reference=body.reference)
        return {"near_miss": name, "model": model, "version": version, "at": instant_text(said.at)}

    return await answer_once(request, principal, key, command, status_code=201)


@router.get("/incidents", summary="List serious incidents, the newest awareness first")
async def list_incidents(
    request: Request, model: str, version: str, _: Reading, cursor: Cursor = None, limit: Limit = 50
) -> JsonResponse:
    """Return incidents page by page, each with its clocks."""
    return await _list(request, incidents.incidents_page, model, version, cursor, limit)


@router.get(_INCIDENT, summary="Show a serious incident: limbs, reports, what they lack, and the time that is left")
async def get_incident(request: Request, model: str, version: str, incident: str, _: Reading) -> JsonResponse:
    """Return an incident."""
    return await _look(request, incidents.incident_view, model, version, incident)


@router.post(_INCIDENT + "/limbs", summary="Record kinds of harm; a stricter one shortens the date")
async def post_limbs(
    request: Request,
    model: str,
    version: str,
    incident: str,
    body: LimbsBody,
    principal: Reporting,
    key: IdempotencyKey = None,
) -> Response:
    """Add kinds of harm to an incident; its dates are counted anew from the same moment of awareness."""
    parts = parts_of(request)

    def step(tx: Transaction, row: Row, said: Said) -> str:
        incidents.add_limbs(tx, parts, row, said, incident=incident, limbs=body.limbs)
        return incident

    return await _take(request, (model, version), principal, key, body, step)


@router.post(_INCIDENT + "/reports", summary="Record a report that was filed, with the items it holds")
async def post_report(
    request: Request,
    model: str,
    version: str,
    incident: str,
    body: ReportBody,
    principal: Reporting,
    key: IdempotencyKey = None,
) -> Response:
    """Record an initial, intermediate or final report; the first needs items 1 to 7 of S-9.2, the last all nine."""
    parts = parts_of(request)

    def step(tx: Transaction, row: Row, said: Said) -> str:
        report = body.model_dump(mode="json", exclude={"at", "why", "also"}, exclude_none=True)
        incidents.file_report(tx, parts, row, said, incident=incident, report=report, also=body.also)
        return incident

    return await _take(request, (model, version), principal, key, body, step)


@router.post(_INCIDENT + "/resolution", summary="Record that corrective measures were adopted")
async def post_resolution(
    request: Request,
    model: str,
    version: str,
    incident: str,
    body: ResolutionBody,
    principal: Reporting,
    key: IdempotencyKey = None,
) -> Response:
    """Resolve an incident; the time for its final report begins."""
    parts = parts_of(request)

    def step(tx: Transaction, row: Row, said: Said) -> str:
        incidents.resolve_incident(tx, parts, row, said, incident=incident)
        return incident

    return await _take(request, (model, version), principal, key, body, step)


@router.post("/requests", status_code=201, summary="Record a request or a complaint that was received")
async def post_request(
    request: Request, model: str, version: str, body: RequestBody, principal: Reporting, key: IdempotencyKey = None
) -> Response:
    """Open a request of an authority or a downstream provider, or a complaint of a rightsholder."""
    parts = parts_of(request)

    def step(tx: Transaction, row: Row, said: Said) -> str:
        return requests.open_request(tx, parts, row, said, thread=Thread(body.kind), terms=body.terms())

    return await _take(
        request, (model, version), principal, key, body, step, show=requests.request_view, status_code=201
    )


@router.get("/requests", summary="List requests and complaints, the newest first")
async def list_requests(
    request: Request, model: str, version: str, _: Reading, cursor: Cursor = None, limit: Limit = 50
) -> JsonResponse:
    """Return requests and complaints page by page, each with its clocks."""
    return await _list(request, requests.requests_page, model, version, cursor, limit)


@router.get("/requests/{name}", summary="Show a request or complaint, and the time that is left")
async def get_request(request: Request, model: str, version: str, name: str, _: Reading) -> JsonResponse:
    """Return a request or complaint."""
    return await _look(request, requests.request_view, model, version, name)


@router.post("/requests/{name}/answer", summary="Record that a request was answered, or a complaint decided")
async def post_answer(
    request: Request,
    model: str,
    version: str,
    name: str,
    body: AnswerBody,
    principal: Reporting,
    key: IdempotencyKey = None,
) -> Response:
    """Answer a request, or decide a complaint."""
    parts = parts_of(request)

    def step(tx: Transaction, row: Row, said: Said) -> str:
        answer = body.model_dump(mode="json", exclude={"at", "why"}, exclude_none=True)
        requests.answer_request(tx, parts, row, said, request=name, answer=answer)
        return name

    return await _take(request, (model, version), principal, key, body, step, show=requests.request_view)


def _said(tx: Transaction, body: SaidBody, principal: Principal) -> Said:
    at = body.at or tx.now
    return Said(at=at, why=body.why, person=principal.person, credential=principal.credential)


async def _take(
    request: Request,
    named: tuple[str, str],
    principal: Principal,
    key: str | None,
    body: SaidBody,
    step: Step,
    *,
    show: Show = incidents.incident_view,
    status_code: int = 200,
) -> Response:
    """Take one step of an incident or request, and answer with what it is then."""

    def command(tx: Transaction) -> dict[str, Any]:
        row = find_model_version(tx, *named)
        name = step(tx, row, _said(tx, body, principal))
        return show(tx, row, name, tx.at)

    return await answer_once(request, principal, key, command, status_code=status_code)


async def _look(request: Request, show: Show, model: str, version: str, name: str) -> JsonResponse:
    ledger = parts_of(request).ledger

    def look(reader: Reader) -> dict[str, Any]:
        return show(reader, find_model_version(reader, model, version), name, instant_text(ledger.clock()))

    return JsonResponse(await ledger.aread(look))


async def _list(
    request: Request, page: Callable[..., dict[str, Any]], model: str, version: str, cursor: str | None, limit: int
) -> JsonResponse:
    ledger = parts_of(request).ledger
    at = instant_text(ledger.clock())
    return JsonResponse(
        await ledger.aread(partial(page, model=model, version=version, at=at, cursor=cursor, limit=limit))
    )
