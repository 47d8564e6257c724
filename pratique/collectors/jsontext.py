"""JSON from strangers: parsed whole or walked item by item, duplicate keys refused, never a foreign exception."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NoReturn

from pratique.collectors.unreadable import UnreadableError

#: What one value parsed at once may hold. An empty list is 3 bytes of text and 64 of memory, a small object 8 and
#: 200; real logs have 50 to 150 bytes of text for each of theirs. Counted over the text, strings included.
MAX_CONTAINERS = 250_000
#: Numbers and short texts cost less: 30 to 60 bytes each.
MAX_VALUES = 2_000_000
#: The same where the items of a long list are parsed and dropped one by one.
MAX_WALKED_CONTAINERS = 1_000_000
MAX_WALKED_VALUES = 4_000_000

_BLANK = re.compile(r"[ \t\n\r]*")


class Walked(int):
    """Stands in the place of a list that was walked: how many items it had."""


class _RefusedError(ValueError):
    """JSON that Python would take and we do not."""


def parse_json(data: bytes, what: str, *, allow_nan: bool = True) -> Any:
    """Return the JSON value in `data` (UTF-8).

    Args:
        data: the whole text.
        what: the file, or file and member, for messages.
        allow_nan: take the bare words NaN, Infinity and -Infinity, which Inspect and lm-eval write.

    Raises:
        UnreadableError: not UTF-8, not JSON, a key twice in one object, nested too deeply, too many values.
    """
    _check_cost(data, what, MAX_CONTAINERS, MAX_VALUES)
    decoder = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=None if allow_nan else _refuse_constant)
    text = decode_text(data, what)
    try:
        return decoder.decode(text)
    except (ValueError, RecursionError) as error:
        raise _unreadable(error, what) from None


def walk_object(data: bytes, what: str, *, streamed: str, on_item: Callable[[Any], None]) -> dict[str, Any]:
    """Return the members of the JSON object in `data`, without the list named `streamed`.

    The items of that list go to `on_item` one at a time and are dropped, so that a log of thousands of long
    samples never stands in memory as Python objects. The text is read to its end: a file that was cut is refused.

    Raises:
        UnreadableError: as `parse_json`; also when the value is not an object, or `streamed` is not a list.
    """
    _check_cost(data, what, MAX_WALKED_CONTAINERS, MAX_WALKED_VALUES)
    walker = _Walker(decode_text(data, what))
    try:
        return walker.members(streamed, on_item)
    except (ValueError, RecursionError) as error:
        raise _unreadable(error, what) from None


def walk_nested(data: bytes, what: str, *, path: tuple[str, str], on_item: Callable[[int, Any], None]) -> Any:
    """Return the JSON value in `data`, an object whose list `path[0]` holds objects with long lists `path[1]`.

    Each item of a long list goes to `on_item`, after the number of the object it stands in, and is dropped; what is
    returned holds a `Walked` in the place of the list. A member `path[1]` that is no list stays as it is.

    Raises:
        UnreadableError: as `walk_object`.
    """
    _check_cost(data, what, MAX_WALKED_CONTAINERS, MAX_WALKED_VALUES)
    walker = _Walker(decode_text(data, what))
    try:
        return walker.nested(path, on_item)
    except (ValueError, RecursionError) as error:
        raise _unreadable(error, what) from None


def walk_list(data: bytes, what: str) -> Iterator[Any]:
    """Return the items of the JSON list in `data`, parsed one at a time.

    Raises:
        UnreadableError: as `parse_json`, when the walk gets there; also when the value is no list.
    """
    _check_cost(data, what, MAX_WALKED_CONTAINERS, MAX_WALKED_VALUES)
    walker = _Walker(decode_text(data, what))
    try:
        yield from walker.items()
    except (ValueError, RecursionError) as error:
        raise _unreadable(error, what) from None


def walk_values(data: bytes, what: str) -> Iterator[Any]:
    """Return the JSON values in `data`, which stand one after another, parsed one at a time.

    Raises:
        UnreadableError: as `parse_json`, when the walk gets there.
    """
    _check_cost(data, what, MAX_WALKED_CONTAINERS, MAX_WALKED_VALUES)
    walker = _Walker(decode_text(data, what))
    try:
        yield from walker.values()
    except (ValueError, RecursionError) as error:
        raise _unreadable(error, what) from None


def decode_text(data: bytes, what: str) -> str:
    """Return `data` as text.

    Raises:
        UnreadableError: not UTF-8.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError(f"{what}: byte {error.start} is not UTF-8; expected UTF-8 text") from None


