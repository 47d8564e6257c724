"""The two errors of going out: it was not allowed, or it did not work."""

from __future__ import annotations

from pratique.errors import InvalidInputError, PratiqueError


class EgressRefusedError(InvalidInputError):
    """The engine does not go to this address; nothing was sent."""

    code = "egress-refused"
    title = "Address refused"


class EgressFailedError(PratiqueError):
    """The other side did not answer, or not within the limits. Whether to try again is the caller's to say."""

    code = "egress-failed"
    status = 502
    title = "No usable answer from outside"
