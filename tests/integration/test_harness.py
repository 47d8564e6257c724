"""The shared fixtures keep their word."""

from __future__ import annotations

import os
import socket
import threading
import time
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import create_engine, text


def test_nothing_of_the_developers_shell_is_left() -> None:
    assert [n for n in os.environ if n.startswith("PRATIQUE_")] == []
    assert time.strftime("%z") == "+0545"


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_a_test_cannot_reach_the_network(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as outside, pytest.raises(RuntimeError, match=r"tests stay on 127\.0\.0\.1"):
        outside.connect((host, 80))


def test_a_test_cannot_look_up_a_name() -> None:
    with pytest.raises(RuntimeError, match=r"look-up of 'example\.org'"):
        socket.getaddrinfo("example.org", 443)


def test_each_test_gets_an_empty_database(ledger_url: str) -> None:
    engine = create_engine(ledger_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE once (n INTEGER)"))  # a second test on the same one would fail
    engine.dispose()


test_a_second_test_gets_another_database = test_each_test_gets_an_empty_database


@pytest.mark.chromium
def test_the_browser_loads_a_local_page_and_nothing_else(chromium, now: datetime) -> None:  # type: ignore[no-untyped-def]
    class Hello(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<title>hello</title>")

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hello)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with chromium.page(f"http://127.0.0.1:{server.server_port}/") as page:
            assert page.evaluate("document.title") == "hello"
        with pytest.raises(RuntimeError, match="ERR_NAME_NOT_RESOLVED"), chromium.page("http://example.org/"):
            pass
    finally:
        server.shutdown()
        server.server_close()
