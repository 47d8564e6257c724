"""What the schemes share: comparing in constant time, and the window of signed times."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_SECONDS = re.compile(r"[0-9]{1,12}")


class NotAuthenticError(Exception):
    """A request does not prove who sent it; `reason` is a short constant, safe to log and to count by."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """A request as it came."""

    headers: Mapping[str, str]  #: lower-case names
    body: bytes
    at: float  #: when it came, in seconds since 1970

    def header(self, name: str) -> str:
        """Return a header.

        Raises:
            NotAuthenticError: it is missing or empty.
        """
        value = self.headers.get(name, "").strip()
        if not value:
            raise NotAuthenticError(f"no {name}")
        return value


def hmac_sha256(secret: bytes, *parts: bytes) -> bytes:
    """Return HMAC-SHA256 over the parts one after the other."""
    made = hmac.new(secret, digestmod=hashlib.sha256)
    for part in parts:
        made.update(part)
    return made.digest()


def same_as_any(found: bytes, wanted: Iterable[bytes]) -> bool:
    """Say whether `found` is one of `wanted`; each is compared, and in constant time."""
    is_same = False
    for one in wanted:
        is_same |= hmac.compare_digest(found, one)
    return is_same


def from_base64(text: str) -> bytes:
    """Return the bytes of standard base64, or none where it is not that: no signature has none.

    Only the one text that encodes these bytes is taken; Python reads the unused bits of the last digit as it likes.
    """
    try:
        found = base64.b64decode(text, validate=True)
        return found if base64.b64encode(found) == text.encode("ascii") else b""
    except (binascii.Error, ValueError):
        return b""


def check_window(text: str, *, at: float, window_seconds: int) -> None:
    """Refuse a signed time, whole seconds since 1970, that is too far from now.

    Raises:
        NotAuthenticError: it is no such number, or outside the window.
    """
    if _SECONDS.fullmatch(text) is None:
        raise NotAuthenticError("malformed timestamp")
    if abs(at - int(text)) > window_seconds:
        raise NotAuthenticError("outside the replay window")
