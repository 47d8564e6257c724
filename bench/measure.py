"""Measuring: CPU beside wall time, contenders side by side, medians over rounds."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple


class Sample(NamedTuple):
    """What one round of one contender took."""

    cpu: float  #: seconds of CPU, of the process that is measured
    wall: float  #: seconds
    count: int  #: operations

    @property
    def cpu_us(self) -> float:
        """CPU an operation, in microseconds."""
        return self.cpu / self.count * 1e6

    @property
    def wall_us(self) -> float:
        """Wall time an operation, in microseconds."""
        return self.wall / self.count * 1e6


@dataclass
class Series:
    """The rounds of one contender."""

    samples: list[Sample] = field(default_factory=list)

    @property
    def cpu_us(self) -> float:
        """Median CPU an operation, in microseconds."""
        return statistics.median(s.cpu_us for s in self.samples)

    @property
    def wall_us(self) -> float:
        """Median wall time an operation, in microseconds."""
        return statistics.median(s.wall_us for s in self.samples)

    def cpu_ratio(self, other: Series) -> float:
        """Median over the rounds of our CPU an operation against the other's in the same round."""
        return _ratio(self.samples, other.samples, lambda s: s.cpu_us)

    def wall_ratio(self, other: Series) -> float:
        """Median over the rounds of our wall time an operation against the other's in the same round."""
        return _ratio(self.samples, other.samples, lambda s: s.wall_us)


def _ratio(ours: Sequence[Sample], others: Sequence[Sample], figure: Callable[[Sample], float]) -> float:
    return statistics.median(figure(a) / figure(b) for a, b in zip(ours, others, strict=True))


def timed(operation: Callable[[], object], count: int) -> Sample:
    """Run `operation` `count` times; CPU is that of this whole process, threads included."""
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(count):
        operation()
    return Sample(time.process_time() - cpu, time.perf_counter() - wall, count)


def whole(operation: Callable[[], object], count: int) -> Sample:
    """Run `operation` once; it does `count` operations."""
    return timed(operation, 1)._replace(count=count)


def each(operation: Callable[[], object], count: int) -> list[float]:
    """Return the wall time of every single call, in milliseconds."""
    taken: list[float] = []
    for _ in range(count):
        began = time.perf_counter()
        operation()
        taken.append((time.perf_counter() - began) * 1e3)
    return taken


def interleave(contenders: Mapping[str, Callable[[], Sample]], rounds: int) -> dict[str, Series]:
    """Run the contenders side by side, each once a round; every second round goes backwards."""
    found = {name: Series() for name in contenders}
    for number in range(rounds):
        order = list(contenders) if number % 2 == 0 else list(reversed(contenders))
        for name in order:
            found[name].samples.append(contenders[name]())
    return found


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def cpu_of(pid: int) -> float:
    """Return the CPU seconds that another process of ours has used, all threads, to the nanosecond."""
    # clock_getcpuclockid(3) of Linux; psutil's figures come in steps of 10 ms.
    return time.clock_gettime((~pid << 3) | 2)


@contextmanager
def children_cpu() -> Iterator[Callable[[], float]]:
    """Give a function that says how much CPU ended children used since."""
    before = os.times()
    yield lambda: sum(os.times()[2:4]) - sum(before[2:4])
