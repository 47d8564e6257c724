"""Editions that the installation moved to."""

from __future__ import annotations

from sqlalchemy import Index, String, Text
from sqlmodel import Field, SQLModel

from pratique.store.tables.columns import HEX, ID, INSTANT


class AdoptionRow(SQLModel, table=True):
    """One move of the installation; the newest of a regime is what it works under."""

    __tablename__ = "adoption"
    __table_args__ = (Index("adoption_newest", "regime", "adopted_at", "id"),)

    id: str = Field(primary_key=True, sa_type=ID)
    regime: str = Field(sa_type=String(64))
    edition: str = Field(sa_type=String(80))
    digest: str = Field(sa_type=HEX)
    gates: str = Field(sa_type=Text)  #: JSON: gate -> digest of its spec
    was_edition: str | None = Field(default=None, sa_type=String(80))
    was_digest: str | None = Field(default=None, sa_type=HEX)
    person: str | None = Field(default=None, sa_type=String(64))
    credential: str | None = Field(default=None, sa_type=String(64))
    reason: str = Field(sa_type=Text)
    content: str = Field(sa_type=Text)  #: JSON: what changed, and which gate runs that touched
    adopted_at: str = Field(sa_type=INSTANT)
