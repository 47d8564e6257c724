"""What the journal can say: one past-tense fact a class, each with its tag and the subject it is filed under.

Members are JSON values; instants are text (`pratique.domain.times`). A member that is None is left out of the
entry. Retired tags and members stay readable: the projection reads members by name and tolerates absence.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar

Json = Any


_MEMBERS: dict[type[Fact], tuple[str, ...]] = {}


def _members(fact: type[Fact]) -> tuple[str, ...]:
    if fact not in _MEMBERS:
        _MEMBERS[fact] = tuple(member.name for member in fields(fact))
    return _MEMBERS[fact]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Base of all facts."""

    tag: ClassVar[str]  #: `source:subject:action`
    version: ClassVar[int] = 1  #: schema version of the members
    filed_under: ClassVar[tuple[str, str]]  #: prefix of the subject, member that names it

    @property
    def subject(self) -> str:
        """What the entry is about, such as `gate:<gate run id>`."""
        prefix, member = self.filed_under
        return f"{prefix}:{getattr(self, member)}"

    def values(self) -> dict[str, Json]:
        """Return the members that say something."""
        return {name: value for name in _members(type(self)) if (value := getattr(self, name)) is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersionRegistered(Fact):
    """A provider named a model version and its profile."""

    tag = "model:version:registered"
    filed_under = ("model", "id")
    id: str
    model: str
    model_version: str
    profile: Json
    profile_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersionChanged(Fact):
    """A profile was replaced."""

    tag = "model:version:changed"
    filed_under = ("model", "id")
    id: str
    profile: Json
    profile_digest: str
    was_digest: str
    weights_at: str | None = None  #: set when other weights were named


@dataclass(frozen=True, slots=True, kw_only=True)
class EventReceived(Fact):
    """An inbound event was accepted; `body` is its text as received."""

    tag = "event:inbound:received"
    filed_under = ("model", "model_version_id")
    id: str
    source: str
    event_id: str
    type: str
    model_version_id: str
    gate_runs: list[str]
    not_opened: list[dict[str, str]]
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSpecAdopted(Fact):
    """A gate spec became one that new gate runs pin."""

    tag = "gate:spec:adopted"
    filed_under = ("spec", "gate")
    digest: str
    gate: str
    spec_version: int
    edition: str
    body: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRunOpened(Fact):
    """An event opened a gate for a model version on an occasion."""

    tag = "gate:run:opened"
    filed_under = ("gate", "id")
    id: str
    model_version_id: str
    gate: str
    occasion: str
    spec_digest: str
    event_id: str
    follow_up_at: str
    due_at: str
    basis: str
    inputs: str
    supersedes: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRunEvaluated(Fact):
    """An evaluation changed what is known of a gate run."""

    tag = "gate:run:evaluated"
    filed_under = ("gate", "id")
    id: str
    row_version: int
    state: str
    was: str
    cause: str
    findings: list[Json]
    open_findings: int
    basis: str
    inputs: str
    recheck_at: str | None = None
    remind_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRunMoved(Fact):
    """A decision moved a gate run."""

    tag = "gate:run:moved"
    filed_under = ("gate", "id")
    id: str
    row_version: int
    state: str
    was: str
    move: str
    cause: str
    signed_by: list[str] | None = None
    remind_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRunDated(Fact):
    """The dates of a gate run were moved, with a reason."""

    tag = "gate:run:dated"
    filed_under = ("gate", "id")
    id: str
    row_version: int
    follow_up_at: str
    due_at: str
    reason: str
    was_follow_up_at: str
    was_due_at: str
    remind_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRunReminded(Fact):
    """A reminder rung fired."""

    tag = "gate:run:reminded"
    filed_under = ("gate", "id")
    id: str
    row_version: int
    rung: str
    remind_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceSubmitted(Fact):
    """A file was stored as evidence, with what our parser read in it (unless reading is pending)."""

    tag = "evidence:file:submitted"
    filed_under = ("model", "model_version_id")
    id: str
    model_version_id: str
    sha256: str
    size: int
    filename: str
    media_type: str
    submitter: str
    reading: str
    requirement: str | None = None
    reading_reason: str | None = None
    extraction: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRead(Fact):
    """A file stored earlier was read."""

    tag = "evidence:file:read"
    filed_under = ("model", "model_version_id")
    id: str
    model_version_id: str
    reading: str
    reading_reason: str | None = None
    extraction: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionMade(Fact):
    """A named person decided."""

    tag = "gate:decision:made"
    filed_under = ("gate", "gate_run_id")
    id: str
    gate_run_id: str
    person: str
    role: str
    act: str
    reason: str
    basis: str
    row_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionsDismissed(Fact):
    """Sign-offs lost their ground because what they rested on changed."""

    tag = "gate:decision:dismissed"
    filed_under = ("gate", "gate_run_id")
    gate_run_id: str
    decisions: list[str]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverGranted(Fact):
    """A person took an open finding on themselves until a date."""

    tag = "gate:waiver:granted"
    filed_under = ("gate", "gate_run_id")
    id: str
    gate_run_id: str
    requirement: str
    covers: str
    person: str
    reason: str
    expires_at: str
    row_version: int
    evidence: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverRevoked(Fact):
    """A waiver was taken back."""

    tag = "gate:waiver:revoked"
    filed_under = ("gate", "gate_run_id")
    id: str
    gate_run_id: str
    person: str
    why: str
    row_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeWritten(Fact):
    """A person is to be told; `deliveries` lists {id, channel}."""

    tag = "notice:person:written"
    filed_under = ("gate", "gate_run_id")
    id: str
    key: str
    gate_run_id: str
    person: str
    kind: str
    severity: str
    content: Json
    deliveries: list[dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeAcknowledged(Fact):
    """The person saw the notice and said so."""

    tag = "notice:person:acknowledged"
    filed_under = ("gate", "gate_run_id")
    id: str
    gate_run_id: str
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySettled(Fact):
    """An attempt to tell somebody succeeded, failed for now, failed for good, or was no longer wanted."""

    tag = "notice:delivery:settled"
    filed_under = ("gate", "gate_run_id")
    id: str
    gate_run_id: str
    status: str
    failures: int
    next_at: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowRunStarted(Fact):
    """A worker began a flow run."""

    tag = "flow:run:started"
    filed_under = ("flow", "id")
    id: str
    key: str
    flow: str
    name: str
    gate_run_id: str | None = None
    prefect_run_id: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowRunEnded(Fact):
    """A flow run ended with a named state."""

    tag = "flow:run:ended"
    filed_under = ("flow", "id")
    id: str
    state: str
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenIssued(Fact):
    """An API token was issued; the secret itself is nowhere."""

    tag = "access:token:issued"
    filed_under = ("token", "id")
    id: str
    label: str
    kind: str
    scopes: list[str]
    secret_sha256: str
    person: str | None = None
    expires_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRevoked(Fact):
    """An API token was revoked."""

    tag = "access:token:revoked"
    filed_under = ("token", "id")
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(Fact):
    """A person used a one-time login link."""

    tag = "access:person:signed_in"
    filed_under = ("person", "person")
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginLinkMade(Fact):
    """Somebody made a one-time login link for a person; the link's token is nowhere."""

    tag = "access:login_link:made"
    filed_under = ("person", "person")
    person: str
    expires_at: str


#: Every fact class by its tag.
FACTS: dict[str, type[Fact]] = {cls.tag: cls for cls in Fact.__subclasses__()}
