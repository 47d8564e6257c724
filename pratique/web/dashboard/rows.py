"""Rows and pages of rows: what lists and matrices are made of, and what they are narrowed to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pratique.web.dashboard.views import EvidenceView, GateView, WaitingView


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Where a page begins or ends; neither is the first page. The texts name rows, as addresses do."""

    after: str = ""  #: the page follows this row
    before: str = ""  #: the page ends with the row before this one; counts only without `after`


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What lies beside a page."""

    previous: str | None = None  #: name of the first row here, where rows come before it
    following: str | None = None  #: name of the last row here, where rows come after it


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioFilter:
    """What the portfolio is narrowed to."""

    text: str = ""  #: part of `model/version`
    state: str = ""  #: a gate state, `overdue`, or empty for all


@dataclass(frozen=True, slots=True, kw_only=True)
class GateColumn:
    """One gate of the matrix."""

    id: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioCell:
    """The latest run of one gate of one model version."""

    state: str
    is_overdue: bool = False
    open_findings: int = 0
    has_waiver: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioRow:
    """One model version and its gates."""

    model: str
    version: str
    stage: str
    systemic_risk: bool
    cells: Mapping[str, PortfolioCell] = field(default_factory=dict)  #: by gate id; absent: never opened

    @property
    def name(self) -> str:
        """Return `model/version`."""
        return f"{self.model}/{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioPage:
    """One page of the matrix."""

    gates: tuple[GateColumn, ...]
    rows: tuple[PortfolioRow, ...]
    counts: Mapping[str, int]  #: state -> gates whose latest run stands there, and `overdue`; of the whole portfolio
    total: int | None  #: model versions; None with a filter
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSheet:
    """What is known of one model version."""

    model: str
    version: str
    registered_at: str
    profile: Mapping[str, Any]
    gates: tuple[GateView, ...]
    evidence: tuple[EvidenceView, ...]  #: newest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """One run of a gate."""

    occasion: str
    state: str
    opened_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowRunFilter:
    """What the run history is narrowed to."""

    text: str = ""  #: part of the run's name
    flow: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One flow run of the ledger's own history."""

    id: str
    flow: str
    name: str
    state: str  #: `Running`, or the name it ended with
    message: str
    started_at: str
    ended_at: str | None
    url: str | None  #: Prefect's page of this run
    gate_run: str | None = None
    model: str | None = None
    version: str | None = None
    gate: str | None = None
    occasion: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowRunPage:
    """One page of the run history."""

    rows: tuple[RunRow, ...]
    flows: tuple[str, ...]  #: every flow name there is, for the filter
    total: int | None  #: runs that match; None with a text
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueRow:
    """One waiting gate past its date."""

    model: str
    version: str
    gate: str
    title: str
    occasion: str
    state: str
    due_at: str
    open_findings: int
    waiting_on: tuple[WaitingView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OverduePage:
    """One page of overdue gates."""

    rows: tuple[OverdueRow, ...]
    total: int | None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalFilter:
    """What the journal is narrowed to."""

    subject: str = ""  #: a subject as filed, or `model/version` for a version and all its gates
    tag: str = ""  #: the start of a tag


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRow:
    """One journal entry."""

    seq: int | None  #: None while not yet linked into the chain
    link: str | None  #: SHA-256 over the entry before and this entry's bytes
    id: str
    at: str
    tag: str
    actor: str
    subject: str  #: as filed, such as `gate:<gate run id>`
    about: str  #: the same for people, such as `aurora 2.1, placement`
    v: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalPage:
    """Some journal entries, newest first."""

    entries: tuple[JournalRow, ...]
    older: int | None  #: `before` of the next page; None at the first entry
    tags: tuple[str, ...] = ()  #: tags there are, for the filter


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockFilter:
    """What the list of time limits is narrowed to."""

    text: str = ""  #: `model`, or `model/version`
    state: str = ""  #: running, met, missed, void; empty: all


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockPage:
    """One page of time limits, each as the API shows it."""

    rows: tuple[Mapping[str, Any], ...]
    following: str | None = None  #: where the next page begins
