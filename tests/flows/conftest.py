"""One real Prefect server for all flow tests: it takes ten seconds to start. The engine beside it is a fake one."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "unit"))  # the queue in memory is shared with the worker's unit tests

from fake_engine import FakeEngine, served  # noqa: E402  # after the path above


@dataclass
class Server:
    """A Prefect server as `deployments/prefect_server.py` runs it."""

    port: int
    data_dir: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "PYTHONPATH": str(ROOT),
            "PRATIQUE_DATA_DIR": str(self.data_dir),
            "PRATIQUE_PREFECT__PORT": str(self.port),
        }

    def start(self) -> None:
        with (self.data_dir / "server.log").open("ab") as log:
            command = [sys.executable, "-P", "-m", "deployments.prefect_server"]
            self.process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        end = time.monotonic() + 120
        while not self.is_up():
            assert self.process.poll() is None, (self.data_dir / "server.log").read_text()
            assert time.monotonic() < end, "the Prefect server did not start"
            time.sleep(0.2)

    def is_up(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.api_url}/health", timeout=5) as reply:
                return bool(reply.status == 200)
        except OSError:
            return False

    def stop(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    server = Server(port, tmp_path_factory.mktemp("prefect"))
    server.start()
    yield server
    drain_prefect()
    server.stop()


def drain_prefect() -> None:
    """Let Prefect's background threads send what they hold; at exit they would wait for a server that is gone."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    APILogWorker.drain_all(timeout=10)
    EventsWorker.drain_all(timeout=10)


@pytest.fixture
def prefect_api(prefect_server: Server) -> Iterator[Server]:
    """Point Prefect's client in this process at the server."""
    from prefect.settings import (
        PREFECT_API_URL,
        PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED,
        PREFECT_SERVER_EPHEMERAL_ENABLED,
        PREFECT_UI_URL,
        temporary_settings,
    )

    with temporary_settings(
        {
            PREFECT_API_URL: prefect_server.api_url,
            PREFECT_UI_URL: prefect_server.api_url.removesuffix("/api"),
            PREFECT_SERVER_EPHEMERAL_ENABLED: False,
            PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED: False,
        }
    ):
        yield prefect_server


@pytest.fixture
def engine(free_port: Callable[[], int], monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEngine]:
    """A fake engine on a free port, to which tasks in this process talk."""
    with served(FakeEngine(), free_port()) as engine:
        monkeypatch.setenv("PRATIQUE_URL", engine.url)
        monkeypatch.setenv("PRATIQUE_WORKER_TOKEN", "prq_test_secret")
        yield engine


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bear with connections that Prefect leaves open in each event loop that ends; nothing here can close them."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore::ResourceWarning"))
            item.add_marker(pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"))
