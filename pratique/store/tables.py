"""The ledger's tables.

Rows of the first group are a projection of the journal: `pratique verify` rebuilds and compares them, column
by column. Rows of the last group are operational (leases, sessions) and prove nothing.

Every instant is 27 characters of UTC text (`pratique.domain.times`), every JSON value is its canonical text,
so that a stored row equals its replayed twin byte for byte in both databases. No foreign key cascades: nothing
is ever deleted from a projected table.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Index, Integer, LargeBinary, String, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from pratique.domain.times import INSTANT_WIDTH

_ID = String(36)
_INSTANT = String(INSTANT_WIDTH)
_HEX = String(64)
#: SQLite numbers rows by itself only in a column of exactly this type.
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")


class ModelVersionRow(SQLModel, table=True):
    """A registered model version and its profile."""

    __tablename__ = "model_version"
    __table_args__ = (UniqueConstraint("model", "version", name="model_version_name"),)

    id: str = Field(primary_key=True, sa_type=_ID)
    model: str = Field(sa_type=String(64))
    version: str = Field(sa_type=String(64))
    profile: str = Field(sa_type=Text)
    profile_digest: str = Field(sa_type=_HEX)
    registered_at: str = Field(sa_type=_INSTANT)
    changed_at: str = Field(sa_type=_INSTANT)
    weights_at: str | None = Field(default=None, sa_type=_INSTANT)  #: when other weights were named


class EventRow(SQLModel, table=True):
    """An inbound event; its body stands in the journal entry that recorded it."""

    __tablename__ = "event"
    __table_args__ = (UniqueConstraint("source", "event_id", name="event_source_id"),)

    id: str = Field(primary_key=True, sa_type=_ID)
    source: str = Field(sa_type=Text)
    event_id: str = Field(sa_type=Text)
    type: str = Field(sa_type=Text)
    model_version_id: str = Field(sa_type=_ID)
    gate_runs: str = Field(sa_type=Text)  #: JSON list of ids of the gate runs it opened or joined
    not_opened: str = Field(sa_type=Text)  #: JSON list of {gate, reason}
    received_at: str = Field(sa_type=_INSTANT)


class GateSpecRow(SQLModel, table=True):
    """A gate spec as it was when adopted; gate runs pin it by digest for ever."""

    __tablename__ = "gate_spec"

    digest: str = Field(primary_key=True, sa_type=_HEX)
    gate: str = Field(sa_type=String(64))
    version: int = Field(sa_type=Integer)
    edition: str = Field(sa_type=Text)
    body: str = Field(sa_type=Text)
    adopted_at: str = Field(sa_type=_INSTANT)


class GateRunRow(SQLModel, table=True):
    """One gate of one model version on one occasion."""

    __tablename__ = "gate_run"
    __table_args__ = (
        UniqueConstraint("model_version_id", "gate", "occasion", name="gate_run_occasion"),
        Index(
            "gate_run_latest",
            "model_version_id",
            "gate",
            unique=True,
            sqlite_where=text("is_latest = 1"),
            postgresql_where=text("is_latest"),
        ),
        Index(  # the counts on every page; without it they read every row with its findings
            "gate_run_standing",
            "state",
            "reminded",
            "model_version_id",
            sqlite_where=text("is_latest = 1"),  # as statements say it there; a bare `is_latest` is not matched
            postgresql_where=text("is_latest"),
        ),
        Index(
            "gate_run_recheck",
            "recheck_at",
            "id",
            sqlite_where=text("recheck_at IS NOT NULL"),
            postgresql_where=text("recheck_at IS NOT NULL"),
        ),
        Index(
            "gate_run_remind",
            "remind_at",
            "id",
            sqlite_where=text("remind_at IS NOT NULL"),
            postgresql_where=text("remind_at IS NOT NULL"),
        ),
    )

    id: str = Field(primary_key=True, sa_type=_ID)
    model_version_id: str = Field(sa_type=_ID)
    gate: str = Field(sa_type=String(64))
    occasion: str = Field(sa_type=String(64))
    is_latest: bool = Field(sa_type=Boolean)
    spec_digest: str = Field(sa_type=_HEX)
    state: str = Field(sa_type=String(16))
    row_version: int = Field(sa_type=Integer)  #: grows with every change; a stale writer is refused
    findings: str = Field(sa_type=Text)  #: JSON list of `Finding.as_json()`
    open_findings: int = Field(sa_type=Integer)
    basis: str = Field(sa_type=_HEX)
    inputs: str = Field(sa_type=_HEX)
    opened_at: str = Field(sa_type=_INSTANT)
    changed_at: str = Field(sa_type=_INSTANT)
    follow_up_at: str = Field(sa_type=_INSTANT)
    due_at: str = Field(sa_type=_INSTANT)
    recheck_at: str | None = Field(default=None, sa_type=_INSTANT)  #: when a finding runs out by itself
    remind_at: str | None = Field(default=None, sa_type=_INSTANT)  #: when the next reminder is due
    reminded: str | None = Field(default=None, sa_type=String(16))  #: last rung that fired: follow_up, overdue


class EvidenceRow(SQLModel, table=True):
    """One piece of evidence and what was read in it."""

    __tablename__ = "evidence"
    __table_args__ = (Index("evidence_of_version", "model_version_id", "received_at"), Index("evidence_sha", "sha256"))

    id: str = Field(primary_key=True, sa_type=_ID)
    model_version_id: str = Field(sa_type=_ID)
    sha256: str = Field(sa_type=_HEX)
    size: int = Field(sa_type=BigInteger)
    filename: str = Field(sa_type=Text)
    media_type: str = Field(sa_type=Text)
    received_at: str = Field(sa_type=_INSTANT)
    submitter: str = Field(sa_type=Text)
    requirement: str | None = Field(default=None, sa_type=String(64))
    reading: str = Field(sa_type=String(16))
    reading_reason: str | None = Field(default=None, sa_type=Text)
    kind: str | None = Field(default=None, sa_type=String(64))
    collector: str | None = Field(default=None, sa_type=String(64))
    collector_version: str | None = Field(default=None, sa_type=String(64))
    tool: str | None = Field(default=None, sa_type=Text)
    complete: bool = Field(default=False, sa_type=Boolean)
    incomplete_reason: str | None = Field(default=None, sa_type=Text)
    planned: int | None = Field(default=None, sa_type=BigInteger)
    done: int | None = Field(default=None, sa_type=BigInteger)
    errors: int | None = Field(default=None, sa_type=BigInteger)
    subject: str | None = Field(default=None, sa_type=Text)
    produced_at: str | None = Field(default=None, sa_type=_INSTANT)
    observed_from: str | None = Field(default=None, sa_type=_INSTANT)
    observed_until: str | None = Field(default=None, sa_type=_INSTANT)
    valid_until: str | None = Field(default=None, sa_type=_INSTANT)
    facts: str = Field(default="{}", sa_type=Text)


class DecisionRow(SQLModel, table=True):
    """A named person's act on a gate run."""

    __tablename__ = "decision"
    __table_args__ = (Index("decision_of_run", "gate_run_id"),)

    id: str = Field(primary_key=True, sa_type=_ID)
    gate_run_id: str = Field(sa_type=_ID)
    person: str = Field(sa_type=String(64))
    role: str = Field(sa_type=String(64))
    act: str = Field(sa_type=String(16))
    reason: str = Field(sa_type=Text)
    basis: str = Field(sa_type=_HEX)
    at: str = Field(sa_type=_INSTANT)
    dismissed_at: str | None = Field(default=None, sa_type=_INSTANT)
    dismissed_why: str | None = Field(default=None, sa_type=Text)


