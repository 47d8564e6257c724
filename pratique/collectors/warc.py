"""WARC 1.1 (ISO 28500:2017), as far as a captured page needs it: written by the engine, read from anybody.

The record that web archives have used since 2009: it describes itself, holds the answer's own headers beside the body,
and any archive's tool opens it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pratique.collectors.unreadable import UnreadableError
from pratique.domain.times import instant_text, parse_instant
from pratique.errors import InvalidInputError

#: Records of one file; a capture of ours has three.
MAX_RECORDS = 100
_MAX_HEADER_BYTES = 64 * 1024
#: Of an HTTP answer; clients and servers take 8 to 128 KiB.
_MAX_HEAD_BYTES = 256 * 1024

_VERSION = re.compile(rb"WARC/1\.[01]\r\n")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
#: What ends a line for some readers and not for others.
_BREAKS = re.compile(r"[\r\n\0]")
_STATUS = re.compile(r"HTTP/[0-9](?:\.[0-9])? ([1-9][0-9]{2})(?: .*)?")
#: What the captured body no longer is: it is kept as one piece, inflated.
_TRANSPORT = frozenset({"content-length", "transfer-encoding", "content-encoding", "connection", "keep-alive"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """An answer of a web server, and how it was come by."""

    requested_url: str
    url: str  #: that answered, after redirects
    redirects: tuple[tuple[str, int], ...]  #: URL and status of each
    captured_at: datetime  #: aware
    address: str | None  #: of the server
    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record of a WARC file; names of fields in lower case."""

    fields: Mapping[str, str]
    block: bytes

    @property
    def type(self) -> str:
        """What the record is: `response`, `metadata`, `warcinfo`, ..."""
        return self.fields.get("warc-type", "").lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """The HTTP answer in a record."""

    status: int
    headers: Mapping[str, str]  #: names in lower case; of several of one name the first
    body: bytes


def write_capture(capture: Capture, *, software: str, ids: Iterable[str]) -> bytes:
    """Return a WARC file: what wrote it, the answer, and the way there.

    Args:
        capture: the answer.
        software: name and version of what captured it.
        ids: three UUIDs, one for each record.
    """
    info_id, response_id, metadata_id = (f"<urn:uuid:{one}>" for one in ids)
    at = instant_text(capture.captured_at)
    kept = [(name, value) for name, value in capture.headers if name.lower() not in _TRANSPORT]
    lines = [f"HTTP/1.1 {capture.status} {capture.reason}", *(f"{name}: {value}" for name, value in kept)]
    head = "".join(f"{_one_line(line)}\r\n" for line in [*lines, f"Content-Length: {len(capture.body)}", ""])
    response = {
        "WARC-Type": "response",
        "WARC-Record-ID": response_id,
        "WARC-Warcinfo-ID": info_id,
        "WARC-Date": at,
        "WARC-Target-URI": capture.url,
        **({"WARC-IP-Address": capture.address} if capture.address else {}),
        "WARC-Payload-Digest": f"sha256:{hashlib.sha256(capture.body).hexdigest()}",
        "Content-Type": "application/http;msgtype=response",
    }
    about = [("requested", capture.requested_url), *(("via", f"{status} {url}") for url, status in capture.redirects)]
    fields = {"WARC-Date": at, "Content-Type": "application/warc-fields"}
    return b"".join(
        (
            _record({"WARC-Type": "warcinfo", "WARC-Record-ID": info_id, **fields}, _fields([("software", software)])),
            _record(response, head.encode("latin-1", "replace") + capture.body),
            _record(
                {"WARC-Type": "metadata", "WARC-Record-ID": metadata_id, "WARC-Concurrent-To": response_id, **fields},
                _fields(about),
            ),
        )
    )


