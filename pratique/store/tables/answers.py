"""What is told outside: messages to subscriptions, the attempts at them, and which subscriptions are paused."""

from __future__ import annotations

from sqlalchemy import Index, Integer, String, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from pratique.store.tables.columns import ID, INSTANT


class AnswerRow(SQLModel, table=True):
    """Operational: one message to one subscription, with the body that is sent at every attempt."""

    __tablename__ = "answer"
    __table_args__ = (
        UniqueConstraint("key", name="answer_once"),
        Index("answer_in_order", "created_at", "id"),
        Index("answer_by_state", "state", "created_at", "id"),
        Index("answer_of_subscription", "subscription", "created_at", "id"),
    )

    id: str = Field(primary_key=True, sa_type=ID)  #: `webhook-id`: the same at every attempt
    key: str = Field(sa_type=String(160))  #: subscription and journal entry: one message each
    subscription: str = Field(sa_type=String(64))
    type: str = Field(sa_type=String(64))  #: of the CloudEvent
    gate_run_id: str | None = Field(default=None, sa_type=ID)
    body: str = Field(sa_type=Text)
    state: str = Field(sa_type=String(16))
    attempts: int = Field(default=0, sa_type=Integer)
    failures: int = Field(default=0, sa_type=Integer)  #: since it was made or sent again
    reason: str = Field(default="", sa_type=Text)
    next_at: str | None = Field(default=None, sa_type=INSTANT)
    created_at: str = Field(sa_type=INSTANT)
    settled_at: str | None = Field(default=None, sa_type=INSTANT)


class AnswerAttemptRow(SQLModel, table=True):
    """Operational: one attempt at a message, and what came of it."""

    __tablename__ = "answer_attempt"
    __table_args__ = (Index("answer_attempt_of", "answer_id", "number"),)

    id: str = Field(primary_key=True, sa_type=ID)
    answer_id: str = Field(sa_type=ID)
    number: int = Field(sa_type=Integer)
    outcome: str = Field(sa_type=String(16))  #: delivered, failed, refused, gone
    status: int | None = Field(default=None, sa_type=Integer)  #: of the receiver's HTTP answer
    reason: str = Field(sa_type=Text)
    milliseconds: int = Field(sa_type=Integer)
    at: str = Field(sa_type=INSTANT)


class AskingRow(SQLModel, table=True):
    """Operational: a pipeline that asked by a hook, and what it was told last."""

    __tablename__ = "asking"
    __table_args__ = (UniqueConstraint("subscription", "delivery", name="asking_once"),)

    id: str = Field(primary_key=True, sa_type=ID)
    subscription: str = Field(sa_type=String(64))
    delivery: str = Field(sa_type=ID)  #: of the hook, whose body says what is asked
    said: str = Field(default="", sa_type=Text)  #: verdict and comment of the last answer that was taken
    reports: int = Field(default=0, sa_type=Integer)
    created_at: str = Field(sa_type=INSTANT)


class AskingRunRow(SQLModel, table=True):
    """Operational: a gate run that a pipeline waits for."""

    __tablename__ = "asking_run"
    __table_args__ = (UniqueConstraint("gate_run_id", "asking_id", name="asking_run_once"),)

    id: str = Field(primary_key=True, sa_type=ID)
    asking_id: str = Field(sa_type=ID, index=True)
    gate_run_id: str = Field(sa_type=ID)


class SubscriptionStateRow(SQLModel, table=True):
    """A subscription was paused, or goes on; the newest row of a name counts."""

    __tablename__ = "subscription_state"
    __table_args__ = (Index("subscription_state_newest", "subscription", "at", "id"),)

    id: str = Field(primary_key=True, sa_type=ID)
    subscription: str = Field(sa_type=String(64))
    state: str = Field(sa_type=String(16))
    reason: str = Field(sa_type=Text)
    credential: str | None = Field(default=None, sa_type=String(64))  #: None: the engine did it
    at: str = Field(sa_type=INSTANT)
