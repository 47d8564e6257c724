"""Pauses spread in time, so that many clients or workers do not come back in one wave."""

from __future__ import annotations

import random

#: A source of its own: the SDK runs inside training scripts that seed `random` and must give the same run again.
_SOURCE = random.SystemRandom()


def spread(seconds: float, low: float, high: float) -> float:
    """Return `seconds` times a factor drawn evenly from `low` to `high`; guards nothing, keeps no secret."""
    return seconds * _SOURCE.uniform(low, high)
