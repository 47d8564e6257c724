"""One limit counted from one occurrence: both readings, and the text that gave them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from pratique.domain.clocks.clock import Clock, Reading
from pratique.domain.clocks.occurrence import Occurrence
from pratique.domain.counting import (
    BRUSSELS,
    Counted,
    Deadline,
    Holidays,
    MissingHolidaysError,
    Period,
    Unit,
    counted_after,
    counted_before,
    day_of,
)
from pratique.domain.regime.clocks import Force, Limit
from pratique.domain.regime.deadlines import DeadlineRule, Direction

_PERIOD = re.compile(r"([0-9]{1,4}) ?(hour|day|business_day|week|month|year)s?")
_INSTANT = timedelta(microseconds=1)
_BY_EVENT = "by the event itself"
_BEFORE_EVENT = "before the event"
_SAME_DAY = "on the event: by the end of that day"
_NOON = time(12)


@dataclass(frozen=True, slots=True)
class Candidate:
    """When a rule's clock would be due by one of its limits."""

    limit: Limit
    deadline: DeadlineRule
    force: Force
    trigger: Occurrence | None
    start_at: datetime
    strict: Counted | None
    outer: Counted | None
    unknown: str | None  #: why one of the two cannot be told

    def due(self, reading: Reading) -> Counted | None:
        """Return the end that is acted on; None where no date can be told."""
        return self.outer if reading is Reading.OUTER and self.outer is not None else self.strict


def counted_from(
    limit: Limit, deadline: DeadlineRule, trigger: Occurrence, *, force: Force, days: int | None, holidays: Holidays
) -> Candidate:
    """Return the candidate of a limit that `trigger` starts, or that is counted back from it.

    Args:
        limit: the limit.
        deadline: its figure.
        trigger: what it is counted from.
        force: of the rule; a figure of one's own makes it self-set.
        days: the figure of one's own, where the text has none.
        holidays: by year.
    """
    backward = days is None and deadline.direction in (Direction.BEFORE, Direction.BY_EVENT)
    start_at = trigger.known_at if backward else trigger.at
    ends, unknown = _told(lambda: _ends(limit, deadline, trigger, days, holidays))
    strict, outer = (ends.strict, ends.outer) if ends is not None else (None, None)
    why = unknown or (ends.unknown if ends is not None else None)
    return Candidate(limit, deadline, Force.SELF_SET if days else force, trigger, start_at, strict, outer, why)


def counted_in_rounds(
    limit: Limit, deadline: DeadlineRule, base: Occurrence, number: int, *, force: Force, holidays: Holidays
) -> Candidate:
    """Return the candidate that ends `number` whole periods after `base`."""
    period = deadline.period or Period(0, Unit.DAYS)
    whole = Period(period.amount * number, period.unit)
    ends, unknown = _told(lambda: counted_after(base.at, whole, holidays))
    strict, outer = (ends.strict, ends.outer) if ends is not None else (None, None)
    why = unknown or (ends.unknown if ends is not None else None)
    return Candidate(limit, deadline, force, base, base.at, strict, outer, why)


def counted_over(
    limit: Limit, deadline: DeadlineRule, trigger: Occurrence, period: Period, *, force: Force, holidays: Holidays
) -> Candidate:
    """Return the candidate that ends another period than the deadline's after `trigger`."""
    ends, unknown = _told(lambda: counted_after(trigger.at, period, holidays))
    strict, outer = (ends.strict, ends.outer) if ends is not None else (None, None)
    why = unknown or (ends.unknown if ends is not None else None)
    return Candidate(limit, deadline, force, trigger, trigger.at, strict, outer, why)


def due_with(limit: Limit, deadline: DeadlineRule, other: Clock, *, force: Force) -> Candidate:
    """Return the candidate that is due when another clock is."""
    ends = None
    if other.due_on is not None and other.due_at is not None:
        ends = Counted(other.due_on, other.due_at, (f"together with clock {other.rule}",))
    return Candidate(limit, deadline, force, None, other.start_at, ends, ends, other.unknown)


def extended(
    limit: Limit, deadline: DeadlineRule, trigger: Occurrence, other: Clock, *, force: Force, holidays: Holidays
) -> Candidate:
    """Return the candidate that ends a period after the due day of another clock."""
    if other.due_on is None:
        return Candidate(limit, deadline, force, trigger, trigger.at, None, None, other.unknown)
    day = datetime.combine(other.due_on, _NOON, BRUSSELS)
    period = deadline.period or Period(0, Unit.DAYS)
    ends, unknown = _told(lambda: counted_after(day, period, holidays))
    strict, outer = (ends.strict, ends.outer) if ends is not None else (None, None)
    return Candidate(limit, deadline, force, trigger, trigger.at, strict, outer, unknown)


def _told(count: Callable[[], Deadline]) -> tuple[Deadline | None, str | None]:
    try:
        return count(), None
    except MissingHolidaysError as missing:
        return None, missing.message
    except OverflowError as error:
        return None, f"the date lies beyond the calendar: {error}"
    except ValueError as error:
        return None, str(error)


def _ends(limit: Limit, deadline: DeadlineRule, trigger: Occurrence, days: int | None, holidays: Holidays) -> Deadline:
    if days is not None:
        return counted_after(trigger.at, Period(days, Unit.DAYS), holidays)
    match deadline.direction:
        case Direction.BY_DATE | Direction.FROM_DATE if limit.date is not None:
            return _same(Counted.through(limit.date, f"the text names {limit.date}"))
        case Direction.AS_SET_IN_REQUEST:
            return _as_requested(trigger, holidays)
        case Direction.BY_EVENT:
            return _same(Counted(day_of(trigger.at), trigger.at.astimezone(UTC) + _INSTANT, (_BY_EVENT,)))
        case Direction.BEFORE if deadline.period is None:
            return _same(Counted(day_of(trigger.at - _INSTANT), trigger.at.astimezone(UTC), (_BEFORE_EVENT,)))
        case Direction.BEFORE if deadline.period is not None:
            return counted_before(day_of(trigger.at), deadline.period, holidays)
        case Direction.ON_EVENT | Direction.IMMEDIATELY:
            return _same(Counted.through(day_of(trigger.at), _SAME_DAY))
    if deadline.period is None:
        raise ValueError(f"{deadline.id} gives no figure, and none was set")
    return counted_after(trigger.at, deadline.period, holidays)


def _same(ends: Counted) -> Deadline:
    return Deadline(ends, ends)


def _as_requested(trigger: Occurrence, holidays: Holidays) -> Deadline:
    """Return the end that the request itself sets.

    Raises:
        ValueError: it sets none that can be read.
    """
    due_on, period = trigger.data.get("due_on"), trigger.data.get("period")
    if isinstance(due_on, str):
        return _same(Counted.through(date.fromisoformat(due_on), f"the request names {due_on}"))
    found = _PERIOD.fullmatch(period) if isinstance(period, str) else None
    if found is None:
        raise ValueError("the period is set in the request, and was not recorded: expected `due_on` or `period`")
    return counted_after(trigger.at, Period(int(found[1]), Unit(f"{found[2]}s")), holidays)
