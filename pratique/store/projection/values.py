"""What projectors share: the shape of their arguments, and how JSON stands in a column."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pratique.canonical import canonical_json
from pratique.store.changes import Change

#: The members of an entry.
Values = Mapping[str, Any]
#: From the members of an entry, and when it was written, to what it does to the rows, in order.
Projector = Callable[[Values, str], tuple[Change, ...]]


def text(value: Any) -> str:
    """Return a JSON value as columns hold it."""
    return canonical_json(value).decode()


def text_or_none(value: Any) -> str | None:
    """Return a JSON value as columns hold it; None stays None."""
    return None if value is None else text(value)
