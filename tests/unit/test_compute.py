"""Cumulative training compute and the moment at which it crosses a line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.domain.compute import ComputeEntry, ComputeKind, crossing, totals

START = datetime(2026, 1, 1, tzinfo=UTC)
LINE = 1e25


def entry(flop: float, begins: float, ends: float, *, run: str = "pre-1", kind: str = "done") -> ComputeEntry:
    """Return an entry from day `begins` to day `ends` of 2026."""
    return ComputeEntry(
        run=run,
        kind=ComputeKind(kind),
        flop=flop,
        begins_at=START + timedelta(days=begins),
        ends_at=START + timedelta(days=ends),
    )


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def test_nothing_is_nothing() -> None:
    assert totals([]) == (0.0, 0.0, 0.0)
    assert crossing([], LINE).projected_at is None


def test_of_one_run_the_greater_of_done_and_planned_is_projected() -> None:
    entries = [entry(4e24, 0, 10), entry(9e24, 0, 30, kind="planned"), entry(2e24, 40, 50, run="post", kind="planned")]
    assert totals(entries) == (4e24, 1.1e25, 1.1e25)
    assert totals([*entries, entry(6e24, 10, 20)]).projected == pytest.approx(1.2e25)  # 10 done beat 9 planned


def test_compute_is_even_over_its_span() -> None:
    """By hand: 2e25 over 40 days is 5e23 a day; 10^25 is reached after 20 days."""
    assert crossing([entry(2e25, 0, 40)], LINE).met_at == day(20)


def test_runs_at_the_same_time_add_up() -> None:
    """By hand: 3e23 and 2e23 a day together reach 10^25 after 20 days."""
    assert crossing([entry(1.2e25, 0, 40), entry(8e24, 0, 40, run="synthetic")], LINE).met_at == day(20)


def test_exactly_the_line_is_not_crossed() -> None:
    assert crossing([entry(1e25, 0, 40)], LINE).met_at is None  # Art. 51(2): greater than


def test_what_is_used_at_one_instant_counts_from_there() -> None:
    assert crossing([entry(6e24, 3, 3), entry(6e24, 7, 7, run="b")], LINE).met_at == day(7)


def test_the_rest_of_a_plan_runs_from_where_the_run_stands() -> None:
    """By hand: of 1.6e25 planned over days 0 to 60, 4e24 are done by day 20; the other 1.2e25 are used from day 20 to
    day 60, 3e23 a day; 6e24 of them are needed, which takes 20 days."""
    found = crossing([entry(4e24, 0, 20), entry(1.6e25, 0, 60, kind="planned")], LINE)
    assert found.met_at is None
    assert found.projected_at == day(40)


def test_a_run_that_is_late_has_the_rest_at_its_end() -> None:
    found = crossing([entry(4e24, 0, 70), entry(1.6e25, 0, 60, kind="planned")], LINE)
    assert found.projected_at == day(70)


def test_the_accuracy_of_the_figures_spans_the_date() -> None:
    """By hand: 2e25 over 40 days; figures 30 % too low cross at 1e25 / 1.3 (day 15.38), 30 % too high at 1e25 / 0.7
    (day 28.57)."""
    found = crossing([entry(2e25, 0, 40, kind="planned")], LINE)
    assert found.earliest_at is not None
    assert found.latest_at is not None
    assert (found.earliest_at - START) / timedelta(days=1) == pytest.approx(40 / 2 / 1.3)
    assert (found.latest_at - START) / timedelta(days=1) == pytest.approx(40 / 2 / 0.7)


def test_figures_just_below_the_line_may_be_above_it() -> None:
    found = crossing([entry(9e24, 0, 40, kind="planned")], LINE)
    assert found.projected_at is None
    assert found.earliest_at is not None
    assert found.latest_at is None


@st.composite
def entries(draw: st.DrawFn) -> list[ComputeEntry]:
    made: list[Any] = []
    for _ in range(draw(st.integers(0, 6))):
        begins = draw(st.integers(0, 300))
        made.append(
            entry(
                draw(st.floats(1e20, 2e25)),
                begins,
                begins + draw(st.integers(0, 100)),
                run=draw(st.sampled_from(["a", "b", "c"])),
                kind=draw(st.sampled_from(["planned", "done"])),
            )
        )
    return made


@settings(deadline=None)
@given(entries(), st.randoms(use_true_random=False))
def test_the_order_of_entries_does_not_matter(given_entries: list[ComputeEntry], random: Any) -> None:
    shuffled = list(given_entries)
    random.shuffle(shuffled)
    assert totals(shuffled) == totals(given_entries)
    assert crossing(shuffled, LINE) == crossing(given_entries, LINE)


@settings(deadline=None)
@given(entries(), entries())
def test_more_entries_never_make_less(some: list[ComputeEntry], others: list[ComputeEntry]) -> None:
    before, after = totals(some), totals([*some, *others])
    assert all(now >= then for then, now in zip(before, after, strict=True))
    done = [one for one in others if one.kind is ComputeKind.DONE]
    was, now = crossing(some, LINE).met_at, crossing([*some, *done], LINE).met_at
    if was is not None:
        assert now is not None
        assert now <= was + timedelta(seconds=1)


@settings(deadline=None)
@given(entries())
def test_a_line_is_crossed_while_compute_is_used_and_only_when_there_is_enough(some: list[ComputeEntry]) -> None:
    found, sums = crossing(some, LINE), totals(some)
    assert (found.met_at is not None) is (sums.done > LINE)
    done = [one for one in some if one.kind is ComputeKind.DONE]
    if found.met_at is not None:
        assert min(one.begins_at for one in done) <= found.met_at <= max(one.ends_at for one in done)
    moments = [found.earliest_at, found.projected_at, found.latest_at]
    known = [at for at in moments if at is not None]
    assert known == sorted(known)
    assert moments[: len(known)] == known  # a higher line is never crossed where a lower one is not
