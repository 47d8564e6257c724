"""Periods in the units that the Code and the Act use, and the days they lead to."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

#: Where the Commission sits: days begin and end there.
BRUSSELS = ZoneInfo("Europe/Brussels")


class Unit(StrEnum):
    """What a period is counted in. A plain day is a calendar day; business days only where the text says so."""

    HOURS = "hours"
    DAYS = "days"
    BUSINESS_DAYS = "business_days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time as the text gives it, such as 4 weeks."""

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.amount < 0:
            raise ValueError(f"a period of {self.amount} {self.unit}: expected zero or more")

    def __str__(self) -> str:
        words = self.unit.value.replace("_", " ")
        return f"{self.amount} {words.removesuffix('s') if self.amount == 1 else words}"


def day_of(at: datetime) -> date:
    """Return the day in Brussels on which `at` (an aware time) falls."""
    return at.astimezone(BRUSSELS).date()


@lru_cache(maxsize=8192)
def day_end(day: date) -> datetime:
    """Return the instant (UTC) at which `day` is over in Brussels; the first one that is too late."""
    return datetime.combine(day + timedelta(days=1), time.min, BRUSSELS).astimezone(UTC)


def shift_day(day: date, period: Period, *, back: bool = False) -> date:
    """Return the day that lies a calendar period after `day`, or before it.

    Months and years keep the day's number; where the month has no such day, it is the month's last one
    (Reg. 1182/71, Art. 3(2)(c); from memory, UNVERIFIED).

    Raises:
        ValueError: hours and business days are no calendar periods.
        OverflowError: beyond the years 1 to 9999.
    """
    sign = -1 if back else 1
    match period.unit:
        case Unit.DAYS:
            return day + timedelta(days=sign * period.amount)
        case Unit.WEEKS:
            return day + timedelta(weeks=sign * period.amount)
        case Unit.MONTHS:
            return _shift_months(day, sign * period.amount)
        case Unit.YEARS:
            return _shift_months(day, sign * period.amount * 12)
        case _:
            raise ValueError(f"{period}: no calendar period")


def _shift_months(day: date, months: int) -> date:
    year, index = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise OverflowError(f"{months} months from {day} is beyond the calendar")
    return date(year, index + 1, min(day.day, calendar.monthrange(year, index + 1)[1]))
