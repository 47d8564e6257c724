"""The moment of an evaluation, and the span around it in which every look at the clock ends the same."""

from __future__ import annotations

from datetime import datetime


class Moment:
    """One moment. What compares it with an instant must do so here, or be noted here.

    A result that was computed so is the result at every other moment of `[since, until)`: each comparison comes out
    the same there, and nothing else of the clock was looked at.
    """

    __slots__ = ("now", "since", "until")

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.since: datetime | None = None  #: latest instant asked about that is reached; None: no limit
        self.until: datetime | None = None  #: earliest instant asked about that is not reached; None: no limit

    def is_reached(self, at: datetime) -> bool:
        """True when `at` is not in the future."""
        if at <= self.now:
            if self.since is None or at > self.since:
                self.since = at
            return True
        if self.until is None or at < self.until:
            self.until = at
        return False

    def holds_at(self, now: datetime) -> bool:
        """True when every question asked so far has the same answer at `now`."""
        return (self.since is None or self.since <= now) and (self.until is None or now < self.until)
