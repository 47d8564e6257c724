"""Inbound events."""

from __future__ import annotations

from sqlalchemy import Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from pratique.store.tables.columns import ID, INSTANT


class EventRow(SQLModel, table=True):
    """An inbound event; its body stands in the journal entry that recorded it."""

    __tablename__ = "event"
    __table_args__ = (UniqueConstraint("source", "event_id", name="event_source_id"),)

    id: str = Field(primary_key=True, sa_type=ID)
    source: str = Field(sa_type=Text)
    event_id: str = Field(sa_type=Text)
    type: str = Field(sa_type=Text)
    model_version_id: str = Field(sa_type=ID)
    gate_runs: str = Field(sa_type=Text)  #: JSON list of ids of the gate runs it opened or joined
    not_opened: str = Field(sa_type=Text)  #: JSON list of {gate, reason}
    received_at: str = Field(sa_type=INSTANT)
