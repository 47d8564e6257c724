"""Time limits before the judge: what the clocks of a rule amount to for a requirement."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from pratique.domain.counting import day_of
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
    met_at: datetime | None  #: when it was met, in time or late
    reason: str = ""  #: why it is void, or missed
    trigger: str | None = None  #: the occurrence that it runs from
    met_by: str | None = None  #: the occurrence that met it
    circumstances: str = ""  #: exceptional ones, in the words of whoever recorded what met it
    unknown: str | None = None  #: why its last day cannot be told, where it cannot

    @property
    def last_day(self) -> str:
        """Its last day, for people."""
        return self.due_on or (self.due_at.date().isoformat() if self.due_at is not None else "no fixed day")


class LimitAnswer(NamedTuple):
    """What a requirement on a time limit amounts to."""

    status: FindingStatus
    reason: str = ""
    ends_at: datetime | None = None  #: when the limit runs out, where it runs


def answer_of_limits(
    rule: str, limits: Iterable[TimeLimit], moment: Moment, *, if_begun: bool = False, may_run: bool = False
) -> LimitAnswer:
    """Return what the clocks of `rule` amount to.

    Met in time is met, and so is a duty that comes round again: the round before was met, which began the next one, and
    its day is still to come. Done late is met too, with the days it was late as the reason: nothing makes it earlier,
    and the clock itself stays missed. Not done and too late, ended before its time, and running for the first time are
    unmet. Void does not apply. What may run, but until a day that cannot be told, is not tested.

    Args:
        rule: id of the clock rule.
        limits: clocks of the model version, of any rule.
        moment: the moment.
        if_begun: what has not begun to run does not apply, instead of being not tested.
        may_run: running for the first time is met too, until its last day.
    """
    own = sorted((one for one in limits if one.rule == rule), key=lambda one: (one.start_at, one.due_on or ""))
    counting = [one for one in own if one.state != "void"]
    if not own:
        status = FindingStatus.NOT_APPLICABLE if if_begun else FindingStatus.NOT_TESTED
        return LimitAnswer(status, f"time limit {rule} has not begun to run")
    if not counting:
        why = f": {own[-1].reason}" if own[-1].reason else ""
        return LimitAnswer(FindingStatus.NOT_APPLICABLE, f"time limit {rule} is void{why}")
    unmet = _why_unmet(rule, counting, moment)
    if unmet is not None:
        return LimitAnswer(FindingStatus.UNMET, unmet)
    return _answer_of_kept(rule, counting, may_run=may_run)


def _why_unmet(rule: str, counting: list[TimeLimit], moment: Moment) -> str | None:
    """Say what is owed still and too late, or was ended before its time was over."""
    missed = [one for one in counting if _is_missed(one, moment)]
    if missed:
        days = ", ".join(one.last_day for one in missed)
        return f"time limit {rule} was missed; its last day was {days}"
    early = next((one for one in counting if one.state == "missed" and not _is_late(one)), None)
    if early is not None:
        why = f" ({early.reason})" if early.reason else ""
        return f"time limit {rule} was not waited out{why}; its last day was {early.last_day}"
    return None


def _answer_of_kept(rule: str, counting: list[TimeLimit], *, may_run: bool) -> LimitAnswer:
    """Answer where nothing is owed too late: what was done, and what runs says until when."""
    done = [one for one in counting if one.state != "running"]
    running = [one for one in counting if one.state == "running"]
    ends_at = min((one.due_at for one in running if one.due_at is not None), default=None)
    begun_by = {one.met_by for one in done if one.met_by is not None}
    first = next((one for one in running if one.trigger not in begun_by), None)
    if first is not None and not may_run:
        return LimitAnswer(FindingStatus.UNMET, f"time limit {rule} runs; its last day is {first.last_day}", ends_at)
    undated = next((one for one in running if one.due_at is None), None)
    if undated is not None:
        why = f": {undated.unknown}" if undated.unknown else ""
        return LimitAnswer(FindingStatus.NOT_TESTED, f"time limit {rule} runs, and its last day cannot be told{why}")
    late = [_lateness(one) for one in done if _is_late(one)]
    return LimitAnswer(FindingStatus.MET, f"time limit {rule}: {'; '.join(late)}" if late else "", ends_at)


def _is_missed(limit: TimeLimit, moment: Moment) -> bool:
    """True for what is owed still, and too late."""
    if limit.state == "missed":
        return limit.met_at is None
    return limit.state == "running" and limit.due_at is not None and moment.is_reached(limit.due_at)


def _is_late(limit: TimeLimit) -> bool:
    return limit.met_at is not None and limit.due_at is not None and limit.met_at >= limit.due_at


def _lateness(limit: TimeLimit) -> str:
    if limit.met_at is None or limit.due_on is None:
        return f"done after its last day {limit.last_day}"
    met = day_of(limit.met_at)
    days = (met - date.fromisoformat(limit.due_on)).days
    after = {0: "later on the day on which", 1: "1 day after"}.get(days, f"{days} days after")
    why = f" (exceptional circumstances were named: {limit.circumstances})" if limit.circumstances else ""
    return f"done on {met}, {after} it was due{f' on {limit.due_on}' if days else ''}{why}"
