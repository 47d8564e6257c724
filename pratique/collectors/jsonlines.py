"""JSON Lines from strangers: one line in memory at a time, each within a cap."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pratique.collectors.unreadable import UnreadableError


def json_lines(path: Path, what: str, *, max_line_bytes: int, max_lines: int) -> Iterator[bytes]:
    """Yield the lines of the file at `path` that are not blank, with their ends.

    A last line without an end was perhaps cut: the caller sees that it lacks the newline.

    Raises:
        UnreadableError: a line is longer than `max_line_bytes`, or there are more than `max_lines`.
    """
    with path.open("rb") as file:
        for number in range(1, max_lines + 1):
            line = file.readline(max_line_bytes + 1)
            if not line:
                return
            if len(line) > max_line_bytes:
                raise UnreadableError(f"{what}: line {number} is longer than {max_line_bytes} bytes")
            if line.strip():
                yield line
        if file.read(1):
            raise UnreadableError(f"{what}: more than {max_lines} lines found")
