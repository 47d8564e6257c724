"""Clock rules as data: what starts a time limit, what meets it, what ends it, and whom it concerns.

The figure, the unit, the recipient and the source of a time limit stand in `deadlines.yaml` and are never repeated.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from pratique.domain.counting import Period, Unit
from pratique.domain.regime.items import RegimeData, RuleId, Text, Word

Expression = Annotated[str, Field(min_length=1, max_length=1000)]


class Force(StrEnum):
    """What follows when a clock runs out."""

    HARD = "hard"  #: the text gives the date, and it is owed
    SOFT = "soft"  #: owed or expected, without a date that binds by itself
    SELF_SET = "self_set"  #: the text gives no figure; the provider set its own
    INDICATIVE = "indicative"  #: shown for planning


class Mode(StrEnum):
    """How many clocks a rule makes."""

    ONCE = "once"  #: one for each thing it is about
    EACH = "each"  #: one for each occurrence that starts it
    ROUNDS = "rounds"  #: one after another; what meets a round ends it


class Take(StrEnum):
    """Which of several occurrences a limit is counted from."""

    EARLIEST = "earliest"
    LATEST = "latest"
    FIRST_KNOWN = "first_known"  #: the first kind of the list that has one; of plans the one recorded last


class DataType(StrEnum):
    """What a member of an occurrence's data holds."""

    TEXT = "text"
    FLAG = "flag"
    DATE = "date"  #: `2026-11-23`
    PERIOD = "period"  #: `10 days`, `5 business_days`
    CHOICE = "choice"  #: one of `one_of`
    CHOICES = "choices"  #: a list of `one_of`
    TEXTS = "texts"  #: a list of texts


class DataField(RegimeData):
    """A member of an occurrence's data."""

    id: Word
    title: Text
    type: DataType
    required: bool = False
    one_of: tuple[Word, ...] = ()

    @model_validator(mode="after")
    def _has_choices(self) -> Self:
        if (self.type in (DataType.CHOICE, DataType.CHOICES)) != bool(self.one_of):
            raise ValueError("`one_of` is expected for choice and choices, and for nothing else")
        return self


class OccurrenceKind(RegimeData):
    """A kind of thing that happens, or is planned, and that clocks run from."""

    id: Word
    title: Text
    planned: bool = False  #: its time may lie ahead; the one recorded last replaces those before
    provider_wide: bool = False  #: it may concern the provider, and so every model version
    about: Word | None = None  #: what `about` names: incident, request, change; None: nothing
    data: tuple[DataField, ...] = ()  #: none: anything may be said

    @cached_property
    def field_by_id(self) -> dict[str, DataField]:
        """Members of the data by id."""
        return {field.id: field for field in self.data}


class Match(RegimeData):
    """Occurrences of a kind, all of them or those whose data say one of the values. In YAML the kind alone will do."""

    kind: Word
    where: dict[Word, tuple[Text, ...]] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _kind_alone(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"kind": value}
        where = value.get("where") if isinstance(value, dict) else None
        if not isinstance(where, dict):
            return value
        lists = {name: tuple(wanted) if isinstance(wanted, list) else wanted for name, wanted in where.items()}
        return {**value, "where": lists}


class Limit(RegimeData):
    """One time limit of a clock rule. Where a rule has several that run, the earliest end is due."""

    deadline: RuleId
    since: tuple[Match, ...] = ()  #: what it is counted from, or back from
    take: Take = Take.EARLIEST
    due_of: Word | None = None  #: while none of `since` is there: the due time of that clock rule
    extends: tuple[Word, ...] = ()  #: counted from the due day of the running clock of these rules
    when: Expression | None = None  #: CEL over `profile`: whether this limit applies
    duty_since: tuple[Match, ...] = ()  #: what begins the duty; where it came only after `since`, this does not count
    after: tuple[Match, ...] = ()  #: counts only where all of `since` came after this
    limb: Word | None = None  #: applies where the incident has this limb, or none is known yet
    date: dt.date | None = None  #: the calendar date that the text names
    from_date: dt.date | None = None  #: counted from this day where what it is counted from came before it
    self_set_days: int | None = Field(default=None, ge=1, le=3660)  #: the text has no figure; a default, own choice
    anniversaries: bool = False  #: rounds are also due on the anniversaries of the first start


