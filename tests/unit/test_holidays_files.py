"""Holiday lists come from files, with their source, and a wrong one is refused with every error."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from pratique.regimes.holidays import load_holidays
from pratique.regimes.problems import Problems

SHIPPED = Path(__file__).resolve().parents[2] / "config" / "holidays"
SOUND = """\
format: pratique.holidays/1
year: 2031
place: Brussels
source: OJ C 1, 1.1.2030, p. 1
verified: true
days:
  - {day: "2031-01-01", name: New Year's Day}
"""


def loaded(folder: Path) -> list[str]:
    problems = Problems()
    load_holidays(folder, problems)
    return problems.lines


def test_the_shipped_lists_are_whole_and_name_their_source() -> None:
    problems = Problems()
    holidays = load_holidays(SHIPPED, problems)
    assert problems.lines == []
    assert holidays.of(2023).is_verified
    assert "OJ C 201 I" in holidays.of(2023).source
    assert not holidays.of(2026).is_verified
    assert not holidays.is_working_day(date(2026, 12, 25))


def test_a_file_of_another_year_is_refused(tmp_path: Path) -> None:
    (tmp_path / "2032.yaml").write_text(SOUND)
    assert loaded(tmp_path) == [f"{tmp_path.name}/2032.yaml: year: found 2031, expected 2032, as the file is named"]


def test_a_day_of_another_year_and_an_unverified_list_without_a_reason_are_refused(tmp_path: Path) -> None:
    (tmp_path / "2031.yaml").write_text(SOUND.replace("2031-01-01", "2030-12-31"))
    assert "a day of 2031, found 2030-12-31" in loaded(tmp_path)[0]
    (tmp_path / "2031.yaml").write_text(SOUND.replace("verified: true", "verified: false"))
    assert "saying what was not checked" in loaded(tmp_path)[0]