class _Walker:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = _skip(text, 0)
        self._strict = json.JSONDecoder(object_pairs_hook=_unique)
        self._fast = json.JSONDecoder()  # samples: a hook per object would triple the time

    def members(self, streamed: str, on_item: Callable[[Any], None]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        seen: set[str] = set()
        for key in self._separated("{", "}", self._key):
            if key in seen:
                raise _RefusedError("a key stands twice in the outermost object")
            seen.add(key)
            if key == streamed:
                for item in self._separated("[", "]", lambda: self._value(self._fast)):
                    on_item(item)
            else:
                found[key] = self._value(self._strict)
        self._end()
        return found

    def nested(self, path: tuple[str, str], on_item: Callable[[int, Any], None]) -> Any:
        outer, inner = path
        numbers = itertools.count()

        def inner_object() -> Any:
            number = next(numbers)
            return self._object({inner: lambda: self._count_items(partial(on_item, number))})

        found = self._object({outer: lambda: list(self._separated("[", "]", inner_object))})
        self._end()
        return found

    def _object(self, lists: Mapping[str, Callable[[], Any]]) -> Any:
        """Return the value here; where it is an object, its lists of these names are read by the functions."""
        if self._peek() != "{":
            return self._value(self._strict)
        found: dict[str, Any] = {}
        for key in self._separated("{", "}", self._key):
            if key in found:
                raise _RefusedError("a key stands twice in one object; readers disagree which value counts")
            found[key] = lists[key]() if key in lists and self._peek() == "[" else self._value(self._strict)
        return found

    def _count_items(self, on_item: Callable[[Any], None]) -> Walked:
        count = 0
        for item in self._separated("[", "]", lambda: self._value(self._strict)):
            on_item(item)
            count += 1
        return Walked(count)

    def items(self) -> Iterator[Any]:
        if self._peek() != "[":
            raise _RefusedError("expected a JSON list")
        yield from self._separated("[", "]", lambda: self._value(self._strict))
        self._end()

    def values(self) -> Iterator[Any]:
        while self._peek():
            yield self._value(self._strict)

    def _end(self) -> None:
        if self._at != len(self._text):
            raise json.JSONDecodeError("Extra data", self._text, self._at)

    def _separated(self, opening: str, closing: str, item: Callable[[], Any]) -> Any:
        self._expect(opening)
        if self._peek() == closing:
            self._expect(closing)
            return
        while True:
            yield item()
            if self._peek() == closing:
                self._expect(closing)
                return
            self._expect(",")

    def _key(self) -> str:
        if self._peek() != '"':
            raise json.JSONDecodeError("Expecting property name", self._text, self._at)
        key = self._value(self._strict)
        self._expect(":")
        return str(key)

    def _value(self, decoder: json.JSONDecoder) -> Any:
        value, end = decoder.raw_decode(self._text, self._at)
        self._at = _skip(self._text, end)
        return value

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _expect(self, character: str) -> None:
        if self._peek() != character:
            raise json.JSONDecodeError(f"Expecting '{character}'", self._text, self._at)
        self._at = _skip(self._text, self._at + 1)


def _check_cost(data: bytes, what: str, containers: int, values: int) -> None:
    """Refuse what would fill the memory, before anything is parsed; counting runs at the speed of the memory."""
    found = data.count(b"[") + data.count(b"{")
    if found > containers:
        raise UnreadableError(f"{what}: up to {found} lists and objects found, at most {containers} expected")
    if (found := data.count(b",")) > values:
        raise UnreadableError(f"{what}: up to {found} values found, at most {values} expected")


def _skip(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _RefusedError("a key stands twice in one object; readers disagree which value counts")
    return found


def _refuse_constant(word: str) -> NoReturn:
    raise _RefusedError(f"{word} is not a JSON number; expected a finite number")


def _unreadable(error: Exception, what: str) -> UnreadableError:
    if isinstance(error, json.JSONDecodeError):
        where = f"line {error.lineno} column {error.colno}"
        return UnreadableError(f"{what}: not whole JSON at {where} ({error.msg}); expected one complete JSON document")
    if isinstance(error, _RefusedError):
        return UnreadableError(f"{what}: {error}")
    if isinstance(error, RecursionError):
        return UnreadableError(f"{what}: nested too deeply to read")
    return UnreadableError(f"{what}: holds a number or text that cannot be read as JSON")
