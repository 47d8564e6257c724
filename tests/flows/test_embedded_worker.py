"""The worker process itself: flows when Prefect answers, deliveries always, a clean end, a kill that loses nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import ROOT, Server
from fake_engine import FakeEngine

pytestmark = pytest.mark.timeout(400)

#: Generous: on a busy machine the imports of one worker process took half a minute.
SECONDS = 150.0


@contextmanager
def working(
    engine: FakeEngine, data_dir: Path, prefect_port: int, lease_seconds: int = 60
) -> Iterator[subprocess.Popen[bytes]]:
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "PRATIQUE_DATA_DIR": str(data_dir),
        "PRATIQUE_URL": engine.url,
        "PRATIQUE_WORKER_TOKEN": "prq_test_secret",
        "PRATIQUE_PREFECT__PORT": str(prefect_port),
        "PRATIQUE_LEASE_SECONDS": str(lease_seconds),
        "PRATIQUE_CHANNELS__MAIL": f"mailfolder://{data_dir / 'mail'}",
    }
    with (data_dir / "worker.log").open("ab") as log:
        command = [sys.executable, "-P", "-m", "deployments.embedded_worker"]
        process = subprocess.Popen(command, cwd="/", env=environment, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def await_that(is_so: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + SECONDS
    while not is_so():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.05)


def test_without_a_prefect_server_notices_go_out_and_the_flow_is_tried_until_there_is_one(
    engine: FakeEngine, prefect_server: Server, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    flow, notice = engine.queue.flow("gr1"), engine.queue.notice("d1")
    log = tmp_path / "worker.log"
    with working(engine, tmp_path, free_port()) as process:
        await_that(lambda: notice.is_done and "flow item w1 waits" in log.read_text(), process, log)
        assert not flow.is_done
        assert flow.failures == 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    flow.held_until = 0.0  # its lease lapses
    with working(engine, tmp_path, prefect_server.port) as process:
        await_that(lambda: flow.is_done, process, log)
    assert [r["ended"]["state"] for r in engine.flow_runs.values()] == ["Blocked"]


def test_a_worker_that_is_killed_in_a_flow_leaves_the_flow_to_the_next_one(
    engine: FakeEngine, prefect_server: Server, tmp_path: Path
) -> None:
    flow = engine.queue.flow("gr1")
    engine.fail("collect", times=1000)
    log = tmp_path / "worker.log"
    with working(engine, tmp_path, prefect_server.port) as process:
        await_that(lambda: engine.calls["collect"] > 0, process, log)
        process.kill()
        process.wait()
    assert not flow.is_done
    engine.fail("collect", times=0)
    flow.held_until = 0.0  # its lease lapses
    with working(engine, tmp_path, prefect_server.port) as process:
        await_that(lambda: flow.is_done, process, log)
    ends = sorted(str(run["ended"] and run["ended"]["state"]) for run in engine.flow_runs.values())
    assert ends == ["Blocked", "Crashed"]
