"""The shared fixtures keep their word."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

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


WITHOUT_SERVERS = """
import sys, pytest, headless, postgres_cluster
headless.find_chromium = postgres_cluster.find_binaries = lambda: None
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", *sys.argv[1:]]))
"""


@pytest.mark.parametrize(("require_all", "code", "words"), [("", 0, "2 skipped"), ("1", 1, "allows no skip")])
def test_a_missing_server_is_a_skip_with_its_reason_and_on_ci_a_failure(
    require_all: str, code: int, words: str
) -> None:
    need_servers = ("test_each_test_gets_an_empty_database[postgres]", "test_the_browser_loads_a_local_page_only")
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_SERVERS, *(f"{__file__}::{name}" for name in need_servers)],
        env={**os.environ, "PRATIQUE_CI_REQUIRE_ALL": require_all, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert ran.returncode == code, ran.stdout
    for expected in (words, "apt-get install postgresql", "apt-get install chromium"):
        assert expected in ran.stdout


@pytest.mark.chromium
def test_the_browser_loads_a_local_page_only(chromium, now: datetime) -> None:  # type: ignore[no-untyped-def]
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
