"""Numbers as people and tools write them in text: `0.412`, `77.1%`, `NaN`; and times without a zone."""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import Any

from pratique.collectors.foreign import instant_at, text_at

_NUMBER = re.compile(r"\s*([-+]?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][-+]?[0-9]{1,4})?)\s*(%?)\s*")


def figure(value: Any) -> float | None:
    """Return the finite number that `value` is or plainly says, a percentage as its share; else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value if _finite(value) else None
    match = _NUMBER.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    found = float(match[1]) / (100 if match[2] else 1)
    return found if math.isfinite(found) else None


def naive_time_at(value: Any, *path: str) -> str | None:
    """Return the time at `path` as written, where it is a time without a zone: whose clock it was, nobody knows."""
    found = text_at(value, *path)
    if found is None or len(found) > 40 or instant_at(value, *path) is not None:
        return None
    try:
        return found if datetime.fromisoformat(found.strip()).tzinfo is None else None
    except ValueError:
        return None


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False  # an integer beyond every float