class WaiverRow(SQLModel, table=True):
    """An open finding that a person took on themselves until a date."""

    __tablename__ = "waiver"
    __table_args__ = (Index("waiver_of_run", "gate_run_id"),)

    id: str = Field(primary_key=True, sa_type=_ID)
    gate_run_id: str = Field(sa_type=_ID)
    requirement: str = Field(sa_type=String(64))
    covers: str = Field(sa_type=String(16))  #: status of the finding that was waived
    evidence: str | None = Field(default=None, sa_type=_ID)  #: evidence that finding rested on
    person: str = Field(sa_type=String(64))
    reason: str = Field(sa_type=Text)
    granted_at: str = Field(sa_type=_INSTANT)
    expires_at: str = Field(sa_type=_INSTANT)
    revoked_at: str | None = Field(default=None, sa_type=_INSTANT)
    revoked_why: str | None = Field(default=None, sa_type=Text)


class NoticeRow(SQLModel, table=True):
    """What one person is told, once: the key is unique."""

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("key", name="notice_key"),
        Index("notice_of_person", "person", "created_at"),
        Index("notice_of_run", "gate_run_id"),
    )

    id: str = Field(primary_key=True, sa_type=_ID)
    key: str = Field(sa_type=String(160))
    gate_run_id: str = Field(sa_type=_ID)
    person: str = Field(sa_type=String(64))
    kind: str = Field(sa_type=String(32))
    severity: str = Field(sa_type=String(16))
    content: str = Field(sa_type=Text)  #: JSON: state, why, reasons, due_at, next, as known when written
    created_at: str = Field(sa_type=_INSTANT)
    acknowledged_at: str | None = Field(default=None, sa_type=_INSTANT)


