"""A pipeline that is killed while it waits, and started again as its CI system does: one event, one gate run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from fault_checks import rows
from fault_processes import ROOT, Engine
from fault_requests import register

GATE = "training-trigger"

#: Both name the event by the run of the CI system, so that it counts once however often they start.
BY_THE_SDK = """
import pratique
words = {"model": "aurora", "version": "2.1", "event_id": "ci-run-7", "source": "urn:ci"}
gate = pratique.Client().trigger("training-trigger", **words)
print("waits", flush=True)
print(gate.wait(timeout=120).outcome, flush=True)
"""
BY_THE_COMMAND = """
import sys
sys.argv = ["pratique", "gate", "trigger", "aurora/2.1", "training-trigger", "--event-id", "ci-run-7", "--source",
            "urn:ci", "--wait", "--timeout", "2m"]
from pratique.cli.main import main
main()
"""


class Pipeline:
    """A process that triggers and waits."""

    def __init__(self, engine: Engine, source: str) -> None:
        environment = os.environ | {
            "PYTHONPATH": str(ROOT),
            "PRATIQUE_URL": engine.url,
            "PRATIQUE_TOKEN": engine.token("pipeline"),
            "PYTHONUNBUFFERED": "1",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", source], env=environment, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Pipeline:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()

    def await_waiting(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if "wait" in line:
                return
        raise AssertionError("it ended before it waited")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        assert self.process.wait() == -signal.SIGKILL
        assert self.process.stdout is not None
        self.process.stdout.close()

    def end(self) -> tuple[int, str]:
        out, _ = self.process.communicate(timeout=60)
        return self.process.returncode, out


@pytest.mark.parametrize(
    ("source", "code", "last"), [(BY_THE_SDK, 0, "rejected\n"), (BY_THE_COMMAND, 5, "")], ids=["SDK", "command"]
)
def test_a_pipeline_killed_twice_goes_on_waiting_and_counts_once(
    tmp_path: Path, source: str, code: int, last: str
) -> None:
    with Engine(tmp_path / "data", tmp_path).start() as engine, engine.client() as http:
        root = register(http)
        for _ in range(2):
            with Pipeline(engine, source) as pipeline:
                pipeline.await_waiting()
                pipeline.kill()
        with Pipeline(engine, source) as pipeline:
            pipeline.await_waiting()
            engine.running.kill()  # and the engine while it waits
            engine.start()
            _end_and_compare(engine, http, root, pipeline, code, last)


def _end_and_compare(engine: Engine, http: httpx.Client, root: str, pipeline: Pipeline, code: int, last: str) -> None:
    shown = http.get(f"{root}/gates/{GATE}").json()
    assert shown["outcome"] == "blocked"  # no waiting, and no restart, has cleared anything
    with engine.client(engine.person_token("mira")) as mira:
        body = {"act": "withdraw", "reason": "Training is put off.", "basis": shown["basis"]}
        reply = mira.post(f"{root}/gates/{GATE}/decisions", json=body)
        assert reply.status_code == 200, reply.text
    ended, out = pipeline.end()
    assert ended == code
    assert out.endswith(last)
    assert engine.running.stop() == 0
    ledger = engine.data_dir / "ledger.db"
    assert rows(ledger, "SELECT count(*) FROM gate_run WHERE gate = 'training-trigger'") == [(1,)]
    assert rows(ledger, "SELECT count(*) FROM event WHERE source = 'urn:ci'") == [(1,)]
