"""Slow files: they wait for each other, and nobody else waits for them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from engine_fixtures import (  # noqa: F401 - fixtures are used by name
    INSPECT,
    Engine,
    clock_fixture,
    engine_config_fixture,
    engine_fixture,
    engine_settings_fixture,
    ok,
)

from pratique.services.parsing import AT_ONCE, Parsing
from pratique.web.api import evidence

_LOG = (INSPECT / "cbrn_mc_epochs3.eval").read_bytes()


@pytest.fixture(name="story")
def story_fixture(engine: Engine) -> Engine:
    engine.register()
    return engine


@contextmanager
def all_busy(parsing: Parsing) -> Iterator[None]:
    """Keep every parsing thread busy, as files do that are slow to read."""
    begun, end = threading.Semaphore(0), threading.Event()

    def slow() -> None:
        begun.release()
        end.wait(30)

    threads = [threading.Thread(target=lambda: asyncio.run(parsing.run(slow))) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    try:
        assert all(begun.acquire(timeout=10) for _ in threads)
        yield
    finally:
        end.set()
        for thread in threads:
            thread.join()


def test_requests_are_answered_while_every_parsing_thread_is_busy(story: Engine) -> None:
    answers = []
    with all_busy(story.parts.parsing):
        uploads = [
            threading.Thread(target=lambda n=n: answers.append(story.upload(_LOG, f"{n}.eval"))) for n in range(40)
        ]
        for upload in uploads:
            upload.start()
        assert story.send("GET", "/readyz", None).status_code == 200
        assert story.trigger("logs")["state"] == "open"
        assert answers == [], "a file waits for a thread"
    for upload in uploads:
        upload.join()
    assert {ok(answer)["evidence"]["reading"] for answer in answers} == {"read"}
    assert len(answers) == len(uploads)


def test_parsing_opens_again_after_it_was_closed() -> None:
    parsing = Parsing()
    for _ in range(2):
        assert asyncio.run(parsing.run(str.upper, "a")) == "A"
        parsing.close()
    parsing.close()


def test_a_log_that_inflates_to_much_is_read_by_the_flow(story: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "INFLATED_AT_ONCE_BYTES", len(_LOG))
    run = story.trigger("logs")["gate_run"]
    assert ok(story.upload(_LOG, "cbrn.eval"))["evidence"]["reading"] == "pending"
    report = story.post(f"/v1/gate-runs/{run}/collect", "worker", {"checkpoint": "a"})
    assert report == {"read": 1, "unreadable": 0, "pending": 0}
