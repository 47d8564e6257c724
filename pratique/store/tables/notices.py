"""Notices and their deliveries."""

from __future__ import annotations

from sqlalchemy import Index, Integer, String, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from pratique.store.tables.columns import ID, INSTANT


class NoticeRow(SQLModel, table=True):
    """What one person is told, once: the key is unique."""

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("key", name="notice_key"),
        Index("notice_of_run", "gate_run_id"),
        Index(
            "notice_unread",
            "person",
            "created_at",
            "id",
            sqlite_where=text("acknowledged_at IS NULL"),
            postgresql_where=text("acknowledged_at IS NULL"),
        ),
        Index(
            "notice_seen",
            "person",
            "created_at",
            "id",
            sqlite_where=text("acknowledged_at IS NOT NULL"),
            postgresql_where=text("acknowledged_at IS NOT NULL"),
        ),
    )

    id: str = Field(primary_key=True, sa_type=ID)
    key: str = Field(sa_type=String(160))
    gate_run_id: str = Field(sa_type=ID)
    person: str = Field(sa_type=String(64))
    kind: str = Field(sa_type=String(32))
    severity: str = Field(sa_type=String(16))
    content: str = Field(sa_type=Text)  #: JSON: state, why, reasons, due_at, next, as known when written
    created_at: str = Field(sa_type=INSTANT)
    acknowledged_at: str | None = Field(default=None, sa_type=INSTANT)


class DeliveryRow(SQLModel, table=True):
    """One notice on one channel, and how far its sending is."""

    __tablename__ = "delivery"
    __table_args__ = (UniqueConstraint("notice_id", "channel", name="delivery_channel"),)

    id: str = Field(primary_key=True, sa_type=ID)
    notice_id: str = Field(sa_type=ID)
    channel: str = Field(sa_type=String(64))
    status: str = Field(sa_type=String(16))  #: pending, sent, dead, cancelled
    failures: int = Field(default=0, sa_type=Integer)
    next_at: str | None = Field(default=None, sa_type=INSTANT)
    reason: str | None = Field(default=None, sa_type=Text)
    settled_at: str | None = Field(default=None, sa_type=INSTANT)
