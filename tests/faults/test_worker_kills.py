"""kill -9 of workers at random moments: each notice arrives, each flow starts, and the ledger tells the story."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path

import pytest
from fault_checks import (
    JournalReader,
    assert_rows_follow_the_journal,
    assert_verified,
    rows,
)
from fault_figures import write_figures
from fault_processes import Engine, Running, await_that, worker
from fault_story import Crowd

SEED = 20261124
EVENTS = 500
KILLS = 50
WORKERS = 2
#: What a worker lives before it is killed, in seconds: from the middle of its first claim to a few hundred items.
LIVES = (0.2, 2.0)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_no_notice_and_no_flow_is_lost_when_workers_are_killed_fifty_times(tmp_path: Path) -> None:
    began = time.monotonic()
    dice = random.Random(SEED)
    with Engine(tmp_path / "data", tmp_path, without=("PRATIQUE_PEOPLE_FILE",)).start() as engine:
        workers = [worker(engine, number) for number in range(WORKERS)]
        try:
            with Crowd(engine, events=EVENTS, clients=2, seed=SEED) as crowd:
                kills = _kill_until_done(crowd, workers, dice)
                remembered = crowd.result()
            await_that(lambda: _waiting(engine) == 0, "the leases of the dead to pass on", seconds=120, every=0.2)
        finally:
            for one in workers:
                one.end()
        journal = JournalReader()
        with engine.client() as client:
            journal.follow(client)
        journal.assert_holds(remembered)
        changes = journal.assert_people_were_told()
        assert engine.running.stop() == 0
        assert_rows_follow_the_journal(engine.data_dir / "ledger.db", journal)
        assert_verified(engine.data_dir, engine.port)
    ledger, diary = engine.data_dir / "ledger.db", _diary(tmp_path)
    sent, repeated = _assert_deliveries_arrived(ledger, diary, engine.mail_dir)
    started, restarted = _assert_flows_started(ledger, diary)
    [(lapsed,)] = rows(ledger, "SELECT coalesce(sum(claims - failures - 1), 0) FROM outbox WHERE claims > 0")
    assert kills >= KILLS
    assert len(remembered.events) == EVENTS
    assert lapsed > 0, "no kill hit a worker that held work; the test shows nothing"
    write_figures(
        "worker",
        {
            "kills": kills,
            "events": len(remembered.events),
            "decisions": len(remembered.decisions),
            "state changes": changes,
            "notices": len(journal.notices()),
            "deliveries sent": sent,
            "notices lost": 0,
            "attempts repeated after a kill, same key": repeated,
            "flow keys started": started,
            "flow keys started again after a kill": restarted,
            "leases that lapsed and passed on": lapsed,
            "seconds": round(time.monotonic() - began),
        },
    )


def _kill_until_done(crowd: Crowd, workers: list[Running], dice: random.Random) -> int:
    """Kill now this worker, now that one, until the stories are told and there were kills enough."""
    for one in workers:
        one.start()
    kills = 0
    while not crowd.is_done or kills < KILLS:
        time.sleep(dice.uniform(*LIVES) / len(workers))
        victim = dice.choice(workers)
        victim.kill()
        victim.start()
        kills += 1
    return kills


def _waiting(engine: Engine) -> int:
    [(count,)] = rows(engine.data_dir / "ledger.db", "SELECT count(*) FROM outbox WHERE status IN ('ready', 'leased')")
    return int(count)


def _diary(folder: Path) -> list[list[str]]:
    return [line.split() for line in (folder / "diary").read_text().splitlines()]


def _assert_deliveries_arrived(ledger: Path, diary: list[list[str]], mail_dir: Path) -> tuple[int, int]:
    """Each delivery was sent at least once, always with its own key; the folder holds one mail for each."""
    attempts = [words for words in diary if words[0] == "sent"]
    assert all(words[1] == words[2] and words[3] == "True" for words in attempts), "an attempt had another key"
    wanted = {d for (d,) in rows(ledger, "SELECT id FROM delivery WHERE status = 'sent'")}
    states = Counter(status for (status,) in rows(ledger, "SELECT status FROM delivery"))
    assert set(states) <= {"sent", "cancelled"}, states
    tried = Counter(words[1] for words in attempts)
    mailed = Counter(_key_of(mail) for mail in mail_dir.glob("*.eml"))
    assert wanted <= set(mailed)
    assert set(mailed.values()) == {1}, "an attempt that was repeated made a second mail"
    return len(wanted), sum(n - 1 for n in tried.values())


def _key_of(mail: Path) -> str:
    [line] = [x for x in mail.read_text().splitlines() if x.startswith("X-Delivery-Id:")]
    return line.partition(":")[2].strip()


def _assert_flows_started(ledger: Path, diary: list[list[str]]) -> tuple[int, int]:
    """Each flow that was asked for ran, or one asked for later on the same gate run did; the history says so."""
    begun = Counter(words[1] for words in diary if words[0] == "flow-begun")
    done = {words[1] for words in diary if words[0] == "flow-done"}
    newest: dict[str, int] = {}
    for key in done:
        run, version = _split(key)
        newest[run] = max(newest.get(run, 0), version)
    asked = [key for (key,) in rows(ledger, "SELECT key FROM outbox WHERE topic = 'flow'")]
    never = [key for key in asked if newest.get(_split(key)[0], 0) < _split(key)[1]]
    assert not never, f"{len(never)} flows never ran: {never[:5]}"
    history = rows(ledger, "SELECT key, state, ended_at FROM flow_run")
    assert Counter(key for key, _, _ in history) == dict.fromkeys(begun, 1), "the history tells another story"
    unended = [key for key, state, ended_at in history if key in done and (state == "Running" or ended_at is None)]
    assert not unended
    return len(begun), sum(n - 1 for n in begun.values())


def _split(key: str) -> tuple[str, int]:
    """Return (gate run, row version) of a key `flow:<gate run>:<row version>[#failures]`."""
    _, run, version = key.partition("#")[0].split(":")
    return run, int(version)
