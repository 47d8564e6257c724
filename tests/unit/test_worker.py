"""The worker's loop: leases, joined gate runs, lanes that do not block each other, clean stops."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from worker_queue import MemoryQueue

from pratique.errors import InvalidInputError, PratiqueError, UnavailableError
from pratique.notify import SendOutcome
from pratique.worker import Worker, worker_name
from pratique.worker.backoff import Backoff
from pratique.worker.deliveries import AT_ONCE, seconds_until

SECOND = 1.0


class Starter:
    """Runs nothing; remembers what it was asked for and does what the test says."""

    def __init__(self, does: Callable[[], Any] | None = None) -> None:
        self.started: list[tuple[str, str]] = []
        self._does = does

    async def start(self, payload: Any, key: str) -> None:
        self.started.append((payload["gate_run"], key))
        if self._does is not None:
            outcome = self._does()
            if asyncio.iscoroutine(outcome):
                await outcome


class Sender:
    def __init__(self, *outcomes: SendOutcome, seconds: float = 0.0) -> None:
        self.sent: list[dict[str, Any]] = []
        self.at_once = self.most_at_once = 0
        self._outcomes = list(outcomes)
        self._seconds = seconds

    async def send(self, delivery: dict[str, Any]) -> SendOutcome:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self._seconds)
        self.at_once -= 1
        self.sent.append(delivery)
        return self._outcomes.pop(0) if self._outcomes else SendOutcome.sent()


def work_until(
    queue: MemoryQueue,
    is_enough: Callable[[], bool],
    *,
    starter: Any = None,
    sender: Any = None,
    lease_seconds: int = 60,
    grace_seconds: float = 5.0,
    most_seconds: float = 10.0,
) -> None:
    """Run a worker until the condition holds; fail when it does not come to hold."""

    async def body() -> None:
        worker = Worker(
            queue,
            starter=starter or Starter(),
            sender=sender or Sender(),
            lease_seconds=lease_seconds,
            grace_seconds=grace_seconds,
        )
        running = asyncio.create_task(worker.run())
        end = time.monotonic() + most_seconds
        while not is_enough():
            assert not running.done(), "the worker ended by itself"
            assert time.monotonic() < end, "it did not come to that"
            await asyncio.sleep(0.01)
        worker.stop()
        await running

    asyncio.run(body())


def all_done(queue: MemoryQueue) -> Callable[[], bool]:
    return lambda: all(row.is_done for row in queue.rows.values())


def test_several_items_of_one_gate_run_are_answered_by_one_flow_run() -> None:
    queue, starter = MemoryQueue(), Starter()
    for gate_run in ("a", "b", "a", "a"):
        queue.flow(gate_run)
    work_until(queue, all_done(queue), starter=starter)
    assert starter.started == [("a", "key-w4"), ("b", "key-w2")]


def test_flows_run_one_at_a_time() -> None:
    queue = MemoryQueue()
    running, most = 0, 0

    async def flow() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.02)
        running -= 1

    for gate_run in "abcd":
        queue.flow(gate_run)
    work_until(queue, all_done(queue), starter=Starter(flow))
    assert most == 1


def test_a_flow_that_fails_is_tried_again_under_a_new_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pratique.worker.flows.RETRY_SECONDS", (0.0,))
    queue = MemoryQueue()
    row = queue.flow("a")
    failures = iter([InvalidInputError("the file is gone")])

    def fail_once() -> None:
        if error := next(failures, None):
            raise error

    starter = Starter(fail_once)
    work_until(queue, all_done(queue), starter=starter)
    assert [key for _, key in starter.started] == ["key-w1", "key-w1#1"]
    assert row.errors == ["invalid-input: the file is gone"]


def test_deliveries_go_on_while_the_flow_executor_is_down() -> None:
    queue, sender = MemoryQueue(), Sender()
    flow = queue.flow("a")
    notices = [queue.notice(f"d{n}") for n in range(20)]

    def down() -> None:
        raise UnavailableError("the Prefect server does not answer")

    starter = Starter(down)
    work_until(
        queue, lambda: all(n.is_done for n in notices) and len(starter.started) > 1, starter=starter, sender=sender
    )
    assert len(sender.sent) == 20
    assert not flow.is_done
    assert flow.failures == 0, "an executor that is down is not the item's failure"


def test_deliveries_go_on_while_a_flow_runs() -> None:
    queue = MemoryQueue()
    queue.flow("a")
    done = asyncio.Event()
    notice = queue.notice("d1")
    work_until(queue, lambda: notice.is_done, starter=Starter(done.wait), grace_seconds=0.1)


def test_deliveries_go_out_several_at_once_but_bounded() -> None:
    queue, sender = MemoryQueue(), Sender(seconds=0.02)
    for n in range(30):
        queue.notice(f"d{n}")
    work_until(queue, all_done(queue), sender=sender)
    assert 1 < sender.most_at_once <= AT_ONCE


def test_a_delivery_that_is_no_longer_wanted_is_not_sent() -> None:
    queue, sender = MemoryQueue(), Sender()
    queue.notice("d1")
    queue.unwanted.add("d1")
    work_until(queue, all_done(queue), sender=sender)
    assert sender.sent == []
    assert queue.results == [("d1", False, False, "no longer wanted")]


def test_a_failed_delivery_comes_again_when_the_engine_says_so() -> None:
    queue, sender = MemoryQueue(), Sender(SendOutcome.failed("mailbox busy"))
    queue.notice("d1")
    work_until(queue, all_done(queue), sender=sender)
    assert queue.results == [("d1", False, False, "mailbox busy"), ("d1", True, False, None)]


def test_a_refused_delivery_is_reported_and_closed() -> None:
    queue, sender = MemoryQueue(), Sender(SendOutcome.refused("no such address"))
    queue.notice("d1")
    work_until(queue, all_done(queue), sender=sender)
    assert queue.results == [("d1", False, True, "no such address")]


def test_a_sender_that_breaks_stops_nobody_else_and_leaks_nothing() -> None:
    class Broken(Sender):
        async def send(self, delivery: dict[str, Any]) -> SendOutcome:
            if delivery["id"] == "d1" and not self.sent:
                self.sent.append(delivery)
                raise RuntimeError("https://token@example.org failed")
            return await super().send(delivery)

    queue, sender = MemoryQueue(), Broken()
    queue.notice("d1")
    queue.notice("d2")
    work_until(queue, all_done(queue), sender=sender)
    assert ("d1", False, False, "the channel failed: RuntimeError") in queue.results
    assert ("d2", True, False, None) in queue.results


def test_the_worker_waits_while_the_engine_is_down_and_catches_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pratique.worker.lane.DOWN_SECONDS", (0.05, 0.1))
    queue, sender = MemoryQueue(), Sender()
    queue.flow("a")
    queue.notice("d1")
    queue.is_down = True
    began = time.monotonic()

    def is_enough() -> bool:
        if time.monotonic() - began > 0.3:
            queue.is_down = False
        return all_done(queue)()

    work_until(queue, is_enough, sender=sender)
    assert queue.claims >= 2


def test_leases_are_extended_while_a_flow_runs() -> None:
    queue = MemoryQueue()
    queue.flow("a")
    queue.flow("b")

    async def slow() -> None:
        await asyncio.sleep(0.8)

    work_until(queue, all_done(queue), starter=Starter(slow), lease_seconds=1)
    assert queue.extensions >= 2


def test_an_item_whose_lease_was_lost_is_left_to_its_new_holder() -> None:
    queue = MemoryQueue()
    queue.flow("a")
    other = queue.flow("b")

    async def slow() -> None:
        other.held_by = "another worker"
        await asyncio.sleep(0.6)

    starter = Starter(slow)
    work_until(queue, lambda: queue.rows["w1"].is_done, starter=starter, lease_seconds=1)
    assert starter.started == [("a", "key-w1")]


def test_a_stop_lets_the_flow_under_way_finish_and_leaves_the_rest() -> None:
    queue = MemoryQueue()
    first, second = queue.flow("a"), queue.flow("b")

    async def slow() -> None:
        await asyncio.sleep(0.2)

    starter = Starter(slow)
    work_until(queue, lambda: bool(starter.started), starter=starter)
    assert first.is_done
    assert not second.is_done


def test_a_stop_does_not_wait_for_ever_and_loses_nothing() -> None:
    queue = MemoryQueue()
    row = queue.flow("a")

    async def endless() -> None:
        await asyncio.Event().wait()

    starter = Starter(endless)
    began = time.monotonic()
    work_until(queue, lambda: bool(starter.started), starter=starter, grace_seconds=0.2)
    assert time.monotonic() - began < 2 * SECOND
    assert not row.is_done
    row.held_until = 0.0  # its lease lapses
    again = Starter()
    work_until(queue, all_done(queue), starter=again)
    assert again.started == [("a", "key-w1")], "the same attempt, so the same key"


def test_an_item_that_nobody_foresaw_does_not_stop_the_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pratique.worker.lane.DOWN_SECONDS", (0.01, 0.02))
    queue = MemoryQueue()
    queue.notice("d1").payload.clear()
    good = queue.notice("d2")
    work_until(queue, lambda: good.is_done)


def test_a_row_that_the_engine_cannot_settle_holds_up_no_other() -> None:
    class Stuck(MemoryQueue):
        async def settle(self, work: str, worker: str, **end: Any) -> None:
            if work == "w1":
                raise PratiqueError("the engine met an error it did not expect")
            await super().settle(work, worker, **end)

    queue = Stuck()
    queue.flow("a")
    other = queue.flow("b")
    work_until(queue, lambda: other.is_done)


def test_two_workers_never_have_the_same_name() -> None:
    assert worker_name() != worker_name()


def test_pauses_double_up_to_a_bound_and_start_again() -> None:
    backoff = Backoff(1.0, 4.0)
    pauses = [backoff.advance() for _ in range(4)]
    for pause, expected in zip(pauses, (1.0, 2.0, 4.0, 4.0), strict=True):
        assert expected * 0.8 <= pause <= expected * 1.2
    backoff.reset()
    assert backoff.advance() <= 1.2


def test_an_instant_in_the_past_is_due_now() -> None:
    assert seconds_until("2020-01-01T00:00:00.000000Z") == 0.0
    assert seconds_until(None) is None
