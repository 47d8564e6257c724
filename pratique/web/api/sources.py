"""Sources of evidence: what is due, files from whoever fetches, and what came of it."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Self

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field, model_validator

from pratique.domain.models import Name
from pratique.services.evidence import clean_filename
from pratique.services.models import find_model_version
from pratique.services.sources import Collection, due_orders, order_for, record_collection, source_of, sources_view
from pratique.web.api.auth import Reading, Working, parts_of
from pratique.web.api.evidence import Given, check_announced, submitted
from pratique.web.api.responses import PROBLEMS, JsonResponse

router = APIRouter(prefix="/v1/sources", tags=["sources"], responses=PROBLEMS)

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class CollectionBody(BaseModel):
    """What came of an order: ids of evidence, or why there is none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: Name
    version: Name
    as_of: Annotated[str, Field(min_length=20, max_length=40)]  #: as the order has it
    evidence: Annotated[list[Annotated[str, Field(max_length=36)]], Field(max_length=1000)] = []
    failure: Annotated[str | None, Field(min_length=1, max_length=2000)] = None

    @model_validator(mode="after")
    def _printable(self) -> Self:
        if "\x00" in (self.failure or "") + "".join(self.evidence):
            raise ValueError("no NUL")
        return self


@router.get("", summary="List sources of evidence and how things stand with each")
async def list_sources(request: Request, _: Reading) -> JsonResponse:
    """Return every source with the model versions it speaks of: the last attempt, and whether it is due."""
    parts = parts_of(request)
    look = partial(sources_view, parts=parts, now=parts.ledger.clock())
    return JsonResponse({"items": await parts.ledger.aread(look)})


@router.get("/due", summary="Say what is to be fetched now")
async def list_due(request: Request, _: Working) -> JsonResponse:
    """Return an order for each source and model version that is due, with its reasons."""
    parts = parts_of(request)
    look = partial(due_orders, parts=parts, now=parts.ledger.clock())
    return JsonResponse({"items": await parts.ledger.aread(look)})


@router.get("/{source}/order", summary="Say what is to be fetched from one source, due or not")
async def get_order(
    request: Request,
    source: str,
    _: Working,
    model: Annotated[str, Query(max_length=64)],
    version: Annotated[str, Query(max_length=64)],
) -> JsonResponse:
    """Return the order for one model version."""
    parts = parts_of(request)
    look = partial(order_for, parts=parts, now=parts.ledger.clock(), source=source, model=model, version=version)
    return JsonResponse(await parts.ledger.aread(look))


@router.post("/{source}/evidence", status_code=201, openapi_extra=_BODY, summary="Hand over a file of a source")
async def post_source_evidence(
    request: Request,
    source: str,
    principal: Working,
    model: Annotated[str, Query(max_length=64)],
    version: Annotated[str, Query(max_length=64)],
    filename: Annotated[str, Query(min_length=1, max_length=1000)],
    sha256: Annotated[str | None, Query(pattern=r"^[0-9a-f]{64}$")] = None,
) -> JsonResponse:
    """Take a file as evidence that `source:<id>` submits: kept, read and judged as any other.

    The same content under the same name is the same evidence, and changes nothing.
    """
    parts = parts_of(request)
    found = source_of(parts, source, model, version)
    given = Given(
        model=model,
        version=version,
        filename=clean_filename(filename),
        requirement=found.requirement,
        revises=None,
    )
    await parts.ledger.aread(partial(find_model_version, model=model, version=version))
    check_announced(request, parts.settings.max_evidence_bytes)
    received = await parts.files.store_stream(request.stream(), expected=sha256)
    return await submitted(request, principal, received, given, submitter=f"source:{found.id}")


@router.post("/{source}/collections", status_code=201, summary="Say what came of an order")
async def post_collection(request: Request, source: str, body: CollectionBody, principal: Working) -> JsonResponse:
    """Record the evidence that was collected, or the failure with its reason. A failure alone changes no gate."""
    parts = parts_of(request)
    collection = Collection(
        source=source,
        model=body.model,
        version=body.version,
        as_of=body.as_of,
        evidence=body.evidence,
        failure=body.failure,
        credential=principal.credential,
    )
    command = partial(record_collection, parts=parts, collection=collection)
    return JsonResponse(await parts.ledger.awrite(principal.actor, command), status_code=201)
