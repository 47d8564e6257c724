"""What the store is given from outside: time and ids."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import uuid_utils

Clock = Callable[[], datetime]  #: returns an aware UTC time
NewId = Callable[[], str]  #: returns a UUIDv7 as text


def system_clock() -> datetime:
    """Return the present in UTC."""
    return datetime.now(UTC)


def new_uuid7() -> str:
    """Return a fresh UUIDv7 (RFC 9562): ordered by time, monotonic within the process."""
    return str(uuid_utils.uuid7())