def read_records(data: bytes, what: str) -> list[Record]:
    """Return every record of a WARC file that is not compressed.

    Raises:
        UnreadableError: no WARC, cut, or with too many records.
    """
    records: list[Record] = []
    at = 0
    while at < len(data):
        if len(records) == MAX_RECORDS:
            raise UnreadableError(f"{what}: more than {MAX_RECORDS} records")
        version = _VERSION.match(data, at)
        end = data.find(b"\r\n\r\n", at, at + _MAX_HEADER_BYTES)
        if version is None or end < 0:
            raise UnreadableError(f"{what}: no WARC record at byte {at}; expected WARC/1.1 and its fields")
        fields = _read_fields(data[version.end() : end], what)
        length = fields.get("content-length", "")
        if not re.fullmatch(r"[0-9]{1,12}", length):
            raise UnreadableError(f"{what}: a record without Content-Length")
        begin, stop = end + 4, end + 4 + int(length)
        if data[stop : stop + 4] != b"\r\n\r\n":
            raise UnreadableError(f"{what}: the file ends inside a record, or a record is longer than it says")
        records.append(Record(fields=fields, block=data[begin:stop]))
        at = stop + 4
    return records


def read_response(record: Record, what: str) -> Response:
    """Return the HTTP answer in a record, held to the digest that the record gives of its body.

    Raises:
        UnreadableError: no HTTP answer, one that is still packed, or a body of another digest or length.
    """
    end = record.block.find(b"\r\n\r\n", 0, _MAX_HEAD_BYTES)
    head, body = record.block[: max(end, 0)], record.block[end + 4 :]
    line, _, rest = head.partition(b"\r\n")
    status = _STATUS.fullmatch(line.decode("latin-1"))
    if end < 0 or status is None:
        raise UnreadableError(f"{what}: the response record holds no HTTP answer")
    headers = _read_fields(rest, what)
    if "transfer-encoding" in headers or headers.get("content-encoding", "identity") != "identity":
        raise UnreadableError(f"{what}: the captured body is packed; expected it as it is shown")
    length = headers.get("content-length", str(len(body)))
    if length != str(len(body)):
        raise UnreadableError(f"{what}: {len(body)} bytes of body found; the answer declares another length")
    if not _has_digest(body, record.fields.get("warc-payload-digest")):
        raise UnreadableError(f"{what}: the body differs from the digest that its record gives")
    return Response(status=int(status[1]), headers=headers, body=body)


def captured_at(record: Record, what: str) -> datetime:
    """Return when a record was captured.

    Raises:
        UnreadableError: it does not say so.
    """
    try:
        return parse_instant(record.fields.get("warc-date", ""))
    except InvalidInputError:
        raise UnreadableError(f"{what}: the record has no WARC-Date, such as 2026-11-24T02:16:01Z") from None


def read_warc_fields(block: bytes, what: str) -> list[tuple[str, str]]:
    """Return the named values of a block of type `application/warc-fields`, in order.

    Raises:
        UnreadableError: it holds other lines.
    """
    return _pairs(block, what)


def _has_digest(body: bytes, claimed: str | None) -> bool:
    """Compare by SHA-256 or SHA-1, in hex or Base32. A digest that is missing or of another kind says nothing."""
    algorithm, _, value = (claimed or "").partition(":")
    if algorithm.lower() not in ("sha256", "sha1"):
        return True
    found = hashlib.new(algorithm.lower(), body, usedforsecurity=False).digest()
    try:
        return found in (binascii.unhexlify(value) if len(value) == 2 * len(found) else base64.b32decode(value),)
    except (binascii.Error, ValueError):
        return False


def _record(fields: Mapping[str, str], block: bytes) -> bytes:
    lines = ["WARC/1.1", *(f"{name}: {_one_line(value)}" for name, value in fields.items())]
    return "\r\n".join([*lines, f"Content-Length: {len(block)}", "", ""]).encode() + block + b"\r\n\r\n"


def _fields(pairs: Iterable[tuple[str, str]]) -> bytes:
    return "".join(f"{name}: {_one_line(value)}\r\n" for name, value in pairs).encode()


def _one_line(text: str) -> str:
    return _BREAKS.sub(" ", text)


def _read_fields(head: bytes, what: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in _pairs(head, what):
        found.setdefault(name.lower(), value)
    return found


def _pairs(head: bytes, what: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for line in head.decode("utf-8", "replace").split("\r\n"):
        if not line:
            continue
        name, colon, value = line.partition(":")
        if not colon or _NAME.fullmatch(name) is None or _BREAKS.search(value):
            raise UnreadableError(f"{what}: a line that is no `Name: value`")
        pairs.append((name, value.strip(" \t")))
    return pairs
