"""POST /v1/events: CloudEvents 1.0 in, gate states out."""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import APIRouter, Request

from pratique.domain.events import CloudEvent, parse_binary, parse_structured
from pratique.errors import InvalidInputError, TooLargeError
from pratique.services.events import record_event
from pratique.web.api.auth import authenticate, parts_of
from pratique.web.api.responses import JsonResponse

router = APIRouter(tags=["events"])

#: The token is looked at in the route itself: this is the engine's busiest one, and FastAPI's way to a declared
#: dependency costs more than the look.
_DECLARED: dict[str, Any] = {
    "security": [{"HTTPBearer": []}],
    "requestBody": {
        "required": True,
        "content": {
            "application/cloudevents+json": {
                "schema": {
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
            }
        },
    },
}


@router.post("/v1/events", openapi_extra=_DECLARED, summary="Report an event; open or join the gates it concerns")
async def post_event(request: Request) -> JsonResponse:
    """Record one CloudEvent (structured JSON, or binary with ce-* headers) and answer with the gates it concerns."""
    principal = await authenticate(request)
    principal.require("events:write")
    parts = parts_of(request)
    event = await _read_event(request, parts.settings.max_event_bytes)
    answer = await parts.ledger.awrite(principal.actor, partial(record_event, parts=parts, event=event))
    headers = {"Pratique-Duplicate": "true"} if answer.is_duplicate else None
    return JsonResponse(answer.body, headers=headers)


async def _read_event(request: Request, max_bytes: int) -> CloudEvent:
    body = await read_body(request, max_bytes)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "application/cloudevents-batch+json":
        raise InvalidInputError("a batch of events was found; send one event a request")
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
