"""Instants as the ledger writes them: UTC, fixed width, so that text order is time order."""

from __future__ import annotations

from datetime import UTC, datetime

from pratique.errors import InvalidInputError

#: The width of every stored instant: `2026-11-23T14:00:00.000000Z`.
INSTANT_WIDTH = 27


def instant_text(at: datetime) -> str:
    """Return `at` as RFC 3339 UTC text with microseconds, always 27 characters.

    Raises:
        InvalidInputError: `at` has no time zone.
    """
    if at.tzinfo is None:
        raise InvalidInputError(f"time {at.isoformat()} has no time zone; expected an aware time")
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse_instant(text: str) -> datetime:
    """Return the aware UTC time that `text` (RFC 3339 or ISO 8601 with an offset) names.

    Raises:
        InvalidInputError: not a time, or a time without a zone.
    """
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidInputError(f"time {text!r} is not RFC 3339, such as 2026-11-23T14:00:00Z") from None
    raise InvalidInputError(f"time {text!r} has no time zone; expected an offset or Z")
