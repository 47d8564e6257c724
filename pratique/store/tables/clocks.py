"""What clocks run from, clocks, and the secret addresses of calendars."""

from __future__ import annotations

from sqlalchemy import Index, String, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from pratique.store.tables.columns import HEX, ID, INSTANT


class OccurrenceRow(SQLModel, table=True):
    """Something that happened, or is planned, and starts, moves or meets clocks."""

    __tablename__ = "occurrence"
    __table_args__ = (Index("occurrence_of_version", "model_version_id", "at", "id"),)

    id: str = Field(primary_key=True, sa_type=ID)
    model_version_id: str | None = Field(default=None, sa_type=ID)  #: None: it concerns every model version
    kind: str = Field(sa_type=String(64))
    about: str | None = Field(default=None, sa_type=String(64))  #: the incident, request or complaint
    at: str = Field(sa_type=INSTANT)
    why: str = Field(sa_type=Text)
    data: str = Field(sa_type=Text)
    person: str | None = Field(default=None, sa_type=String(64))
    credential: str | None = Field(default=None, sa_type=String(64))
    recorded_at: str = Field(sa_type=INSTANT)
    withdrawn_at: str | None = Field(default=None, sa_type=INSTANT)
    withdrawn_why: str | None = Field(default=None, sa_type=Text)
    withdrawn_by: str | None = Field(default=None, sa_type=String(64))


class ClockRow(SQLModel, table=True):
    """One time limit of one model version, from one start."""

    __tablename__ = "clock"
    __table_args__ = (
        UniqueConstraint("key", name="clock_key"),
        Index("clock_of_version", "model_version_id", "due_at", "id"),
        Index(
            "clock_running",
            "due_at",
            "id",
            sqlite_where=text("state = 'running'"),
            postgresql_where=text("state = 'running'"),
        ),
        Index("clock_in_order", "state", "due_at", "id"),
    )

    id: str = Field(primary_key=True, sa_type=ID)
    key: str = Field(sa_type=String(240))  #: model version, rule, what it is about, round
    model_version_id: str = Field(sa_type=ID)
    rule: str = Field(sa_type=String(64))
    edition: str = Field(sa_type=String(80))
    about: str | None = Field(default=None, sa_type=String(64))
    start_at: str = Field(sa_type=INSTANT)
    due_on: str | None = Field(default=None, sa_type=String(10))  #: its last day, in Brussels
    due_at: str | None = Field(default=None, sa_type=INSTANT)  #: the first instant that is too late
    state: str = Field(sa_type=String(16))  #: running, met, missed, void
    force: str = Field(sa_type=String(16))  #: hard, soft, self_set, indicative
    content: str = Field(sa_type=Text)  #: JSON: title, recipient, both dates with their rules, what started it
    met_at: str | None = Field(default=None, sa_type=INSTANT)
    started_at: str = Field(sa_type=INSTANT)  #: when the engine began to watch it
    changed_at: str = Field(sa_type=INSTANT)


class CalendarFeedRow(SQLModel, table=True):
    """A secret address under which a person's deadlines stand as a calendar."""

    __tablename__ = "calendar_feed"
    __table_args__ = (UniqueConstraint("secret_sha256", name="calendar_feed_secret"),)

    id: str = Field(primary_key=True, sa_type=ID)
    person: str = Field(sa_type=String(64))
    secret_sha256: str = Field(sa_type=HEX)
    made_at: str = Field(sa_type=INSTANT)
    revoked_at: str | None = Field(default=None, sa_type=INSTANT)
