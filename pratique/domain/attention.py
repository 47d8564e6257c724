"""When and how a person wants to be told: zone, working hours, quiet hours, digests, language."""

from __future__ import annotations

import re
from datetime import datetime, time
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


class Weekday(StrEnum):
    """Days of the week, in their order."""

    MONDAY = "mon"
    TUESDAY = "tue"
    WEDNESDAY = "wed"
    THURSDAY = "thu"
    FRIDAY = "fri"
    SATURDAY = "sat"
    SUNDAY = "sun"


class Digest(StrEnum):
    """How what is not urgent is told: each by itself, or together."""

    NONE = "none"
    DAILY = "daily"
    WEEKLY = "weekly"


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("expected a time zone of the IANA database, such as Europe/Brussels") from None
    return name


def _span(text: str) -> str:
    if _SPAN.fullmatch(text) is None:
        raise ValueError("expected two times of the day, such as 09:00-17:30")
    begin, end = text.split("-")
    if begin == end:
        raise ValueError("expected two different times of the day")
    return text


Zone = Annotated[str, Field(max_length=64), AfterValidator(_zone)]
Span = Annotated[
    str, AfterValidator(_span)
]  #: local times of the day; one that ends before it begins goes over midnight

_WORKING_DAYS = (Weekday.MONDAY, Weekday.TUESDAY, Weekday.WEDNESDAY, Weekday.THURSDAY, Weekday.FRIDAY)


class Attention(BaseModel):
    """What people.yaml says of the times at which one person is told, in that person's own zone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zone: Zone = "Europe/Brussels"
    working_days: tuple[Weekday, ...] = Field(default=_WORKING_DAYS, min_length=1)
    working_hours: Span = "09:00-17:00"
    quiet_hours: Span | None = None  #: nothing but what is critical is sent then
    digest: Digest = Digest.NONE
    language: str = Field(default="en", pattern=r"^[a-z]{2}(?:-[A-Z]{2})?$")  #: of a catalogue of words

    @property
    def tzinfo(self) -> ZoneInfo:
        """The zone, for counting."""
        return ZoneInfo(self.zone)

    def is_quiet(self, at: datetime) -> bool:
        """Tell whether the instant lies in the quiet hours."""
        return self.quiet_hours is not None and within(self.quiet_hours, at.astimezone(self.tzinfo).time())

    def is_working(self, at: datetime) -> bool:
        """Tell whether the instant lies in the working hours of a working day; holidays are not looked at."""
        local = at.astimezone(self.tzinfo)
        return tuple(Weekday)[local.weekday()] in self.working_days and within(self.working_hours, local.time())


def within(span: str, moment: time) -> bool:
    """Tell whether a local time of the day lies in a span; its begin does, its end does not."""
    begin, end = (time.fromisoformat(part) for part in span.split("-"))
    return begin <= moment < end if begin < end else moment >= begin or moment < end
