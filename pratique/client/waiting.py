"""How long to ask for, and how long to pause, while a gate is waited for. Pure: the clock comes in."""

from __future__ import annotations

from collections.abc import Callable

from pratique.client.gate_view import GateView, GateWaitTimeoutError
from pratique.errors import UnavailableError
from pratique.jitter import spread

#: The engine holds an answer at most 25 s; a little less leaves room for the way.
HOLD_SECONDS = 20.0

#: Seconds between two questions when the engine (or a proxy) answered at once although nothing had changed.
_UNHELD_PAUSE_SECONDS = 1.0

#: Pauses while the engine does not answer: doubling up to the longest.
_FIRST_PAUSE_SECONDS = 0.25
_LONGEST_PAUSE_SECONDS = 10.0


class Wait:
    """One wait for a gate: knows what was heard last and when to stop."""

    def __init__(self, gate: GateView, timeout_seconds: float | None, now: Callable[[], float]) -> None:
        self.gate = gate  #: what the engine said last
        self.hold_seconds = 0.0  #: how long the next answer may be held back
        self._now = now
        self._began_at = now()
        self._timeout_seconds = timeout_seconds
        self._asked_at = self._began_at
        self._failures = 0
        self._unheard: str | None = None

    def goes_on(self) -> bool:
        """Return True when the engine must be asked once more.

        Raises:
            GateWaitTimeoutError: time is up, and the gate is neither cleared nor rejected.
        """
        if self.gate.is_settled:
            return False
        left = self._seconds_left()
        if left <= 0:
            raise GateWaitTimeoutError(self.gate, self._now() - self._began_at, unheard=self._unheard)
        self._asked_at = self._now()
        self.hold_seconds = min(HOLD_SECONDS, left)
        return True

    def heard(self, gate: GateView) -> float:
        """Take an answer; return how many seconds to pause before the next question."""
        has_changed = gate.is_newer_than(self.gate)
        was_held = self._now() - self._asked_at >= min(self.hold_seconds, _UNHELD_PAUSE_SECONDS)
        self.gate, self._failures, self._unheard = gate, 0, None
        return 0.0 if has_changed or was_held else self._within(_UNHELD_PAUSE_SECONDS)

    def failed(self, error: UnavailableError) -> float:
        """Take a failure; return how many seconds to pause before the next question."""
        self._failures += 1
        self._unheard = error.message
        longest = min(_FIRST_PAUSE_SECONDS * 2.0 ** min(self._failures - 1, 10), _LONGEST_PAUSE_SECONDS)
        return self._within(spread(longest, 0.5, 1.0))

    def _seconds_left(self) -> float:
        if self._timeout_seconds is None:
            return HOLD_SECONDS
        return self._began_at + self._timeout_seconds - self._now()

    def _within(self, seconds: float) -> float:
        return max(0.0, min(seconds, self._seconds_left()))
