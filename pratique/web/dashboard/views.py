"""The plain values that pages are made of: the contract's JSON views, and small rows for lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NotRequired, TypedDict


class FindingView(TypedDict):
    """The answer for one requirement, with what the spec says of it."""

    requirement: str
    title: str
    checkpoint: str
    checkpoint_kind: str
    checkpoint_title: NotRequired[str]
    why: NotRequired[str]
    measures: list[str]
    owner: str
    status: str
    enforced: bool
    reason: NotRequired[str]
    evidence: NotRequired[str | None]
    waiver: NotRequired[str]
    without_waiver: NotRequired[str]
    until: NotRequired[str]


class Signature(TypedDict):
    """A signature that counts."""

    person: str
    role: str
    at: str


class SignOffView(TypedDict):
    """How far the sign-off is."""

    roles: dict[str, int]
    four_eyes: bool
    signed: list[Signature]
    missing: list[str]


#: Who is waited on; `for` is a keyword, hence the functional form.
WaitingView = TypedDict(
    "WaitingView",
    {"role": str, "people": list[str], "for": str, "requirements": list[str]},
)


class WaiverView(TypedDict):
    """A waiver, ended or not."""

    id: str
    requirement: str
    person: str
    reason: str
    granted_at: str
    expires_at: str
    revoked_at: NotRequired[str | None]


class DismissalView(TypedDict):
    """Why a decision no longer counts."""

    at: str
    why: str


class DecisionView(TypedDict):
    """One entry of the decision log."""

    id: str
    person: str
    role: str
    act: str
    reason: str
    at: str
    dismissed: DismissalView | None


class GateView(TypedDict):
    """A gate run as the API shows it."""

    gate_run: str
    model: str
    version: str
    gate: str
    title: str
    decides: str
    occasion: str
    edition: str
    spec_version: int
    spec_digest: str
    stage: str
    state: str
    outcome: str
    row_version: int
    opened_at: str
    changed_at: str
    follow_up_at: str | None
    due_at: str | None
    is_overdue: bool
    basis: str
    inputs: str
    findings: list[FindingView]
    open_findings: int
    sign_off: SignOffView
    waiting_on: list[WaitingView]
    waivers: list[WaiverView]
    decisions: list[DecisionView]
    weights_sha256: str | None
    does_not_show: str
    links: dict[str, str | None]


class EvidenceView(TypedDict):
    """One piece of evidence as the API shows it."""

    id: str
    model: str
    version: str
    filename: str
    size: int
    sha256: str
    media_type: str | None
    received_at: str
    submitter: str
    reading: str
    reading_reason: str | None
    requirement: str | None
    kind: str | None
    collector: str | None
    collector_version: str | None
    tool: str | None
    complete: bool | None
    incomplete_reason: str | None
    planned: int | None
    done: int | None
    errors: int | None
    subject: str | None
    produced_at: str | None
    valid_until: str | None
    facts: Mapping[str, Any]


class NoticeView(TypedDict):
    """What a person was told."""

    id: str
    kind: str
    severity: str
    title: str
    model: str
    version: str
    gate: str
    occasion: NotRequired[str]
    state: str
    reasons: list[str]
    due_at: str | None
    next: str
    created_at: str
    acknowledged_at: str | None


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
    occasion: str
    is_overdue: bool = False
    due_at: str | None = None
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


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioPage:
    """One page of the matrix."""

    gates: tuple[GateColumn, ...]
    rows: tuple[PortfolioRow, ...]
    counts: Mapping[str, int]  #: state -> gates whose latest run stands there, and `overdue`; of the whole portfolio
    total: int  #: model versions that match the filter
    page: int
    size: int


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
    total: int
    page: int
    size: int


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
