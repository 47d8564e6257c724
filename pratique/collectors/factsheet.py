"""Facts on their way into the ledger: only values that every JSON reader and CEL agree on, and few of them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Final

from pratique.canonical import MAX_SAFE_INTEGER
from pratique.collectors.unreadable import UnreadableError, shown

#: Deepest nesting of facts; CEL's own limit is of this order.
MAX_DEPTH = 32
#: Largest facts of one file, as JSON. Lists are counted and summed before they become facts.
MAX_FACTS_BYTES = 64 * 1024
#: Longest text that becomes a fact; longer texts are content, not facts.
MAX_TEXT_CHARACTERS = 2000
#: Most names listed in `dropped`.
_MAX_DROPPED = 50

_DROPPED: Final = object()


class FactSheet:
    """Collects facts by name; leaves out what no criterion may see and remembers the names of what it left out."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}
        self._dropped: list[str] = []

    def put(self, name: str, value: Any) -> None:
        """Set fact `name`, cleaned. None is left out: a missing fact fails a criterion, null may confuse it."""
        if value is None:
            return
        cleaned = self._clean(value, name, 1)
        if cleaned is not _DROPPED:
            self._values[name] = cleaned

    def drop(self, name: str) -> None:
        """Note that `name` was left out."""
        self._dropped.append(shown(name))

    @property
    def dropped(self) -> list[str]:
        """Dotted names of what was left out, in order, the first fifty."""
        return self._dropped[:_MAX_DROPPED]

    def finish(self, what: str) -> dict[str, Any]:
        """Return the facts, `dropped` among them.

        Raises:
            UnreadableError: they are larger than `MAX_FACTS_BYTES`.
        """
        facts = {**self._values, "dropped": self.dropped}
        check_facts_size(facts, what)
        return facts

    def _clean(self, value: Any, name: str, depth: int) -> Any:
        if depth > MAX_DEPTH:
            return self._left_out(name)
        if isinstance(value, Mapping):
            return self._clean_members(value, name, depth)
        if isinstance(value, list | tuple):
            items = [self._clean(item, f"{name}[{index}]", depth + 1) for index, item in enumerate(value)]
            return [item for item in items if item is not _DROPPED]
        cleaned = clean_scalar(value)
        return self._left_out(name) if cleaned is _DROPPED else cleaned

    def _clean_members(self, value: Mapping[Any, Any], name: str, depth: int) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for key, item in value.items():
            if not isinstance(key, str) or not is_clean_text(key):
                self._left_out(f"{name}.{key}")
                continue
            cleaned = self._clean(item, f"{name}.{key}", depth + 1)
            if cleaned is not _DROPPED and cleaned is not None:
                kept[key] = cleaned
        return kept

    def _left_out(self, name: str) -> Any:
        self.drop(name)
        return _DROPPED


def clean_scalar(value: Any) -> Any:
    """Return a scalar as a fact: integers beyond 2^53-1 as floats; a private mark for what cannot be a fact."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
            return value
        try:
            return float(value)
        except OverflowError:
            return _DROPPED
    if isinstance(value, float):
        return value if math.isfinite(value) else _DROPPED
    if isinstance(value, str):
        return value if is_clean_text(value) else _DROPPED
    return _DROPPED


def is_clean_text(text: str) -> bool:
    """Tell whether `text` may be a fact: no NUL (CEL cuts there), no lone surrogate, not a whole document."""
    return len(text) <= MAX_TEXT_CHARACTERS and "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


def check_facts_size(facts: Mapping[str, Any], what: str) -> None:
    """Refuse facts that are too many.

    Raises:
        UnreadableError: larger than `MAX_FACTS_BYTES` as JSON.
    """
    size = len(json.dumps(facts, ensure_ascii=False).encode())
    if size > MAX_FACTS_BYTES:
        raise UnreadableError(
            f"{what}: {size} bytes of facts found, at most {MAX_FACTS_BYTES} expected",
            hint="split the file, or aggregate its values",
        )


def unfit(value: Any, name: str = "facts", depth: int = 1) -> str | None:
    """Return the name and trouble of the first part of `value` that cannot be a fact, or None."""
    if depth > MAX_DEPTH:
        return f"{shown(name)} is nested deeper than {MAX_DEPTH}"
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str) or not is_clean_text(key):
                return f"{name} holds a member name that is not clean text"
            if trouble := unfit(item, f"{name}.{key}", depth + 1):
                return trouble
        return None
    if isinstance(value, list | tuple):
        troubles = (unfit(item, f"{name}[{index}]", depth + 1) for index, item in enumerate(value))
        return next((trouble for trouble in troubles if trouble), None)
    if clean_scalar(value) is _DROPPED:
        return (
            f"{shown(name)} is no finite number, flag or text (without NUL, at most {MAX_TEXT_CHARACTERS} characters)"
        )
    return None
