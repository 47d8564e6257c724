"""POST /v1/events: CloudEvents 1.0 in, gate states out; one event, or a batch of them."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import orjson
from fastapi import APIRouter, Request

from pratique.domain.events import MAX_BATCH, CloudEvent, parse_batch, parse_binary, parse_structured
from pratique.errors import PratiqueError, TooLargeError
from pratique.services.access import Principal
from pratique.services.events import EventAnswer, record_event
from pratique.services.parts import Parts
from pratique.web.api.auth import authenticate, parts_of
from pratique.web.api.responses import PROBLEMS, JsonResponse, problem_of

router = APIRouter(tags=["events"], responses=PROBLEMS)

BATCH = "application/cloudevents-batch+json"

#: The token is looked at in the route itself: this is the engine's busiest one, and FastAPI's way to a declared
#: dependency costs more than the look.
_EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["specversion", "id", "source", "type"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "minLength": 1, "maxLength": 256},
        "source": {"type": "string", "minLength": 1, "maxLength": 256},
        "type": {"type": "string", "minLength": 1, "maxLength": 256},
        "subject": {"type": "string", "description": "model/version"},
        "time": {"type": "string", "format": "date-time"},
        "data": {
            "type": "object",
            "properties": {"gate": {"type": "string"}, "occasion": {"type": "string"}},
        },
    },
}
_DECLARED: dict[str, Any] = {
    "security": [{"HTTPBearer": []}],
    "requestBody": {
        "required": True,
        "content": {
            "application/cloudevents+json": {"schema": _EVENT},
            BATCH: {"schema": {"type": "array", "minItems": 1, "maxItems": MAX_BATCH, "items": _EVENT}},
        },
    },
}


@router.post(
    "/v1/events",
    openapi_extra=_DECLARED,
    responses={207: {"description": "A batch, of which one event at least was refused"}},
    summary="Report an event; open or join the gates it concerns",
)
async def post_event(request: Request) -> JsonResponse:
    """Record a CloudEvent (structured JSON, or binary with ce-* headers) and answer with the gates it concerns.

    A batch (`application/cloudevents-batch+json`) is no transaction: each of its events stands for itself, and has its
    own answer and status in `results`, in their order. 207 says that one at least was refused.
    """
    principal = await authenticate(request)
    principal.require("events:write")
    parts = parts_of(request)
    body = await read_body(request, parts.settings.max_event_bytes)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == BATCH:
        return await _answer_batch(parts, principal, body)
    event = _read_event(request, media_type, body)
    answer = await parts.ledger.awrite(principal.actor, partial(record_event, parts=parts, event=event))
    headers = {"Pratique-Duplicate": "true"} if answer.is_duplicate else None
    return JsonResponse(answer.body, headers=headers)


async def _answer_batch(parts: Parts, principal: Principal, body: bytes) -> JsonResponse:
    """Record the events of a batch, each for itself; all that are sound are committed in their order."""
    under_way = [_recorded(parts, principal, one) for one in parse_batch(body)]
    results = [_result(one) for one in await asyncio.gather(*under_way, return_exceptions=True)]
    status = 200 if all(one["status"] == 200 for one in results) else 207
    return JsonResponse({"results": results}, status_code=status)


def _recorded(parts: Parts, principal: Principal, event: CloudEvent | PratiqueError) -> asyncio.Future[EventAnswer]:
    if isinstance(event, CloudEvent):
        return parts.ledger.awrite(principal.actor, partial(record_event, parts=parts, event=event))
    refused: asyncio.Future[EventAnswer] = asyncio.get_running_loop().create_future()
    refused.set_exception(event)
    return refused


def _result(answer: EventAnswer | BaseException) -> dict[str, Any]:
    if isinstance(answer, EventAnswer):
        return {"status": 200, "is_duplicate": answer.is_duplicate, **answer.body}
    if isinstance(answer, PratiqueError):
        return {"status": answer.status, "problem": orjson.loads(problem_of(answer).body)}
    raise answer


def _read_event(request: Request, media_type: str, body: bytes) -> CloudEvent:
    if "ce-specversion" in request.headers and media_type != "application/cloudevents+json":
        return parse_binary(request.headers, body)
    return parse_structured(body)


async def read_body(request: Request, max_bytes: int) -> bytes:
    """Return the body.

    Raises:
        TooLargeError: it is longer than `max_bytes`; reading stops there.
    """
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > max_bytes:
            raise TooLargeError(f"the body is larger than {max_bytes} bytes")
        chunks.append(chunk)
    return b"".join(chunks)
