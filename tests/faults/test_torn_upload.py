"""An upload whose sender goes away: nothing is kept."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path

import pytest
from fault_checks import rows
from fault_processes import Engine, await_that
from fault_requests import register

SIZE = 32 * 1024**2


def _files(engine: Engine) -> list[Path]:
    return [path for path in (engine.data_dir / "evidence").rglob("*") if path.is_file()]


def _begin_upload(engine: Engine, root: str, *, chunked: bool) -> socket.socket:
    """Send the head and half of a body."""
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {SIZE}"
    connection = socket.create_connection(("127.0.0.1", engine.port))
    connection.sendall(
        f"POST {root}/evidence?filename=big.json HTTP/1.1\r\nHost: engine\r\n{length}\r\n"
        f"Authorization: Bearer {engine.token('pipeline')}\r\n\r\n".encode()
    )
    piece = os.urandom(1024**2)
    for _ in range(SIZE // len(piece) // 2):
        connection.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" if chunked else piece)
    return connection


@pytest.mark.parametrize("chunked", [False, True], ids=["announced length", "chunked"])
def test_a_client_that_goes_away_in_mid_stream_leaves_nothing(tmp_path: Path, chunked: bool) -> None:
    with Engine(tmp_path / "data", tmp_path).start() as engine, engine.client() as client:
        root = register(client)
        connection = _begin_upload(engine, root, chunked=chunked)
        await_that(lambda: bool(_files(engine)), "the upload to be under way")
        connection.close()
        await_that(lambda: not _files(engine), "the half file to be removed")
        assert client.get(f"{root}/evidence").json() == {"items": [], "next": None}
        assert "Traceback" not in engine.running.tail(), engine.running.tail()


def test_an_engine_killed_in_mid_stream_keeps_nothing_under_a_digest(tmp_path: Path) -> None:
    with Engine(tmp_path / "data", tmp_path).start() as engine, engine.client() as client:
        root = register(client)
        with _begin_upload(engine, root, chunked=False):
            await_that(lambda: bool(_files(engine)), "the upload to be under way")
            engine.running.kill()
        left = _files(engine)
        assert [path.parent.name for path in left] == ["incoming"]
        old = time.time() - 25 * 3600
        os.utime(left[0], (old, old))
        engine.start()
        assert _files(engine) == []  # a start clears what is a day old
        with engine.client() as again:
            assert again.get(f"{root}/evidence").json() == {"items": [], "next": None}
        assert engine.running.stop() == 0
        assert rows(engine.data_dir / "ledger.db", "SELECT count(*) FROM evidence") == [(0,)]


def test_a_stop_in_mid_stream_keeps_nothing(tmp_path: Path) -> None:
    with Engine(tmp_path / "data", tmp_path).start() as engine, engine.client() as client:
        root = register(client)
        with _begin_upload(engine, root, chunked=False):
            await_that(lambda: bool(_files(engine)), "the upload to be under way")
            os.kill(engine.running.pid or 0, signal.SIGTERM)
            assert engine.running.wait(20) == 0, engine.running.tail()
        assert _files(engine) == []
