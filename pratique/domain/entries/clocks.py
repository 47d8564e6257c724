"""Facts that clocks run from, and facts about clocks."""

from __future__ import annotations

from dataclasses import dataclass

from pratique.domain.entries.fact import Fact, Json


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrenceRecorded(Fact):
    """Something happened, or is planned, that starts, moves or meets clocks."""

    tag = "clock:occurrence:recorded"
    filed_under = ("occurrence", "id")
    id: str
    kind: str
    at: str  #: when it happened, or will
    why: str
    model_version_id: str | None = None  #: None: it concerns the provider, and so every model version
    about: str | None = None  #: the incident, request or complaint that it belongs to
    data: Json = None
    person: str | None = None
    credential: str | None = None  #: by which it came: `token:<id>` or `session:<id>`


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrenceWithdrawn(Fact):
    """Something that was recorded did not happen, or not so."""

    tag = "clock:occurrence:withdrawn"
    filed_under = ("occurrence", "id")
    id: str
    reason: str
    person: str | None = None
    credential: str | None = None  #: by which it came: `token:<id>` or `session:<id>`


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStarted(Fact):
    """A time limit began to run."""

    tag = "clock:limit:started"
    filed_under = ("clock", "id")
    id: str
    key: str
    model_version_id: str
    rule: str
    edition: str
    start_at: str
    state: str
    force: str
    content: Json  #: title, recipient, both dates with the rules behind them, what it was started by
    cause: str
    about: str | None = None
    due_on: str | None = None  #: its last day, in Brussels
    due_at: str | None = None  #: the first instant that is too late
    met_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRevised(Fact):
    """A clock was planned anew, met, missed, or became void."""

    tag = "clock:limit:revised"
    filed_under = ("clock", "id")
    id: str
    start_at: str
    state: str
    was: str
    content: Json
    cause: str
    due_on: str | None = None
    due_at: str | None = None
    met_at: str | None = None
    force: str | None = None  #: None: as it was


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarFeedMade(Fact):
    """A person got a secret address under which their deadlines stand as a calendar."""

    tag = "access:calendar:made"
    filed_under = ("person", "person")
    id: str
    person: str
    secret_sha256: str
    credential: str | None = None  #: by which it came: `token:<id>` or `session:<id>`


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarFeedRevoked(Fact):
    """A secret address of a calendar works no more."""

    tag = "access:calendar:revoked"
    filed_under = ("person", "person")
    id: str
    person: str
    credential: str | None = None  #: by which it came: `token:<id>` or `session:<id>`
