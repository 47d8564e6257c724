"""Periods: worked by hand from a calendar, and held to their laws over any start."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.domain.counting import (
    BRUSSELS,
    HolidayList,
    Holidays,
    MissingHolidaysError,
    Period,
    Unit,
    counted_after,
    counted_before,
    day_end,
    day_of,
)

#: 2023 as in Commission Decision 2021/C 201 I/02 (Brussels).
DECIDED_2023 = HolidayList(
    2023,
    {
        date.fromisoformat(f"2023-{day}"): "holiday"
        for day in (
            *("01-02", "04-06", "04-07", "04-10", "05-01", "05-09", "05-18", "05-19", "05-29", "07-21", "08-15"),
            *("11-01", "11-02", "12-25", "12-26", "12-27", "12-28", "12-29"),
        )
    },
    "OJ C 201 I, 28.5.2021, p. 2",
    True,
)
HOLIDAYS = Holidays([DECIDED_2023])
NONE = Holidays(HolidayList(year, {}, "none", True) for year in range(1990, 2300))


def brussels(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BRUSSELS)


@pytest.mark.parametrize(
    ("start", "period", "strict", "outer"),
    [
        # Wednesday 5 April; Thursday to Monday are holidays: five working days are 11, 12, 13, 14, 17 April.
        ("2023-04-05T16:00", Period(5, Unit.BUSINESS_DAYS), "2023-04-17", "2023-04-17"),
        # Two days after Wednesday 5 April are Good Friday; argued: Tuesday 11, and two working days: Wednesday 12.
        ("2023-04-05T16:00", Period(2, Unit.DAYS), "2023-04-07", "2023-04-12"),
        # Fifteen days after Friday 31 March are Saturday 15 April; argued: Monday 17 April.
        ("2023-03-31T09:00", Period(15, Unit.DAYS), "2023-04-15", "2023-04-17"),
        # Four weeks after Thursday 2 March are Thursday 30 March.
        ("2023-03-02T23:59", Period(4, Unit.WEEKS), "2023-03-30", "2023-03-30"),
        # One month after 31 January is the last day of February, a Tuesday.
        ("2023-01-31T12:00", Period(1, Unit.MONTHS), "2023-02-28", "2023-02-28"),
        # Half past midnight in Brussels is still the day before in UTC: the day of the event is Friday 10 March.
        ("2023-03-10T00:30", Period(1, Unit.DAYS), "2023-03-11", "2023-03-13"),
    ],
)
def test_periods_end_on_the_day_that_a_calendar_shows(start: str, period: Period, strict: str, outer: str) -> None:
    found = counted_after(brussels(start), period, HOLIDAYS)
    assert found.strict.due_on == date.fromisoformat(strict)
    assert found.outer is not None
    assert found.outer.due_on == date.fromisoformat(outer)
    assert all(found.strict.rules)


def test_a_leap_day_ends_years_on_the_last_of_february() -> None:
    found = counted_after(brussels("2024-02-29T10:00"), Period(10, Unit.YEARS), NONE)
    assert found.strict.due_on == date(2034, 2, 28)


def test_hours_are_counted_in_utc_over_a_change_of_the_clocks() -> None:
    """On 26 March 2023 the hour after 01:59 is 03:00: 24 hours later it is an hour later by the clock."""
    found = counted_after(brussels("2023-03-25T12:00"), Period(24, Unit.HOURS), HOLIDAYS)
    assert found.strict.due_at == datetime(2023, 3, 26, 11, tzinfo=UTC)
    assert found.strict.due_at.astimezone(BRUSSELS).hour == 13


@pytest.mark.parametrize(
    ("day", "end"),
    [
        ("2023-03-25", datetime(2023, 3, 25, 23, tzinfo=UTC)),  # winter time: midnight is 23:00 UTC
        ("2023-03-26", datetime(2023, 3, 26, 22, tzinfo=UTC)),  # a day of 23 hours
        ("2023-10-29", datetime(2023, 10, 29, 23, tzinfo=UTC)),  # a day of 25 hours
    ],
)
def test_a_day_ends_at_midnight_in_brussels(day: str, end: datetime) -> None:
    assert day_end(date.fromisoformat(day)) == end


def test_two_weeks_before_a_placement() -> None:
    """Friday 15 December less fourteen days is Friday 1 December."""
    found = counted_before(date(2023, 12, 15), Period(2, Unit.WEEKS), HOLIDAYS)
    assert found.strict.due_on == date(2023, 12, 1)
    assert found.outer == found.strict


def test_a_year_without_a_list_is_never_guessed() -> None:
    with pytest.raises(MissingHolidaysError, match=r"2024: no list found; there are lists of 2023"):
        counted_after(brussels("2023-12-22T10:00"), Period(5, Unit.BUSINESS_DAYS), HOLIDAYS)


def test_calendar_days_need_no_list_and_say_what_cannot_be_told() -> None:
    found = counted_after(brussels("2024-01-05T10:00"), Period(2, Unit.DAYS), HOLIDAYS)
    assert found.strict.due_on == date(2024, 1, 7)
    assert found.outer is None
    assert found.unknown is not None
    assert "2024" in found.unknown


def test_a_negative_period_is_no_period() -> None:
    with pytest.raises(ValueError, match="expected zero or more"):
        Period(-1, Unit.DAYS)


UNHURRIED = settings(deadline=None)
_NAIVE = (datetime(1995, 1, 1), datetime(2085, 1, 1))  # noqa: DTZ001 - as Hypothesis wants bounds
INSTANTS = st.datetimes(*_NAIVE, timezones=st.just(UTC))
PERIODS = st.builds(Period, st.integers(0, 200), st.sampled_from(list(Unit)))
CALENDAR = st.builds(Period, st.integers(0, 60), st.sampled_from([Unit.DAYS, Unit.WEEKS, Unit.MONTHS]))


@UNHURRIED
@given(start=INSTANTS, period=PERIODS)
def test_a_deadline_is_never_before_its_start_and_the_argued_one_never_earlier(start: datetime, period: Period) -> None:
    found = counted_after(start, period, NONE)
    assert found.strict.due_at >= start
    assert found.outer is not None
    assert found.outer.due_at >= found.strict.due_at
    if period.unit is not Unit.HOURS:
        assert found.strict.due_at == day_end(found.strict.due_on)


@UNHURRIED
@given(start=INSTANTS, period=PERIODS, later=st.timedeltas(timedelta(0), timedelta(days=800)))
def test_a_later_start_never_gives_an_earlier_deadline(start: datetime, period: Period, later: timedelta) -> None:
    """Whatever the clock does: leap days, changes of the clocks, ends of years."""
    assert counted_after(start, period, NONE).strict.due_at <= counted_after(start + later, period, NONE).strict.due_at


@UNHURRIED
@given(start=INSTANTS, period=PERIODS)
def test_the_zone_in_which_a_start_is_written_does_not_matter(start: datetime, period: Period) -> None:
    assert counted_after(start, period, NONE) == counted_after(start.astimezone(BRUSSELS), period, NONE)


@UNHURRIED
@given(start=INSTANTS, amount=st.integers(1, 60))
def test_business_days_end_on_a_working_day_and_hold_as_many(start: datetime, amount: int) -> None:
    day = counted_after(start, Period(amount, Unit.BUSINESS_DAYS), NONE).strict.due_on
    assert NONE.is_working_day(day)
    days = (day_of(start) + timedelta(days=n) for n in range(1, (day - day_of(start)).days + 1))
    assert sum(map(NONE.is_working_day, days)) == amount


@UNHURRIED
@given(event=st.dates(date(1999, 1, 1), date(2080, 1, 1)), period=CALENDAR)
def test_what_is_due_before_an_event_leaves_the_whole_period(event: date, period: Period) -> None:
    day = counted_before(event, period, NONE).strict.due_on
    assert counted_after(brussels(f"{day}T12:00"), period, NONE).strict.due_on <= event
