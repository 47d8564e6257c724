"""Working days: weekdays that no holiday list names. A year without a list is not guessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from pratique.errors import NotFoundError

_SATURDAY = 5


class MissingHolidaysError(NotFoundError):
    """Nobody has said yet which days of a year are holidays."""

    code = "missing-holidays"
    title = "Holidays unknown"


@dataclass(frozen=True, slots=True)
class HolidayList:
    """The holidays of one year, as one source gives them."""

    year: int
    days: Mapping[date, str]  #: name by day
    source: str  #: Official Journal reference, or where else it was read
    is_verified: bool  #: it was checked against that source

    @property
    def wording(self) -> str:
        """The list in one line, for people."""
        checked = "" if self.is_verified else "; UNVERIFIED, not checked against the Official Journal"
        return f"holidays of {self.year}: {self.source}{checked}"


class Holidays:
    """Holiday lists by year."""

    def __init__(self, lists: Iterable[HolidayList] = ()) -> None:
        self._lists = {one.year: one for one in lists}

    def lists(self) -> tuple[HolidayList, ...]:
        """Return every list there is."""
        return tuple(self._lists.values())

    def of(self, year: int) -> HolidayList:
        """Return the list of a year.

        Raises:
            MissingHolidaysError: there is none.
        """
        found = self._lists.get(year)
        if found is None:
            known = ", ".join(str(y) for y in sorted(self._lists)) or "no year"
            raise MissingHolidaysError(
                f"holidays of {year}: no list found; there are lists of {known}",
                hint=f"add config/holidays/{year}.yaml from the Official Journal",
            )
        return found

    def between(self, first: date, last: date) -> tuple[HolidayList, ...]:
        """Return the lists there are of the years that two days span."""
        return tuple(self._lists[year] for year in range(first.year, last.year + 1) if year in self._lists)

    def is_working_day(self, day: date) -> bool:
        """True for a weekday that is no holiday.

        Raises:
            MissingHolidaysError: a weekday of a year without a list.
        """
        return day.weekday() < _SATURDAY and day not in self.of(day.year).days

    def next_working_day(self, day: date) -> date:
        """Return `day` if it is a working day, else the first one after it.

        Raises:
            MissingHolidaysError: as `is_working_day`.
        """
        while not self.is_working_day(day):
            day += timedelta(days=1)
        return day

    def add_working_days(self, day: date, count: int) -> date:
        """Return the day on which `count` working days after `day`, which is not counted, have passed.

        Raises:
            MissingHolidaysError: as `is_working_day`.
        """
        while count > 0:
            day += timedelta(days=1)
            count -= self.is_working_day(day)
        return day
