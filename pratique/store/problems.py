"""What a verification found wrong, a line each, bounded so that a ruined ledger still gives a readable answer."""

from __future__ import annotations

from collections import Counter
from typing import Any

#: Lines of one kind that are written out; what comes after is counted.
LINES_OF_A_KIND = 100
#: Longest part of a stored value that a line shows.
_SHOWN = 80


class Problems:
    """Collects problem lines by kind, in the order they were found."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._counts: Counter[str] = Counter()

    def add(self, kind: str, line: str) -> None:
        """Take a line; of each kind the first `LINES_OF_A_KIND` are kept, the others counted."""
        self._counts[kind] += 1
        if self._counts[kind] <= LINES_OF_A_KIND:
            self._lines.append(line)

    def lines(self) -> list[str]:
        """Return the lines, and for each kind that had more how many more."""
        more = [
            f"{kind}: {count - LINES_OF_A_KIND} more like these"
            for kind, count in self._counts.items()
            if count > LINES_OF_A_KIND
        ]
        return self._lines + more


def shown(value: Any) -> str:
    """Return a stored value as a problem line shows it, cut when long."""
    if isinstance(value, (bytes, memoryview)):
        data = bytes(value)
        return f"{len(data)} bytes {data[: _SHOWN // 4].hex()}{'...' if len(data) > _SHOWN // 4 else ''}"
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"


def difference(found: Any, expected: Any) -> str:
    """Return `found ..., expected ...`; of two long texts only the part where they begin to differ."""
    if isinstance(found, str) and isinstance(expected, str) and max(len(found), len(expected)) > _SHOWN:
        pairs = enumerate(zip(found, expected, strict=False))
        at = next((i for i, (a, b) in pairs if a != b), min(len(found), len(expected)))
        start, end = max(0, at - 20), at + 40
        return f"at character {at} found {found[start:end]!r}, expected {expected[start:end]!r}"
    return f"found {shown(found)}, expected {shown(expected)}"
