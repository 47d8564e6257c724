"""What people attest of evidence."""

from __future__ import annotations

from sqlalchemy import Index, String, Text
from sqlmodel import Field, SQLModel

from pratique.store.tables.columns import HEX, ID, INSTANT


class AttestationRow(SQLModel, table=True):
    """One person's word on one piece of evidence."""

    __tablename__ = "evidence_attestation"
    __table_args__ = (Index("evidence_attestation_of_version", "model_version_id"),)

    id: str = Field(primary_key=True, sa_type=ID)
    evidence: str = Field(sa_type=ID)
    model_version_id: str = Field(sa_type=ID)
    sha256: str = Field(sa_type=HEX)
    statement: str = Field(sa_type=Text)
    person: str = Field(sa_type=String(64))
    role: str = Field(sa_type=String(64))
    credential: str | None = Field(default=None, sa_type=String(64))
    attested_at: str = Field(sa_type=INSTANT)
    withdrawn_at: str | None = Field(default=None, sa_type=INSTANT)
    withdrawn_why: str | None = Field(default=None, sa_type=Text)
    withdrawn_by: str | None = Field(default=None, sa_type=String(64))
    withdrawn_credential: str | None = Field(default=None, sa_type=String(64))