class DeliveryRow(SQLModel, table=True):
    """One notice on one channel, and how far its sending is."""

    __tablename__ = "delivery"
    __table_args__ = (UniqueConstraint("notice_id", "channel", name="delivery_channel"),)

    id: str = Field(primary_key=True, sa_type=_ID)
    notice_id: str = Field(sa_type=_ID)
    channel: str = Field(sa_type=String(64))
    status: str = Field(sa_type=String(16))  #: pending, sent, dead, cancelled
    failures: int = Field(default=0, sa_type=Integer)
    next_at: str | None = Field(default=None, sa_type=_INSTANT)
    reason: str | None = Field(default=None, sa_type=Text)
    settled_at: str | None = Field(default=None, sa_type=_INSTANT)


class FlowRunRow(SQLModel, table=True):
    """The ledger's own history of flow runs, kept when Prefect's is pruned or away."""

    __tablename__ = "flow_run"
    __table_args__ = (
        Index("flow_run_of_gate", "gate_run_id", "started_at"),
        Index("flow_run_time", "started_at"),
        Index("flow_run_prefect", "prefect_run_id"),
    )

    id: str = Field(primary_key=True, sa_type=_ID)
    key: str = Field(sa_type=String(160))
    flow: str = Field(sa_type=String(64))
    gate_run_id: str | None = Field(default=None, sa_type=_ID)
    name: str = Field(sa_type=Text)
    prefect_run_id: str | None = Field(default=None, sa_type=String(64))
    url: str | None = Field(default=None, sa_type=Text)
    state: str = Field(sa_type=String(32))  #: Running, or the name it ended with
    message: str | None = Field(default=None, sa_type=Text)
    started_at: str = Field(sa_type=_INSTANT)
    ended_at: str | None = Field(default=None, sa_type=_INSTANT)


class TokenRow(SQLModel, table=True):
    """An API token; only the digest of its secret is kept."""

    __tablename__ = "token"

    id: str = Field(primary_key=True, sa_type=String(36))
    label: str = Field(sa_type=Text)
    kind: str = Field(sa_type=String(16))
    person: str | None = Field(default=None, sa_type=String(64))
    scopes: str = Field(sa_type=Text)
    secret_sha256: str = Field(sa_type=_HEX)
    issued_at: str = Field(sa_type=_INSTANT)
    expires_at: str | None = Field(default=None, sa_type=_INSTANT)
    revoked_at: str | None = Field(default=None, sa_type=_INSTANT)


