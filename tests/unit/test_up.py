"""`pratique up` waits for the engine that it started, not for whoever answers on the port."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from examples.machine import claim_port
from pratique.cli.children import Child
from pratique.cli.up import Supervisor, answers
from pratique.errors import UnavailableError
from pratique.settings import Settings


class Stranger(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        content = b'{"status": "ready", "instance": "another"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Tests print nothing."""


@contextmanager
def stranger() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Stranger)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/readyz"
    server.shutdown()
    thread.join()
    server.server_close()


def test_only_the_engine_of_that_name_counts_as_ready() -> None:
    with stranger() as url:
        assert answers(url)
        assert answers(url, '"another"')
        assert not answers(url, '"mine"')
    assert not answers(url)


def test_an_engine_that_ended_is_told_although_a_stranger_answers(tmp_path: Path) -> None:
    """As when another installation took the port while ours was starting."""
    supervisor = Supervisor(Settings(data_dir=tmp_path), tmp_path, with_prefect=False, with_worker=False)
    ended = Child("engine", "pratique.no_such_module", root=tmp_path, log=tmp_path / "engine.log")
    ended.start()
    with stranger() as url, pytest.raises(UnavailableError, match=r"the engine ended\n.*No module named"):
        supervisor._await_ready(ended, url, 30.0, ours='"mine"')


def test_a_port_is_claimed_once() -> None:
    first = claim_port(28470)
    assert claim_port(28470) != first
