"""Counting of periods: the one place that turns "within five business days" into a day and an instant."""

from pratique.domain.counting.deadlines import WITHOUT_HOLIDAYS, Counted, Deadline, counted_after, counted_before
from pratique.domain.counting.holidays import HolidayList, Holidays, MissingHolidaysError
from pratique.domain.counting.periods import BRUSSELS, Period, Unit, day_end, day_of, shift_day

__all__ = [
    "BRUSSELS",
    "WITHOUT_HOLIDAYS",
    "Counted",
    "Deadline",
    "HolidayList",
    "Holidays",
    "MissingHolidaysError",
    "Period",
    "Unit",
    "counted_after",
    "counted_before",
    "day_end",
    "day_of",
    "shift_day",
]