class JournalEntryRow(SQLModel, table=True):
    """An append-only fact; `body` is the canonical JSON that is chained, the other columns are for search."""

    __tablename__ = "journal_entry"
    __table_args__ = (Index("journal_subject", "subject", "position"),)

    position: int | None = Field(
        default=None,
        primary_key=True,
        sa_type=_NUMBER,
    )
    id: str = Field(sa_type=_ID)
    at: str = Field(sa_type=_INSTANT)
    tag: str = Field(sa_type=String(48))
    subject: str = Field(sa_type=String(160))
    body: bytes = Field(sa_type=LargeBinary)


class JournalLinkRow(SQLModel, table=True):
    """The chain: `link = SHA-256(previous link || SHA-256(body))`, numbered from 1 without a gap."""

    __tablename__ = "journal_link"
    __table_args__ = (UniqueConstraint("position", name="journal_link_position"),)

    seq: int = Field(
        primary_key=True,
        sa_type=_NUMBER,
        sa_column_kwargs={"autoincrement": False},
    )
    position: int = Field(sa_type=_NUMBER)
    link: bytes = Field(sa_type=LargeBinary)


class JournalPendingRow(SQLModel, table=True):
    """Operational: entries that the sealer has not linked yet (PostgreSQL only)."""

    __tablename__ = "journal_pending"

    position: int = Field(primary_key=True, sa_type=_NUMBER, sa_column_kwargs={"autoincrement": False})


class OutboxRow(SQLModel, table=True):
    """Operational: work for a worker, written in the transaction that causes it."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("key", name="outbox_key"),
        Index(
            "outbox_due",
            "topic",
            "not_before",
            sqlite_where=text("status = 'ready'"),
            postgresql_where=text("status = 'ready'"),
        ),
        Index(
            "outbox_leased",
            "leased_until",
            sqlite_where=text("status = 'leased'"),
            postgresql_where=text("status = 'leased'"),
        ),
    )

    id: str = Field(primary_key=True, sa_type=_ID)
    topic: str = Field(sa_type=String(16))
    key: str = Field(sa_type=String(160))
    payload: str = Field(sa_type=Text)
    status: str = Field(sa_type=String(16))  #: ready, leased, done
    not_before: str = Field(sa_type=_INSTANT)
    leased_until: str | None = Field(default=None, sa_type=_INSTANT)
    leased_by: str | None = Field(default=None, sa_type=Text)
    failures: int = Field(default=0, sa_type=Integer)  #: reported failures; claims lost to crashes do not count
    claims: int = Field(default=0, sa_type=Integer)
    last_error: str | None = Field(default=None, sa_type=Text)
    created_at: str = Field(sa_type=_INSTANT)


class WebSessionRow(SQLModel, table=True):
    """Operational: a signed-in browser; only the digest of its cookie is kept."""

    __tablename__ = "web_session"

    token_sha256: str = Field(primary_key=True, sa_type=_HEX)
    person: str = Field(sa_type=String(64))
    created_at: str = Field(sa_type=_INSTANT)
    last_seen_at: str = Field(sa_type=_INSTANT)
    expires_at: str = Field(sa_type=_INSTANT)


class LoginLinkRow(SQLModel, table=True):
    """Operational: a one-time login link; only the digest of its token is kept."""

    __tablename__ = "login_link"

    token_sha256: str = Field(primary_key=True, sa_type=_HEX)
    person: str = Field(sa_type=String(64))
    created_at: str = Field(sa_type=_INSTANT)
    expires_at: str = Field(sa_type=_INSTANT)
    used_at: str | None = Field(default=None, sa_type=_INSTANT)


#: Tables that the journal alone determines.
PROJECTED: tuple[type[SQLModel], ...] = (
    ModelVersionRow,
    EventRow,
    GateSpecRow,
    GateRunRow,
    EvidenceRow,
    DecisionRow,
    WaiverRow,
    NoticeRow,
    DeliveryRow,
    FlowRunRow,
    TokenRow,
)
