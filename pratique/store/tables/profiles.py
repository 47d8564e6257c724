"""The provider's profile, and the compute ledger."""

from __future__ import annotations

from sqlalchemy import Double, Index, String, Text
from sqlmodel import Field, SQLModel

from pratique.store.tables.columns import HEX, ID, INSTANT


class ProviderRow(SQLModel, table=True):
    """Who the provider is; one row."""

    __tablename__ = "provider"

    id: str = Field(primary_key=True, sa_type=ID)
    profile: str = Field(sa_type=Text)
    digest: str = Field(sa_type=HEX)
    changed_at: str = Field(sa_type=INSTANT)
    authors: str | None = Field(default=None, sa_type=Text)  #: JSON: part of the profile -> who set it last


class ComputeRow(SQLModel, table=True):
    """Compute that a training run is planned to take, or took."""

    __tablename__ = "compute"
    __table_args__ = (Index("compute_of_version", "model_version_id", "id"),)

    id: str = Field(primary_key=True, sa_type=ID)
    model_version_id: str = Field(sa_type=ID)
    run: str = Field(sa_type=String(64))
    kind: str = Field(sa_type=String(16))  #: planned, done
    flop: float = Field(sa_type=Double)
    begins_at: str = Field(sa_type=INSTANT)
    ends_at: str = Field(sa_type=INSTANT)
    purpose: str = Field(sa_type=String(32))
    source: str = Field(sa_type=Text)
    person: str | None = Field(default=None, sa_type=String(64))
    credential: str | None = Field(default=None, sa_type=String(64))
    recorded_at: str = Field(sa_type=INSTANT)
    withdrawn_at: str | None = Field(default=None, sa_type=INSTANT)
    withdrawn_why: str | None = Field(default=None, sa_type=Text)
    withdrawn_by: str | None = Field(default=None, sa_type=String(64))
