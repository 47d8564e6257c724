"""Every error that Pratique raises on purpose: one base, children by what the caller can do about it."""

from __future__ import annotations

from typing import Any, ClassVar


class PratiqueError(Exception):
    """Base of all errors raised on purpose.

    A message says what, which id, found and expected. It never holds a secret or evidence content.
    """

    code: ClassVar[str] = "error"  #: stable, part of the public contract (problem `type` and CLI JSON)
    status: ClassVar[int] = 500  #: HTTP status of the problem document
    title: ClassVar[str] = "Error"

    def __init__(self, message: str, *, hint: str | None = None, **extra: Any) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint  #: what the caller can do next
        self.extra = extra  #: JSON-small members that the problem document carries beside the detail


class NotFoundError(PratiqueError):
    """What was named does not exist."""

    code = "not-found"
    status = 404
    title = "Not found"


class ConflictError(PratiqueError):
    """The state moved on since the caller looked; look again, then decide again."""

    code = "conflict"
    status = 409
    title = "Conflict"


class MoveRefusedError(ConflictError):
    """The gate's state does not allow this move."""

    code = "move-refused"
    title = "Move refused"


class KeyInUseError(ConflictError):
    """The first request with this `Idempotency-Key` is still being worked on; ask again in a moment."""

    code = "idempotency-key-in-use"
    title = "Idempotency key in use"


class SecretShownError(ConflictError):
    """The request was answered before, with a secret that is kept nowhere, so that it cannot be shown again."""

    code = "secret-shown-once"
    title = "Secret shown once"


class InvalidInputError(PratiqueError):
    """The input is malformed; nothing was changed."""

    code = "invalid-input"
    status = 422
    title = "Invalid input"


class TooLargeError(InvalidInputError):
    """The input is larger than the configured cap; nothing was kept."""

    code = "too-large"
    status = 413
    title = "Too large"


class KeyReusedError(InvalidInputError):
    """An `Idempotency-Key` came again with another request; each request needs a key of its own."""

    code = "idempotency-key-reused"
    title = "Idempotency key reused"


class UnauthenticatedError(PratiqueError):
    """No valid credential came with the request."""

    code = "unauthenticated"
    status = 401
    title = "Not authenticated"


class NotAllowedError(PratiqueError):
    """The credential is valid, but this is not its holder's to do."""

    code = "not-allowed"
    status = 403
    title = "Not allowed"


class UnavailableError(PratiqueError):
    """A part that is needed does not answer now; the only error worth retrying."""

    code = "unavailable"
    status = 503
    title = "Unavailable"


class TooManyRequestsError(UnavailableError):
    """Too many requests of this kind in a short time; `retry_after` says when the next may come."""

    code = "too-many-requests"
    status = 429
    title = "Too many requests"


class IntegrityError(PratiqueError):
    """Stored facts contradict each other: stop and shout."""

    code = "integrity"
    status = 500
    title = "Integrity violated"


class ConfigError(InvalidInputError):
    """Configuration is wrong; holds every error at once, a line each."""

    code = "invalid-config"
    title = "Invalid configuration"

    def __init__(self, errors: list[str], *, hint: str | None = None) -> None:
        super().__init__("\n".join(errors), hint=hint, errors=errors)
        self.errors = errors  #: one line each: file, key, found, expected
