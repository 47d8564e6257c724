"""Server processes that are measured from outside."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from bench.measure import cpu_of

READY_SECONDS = 90.0
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass
class Server:
    """A process that answers HTTP on 127.0.0.1."""

    port: int
    process: subprocess.Popen[bytes] = field(repr=False)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def cpu(self) -> float:
        """CPU seconds used so far."""
        return cpu_of(self.process.pid)

    def kill(self) -> None:
        """End it with SIGKILL."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def launch(arguments: list[str], port: int, environment: Mapping[str, str] | None = None) -> Server:
    """Start a Python process without waiting for it."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env={**os.environ, **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return Server(port, process)


def wait_ready(server: Server, path: str = "/healthz") -> None:
    """Return when the server answers."""
    ends_at = time.monotonic() + READY_SECONDS
    while True:
        try:
            with _direct.open(server.url + path, timeout=5):
                return
        except (OSError, urllib.error.URLError):
            if time.monotonic() > ends_at or server.process.poll() is not None:
                raise RuntimeError(f"the server on port {server.port} does not answer") from None
            time.sleep(0.005)


@contextmanager
def running(arguments: list[str], port: int, environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Give a server that answers, and end it."""
    server = launch(arguments, port, environment)
    try:
        wait_ready(server)
        yield server
    finally:
        if server.process.poll() is None:
            server.process.terminate()
            try:
                server.process.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


def engine_arguments(environment: Mapping[str, str]) -> tuple[list[str], int, dict[str, str]]:
    """Return what starts the real engine on a free port."""
    port = free_port()
    return ["-m", "pratique.web.serve"], port, {**environment, "PRATIQUE_PORT": str(port)}
