"""The journal, its chain, and what waits to be linked."""

from __future__ import annotations

from sqlalchemy import Index, LargeBinary, String, UniqueConstraint
from sqlmodel import Field, SQLModel

from pratique.store.tables.columns import ID, INSTANT, NUMBER


class JournalEntryRow(SQLModel, table=True):
    """An append-only fact; `body` is the canonical JSON that is chained, the other columns are for search."""

    __tablename__ = "journal_entry"
    __table_args__ = (Index("journal_subject", "subject", "position"),)

    position: int | None = Field(
        default=None,
        primary_key=True,
        sa_type=NUMBER,
    )
    id: str = Field(sa_type=ID)
    at: str = Field(sa_type=INSTANT)
    tag: str = Field(sa_type=String(48))
    subject: str = Field(sa_type=String(160))
    body: bytes = Field(sa_type=LargeBinary)


class JournalLinkRow(SQLModel, table=True):
    """The chain: `link = SHA-256(previous link || SHA-256(body))`, numbered from 1 without a gap."""

    __tablename__ = "journal_link"
    __table_args__ = (UniqueConstraint("position", name="journal_link_position"),)

    seq: int = Field(
        primary_key=True,
        sa_type=NUMBER,
        sa_column_kwargs={"autoincrement": False},
    )
    position: int = Field(sa_type=NUMBER)
    link: bytes = Field(sa_type=LargeBinary)


class JournalPendingRow(SQLModel, table=True):
    """Operational: entries that the sealer has not linked yet (PostgreSQL only)."""

    __tablename__ = "journal_pending"

    position: int = Field(primary_key=True, sa_type=NUMBER, sa_column_kwargs={"autoincrement": False})
