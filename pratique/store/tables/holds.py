"""Holds on evidence files, and files that were given up."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, String, Text
from sqlmodel import Field, SQLModel

from pratique.store.tables.columns import HEX, ID, INSTANT


class HoldRow(SQLModel, table=True):
    """An order to keep one file, or all files of a model version, whatever the rules say."""

    __tablename__ = "evidence_hold"

    id: str = Field(primary_key=True, sa_type=ID)
    sha256: str | None = Field(default=None, sa_type=HEX)
    model_version_id: str | None = Field(default=None, sa_type=ID)
    reason: str = Field(sa_type=Text)
    person: str = Field(sa_type=String(64))
    credential: str | None = Field(default=None, sa_type=String(64))
    placed_at: str = Field(sa_type=INSTANT)
    lifted_at: str | None = Field(default=None, sa_type=INSTANT)
    lifted_why: str | None = Field(default=None, sa_type=Text)
    lifted_by: str | None = Field(default=None, sa_type=String(64))
    lifted_credential: str | None = Field(default=None, sa_type=String(64))


class PurgeRow(SQLModel, table=True):
    """A file that was given up for good, and why that was allowed."""

    __tablename__ = "evidence_purge"
    __table_args__ = (Index("evidence_purge_of_file", "sha256"),)

    id: str = Field(primary_key=True, sa_type=ID)
    sha256: str = Field(sa_type=HEX)
    size: int = Field(sa_type=BigInteger)
    evidence: str = Field(sa_type=Text)  #: JSON: each piece that the file was
    reason: str = Field(sa_type=Text)
    allowed: str = Field(sa_type=Text)  #: JSON: lines
    kept_until: str | None = Field(default=None, sa_type=INSTANT)
    credential: str | None = Field(default=None, sa_type=String(64))
    purged_at: str = Field(sa_type=INSTANT)
