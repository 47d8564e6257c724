"""A target: one parser that meets bytes of strangers, the only errors that it may raise, and samples to start from."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).resolve().parents[1] / "data"
CONFIG = DATA.parents[1] / "config"
#: Of one input: the slowest sample takes a hundredth of it, alone on a machine.
MOST_SECONDS = 10.0


class SlowError(AssertionError):
    """An input took longer than any file of its size should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is fuzzed."""

    name: str
    run: Callable[[bytes], object]  #: takes any bytes; checks what must hold of the result
    refusals: tuple[type[Exception], ...]  #: expected of bytes that are none; each with a message
    samples: tuple[bytes, ...]

    def one(self, data: bytes) -> bool:
        """Run one input; True when it was taken, False when it was refused as it may be."""
        begun = time.process_time()
        try:
            self.run(data)
        except self.refusals as refusal:
            told = str(refusal)
            if not told.strip():
                raise AssertionError(f"{type(refusal).__name__} without a reason") from refusal
            told.encode()  # a lone surrogate would break the answer that carries it
            return False
        finally:
            took = time.process_time() - begun
            if took > MOST_SECONDS:
                raise SlowError(f"{self.name}: {took:.1f} s for {len(data)} bytes")
        return True


def samples(*patterns: str, base: Path = DATA, most: int = 200_000) -> tuple[bytes, ...]:
    """Return the files that the patterns name, smallest first; at least one each, none above `most` bytes."""
    found: list[bytes] = []
    for pattern in patterns:
        files = [path.read_bytes() for path in sorted(base.glob(pattern)) if path.is_file()]
        assert files, f"no sample {pattern}"
        found += [data for data in files if len(data) <= most]
    assert found, patterns
    return tuple(sorted(set(found), key=lambda data: (len(data), data)))
