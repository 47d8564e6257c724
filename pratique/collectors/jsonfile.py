"""A JSON file of a known format: capped, cheaply told from others, parsed whole."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pratique.collectors.jsontext import parse_json
from pratique.collectors.unreadable import UnreadableError


def load_object(
    path: Path, what: str, *, max_bytes: int, marks: Iterable[str] = (), one_of: Iterable[str] = ()
) -> dict[str, Any]:
    """Return the JSON object in the file at `path`; NaN and Infinity may stand in it.

    Args:
        path: the stored file.
        what: the format, for messages.
        max_bytes: the largest file that is read.
        marks: words that every file of the format holds; without them nothing is parsed.
        one_of: words of which every file of the format holds at least one.

    Raises:
        UnreadableError: as `load_json`; also when the value is no object.
    """
    document = load_json(path, what, max_bytes=max_bytes, marks=marks, one_of=one_of)
    if not isinstance(document, dict):
        raise UnreadableError(f"{what}: a JSON {type(document).__name__} found, an object expected")
    return document


def load_json(path: Path, what: str, *, max_bytes: int, marks: Iterable[str] = (), one_of: Iterable[str] = ()) -> Any:
    """Return the JSON value in the file at `path`; for the arguments see `load_object`.

    Raises:
        UnreadableError: too large, without a mark of the format, not whole JSON, or too costly to parse.
    """
    size = path.stat().st_size
    if size > max_bytes:
        raise UnreadableError(f"{what}: {size} bytes found, at most {max_bytes} expected")
    data = path.read_bytes()
    for mark in marks:
        if mark.encode() not in data:
            raise UnreadableError(f"{what}: no {mark} found; expected a file of this format")
    named = tuple(one_of)
    if named and not any(mark.encode() in data for mark in named):
        raise UnreadableError(f"{what}: none of {', '.join(named)} found; expected a file of this format")
    return parse_json(data, what)
