"""Threads of their own for reading evidence, so that slow files keep nobody else waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import ParamSpec, TypeVar

#: Files parsed at one moment. Parsing holds the interpreter most of the time, and each may need some 100 MB.
AT_ONCE = 2

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Parsing:
    """The threads that parse; everything else has the event loop's own. They start with the first file."""

    def __init__(self, threads: int = AT_ONCE) -> None:
        self._threads = threads
        self._pool: ThreadPoolExecutor | None = None
        self._lock = Lock()

    async def run(self, call: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Return what `call` returns, once a thread is free and has run it."""
        return await asyncio.wrap_future(self._open().submit(call, *args, **kwargs))

    def close(self) -> None:
        """Drop what waits and end the threads; a file being parsed is not waited for. The next use opens again."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)

    def _open(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="parsing")
            return self._pool
