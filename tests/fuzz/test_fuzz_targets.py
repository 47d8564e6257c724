"""Every parser of foreign bytes, on its samples, on samples cut anywhere, and on samples damaged by a fixed seed."""

from __future__ import annotations

import time
from itertools import islice

import pytest
from fuzz_mutator import inputs
from fuzz_targets import all_targets

#: CPU of one target's damaged inputs here; `make fuzz` takes longer. A busy machine tries fewer, never longer.
SECONDS = 0.25
MOST_INPUTS = 150
_SMALL = 30_000

#: Targets whose samples are no whole input by themselves, or that take any input.
_ALWAYS_REFUSED = {"edition"}


@pytest.mark.parametrize("name", sorted(all_targets()))
def test_damaged_input_is_taken_or_refused_with_a_reason(name: str) -> None:
    target = all_targets()[name]
    small = [sample for sample in target.samples if len(sample) <= _SMALL] or list(target.samples[:1])
    taken = [target.one(sample) for sample in small[:6]]
    assert any(taken) or name in _ALWAYS_REFUSED, "no sample is read: the target tests nothing"
    target.one(b"")
    for part in range(1, 16):
        target.one(small[0][: len(small[0]) * part // 16])
    begun = time.process_time()
    for data in islice(inputs(small, name), MOST_INPUTS):
        target.one(data)
        if time.process_time() - begun > SECONDS:
            break
