"""What tools sent to the hooks."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Index, String, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from pratique.store.tables.columns import HEX, ID, INSTANT

_WAITING = text("state = 'received'")


class HookDeliveryRow(SQLModel, table=True):
    """One delivery, as it came, and what became of it."""

    __tablename__ = "hook_delivery"
    __table_args__ = (
        UniqueConstraint("source", "delivery", name="hook_delivery_once"),
        Index("hook_delivery_in_order", "received_at", "id"),
        Index("hook_delivery_by_state", "state", "received_at", "id"),
        Index("hook_delivery_waiting", "received_at", "id", sqlite_where=_WAITING, postgresql_where=_WAITING),
    )

    id: str = Field(primary_key=True, sa_type=ID)
    source: str = Field(sa_type=String(64))
    kind: str = Field(sa_type=String(32))
    delivery: str = Field(sa_type=String(256))
    found_by: str = Field(sa_type=String(16))
    headers: str = Field(sa_type=Text)  #: JSON object
    body: str = Field(sa_type=Text)
    is_base64: bool = Field(sa_type=Boolean)
    sha256: str = Field(sa_type=HEX)
    size: int = Field(sa_type=BigInteger)
    state: str = Field(sa_type=String(16))
    reason: str = Field(default="", sa_type=Text)
    events: str = Field(default="[]", sa_type=Text)  #: JSON list, as `HookSettled` has it
    rules_digest: str | None = Field(default=None, sa_type=HEX)
    received_at: str = Field(sa_type=INSTANT)
    settled_at: str | None = Field(default=None, sa_type=INSTANT)
    settled_by: str | None = Field(default=None, sa_type=String(64))  #: the person who had it mapped again


class HookMarkRow(SQLModel, table=True):
    """Up to where a tool was asked what it holds; the newest row of a source counts."""

    __tablename__ = "hook_mark"
    __table_args__ = (Index("hook_mark_newest", "source", "at", "id"),)

    id: str = Field(primary_key=True, sa_type=ID)
    source: str = Field(sa_type=String(64))
    mark: int = Field(sa_type=BigInteger)
    seen: int = Field(sa_type=BigInteger)
    found: int = Field(sa_type=BigInteger)
    at: str = Field(sa_type=INSTANT)
