"""Loads holiday lists from `config/holidays/<year>.yaml`, each with the source it was read in."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from pratique.domain.counting import HolidayList, Holidays
from pratique.domain.regime.items import RegimeData, Text
from pratique.regimes.problems import Problems
from pratique.regimes.yaml_text import read_yaml


class _Day(RegimeData):
    day: date
    name: Text


class _Year(RegimeData):
    format: Literal["pratique.holidays/1"]
    year: int = Field(ge=1950, le=2200)
    place: Text
    source: Text
    verified: bool
    unverified: Text | None = None
    days: tuple[_Day, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _of_that_year(self) -> Self:
        for one in self.days:
            if one.day.year != self.year:
                raise ValueError(f"a day of {self.year}, found {one.day}")
        if len({one.day for one in self.days}) < len(self.days):
            raise ValueError("each day once")
        if not self.verified and self.unverified is None:
            raise ValueError("`unverified` beside `verified: false`, saying what was not checked")
        return self


def load_holidays(folder: Path, problems: Problems, origin: str = "") -> Holidays:
    """Return the lists in `folder`; note every error. A year without a file has no list."""
    lists: list[HolidayList] = []
    for path in sorted(folder.glob("*.yaml")):
        file = f"{origin}{folder.name}/{path.name}"
        year = _read(path, file, problems)
        if year is None:
            continue
        if path.stem != str(year.year):
            problems.add(file, "year", found=str(year.year), expected=f"{path.stem}, as the file is named")
            continue
        days = {one.day: one.name for one in year.days}
        lists.append(HolidayList(year.year, days, year.source, is_verified=year.verified))
    return Holidays(lists)


def _read(path: Path, file: str, problems: Problems) -> _Year | None:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problems.add(file, "", found=f"{type(error).__name__}: {error}", expected="a readable file in UTF-8")
        return None
    value, troubles = read_yaml(text)
    for trouble in troubles:
        problems.add(file, trouble.path, found=trouble.found, expected=trouble.expected)
    return None if troubles else problems.parse(file, _Year, value)
