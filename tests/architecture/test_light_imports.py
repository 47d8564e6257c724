"""What CI runs again and again must start fast: judged by the modules it loads, not by a stopwatch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"prefect", "pydantic", "sqlalchemy", "sqlmodel", "httpx", "fastapi", "alembic", "rich", "yaml", "apprise"}

GATE = {
    "gate_run": "r1",
    "model": "aurora",
    "version": "2.1",
    "gate": "training-trigger",
    "state": "open",
    "outcome": "blocked",
    "row_version": 1,
    "findings": [],
}

#: Runs the command line, then prints the top-level modules that it loaded, as the last line of stderr.
PROBE = """
import sys
sys.argv[0] = "pratique"
try:
    from pratique.cli.main import main
    main()
finally:
    print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


class Engine(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        content = json.dumps(GATE).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Tests print nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Engine)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def loaded_by(source: str, *words: str, code: int, **environ: str) -> set[str]:
    ended = subprocess.run(
        [sys.executable, "-c", source, *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == code, ended.stderr
    return set(ended.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("words", [("--help",), ("version",), ("gate", "status", "--help"), ("evidence", "add", "-h")])
def test_help_and_version_load_nothing_heavy(words: tuple[str, ...]) -> None:
    # Not even the HTTP client of the standard library: it costs half of the start.
    assert loaded_by(PROBE, *words, code=0) & (HEAVY | {"http", "ssl"}) == set()


def test_a_real_status_call_loads_nothing_heavy(url: str) -> None:
    words = ("gate", "status", "aurora/2.1", "training-trigger")
    assert loaded_by(PROBE, *words, code=3, PRATIQUE_URL=url, PRATIQUE_TOKEN="t") & HEAVY == set()


def test_a_real_wait_loads_nothing_heavy(url: str) -> None:
    words = ("gate", "wait", "aurora/2.1", "training-trigger", "--timeout", "0.1")
    assert loaded_by(PROBE, *words, code=6, PRATIQUE_URL=url, PRATIQUE_TOKEN="t") & HEAVY == set()


def test_importing_the_sdk_and_making_a_client_loads_nothing_heavy() -> None:
    source = "import pratique, sys; pratique.Client(token='t'); pratique.AsyncClient(token='t')"
    report = "; print(*sorted({n.partition('.')[0] for n in sys.modules}), file=sys.stderr)"
    assert loaded_by(source + report, code=0) & HEAVY == set()


def test_importing_the_package_alone_does_not_even_load_its_client() -> None:
    source = "import pratique, sys; print(*[n for n in sys.modules if n.startswith('pratique')], file=sys.stderr)"
    assert loaded_by(source, code=0) == {"pratique"}
