"""Runs a blocking send in a thread of its own, with one time-out over the whole of it.

Not the event loop's thread pool: a receiver that drips a byte every three seconds holds its thread for as
long as it likes (Apprise has no total time-out), and a handful of those would block every later send and the
process's exit. A daemon thread does neither.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

from pratique.errors import UnavailableError

#: Threads that may hang at once; beyond that new sends wait their turn in the outbox.
MAX_THREADS = 32

_slots = threading.BoundedSemaphore(MAX_THREADS)

T = TypeVar("T")


async def run_bounded(call: Callable[[], T], *, seconds: float) -> T:
    """Return `call()`, run outside the event loop.

    Raises:
        TimeoutError: no result within `seconds`. The thread goes on, so the message may still arrive.
        UnavailableError: `MAX_THREADS` earlier calls still hang.
    """
    if not _slots.acquire(blocking=False):
        raise UnavailableError(f"{MAX_THREADS} earlier sends still hang")
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def report(set_it: Callable[[], None]) -> None:
        if not done.done():  # cancelled by the time-out
            set_it()

    def run() -> None:
        try:
            result = call()
            finish = lambda: done.set_result(result)  # noqa: E731
        except Exception as error:
            caught = error
            finish = lambda: done.set_exception(caught)  # noqa: E731
        finally:
            _slots.release()
        try:
            loop.call_soon_threadsafe(report, finish)
        except RuntimeError:
            return  # the loop is closed: nobody waits any more

    threading.Thread(target=run, name="pratique-send", daemon=True).start()
    return await asyncio.wait_for(done, seconds)
