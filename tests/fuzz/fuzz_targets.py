"""Every target by name, and the one way to run an input."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import fuzz_evidence
import fuzz_messages
import fuzz_rules
from fuzz_target import Target


@functools.cache
def all_targets() -> Mapping[str, Target]:
    """Return every target by its name."""
    found = [*fuzz_evidence.targets(), *fuzz_messages.targets(), *fuzz_rules.targets()]
    by_name = {target.name: target for target in found}
    assert len(by_name) == len(found)
    return by_name


def fuzz_one(name: str, data: bytes) -> bool:
    """Run one input on one target; True when it was taken, False when refused. Anything else is a fault."""
    return all_targets()[name].one(data)
