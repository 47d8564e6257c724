"""JSON answers, and problems as RFC 9457 documents."""

from __future__ import annotations

import logging
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from pratique.errors import InvalidInputError, PratiqueError, UnavailableError

_log = logging.getLogger(__name__)

_CODES = {400: "invalid-input", 404: "not-found", 405: "method-not-allowed", 413: "too-large"}
_PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "description": "urn:pratique:problem:<code>"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "stable; what programs tell problems apart by"},
        "hint": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "string"}},
    },
}
_MEANINGS = {
    400: "The body is no JSON",
    401: "No valid token came with the request",
    403: "The token's holder may not do this",
    404: "What was named does not exist",
    409: "The state moved on since the caller looked",
    413: "The body is too large",
    422: "The request is malformed; nothing was changed",
    429: "Too many requests of this kind in a short time; `Retry-After` says when to come back",
    503: "A part that is needed does not answer now; try again",
}
#: The problems of every route under /v1, for the OpenAPI document.
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": meaning, "content": {"application/problem+json": {"schema": _PROBLEM_SCHEMA}}}
    for status, meaning in _MEANINGS.items()
}


class JsonResponse(Response):
    """JSON written by orjson."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Return the body."""
        return orjson.dumps(content)


def problem(*, code: str, title: str, status: int, detail: str, **members: Any) -> Response:
    """Return a problem document."""
    body = {"type": f"urn:pratique:problem:{code}", "title": title, "status": status, "detail": detail, "code": code}
    headers = {"WWW-Authenticate": 'Bearer realm="pratique"'} if status == 401 else None
    return Response(
        orjson.dumps(body | {k: v for k, v in members.items() if v is not None}),
        status_code=status,
        media_type="application/problem+json",
        headers=headers,
    )


def problem_of(error: PratiqueError) -> Response:
    """Return the problem document of an error raised on purpose; `retry_after` (seconds) becomes a header too."""
    answer = problem(
        code=error.code,
        title=error.title,
        status=error.status,
        detail=error.message,
        hint=error.hint,
        **error.extra,
    )
    if "retry_after" in error.extra:
        answer.headers["Retry-After"] = str(error.extra["retry_after"])
    return answer


def install_problem_handlers(app: FastAPI) -> None:
    """Answer every error with a problem document."""
    app.add_exception_handler(PratiqueError, _on_pratique_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(Exception, _on_surprise)


async def _on_pratique_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, PratiqueError)  # noqa: S101 - registered for this class alone
    if error.status >= 500 and not isinstance(error, UnavailableError):
        _log.error("%s: %s", error.code, error.message)
    return problem_of(error)


async def _on_validation_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class alone
    lines = [f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors()][:20]
    return problem_of(InvalidInputError("the request is malformed: " + "; ".join(lines), errors=lines))


async def _on_http_exception(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
    code = _CODES.get(error.status_code, "http-error")
    answer = problem(code=code, title=str(error.detail), status=error.status_code, detail=str(error.detail))
    answer.headers.update(error.headers or {})
    return answer


async def _on_surprise(_request: Request, error: Exception) -> Response:
    _log.error("unexpected %s", type(error).__name__, exc_info=error)
    return problem(
        code="internal",
        title="Internal error",
        status=500,
        detail="the engine met an error it did not expect; its log has the trace. Nothing was changed.",
    )
