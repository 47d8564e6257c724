"""PostgreSQL that dies at once and comes back: acknowledged writes stay, the engine waits for it by itself."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from fault_checks import JournalReader
from fault_figures import write_figures
from fault_processes import Engine, await_that
from fault_requests import EVENT_TYPE, assert_unavailable, event
from fault_story import Crowd, Remembered

EVENTS = 160
STOPS = 4

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


def _stop(cluster: Any) -> None:
    cluster._run("pg_ctl", "-D", cluster.data, "-m", "immediate", "-w", "stop")


def _start(cluster: Any) -> None:
    cluster._run("pg_ctl", "-D", cluster.data, "-l", cluster.folder / "log", "-w", "-t", "60", "start")


def test_acknowledged_writes_survive_immediate_stops_of_postgresql(
    postgres: Any, postgres_url: str, tmp_path: Path
) -> None:
    journal = JournalReader()
    settings = {"PRATIQUE_DATABASE_URL": postgres_url}
    is_up = True
    with Engine(tmp_path / "data", tmp_path, settings).start() as engine:
        pid = engine.running.pid
        try:
            with Crowd(engine, events=EVENTS) as crowd:
                stops = 0
                while not crowd.is_done and stops < STOPS:
                    crowd.await_answers(40)
                    remembered = crowd.snapshot()
                    _stop(postgres)
                    is_up, stops = False, stops + 1
                    _assert_down_is_said(engine)
                    _start(postgres)
                    is_up = True
                    await_that(engine._is_ready, "the engine to find its database again")
                    _follow(engine, journal, remembered)
                remembered = crowd.result()
        finally:
            if not is_up:
                _start(postgres)
        _follow(engine, journal, remembered)
        _follow_to_the_end(engine, journal)
        assert engine.running.pid == pid, "the engine had to be restarted"
        assert engine.running.stop() == 0, engine.running.tail()
    runs = journal.gate_runs()
    assert all(runs[run][1] >= version for run, version in remembered.row_versions.items())
    changes = journal.assert_people_were_told()
    _assert_verified(tmp_path / "data", postgres_url)
    assert stops == STOPS
    assert len(remembered.events) == EVENTS
    write_figures(
        "postgresql",
        {
            "immediate stops": stops,
            "events": len(remembered.events),
            "decisions": len(remembered.decisions),
            "acknowledged answers": remembered.answers,
            "acknowledged and lost": 0,
            "answers cut off, outcome unknown": remembered.lost_answers,
            "state changes": changes,
            "journal entries, chain re-computed": journal.seq,
        },
    )


def _assert_down_is_said(engine: Engine) -> None:
    """Reads and writes alike are a typed 503, and soon."""
    with engine.client() as client:
        began = time.monotonic()
        for reply in (
            client.get("/readyz"),
            client.get("/v1/models"),
            client.post("/v1/events", content=event("down"), headers=EVENT_TYPE),
        ):
            assert_unavailable(reply)
        assert client.get("/healthz").status_code == 200
        assert time.monotonic() - began < 20


def _follow(engine: Engine, journal: JournalReader, remembered: Remembered) -> None:
    """Read the journal until the sealer has linked what was acknowledged; it may be a moment behind."""

    def holds() -> bool:
        with engine.client() as client:
            journal.follow(client)
        return not journal.missing(remembered)

    await_that(holds, "every acknowledged fact to be in the sealed journal", seconds=20, every=0.2)


def _follow_to_the_end(engine: Engine, journal: JournalReader) -> None:
    before = -1
    while before < journal.seq:
        before = journal.seq
        time.sleep(1)  # the sealer looks again five times a second
        with engine.client() as client:
            journal.follow(client)


def _assert_verified(data_dir: Path, url: str) -> None:
    from pratique.services.verify import verify_ledger
    from pratique.settings import Settings

    report = verify_ledger(Settings(data_dir=data_dir, database_url=url))  # type: ignore[arg-type]
    assert report.ok, report.problems[:10]
