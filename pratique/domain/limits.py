"""Time limits before the judge: what the clocks of a rule amount to for a requirement."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from pratique.domain.findings import FindingStatus
from pratique.domain.moment import Moment


class TimeLimit(NamedTuple):
    """One clock of a model version, as a requirement looks at it."""

    rule: str
    about: str | None  #: the incident, request or complaint that it belongs to
    state: str  #: running, met, missed or void
    start_at: datetime
    due_on: str | None  #: its last day
    due_at: datetime | None  #: the first instant that is too late
    met_at: datetime | None
    reason: str = ""  #: why it is void

    @property
    def last_day(self) -> str:
        """Its last day, for people."""
        return self.due_on or (self.due_at.date().isoformat() if self.due_at is not None else "no fixed day")


class LimitAnswer(NamedTuple):
    """What a requirement on a time limit amounts to."""

    status: FindingStatus
    reason: str = ""
    ends_at: datetime | None = None  #: when the limit runs out, where it runs


def answer_of_limits(rule: str, limits: Iterable[TimeLimit], moment: Moment) -> LimitAnswer:
    """Return what the clocks of `rule` amount to.

    Met in time is met, and so is a duty that came round again: it was met in time before, and its next day is still to
    come. Missed, met too late, and running for the first time are unmet. Void does not apply.
    """
    own = sorted((one for one in limits if one.rule == rule), key=lambda one: (one.start_at, one.due_on or ""))
    counting = [one for one in own if one.state != "void"]
    if not own:
        return LimitAnswer(FindingStatus.NOT_TESTED, f"time limit {rule} has not begun to run")
    if not counting:
        why = f": {own[-1].reason}" if own[-1].reason else ""
        return LimitAnswer(FindingStatus.NOT_APPLICABLE, f"time limit {rule} is void{why}")
    missed = [one for one in counting if _is_missed(one, moment)]
    if missed:
        days = ", ".join(one.last_day for one in missed)
        return LimitAnswer(FindingStatus.UNMET, f"time limit {rule} was missed; its last day was {days}")
    return _answer_of_kept(rule, counting, moment)


def _answer_of_kept(rule: str, counting: list[TimeLimit], moment: Moment) -> LimitAnswer:
    """Answer where nothing is missed: the last clock that was met says how, and what runs says until when."""
    done = [one for one in counting if one.state == "met"]
    running = [one for one in counting if one.state == "running"]
    ends_at = min((one.due_at for one in running if one.due_at is not None), default=None)
    if done and _is_late(done[-1]):
        late = done[-1]
        met = late.met_at.date().isoformat() if late.met_at is not None else "an unknown day"
        return LimitAnswer(
            FindingStatus.UNMET, f"time limit {rule} was met on {met}, after its last day {late.last_day}"
        )
    if running and not done:
        return LimitAnswer(
            FindingStatus.UNMET, f"time limit {rule} runs; its last day is {running[0].last_day}", ends_at
        )
    return LimitAnswer(FindingStatus.MET, "", ends_at)


def _is_missed(limit: TimeLimit, moment: Moment) -> bool:
    if limit.state == "missed":
        return True
    return limit.state == "running" and limit.due_at is not None and moment.is_reached(limit.due_at)


def _is_late(limit: TimeLimit) -> bool:
    return limit.met_at is not None and limit.due_at is not None and limit.met_at >= limit.due_at