class Excuse(RegimeData):
    """A reason for which a round is not owed."""

    id: Word
    title: Text
    again_after: int | None = Field(default=None, ge=1)  #: look again after that many `again_unit`
    again_unit: Unit = Unit.MONTHS

    @property
    def again(self) -> Period | None:
        """When to look again, where it is not a whole round later."""
        return Period(self.again_after, self.again_unit) if self.again_after is not None else None


class ClockRule(RegimeData):
    """When a clock starts, how long it runs, what meets it and what makes it void."""

    id: Word
    title: Text
    gate: Text  #: the gate that it belongs to
    about: Word = "model"  #: `model`, or what the occurrences' `about` names
    mode: Mode = Mode.ONCE
    limits: tuple[Limit, ...] = Field(min_length=1)
    met_by: tuple[Match, ...] = ()
    met_before: bool = False  #: what came before the start meets it too
    restarts: bool = True  #: in rounds: what meets a round starts the next one
    void_by: tuple[Match, ...] = ()
    excused_by: tuple[Match, ...] = ()  #: its data name one of `excuses`
    excuses: tuple[Excuse, ...] = ()
    optional: bool = False  #: a possibility, no duty: unused it lapses
    applies_when: Expression | None = None  #: CEL over `profile`
    not_applicable_because: Text | None = None
    limbs_from: tuple[Match, ...] = ()  #: whose data say in `limbs` which limits apply
    force: Force
    notes: str = ""  #: how the text was read

    @model_validator(mode="after")
    def _has_reasons(self) -> Self:
        if (self.applies_when is None) != (self.not_applicable_because is None):
            raise ValueError("`not_applicable_because` is expected beside `applies_when`, and nowhere else")
        if bool(self.excused_by) != bool(self.excuses):
            raise ValueError("`excuses` are expected beside `excused_by`, and nowhere else")
        return self

    @cached_property
    def starting_kinds(self) -> frozenset[str]:
        """Kinds of occurrences that can start a clock of this rule."""
        return frozenset(match.kind for limit in self.limits for match in limit.since)

    @cached_property
    def leans(self) -> bool:
        """True where a limit looks at the clocks of another rule."""
        return any(limit.due_of is not None or limit.extends for limit in self.limits)

    def matches(self) -> Iterator[Match]:
        """Yield everything that this rule looks for."""
        for limit in self.limits:
            yield from (*limit.since, *limit.duty_since, *limit.after)
        yield from self.met_by
        yield from self.void_by
        yield from self.excused_by
        yield from self.limbs_from

    def expressions(self) -> Iterator[tuple[str, str]]:
        """Yield (path, CEL) of every expression."""
        if self.applies_when is not None:
            yield "applies_when", self.applies_when
        for limit in self.limits:
            if limit.when is not None:
                yield f"limits[{limit.deadline}].when", limit.when


class ContextDeadline(RegimeData):
    """A time limit that no clock runs for, with the reason."""

    deadline: RuleId
    why: Text


class Clocks(RegimeData):
    """`clocks.yaml`."""

    format: Literal["pratique.clocks/1"]
    occurrences: tuple[OccurrenceKind, ...] = Field(min_length=1)
    rules: tuple[ClockRule, ...] = Field(min_length=1)
    context: tuple[ContextDeadline, ...] = ()

    @cached_property
    def kind_by_id(self) -> dict[str, OccurrenceKind]:
        """Kinds of occurrences by id."""
        return {kind.id: kind for kind in self.occurrences}

    @cached_property
    def planned(self) -> frozenset[str]:
        """Kinds whose time may lie ahead."""
        return frozenset(kind.id for kind in self.occurrences if kind.planned)

    @cached_property
    def rule_by_id(self) -> dict[str, ClockRule]:
        """Clock rules by id."""
        return {rule.id: rule for rule in self.rules}
