"""The shipped rules, and short ways to say what happened to a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pratique.domain.clocks import Clock, ClockSettings, Occurrence, clocks_of
from pratique.domain.counting import BRUSSELS, HolidayList, Holidays
from pratique.domain.regime import Edition
from pratique.domain.regime.clocks import Clocks
from pratique.domain.situation import Judgement
from pratique.regimes.editions import load_edition
from pratique.regimes.holidays import load_holidays
from pratique.regimes.problems import Problems

ROOT = Path(__file__).resolve().parents[2]


def _edition() -> Edition:
    problems = Problems()
    found = load_edition(ROOT / "config/regimes/eu-gpai-code/2025-07-10", problems)
    assert found is not None, problems.lines
    return found


def _holidays() -> Holidays:
    problems = Problems()
    found = load_holidays(ROOT / "config/holidays", problems)
    assert problems.lines == []
    return found


FINAL = _edition()
assert FINAL.clocks is not None
RULES: Clocks = FINAL.clocks
HOLIDAYS = _holidays()
#: Every year has a list, and no list a day: only weekends are not worked.
WEEKENDS_ONLY = Holidays(HolidayList(year, {}, "none", is_verified=True) for year in range(1900, 2400))


def at(text: str) -> datetime:
    """Return a time in Brussels, such as `2026-03-02` (noon) or `2026-03-02T09:30`."""
    return datetime.fromisoformat(text if "T" in text else f"{text}T12:00").replace(tzinfo=BRUSSELS)


def on(text: str) -> date:
    return date.fromisoformat(text)


class Story:
    """What happened, in the order in which it was recorded; ids count up."""

    def __init__(self) -> None:
        self.occurrences: list[Occurrence] = []

    def __call__(
        self, kind: str, when: str, *, about: str | None = None, recorded: str | None = None, **data: Any
    ) -> Occurrence:
        assert kind in RULES.kind_by_id, kind
        one = Occurrence(
            id=f"o{len(self.occurrences) + 1:03}",
            kind=kind,
            at=at(when),
            recorded_at=at(recorded) if recorded is not None else at(when),
            about=about,
            data={name.rstrip("_"): value for name, value in data.items()},
        )
        self.occurrences.append(one)
        return one


def owes_all(expression: str) -> Judgement:
    """Judge as for a model with systemic risk that owes everything, and was not on the market before August 2025."""
    if "legacy" in expression:
        return Judgement(expression.startswith("!"))
    return Judgement(True)


def clocks(
    occurrences: Iterable[Occurrence] | Story,
    now: str = "2026-12-31",
    *,
    applies: Callable[[str], Judgement] = owes_all,
    holidays: Holidays = HOLIDAYS,
    settings: ClockSettings | None = None,
) -> list[Clock]:
    found = occurrences.occurrences if isinstance(occurrences, Story) else occurrences
    return clocks_of(
        RULES.rules,
        FINAL.deadline_by_id,
        found,
        applies,
        holidays,
        at(now),
        settings,
        planned=RULES.planned,
    )


def of_rule(found: Iterable[Clock], rule: str) -> list[Clock]:
    """Return the clocks of a rule in the order in which they started."""
    assert rule in RULES.rule_by_id, rule
    return sorted((clock for clock in found if clock.rule == rule), key=lambda c: (c.start_at, c.round))


def only(found: Iterable[Clock], rule: str) -> Clock:
    [clock] = of_rule(found, rule)
    return clock
