"""The outbox."""

from __future__ import annotations

from sqlalchemy import Index, Integer, String, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from pratique.store.tables.columns import ID, INSTANT


class OutboxRow(SQLModel, table=True):
    """Operational: work for a worker, written in the transaction that causes it."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("key", name="outbox_key"),
        Index(
            "outbox_due",
            "topic",
            "not_before",
            sqlite_where=text("status = 'ready'"),
            postgresql_where=text("status = 'ready'"),
        ),
        Index(
            "outbox_leased",
            "leased_until",
            sqlite_where=text("status = 'leased'"),
            postgresql_where=text("status = 'leased'"),
        ),
    )

    id: str = Field(primary_key=True, sa_type=ID)
    topic: str = Field(sa_type=String(16))
    key: str = Field(sa_type=String(160))
    payload: str = Field(sa_type=Text)
    status: str = Field(sa_type=String(16))  #: ready, leased, done
    not_before: str = Field(sa_type=INSTANT)
    leased_until: str | None = Field(default=None, sa_type=INSTANT)
    leased_by: str | None = Field(default=None, sa_type=Text)
    failures: int = Field(default=0, sa_type=Integer)  #: reported failures; claims lost to crashes do not count
    claims: int = Field(default=0, sa_type=Integer)
    last_error: str | None = Field(default=None, sa_type=Text)
    created_at: str = Field(sa_type=INSTANT)
