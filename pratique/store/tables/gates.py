"""Gate specs and gate runs."""

from __future__ import annotations

from sqlalchemy import Boolean, Index, Integer, String, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from pratique.store.tables.columns import HEX, ID, INSTANT


class GateSpecRow(SQLModel, table=True):
    """A gate spec as it was when adopted; gate runs pin it by digest for ever."""

    __tablename__ = "gate_spec"

    digest: str = Field(primary_key=True, sa_type=HEX)
    gate: str = Field(sa_type=String(64))
    version: int = Field(sa_type=Integer)
    edition: str = Field(sa_type=Text)
    body: str = Field(sa_type=Text)
    adopted_at: str = Field(sa_type=INSTANT)


#: Somebody owes something, and the overdue reminder has fired; statements must say it in these words.
_WAITS_OVERDUE = "reminded = 'overdue' AND state != 'cleared' AND state != 'rejected' AND state != 'withdrawn'"


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
        Index(  # which versions have a gate that stands there
            "gate_run_state",
            "state",
            "model_version_id",
            "is_latest",
            sqlite_where=text("is_latest = 1"),  # as statements say it there; a bare `is_latest` is not matched
            postgresql_where=text("is_latest"),
        ),
        Index(  # all that a cell of the portfolio shows; without it each reads a row with its findings
            "gate_run_cells",
            "model_version_id",
            "gate",
            "state",
            "reminded",
            "open_findings",
            "id",
            "is_latest",  # SQLite reads the row for a column that a statement names and the index lacks
            sqlite_where=text("is_latest = 1"),
            postgresql_where=text("is_latest"),
        ),
        Index(
            "gate_run_overdue",
            "due_at",
            "id",
            "model_version_id",
            "state",
            "reminded",
            "is_latest",
            sqlite_where=text(f"is_latest = 1 AND {_WAITS_OVERDUE}"),
            postgresql_where=text(f"is_latest AND {_WAITS_OVERDUE}"),
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

    id: str = Field(primary_key=True, sa_type=ID)
    model_version_id: str = Field(sa_type=ID)
    gate: str = Field(sa_type=String(64))
    occasion: str = Field(sa_type=String(64))
    is_latest: bool = Field(sa_type=Boolean)
    spec_digest: str = Field(sa_type=HEX)
    state: str = Field(sa_type=String(16))
    row_version: int = Field(sa_type=Integer)  #: grows with every change; a stale writer is refused
    findings: str = Field(sa_type=Text)  #: JSON list of `Finding.as_json()`
    open_findings: int = Field(sa_type=Integer)
    basis: str = Field(sa_type=HEX)
    inputs: str = Field(sa_type=HEX)
    opened_at: str = Field(sa_type=INSTANT)
    changed_at: str = Field(sa_type=INSTANT)
    follow_up_at: str = Field(sa_type=INSTANT)
    due_at: str = Field(sa_type=INSTANT)
    recheck_at: str | None = Field(default=None, sa_type=INSTANT)  #: when a finding runs out by itself
    remind_at: str | None = Field(default=None, sa_type=INSTANT)  #: when the next reminder is due
    reminded: str | None = Field(default=None, sa_type=String(16))  #: last rung that fired: follow_up, overdue
    dated: str | None = Field(default=None, sa_type=Text)  #: JSON: who moved the dates, how and why, if a person did
