"""Evidence."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Index, String, Text
from sqlmodel import Field, SQLModel

from pratique.store.tables.columns import HEX, ID, INSTANT


class EvidenceRow(SQLModel, table=True):
    """One piece of evidence and what was read in it."""

    __tablename__ = "evidence"
    __table_args__ = (
        Index("evidence_of_version", "model_version_id", "received_at"),
        Index("evidence_of_collector", "collector", "collector_version"),
    )

    id: str = Field(primary_key=True, sa_type=ID)
    model_version_id: str = Field(sa_type=ID)
    sha256: str = Field(sa_type=HEX)
    size: int = Field(sa_type=BigInteger)
    filename: str = Field(sa_type=Text)
    media_type: str = Field(sa_type=Text)
    received_at: str = Field(sa_type=INSTANT)
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
    subject_version: str | None = Field(default=None, sa_type=Text)
    subject_digest: str | None = Field(default=None, sa_type=HEX)
    produced_at: str | None = Field(default=None, sa_type=INSTANT)
    observed_from: str | None = Field(default=None, sa_type=INSTANT)
    observed_until: str | None = Field(default=None, sa_type=INSTANT)
    valid_until: str | None = Field(default=None, sa_type=INSTANT)
    facts: str = Field(default="{}", sa_type=Text)
    credential: str | None = Field(default=None, sa_type=String(64))  #: by which it came; entries of before do not say
    revises: str | None = Field(default=None, sa_type=ID)  #: the evidence that it replaces
    purged_at: str | None = Field(default=None, sa_type=INSTANT)  #: when its file was given up
