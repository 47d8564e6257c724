"""A clock: one time limit of one model version, from one start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from pratique.domain.counting import Counted
from pratique.domain.regime.clocks import Force
from pratique.domain.times import instant_text


class ClockState(StrEnum):
    """Where a clock stands."""

    RUNNING = "running"  #: not over, and not yet met
    MET = "met"  #: what it asks for was there in time; a period to keep or to wait is over
    MISSED = "missed"  #: it ran out first; `met_at` says if it was met late
    VOID = "void"  #: nothing is owed; `reason` says why


class Reading(StrEnum):
    """Which reading of a period is acted on. Both are shown."""

    STRICT = "strict"  #: every day counts, nothing rolls over: the earlier one
    OUTER = "outer"  #: as Reg. 1182/71 would have it: the longest that can be argued for


@dataclass(frozen=True, slots=True)
class ClockSettings:
    """What an installation may choose."""

    count: Reading = Reading.STRICT
    self_set_days: Mapping[str, int] = field(default_factory=dict)  #: clock rule -> days, where the text has no figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """One time limit. The same occurrences give the same clock on any machine."""

    rule: str
    about: str | None  #: the incident, request, change; None: the model
    round: str  #: `-`, or the occurrence that started this one of several
    title: str
    gate: str
    deadline: str  #: id of the time limit that gave the date
    trigger: str | None  #: the occurrence that the date is counted from
    start_at: datetime
    due_on: date | None  #: its last day, in Brussels; None: cannot be told, `unknown` says why
    due_at: datetime | None  #: the first instant that is too late
    strict: Counted | None
    outer: Counted | None
    unknown: str | None  #: why a date cannot be told
    recipient: str
    force: Force
    state: ClockState
    met_at: datetime | None  #: when what it asks for was there; None for a time to keep or to wait
    met_by: str | None  #: the occurrence
    reason: str | None  #: why it is void
    excuse: str | None  #: which exception applied
    circumstances: str | None = None  #: exceptional ones, in the words of whoever recorded what met it
    verified: bool  #: the time limit was seen in a source
    is_kept: bool  #: a time for which something is kept
    explanation: tuple[str, ...]  #: the rule text that gave the date, for people
    if_owed: Clock | None = None  #: where it is void as it does not apply: how it stands where it did

    @property
    def key(self) -> str:
        """Names this clock among those of its model version, whatever is planned anew."""
        return f"{self.rule}:{self.about or '-'}:{self.round}"

    def after(self, was: ClockState, due_at: datetime | None) -> Clock:
        """Return this clock as it stands where it was written before.

        A profile that changes takes back neither what ran out, nor a time to keep that has begun.

        Args:
            was: its state as it was written.
            due_at: the first instant too late, as it was written.
        """
        owed = self.if_owed
        if owed is None or was is ClockState.VOID:
            return self
        ran_out = was is not ClockState.MET and owed.state is ClockState.MISSED
        is_the_same = was is ClockState.MISSED and owed.due_at == due_at  # and this machine's clock was set back
        return owed if owed.is_kept or ran_out or is_the_same else self

    def content(self) -> dict[str, Any]:
        """Return what the ledger keeps beside the columns, as JSON values. It does not depend on the time."""
        # Left out where nobody named any, so that clocks of before stay as they were written.
        named = {"circumstances": self.circumstances} if self.circumstances is not None else {}
        return named | {
            "title": self.title,
            "gate": self.gate,
            "deadline": self.deadline,
            "round": self.round,
            "trigger": self.trigger,
            "recipient": self.recipient,
            "strict": _counted(self.strict),
            "outer": _counted(self.outer),
            "unknown": self.unknown,
            "met_by": self.met_by,
            "reason": self.reason,
            "excuse": self.excuse,
            "verified": self.verified,
            "explanation": list(self.explanation),
        }


def exempted(clock: Clock, why: str | None) -> Clock:
    """Return a clock that does not apply as it stands for all who never had it running."""
    line = f"it applied when it began, and no longer does: {why}; what ran out, or is to be kept, stays as it is"
    owed = replace(clock, explanation=(*clock.explanation, line))
    return replace(
        clock,
        state=ClockState.VOID,
        met_at=None,
        met_by=None,
        excuse=None,
        circumstances=None,
        reason=why,
        if_owed=owed,
    )


def _counted(counted: Counted | None) -> dict[str, Any] | None:
    if counted is None:
        return None
    return {
        "due_on": counted.due_on.isoformat(),
        "due_at": instant_text(counted.due_at),
        "rules": list(counted.rules),
    }
