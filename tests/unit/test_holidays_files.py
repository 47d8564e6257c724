"""Lists of holidays: one file a year, with its source; what is unsound is refused, what is missing is said."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pratique.domain.counting import Holidays, MissingHolidaysError
from pratique.regimes.holidays import load_holidays
from pratique.regimes.problems import Problems

ROOT = Path(__file__).resolve().parents[2]
LIST_2030 = """format: pratique.holidays/1
year: 2030
place: Brussels
source: OJ C 1, 2.1.2029, p. 3
verified: true
days:
  - {day: "2030-01-01", name: New Year's Day}
  - {day: "2030-05-01", name: Labour Day}
"""


def loaded(folder: Path) -> tuple[Holidays, list[str]]:
    problems = Problems()
    return load_holidays(folder, problems), problems.lines


def test_every_shipped_list_loads_and_says_where_it_was_read() -> None:
    holidays, lines = loaded(ROOT / "config/holidays")
    assert lines == []
    lists = {one.year: one for one in holidays.lists()}
    assert sorted(lists) == [2023, 2025, 2026, 2027]
    assert lists[2023].is_verified
    assert "OJ C 201" in lists[2023].source
    assert not any(lists[year].is_verified for year in (2025, 2026, 2027))
    for one in lists.values():
        assert date(one.year, 1, 1) in one.days or date(one.year, 1, 1).weekday() >= 5
        assert all(day.weekday() < 5 for day in one.days), "weekends need no entry"


def test_a_year_without_a_list_is_not_guessed() -> None:
    holidays, _ = loaded(ROOT / "config/holidays")
    with pytest.raises(MissingHolidaysError, match="holidays of 2024: no list found") as raised:
        holidays.is_working_day(date(2024, 3, 4))
    assert raised.value.hint is not None
    assert "config/holidays/2024.yaml" in raised.value.hint


def test_an_operator_adds_a_year_as_a_file(tmp_path: Path) -> None:
    (tmp_path / "2030.yaml").write_text(LIST_2030)
    holidays, lines = loaded(tmp_path)
    assert lines == []
    assert not holidays.is_working_day(date(2030, 5, 1))
    assert holidays.is_working_day(date(2030, 5, 2))


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        ('day: "2030-05-01"', 'day: "2031-05-01"', "a day of 2030, found 2031-05-01"),
        ('day: "2030-05-01"', 'day: "2030-01-01"', "each day once"),
        ('day: "2030-05-01"', 'day: "2030-02-30"', "2030-02-30"),
        ("verified: true", "verified: false", "`unverified` beside"),
        ("verified: true", "verified: maybe", "maybe"),
        ("source: OJ C 1, 2.1.2029, p. 3\n", "", "source"),
        ("place: Brussels", "place: Brussels\nplaces: two", "no such key"),
        ("format: pratique.holidays/1", "format: pratique.holidays/2", "pratique.holidays/2"),
        ('day: "2030-05-01"', "day: 2030-05-01", "in quotes"),
        ("days:", "days: [", "YAML"),
    ],
)
def test_a_list_that_is_unsound_is_refused(tmp_path: Path, was: str, now: str, expected: str) -> None:
    assert was in LIST_2030
    (tmp_path / "2030.yaml").write_text(LIST_2030.replace(was, now, 1))
    holidays, lines = loaded(tmp_path)
    assert holidays.lists() == ()
    assert any("2030.yaml" in line and expected in line for line in lines), lines


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "2030.yaml").write_bytes(b"\xff\xfe\x00")
    _, lines = loaded(tmp_path)
    assert len(lines) == 1
    assert "expected a readable file in UTF-8" in lines[0]


def test_a_file_of_another_year_is_refused(tmp_path: Path) -> None:
    (tmp_path / "2032.yaml").write_text(LIST_2030)
    _, lines = loaded(tmp_path)
    assert lines == [f"{tmp_path.name}/2032.yaml: year: found 2030, expected 2032, as the file is named"]
