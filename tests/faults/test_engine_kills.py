"""kill -9 of the engine at random moments: what was acknowledged stays, and the journal explains every state."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from fault_checks import (
    JournalReader,
    assert_files_are_whole,
    assert_rows_follow_the_journal,
    assert_verified,
)
from fault_figures import write_figures
from fault_processes import Engine, await_that, worker
from fault_story import Crowd, Remembered

SEED = 20261123
EVENTS = 500
KILLS = 50
#: Every so many kills the engine is killed again while it starts, or started as an operator would.
DURING_START_EVERY = 6
COLD_EVERY = 20


@pytest.mark.slow
@pytest.mark.timeout(500)
def test_nothing_acknowledged_is_lost_when_the_engine_is_killed_fifty_times(tmp_path: Path) -> None:
    began = time.monotonic()
    dice = random.Random(SEED)
    journal = JournalReader()
    with Engine(tmp_path / "data", tmp_path) as engine:
        engine.start(cold=True)
        deliverer = worker(engine)
        deliverer.start()
        try:
            with Crowd(engine, events=EVENTS, seed=SEED) as crowd:
                kills, during_start = _kill_until_done(engine, crowd, journal, dice)
                remembered = crowd.result()
            _assert_every_event_is_known(engine, remembered)
            await_that(lambda: _no_delivery_waits(engine), "the notices to go out", seconds=120, every=0.5)
        finally:
            deliverer.end()
        with engine.client() as client:
            journal.follow(client)
        journal.assert_holds(remembered)
        changes = journal.assert_people_were_told()
        runs = journal.gate_runs()
        assert all(runs[run][1] >= version for run, version in remembered.row_versions.items())
        assert engine.running.stop() == 0
        assert_rows_follow_the_journal(engine.data_dir / "ledger.db", journal)
        assert_files_are_whole(engine.data_dir / "evidence", remembered)
        counts = assert_verified(engine.data_dir, engine.port)
    assert kills >= KILLS
    assert len(remembered.events) == EVENTS
    write_figures(
        "engine",
        {
            "kills": kills,
            "of these during start-up": during_start,
            "events": len(remembered.events),
            "evidence files": len(remembered.evidence),
            "waivers": len(remembered.waivers),
            "decisions": len(remembered.decisions),
            "acknowledged answers": remembered.answers,
            "acknowledged and lost": 0,
            "answers cut off, outcome unknown": remembered.lost_answers,
            "retried events that had been recorded": remembered.repeated_events,
            "state changes": changes,
            "notices": len(journal.notices()),
            "journal entries, chain re-computed": journal.seq,
            "rows and files that verify compared": sum(counts.values()),
            "seconds": round(time.monotonic() - began),
        },
    )


def _kill_until_done(engine: Engine, crowd: Crowd, journal: JournalReader, dice: random.Random) -> tuple[int, int]:
    kills = during_start = 0
    while kills < KILLS and not crowd.is_done:
        left = crowd.answers_in_all - crowd.snapshot().answers
        crowd.await_answers(dice.randint(1, max(2, 2 * left // (KILLS + 4 - kills))))  # spread over all the work
        time.sleep(dice.uniform(0, 0.03))
        remembered = crowd.snapshot()
        engine.running.kill()
        kills += 1
        if kills % DURING_START_EVERY == 0:
            engine.running.start()
            time.sleep(dice.uniform(0, 0.6))
            engine.running.kill()
            kills, during_start = kills + 1, during_start + 1
        engine.start(cold=kills % COLD_EVERY == 0)
        with engine.client() as client:
            journal.follow(client)
        journal.assert_holds(remembered)
    return kills, during_start


def _assert_every_event_is_known(engine: Engine, remembered: Remembered) -> None:
    """Send every acknowledged event once more, changed: the same id has had its effect and gives its answer."""
    with engine.client() as client:
        for event_id, gate_runs in remembered.events.items():
            event = {
                "specversion": "1.0",
                "id": event_id,
                "source": "/ci/faults",
                "type": "pratique.gate.triggered",
                "subject": f"{event_id.rpartition('-')[0]}/2.1",
                "data": {"gate": "placement", "occasion": "never"},
            }
            reply = client.post("/v1/events", json=event, headers={"content-type": "application/cloudevents+json"})
            assert reply.headers.get("pratique-duplicate") == "true", reply.text
            assert [view["gate_run"] for view in reply.json()["gates"]] == gate_runs


def _no_delivery_waits(engine: Engine) -> bool:
    with engine.client() as client:
        lines = client.get("/metrics").text.splitlines()
    return not [line for line in lines if line.startswith("pratique_outbox{") and 'topic="delivery"' in line]
