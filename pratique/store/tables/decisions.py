"""Decisions."""

from __future__ import annotations

from sqlalchemy import Index, String, Text
from sqlmodel import Field, SQLModel

from pratique.store.tables.columns import HEX, ID, INSTANT


class DecisionRow(SQLModel, table=True):
    """A named person's act on a gate run."""

    __tablename__ = "decision"
    __table_args__ = (Index("decision_of_run", "gate_run_id"),)

    id: str = Field(primary_key=True, sa_type=ID)
    gate_run_id: str = Field(sa_type=ID)
    person: str = Field(sa_type=String(64))
    role: str = Field(sa_type=String(64))
    act: str = Field(sa_type=String(16))
    reason: str = Field(sa_type=Text)
    basis: str = Field(sa_type=HEX)
    at: str = Field(sa_type=INSTANT)
    dismissed_at: str | None = Field(default=None, sa_type=INSTANT)
    dismissed_why: str | None = Field(default=None, sa_type=Text)
    credential: str | None = Field(default=None, sa_type=String(64))  #: by which it came; entries of before do not say
