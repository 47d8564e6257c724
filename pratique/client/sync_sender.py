"""One engine that calls are sent to."""

from __future__ import annotations

import time
from itertools import count
from typing import TypeVar

from pratique.client.call import Call, retry_pause_seconds
from pratique.client.connection import Connection
from pratique.client.transport import Sink, StandardTransport, Transport
from pratique.errors import KeyInUseError, UnavailableError

T = TypeVar("T")


class Sender:
    """Sends calls to one engine, with one token; holds no connection between calls."""

    def __init__(self, url: str | None = None, token: str | None = None, *, transport: Transport | None = None) -> None:
        self.connection = Connection.resolve(url, token)
        self._transport = transport or StandardTransport(self.connection.url)

    def send_once(self, call: Call[T], *, sink: Sink | None = None) -> T:
        """Send a call once and return its result."""
        return call.result(self._transport.send(call.request(self.connection), sink=sink))

    def send(self, call: Call[T]) -> T:
        """Send a call, again if it is idempotent and the engine does not answer, and return its result."""
        began_at = time.monotonic()
        for attempt in count(1):
            try:
                return self.send_once(call)
            except (UnavailableError, KeyInUseError) as error:
                if not call.may_retry(attempt, time.monotonic() - began_at):
                    raise
                time.sleep(retry_pause_seconds(attempt, error))
        raise AssertionError("unreachable: the last attempt returns or raises")
