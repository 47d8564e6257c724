"""Protocol buffer messages as lists of fields: just enough to read and write the engine's checked expressions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

#: A field: its number, and its value. A varint is an `int`, whatever has a length is `bytes`, 64 bits are `Fixed`.
Field = tuple[int, "int | bytes"]

_VARINT, _FIXED64, _BYTES = 0, 1, 2
#: Numbers of one byte, as they are written.
_SMALL = tuple(bytes((value,)) for value in range(0x80))


class Fixed(bytes):
    """Eight bytes that stand without a length, such as a number's."""

    __slots__ = ()


class WireError(ValueError):
    """Bytes that are no message of the kinds that occur here."""


def fields(message: bytes) -> Iterator[Field]:
    """Yield the fields of `message` in their order.

    Raises:
        WireError: it is cut off, or has a field of a kind that expressions have not.
    """
    place, end = 0, len(message)
    while place < end:
        tag = message[place]  # numbers of one byte, nearly all of them, are read in place: twice as fast
        place += 1
        if tag > 0x7F:
            tag, place = _varint(message, place - 1)
        kind = tag & 7
        if kind == _FIXED64:
            size = 8
        elif kind not in (_VARINT, _BYTES):
            raise WireError(f"a field of kind {kind}")
        elif place < end and message[place] < 0x80:
            size = message[place]
            place += 1
        else:
            size, place = _varint(message, place)
        if kind == _VARINT:
            yield tag >> 3, size
            continue
        value = message[place : place + size]
        if len(value) != size:
            raise WireError("a message that is cut off")
        place += size
        yield tag >> 3, Fixed(value) if kind == _FIXED64 else value


def message(parts: Iterable[Field]) -> bytes:
    """Return the message that has these fields."""
    out: list[bytes] = []
    for number, value in parts:
        if isinstance(value, int):
            out += (_number(number << 3 | _VARINT), _number(value))
        elif isinstance(value, Fixed):
            out += (_number(number << 3 | _FIXED64), value)
        else:
            out += (_number(number << 3 | _BYTES), _number(len(value)), value)
    return b"".join(out)


def submessage(whole: bytes, number: int) -> bytes:
    """Return the field `number` of `whole`, empty where it has none.

    Raises:
        WireError: the field is a number.
    """
    found = b""
    for field, value in fields(whole):
        if field == number:
            if isinstance(value, int):
                raise WireError(f"field {number} is a number")
            found = value
    return found


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(message):
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7
    raise WireError("a message that is cut off")


def _number(value: int) -> bytes:
    if value < 0x80:
        return _SMALL[value]
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
