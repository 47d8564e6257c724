"""Clocks over any history: the same for any order, never longer for another limb, never raised by a date."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from clock_world import FINAL, HOLIDAYS, RULES, WEEKENDS_ONLY, of_rule, owes_all
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.domain.clocks import Clock, ClockSettings, ClockState, Occurrence, Reading, clocks_of
from pratique.domain.counting import BRUSSELS, Holidays, day_of
from pratique.domain.regime.deadlines import Direction

LIMBS = ("critical_infrastructure", "cybersecurity", "death", "other_serious")
#: Any time of two decades, leap days, ends of years and both changes of the hour among them.
TIMES = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
EXAMPLES = settings(max_examples=150, deadline=None)


def planned(
    occurrences: list[Occurrence],
    now: datetime,
    holidays: Holidays = WEEKENDS_ONLY,
    choices: ClockSettings | None = None,
) -> list[Clock]:
    return clocks_of(
        RULES.rules,
        FINAL.deadline_by_id,
        occurrences,
        owes_all,
        holidays,
        now,
        choices,
        planned=RULES.planned,
    )


@st.composite
def histories(draw: st.DrawFn) -> list[Occurrence]:
    kinds = draw(st.lists(st.sampled_from(sorted(RULES.kind_by_id)), min_size=1, max_size=25))
    return [_one(draw, index, kind) for index, kind in enumerate(kinds)]


def _one(draw: st.DrawFn, index: int, kind: str) -> Occurrence:
    data: dict[str, Any] = {}
    for field in RULES.kind_by_id[kind].data:
        if field.one_of and draw(st.booleans()):
            data[field.id] = draw(st.sampled_from(field.one_of))
    if kind == "interim_report_provided":
        data["good_faith"] = draw(st.booleans())
    if kind == "request_received":
        data["period"] = draw(st.sampled_from(("10 days", "5 business_days", "1 month", "soon", None)))
    return Occurrence(
        id=f"o{index:02}",
        kind=kind,
        at=draw(TIMES),
        recorded_at=draw(TIMES),
        about=draw(st.sampled_from((None, "a", "b"))),
        data=data,
    )


@EXAMPLES
@given(histories(), TIMES, st.randoms(use_true_random=False))
def test_the_order_in_which_things_are_handed_over_does_not_matter(
    history: list[Occurrence], now: datetime, random: Any
) -> None:
    shuffled = list(history)
    random.shuffle(shuffled)
    assert planned(shuffled, now) == planned(history, now)


@EXAMPLES
@given(histories(), TIMES)
def test_planning_anew_changes_nothing_and_names_each_clock_once(history: list[Occurrence], now: datetime) -> None:
    found = planned(history, now)
    assert planned(history, now) == found
    keys = [clock.key for clock in found]
    assert len(set(keys)) == len(keys)
    assert all(len(key) <= 200 for key in keys)


@EXAMPLES
@given(histories(), TIMES, TIMES)
def test_the_time_decides_on_states_and_on_nothing_else(
    history: list[Occurrence], one: datetime, two: datetime
) -> None:
    """A machine whose clock was set back sees the same dates; what was met stays met."""
    earlier, later = sorted((one, two))
    before, after = planned(history, earlier), planned(history, later)
    for was, now in zip(before, after, strict=True):
        assert (was.key, was.due_at, was.due_on, was.start_at) == (now.key, now.due_at, now.due_on, now.start_at)
        if was.met_at is not None:
            assert (now.state, now.met_at) == (was.state, was.met_at)
        if was.state is not now.state:
            assert was.state is ClockState.RUNNING
            assert was.due_at is not None
            assert earlier < was.due_at <= later


@EXAMPLES
@given(histories(), TIMES)
def test_a_running_clock_is_not_over_and_a_missed_one_is(history: list[Occurrence], now: datetime) -> None:
    for clock in planned(history, now):
        if clock.state is ClockState.RUNNING and clock.due_at is not None:
            assert now < clock.due_at
        if clock.state is ClockState.MISSED:
            assert clock.due_at is not None
            is_wait = FINAL.deadline_by_id[clock.deadline].direction is Direction.INDICATIVE_MIN
            assert is_wait or clock.due_at <= (clock.met_at or now)
        if clock.state is ClockState.MET and clock.met_at is not None and clock.due_at is not None:
            assert clock.met_at < clock.due_at
        if clock.state is ClockState.VOID:
            assert clock.reason


@EXAMPLES
@given(histories(), TIMES)
def test_the_last_day_ends_in_brussels_and_the_argued_day_is_never_earlier(
    history: list[Occurrence], now: datetime
) -> None:
    for clock in planned(history, now):
        if clock.due_at is None or clock.due_on is None:
            assert clock.unknown
            continue
        assert day_of(clock.due_at - timedelta(microseconds=1)) == clock.due_on
        if clock.outer is not None and clock.strict is not None:
            assert clock.outer.due_at >= clock.strict.due_at
            assert clock.due_on == clock.strict.due_on


@EXAMPLES
@given(histories(), TIMES)
def test_without_holiday_lists_strict_dates_stand_and_business_days_are_not_guessed(
    history: list[Occurrence], now: datetime
) -> None:
    for clock in planned(history, now, Holidays()):
        in_business_days = FINAL.deadline_by_id[clock.deadline].unit == "business_days"
        if in_business_days and clock.strict is None:
            assert clock.unknown is not None
        if clock.due_on is None:
            assert clock.unknown is not None


@EXAMPLES
@given(TIMES, st.lists(st.sampled_from(LIMBS), max_size=4), st.sampled_from(LIMBS), TIMES)
def test_another_limb_never_lengthens_the_time(
    aware: datetime, known: list[str], found: str, found_at: datetime
) -> None:
    """Where none was known the strictest was assumed; the first one known may lengthen that, and no later one does."""
    history = [Occurrence(id="o1", kind="incident_aware", at=aware, about="i", data={"limbs": known})]
    [before] = of_rule(planned(history, aware), "incident-initial")
    history.append(Occurrence(id="o2", kind="incident_limb_found", at=found_at, about="i", data={"limbs": [found]}))
    [after] = of_rule(planned(history, aware), "incident-initial")
    assert before.due_at is not None
    assert after.due_at is not None
    assert after.start_at == before.start_at == aware
    assert (after.due_at <= before.due_at) or not known


@EXAMPLES
@given(histories(), TIMES)
def test_withdrawing_everything_leaves_nothing(history: list[Occurrence], now: datetime) -> None:
    assert planned([replace(one, is_withdrawn=True) for one in history], now) == []


@EXAMPLES
@given(TIMES, st.integers(0, 3))
def test_a_day_is_a_day_in_brussels_whatever_the_hour(aware: datetime, hours: int) -> None:
    """Two moments of one day in Brussels are due together, over the change of the hour too."""
    other = aware + timedelta(hours=hours)
    days = [
        of_rule(
            planned(
                [Occurrence(id="o", kind="incident_aware", at=moment, about="i", data={"limbs": ["death"]})], moment
            ),
            "incident-initial",
        )[0].due_on
        for moment in (aware, other)
    ]
    assert (days[0] == days[1]) == (aware.astimezone(BRUSSELS).date() == other.astimezone(BRUSSELS).date())


@EXAMPLES
@given(histories(), TIMES)
def test_the_longest_reading_is_never_earlier_than_the_strict_one(history: list[Occurrence], now: datetime) -> None:
    strict = {clock.key: clock for clock in planned(history, now)}
    outer = planned(history, now, choices=ClockSettings(count=Reading.OUTER))
    for clock in outer:
        other = strict.get(clock.key)
        if other is not None and other.due_at is not None and clock.due_at is not None:
            assert clock.due_at >= other.due_at


@EXAMPLES
@given(histories(), TIMES)
def test_shipped_holidays_never_raise(history: list[Occurrence], now: datetime) -> None:
    for clock in planned(history, now, HOLIDAYS):
        assert clock.explanation
        assert clock.content()["title"] == clock.title
