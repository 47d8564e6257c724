"""A gate that a synchronous pipeline can ask again, wait for and rely on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pratique.client import engine_calls as calls
from pratique.client.gate_view import GateView, checked_unchanged
from pratique.client.waiting import Wait
from pratique.errors import UnavailableError

if TYPE_CHECKING:
    from pratique.client.sync_client import Client

#: Told about each change that a wait sees.
OnChange = Callable[[GateView], None]


@dataclass(frozen=True, kw_only=True)
class Gate(GateView):
    """A gate of a model version, as the engine described it; asks again through the client that made it.

    It never changes: `refresh` and `wait` return the newer gate.
    """

    client: Client = field(repr=False, compare=False)

    def refresh(self) -> Gate:
        """Return the gate as it is now."""
        return self.client.gate(self.model, self.version, self.gate, self.occasion)

    def wait(self, timeout: float | None = None, *, on_change: OnChange | None = None) -> Gate:
        """Return the gate once it is cleared or rejected; look at which, or call `require` on it.

        The engine may be restarted meanwhile: an engine that does not answer is asked again until `timeout`.

        Args:
            timeout: seconds; None waits for ever.
            on_change: called with each newer gate, the last included.

        Raises:
            GateWaitTimeoutError: neither happened in time (it is a `TimeoutError` too).
        """
        wait = Wait(self, timeout, time.monotonic)
        while wait.goes_on():
            before = wait.gate
            call = calls.gate(
                self.model,
                self.version,
                self.gate,
                self.client.bind,
                occasion=self.occasion,
                hold_seconds=wait.hold_seconds,
                row_version=before.row_version,
            )
            try:
                newer = self.client.send_once(call)
                pause = wait.heard(newer)
            except UnavailableError as error:
                pause = wait.failed(error)
            if on_change and wait.gate.is_newer_than(before):
                on_change(wait.gate)
            time.sleep(pause)
        return self.client.bind(wait.gate)

    def assert_unchanged(self, weights_sha256: str | None = None) -> Gate:
        """Ask the engine, right before acting, that this very gate is cleared now, for exactly these weights.

        Args:
            weights_sha256: digest of the weights that are about to be used; None compares with what was held.

        Raises:
            GateNotCleared: it is not cleared (any more).
            GateChangedError: another run, another basis, or other weights than those that were cleared.
        """
        now = self.refresh()
        checked_unchanged(self, now, weights_sha256)
        return now
