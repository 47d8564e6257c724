"""One call of the engine as a value: what is sent, how the answer is read, whether it may be sent again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode

from pratique import __version__
from pratique.client.connection import Connection
from pratique.client.problems import UnexpectedAnswerError, error_of
from pratique.errors import InvalidInputError, PratiqueError
from pratique.jitter import spread

T = TypeVar("T")

#: Who we say we are.
AGENT = f"pratique/{__version__}"

#: How often a call is sent before its error is raised.
ATTEMPTS = 5

#: Seconds before the second attempt; doubles with each, up to the limit.
_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 5.0

#: Seconds without a byte after which an answer is given up.
_SILENCE_SECONDS = 30.0

#: Seconds after which no further attempt begins: an engine that hangs must not hang a pipeline five times over.
_ATTEMPTS_WITHIN_SECONDS = 45.0

_JSON = "application/json"

_CHUNK_BYTES = 256 * 1024

#: Called with bytes sent so far and bytes in all.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileBody:
    """A body streamed from disk, never held in memory."""

    path: Path
    size: int  #: of the whole file
    progress: Progress | None = None
    start: int = 0  #: bytes of the file that were sent before

    @property
    def length(self) -> int:
        """Bytes of this body."""
        return self.size - self.start

    def rest(self, start: int) -> FileBody:
        """Return what is left after the first `start` bytes of the file."""
        return replace(self, start=start)

    def chunks(self) -> Iterator[bytes]:
        """Yield exactly `length` bytes.

        Raises:
            InvalidInputError: the file became shorter since it was measured.
        """
        sent = self.start
        with self.path.open("rb") as stream:
            stream.seek(sent)
            while sent < self.size:
                chunk = stream.read(min(_CHUNK_BYTES, self.size - sent))
                if not chunk:
                    raise InvalidInputError(f"{self.path} became shorter while it was sent; send it again")
                yield chunk
                sent += len(chunk)
                if self.progress:
                    self.progress(sent, self.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a transport puts on the wire."""

    method: str
    target: str  #: path and query
    headers: Mapping[str, str]
    body: bytes | FileBody | None
    timeout_seconds: float  #: of silence, not of the whole call


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]  #: lower-case names
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON; an empty body is None."""
        return json.loads(self.body) if self.body else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[T]):
    """One operation of the engine's API."""

    method: str
    path: str
    read: Callable[[Reply], T]  #: makes the result out of a successful answer
    query: Mapping[str, object] = field(default_factory=dict)  #: members that are None are left out
    body: Mapping[str, Any] | FileBody | None = None
    content_type: str = _JSON
    headers: Mapping[str, str] = field(default_factory=dict)  #: beside those that every call has
    key: str | None = None  #: what the engine knows the call by when it is sent again (`Idempotency-Key`)
    hold_seconds: float = 0.0  #: how long the engine may hold the answer back (long poll)

    def request(self, connection: Connection) -> Request:
        """Return what is to be sent to the engine at `connection`."""
        headers = {"Accept": _JSON, "User-Agent": AGENT, **self.headers}
        if connection.token:
            headers["Authorization"] = f"Bearer {connection.token}"
        if self.key is not None:
            headers["Idempotency-Key"] = f'"{self.key}"'
        body: bytes | FileBody | None = None
        if isinstance(self.body, FileBody):
            body = self.body
            kind = "application/octet-stream" if self.content_type == _JSON else self.content_type
            headers |= {"Content-Type": kind, "Content-Length": str(body.length)}
        elif self.body is not None:
            body = _json_bytes(self.body)
            headers["Content-Type"] = self.content_type
        query = urlencode({key: _text(value) for key, value in self.query.items() if value is not None})
        return Request(
            method=self.method,
            target=f"{self.path}?{query}" if query else self.path,
            headers=headers,
            body=body,
            timeout_seconds=_SILENCE_SECONDS + self.hold_seconds,
        )

    def result(self, reply: Reply) -> T:
        """Return what the answer holds.

        Raises:
            PratiqueError: the class that the problem document names.
            UnexpectedAnswerError: a success that is not what this call promises.
        """
        if not 200 <= reply.status < 300:
            raise error_of(reply.status, reply.headers, reply.body)
        try:
            return self.read(reply)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UnexpectedAnswerError(
                f"{self.method} {self.path} answered {reply.status} with a body that cannot be read "
                f"({type(error).__name__}: {error})",
                hint="is PRATIQUE_URL the address of a Pratique engine, of this client's version?",
            ) from None

    def may_retry(self, attempt: int, seconds: float) -> bool:
        """True when the call may be sent once more after `attempt` sends that took `seconds` in all."""
        return attempt < ATTEMPTS and seconds < _ATTEMPTS_WITHIN_SECONDS


def retry_pause_seconds(attempt: int, error: PratiqueError) -> float:
    """Return how long to wait after failed `attempt` (from 1): doubling, with jitter, or what the engine asked for."""
    asked = str(error.extra.get("retry_after", ""))
    if asked.isdigit():
        return min(float(asked), _LONGEST_PAUSE_SECONDS)
    longest = min(_FIRST_PAUSE_SECONDS * 2.0 ** (attempt - 1), _LONGEST_PAUSE_SECONDS)
    return spread(longest, 0.5, 1.0)


def path_of(*segments: str) -> str:
    """Return `/v1/...` with every segment quoted, so that no name can leave its place."""
    for segment in segments:
        if not segment or segment in {".", ".."}:
            raise InvalidInputError(f"{segment!r} cannot be a name in an address")
    return "/v1/" + "/".join(quote(segment, safe="") for segment in segments)


def _json_bytes(value: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"what is to be sent is not JSON: {error}") from None


def _text(value: object) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
