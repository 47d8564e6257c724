"""Keys of requests that can be sent again."""

from __future__ import annotations

from sqlalchemy import Index, Text
from sqlmodel import Field, SQLModel

from pratique.store.tables.columns import HEX, ID, INSTANT


class IdempotencyKeyRow(SQLModel, table=True):
    """Operational: what a request was answered under its key; neither the key nor a secret of the answer is kept."""

    __tablename__ = "idempotency_key"
    __table_args__ = (Index("idempotency_key_end", "expires_at"),)

    id: str = Field(primary_key=True, sa_type=HEX)  #: digest of caller and key
    request_sha256: str = Field(sa_type=HEX)
    attempt: str = Field(sa_type=ID)  #: which request wrote the row, so that it knows its own after an outage
    answer: str = Field(sa_type=Text)
    created_at: str = Field(sa_type=INSTANT)
    expires_at: str = Field(sa_type=INSTANT)
