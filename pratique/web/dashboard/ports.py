"""What the dashboard asks of the rest of the engine: reads that change nothing, and acts that do.

The dashboard knows these two protocols and nothing of tables or services, so that its pages can be shown
on an in-memory register as well as on the ledger. All instants are RFC 3339 UTC text, as the ledger writes
them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from pratique.web.dashboard.rows import (
    ClockFilter,
    ClockPage,
    FlowRunFilter,
    FlowRunPage,
    JournalFilter,
    JournalPage,
    JournalRow,
    ModelSheet,
    Occasion,
    OverduePage,
    PortfolioFilter,
    PortfolioPage,
    RunRow,
    Turn,
)
from pratique.web.dashboard.views import EvidenceView, GateView, NoticeView, SheetView


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """The signed-in person."""

    id: str
    name: str
    credential: str  #: what their requests come by, such as `session:<id>`


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedSession:
    """A session just opened; the token is shown to the browser once, only its hash is kept."""

    token: str
    person: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Badges:
    """Counts beside the navigation."""

    overdue: int
    inbox: int  #: notices to this person that were not acknowledged


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRef:
    """One gate of one model version on one occasion; occasion None means the latest run."""

    model: str
    version: str
    gate: str
    occasion: str | None = None


class DashboardReads(Protocol):
    """Reads. What does not exist raises `NotFoundError`."""

    def portfolio(self, wanted: PortfolioFilter, turn: Turn, size: int, now: datetime) -> PortfolioPage:
        """Return one page of model versions with their latest run of every gate."""
        ...

    def model(self, model: str, version: str, now: datetime) -> ModelSheet:
        """Return what is known of one model version."""
        ...

    def gate_view(self, ref: GateRef, now: datetime) -> GateView:
        """Return the gate as the API shows it."""
        ...

    def sheet(self, spec_digest: str) -> SheetView:
        """Return the data sheet of a gate spec as a gate run pinned it."""
        ...

    def occasions(self, ref: GateRef) -> Sequence[Occasion]:
        """Return every run of this gate for this model version, newest first."""
        ...

    def gate_runs_history(self, gate_run: str) -> Sequence[RunRow]:
        """Return the flow runs that worked on this gate run, newest first."""
        ...

    def evidence_by_id(self, ids: Collection[str]) -> Mapping[str, EvidenceView]:
        """Return the evidence of these ids; an unknown id is left out."""
        ...

    def evidence(self, evidence_id: str) -> EvidenceView:
        """Return one piece of evidence with its facts."""
        ...

    def evidence_content(self, evidence_id: str) -> Iterator[bytes]:
        """Return the file as received, in parts; raises before the first part when it does not exist."""
        ...

    def flow_runs(self, wanted: FlowRunFilter, turn: Turn, size: int) -> FlowRunPage:
        """Return one page of the ledger's own run history, newest first."""
        ...

    def overdue(self, turn: Turn, size: int, now: datetime) -> OverduePage:
        """Return one page of the waiting gates whose due date has passed, longest overdue first."""
        ...

    def clocks(self, wanted: ClockFilter, after: str | None, size: int, now: datetime) -> ClockPage:
        """Return one page of time limits, the next due first."""
        ...

    def clock(self, clock_id: str, now: datetime) -> Mapping[str, Any]:
        """Return a time limit with everything that its date rests on."""
        ...

    def calendars(self, person: str) -> Sequence[Mapping[str, Any]]:
        """Return a person's calendars, without their addresses."""
        ...

    def inbox(self, person: str) -> Sequence[NoticeView]:
        """Return this person's notices, unacknowledged first, newest first."""
        ...

    def journal(self, wanted: JournalFilter, before: int | None, limit: int) -> JournalPage:
        """Return journal entries below `before` (None: from the newest), newest first."""
        ...

    def journal_entry(self, seq: int) -> JournalRow:
        """Return one journal entry."""
        ...

    def badges(self, person: str, now: datetime) -> Badges:
        """Return the counts beside the navigation."""
        ...

    def names(self) -> Mapping[str, str]:
        """Return person id -> name, for everyone whom people.yaml names."""
        ...

    def roles_of(self, person: str, model: str) -> Sequence[str]:
        """Return the roles that this person holds for this model."""
        ...


class DashboardActs(Protocol):
    """Acts, each one transaction of the ledger.

    A refusal is a `ConflictError` (the gate moved on), `NotAllowedError`, `InvalidInputError` or
    `NotFoundError`; its message is shown to the person as it stands.
    """

    def decide(self, viewer: Viewer, ref: GateRef, decision: DecisionInput) -> None:
        """Record a person's decision on what they saw."""
        ...

    def waive(self, viewer: Viewer, ref: GateRef, waiver: WaiverInput) -> None:
        """Grant a waiver that ends by itself."""
        ...

    def revoke_waiver(self, viewer: Viewer, ref: GateRef, waiver_id: str, reason: str, basis: str) -> None:
        """End a waiver before its time, on what the person saw."""
        ...

    def move_dates(self, viewer: Viewer, ref: GateRef, dates: DatesInput) -> None:
        """Move the dates of a gate, with a reason."""
        ...

    def acknowledge(self, person: str, notice_id: str) -> None:
        """Mark the person's own notice as read; a second time changes nothing."""
        ...

    def make_calendar(self, viewer: Viewer) -> str:
        """Make an address for a person's deadlines and return it; it is kept nowhere."""
        ...

    def revoke_calendar(self, viewer: Viewer, calendar_id: str) -> None:
        """End an address of the person's own."""
        ...

    def consume_login_link(self, token: str) -> OpenedSession:
        """Open a session for a link that was never used; used, expired or altered raises `NotAllowedError`."""
        ...

    def session_person(self, session_token: str) -> Viewer | None:
        """Return whose session this is, or None when it is unknown or ended."""
        ...

    def logout(self, session_token: str) -> None:
        """End the session; an unknown token changes nothing."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionInput:
    """What a person decided, and what they had before their eyes."""

    act: str  #: clear, return, reject or withdraw
    role: str
    reason: str
    basis: str  #: digest that the page showed
    row_version: int  #: of the gate run that the page showed


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverInput:
    """A requirement waived until an instant."""

    requirement: str
    reason: str
    expires_at: datetime
    row_version: int  #: of the gate run that the page showed


@dataclass(frozen=True, slots=True, kw_only=True)
class DatesInput:
    """New dates of a gate."""

    due_at: datetime
    follow_up_at: datetime | None  #: None leaves it, moved before the due date where it would come after
    reason: str
    row_version: int  #: of the gate run that the page showed
