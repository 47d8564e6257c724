"""Facts as an expression may see them: a private copy of plain JSON values, or a refusal with its place."""

from __future__ import annotations

import marshal
import math
from collections.abc import Mapping
from typing import Any

#: Nesting beyond this is refused; the engine's own recursion limit is the same.
MAX_DEPTH = 32

#: Values in one document. Stops a cyclic or exploding structure long before memory runs out.
MAX_VALUES = 200_000

#: The last format of `marshal` in which equal values give equal bytes: later ones name what came before.
_NO_REFERENCES = 2

_INT64_MIN = -(2**63)
_INT64_MAX = 2**63 - 1


class ValueRefusedError(ValueError):
    """A value that expressions would misread; `str()` says where and what."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what
        self.path: list[str] = []  #: innermost first

    def __str__(self) -> str:
        return f"{'.'.join(reversed(self.path))}: {self.what}" if self.path else self.what


def plain_copy(value: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a copy of `value` that holds only what an expression reads as it was meant.

    Each refusal closes a way to a wrong answer: the engine cuts text at NUL (`"approved\\0evil"` equals
    `"approved"`), makes every expression an error over one integer beyond 64 bits, and takes `!(NaN > 1)`
    for true.

    Args:
        value: a JSON object.
        name: what the object is called in the refusal, such as `facts`.

    Raises:
        ValueRefusedError: NUL, a lone surrogate, NaN or infinity, an integer beyond int64, nesting beyond
            `MAX_DEPTH`, more than `MAX_VALUES` values, a key that is not text, or a type that JSON lacks.
    """
    try:
        copy: dict[str, Any] = _Copier().copy(value, 1)
    except ValueRefusedError as refused:
        refused.path.append(name)
        raise
    return copy


def fingerprint(value: Any) -> bytes | None:
    """Return bytes that are equal only for values of the same types and bits; None where there are none.

    Python's `==` takes 1, 1.0 and True for one. Another order of members gives other bytes.
    """
    try:
        return marshal.dumps(value, _NO_REFERENCES)
    except ValueError:  # a type that it does not know, or nested without end
        return None


class _Copier:
    def __init__(self) -> None:
        self._left = MAX_VALUES

    def copy(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind is str:
            return checked_text(value)
        if kind is bool or value is None:
            return value
        if kind is float:
            return _finite(value)
        if kind is int:
            return _int64(value)
        if depth > MAX_DEPTH:
            raise ValueRefusedError(f"nested deeper than {MAX_DEPTH}")
        if kind is list or kind is tuple:
            return self._items(enumerate(value), len(value), depth, [])
        if kind is dict or isinstance(value, Mapping):
            return self._members(value, depth)
        raise ValueRefusedError(f"{kind.__name__} is not a JSON value")

    def _members(self, value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        self._count(len(value))
        out: dict[str, Any] = {}
        for key, item in value.items():
            # Most of what facts hold, without a call: texts of ASCII, true, false and null.
            if type(key) is str and key.isascii() and "\0" not in key:
                kind = type(item)
                if (kind is str and item.isascii() and "\0" not in item) or kind is bool or item is None:
                    out[key] = item
                    continue
            if type(key) is not str:
                raise ValueRefusedError(f"key of type {type(key).__name__}, expected text")
            try:
                out[checked_text(key)] = self.copy(item, depth + 1)
            except ValueRefusedError as refused:
                refused.path.append(ascii(key)[1:-1][:60])
                raise
        return out

    def _items(self, items: Any, size: int, depth: int, out: list[Any]) -> list[Any]:
        self._count(size)
        for place, item in items:
            if type(item) is str and item.isascii() and "\0" not in item:
                out.append(item)
                continue
            try:
                out.append(self.copy(item, depth + 1))
            except ValueRefusedError as refused:
                refused.path.append(str(place))
                raise
        return out

    def _count(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise ValueRefusedError(f"more than {MAX_VALUES} values")


def checked_text(value: str) -> str:
    """Return `value`.

    Raises:
        ValueRefusedError: a NUL character, or a lone surrogate.
    """
    if "\0" in value:
        raise ValueRefusedError("text with a NUL character")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueRefusedError("text with a lone surrogate") from None
    return value


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueRefusedError("NaN or infinite number")
    return value


def _int64(value: int) -> int:
    if not _INT64_MIN <= value <= _INT64_MAX:
        raise ValueRefusedError("integer beyond 64 bits")
    return value
