"""Captured pages: what the engine writes, what it reads of others, and what is none."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pratique.canonical import digest_of
from pratique.collectors import UnreadableError, build_registry, read_evidence
from pratique.collectors.warc import Capture, read_records, read_response, write_capture
from pratique.collectors.web_page import WebPageCollector
from pratique.domain.evidence import Extraction

AT = datetime(2026, 11, 24, 2, 16, 1, 500, tzinfo=UTC)
IDS = [f"00000000-0000-4000-8000-00000000000{n}" for n in range(3)]
BODY = b"<html><head><title>\n Aurora 2.1 &amp;  Framework </title></head><body>text</body></html>"
PAGE = Capture(
    requested_url="https://acme.example/framework",
    url="https://www.acme.example/framework",
    redirects=(("https://acme.example/framework", 301),),
    captured_at=AT,
    address="8.8.8.8",
    status=200,
    reason="OK",
    headers=(
        ("Content-Type", "text/html; charset=utf-8"),
        ("Last-Modified", "Mon, 23 Nov 2026 10:00:00 GMT"),
        ("ETag", '"abc"'),
        ("Date", "Tue, 24 Nov 2026 02:16:01 GMT"),
        ("Content-Encoding", "gzip"),
        ("Transfer-Encoding", "chunked"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
    ),
    body=BODY,
)
_REGISTRY = build_registry()
_SHAPE = Draft202012Validator(dict(WebPageCollector.facts_schema))
_BOUNDED = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def warc(**changes: Any) -> bytes:
    return write_capture(replace(PAGE, **changes), software="pratique 0.1.0", ids=IDS)


def read(folder: Path, data: bytes) -> Extraction:
    path = folder / "page"
    path.write_bytes(data)
    found = read_evidence(path, "page.warc", _REGISTRY)
    assert list(_SHAPE.iter_errors(dict(found.facts))) == []
    digest_of(dict(found.facts))
    return found


def test_a_captured_page_is_complete_and_says_everything(tmp_path: Path) -> None:
    found = read(tmp_path, warc())
    assert (found.kind, found.collector, found.complete, found.produced_at) == ("web-page", "web_page", True, AT)
    assert found.tool == "pratique 0.1.0"
    assert dict(found.facts) == {
        "url": "https://acme.example/framework",
        "final_url": "https://www.acme.example/framework",
        "host": "www.acme.example",
        "status": 200,
        "captured_at": "2026-11-24T02:16:01.000500Z",
        "bytes": len(BODY),
        "sha256": hashlib.sha256(BODY).hexdigest(),
        "title": "Aurora 2.1 & Framework",
        "content_type": "text/html; charset=utf-8",
        "last_modified": "Mon, 23 Nov 2026 10:00:00 GMT",
        "etag": '"abc"',
        "server_date": "Tue, 24 Nov 2026 02:16:01 GMT",
        "address": "8.8.8.8",
        "captured_by": ["pratique 0.1.0"],
        "captured_by_engine": False,
        "redirects": [{"url": "https://acme.example/framework", "status": 301}],
        "dropped": [],
    }


def test_the_file_is_a_warc_that_other_tools_can_read() -> None:
    data = warc()
    assert data.startswith(b"WARC/1.1\r\nWARC-Type: warcinfo\r\n")
    records = read_records(data, "x")
    assert [one.type for one in records] == ["warcinfo", "response", "metadata"]
    answer = records[1]
    assert answer.fields["warc-record-id"] == f"<urn:uuid:{IDS[1]}>"
    assert answer.fields["warc-target-uri"] == PAGE.url
    assert answer.fields["content-type"] == "application/http;msgtype=response"
    response = read_response(answer, "x")
    assert (response.status, response.body) == (200, BODY)
    # What is kept is the body as it is shown, so the headers say so too.
    assert response.headers["content-length"] == str(len(BODY))
    assert not {"content-encoding", "transfer-encoding"} & response.headers.keys()
    assert answer.block.count(b"Set-Cookie") == 2


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": 404, "reason": "Not Found"}, "the server answered 404, not 200"),
        ({"status": 204, "body": b""}, "the server answered 204, not 200; the page was empty"),
        ({"body": b" \n\t"}, "the page was empty"),
        ({"status": 302}, "the server answered 302, not 200"),
    ],
)
def test_a_page_that_was_not_there_is_incomplete(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    found = read(tmp_path, warc(**changes))
    assert (found.complete, found.incomplete_reason) == (False, reason)


def test_headers_of_a_site_cannot_break_the_file(tmp_path: Path) -> None:
    bad = (("X-A", "1\r\nWARC-Type: response"), ("X-B", "\r\n\r\nbody"), ("X-C", "ü€"))
    found = read(tmp_path, warc(headers=bad, reason="a\r\nb"))
    assert found.facts["sha256"] == hashlib.sha256(BODY).hexdigest()


def test_a_body_that_was_changed_is_unreadable(tmp_path: Path) -> None:
    data = warc()
    for changed in (data.replace(b">text<", b">TEXT<"), data.replace(b"sha256:", b"sha256:0", 1)):
        with pytest.raises(UnreadableError, match="differs from the digest"):
            read(tmp_path, changed)


def test_a_file_cut_anywhere_is_unreadable(tmp_path: Path) -> None:
    data = warc()
    for part in range(16):
        with pytest.raises(UnreadableError):
            read(tmp_path, data[: len(data) * part // 16])
    with pytest.raises(UnreadableError):
        read(tmp_path, data[:-1])


def record(kind: str, block: bytes, **fields: str) -> bytes:
    lines = {"WARC-Type": kind, "WARC-Date": "2026-11-24T02:16:01Z", "WARC-Target-URI": "https://a.example/"}
    lines |= {name.replace("_", "-"): value for name, value in fields.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
    return f"WARC/1.0\r\n{head}Content-Length: {len(block)}\r\n\r\n".encode() + block + b"\r\n\r\n"


ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nhello"


def test_a_warc_of_another_tool_is_read(tmp_path: Path) -> None:
    """As wget and browsertrix write them: SHA-1 in Base32, requests between, no word on redirects."""
    info = record("warcinfo", b"software: Wget/1.21.4 (linux-gnu)\r\nformat: WARC File Format 1.0\r\n")
    digest = "sha1:VL2MMHO4YXUKFWV63YHTWSBM3GXKSQ2N"  # of "hello"
    data = info + record("request", b"GET / HTTP/1.1\r\n\r\n") + record("response", ANSWER, WARC_Payload_Digest=digest)
    found = read(tmp_path, data)
    assert (found.complete, found.facts["captured_by"], found.facts["redirects"]) == (
        True,
        ["Wget/1.21.4 (linux-gnu)"],
        [],
    )
    assert found.facts["url"] == "https://a.example/"
    assert "title" not in found.facts
    with pytest.raises(UnreadableError, match="differs from the digest"):
        read(tmp_path, data.replace(b"VL2MM", b"AL2MM"))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (record("warcinfo", b""), "0 answers found"),
        (record("response", ANSWER) * 2, "2 answers found"),
        (record("warcinfo", b"") * 101, "more than 100 records"),
        (record("response", b"GET / HTTP/1.1\r\n\r\n"), "no HTTP answer"),
        (record("response", b"HTTP/1.1 200 OK"), "no HTTP answer"),
        (record("response", ANSWER.replace(b"text/plain", b"x\r\nTransfer-Encoding: chunked")), "is packed"),
        (record("response", ANSWER.replace(b"text/plain", b"x\r\nContent-Encoding: gzip")), "is packed"),
        (record("response", ANSWER.replace(b"text/plain", b"x\r\nContent-Length: 4")), "another length"),
        (record("response", ANSWER, WARC_Date=""), "no WARC-Date"),
        (record("response", ANSWER, WARC_Date="2026-11-24T02:16:01"), "no WARC-Date"),
        (record("response", ANSWER, WARC_Target_URI=""), "of which address"),
        (record("response", ANSWER, WARC_Target_URI="https://a.example/" + "x" * 2000), "of which address"),
        (record("response", ANSWER).replace(b"Content-Length: 5", b"Content-Length: -5"), "without Content-Length"),
        (record("response", ANSWER).replace(b"Content-Length: 5", b"Content-Length: 9"), "ends inside a record"),
        (record("response", ANSWER) + b"rest", "no WARC record at byte"),
        (record("metadata", b"no field") + record("response", ANSWER), "no `Name: value`"),
        (b"WARC/1.1\r\n", "no WARC record"),
    ],
)  # fmt: skip
def test_what_is_no_capture_of_one_page_is_unreadable(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(UnreadableError, match=words):
        read(tmp_path, data)


@_BOUNDED
@given(data=st.data())
def test_any_spoiled_warc_is_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from([warc(), warc(status=404), record("response", ANSWER)])))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        if not content:
            return
    try:
        read(tmp_path, bytes(content))
    except UnreadableError as refused:
        refused.message.encode()


@_BOUNDED
@given(
    body=st.binary(max_size=300), headers=st.lists(st.tuples(st.sampled_from(["X-A", "ETag"]), st.text(max_size=20)))
)
def test_any_page_is_written_and_read_again(tmp_path: Path, body: bytes, headers: list[tuple[str, str]]) -> None:
    found = read(tmp_path, warc(body=body, headers=tuple(headers)))
    assert found.facts["sha256"] == hashlib.sha256(body).hexdigest()
    assert found.complete is bool(body.strip())
