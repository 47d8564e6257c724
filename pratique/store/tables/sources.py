"""What was collected by itself."""

from __future__ import annotations

from sqlalchemy import Index, Integer, String, Text
from sqlmodel import Field, SQLModel

from pratique.store.tables.columns import ID, INSTANT


class SourceCollectionRow(SQLModel, table=True):
    """One attempt to collect from a source; the newest of a source and a model version says how things stand."""

    __tablename__ = "source_collection"
    __table_args__ = (Index("source_collection_newest", "source", "model_version_id", "at", "id"),)

    id: str = Field(primary_key=True, sa_type=ID)
    source: str = Field(sa_type=String(64))
    model_version_id: str = Field(sa_type=ID)
    state: str = Field(sa_type=String(16))
    reason: str = Field(sa_type=Text)
    failures: int = Field(sa_type=Integer)
    as_of: str = Field(sa_type=INSTANT)
    succeeded_at: str | None = Field(default=None, sa_type=INSTANT)
    files: str = Field(sa_type=Text)  #: JSON list, as `SourceCollected` has it
    credential: str = Field(sa_type=String(64))
    at: str = Field(sa_type=INSTANT)
