"""Signatures of outgoing webhooks, as Standard Webhooks 1.0 has them.

Source: https://www.standardwebhooks.com, symmetric scheme `v1`: base64(HMAC-SHA256(key, id.timestamp.body)); while a
secret is exchanged, one signature for each, separated by a space.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime

from standardwebhooks import Webhook

_PREFIX = "whsec_"
#: Source: Standard Webhooks, "between 24 bytes (192 bits) and 64 bytes (512 bits)".
_FEWEST_BYTES, _MOST_BYTES = 24, 64


class KeyTroubleError(ValueError):
    """A secret is no key of Standard Webhooks; the text says why, and holds nothing of it."""


def key_of(secret: str) -> bytes:
    """Return the key that a secret (`whsec_` and base64) stands for.

    Raises:
        KeyTroubleError: it is none.
    """
    if not secret.startswith(_PREFIX):
        raise KeyTroubleError(f"does not begin with {_PREFIX}")
    try:
        text = secret.removeprefix(_PREFIX)
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise KeyTroubleError(f"is no base64 behind {_PREFIX}") from None
    if not _FEWEST_BYTES <= len(key) <= _MOST_BYTES:
        raise KeyTroubleError(f"stands for {len(key)} bytes; {_FEWEST_BYTES} to {_MOST_BYTES} are expected")
    return key


def signed_headers(keys: Sequence[bytes], *, message: str, at: datetime, body: str) -> dict[str, str]:
    """Return the three headers of a message.

    Args:
        keys: the present one first.
        message: its id; the same at every attempt.
        at: of this attempt, aware.
        body: exactly what is sent.
    """
    signatures = [Webhook(key).sign(msg_id=message, timestamp=at, data=body) for key in keys]
    return {
        "webhook-id": message,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
