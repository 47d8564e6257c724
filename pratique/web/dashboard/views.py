"""The contract's JSON views, as types: what the API shows is what the pages show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    on_this_basis: NotRequired[bool]  #: false once a cleared gate rests on other ground than was signed


class AuthorView(TypedDict):
    """Who last set values of the profile that a gate reads."""

    by: str
    values: list[str]


class SignOffView(TypedDict):
    """How far the sign-off is."""

    roles: dict[str, int]
    four_eyes: bool
    signed: list[Signature]
    missing: list[str]
    profile_set_by: NotRequired[list[AuthorView]]


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
    credential: NotRequired[str | None]  #: None where the ledger was older than credentials in it
    revoked_by: NotRequired[str | None]
    revoked_credential: NotRequired[str | None]


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
    credential: NotRequired[str | None]  #: None where the ledger was older than credentials in it


class DatedView(TypedDict):
    """Who moved the dates of a gate run last."""

    person: str
    credential: str | None
    reason: str
    at: str


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
    dated: NotRequired[DatedView | None]  #: None while no person moved the dates
    basis: str
    inputs: str
    findings: list[FindingView]
    open_findings: int
    sign_off: SignOffView
    waiting_on: list[WaitingView]
    waivers: list[WaiverView]
    decisions: list[DecisionView]
    superseded_by: NotRequired[str | None]  #: the occasion that took this one's place
    weights_sha256: str | None
    does_not_show: str
    links: dict[str, str | None]


class SheetSourceView(TypedDict):
    """A source on a data sheet."""

    id: str
    title: str
    read_in: str
    is_verified: bool


class SheetClockView(TypedDict):
    """A clock that belongs to a gate."""

    id: str
    title: str
    limits: Sequence[str]
    force: str


class SheetView(TypedDict):
    """What a gate's page shows of its data sheet; the requirements stand on the page already."""

    clears: str
    not_checked: Sequence[str]
    opens_on: Sequence[str]
    sources: Sequence[SheetSourceView]
    clocks: Sequence[SheetClockView]


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
    credential: NotRequired[str | None]
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
    observed_from: NotRequired[str | None]
    observed_until: NotRequired[str | None]
    valid_until: str | None
    revises: NotRequired[str | None]  #: the evidence that it replaces
    revised_by: NotRequired[str | None]  #: the evidence that replaces it
    purged_at: NotRequired[str | None]  #: when its file was given up
    facts: Mapping[str, Any]


class NoticeView(TypedDict):
    """What a person was told."""

    id: str
    kind: str
    severity: str
    title: str
    model: str
    version: str
    gate: str  #: empty, as model and version are: it is about the installation itself
    occasion: NotRequired[str]
    state: str
    reasons: list[str]
    due_at: str | None
    next: str
    created_at: str
    acknowledged_at: str | None
