"""Problem documents (RFC 9457) and broken connections, as the classes of `pratique.errors`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pratique.errors import (
    ConfigError,
    ConflictError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    PratiqueError,
    TooLargeError,
    UnauthenticatedError,
    UnavailableError,
)

#: What an answer means whose code is not known here (another version, or a proxy in between).
_BY_STATUS: Mapping[int, type[PratiqueError]] = {
    400: InvalidInputError,
    401: UnauthenticatedError,
    403: NotAllowedError,
    404: NotFoundError,
    409: ConflictError,
    413: TooLargeError,
    422: InvalidInputError,
    429: UnavailableError,
    502: UnavailableError,
    503: UnavailableError,
    504: UnavailableError,
}

#: Members of a problem document that are not passed on as `extra`.
_OWN_MEMBERS = frozenset({"detail", "hint"})

#: How much of an answer that is not a problem document is shown.
_EXCERPT_CHARS = 200


class UnexpectedAnswerError(PratiqueError):
    """The engine, or whatever answers at its address, said something that this client cannot read."""

    code = "unexpected-answer"
    status = 502
    title = "Unexpected answer"


def error_of(status: int, headers: Mapping[str, str], body: bytes) -> PratiqueError:
    """Return the error that an answer with `status` stands for; every member is kept in `extra`."""
    problem = _problem(body)
    extra = {key: value for key, value in problem.items() if isinstance(key, str) and key not in _OWN_MEMBERS}
    extra["status"] = status
    if seconds := headers.get("retry-after", ""):
        extra["retry_after"] = seconds
    detail = str(problem.get("detail") or problem.get("title") or "") or _excerpt(status, headers, body)
    hint = problem.get("hint")
    return _class_of(problem.get("code"), status)(detail, hint=str(hint) if hint else None, **extra)


def document_of(error: PratiqueError) -> dict[str, Any]:
    """Return `error` as a problem document; what the engine sent wins over what the class says."""
    code = error.extra.get("code", error.code)
    document: dict[str, Any] = {
        "type": f"urn:pratique:problem:{code}",
        "title": error.title,
        "status": error.status,
        "detail": error.message,
        "code": code,
    }
    if error.hint:
        document["hint"] = error.hint
    return {**document, **error.extra}


def unreachable(url: str, reason: object) -> UnavailableError:
    """Return the error for a connection that could not be made or broke."""
    return UnavailableError(
        f"the engine at {url} does not answer: {reason}",
        hint="is it running (`pratique up`), and is PRATIQUE_URL right?",
    )


def _problem(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _class_of(code: object, status: int) -> type[PratiqueError]:
    for known in _descendants(PratiqueError):
        # ConfigError takes a list; over HTTP it is invalid input like any other.
        if known.code == code and known is not ConfigError:
            return known
    return _BY_STATUS.get(status, PratiqueError if status >= 500 else UnexpectedAnswerError)


def _descendants(parent: type[PratiqueError]) -> Iterator[type[PratiqueError]]:
    for child in parent.__subclasses__():
        # Only the shared vocabulary: other modules' errors may want other arguments.
        if child.__module__ == PratiqueError.__module__:
            yield child
        yield from _descendants(child)


def _excerpt(status: int, headers: Mapping[str, str], body: bytes) -> str:
    if 300 <= status < 400:
        return f"answered {status}, a redirect to {headers.get('location', 'nowhere')}; redirects are not followed"
    text = " ".join(body[:_EXCERPT_CHARS].decode("utf-8", "replace").split())
    return f"answered {status}: {text}" if text else f"answered {status} without a reason"
