"""The same event many times at once: one effect, the same answer."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from fault_checks import JournalReader, assert_verified
from fault_figures import write_figures
from fault_processes import Engine
from fault_requests import register, trigger

TIMES = 100
CONNECTIONS = 64


def test_the_same_event_a_hundred_times_at_once_has_one_effect_and_one_answer(tmp_path: Path) -> None:
    with Engine(tmp_path / "data", tmp_path).start() as engine, engine.client() as first:
        register(first)
        start = threading.Barrier(CONNECTIONS)
        clients = [engine.client() for _ in range(CONNECTIONS)]

        def send(number: int) -> list[httpx.Response]:
            client = clients[number]
            client.get("/healthz")  # connected before the start
            start.wait(30)
            turns = TIMES // CONNECTIONS + (number < TIMES % CONNECTIONS)
            return [trigger(client, "the-one") for _ in range(turns)]

        with ThreadPoolExecutor(CONNECTIONS) as pool:
            replies = [reply for batch in pool.map(send, range(CONNECTIONS)) for reply in batch]
        for client in clients:
            client.close()
        journal = JournalReader()
        journal.follow(first)
        assert engine.running.stop() == 0
        assert_verified(engine.data_dir, engine.port)
    assert len(replies) == TIMES
    assert {reply.status_code for reply in replies} == {200}
    assert len({reply.content for reply in replies}) == 1
    assert Counter(reply.headers.get("pratique-duplicate") for reply in replies) == {None: 1, "true": TIMES - 1}
    tags = Counter(entry["tag"] for entry in journal.entries)
    assert tags["event:inbound:received"] == tags["gate:run:opened"] == 1
    keys = [notice["key"] for notice in journal.notices()]
    assert len(keys) == len(set(keys))
    write_figures(
        "duplicates",
        {"requests": TIMES, "connections": CONNECTIONS, "effects": 1, "distinct answers": 1, "notices": len(keys)},
    )
