"""CloudEvents 1.0, structured, binary and in batches: the envelope of everything that comes in.

Required attributes are checked here, by hand: the common library fills in a missing id and time.
Source: CloudEvents 1.0.2, sections 2 and 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from pratique.canonical import canonical_json, strict_json
from pratique.domain.times import parse_instant
from pratique.errors import InvalidInputError

#: Longest context attribute that is accepted, in characters.
MAX_ATTRIBUTE = 256
#: Events in one batch.
MAX_BATCH = 100
#: The event type that opens a gate by name.
GATE_TRIGGERED = "pratique.gate.triggered"
#: Types of this namespace are ours: one that no gate waits for is a misspelt one. Types of others are only recorded.
OWN_TYPES = "pratique."
#: Types that the engine gives occurrences; gates wait for them among their `opens_on`. Nobody sends them.
OCCURRENCE_TYPES = "pratique.occurrence."
_REQUIRED = ("id", "source", "type")


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudEvent:
    """One inbound event. (source, id) is its identity."""

    id: str
    source: str
    type: str
    subject: str | None
    time: datetime | None
    data: Mapping[str, Any]
    text: str  #: the body as received (structured) or rebuilt from headers and body (binary)

    @property
    def model_version(self) -> tuple[str, str]:
        """Model and version it speaks of: data members, else the subject `model/version`.

        Raises:
            InvalidInputError: neither names both.
        """
        model, version = self.data.get("model"), self.data.get("version")
        named = (self.subject or "").split("/")
        if isinstance(model, str) and isinstance(version, str):
            named = [model, version]  # never the subject where the data are empty: they say that they do not know
        if len(named) == 2 and all(named):
            return named[0], named[1]
        raise InvalidInputError(
            f"event {self.id!r} names no model version; expected subject 'model/version' or data.model and data.version"
        )

    def text_member(self, name: str) -> str | None:
        """Return a text member of data, or None when absent.

        Raises:
            InvalidInputError: the member is not text.
        """
        value = self.data.get(name)
        if value is None or isinstance(value, str):
            return value
        raise InvalidInputError(f"data.{name}: found {type(value).__name__}, expected text")


def parse_structured(body: bytes) -> CloudEvent:
    """Return the event in a structured JSON body.

    Raises:
        InvalidInputError: not JSON, not an object, or attributes missing or malformed.
    """
    attributes = _json_object(body, "event")
    return _event(attributes, attributes.get("data"), body.decode())


def parse_batch(body: bytes) -> list[CloudEvent | InvalidInputError]:
    """Return the events of a batch in their order; where one is malformed, the error that says how.

    Raises:
        InvalidInputError: not a JSON array, empty, or of more than `MAX_BATCH` events.
    """
    items = strict_json(body, "batch")
    if not isinstance(items, list):
        raise InvalidInputError(f"batch: found {type(items).__name__}, expected a JSON array of events")
    if not 1 <= len(items) <= MAX_BATCH:
        raise InvalidInputError(f"batch: found {len(items)} events, expected 1 to {MAX_BATCH}")
    return [_of_batch(item, number) for number, item in enumerate(items)]


def _of_batch(item: Any, number: int) -> CloudEvent | InvalidInputError:
    try:
        if not isinstance(item, dict):
            raise InvalidInputError(f"event {number}: found {type(item).__name__}, expected a JSON object")
        return _event(item, item.get("data"), canonical_json(item).decode())
    except InvalidInputError as error:
        return error


def parse_binary(headers: Mapping[str, str], body: bytes) -> CloudEvent:
    """Return the event whose attributes are `ce-*` headers and whose data is the JSON body.

    Args:
        headers: lower-case names.
        body: JSON object, or empty.
    """
    pairs = [(k[3:], _unescaped(k, v)) for k, v in headers.items() if k.startswith("ce-")]
    attributes: dict[str, Any] = dict(pairs)
    if len(attributes) < len(pairs):
        raise InvalidInputError("a ce-* header comes twice; expected each attribute once")
    data = _json_object(body, "event data") if body else None
    text = canonical_json({**attributes, "data": data}).decode()
    return _event(attributes, data, text)


def _unescaped(name: str, value: str) -> str:
    """Return a header's value with percent-escapes resolved. Source: CloudEvents HTTP binding 1.0.2, 3.1.3.2."""
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError:
        raise InvalidInputError(f"header {name[:80]}: expected percent-escapes of UTF-8") from None


def _json_object(body: bytes, what: str) -> dict[str, Any]:
    value = strict_json(body, what)
    if not isinstance(value, dict):
        raise InvalidInputError(f"{what}: found {type(value).__name__}, expected a JSON object")
    return value


def _event(attributes: Mapping[str, Any], data: Any, text: str) -> CloudEvent:
    found = attributes.get("specversion")
    if found != "1.0":
        raise InvalidInputError(f"specversion: found {found!r}, expected '1.0'")
    if "data" in attributes and "data_base64" in attributes:
        raise InvalidInputError("data and data_base64: found both, expected one of them at most")
    for name in _REQUIRED:
        _check_text(name, attributes.get(name))
    subject, time = attributes.get("subject"), attributes.get("time")
    if subject is not None:
        _check_text("subject", subject)
    if time is not None and not isinstance(time, str):
        raise InvalidInputError(f"time: found {type(time).__name__}, expected RFC 3339 text")
    if data is not None and not isinstance(data, dict):
        raise InvalidInputError(f"data: found {type(data).__name__}, expected a JSON object")
    return CloudEvent(
        id=attributes["id"],
        source=attributes["source"],
        type=attributes["type"],
        subject=subject,
        time=parse_instant(time) if time is not None else None,
        data=data or {},
        text=text,
    )


def _check_text(name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise InvalidInputError(f"{name}: found {type(value).__name__}, expected text (a required attribute)")
    if not 1 <= len(value) <= MAX_ATTRIBUTE or not value.isprintable():
        raise InvalidInputError(f"{name}: expected 1 to {MAX_ATTRIBUTE} printable characters, found {len(value)}")
