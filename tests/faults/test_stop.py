"""Stopping, and two engines that want the same ledger."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
from fault_checks import assert_verified
from fault_processes import Engine
from fault_requests import GATE, register, trigger


def test_sigterm_answers_what_is_under_way_and_ends_with_code_0(tmp_path: Path) -> None:
    answers: list[httpx.Response] = []
    with Engine(tmp_path / "data", tmp_path).start() as engine, engine.client() as client:
        root = register(client)
        version = trigger(client, "e1").json()["gates"][0]["row_version"]

        def wait_long() -> None:
            with engine.client() as waiting:
                answers.append(waiting.get(f"{root}/gates/{GATE}", params={"wait": 25, "row_version": version}))

        threads = [threading.Thread(target=wait_long) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        began = time.monotonic()
        assert engine.running.stop(10) == 0, engine.running.tail()
        took = time.monotonic() - began
        for thread in threads:
            thread.join()
    assert [(a.status_code, a.json()["row_version"]) for a in answers] == [(200, version)] * 4
    assert took < 4, f"the stop took {took:.1f} s"
    assert_verified(engine.data_dir, engine.port)


def test_writes_under_way_at_sigterm_are_answered_and_kept_or_refused(tmp_path: Path) -> None:
    statuses: list[int | str] = []
    acknowledged: list[str] = []
    with Engine(tmp_path / "data", tmp_path).start() as engine, engine.client() as client:
        register(client)
        stop = threading.Event()

        def write(number: int) -> None:
            with engine.client() as writer:
                for i in range(1000):
                    if stop.is_set():
                        return
                    try:
                        reply = trigger(writer, f"e{number}-{i}", occasion=f"o{number}")
                    except httpx.ConnectError:
                        return  # it does not listen any more: nothing was sent
                    except httpx.TransportError as error:
                        statuses.append(type(error).__name__)
                        return
                    statuses.append(reply.status_code)
                    if reply.status_code == 200:
                        acknowledged.append(f"e{number}-{i}")

        threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(1)
        assert engine.running.stop(10) == 0, engine.running.tail()
        stop.set()
        for thread in threads:
            thread.join()
        assert len(acknowledged) > 10
        assert set(statuses) <= {200, 503, "ReadError", "RemoteProtocolError"}, statuses
        engine.start()
        with engine.client() as again:
            for event_id in acknowledged:
                reply = trigger(again, event_id, occasion=f"o{event_id[1]}")
                assert reply.headers.get("pratique-duplicate") == "true", event_id


def test_a_second_engine_on_the_same_ledger_is_refused_and_says_why(tmp_path: Path) -> None:
    with Engine(tmp_path / "data", tmp_path).start() as engine:
        second = Engine(tmp_path / "data", tmp_path)
        ended = subprocess.run(
            [sys.executable, "-P", "-m", "pratique.web.serve"],
            cwd="/",
            env=second.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == 1
        assert f"another engine (process {engine.running.pid}) has {tmp_path / 'data'} open" in ended.stderr
        assert "Traceback" not in ended.stderr
        with engine.client() as client:
            register(client)  # the first one is undisturbed


def test_the_lock_of_an_engine_that_was_killed_is_free(tmp_path: Path) -> None:
    with Engine(tmp_path / "data", tmp_path).start() as engine:
        engine.running.kill()
        assert (tmp_path / "data" / "engine.lock").exists()
        engine.start()


def test_a_first_start_that_was_killed_leaves_no_half_written_file(tmp_path: Path) -> None:
    """An engine that died while it wrote tokens or people.yaml would leave them empty for ever."""
    data = tmp_path / "data"
    (data / "tokens").mkdir(parents=True)
    (data / "tokens" / ".pipeline.token.part").write_text("prq_")
    (data / ".people.yaml.part").write_text("form")
    with Engine(data, tmp_path, without=("PRATIQUE_PEOPLE_FILE",)).start() as engine, engine.client() as client:
        register(client)
    assert not list(data.rglob("*.part"))
    assert (data / "tokens" / "pipeline.token").stat().st_mode & 0o777 == 0o600
