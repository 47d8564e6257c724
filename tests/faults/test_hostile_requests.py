"""Requests that no client library sends, over raw sockets: headers without end, lies about length, broken chunks."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fault_checks import assert_verified
from fault_processes import Engine, await_that
from fault_requests import register

GIB = 1024**3


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    place = tmp_path_factory.mktemp("hostile")
    with Engine(place / "data", place, {"PRATIQUE_MAX_EVIDENCE_BYTES": str(8 * 1024**2)}).start() as started:
        with started.client() as client:
            register(client)
        yield started


def _answer(engine: Engine, data: bytes, *, half_close: bool = False) -> tuple[int, bytes]:
    """Send bytes and return (status, all that came); status 0: the connection was closed without an answer."""
    with socket.create_connection(("127.0.0.1", engine.port), timeout=20) as connection:
        found = b""
        try:
            connection.sendall(data)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            connection.settimeout(5)
            while piece := connection.recv(65536):
                found += piece
                if b"\r\n\r\n" in found and _is_whole(found):
                    break
        except TimeoutError:
            assert not found, found[:200]
            return -1, b""  # it waits for the rest, as it may
        except OSError:
            pass  # cut off by the engine
        return (int(found.split(b" ", 2)[1]) if found.startswith(b"HTTP/1.1 ") else 0), found


def _is_whole(found: bytes) -> bool:
    head, _, body = found.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(body) >= int(line.partition(b":")[2])
    return b"connection: close" not in head.lower() and body.endswith(b"0\r\n\r\n")


def _upload(engine: Engine, *headers: str, body: bytes = b"", name: str = "x.json") -> bytes:
    lines = [
        f"POST /v1/models/aurora/versions/2.1/evidence?filename={name} HTTP/1.1",
        "Host: engine",
        f"Authorization: Bearer {engine.token('pipeline')}",
        *headers,
    ]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def _files(engine: Engine) -> list[Path]:
    return [path for path in (engine.data_dir / "evidence").rglob("*") if path.is_file()]


def _nothing_is_left(engine: Engine) -> None:
    await_that(lambda: not _files(engine), "the upload to be given up", seconds=30)
    with engine.client() as client:
        assert client.get("/v1/models/aurora/versions/2.1/evidence").json()["items"] == []
        assert client.get("/readyz").status_code == 200
    tail = engine.running.tail()
    assert "Traceback" not in tail, tail
    assert_verified(engine.data_dir, engine.port)


def test_four_gibibytes_that_are_only_announced_are_refused_before_they_come(engine: Engine) -> None:
    for length in (4 * GIB, 2**63, 10**18):
        begun = time.monotonic()
        status, answer = _answer(engine, _upload(engine, f"Content-Length: {length}"))
        assert status == 413, answer[:300]
        assert b"urn:pratique:problem:too-large" in answer
        assert str(8 * 1024**2).encode() in answer, "what would be taken is named"
        assert time.monotonic() - begun < 10
    _nothing_is_left(engine)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (["Content-Length: 5", "Content-Length: 6"], b"{}{}{}"),
        (["Content-Length: -1"], b"{}"),
        (["Content-Length: 0x10"], b"{}" * 8),
        (["Content-Length: 99999999999999999999999999"], b"{}"),
        (["Content-Length: 2", "Transfer-Encoding: chunked"], b"0\r\n\r\n"),
        (["Transfer-Encoding: chunked"], b"zz\r\n{}\r\n0\r\n\r\n"),
        (["Transfer-Encoding: chunked"], b"ffffffffffffffffff\r\n{}\r\n0\r\n\r\n"),
        (["Transfer-Encoding: chunked"], b"2\r\n{}{}{}{}\r\n0\r\n\r\n"),
        (["Transfer-Encoding: gzip, chunked, gzip"], b"2\r\n{}\r\n0\r\n\r\n"),
        (["Content-Length: 2", "no colon here"], b"{}"),
        (["Content-Length: 2", "x: a\x00b"], b"{}"),
        (["Content-Length: 2", " folded: header"], b"{}"),
        (["Content-Length: 2", "x: " + "y" * 2**20], b"{}"),
        (["Content-Length: 2", *(f"x{n}: y" for n in range(100_000))], b"{}"),
        (["Content-Length: 2", "Host: other", "Authorization: Bearer other"], b"{}"),
        (["Content-Length: 2", "Content-Type: \xff\xfe;" + "charset=x;" * 500], b"{}"),
        (["Content-Length: 2", "Content-Encoding: gzip"], b"{}"),
        (["Content-Length: 2", "Expect: 200-maybe"], b"{}"),
    ],
    ids=lambda value: repr(value[-1])[:40] if isinstance(value, list) else repr(value)[:12],
)
def test_a_message_that_is_none_is_refused_or_taken_whole(engine: Engine, headers: list[str], body: bytes) -> None:
    status, answer = _answer(engine, _upload(engine, *headers, body=body, name="odd.json"), half_close=True)
    assert status < 500, answer[:300]
    with engine.client() as client:
        kept = client.get("/v1/models/aurora/versions/2.1/evidence").json()["items"]
        assert client.get("/readyz").status_code == 200
    if status == 201:
        assert all(item["sha256"] in {path.name for path in _files(engine)} for item in kept)
    await_that(lambda: not list((engine.data_dir / "evidence" / "incoming").glob("*")), "nothing half", seconds=30)
    assert "Traceback" not in engine.running.tail(), engine.running.tail()


def test_a_body_shorter_than_announced_leaves_nothing(engine: Engine) -> None:
    before = len(_files(engine))
    sent = _upload(engine, "Content-Length: 1000", body=b'{"half": ')
    status, answer = _answer(engine, sent, half_close=True)
    assert status in (0, 400), answer[:300]
    await_that(lambda: len(_files(engine)) == before, "the half file to be removed")
    assert_verified(engine.data_dir, engine.port)


@pytest.mark.parametrize(
    "line",
    [
        b"GET /" + b"a" * 2**20 + b" HTTP/1.1",
        b"GET /%00 HTTP/1.1",
        b"GET /v1/evidence/..%2f..%2fetc%2fpasswd/content HTTP/1.1",
        b"GET http://other.example/v1/models HTTP/1.1",
        b"\xff\xfe\x00 / HTTP/1.1",
        b"PRI * HTTP/2.0",
        b"GET / HTTP/9.9",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\t/\tHTTP/1.1",
    ],
    ids=lambda line: repr(line[:24]),
)
def test_a_first_line_that_is_none_is_refused(engine: Engine, line: bytes) -> None:
    status, answer = _answer(engine, line + b"\r\nHost: engine\r\n\r\n", half_close=True)
    assert status < 500, answer[:300]
    assert "Traceback" not in engine.running.tail(), engine.running.tail()
