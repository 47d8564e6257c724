"""Waivers."""

from __future__ import annotations

from sqlalchemy import Index, String, Text
from sqlmodel import Field, SQLModel

from pratique.store.tables.columns import ID, INSTANT


class WaiverRow(SQLModel, table=True):
    """An open finding that a person took on themselves until a date."""

    __tablename__ = "waiver"
    __table_args__ = (Index("waiver_of_run", "gate_run_id"),)

    id: str = Field(primary_key=True, sa_type=ID)
    gate_run_id: str = Field(sa_type=ID)
    requirement: str = Field(sa_type=String(64))
    covers: str = Field(sa_type=String(16))  #: status of the finding that was waived
    evidence: str | None = Field(default=None, sa_type=ID)  #: evidence that finding rested on
    person: str = Field(sa_type=String(64))
    reason: str = Field(sa_type=Text)
    granted_at: str = Field(sa_type=INSTANT)
    expires_at: str = Field(sa_type=INSTANT)
    revoked_at: str | None = Field(default=None, sa_type=INSTANT)
    revoked_why: str | None = Field(default=None, sa_type=Text)
    credential: str | None = Field(default=None, sa_type=String(64))  #: by which it came; entries of before do not say
    revoked_by: str | None = Field(default=None, sa_type=String(64))  #: known since credentials are
    revoked_credential: str | None = Field(default=None, sa_type=String(64))
