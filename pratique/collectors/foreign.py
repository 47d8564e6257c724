"""Typed looks into parsed foreign JSON: the value where it has the expected type, else None."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pratique.collectors.unreadable import UnreadableError
from pratique.domain.times import parse_instant
from pratique.errors import InvalidInputError

#: What has members. A plain dict is told fast, and nearly everything is one.
_OBJECTS = (dict, Mapping)


def at(value: Any, *path: str) -> Any:
    """Return the member that `path` leads to, or None."""
    for key in path:
        if not isinstance(value, _OBJECTS):
            return None
        value = value.get(key)
    return value


def mapping_at(value: Any, *path: str) -> Mapping[str, Any]:
    """Return the object at `path`, or an empty one."""
    found = at(value, *path)
    return found if isinstance(found, Mapping) else {}


def list_at(value: Any, *path: str) -> list[Any]:
    """Return the list at `path`, or an empty one."""
    found = at(value, *path)
    return found if isinstance(found, list) else []


def text_at(value: Any, *path: str) -> str | None:
    """Return the non-empty text at `path`, or None."""
    found = at(value, *path)
    return found if isinstance(found, str) and found else None


def count_at(value: Any, *path: str) -> int | None:
    """Return the whole number, zero or more, at `path`, or None. A flag is not a number."""
    found = at(value, *path)
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else None


def number_at(value: Any, *path: str) -> float | None:
    """Return the number at `path`, finite or not, or None. A flag is not a number."""
    found = at(value, *path)
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None


def instant_at(value: Any, *path: str) -> datetime | None:
    """Return the aware UTC time at `path`; None where there is none or it has no zone (naive times are guesses)."""
    found = text_at(value, *path)
    if found is None:
        return None
    try:
        return parse_instant(found)
    except InvalidInputError:
        return None


def epoch_at(value: Any, *path: str) -> datetime | None:
    """Return the UTC time that the seconds since 1970 at `path` name, or None."""
    found = number_at(value, *path)
    try:
        return None if found is None else datetime.fromtimestamp(found, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def named(value: Any, what: str, *path: str) -> str:
    """Return the non-empty text at `path`, which the format promises.

    Raises:
        UnreadableError: missing, empty, or no text.
    """
    found = text_at(value, *path)
    if found is None:
        raise UnreadableError(f"{what}: no text at {'.'.join(path)}; expected the name that the tool writes there")
    return found


def sha256_at(value: Any, *path: str) -> str | None:
    """Return the SHA-256 at `path` as 64 lower-case hex digits, or None where it is not one."""
    found = (text_at(value, *path) or "").lower().removeprefix("sha256:")
    return found if len(found) == 64 and all(c in "0123456789abcdef" for c in found) else None


def without_credentials(url: str | None) -> str | None:
    """Return `url` without the user and password that a remote's address may carry."""
    if url is None or "@" not in url or "://" not in url:
        return url
    try:
        parts = urlsplit(url)
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    except ValueError:
        return None
