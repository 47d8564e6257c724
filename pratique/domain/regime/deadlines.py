"""Time limits as rules: what starts them, which way they run, how long, towards whom."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property
from typing import Self

from pydantic import Field, model_validator

from pratique.domain.counting import Period, Unit
from pratique.domain.regime.items import RuleId, Sourced, Text, Word


class Direction(StrEnum):
    """Which way a time limit runs from what starts it."""

    WITHIN_AFTER = "within_after"
    BEFORE = "before"
    BY_EVENT = "by_event"
    ON_EVENT = "on_event"
    AT_LEAST_EVERY = "at_least_every"
    MAX_DELAY = "max_delay"
    MAX_BLOCK = "max_block"
    RETAIN_AT_LEAST = "retain_at_least"
    NOT_BEFORE_AFTER = "not_before_after"
    AS_SET_IN_REQUEST = "as_set_in_request"
    WITHOUT_UNDUE_DELAY = "without_undue_delay"
    REASONABLE_TIME = "reasonable_time"
    IMMEDIATELY = "immediately"
    INDICATIVE_MIN = "indicative_min"
    FROM_DATE = "from_date"
    BY_DATE = "by_date"
    ADMIN_LEAD_TIME = "admin_lead_time"
    LOOK_AHEAD = "look_ahead"


class Binding(StrEnum):
    """How hard a time limit is."""

    HARD = "hard"
    SOFT = "soft"
    CONDITIONAL = "conditional"
    INDICATIVE = "indicative"
    EXPECTED = "expected"


#: Directions that name a length of time.
_MEASURED = {
    Direction.AT_LEAST_EVERY,
    Direction.MAX_DELAY,
    Direction.MAX_BLOCK,
    Direction.RETAIN_AT_LEAST,
    Direction.NOT_BEFORE_AFTER,
    Direction.WITHIN_AFTER,
    Direction.INDICATIVE_MIN,
}


#: Units that can be counted.
UNITS = frozenset(unit.value for unit in Unit)


class DeadlineRule(Sourced):
    """One time limit."""

    id: RuleId
    title: Text  #: what starts it
    direction: Direction
    amount: int = Field(ge=0)
    unit: Word  #: of the vocabulary: days, business_days, weeks, months, years, or none
    day_basis: Text
    recipient: Text
    actor: Word
    binding: Binding
    applies_to: Word
    summary: str = ""

    @model_validator(mode="after")
    def _has_length(self) -> Self:
        if self.direction in _MEASURED and self.unit == "none":
            raise ValueError(f"direction {self.direction.value} needs an amount and a unit")
        return self

    @cached_property
    def period(self) -> Period | None:
        """The length of time, where the text gives one; a unit that is none makes the edition unsound."""
        return Period(self.amount, Unit(self.unit)) if self.unit in UNITS else None

    @cached_property
    def wording(self) -> str:
        """The rule in one line: id, where it was read, what starts it, which way it runs and how long."""
        figure = f", {self.period}" if self.period is not None else ""
        return f"{self.id} ({self.source.clause}): {self.title}; {self.direction.value.replace('_', ' ')}{figure}"
