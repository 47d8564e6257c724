"""The engine alone, then a worker without Prefect, then deaths of both: events are answered, all catches up."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path

import pytest
from fault_checks import assert_verified, rows
from fault_figures import write_figures
from fault_processes import Engine, Running, await_that, free_port
from fault_requests import register, trigger

WORKER_KILLS = 3
MODELS_A_ROUND = 2
#: Imports of Prefect, its first database and a worker's longest pause, on a busy machine.
SECONDS = 180.0


class Site:
    """One engine, one embedded worker, one Prefect server; each can be away."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        environment = engine.environment | {"PRATIQUE_PREFECT__PORT": str(free_port())}
        self.worker = Running("deployments.embedded_worker", environment, engine.work_dir / "worker.log")
        self.prefect = Running("deployments.prefect_server", environment, engine.work_dir / "prefect.log")
        self.models = 0
        self.slowest_seconds = 0.0

    def open_gates(self) -> None:
        """Some model versions report an event each; every one is answered now."""
        with self.engine.client() as client:
            for _ in range(MODELS_A_ROUND):
                self.models += 1
                register(client, f"aurora-{self.models}")
                began = time.monotonic()
                reply = trigger(client, f"e{self.models}", f"aurora-{self.models}")
                self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - began)
                assert reply.status_code == 200, reply.text
                assert reply.json()["gates"][0]["state"] == "open"

    def count(self, sql: str) -> int:
        [(number,)] = rows(self.engine.data_dir / "ledger.db", sql)
        return int(number)

    def waiting(self, topic: str) -> int:
        return self.count(f"SELECT count(*) FROM outbox WHERE status IN ('ready', 'leased') AND topic = '{topic}'")

    def await_none_waiting(self, topic: str, what: str) -> None:
        await_that(lambda: self.waiting(topic) == 0, f"{what}\n{self.worker.tail()}", seconds=SECONDS, every=0.2)

    def await_running_flow(self) -> None:
        running = "SELECT count(*) FROM flow_run WHERE state = 'Running'"
        await_that(lambda: self.count(running) > 0, f"a flow to run\n{self.worker.tail()}", seconds=SECONDS)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_events_are_answered_whoever_is_away_and_all_catches_up(tmp_path: Path) -> None:
    began = time.monotonic()
    dice = random.Random(20261125)
    with Engine(tmp_path / "data", tmp_path, without=("PRATIQUE_PEOPLE_FILE",)).start() as engine:
        site = Site(engine)
        try:
            _engine_alone(site)
            _worker_without_prefect(site)
            site.prefect.start(cold=True)
            kills = _kill_workers(site, dice)
            _kill_prefect(site)
            site.await_none_waiting("flow", "the last flows")
            site.await_none_waiting("delivery", "the last notices")
            assert site.worker.stop(60) == 0, site.worker.tail()
        finally:
            site.worker.end()
            site.prefect.end()
        assert engine.running.stop() == 0
        assert_verified(engine.data_dir, engine.port)
    ends = _assert_history_is_whole(site)
    write_figures(
        "prefect",
        {
            "events": site.models,
            "slowest answer in ms": round(site.slowest_seconds * 1000),
            "worker kills": kills,
            "Prefect server kills": 1,
            "flow runs by their end": dict(sorted(ends.items())),
            "deliveries sent": site.count("SELECT count(*) FROM delivery WHERE status = 'sent'"),
            "deliveries lost": 0,
            "seconds": round(time.monotonic() - began),
        },
    )


def _engine_alone(site: Site) -> None:
    site.open_gates()
    assert site.waiting("flow") > 0
    assert site.waiting("delivery") > 0


def _worker_without_prefect(site: Site) -> None:
    """Notices need no Prefect; flows wait for it, and their waiting is not a failure."""
    site.worker.start(cold=True)
    site.await_none_waiting("delivery", "notices to go out without Prefect")
    site.open_gates()
    site.await_none_waiting("delivery", "notices to go out without Prefect")
    assert site.waiting("flow") > 0
    assert site.count("SELECT max(failures) FROM outbox WHERE topic = 'flow'") == 0


def _kill_workers(site: Site, dice: random.Random) -> int:
    for _ in range(WORKER_KILLS):
        site.open_gates()
        site.await_running_flow()
        time.sleep(dice.uniform(0, 0.2))
        site.worker.kill()
        site.worker.start(cold=True)
        site.await_none_waiting("flow", "the flows of a dead worker to be run by the next one")
    return WORKER_KILLS


def _kill_prefect(site: Site) -> None:
    site.open_gates()
    site.await_running_flow()
    site.prefect.kill()
    site.open_gates()
    site.prefect.start(cold=True)


def _assert_history_is_whole(site: Site) -> Counter[str]:
    """Each gate run has a flow run that ended by itself; what a dead worker left behind is called Crashed."""
    ledger = site.engine.data_dir / "ledger.db"
    ends: dict[str, list[str]] = {run: [] for (run,) in rows(ledger, "SELECT id FROM gate_run")}
    for run, state in rows(ledger, "SELECT gate_run_id, state FROM flow_run ORDER BY started_at"):
        ends[run].append(state)
    assert len(ends) == site.models
    assert all("Blocked" in states for states in ends.values()), ends
    counts = Counter(state for states in ends.values() for state in states)
    assert set(counts) <= {"Blocked", "Crashed", "Failed"}, counts
    assert site.count("SELECT count(*) FROM delivery WHERE status = 'pending'") == 0
    return counts
