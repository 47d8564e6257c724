"""Names to addresses, without holding up anything else: a resolver may take half a minute to give up."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable

#: Host and port to addresses, in the order to try them; OSError where there are none.
Resolve = Callable[[str, int], Awaitable[tuple[str, ...]]]


async def system_resolve(host: str, port: int) -> tuple[str, ...]:
    """Return the addresses of `host` as this machine sees them.

    Each look-up has a thread of its own, which whoever cancels leaves behind: the pool's threads would be waited for.

    Raises:
        OSError: there is no such name, or nobody answers.
    """
    loop = asyncio.get_running_loop()
    found: asyncio.Future[tuple[str, ...]] = loop.create_future()

    def settle(addresses: tuple[str, ...], error: OSError | None) -> None:
        if found.done():
            return
        if error is not None:
            found.set_exception(error)
        else:
            found.set_result(addresses)

    def look() -> None:
        addresses: tuple[str, ...] = ()
        error: OSError | None = None
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            addresses = tuple(dict.fromkeys(str(row[4][0]) for row in rows))
        except OSError as failed:
            error = failed
        except Exception as failed:  # such as a label that is empty or too long; whoever waits must hear of it
            error = OSError(f"no host name ({type(failed).__name__})")
        with contextlib.suppress(RuntimeError):  # the loop is gone, and with it who asked
            loop.call_soon_threadsafe(settle, addresses, error)

    threading.Thread(target=look, name="resolving", daemon=True).start()
    return await found
