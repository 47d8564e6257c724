"""When a period ends: the strict reading that is acted on, and the longest that can be argued for.

The Code defines neither "day" nor "business day". Reg. (EEC, Euratom) 1182/71 binds for Union acts (Art. 52 of the
AI Act) and is an argument for the Code. So both dates are computed and shown with the rules behind them, and the
earlier one is due unless an installation says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from pratique.domain.counting.holidays import Holidays, MissingHolidaysError
from pratique.domain.counting.periods import Period, Unit, day_end, day_of, shift_day

_FEWEST_WORKING_DAYS = 2
_KEPT = 4096  #: ends of periods that are kept
_LONG = 60  #: days that hold two working days in any year
#: Stands in the rules of what was counted with a list of holidays.
WITHOUT_HOLIDAYS = "without weekends and Commission holidays"
_NOT_COUNTED = "the day of the event is not counted (Reg. 1182/71, Art. 3(1))"
_ROLLED = "a last day that is a Saturday, Sunday or holiday moves to the next working day (Reg. 1182/71, Art. 3(4))"
_TWO_DAYS = "a period of two days or more holds two working days (Reg. 1182/71, Art. 3(5); from memory, UNVERIFIED)"
_BACKWARD = "a period counted back from an event does not move to a working day (Reg. 1182/71, Art. 3(4))"


@dataclass(frozen=True, slots=True)
class Counted:
    """The end of a period."""

    due_on: date  #: its last day, in Brussels
    due_at: datetime  #: the first instant (UTC) that is too late
    rules: tuple[str, ...]  #: how it was counted, for people

    @classmethod
    def through(cls, day: date, *rules: str) -> Counted:
        """Return a period that ends with the last hour of `day`."""
        return cls(day, day_end(day), rules)


@dataclass(frozen=True, slots=True)
class Deadline:
    """Both readings of one period."""

    strict: Counted
    outer: Counted | None  #: never earlier than `strict`; None where it cannot be told
    unknown: str | None = None  #: why `outer` cannot be told


def counted_after(start: datetime, period: Period, holidays: Holidays) -> Deadline:
    """Return when a period that begins with an event at `start` (an aware time) ends.

    Raises:
        MissingHolidaysError: business days reach into a year without a list.
    """
    if period.unit is Unit.HOURS:
        at = start.astimezone(UTC) + timedelta(hours=period.amount)
        exact = Counted(day_of(at), at, (f"{period} from the event, in UTC",))
        return Deadline(exact, exact)
    return _counted_after(day_of(start), period, holidays)


@lru_cache(maxsize=_KEPT)
def _counted_after(first: date, period: Period, holidays: Holidays) -> Deadline:
    """Return when a period that begins on a day ends; the same for every event of that day, so it is kept."""
    if period.unit is Unit.BUSINESS_DAYS:
        day = holidays.add_working_days(first, period.amount)
        same = Counted.through(day, f"{period} after {first}, {WITHOUT_HOLIDAYS}", _NOT_COUNTED)
        return Deadline(same, same)
    last = shift_day(first, period)
    strict = Counted.through(last, f"{period} after {first}, every day counted", _NOT_COUNTED)
    try:
        return Deadline(strict, _rolled(first, last, period, holidays))
    except MissingHolidaysError as missing:
        return Deadline(strict, None, missing.message)


def counted_before(event_on: date, period: Period, holidays: Holidays) -> Deadline:
    """Return the last day of what must be done at least a period before the day of an event.

    Raises:
        ValueError: hours.
        MissingHolidaysError: business days reach into a year without a list.
    """
    if period.unit is Unit.BUSINESS_DAYS:
        day, left = event_on, period.amount
        while left > 0:
            day -= timedelta(days=1)
            left -= holidays.is_working_day(day)
        same = Counted.through(day, f"{period} before {event_on}, {WITHOUT_HOLIDAYS}", _BACKWARD)
    else:
        day = shift_day(event_on, period, back=True)
        same = Counted.through(day, f"{period} before {event_on}, every day counted", _BACKWARD)
    return Deadline(same, same)


def _rolled(first: date, last: date, period: Period, holidays: Holidays) -> Counted:
    rules = [f"{period} after {first}", _NOT_COUNTED]
    day = holidays.next_working_day(last)
    if day != last:
        rules.append(_ROLLED)
    if _FEWEST_WORKING_DAYS <= (last - first).days < _LONG:
        at_least = holidays.add_working_days(first, _FEWEST_WORKING_DAYS)
        if day < at_least:
            day = at_least
            rules.append(_TWO_DAYS)
    return Counted.through(day, *rules)
